//! How long the record of a request is kept: as long as the law asks, longer where the policy says so, never shorter.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::ids::StaffId;
use super::personal::Personal;
use super::policy::Policy;
use super::regime::Regime;

/// Where neither law nor policy names a period: what most laws that name one ask for (11 CCR 7101(a)).
pub const USUAL_MONTHS: u32 = 24;

/// For how many months after its end a request's record is kept. A law's period counts against a shorter one of the
/// policy's; where there was an appeal, its record's period counts as well.
pub fn months(regime: Option<&Regime>, policy: Option<&Policy>, appealed: bool) -> u32 {
    let law = regime.and_then(|r| r.records.as_ref()).map(|r| r.months);
    let appeal = regime.and_then(|r| r.appeal.as_ref()).and_then(|a| a.records_months).filter(|_| appealed);
    let promised = policy.and_then(|p| p.records_months);
    [law, appeal, promised].into_iter().flatten().max().unwrap_or(USUAL_MONTHS)
}

/// The last day on which the record of what ended on `closed` is kept; it may be purged from the next day on.
pub fn last_day(closed: NaiveDate, months: u32) -> NaiveDate {
    closed.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// Nothing that ended at this moment or later can be due for the purge on `today`: months end on different days and
/// days begin at different hours, so this is a few days wide.
pub fn not_before(today: NaiveDate, months: u32) -> DateTime<Utc> {
    let day = today.checked_sub_months(Months::new(months)).and_then(|day| day.checked_add_days(Days::new(4)));
    day.unwrap_or(NaiveDate::MIN).and_time(chrono::NaiveTime::MIN).and_utc()
}

/// A record that must not be purged yet: a dispute, an audit, an authority's inquiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The last day of it.
    pub until: NaiveDate,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who decided it.
    pub by: StaffId,
    /// Why.
    pub reason: Personal<String>,
}

/// What is kept of a purge's reason in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// For how many months it was kept.
    pub kept_months: u32,
    /// When the request had ended.
    pub closed_on: NaiveDate,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::policy::tests::SMALL;
    use crate::domain::regime::tests::regime;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case::law("ccpa", "", false, 24)]
    #[case::policy_longer("ccpa", "records_months = 36", false, 36)]
    #[case::policy_never_shorter("ccpa", "records_months = 6", false, 24)]
    #[case::no_law("gdpr", "", false, 24)]
    #[case::no_law_and_a_promise("gdpr", "records_months = 12", false, 12)]
    #[case::an_appeal("us-mn", "records_months = 12", true, 24)]
    #[case::no_appeal("us-mn", "records_months = 12", false, 12)]
    #[case::colorado("us-co", "records_months = 12", true, 24)]
    fn the_longer_period_counts(#[case] law: &str, #[case] more: &str, #[case] appealed: bool, #[case] expected: u32) {
        let policy = Policy::parse("p.toml", &format!("{SMALL}{more}")).unwrap();
        assert_eq!(months(Some(&regime(law)), Some(&policy), appealed), expected);
    }

    #[test]
    fn nobody_configured_any_more_is_kept_as_long_as_is_usual() {
        assert_eq!(months(None, None, true), USUAL_MONTHS);
    }

    #[rstest]
    #[case("2026-11-22", 24, "2028-11-22")]
    #[case("2028-02-29", 24, "2030-02-28")]
    #[case("2026-08-31", 6, "2027-02-28")]
    fn months_end_on_the_corresponding_day(#[case] closed: &str, #[case] months: u32, #[case] expected: &str) {
        assert_eq!(last_day(day(closed), months), day(expected));
    }

    proptest! {
        #[test]
        fn the_first_look_misses_nothing(closed in 0_u64..20_000, months in 1_u32..240, later in 1_u64..400) {
            let closed = day("2000-01-01") + Days::new(closed);
            let today = last_day(closed, months) + Days::new(later);
            // Anywhere on earth the day ends within a day of UTC's.
            let latest = (closed + Days::new(2)).and_time(chrono::NaiveTime::MIN).and_utc();
            prop_assert!(latest < not_before(today, months));
        }
    }
}
