//! The laws that Habeas knows: the files it carries within itself, and the operator's own in their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use rust_embed::RustEmbed;

use crate::domain::calendar::Calendars;
use crate::domain::finding::{Finding, Severity};
use crate::domain::identity::Residence;
use crate::domain::ids::RegimeId;
use crate::domain::policy::Policy;
use crate::domain::regime::Regime;

const HOLIDAYS: &str = "holidays.toml";

#[derive(RustEmbed)]
#[folder = "regimes/"]
struct Embedded;

/// Every regime, by its id.
#[derive(Debug, Clone, Default)]
pub struct Regimes {
    by_id: BTreeMap<RegimeId, Regime>,
}

/// The regime for a request, and why it is that one.
#[derive(Debug, Clone)]
pub struct Choice<'a> {
    /// The regime.
    pub regime: &'a Regime,
    /// The reason in plain English; it does not repeat where the person lives.
    pub why: String,
}

/// Why no regime could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// There is no such regime.
    #[error("there is no regime `{0}`")]
    Unknown(RegimeId),
    /// It gives no rights on the day of receipt.
    #[error("`{regime}` is in force from {from} on only")]
    NotInForce {
        /// The regime.
        regime: RegimeId,
        /// Its first day.
        from: NaiveDate,
    },
}

impl Regimes {
    /// The regimes that the program carries.
    ///
    /// # Errors
    /// None in a released program: a test reads every file.
    pub fn embedded() -> Result<Self, Vec<Finding>> {
        Self::read(&embedded_files())
    }

    /// The regimes that the program carries, with those in `folder` beside them or, under the same file name, in
    /// their place; `holidays.toml` too.
    ///
    /// # Errors
    /// Everything that is wrong in the files, one finding a file.
    pub fn with_folder(folder: &Path) -> Result<Self, Vec<Finding>> {
        let mut files = embedded_files();
        for path in toml_files(folder).map_err(|error| vec![unreadable(folder, &error)])? {
            let text = std::fs::read_to_string(&path).map_err(|error| vec![unreadable(&path, &error)])?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, File { shown_as: path.display().to_string(), text });
        }
        Self::read(&files)
    }

    /// The regime with that id.
    pub fn get(&self, id: &RegimeId) -> Option<&Regime> {
        self.by_id.get(id)
    }

    /// Every regime, sorted by id; also those not in force yet.
    pub fn iter(&self) -> impl Iterator<Item = &Regime> {
        self.by_id.values()
    }

    /// The law of a residence, for a request received `on` that day. A law for a subdivision goes before one for
    /// its country; of two for the same place the younger one counts.
    pub fn for_residence(&self, residence: &Residence, on: NaiveDate) -> Option<&Regime> {
        let in_force = || self.iter().filter(|regime| regime.is_in_force(on));
        let at = |place: &str| {
            let here = in_force().filter(|regime| regime.applies_to.iter().any(|listed| listed.as_str() == place));
            here.max_by_key(|regime| regime.in_force)
        };
        at(residence.as_str()).or_else(|| at(residence.country()))
    }

    /// The regime for a request: the one it names, else the law of the residence, else the policy's default.
    ///
    /// # Errors
    /// Where the named regime, or the policy's default, does not exist or is not in force.
    pub fn choose(
        &self,
        policy: &Policy,
        explicit: Option<&RegimeId>,
        residence: Option<&Residence>,
        on: NaiveDate,
    ) -> Result<Choice<'_>, ChoiceError> {
        if let Some(id) = explicit {
            return Ok(Choice { regime: self.usable(id, on)?, why: "the request names it".to_owned() });
        }
        if let Some(regime) = residence.and_then(|residence| self.for_residence(residence, on)) {
            return Ok(Choice { regime, why: "it is the law where the person lives".to_owned() });
        }
        let why = match residence {
            Some(_) => "no law known here applies where the person lives; it is the policy's default",
            None => "the request does not say where the person lives; it is the policy's default",
        };
        Ok(Choice { regime: self.usable(&policy.default_regime, on)?, why: why.to_owned() })
    }

    /// What a policy says that no regime bears out; `file` and `text` are where it says so.
    pub fn check(&self, file: &str, text: &str, policy: &Policy) -> Vec<Finding> {
        let line = |key: &str| text.lines().position(|line| line.contains(key)).map_or(1, |index| index + 1);
        let mut findings = Vec::new();
        for id in std::iter::once(&policy.default_regime).chain(policy.authorities.keys()).chain(&policy.agents.regimes)
        {
            if self.get(id).is_none() {
                findings.push(Finding::error(file, line(id.as_str()), ChoiceError::Unknown(id.clone()).to_string()));
            }
        }
        for ground in policy.retention.iter().filter_map(|retention| retention.ground.as_deref()) {
            if self.iter().all(|regime| regime.ground(ground).is_none()) {
                findings.push(Finding::error(file, line(ground), format!("no regime has a ground `{ground}`")));
            }
        }
        if self.iter().all(|regime| regime.holidays(&policy.country).is_none()) {
            let message = format!("no public holidays are known for {}: only weekends move a date", policy.country);
            let severity = Severity::Warning;
            findings.push(Finding { severity, ..Finding::error(file, line("country"), message) });
        }
        findings
    }

    fn usable(&self, id: &RegimeId, on: NaiveDate) -> Result<&Regime, ChoiceError> {
        let regime = self.get(id).ok_or_else(|| ChoiceError::Unknown(id.clone()))?;
        match regime.is_in_force(on) {
            true => Ok(regime),
            false => Err(ChoiceError::NotInForce { regime: id.clone(), from: regime.in_force }),
        }
    }

    fn read(files: &Files) -> Result<Self, Vec<Finding>> {
        let (holidays, laws): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| *name == HOLIDAYS);
        let mut calendars = Arc::default();
        for (_, file) in holidays {
            calendars = Arc::new(Calendars::parse(&file.shown_as, &file.text).map_err(|finding| vec![finding])?);
        }
        let mut regimes = Self::default();
        let mut findings = Vec::new();
        for (name, file) in laws {
            match law(name, file, &calendars) {
                Ok(regime) => drop(regimes.by_id.insert(regime.id.clone(), regime)),
                Err(finding) => findings.push(finding),
            }
        }
        if findings.is_empty() { Ok(regimes) } else { Err(findings) }
    }
}

struct File {
    shown_as: String,
    text: String,
}

/// The files by their names without a folder.
type Files = BTreeMap<String, File>;

fn embedded_files() -> Files {
    let file = |name: std::borrow::Cow<'static, str>| {
        let content = Embedded::get(&name)?;
        let text = String::from_utf8_lossy(&content.data).into_owned();
        Some((name.to_string(), File { shown_as: format!("regimes/{name}"), text }))
    };
    Embedded::iter().filter(|name| name.ends_with(".toml")).filter_map(file).collect()
}

fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    Finding::error(&path.display().to_string(), 1, format!("cannot be read: {error}"))
}

fn law(name: &str, file: &File, calendars: &Arc<Calendars>) -> Result<Regime, Finding> {
    let regime = Regime::parse(&file.shown_as, &file.text, calendars)?;
    match name.strip_suffix(".toml") == Some(regime.id.as_str()) {
        true => Ok(regime),
        false => {
            let line = 1 + file.text.lines().position(|line| line.starts_with("id")).unwrap_or_default();
            let message = format!("the id is `{}`, so the file must be named `{}.toml`", regime.id, regime.id);
            Err(Finding::error(&file.shown_as, line, message))
        }
    }
}

#[cfg(test)]
mod tests;
