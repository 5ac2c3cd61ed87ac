//! `datapackage.json`: the package described for programs, as Frictionless Data Package version 1.
//!
//! <https://specs.frictionlessdata.io/data-package/>, with `sqlType`, `dataCategories` (fideslang), `standing`, `right`
//! and `reference` as properties of our own, which the specification allows.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::archive::FileFact;
use super::writer::Written;
use super::{About, ColumnHeader, ColumnKind, NOT_DISCLOSED, Standing, WITHHELD};

/// The whole description. `fact` gives length and hash of a file by its path.
pub(super) fn describe<'a>(about: &About, written: &[Written], fact: impl Fn(&str) -> Option<&'a FileFact>) -> Value {
    let mut names = HashSet::new();
    let mut resources = Vec::new();
    for collection in written {
        let name = unique_name(&mut names, &collection.stem);
        let [csv, jsonl] = ["csv", "jsonl"].map(|extension| collection.data_path(extension));
        resources.push(table(collection, &name, &csv, fact(&csv)));
        resources.push(json!({
            "name": format!("{name}.jsonl"),
            "path": jsonl,
            "profile": "data-resource",
            "format": "jsonl",
            "mediatype": "application/jsonl",
            "encoding": "utf-8",
            "bytes": fact(&jsonl).map(|f| f.bytes),
            "hash": fact(&jsonl).map(|f| format!("sha256:{}", f.sha256)),
        }));
    }
    json!({
        "profile": "data-package",
        "name": resource_name(&about.reference),
        "title": format!("Personal data held by {}", about.controller),
        "created": about.generated_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "contributors": [{ "title": about.controller, "role": "publisher" }],
        "reference": about.reference,
        "right": about.right,
        "resources": resources,
    })
}

fn table(written: &Written, name: &str, path: &str, fact: Option<&FileFact>) -> Value {
    let header = &written.header;
    let mut resource = json!({
        "name": name,
        "title": format!("{}: {}", header.dataset, header.collection),
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": fact.map(|f| f.bytes),
        "hash": fact.map(|f| format!("sha256:{}", f.sha256)),
        "dialect": { "delimiter": ",", "lineTerminator": "\r\n", "quoteChar": "\"", "doubleQuote": true, "header": true },
        "rowCount": written.rows,
        "standing": header.standing,
        "schema": schema(written),
    });
    if let Some(description) = &header.description {
        resource["description"] = json!(description);
    }
    resource
}

fn schema(written: &Written) -> Value {
    let header = &written.header;
    let mut schema = Map::new();
    let fields = header.columns.iter().zip(written.odd.iter());
    schema.insert("fields".into(), fields.map(|(column, odd)| field(column, odd.load(Ordering::Relaxed))).collect());
    schema.insert("missingValues".into(), json!(["", WITHHELD, NOT_DISCLOSED]));
    // rows whose key is withheld in part would not be unique
    let whole = |at: usize| written.omitted[at] == (0, 0);
    let known = |key: &String| header.columns.iter().position(|c| c.name == *key).is_some_and(whole);
    if header.standing == Standing::Own && !header.primary_key.is_empty() && header.primary_key.iter().all(known) {
        schema.insert("primaryKey".into(), json!(header.primary_key));
    }
    Value::Object(schema)
}

/// What a column holds, as its values are: where one of them is none of the column's type (a date of before our era,
/// `infinity`, a text in a column of SQLite's), all of them are texts to whoever reads by this description.
fn field(column: &ColumnHeader, odd: bool) -> Value {
    let kind = if odd { ColumnKind::Text } else { column.kind };
    let (kind, format) = match kind {
        ColumnKind::Integer => ("integer", "default"),
        ColumnKind::Number => ("number", "default"),
        ColumnKind::Boolean => ("boolean", "default"),
        ColumnKind::Date => ("date", "default"),
        // "2026-11-22 10:15:00.25+00", as databases print it
        ColumnKind::DateTime => ("datetime", "any"),
        // an array, an object or a lone value
        ColumnKind::Json => ("any", "default"),
        ColumnKind::Text => ("string", "default"),
    };
    let mut field = json!({ "name": column.name, "type": kind, "format": format, "sqlType": column.sql_type });
    if kind == "boolean" {
        field["trueValues"] = json!(["true", "t", "1"]);
        field["falseValues"] = json!(["false", "f", "0"]);
    }
    if let Some(description) = &column.description {
        field["description"] = json!(description);
    }
    if !column.data_categories.is_empty() {
        field["dataCategories"] = json!(column.data_categories);
    }
    field
}

/// Frictionless names have lower-case letters, digits, `-`, `.` and `_` only.
fn resource_name(name: &str) -> String {
    let letter =
        |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(letter).collect()
}

fn unique_name(names: &mut HashSet<String>, stem: &str) -> String {
    let name = resource_name(&stem.replace('/', "."));
    let mut unique = name.clone();
    let mut number = 2;
    while !names.insert(unique.clone()) {
        unique = format!("{name}-{number}");
        number += 1;
    }
    unique
}
