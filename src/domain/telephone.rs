//! One telephone number in all the ways in which databases hold it: with and without country code, trunk zero and signs.

use std::collections::BTreeSet;

use phonenumber::Mode;
use phonenumber::metadata::DATABASE;

/// The digits of every usual spelling of a number given in E.164: `+49 170 1234567`, `0049 170 …`, `+49 (0)170 …`, and,
/// where the number is of the country in which the company writes them, `0170 1234567`. A stored text is the number when
/// its digits are among these; without a country, what is written nationally is nobody's, because it could be a number
/// of any country.
pub fn spellings(e164: &str, country: Option<&str>) -> BTreeSet<String> {
    let digits = digits(e164);
    let mut all = BTreeSet::new();
    if digits.is_empty() {
        return all;
    }
    if let Ok(number) = phonenumber::parse(None, e164) {
        let code = number.code().value();
        let national = self::digits(&number.format().mode(Mode::National).to_string());
        let home = country.and_then(|c| DATABASE.by_id(c)).is_some_and(|home| home.country_code() == code);
        if home {
            all.insert(national.clone());
        }
        all.insert(format!("00{code}{national}"));
        all.insert(format!("{code}{national}"));
    }
    all.insert(format!("00{digits}"));
    all.insert(digits);
    all
}

/// The digits of a text in their order, whatever stands between them.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether a text is a country by the two letters of ISO 3166-1 whose numbers are known.
pub fn is_country(text: &str) -> bool {
    DATABASE.by_id(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::as_dialled("+491701234567", Some("DE"), "+49 170 1234567", true)]
    #[case::with_trunk_zero("+491701234567", Some("DE"), "+49 (0) 170 / 123 45-67", true)]
    #[case::national("+491701234567", Some("DE"), "0 170 1234567", true)]
    #[case::national_with_signs("+491701234567", Some("DE"), "(0170) 123-4567", true)]
    #[case::from_abroad("+491701234567", Some("DE"), "0049 170 1234567", true)]
    #[case::national_elsewhere("+491701234567", Some("FR"), "0170 1234567", false)]
    #[case::national_nowhere("+491701234567", None, "0170 1234567", false)]
    #[case::without_trunk_zero("+491701234567", Some("DE"), "170 1234567", false)]
    #[case::american("+14155552671", Some("US"), "(415) 555-2671", true)]
    #[case::american_long("+14155552671", Some("US"), "1-415-555-2671", true)]
    #[case::neighbours_share_a_code("+14155552671", Some("CA"), "415.555.2671", true)]
    #[case::american_in_europe("+14155552671", Some("DE"), "(415) 555-2671", false)]
    #[case::french("+33612345678", Some("FR"), "06 12 34 56 78", true)]
    #[case::spanish("+34612345678", Some("ES"), "612 345 678", true)]
    #[case::another("+491701234567", Some("DE"), "0170 1234568", false)]
    #[case::part_of_it("+491701234567", Some("DE"), "1234567", false)]
    fn a_number_is_known_in_its_usual_spellings(
        #[case] number: &str,
        #[case] country: Option<&str>,
        #[case] stored: &str,
        #[case] same: bool,
    ) {
        assert_eq!(spellings(number, country).contains(&digits(stored)), same);
    }
}
