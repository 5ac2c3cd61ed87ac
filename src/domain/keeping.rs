//! Why rows outlive a deletion: a duty to keep them for a time, or a legal hold on their person until it is lifted.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::identity::{AccountId, Email, IdentityKind, Phone};
use super::ids::{ControllerId, StaffId};
use super::personal::Personal;

/// What a person reads of rows under a legal hold, unless the policy words it otherwise. It does not say which
/// procedure there is: the person may not be meant to know.
pub const HELD: &str = "the law requires that it is kept";

/// A duty to keep the rows of a collection, as its dataset states it (GDPR Art. 17(3)(b)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Why, in the words of an answer.
    pub ground: String,
    /// Where that stands.
    pub citation: Option<String>,
    /// For how long.
    pub lasts: Lasts,
    /// The fields that the duty does not need: an erasure masks these at once (GDPR Art. 5(1)(c)).
    pub mask: Vec<String>,
}

/// For how long a duty to keep lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// To the end of a day, whatever the row says.
    Until(NaiveDate),
    /// For a period that begins on a date in the row.
    For {
        /// How long.
        period: Period,
        /// The field that holds the date.
        from: String,
        /// Whether it counts from the end of that year (as in German AO section 147(4)).
        year_end: bool,
    },
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Days, none left out.
    Days(u32),
    /// Months.
    Months(u32),
    /// Years.
    Years(u32),
}

/// The text is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is a number and a unit, as `10 years`, `6 months` or `90 days`, of at most 100 years")]
pub struct NoPeriod;

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let (number, unit) = text.trim().split_once(' ').ok_or(NoPeriod)?;
        let number: u32 = number.parse().map_err(|_| NoPeriod)?;
        let (period, most) = match unit.trim() {
            "day" | "days" => (Period::Days(number), 36_525),
            "month" | "months" => (Period::Months(number), 1_200),
            "year" | "years" => (Period::Years(number), 100),
            _ => return Err(NoPeriod),
        };
        if (1..=most).contains(&number) { Ok(period) } else { Err(NoPeriod) }
    }
}

impl Period {
    /// The corresponding day, or the month's last one where it has no such day (Reg. 1182/71 Art. 3(2)(c)).
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        let later = match self {
            Period::Days(days) => day.checked_add_days(Days::new(days.into())),
            Period::Months(months) => day.checked_add_months(Months::new(months)),
            Period::Years(years) => day.checked_add_months(Months::new(years.saturating_mul(12))),
        };
        later.unwrap_or(NaiveDate::MAX)
    }
}

impl Rule {
    /// The last day on which a row is kept. A row without a readable date counts from `asked_on`, the day of the request:
    /// what it records happened before, so that it is never kept too short.
    pub fn until(&self, dated: Option<NaiveDate>, asked_on: NaiveDate) -> NaiveDate {
        match &self.lasts {
            Lasts::Until(day) => *day,
            Lasts::For { period, year_end, .. } => {
                let begins = dated.unwrap_or(asked_on);
                let end_of_year = || NaiveDate::from_ymd_opt(begins.year(), 12, 31).unwrap_or(begins);
                period.after(if *year_end { end_of_year() } else { begins })
            }
        }
    }

    /// The field with the date it counts from.
    pub fn dated_by(&self) -> Option<&str> {
        match &self.lasts {
            Lasts::Until(_) => None,
            Lasts::For { from, .. } => Some(from),
        }
    }
}

/// Why one row is kept for now, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Why, in the words of an answer.
    pub ground: String,
    /// Where that stands.
    pub citation: Option<String>,
    /// The last day; none while it depends on a hold.
    pub until: Option<NaiveDate>,
    /// The hold, where it is one.
    pub hold: Option<Uuid>,
}

impl Kept {
    /// Whether it keeps a row longer than `other`; a hold has no end that is known.
    pub fn outlasts(&self, other: &Kept) -> bool {
        let last = |kept: &Kept| kept.until.unwrap_or(NaiveDate::MAX);
        last(self) > last(other)
    }
}

/// Whose data a legal hold is about: whoever has any one of these identifiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPerson {
    /// An address.
    #[serde(default)]
    pub email: Option<Email>,
    /// A telephone number.
    #[serde(default)]
    pub phone: Option<Phone>,
    /// The company's own number.
    #[serde(default)]
    pub account_id: Option<AccountId>,
}

impl HeldPerson {
    /// The identifier of one kind, in its normalised form.
    pub fn normalised(&self, kind: IdentityKind) -> Option<String> {
        match kind {
            IdentityKind::Email => self.email.as_ref().map(Email::normalised),
            IdentityKind::Phone => self.phone.as_ref().map(|p| p.expose().to_owned()),
            IdentityKind::AccountId => self.account_id.as_ref().map(|a| a.expose().to_owned()),
        }
    }
}

/// Which places a legal hold reaches; everything when both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Whole systems.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Collections, as `dataset.collection`.
    #[serde(default)]
    pub collections: Vec<String>,
}

impl Reach {
    /// Whether a collection is within it.
    pub fn covers(&self, system: &str, dataset: &str, collection: &str) -> bool {
        let everything = self.systems.is_empty() && self.collections.is_empty();
        let named = || self.collections.iter().any(|c| c.split_once('.') == Some((dataset, collection)));
        everything || self.systems.iter().any(|s| s == system) || named()
    }
}

/// A hold on a person's data in the company's systems, for a dispute or an inquiry (GDPR Art. 17(3)(e)). A record hold
/// ([`super::retention::Hold`]) is another thing: it keeps what Habeas itself wrote down about one request.
#[derive(Clone, Debug, PartialEq)]
pub struct LegalHold {
    /// Its id.
    pub id: Uuid,
    /// Whose systems.
    pub controller: ControllerId,
    /// What it says.
    pub terms: HoldTerms,
    /// Since when.
    pub placed_at: DateTime<Utc>,
    /// Who placed it.
    pub placed_by: StaffId,
}

/// What a legal hold says; sealed at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldTerms {
    /// About whom.
    pub person: HeldPerson,
    /// On which ground, for colleagues.
    pub ground: Personal<String>,
    /// Why, for colleagues.
    pub reason: Personal<String>,
    /// In which places.
    #[serde(default)]
    pub reach: Reach,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(lasts: Lasts) -> Rule {
        Rule { ground: "Books are kept".to_owned(), citation: None, lasts, mask: Vec::new() }
    }

    #[rstest]
    #[case("10 years", false, Some("2024-03-15"), "2034-03-15")]
    #[case("8 years", true, Some("2024-03-15"), "2032-12-31")]
    #[case("8 years", true, Some("2024-12-31"), "2032-12-31")]
    #[case("8 years", true, Some("2025-01-01"), "2033-12-31")]
    #[case("1 year", false, Some("2024-02-29"), "2025-02-28")]
    #[case("6 months", false, Some("2024-08-31"), "2025-02-28")]
    #[case("90 days", false, Some("2026-01-01"), "2026-04-01")]
    #[case::no_date_counts_from_the_request("10 years", false, None, "2036-11-22")]
    #[case::no_date_to_the_end_of_the_year("10 years", true, None, "2036-12-31")]
    fn a_period_ends_on_the_corresponding_day(
        #[case] period: &str,
        #[case] year_end: bool,
        #[case] dated: Option<&str>,
        #[case] expected: &str,
    ) {
        let lasts = Lasts::For { period: period.parse().unwrap(), from: "issued_on".to_owned(), year_end };
        assert_eq!(rule(lasts).until(dated.map(day), day("2026-11-22")), day(expected));
    }

    #[test]
    fn a_fixed_day_looks_at_no_row() {
        let rule = rule(Lasts::Until(day("2030-06-30")));
        assert_eq!(rule.until(Some(day("1999-01-01")), day("2026-11-22")), day("2030-06-30"));
        assert_eq!(rule.dated_by(), None);
    }

    #[rstest]
    #[case("ten years")]
    #[case("10")]
    #[case("0 years")]
    #[case("101 years")]
    #[case("10 fortnights")]
    #[case("-1 days")]
    #[case("")]
    fn what_is_no_period_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Period>(), Err(NoPeriod));
    }

    #[rstest]
    #[case::everything(&[], &[], true)]
    #[case::the_system(&["shop-db"], &[], true)]
    #[case::another_system(&["desk-db"], &[], false)]
    #[case::the_collection(&[], &["shop.orders"], true)]
    #[case::another_collection(&[], &["shop.order_items"], false)]
    #[case::either(&["desk-db"], &["shop.orders"], true)]
    fn a_hold_reaches_what_it_names(#[case] systems: &[&str], #[case] collections: &[&str], #[case] expected: bool) {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let reach = Reach { systems: owned(systems), collections: owned(collections) };
        assert_eq!(reach.covers("shop-db", "shop", "orders"), expected);
    }

    #[test]
    fn a_hold_outlasts_every_day() {
        let kept = |until: Option<&str>| Kept {
            ground: String::new(),
            citation: None,
            until: until.map(day),
            hold: until.is_none().then(Uuid::nil),
        };
        assert!(kept(None).outlasts(&kept(Some("9999-12-31"))));
        assert!(kept(Some("2030-01-02")).outlasts(&kept(Some("2030-01-01"))));
        assert!(!kept(None).outlasts(&kept(None)));
    }

    proptest::proptest! {
        #[test]
        fn counting_from_the_end_of_the_year_is_never_shorter(dated in 0_u64..30_000, years in 1_u32..100) {
            let dated = day("1970-01-01") + Days::new(dated);
            let of = |year_end| rule(Lasts::For { period: Period::Years(years), from: String::new(), year_end }).until(Some(dated), dated);
            proptest::prop_assert!(of(true) >= of(false));
            proptest::prop_assert!(of(false) > dated);
        }
    }
}
