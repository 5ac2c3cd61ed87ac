//! Nested `fields`: what a dataset says of the members of the JSON in a column, or why that cannot be kept.

use super::document::{Entry, Node};
use super::meta::{self, FieldMeta, Redact};
use super::reading::Reading;
use super::{Category, Member, load};
use crate::domain::masking::{Masking, MemberMask};

/// The members of one column.
#[derive(Default)]
pub(super) struct Members {
    pub(super) described: Vec<Member>,
    /// Those that an erasure masks, and the first line that says so.
    masked: Vec<MemberMask>,
    masked_at: Option<usize>,
}

impl Members {
    /// The mask of the column: its own, or that of its members.
    pub(super) fn masking(&mut self, reading: &mut Reading<'_>, own: Option<Masking>) -> Option<Masking> {
        match (own, self.masked_at) {
            (own, None) => own,
            (None, Some(_)) => Some(Masking::Members(std::mem::take(&mut self.masked))),
            (Some(own), Some(line)) => {
                reading.error(line, "the column has a mask of its own, which leaves nothing of its members");
                Some(own)
            }
        }
    }
}

/// Reads the nested fields of the column `name`.
pub(super) fn read(reading: &mut Reading<'_>, nested: &Node, name: &str) -> Members {
    let mut members = Members::default();
    below(reading, nested, &mut vec![name.to_owned()], &[], &mut members);
    members
}

/// `way` is the column and the members around, whose categories are `around`.
fn below(reading: &mut Reading<'_>, nested: &Node, way: &mut Vec<String>, around: &[Category], all: &mut Members) {
    for item in reading.list(nested, "`fields`") {
        let entries = reading.map(item, "a field");
        let common = load::read_common(reading, entries, "field", "name");
        let Some(name) = common.name else {
            reading.error(item.line, "a field needs its `name`");
            continue;
        };
        way.push(name);
        refuse(reading, common.meta, &way.join("."));
        let meta: FieldMeta = common.meta.map(|m| meta::field(reading, m)).unwrap_or_default();
        let categories = load::joined(around, &common.categories);
        let path = way[1..].to_vec();
        if let Some(masking) = meta.masking {
            mask(reading, all, item.line, &way.join("."), &path, &masking);
        }
        if let Some(deeper) = common.fields {
            below(reading, deeper, way, &categories, all);
        }
        if meta.redact == Redact::Name {
            let why = "`redact: name` works on columns; what stands in a member is described and never shown, as with `redact: true`";
            reading.warn(item.line, why);
        }
        all.described.push(Member { path, line: item.line, categories, redact: meta.redact != Redact::Nothing });
        way.pop();
    }
}

/// What works on columns alone.
fn refuse(reading: &mut Reading<'_>, meta: Option<&Node>, name: &str) {
    let Some(meta) = meta else { return };
    for Entry { key, line, .. } in reading.given(meta, "`fides_meta`") {
        let why = match key.as_str() {
            "identity" | "references" => "no index serves a search inside of JSON: give the value a column of its own",
            "primary_key" => "a key is made of columns",
            "free_text" => "staff look at whole cells: mark the column",
            "collected_at" => "a range looks at columns: give the date a column of its own",
            "read_only" => "a column is masked or not: mark the column, or give the member no mask",
            _ => continue,
        };
        reading.error(*line, format!("`{key}` cannot stand at `{name}`, which is nested: {why}"));
    }
}

fn mask(reading: &mut Reading<'_>, all: &mut Members, line: usize, name: &str, path: &[String], masking: &Masking) {
    let text = match masking {
        Masking::NullRewrite => None,
        Masking::StringRewrite { text, suffix: None } => Some(text.clone()),
        Masking::Preserve => return,
        other => {
            let strategy = other.name();
            let message = format!(
                "{strategy} cannot mask `{name}`, which is nested; use null_rewrite, or string_rewrite without a suffix"
            );
            return reading.error(line, message);
        }
    };
    all.masked_at.get_or_insert(line);
    all.masked.push(MemberMask { path: path.to_vec(), text });
}
