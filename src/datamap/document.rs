//! A YAML document as a tree in which every key and value knows its line, so that every message can name one.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: `~`, `null`, or an empty value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any other scalar, as text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line of the key, counted from 1.
    pub line: usize,
    /// The value.
    pub value: Node,
}

/// A value and its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line on which the value begins, counted from 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

impl Node {
    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
///
/// # Errors
/// The line and the parser's words, when the text is no YAML.
pub fn parse(text: &str) -> Result<Node, (usize, String)> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options::<Spanned<Value>>(text, options).map(Node::from).map_err(|e| {
        let line = e.location().map_or(1, |l| line_number(l.line()));
        (line, e.to_string().lines().next().unwrap_or_default().to_owned())
    })
}

fn line_number(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).max(1)
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self { line: line_number(spanned.referenced.line()), value: spanned.value }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Text(v.to_string()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Text(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Text(v.to_string()))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element::<Spanned<Value>>()? {
            list.push(item.into());
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let line = line_number(key.referenced.line());
            let value = map.next_value::<Spanned<Value>>()?.into();
            entries.push(Entry { key: key.value, line, value });
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_value_knows_its_line() {
        let node = parse(
            "dataset:\n  - name: no\n    pk: True\n\n    list: [a, 1]\n    empty:\n    long: >-\n      a\n      b\n",
        )
        .unwrap();
        let Value::Map(top) = &node.value else { panic!("{node:?}") };
        let Value::List(items) = &top[0].value.value else { panic!("{top:?}") };
        let Value::Map(entries) = &items[0].value else { panic!("{items:?}") };
        let seen: Vec<_> = entries.iter().map(|e| (e.key.as_str(), e.line, e.value.line)).collect();
        assert_eq!(seen, [("name", 2, 2), ("pk", 3, 3), ("list", 5, 5), ("empty", 6, 6), ("long", 7, 8)]);
        assert_eq!(entries[0].value.value, Value::Text("no".into()), "a column may be called `no`");
        assert_eq!(entries[1].value.value, Value::Bool(true));
        let Value::List(list) = &entries[2].value.value else { panic!() };
        assert_eq!(list[1].value, Value::Text("1".into()));
        assert_eq!(entries[3].value.value, Value::Null);
        assert_eq!(entries[4].value.value, Value::Text("a b".into()));
    }

    #[test]
    fn broken_yaml_is_told_with_its_line() {
        let (line, message) = parse("dataset:\n  - a: [1\n  b: }\n").unwrap_err();
        assert!(line >= 2, "{line}: {message}");
        assert!(!message.is_empty());
    }
}
