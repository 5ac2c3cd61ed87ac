//! A regime is one law as data: a file that a lawyer can read and correct without touching code.

mod clock;
mod date;
mod entitlement;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

pub use clock::{Acknowledges, Clock, Confidence, Counting, Duty, Pausing, UnknownDuty};
pub use entitlement::{
    Agents, Appeal, Authority, Entitlement, Ground, LetterPart, LookBack, Metrics, NeverDisclosed, Records, SideDuty,
    UniversalOptOut,
};

use super::calendar::{Calendar, Calendars};
use super::finding::Finding;
use super::identity::Residence;
use super::ids::RegimeId;
use super::right::Right;

/// One law.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// The name in the API and of the file.
    pub id: RegimeId,
    /// The law's name.
    pub name: String,
    /// Where the law is found.
    pub citation: String,
    /// The first day on which it gives rights; before it the regime is inert.
    #[serde(deserialize_with = "date::required")]
    pub in_force: NaiveDate,
    /// How sure we are of the file as a whole.
    pub confidence: Confidence,
    /// Where the people live to whom it applies; a country includes its subdivisions.
    pub applies_to: Vec<Residence>,
    /// Who is protected, in words.
    pub protects: String,
    /// How identity is shown, in words; the levels are the rights'.
    pub verification: String,
    /// When the clocks start, where that is not simply the day of receipt.
    #[serde(default)]
    pub starts: Option<String>,
    /// What else a lawyer would want to know.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What a letter of denial must have.
    pub denial_letter: Vec<LetterPart>,
    /// What a letter that denies an appeal must have.
    #[serde(default)]
    pub appeal_denial_letter: Vec<LetterPart>,
    /// Where to complain.
    pub authority: Option<Authority>,
    /// The periods, by duty.
    pub clocks: BTreeMap<Duty, Clock>,
    /// Whether the response clock can stand still; where this is absent it cannot.
    #[serde(default)]
    pub pausing: Option<Pausing>,
    /// The rights it gives.
    pub rights: BTreeMap<Right, Entitlement>,
    /// Who may act for the person; nobody, by this law, where it is absent.
    #[serde(default)]
    pub agents: Option<Agents>,
    /// The review of decisions by the controller, where the law gives one.
    #[serde(default)]
    pub appeal: Option<Appeal>,
    /// The grounds of denial.
    #[serde(default)]
    pub grounds: Vec<Ground>,
    /// What is described but not handed out.
    #[serde(default)]
    pub never_disclosed: Option<NeverDisclosed>,
    /// How far back an answer reaches; all that is held, where it is absent.
    #[serde(default)]
    pub look_back: Option<LookBack>,
    /// How long the record of a request is kept.
    #[serde(default)]
    pub records: Option<Records>,
    /// Whether browser signals bind.
    #[serde(default)]
    pub universal_opt_out: Option<UniversalOptOut>,
    /// The figures to publish.
    #[serde(default)]
    pub metrics: Option<Metrics>,
    /// What is to be done beside the answer.
    #[serde(default)]
    pub side_duties: Vec<SideDuty>,
    /// The public holidays its clocks are counted with.
    #[serde(skip)]
    calendars: Arc<Calendars>,
}

impl Regime {
    /// Reads a regime file; `file` is how the operator names it, `calendars` what its clocks count with.
    ///
    /// # Errors
    /// The first thing wrong in it, with its line.
    pub fn parse(file: &str, text: &str, calendars: &Arc<Calendars>) -> Result<Self, Finding> {
        let mut regime: Self = toml::from_str(text).map_err(|error| Finding::of_toml(file, text, &error))?;
        regime.calendars = Arc::clone(calendars);
        match regime.contradiction() {
            None => Ok(regime),
            Some((key, message)) => Err(Finding::error(file, line_of(text, &key), message)),
        }
    }

    /// What the law gives under `right` to a request received `on` that day; none where it does not give the right.
    pub fn entitlement(&self, right: Right, on: NaiveDate) -> Option<&Entitlement> {
        let granted = self.rights.get(&right).filter(|granted| granted.since.is_none_or(|since| on >= since));
        granted.filter(|_| self.is_in_force(on))
    }

    /// Whether this is no law but what controllers promise: its period is the policy's own.
    pub fn is_promise(&self) -> bool {
        self.clocks.get(&Duty::Response).is_some_and(|clock| clock.counting == Counting::Promised)
    }

    /// Whether the law gives rights on that day.
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        on >= self.in_force
    }

    /// The clock of a duty for what was received `on` that day.
    pub fn clock(&self, duty: Duty, on: NaiveDate) -> Option<&Clock> {
        self.clocks.get(&duty).filter(|clock| clock.since.is_none_or(|since| on >= since))
    }

    /// The duties that a request under `right`, received `on` that day, starts; their deadlines can all be computed.
    ///
    /// What the opt-out clock covers is put into effect by that clock; everything else, opt-outs under a law that has
    /// no such clock included, is acknowledged where the law asks for it and answered.
    pub fn duties(&self, right: Right, on: NaiveDate) -> Vec<Duty> {
        let starts = |duty| self.clock(duty, on).is_some_and(|clock| clock.covers(duty, right));
        if starts(Duty::OptOut) {
            return vec![Duty::OptOut];
        }
        let acknowledged = self.acknowledges(Acknowledges::Requests, on) && starts(Duty::Acknowledgement);
        if acknowledged { vec![Duty::Acknowledgement, Duty::Response] } else { vec![Duty::Response] }
    }

    /// The duties that an appeal received `on` that day starts; empty where the law gives no appeal.
    pub fn appeal_duties(&self, on: NaiveDate) -> Vec<Duty> {
        if self.clock(Duty::Appeal, on).is_none() {
            return Vec::new();
        }
        match self.acknowledges(Acknowledges::Appeals, on) {
            true => vec![Duty::Acknowledgement, Duty::Appeal],
            false => vec![Duty::Appeal],
        }
    }

    /// The grounds on which a request under `right` can be denied.
    pub fn grounds_against(&self, right: Right) -> impl Iterator<Item = &Ground> {
        self.grounds.iter().filter(move |ground| ground.rights.is_empty() || ground.rights.contains(&right))
    }

    /// The ground with that code.
    pub fn ground(&self, code: &str) -> Option<&Ground> {
        self.grounds.iter().find(|ground| ground.code == code)
    }

    /// Whether values of this fideslang data category, or of one above it, must not be handed out.
    pub fn withholds(&self, category: &str) -> bool {
        let covers = |listed: &String| {
            category.strip_prefix(listed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.never_disclosed.as_ref().is_some_and(|never| never.categories.iter().any(covers))
    }

    /// The holidays of a country or of another calendar by its name, if they are known.
    pub fn holidays(&self, name: &str) -> Option<&Calendar> {
        self.calendars.get(name)
    }

    fn acknowledges(&self, what: Acknowledges, on: NaiveDate) -> bool {
        self.clock(Duty::Acknowledgement, on).is_some_and(|clock| clock.acknowledges == what)
    }

    /// What one key says against another, and the start of the line to look at.
    fn contradiction(&self) -> Option<(String, String)> {
        if let Some((duty, fault)) = self.clocks.iter().find_map(|(duty, clock)| Some((duty, clock.fault()?))) {
            return Some((format!("[clocks.{duty}]"), fault.to_owned()));
        }
        let mut named = self.clocks.values().filter_map(|clock| clock.calendar.as_deref());
        if let Some(name) = named.find(|name| self.calendars.get(name).is_none()) {
            return Some((format!("calendar = \"{name}\""), format!("holidays.toml has no calendar `{name}`")));
        }
        if self.appeal.is_some() != self.clocks.contains_key(&Duty::Appeal) {
            let message = "`[appeal]` and `[clocks.appeal]` come together or not at all";
            return Some(("[appeal]".to_owned(), message.to_owned()));
        }
        if !self.clocks.contains_key(&Duty::Response) {
            return Some(("[clocks".to_owned(), "a regime needs `[clocks.response]`".to_owned()));
        }
        if self.clocks.get(&Duty::Response).is_some_and(|clock| !clock.rights.is_empty()) {
            let message = "every right is answered, so `[clocks.response]` takes no `rights`";
            return Some(("[clocks.response]".to_owned(), message.to_owned()));
        }
        let mut seen = std::collections::BTreeSet::new();
        let twice = self.grounds.iter().find(|ground| !seen.insert(&ground.code))?;
        let message = format!("two grounds have the code `{}`", twice.code);
        Some((format!("code = \"{}\"", twice.code), message))
    }
}

/// The first line that starts with `start`, else the first.
fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.starts_with(start)).map_or(1, |index| index + 1)
}

#[cfg(test)]
pub(crate) mod tests;
