//! Which days are working days where: public holidays computed from the rules in `regimes/holidays.toml`.

mod easter;
mod rule;

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;

pub use rule::{Rule, UnknownRule};

use super::finding::Finding;

/// The holiday calendars, by country (ISO 3166-1 alpha-2) or by another name a clock may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Calendars(BTreeMap<String, Calendar>);

/// The public holidays of one country.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The country, and the part of it, in English.
    pub name: String,
    /// The statute that names the holidays.
    pub citation: String,
    /// What the list leaves out. To leave a holiday out never makes a date later.
    #[serde(default)]
    pub note: Option<String>,
    /// What happens when a holiday falls on a weekend.
    #[serde(default)]
    pub observed: Observed,
    /// The holidays.
    pub holidays: Vec<Holiday>,
}

/// What happens when a holiday falls on a Saturday or a Sunday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// It is lost.
    #[default]
    OnTheDay,
    /// Saturday's is kept on the Friday before, Sunday's on the Monday after (5 U.S.C. 6103(b)).
    NearestWeekday,
    /// It is kept on the next weekday that is not a holiday already (United Kingdom).
    NextWeekday,
}

/// One public holiday.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Its name in English.
    pub name: String,
    /// When it falls.
    #[serde(deserialize_with = "rule")]
    pub on: Rule,
    /// The first year in which it is kept.
    #[serde(default)]
    pub since: Option<i32>,
    /// The last year in which it is kept.
    #[serde(default)]
    pub until: Option<i32>,
}

fn rule<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Rule, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

impl Calendars {
    /// Reads `holidays.toml`; `file` is how the operator names it.
    ///
    /// # Errors
    /// The first thing wrong in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Finding> {
        toml::from_str(text).map_err(|error| Finding::of_toml(file, text, &error))
    }

    /// The calendar of a country, whatever the case of its code.
    pub fn get(&self, country: &str) -> Option<&Calendar> {
        self.0.get(&country.to_ascii_uppercase())
    }

    /// The codes that have a calendar, sorted.
    pub fn countries(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Calendar {
    /// The name of the holiday kept on `date`, if it is one. Weekends are not holidays.
    pub fn holiday(&self, date: NaiveDate) -> Option<&str> {
        // A holiday of the next year can be kept in this one: 1 January 2028, a Saturday, on 31 December 2027.
        (date.year() - 1..=date.year() + 1).find_map(|year| self.kept_on(year, date))
    }

    fn kept_on(&self, year: i32, date: NaiveDate) -> Option<&str> {
        let days: Vec<(NaiveDate, &str)> = self.holidays.iter().filter_map(|holiday| holiday.in_year(year)).collect();
        if let Some((_, name)) = days.iter().find(|(day, _)| *day == date) {
            return Some(name);
        }
        let mut lost: Vec<_> = days.iter().filter(|(day, _)| is_weekend(*day)).copied().collect();
        lost.sort_by_key(|(day, _)| *day);
        let mut taken: Vec<NaiveDate> = days.iter().map(|(day, _)| *day).collect();
        for (day, name) in lost {
            let Some(instead) = self.observed.instead_of(day, &taken) else { continue };
            if instead == date {
                return Some(name);
            }
            taken.push(instead);
        }
        None
    }
}

impl Holiday {
    fn in_year(&self, year: i32) -> Option<(NaiveDate, &str)> {
        let kept = self.since.is_none_or(|since| year >= since) && self.until.is_none_or(|until| year <= until);
        let day = self.on.in_year(year).filter(|_| kept)?;
        Some((day, self.name.as_str()))
    }
}

impl Observed {
    fn instead_of(self, day: NaiveDate, taken: &[NaiveDate]) -> Option<NaiveDate> {
        match self {
            Observed::OnTheDay => None,
            Observed::NearestWeekday if day.weekday() == Weekday::Sat => day.pred_opt(),
            Observed::NearestWeekday => day.succ_opt(),
            Observed::NextWeekday => (1..15)
                .filter_map(|n| day.checked_add_days(Days::new(n)))
                .find(|d| !is_weekend(*d) && !taken.contains(d)),
        }
    }
}

/// Whether the day is a Saturday or a Sunday.
pub fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Why `date` is not a working day, in words: `a Saturday`, or the holiday's name; none for a working day.
/// Without a calendar only weekends are known.
pub fn day_off(calendar: Option<&Calendar>, date: NaiveDate) -> Option<String> {
    match date.weekday() {
        Weekday::Sat => Some("a Saturday".to_owned()),
        Weekday::Sun => Some("a Sunday".to_owned()),
        _ => calendar?.holiday(date).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests;
