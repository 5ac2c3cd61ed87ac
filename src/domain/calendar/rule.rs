//! How a holiday's date is written in `holidays.toml` and found in a year.

use std::str::FromStr;

use chrono::{Datelike, Days, Month, NaiveDate, TimeDelta, Weekday};

use super::easter;

/// When in a year a holiday falls, as a lawyer would write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `12-25`: the same day every year.
    Fixed { month: u32, day: u32 },
    /// `easter-2`, `easter+39`: so many days from Western Easter Sunday.
    Easter(i64),
    /// `orthodox_easter-48`: so many days from Orthodox Easter Sunday.
    OrthodoxEaster(i64),
    /// `fourth thursday of november`; `nth` counts from 1.
    Nth { nth: u8, weekday: Weekday, month: u32 },
    /// `last monday of may`.
    Last { weekday: Weekday, month: u32 },
    /// `saturday on or after 06-20`.
    OnOrAfter { weekday: Weekday, month: u32, day: u32 },
}

/// The text is no rule that this module knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no rule for a holiday: write `12-25`, `easter+39`, `orthodox_easter-2`, `fourth thursday of november`, `last monday of may` or `saturday on or after 06-20`"
)]
pub struct UnknownRule(String);

impl Rule {
    /// The day in `year`; none where the calendar has no such day (29 February, a fifth Monday).
    pub fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Rule::Fixed { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            Rule::Easter(offset) => easter::western(year)?.checked_add_signed(TimeDelta::days(offset)),
            Rule::OrthodoxEaster(offset) => easter::orthodox(year)?.checked_add_signed(TimeDelta::days(offset)),
            Rule::Nth { nth, weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth),
            Rule::Last { weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
                .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)),
            Rule::OnOrAfter { weekday, month, day } => {
                let first = NaiveDate::from_ymd_opt(year, month, day)?;
                let wait = weekday.days_since(first.weekday());
                first.checked_add_days(Days::new(u64::from(wait)))
            }
        }
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let rule = match words.as_slice() {
            [word] => fixed(word)
                .map(|(month, day)| Rule::Fixed { month, day })
                .or_else(|| offset(word, "orthodox_easter").map(Rule::OrthodoxEaster))
                .or_else(|| offset(word, "easter").map(Rule::Easter)),
            ["last", weekday, "of", month] => last(weekday, month),
            [nth, weekday, "of", month] => nth_of(nth, weekday, month),
            [weekday, "on", "or", "after", day] => on_or_after(weekday, day),
            _ => None,
        };
        rule.ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

fn fixed(word: &str) -> Option<(u32, u32)> {
    let (month, day) = word.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // 2000 was a leap year, so that every day that ever exists does.
    NaiveDate::from_ymd_opt(2000, month, day).map(|_| (month, day))
}

fn offset(word: &str, from: &str) -> Option<i64> {
    let rest = word.strip_prefix(from)?;
    let days = if rest.is_empty() { 0 } else { rest.parse().ok()? };
    (-200..=200).contains(&days).then_some(days)
}

fn last(weekday: &str, month: &str) -> Option<Rule> {
    Some(Rule::Last { weekday: weekday.parse().ok()?, month: number_of(month)? })
}

fn nth_of(nth: &str, weekday: &str, month: &str) -> Option<Rule> {
    let nth = ["first", "second", "third", "fourth", "fifth"].iter().position(|word| *word == nth)?;
    Some(Rule::Nth { nth: u8::try_from(nth).ok()? + 1, weekday: weekday.parse().ok()?, month: number_of(month)? })
}

fn on_or_after(weekday: &str, day: &str) -> Option<Rule> {
    let (month, day) = fixed(day)?;
    Some(Rule::OnOrAfter { weekday: weekday.parse().ok()?, month, day })
}

fn number_of(month: &str) -> Option<u32> {
    month.parse::<Month>().ok().map(|month| month.number_from_month())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("12-25", "2026-12-25")]
    #[case("easter-2", "2026-04-03")]
    #[case("easter", "2026-04-05")]
    #[case("easter+50", "2026-05-25")]
    #[case("orthodox_easter-48", "2026-02-23")]
    #[case("fourth thursday of november", "2026-11-26")]
    #[case("last monday of may", "2026-05-25")]
    #[case("last monday of august", "2026-08-31")]
    #[case("saturday on or after 06-20", "2026-06-20")]
    #[case("thursday on or after 04-19", "2026-04-23")]
    fn a_rule_finds_its_day(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<Rule>().unwrap().in_year(2026).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("13-01")]
    #[case("02-30")]
    #[case("easter+x")]
    #[case("sixth monday of may")]
    #[case("first moonday of may")]
    #[case("")]
    fn a_typing_error_is_no_rule(#[case] text: &str) {
        assert_eq!(text.parse::<Rule>(), Err(UnknownRule(text.to_owned())));
    }
}
