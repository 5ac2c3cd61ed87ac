//! When two spellings say the same: names whatever their case, accents and order, answers in the form their question
//! names.

use chrono::NaiveDate;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// In which form an answer and the stored value are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Letters and digits, without regard to case, accents, punctuation and spaces.
    #[default]
    Text,
    /// Digits alone: numbers of customers, orders, telephones.
    Digits,
    /// A calendar day: `1990-12-10`, `10.12.1990`; of a moment its day.
    Date,
}

impl Normalise {
    /// Whether an answer says what is stored. What says nothing in this form agrees with nothing.
    pub fn agree(self, answer: &str, stored: &str) -> bool {
        match self {
            Normalise::Text => same(&fold(answer).concat(), &fold(stored).concat()),
            Normalise::Digits => same(&digits(answer), &digits(stored)),
            Normalise::Date => day(answer).is_some_and(|answer| day(stored) == Some(answer)),
        }
    }
}

/// Whether two names are the same person's: the same parts, in any order, without regard to case, accents, hyphens and
/// spaces. Nothing may be missing: an initial is not a name, and a first name alone is many people's.
pub fn same_name(given: &str, stored: &str) -> bool {
    let parts = |name: &str| {
        let mut parts = fold(name);
        parts.sort_unstable();
        parts
    };
    let given = parts(given);
    !given.is_empty() && given == parts(stored)
}

fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && a == b
}

/// The words of a text in lower case, without accents; apostrophes do not part a word.
fn fold(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut plain = String::with_capacity(lower.len());
    for letter in lower.nfkd().filter(|c| !is_combining_mark(*c)) {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            '\'' | '’' | 'ʼ' | '`' => {}
            letter => plain.push(letter),
        }
    }
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The day a text names. Orders that two countries read differently, as `10/12/1990`, name none.
fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"].iter().find_map(|form| NaiveDate::parse_from_str(day, form).ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ada Example", "Ada Example", true)]
    #[case("ada  EXAMPLE", "Ada Example", true)]
    #[case("Example, Ada", "Ada Example", true)]
    #[case("Zoë Müller-Straße", "ZOE MULLER STRASSE", true)]
    #[case("Łukasz Sørensen", "lukasz sorensen", true)]
    #[case("Siobhán O’Brien", "Siobhan OBrien", true)]
    #[case("Ada Example", "Ada", false)]
    #[case("Ada", "Ada Example", false)]
    #[case("A. Example", "Ada Example", false)]
    #[case("Ada Ada", "Ada", false)]
    #[case("", "", false)]
    #[case("—", "-", false)]
    #[case("山田 太郎", "太郎 山田", true)]
    fn names_agree_in_all_their_parts(#[case] given: &str, #[case] stored: &str, #[case] expected: bool) {
        assert_eq!(same_name(given, stored), expected);
        assert_eq!(same_name(stored, given), expected, "the rule has no direction");
    }

    #[rstest]
    #[case(Normalise::Text, "10115 Berlin", "10115-BERLIN", true)]
    #[case(Normalise::Text, "Berlin", "Bern", false)]
    #[case(Normalise::Text, " ", "", false)]
    #[case(Normalise::Digits, "C 100-001", "100001", true)]
    #[case(Normalise::Digits, "none", "n/a", false)]
    #[case(Normalise::Date, "1990-12-10", "1990-12-10 00:00:00+00", true)]
    #[case(Normalise::Date, "10.12.1990", "1990-12-10", true)]
    #[case(Normalise::Date, "10/12/1990", "1990-12-10", false)]
    #[case(Normalise::Date, "", "", false)]
    fn answers_are_compared_in_the_form_named(
        #[case] form: Normalise,
        #[case] answer: &str,
        #[case] stored: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(form.agree(answer, stored), expected);
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_itself_in_any_order(parts in proptest::collection::vec("[A-Za-zÀ-ÖØ-öø-ž]{1,12}", 1..5)) {
            let mut turned = parts.clone();
            turned.reverse();
            proptest::prop_assert!(same_name(&parts.join(" "), &turned.join(", ").to_uppercase()) || parts.join("").to_uppercase().to_lowercase() != parts.join("").to_lowercase());
        }
    }
}
