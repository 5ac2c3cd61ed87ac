//! Members of a JSON text are masked where they stand, and the rest of the text stays as it is.

use std::borrow::Cow;

use super::MemberMask;
use crate::domain::members;

/// What `old` becomes, within `most` characters.
///
/// # Errors
/// Why there is no such mask, in words without any value.
pub(super) fn masked(old: &str, masks: &[MemberMask], most: Option<usize>) -> Result<String, String> {
    let mut instead = Vec::new();
    for mask in masks {
        let value =
            mask.text.as_ref().map_or_else(|| "null".to_owned(), |text| serde_json::Value::from(&**text).to_string());
        let found = members::find(old, &mask.path).map_err(|_| "a value in it is no JSON".to_owned())?;
        instead.extend(found.into_iter().map(|at| (at, Cow::Owned(value.clone()))));
    }
    let masked = members::replaced(old, instead);
    match most {
        Some(most) if masked.chars().count() > most => Err(format!("a masked value is longer than {most} characters")),
        _ => Ok(masked),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Masking;
    use super::*;

    fn mask(path: &str, text: Option<&str>) -> MemberMask {
        MemberMask { path: path.split('.').map(str::to_owned).collect(), text: text.map(str::to_owned) }
    }

    #[test]
    fn only_the_named_members_change_and_a_masked_text_stays() {
        let masks = [mask("card", None), mask("to.name", Some("\"gone\""))];
        let old = r#"{"card": 4111, "to": [{"name": "Ada", "n": 1.10}], "x":null}"#;
        let new = masked(old, &masks, None).unwrap();
        assert_eq!(new, r#"{"card": null, "to": [{"name": "\"gone\"", "n": 1.10}], "x":null}"#);
        assert_eq!(masked(&new, &masks, None).as_ref(), Ok(&new));
        let slot = super::super::Slot { holds: super::super::Holds::Text, most: None, distinct: false };
        let strategy = Masking::Members(masks.to_vec());
        assert_eq!([old, &new].map(|text| strategy.left_its_mark_on(Some(text), &slot)), [false, true]);
    }

    #[rstest::rstest]
    #[case("Ada", None, "a value in it is no JSON")]
    #[case(r#"{"card": 1}"#, Some(12), "a masked value is longer than 12 characters")]
    fn what_cannot_be_masked_is_said_without_a_value(
        #[case] old: &str,
        #[case] most: Option<usize>,
        #[case] why: &str,
    ) {
        assert_eq!(masked(old, &[mask("card", Some("masked"))], most), Err(why.to_owned()));
    }
}
