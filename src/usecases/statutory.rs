//! The figures that a law makes controllers compile each year (11 CCR 7102), as JSON or CSV; they outlive the purge.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::retention::day_of;
use super::{Error, Office};
use crate::domain::figures::{Case, Tally};
use crate::domain::ids::{ControllerId, RegimeId};
use crate::domain::regime::{Duty, Regime};
use crate::domain::right::Right;
use crate::store::{FiguresFilter, FiguresLine};

/// How many lines are read at a time: they are small, and this bounds the memory.
const PAGE: u32 = 2000;

/// How everything is counted, told with the figures.
const RULE: &str = "Counted are requests received in the year, by what became of them until now. Complied in whole includes requests for \
     which nothing was found. Days run from the day of receipt to the day of the last answer, in the controller's time zone, the same day \
     being 0, for requests complied with or denied; so does in time or late, against the date with the extension if one was taken.";

/// The figures of one year under one law.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Metrics {
    /// The law.
    #[schema(value_type = String)]
    pub regime: RegimeId,
    /// The year of receipt.
    pub year: i32,
    /// The controller, where the figures are one's only.
    #[schema(value_type = Option<String>, required)]
    pub controller: Option<ControllerId>,
    /// Where the law asks for figures; null where it does not.
    #[schema(required)]
    pub citation: Option<String>,
    /// How everything is counted.
    pub rule: &'static str,
    /// One line a right that the law gives or somebody exercised.
    pub rights: Vec<RightMetrics>,
    /// All of them together.
    pub total: Counts,
}

/// The figures of one right.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RightMetrics {
    /// The right.
    pub right: Right,
    /// What had to be done in time: answered, or put into effect.
    pub duty: Duty,
    /// The figures.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Requests counted by what became of them.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs)] // `Tally` says what each is.
pub struct Counts {
    pub received: u64,
    pub complied_in_whole: u64,
    pub nothing_found: u64,
    pub complied_in_part: u64,
    pub denied: u64,
    pub denied_by_ground: BTreeMap<String, u64>,
    pub referred: u64,
    pub withdrawn: u64,
    pub expired: u64,
    pub open: u64,
    pub overdue: u64,
    pub in_time: u64,
    pub late: u64,
    /// From receipt to answer; null where nothing was answered.
    #[schema(required)]
    pub median_days: Option<f64>,
    /// The same, rounded to two places.
    #[schema(required)]
    pub mean_days: Option<f64>,
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            received: tally.received,
            complied_in_whole: tally.complied_in_whole,
            nothing_found: tally.nothing_found,
            complied_in_part: tally.complied_in_part,
            denied: tally.denied,
            denied_by_ground: tally.denied_by_ground.clone(),
            referred: tally.referred,
            withdrawn: tally.withdrawn,
            expired: tally.expired,
            open: tally.open,
            overdue: tally.overdue,
            in_time: tally.in_time,
            late: tally.late,
            median_days: tally.median_days(),
            mean_days: tally.mean_days(),
        }
    }
}

/// Counts the requests of a year under a law, read in pages.
///
/// # Errors
/// [`Error::UnknownRegime`], [`Error::UnknownController`], [`Error::Invalid`] for a year that is none.
pub async fn metrics(
    office: &Office,
    regime: RegimeId,
    year: i32,
    controller: Option<ControllerId>,
) -> Result<Metrics, Error> {
    let law = office.regimes.get(&regime).ok_or(Error::UnknownRegime)?;
    if controller.as_ref().is_some_and(|id| office.controller(id).is_none()) {
        return Err(Error::UnknownController);
    }
    let (first, last) = (1900..=9000)
        .contains(&year)
        .then(|| NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31)))
        .flatten()
        .ok_or_else(|| Error::invalid("/year", "a year from 1900 to 9000"))?;
    let now = office.clock.now();
    let mut tallies: BTreeMap<Right, Tally> = law.rights.keys().map(|right| (*right, Tally::default())).collect();
    let mut total = Tally::default();
    // A day of a controller's begins and ends within a day of UTC's.
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let filter = FiguresFilter {
        regime: regime.clone(),
        controller: controller.clone(),
        from: start(first - Days::new(1)),
        to: start(last + Days::new(2)),
    };
    let mut after = None;
    loop {
        let page = filter.clone();
        let lines = office.store.read(move |tx| Ok::<_, Error>(tx.figures(&page, after, PAGE)?)).await?;
        let Some(end) = lines.last() else { break };
        after = Some((end.received_at, end.id));
        for line in &lines {
            let case = case(office, line);
            if (first..=last).contains(&case.received) {
                let today = day_of(office, &line.controller, now);
                tallies.entry(case.right).or_default().count(&case, today);
                total.count(&case, today);
            }
        }
    }
    let rights = tallies.iter().map(|(right, tally)| {
        let counts = Counts::from(tally);
        RightMetrics { right: *right, duty: duty(law, *right, last), counts }
    });
    let rights = rights.collect();
    let citation = law.metrics.as_ref().map(|m| m.citation.clone());
    Ok(Metrics { regime, year, controller, citation, rule: RULE, rights, total: Counts::from(&total) })
}

/// Opt-outs and limits are put into effect, everything else is answered.
fn duty(law: &Regime, right: Right, on: NaiveDate) -> Duty {
    if law.duties(right, on).contains(&Duty::OptOut) { Duty::OptOut } else { Duty::Response }
}

fn case(office: &Office, line: &FiguresLine) -> Case {
    let day = |at| day_of(office, &line.controller, at);
    Case {
        right: line.right,
        received: day(line.received_at),
        due: line.due,
        ended: line.ended.map(|(ending, at)| (ending, day(at))),
        ground: line.ground.clone(),
    }
}

impl Metrics {
    /// The same as CSV (RFC 4180), one line a right and one for all; grounds stand in one field, as `code=count`.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from(
            "regime,year,right,duty,received,complied_in_whole,nothing_found,complied_in_part,denied,denied_by_ground,referred,\
             withdrawn,expired,open,overdue,in_time,late,median_days,mean_days\r\n",
        );
        let rights = self.rights.iter().map(|r| (r.right.as_str(), r.duty.as_str(), &r.counts));
        for (right, duty, counts) in rights.chain([("total", "", &self.total)]) {
            let grounds: Vec<_> =
                counts.denied_by_ground.iter().map(|(code, count)| format!("{code}={count}")).collect();
            let number = |days: Option<f64>| days.map(|d| d.to_string()).unwrap_or_default();
            let fields = [
                self.regime.to_string(),
                self.year.to_string(),
                right.to_owned(),
                duty.to_owned(),
                counts.received.to_string(),
                counts.complied_in_whole.to_string(),
                counts.nothing_found.to_string(),
                counts.complied_in_part.to_string(),
                counts.denied.to_string(),
                grounds.join("; "),
                counts.referred.to_string(),
                counts.withdrawn.to_string(),
                counts.expired.to_string(),
                counts.open.to_string(),
                counts.overdue.to_string(),
                counts.in_time.to_string(),
                counts.late.to_string(),
                number(counts.median_days),
                number(counts.mean_days),
            ];
            csv.push_str(&fields.map(|field| super::report::quoted(&field)).join(","));
            csv.push_str("\r\n");
        }
        csv
    }
}
