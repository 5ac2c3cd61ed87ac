//! A fideslang file becomes a [`Dataset`], or findings that say on which line it does not.

use std::collections::BTreeMap;

use super::document::{self, Entry, Node, Value};
use super::meta::{self, CollectionMeta, DatasetMeta, FieldMeta, Redact};
use super::reading::Reading;
use super::{Category, Collection, Dataset, Field, members, retain};
use crate::connectors::TableName;
use crate::domain::finding::{Finding, Severity};

/// Reads a file of one dataset; `file` is its name as messages should show it.
///
/// # Errors
/// Every finding in the file, warnings included, when at least one is an error.
pub fn load(text: &str, file: &str) -> Result<Dataset, Vec<Finding>> {
    load_one(text, file, None)
}

/// The same of a file that may hold others beside the one with the key, which are not looked at.
///
/// # Errors
/// As [`load`], of that dataset.
pub fn load_one(text: &str, file: &str, key: Option<&str>) -> Result<Dataset, Vec<Finding>> {
    let mut reading = Reading::new(file);
    let dataset = match document::parse(text) {
        Ok(root) => read_root(&mut reading, &root, file, key),
        Err((line, message)) => {
            reading.error(line, format!("this is not YAML: {message}"));
            None
        }
    };
    match dataset {
        Some(dataset) if reading.findings.iter().all(|f| f.severity == Severity::Warning) => {
            Ok(Dataset { warnings: reading.findings, ..dataset })
        }
        _ => Err(reading.findings),
    }
}

fn read_root(reading: &mut Reading<'_>, root: &Node, file: &str, wanted: Option<&str>) -> Option<Dataset> {
    let mut datasets: Vec<Dataset> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    let mut named = false;
    for entry in reading.map(root, "a dataset file") {
        if entry.key != "dataset" {
            reading.warn(entry.line, format!("`{}` is not read; a dataset file has the key `dataset`", entry.key));
            continue;
        }
        named = true;
        for item in reading.list(&entry.value, "`dataset`") {
            match (wanted, key_of(item)) {
                (Some(wanted), Some(key)) if wanted != key => others.push(key),
                _ => datasets.extend(read_dataset(reading, item, file)),
            }
        }
    }
    let unheard = reading.findings.iter().all(|finding| finding.severity == Severity::Warning);
    if !named {
        reading.error(1, "the file needs the key `dataset` with a list of datasets");
    } else if datasets.len() > 1 {
        let keys: Vec<&str> = datasets.iter().map(|dataset| dataset.key.as_str()).collect();
        let message = format!(
            "a dataset describes one system, and the file holds {}: name one behind its name, as in `{file}#{}`",
            keys.join(", "),
            keys[0]
        );
        reading.error(datasets[1].line, message);
    } else if let Some(wanted) = wanted.filter(|_| datasets.is_empty() && unheard) {
        reading.error(root.line, format!("the file has no dataset `{wanted}`; it has {}", others.join(", ")));
    } else if datasets.is_empty() && unheard {
        reading.error(root.line, "`dataset` is empty");
    }
    datasets.into_iter().next()
}

/// What a dataset calls itself.
fn key_of(dataset: &Node) -> Option<&str> {
    let Value::Map(entries) = &dataset.value else { return None };
    entries.iter().find_map(|entry| match &entry.value.value {
        Value::Text(key) if entry.key == "fides_key" => Some(key.as_str()),
        _ => None,
    })
}

/// What dataset, collection and field have in common.
#[derive(Default)]
pub(super) struct Common<'n> {
    pub(super) name: Option<String>,
    description: Option<String>,
    pub(super) categories: Vec<Category>,
    pub(super) meta: Option<&'n Node>,
    pub(super) fields: Option<&'n Node>,
    collections: Option<&'n Node>,
}

/// Keys of fideslang that describe processing, not data: they change nothing that is searched, erased or exported.
const DESCRIPTIVE: &[&str] = &[
    "data_qualifier",
    "data_uses",
    "data_purposes",
    "data_subjects",
    "third_country_transfers",
    "retention",
    "joint_controller",
    "organization_fides_key",
    "tags",
    "meta",
    "fidesctl_meta",
    "version",
];

pub(super) fn read_common<'n>(
    reading: &mut Reading<'_>,
    entries: &'n [Entry],
    level: &str,
    name_key: &str,
) -> Common<'n> {
    let mut common = Common::default();
    let given = entries.iter().filter(|entry| entry.value.value != Value::Null);
    for Entry { key, line, value } in given.clone() {
        match key.as_str() {
            k if k == name_key => common.name = reading.text(value, &format!("`{name_key}` of a {level}")),
            "name" => {}
            "description" => common.description = reading.optional_text(value, "`description`"),
            "data_categories" => {
                let names = reading.texts(value, "`data_categories`");
                common.categories = names.iter().map(|(name, line)| category(reading, name, *line)).collect();
            }
            "fides_meta" => common.meta = Some(value),
            // As Fides has it: the older name counts where the newer one is not there.
            "fidesops_meta" if given.clone().any(|other| other.key == "fides_meta") => {
                reading.warn(*line, "`fidesops_meta` is not read where `fides_meta` stands beside it");
            }
            "fidesops_meta" => common.meta = Some(value),
            "fields" if level != "dataset" => common.fields = Some(value),
            "collections" if level == "dataset" => common.collections = Some(value),
            k if DESCRIPTIVE.contains(&k) => {}
            k => reading.warn(*line, format!("`{k}` of a {level} is not known and has no effect")),
        }
    }
    common
}

fn read_dataset(reading: &mut Reading<'_>, node: &Node, file: &str) -> Option<Dataset> {
    let entries = reading.map(node, "a dataset");
    let common = read_common(reading, entries, "dataset", "fides_key");
    let Some(key) = common.name else {
        reading.error(node.line, "a dataset needs its `fides_key`");
        return None;
    };
    let meta = common.meta.map(|m| meta::dataset(reading, m)).unwrap_or_default();
    let mut collections: Vec<Collection> = Vec::new();
    for item in common.collections.map(|c| reading.list(c, "`collections`")).unwrap_or_default() {
        let Some(collection) = read_collection(reading, item, &common.categories, &meta) else { continue };
        if let Some(first) = collections.iter().find(|c| c.name == collection.name) {
            let message = format!("collection `{}` was described on line {} already", collection.name, first.line);
            reading.error(collection.line, message);
        }
        collections.push(collection);
    }
    if collections.is_empty() && common.collections.is_none() {
        reading.error(node.line, format!("dataset `{key}` needs `collections`"));
    }
    Some(Dataset { key, file: file.to_owned(), line: node.line, collections, warnings: Vec::new() })
}

fn read_collection(
    reading: &mut Reading<'_>,
    node: &Node,
    inherited: &[Category],
    dataset: &DatasetMeta,
) -> Option<Collection> {
    let entries = reading.map(node, "a collection");
    let common = read_common(reading, entries, "collection", "name");
    let Some(name) = common.name else {
        reading.error(node.line, "a collection needs its `name`");
        return None;
    };
    let meta: CollectionMeta = common.meta.map(|m| meta::collection(reading, m)).unwrap_or_default();
    let inherited = joined(inherited, &common.categories);
    let mut fields: Vec<Field> = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for item in common.fields.map(|f| reading.list(f, "`fields`")).unwrap_or_default() {
        let Some(field) = read_field(reading, item, &inherited) else { continue };
        if let Some(first) = lines.insert(field.name.clone(), field.line) {
            reading.error(field.line, format!("field `{}` was described on line {first} already", field.name));
        }
        fields.push(field);
    }
    if fields.is_empty() {
        reading.error(node.line, format!("collection `{name}` needs `fields`"));
    }
    let read_only = meta.read_only || dataset.read_only;
    if let Some((rule, line)) = &meta.retain {
        retain::check(reading, rule, &fields, read_only, *line);
    }
    Some(Collection {
        table: TableName { schema: meta.schema.or_else(|| dataset.schema.clone()), name: name.clone() },
        name,
        description: common.description,
        line: node.line,
        fields,
        masking: meta.masking,
        deletes: meta.deletes,
        after: meta.after,
        erase_after: meta.erase_after,
        skip_processing: meta.skip_processing,
        read_only,
        retain: meta.retain.map(|(rule, _)| rule),
    })
}

fn read_field(reading: &mut Reading<'_>, node: &Node, inherited: &[Category]) -> Option<Field> {
    let entries = reading.map(node, "a field");
    let common = read_common(reading, entries, "field", "name");
    let Some(name) = common.name else {
        reading.error(node.line, "a field needs its `name`");
        return None;
    };
    let meta: FieldMeta = common.meta.map(|m| meta::field(reading, m)).unwrap_or_default();
    let categories = joined(inherited, &common.categories);
    if let (Some(line), None) = (meta.object, common.fields) {
        reading.warn(line, "an `object` is exported and erased as one column");
    }
    let mut members = common.fields.map(|nested| members::read(reading, nested, &name)).unwrap_or_default();
    let masking = members.masking(reading, meta.masking);
    if categories.is_empty() && members.described.iter().all(|member| member.categories.is_empty()) {
        let message = format!("field `{name}` has no data category, so it counts as nobody's personal data");
        reading.warn(node.line, message);
    }
    Some(Field {
        name,
        description: common.description,
        line: node.line,
        categories,
        primary_key: meta.primary_key,
        identity: meta.identity,
        numbering: meta.numbering,
        references: meta.references,
        length: meta.length,
        read_only: meta.read_only,
        redact: meta.redact == Redact::Value,
        redact_name: meta.redact == Redact::Name,
        phone: meta.phone,
        free_text: meta.free_text,
        collected_at: meta.collected_at,
        masking,
        members: members.described,
    })
}

/// A name that fideslang does not have is taken as it is, and told once where it may be a misspelt one that counts.
fn category(reading: &mut Reading<'_>, name: &str, line: usize) -> Category {
    let category = Category::named(name);
    if category.is_doubtful() && reading.doubted.insert(category.clone()) {
        let meaning = if category.is_personal() { "shown to the person" } else { "nobody's personal data" };
        reading.warn(line, format!("the category `{name}` is none of fideslang's: it is taken as {meaning}"));
    }
    category
}

/// The categories of something and of what is around it.
pub(super) fn joined(inherited: &[Category], own: &[Category]) -> Vec<Category> {
    let mut all = own.to_vec();
    all.extend(inherited.iter().filter(|c| !own.contains(c)).cloned());
    all
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
