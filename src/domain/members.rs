//! Members inside of a JSON text: found by their path, and replaced without a change to any byte around them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep lists may stand in each other; a text that goes deeper is read by nobody.
const DEEPEST: usize = 128;

/// The text is no JSON, or none that anybody would read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no JSON")]
pub struct NoJson;

/// Where the members at `path` stand in the text, as bytes, in order. The elements of a list on the way, the outermost
/// included, are each entered. A member that is `null` holds nothing and is left out.
///
/// # Errors
/// [`NoJson`].
pub fn find<P: AsRef<str>>(text: &str, path: &[P]) -> Result<Vec<Range<usize>>, NoJson> {
    let root: &RawValue = serde_json::from_str(text).map_err(|_| NoJson)?;
    let mut found = Vec::new();
    enter(text, root, path, 0, &mut found)?;
    Ok(found)
}

/// The text with other values at the given places, each of them JSON. Of places that stand in each other the outer
/// counts.
pub fn replaced(text: &str, mut instead: Vec<(Range<usize>, Cow<'_, str>)>) -> String {
    instead.sort_by_key(|(at, _)| (at.start, std::cmp::Reverse(at.end)));
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, value) in instead {
        if at.start >= from {
            out.push_str(&text[from..at.start]);
            out.push_str(&value);
            from = at.end;
        }
    }
    out.push_str(&text[from..]);
    out
}

fn enter<P: AsRef<str>>(
    text: &str,
    value: &RawValue,
    path: &[P],
    depth: usize,
    found: &mut Vec<Range<usize>>,
) -> Result<(), NoJson> {
    let raw = value.get();
    let Some((first, rest)) = path.split_first() else {
        if raw != "null" {
            let start = raw.as_ptr() as usize - text.as_ptr() as usize;
            found.push(start..start + raw.len());
        }
        return Ok(());
    };
    match raw.as_bytes().first() {
        Some(b'[') if depth == DEEPEST => Err(NoJson),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| NoJson)?;
            items.into_iter().try_for_each(|item| enter(text, item, path, depth + 1, found))
        }
        Some(b'{') => {
            let Object(members) = serde_json::from_str(raw).map_err(|_| NoJson)?;
            let mut named = members.into_iter().filter(|(name, _)| name == first.as_ref());
            named.try_for_each(|(_, value)| enter(text, value, rest, depth, found))
        }
        _ => Ok(()),
    }
}

/// An object's members as they stand, one that is there twice included: whoever reads the text may take either.
struct Object<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case::member(r#"{"a": 1, "b": {"a": 2}}"#, "a", r#"{"a": X, "b": {"a": 2}}"#)]
    #[case::below(r#"{"a": 1, "b": {"a" : 2.50 }}"#, "b.a", r#"{"a": 1, "b": {"a" : X }}"#)]
    #[case::elements(r#"[{"a": [{"b": "x"}, {"b": {}}]}, 7]"#, "a.b", r#"[{"a": [{"b": X}, {"b": X}]}, 7]"#)]
    #[case::twice(r#"{"a": 1, "a": [2]}"#, "a", r#"{"a": X, "a": X}"#)]
    #[case::otherwise_spelled(r#"{"\u0061": 1}"#, "a", r#"{"\u0061": X}"#)]
    #[case::nothing(r#"{"a": null}"#, "a", r#"{"a": null}"#)]
    #[case::not_there(r#"{"b": {"c": 1}}"#, "a.c", r#"{"b": {"c": 1}}"#)]
    #[case::no_object("\"a\"", "a", "\"a\"")]
    fn a_member_is_replaced_and_nothing_else(#[case] text: &str, #[case] path: &str, #[case] expected: &str) {
        let path: Vec<&str> = path.split('.').collect();
        let found = find(text, &path).unwrap();
        assert_eq!(replaced(text, found.into_iter().map(|at| (at, "X".into())).collect()), expected);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("{a: 1}")]
    #[case("{\"a\": 1} x")]
    #[case("{\"\\ud800\": 1}")]
    fn what_is_no_json_says_so(#[case] text: &str) {
        assert_eq!(find(text, &["a"]), Err(NoJson));
    }

    #[test]
    fn lists_in_lists_without_end_break_nothing() {
        assert_eq!(find(&("[".repeat(100_000) + &"]".repeat(100_000)), &["a"]), Err(NoJson));
    }

    #[test]
    fn the_outer_of_two_places_counts() {
        assert_eq!(replaced("0123456789", vec![(3..4, "x".into()), (2..6, "y".into())]), "01y6789");
    }

    proptest! {
        /// Whatever stands around it, and however it is written.
        #[test]
        fn the_value_is_gone_and_the_rest_is_as_it_was(before: String, secret: String, after: String, spaces in " {0,3}") {
            let json = |text: &str| serde_json::Value::from(text).to_string();
            let (before, after) = (json(&before), json(&after));
            let text = |value: &str| format!("{{{spaces}\"b\":{before},\"s\"{spaces}:{value},\"c\":[{after}]}}");
            let whole = text(&json(&secret));
            let found = find(&whole, &["s"]).unwrap();
            prop_assert_eq!(replaced(&whole, found.into_iter().map(|at| (at, "7".into())).collect()), text("7"));
        }
    }
}
