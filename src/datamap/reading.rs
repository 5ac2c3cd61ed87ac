//! The reader of a document's values: it takes what has the right kind and writes down, with its line, what has not.

use std::collections::BTreeSet;

use super::Category;
use super::document::{Entry, Node, Value};
use crate::domain::finding::{Finding, Severity};

/// Collects findings about one file.
pub(super) struct Reading<'a> {
    file: &'a str,
    pub(super) findings: Vec<Finding>,
    /// The data categories that were told of already.
    pub(super) doubted: BTreeSet<Category>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, findings: Vec::new(), doubted: BTreeSet::new() }
    }

    pub(super) fn error(&mut self, line: usize, message: impl Into<String>) {
        self.find(line, Severity::Error, message.into());
    }

    pub(super) fn warn(&mut self, line: usize, message: impl Into<String>) {
        self.find(line, Severity::Warning, message.into());
    }

    fn find(&mut self, line: usize, severity: Severity, message: String) {
        self.findings.push(Finding { file: self.file.to_owned(), line, severity, message });
    }

    /// The entries of a mapping; an empty value is an empty mapping.
    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                self.error(node.line, format!("{what} must be a mapping of keys to values, not {}", node.kind()));
                &[]
            }
        }
    }

    /// The entries of a mapping that say something: Fides writes out what is not set, with nothing for a value.
    pub(super) fn given<'n>(&mut self, node: &'n Node, what: &str) -> impl Iterator<Item = &'n Entry> + use<'n> {
        self.map(node, what).iter().filter(|entry| entry.value.value != Value::Null)
    }

    /// The items of a list; an empty value is an empty list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => {
                self.error(node.line, format!("{what} must be a list, not {}", node.kind()));
                &[]
            }
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Bool(b) => Some(b.to_string()),
            _ => {
                self.error(node.line, format!("{what} must be a text, not {}", node.kind()));
                None
            }
        }
    }

    /// A text that may be left empty.
    pub(super) fn optional_text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Null => None,
            Value::Text(text) if text.is_empty() => None,
            _ => self.text(node, what),
        }
    }

    /// `true` or `false`, which are `yes`, `no`, `on` and `off` to Fides (YAML 1.1); left empty is `false`.
    pub(super) fn flag(&mut self, node: &Node, what: &str) -> bool {
        let is = |words: [&str; 3], text: &str| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        match &node.value {
            Value::Bool(b) => *b,
            Value::Null => false,
            Value::Text(text) if is(["yes", "on", "true"], text) => true,
            Value::Text(text) if is(["no", "off", "false"], text) => false,
            _ => {
                self.error(node.line, format!("{what} must be true or false, not {}", node.kind()));
                false
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<(String, usize)> {
        let items = self.list(node, what);
        items.iter().filter_map(|item| Some((self.text(item, what)?, item.line))).collect()
    }
}
