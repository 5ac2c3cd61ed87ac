//! The rows that a service found, read as they arrive: JSON or JSON Lines, one row in memory at a time, values exact.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::ConnectorError;

/// One row: its fields, each value as it was written.
pub type Fields = BTreeMap<String, Box<RawValue>>;

/// Receives a collection's name and a row of it.
pub type EachFound<'a> = dyn FnMut(&str, &Fields) -> Result<(), ConnectorError> + 'a;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `{"collections": {"members": [{…}, …]}}`
    Json,
    /// `{"collection": "members", "row": {…}}` on each line.
    Lines,
}

impl Format {
    /// The format that a `Content-Type` names.
    pub fn of(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Format::Json),
            "application/x-ndjson" | "application/jsonl" => Some(Format::Lines),
            _ => None,
        }
    }
}

/// Reads every row; an error of `each` stops and is handed back.
///
/// # Errors
/// What is wrong with the form, without a value.
pub fn read(from: impl Read, format: Format, each: &mut EachFound<'_>) -> Result<(), ConnectorError> {
    match format {
        Format::Json => read_json(from, each),
        Format::Lines => read_lines(BufReader::new(from), each),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    collection: String,
    row: Fields,
}

fn read_lines(mut from: impl BufRead, each: &mut EachFound<'_>) -> Result<(), ConnectorError> {
    let mut line = String::new();
    for number in 1_u64.. {
        line.clear();
        if from.read_line(&mut line).map_err(|e| broken(&e))? == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            continue;
        }
        let found: Found = serde_json::from_str(&line)
            .map_err(|_| malformed(&format!("line {number} is not a row of the form {{\"collection\", \"row\"}}")))?;
        each(&found.collection, &found.row)?;
    }
    Ok(())
}

fn read_json(from: impl Read, each: &mut EachFound<'_>) -> Result<(), ConnectorError> {
    let mut stopped = None;
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(from));
    let read = Answer { each, stopped: &mut stopped }.deserialize(&mut json).and_then(|()| json.end());
    match (stopped, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) if error.is_io() => Err(broken(&error.into())),
        (None, Err(error)) => Err(malformed(&format!("from line {} column {} on", error.line(), error.column()))),
        (None, Ok(())) => Ok(()),
    }
}

fn broken(error: &std::io::Error) -> ConnectorError {
    // A run that was told to end says nothing of the service.
    let told = error.get_ref().and_then(|inner| inner.downcast_ref::<ConnectorError>());
    if matches!(told, Some(ConnectorError::Cancelled)) {
        return ConnectorError::Cancelled;
    }
    match error.kind() {
        std::io::ErrorKind::InvalidData => malformed("it is not UTF-8"),
        std::io::ErrorKind::FileTooLarge => ConnectorError::Statement(error.to_string()),
        _ => ConnectorError::Unreachable("the answer broke off".to_owned()),
    }
}

fn malformed(at: &str) -> ConnectorError {
    ConnectorError::Statement(format!("the service's answer has not the form that was agreed: {at}"))
}

/// `{"collections": …}`
struct Answer<'a, 'b> {
    each: &'a mut EachFound<'b>,
    stopped: &'a mut Option<ConnectorError>,
}

impl<'de> DeserializeSeed<'de> for Answer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Answer<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `collections`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut there = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != "collections" {
                return Err(A::Error::custom("unknown member"));
            }
            there = true;
            map.next_value_seed(Collections { each: &mut *self.each, stopped: &mut *self.stopped })?;
        }
        if there { Ok(()) } else { Err(A::Error::missing_field("collections")) }
    }
}

/// `{"members": […], …}`
struct Collections<'a, 'b> {
    each: &'a mut EachFound<'b>,
    stopped: &'a mut Option<ConnectorError>,
}

impl<'de> DeserializeSeed<'de> for Collections<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collections<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of collections")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(collection) = map.next_key::<String>()? {
            map.next_value_seed(Rows { collection, each: &mut *self.each, stopped: &mut *self.stopped })?;
        }
        Ok(())
    }
}

/// `[{…}, …]`
struct Rows<'a, 'b> {
    collection: String,
    each: &'a mut EachFound<'b>,
    stopped: &'a mut Option<ConnectorError>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Fields>()? {
            if let Err(error) = (self.each)(&self.collection, &row) {
                *self.stopped = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// What kind of value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `null`
    Null,
    /// A text.
    Text,
    /// A number without fraction and exponent.
    Integer,
    /// Any other number.
    Number,
    /// `true` or `false`
    Boolean,
    /// An object or a list.
    Json,
}

/// A string in which half of a character stands alone, as `"\ud800"`: JSON's grammar allows it, and no text can hold it
/// (RFC 8259 section 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holds half of a character (a lone surrogate), which is no text")]
pub struct NoText;

/// A value as a cell: the text without its quotes, a number with all its digits; `None` is null.
///
/// # Errors
/// [`NoText`]: it would otherwise pass for nothing.
pub fn cell(value: &RawValue) -> Result<(Written, Option<String>), NoText> {
    let raw = value.get();
    Ok(match raw.as_bytes().first() {
        Some(b'n') => (Written::Null, None),
        Some(b'"') => (Written::Text, Some(serde_json::from_str(raw).map_err(|_| NoText)?)),
        Some(b't' | b'f') => (Written::Boolean, Some(raw.to_owned())),
        Some(b'{' | b'[') => (Written::Json, Some(raw.to_owned())),
        _ if raw.contains(['.', 'e', 'E']) => (Written::Number, Some(raw.to_owned())),
        _ => (Written::Integer, Some(raw.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, format: Format) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let mut each = |collection: &str, row: &Fields| {
            let cells = row.iter().map(|(name, value)| format!("{name}={:?}", cell(value).unwrap()));
            found.push(format!("{collection}: {}", cells.collect::<Vec<_>>().join(" ")));
            Ok(())
        };
        read(text.as_bytes(), format, &mut each).map_err(|e| e.to_string())?;
        Ok(found)
    }

    #[test]
    fn values_keep_all_their_digits() {
        let json = r#"{"collections": {"a": [{"n": 12345678901234567890.10, "t": "é\n", "z": null}], "b": []}}"#;
        let lines =
            "{\"collection\": \"a\", \"row\": {\"n\": 12345678901234567890.10, \"t\": \"é\\n\", \"z\": null}}\n\n";
        let expected =
            [r#"a: n=(Number, Some("12345678901234567890.10")) t=(Text, Some("é\n")) z=(Null, None)"#.to_owned()];
        assert_eq!(all(json, Format::Json).unwrap(), expected);
        assert_eq!(all(lines, Format::Lines).unwrap(), expected);
    }

    #[rstest::rstest]
    #[case(r#""\ud800""#, Err(NoText))]
    #[case(r#""a\udc00b""#, Err(NoText))]
    #[case(r#""\ud83d\ude42""#, Ok((Written::Text, Some("\u{1f642}".to_owned()))))]
    #[case("null", Ok((Written::Null, None)))]
    fn half_a_character_does_not_pass_for_nothing(
        #[case] raw: &str,
        #[case] expected: Result<(Written, Option<String>), NoText>,
    ) {
        assert_eq!(cell(&RawValue::from_string(raw.to_owned()).unwrap()), expected);
    }

    #[rstest::rstest]
    #[case("{}", Format::Json)]
    #[case(r#"{"rows": []}"#, Format::Json)]
    #[case(r#"{"collections": {"a": [1]}}"#, Format::Json)]
    #[case(r#"{"collections": {"a": [{"email": "ada@example.com"}"#, Format::Json)]
    #[case(r#"{"collections": {}} x"#, Format::Json)]
    #[case(r#"{"row": {"email": "ada@example.com"}}"#, Format::Lines)]
    #[case("ada@example.com", Format::Lines)]
    fn another_form_is_refused_without_a_value(#[case] text: &str, #[case] format: Format) {
        let error = all(text, format).unwrap_err();
        assert!(error.contains("has not the form") && !error.contains("ada@"), "{error}");
    }

    #[test]
    fn an_error_of_the_receiver_comes_back_as_it_is() {
        let mut each = |_: &str, _: &Fields| Err(ConnectorError::Stopped("enough".to_owned()));
        let error = read(&b"{\"collections\": {\"a\": [{}]}}"[..], Format::Json, &mut each).unwrap_err();
        assert!(matches!(error, ConnectorError::Stopped(why) if why == "enough"));
    }
}
