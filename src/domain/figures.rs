//! The figures of a year that laws ask for (11 CCR 7102(a)): counted exactly, in memory that does not grow with the
//! number of requests.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::right::Right;

/// What is left of a request for good, as the figures look at it; days are the controller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What was asked.
    pub right: Right,
    /// When.
    pub received: NaiveDate,
    /// By when it had to be answered, with the extension if there was one.
    pub due: Option<NaiveDate>,
    /// How it ended and when, if it did.
    pub ended: Option<(Ending, NaiveDate)>,
    /// The ground of a denial.
    pub ground: Option<String>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Complied with in whole.
    Fulfilled,
    /// The same, and there was nothing of the person's.
    NoMatch,
    /// Complied with in part.
    PartiallyFulfilled,
    /// Denied.
    Denied,
    /// Passed on to another controller.
    Referred,
    /// Taken back by the person.
    Withdrawn,
    /// Closed because nobody proved to be the person.
    Expired,
}

/// Requests counted by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Received.
    pub received: u64,
    /// Complied with in whole, those included for which nothing was found.
    pub complied_in_whole: u64,
    /// Of these: nothing of the person's was found.
    pub nothing_found: u64,
    /// Complied with in part.
    pub complied_in_part: u64,
    /// Denied.
    pub denied: u64,
    /// Denied, by the ground's code in the regime.
    pub denied_by_ground: BTreeMap<String, u64>,
    /// Passed on to another controller.
    pub referred: u64,
    /// Taken back.
    pub withdrawn: u64,
    /// Never verified.
    pub expired: u64,
    /// Not at an end yet.
    pub open: u64,
    /// Of these: due before today.
    pub overdue: u64,
    /// Answered on the day it was due or before.
    pub in_time: u64,
    /// Answered later.
    pub late: u64,
    /// How many were answered after how many days: at most as many lines as there are days in the longest wait.
    days: BTreeMap<u64, u64>,
}

impl Tally {
    /// Counts one more. `today` decides what is overdue.
    pub fn count(&mut self, case: &Case, today: NaiveDate) {
        self.received += 1;
        let Some((ending, on)) = case.ended else {
            self.open += 1;
            self.overdue += u64::from(case.due.is_some_and(|due| due < today));
            return;
        };
        match ending {
            Ending::Fulfilled => self.complied_in_whole += 1,
            Ending::NoMatch => {
                self.complied_in_whole += 1;
                self.nothing_found += 1;
            }
            Ending::PartiallyFulfilled => self.complied_in_part += 1,
            Ending::Denied => {
                self.denied += 1;
                *self.denied_by_ground.entry(case.ground.clone().unwrap_or_default()).or_default() += 1;
            }
            Ending::Referred => self.referred += 1,
            Ending::Withdrawn => self.withdrawn += 1,
            Ending::Expired => self.expired += 1,
        }
        if matches!(ending, Ending::Referred | Ending::Withdrawn | Ending::Expired) {
            return;
        }
        let late = case.due.is_some_and(|due| on > due);
        self.late += u64::from(late);
        self.in_time += u64::from(!late);
        let days = u64::try_from((on - case.received).num_days()).unwrap_or_default();
        *self.days.entry(days).or_default() += 1;
    }

    /// The median of the days from receipt to answer; the mean of the two in the middle where their number is even.
    pub fn median_days(&self) -> Option<f64> {
        let answered: u64 = self.days.values().sum();
        let (low, high) = (self.nth(answered.checked_sub(1)? / 2)?, self.nth(answered / 2)?);
        // Far below 2^52.
        Some((low + high) as f64 / 2.0)
    }

    /// The mean of the same days, rounded to two places, half up.
    pub fn mean_days(&self) -> Option<f64> {
        let answered: u64 = self.days.values().sum();
        let sum: u64 = self.days.iter().map(|(days, count)| days * count).sum();
        let hundredths = (sum * 100 + answered / 2).checked_div(answered)?;
        Some(hundredths as f64 / 100.0)
    }

    /// The days of the answer at that place, counted from zero, if all were sorted.
    fn nth(&self, place: u64) -> Option<u64> {
        let mut before = 0;
        self.days.iter().find_map(|(days, count)| {
            before += count;
            (place < before).then_some(*days)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case(ended: Option<(Ending, &str)>) -> Case {
        Case {
            right: Right::Access,
            received: day("2026-03-01"),
            due: Some(day("2026-04-14")),
            ended: ended.map(|(ending, on)| (ending, day(on))),
            ground: (ended.map(|e| e.0) == Some(Ending::Denied)).then(|| "excessive".to_owned()),
        }
    }

    #[rstest]
    #[case::same_day(Some((Ending::Fulfilled, "2026-03-01")), "whole 1, in time, 0 days")]
    #[case::last_day(Some((Ending::NoMatch, "2026-04-14")), "whole 1, nothing 1, in time, 44 days")]
    #[case::a_day_late(Some((Ending::PartiallyFulfilled, "2026-04-15")), "part 1, late, 45 days")]
    #[case::denied(Some((Ending::Denied, "2026-03-11")), "denied 1 on excessive, in time, 10 days")]
    #[case::referred(Some((Ending::Referred, "2026-05-11")), "referred 1")]
    #[case::withdrawn(Some((Ending::Withdrawn, "2026-05-11")), "withdrawn 1")]
    #[case::expired(Some((Ending::Expired, "2026-05-11")), "expired 1")]
    #[case::open(None, "open 1, overdue")]
    fn each_end_counts_where_it_belongs(#[case] ended: Option<(Ending, &str)>, #[case] expected: &str) {
        let mut tally = Tally::default();
        tally.count(&case(ended), day("2026-05-01"));
        let named = [
            (tally.complied_in_whole, "whole 1".to_owned()),
            (tally.nothing_found, "nothing 1".into()),
            (tally.complied_in_part, "part 1".into()),
            (tally.denied, format!("denied 1 on {}", tally.denied_by_ground.keys().cloned().collect::<String>())),
            (tally.referred, "referred 1".into()),
            (tally.withdrawn, "withdrawn 1".into()),
            (tally.expired, "expired 1".into()),
            (tally.open, "open 1".into()),
            (tally.overdue, "overdue".into()),
            (tally.in_time, "in time".into()),
            (tally.late, "late".into()),
            (tally.days.len() as u64, format!("{} days", tally.median_days().unwrap_or_default())),
        ];
        let said: Vec<_> = named.into_iter().filter(|(count, _)| *count == 1).map(|(_, text)| text).collect();
        assert_eq!(said.join(", "), expected);
        assert_eq!(tally.received, 1);
    }

    #[test]
    fn nobody_answered_is_no_average() {
        assert_eq!((Tally::default().median_days(), Tally::default().mean_days()), (None, None));
    }

    proptest! {
        #[test]
        fn median_and_mean_are_exact(waits in proptest::collection::vec(0_u64..200, 1..60)) {
            let mut tally = Tally::default();
            for wait in &waits {
                let mut case = case(Some((Ending::Fulfilled, "2026-03-01")));
                case.ended = Some((Ending::Fulfilled, case.received + chrono::Days::new(*wait)));
                tally.count(&case, day("2027-01-01"));
            }
            let mut sorted = waits.clone();
            sorted.sort_unstable();
            let middle = (sorted[(waits.len() - 1) / 2] + sorted[waits.len() / 2]) as f64 / 2.0;
            let mean = waits.iter().sum::<u64>() as f64 / waits.len() as f64;
            prop_assert_eq!(tally.median_days(), Some(middle));
            prop_assert!((tally.mean_days().unwrap() - mean).abs() <= 0.005 + 1e-9);
        }
    }
}
