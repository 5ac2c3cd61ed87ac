//! What `fides_meta` adds to a dataset, a collection and a field: keys, references, masks.

use super::dataset::CollectionName;
use super::document::{Entry, Node, Value};
use super::masking::{self, Override};
use super::reading::Reading;
use super::{Direction, PhoneWriting, Reference, retain};
use crate::domain::identity::IdentityKind;
use crate::domain::keeping::Rule;
use crate::domain::masking::Masking;
use crate::domain::telephone;

#[derive(Default)]
pub(super) struct DatasetMeta {
    pub(super) schema: Option<String>,
    pub(super) read_only: bool,
}

#[derive(Default)]
pub(super) struct CollectionMeta {
    pub(super) schema: Option<String>,
    pub(super) masking: Option<Masking>,
    pub(super) deletes: bool,
    pub(super) after: Vec<CollectionName>,
    pub(super) erase_after: Vec<CollectionName>,
    pub(super) skip_processing: bool,
    pub(super) read_only: bool,
    pub(super) retain: Option<(Rule, usize)>,
}

#[derive(Default)]
pub(super) struct FieldMeta {
    pub(super) primary_key: bool,
    pub(super) identity: Option<IdentityKind>,
    /// By which name an account number is asked for.
    pub(super) numbering: Option<String>,
    pub(super) references: Vec<Reference>,
    pub(super) length: Option<usize>,
    pub(super) read_only: bool,
    pub(super) redact: Redact,
    pub(super) phone: PhoneWriting,
    pub(super) free_text: bool,
    pub(super) collected_at: bool,
    pub(super) masking: Option<Masking>,
    /// The line that says that it holds an object.
    pub(super) object: Option<usize>,
}

/// What of a field is hidden.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Redact {
    #[default]
    Nothing,
    /// What the company calls it.
    Name,
    /// What stands in it.
    Value,
}

pub(super) fn dataset(reading: &mut Reading<'_>, node: &Node) -> DatasetMeta {
    let mut meta = DatasetMeta::default();
    for entry in reading.given(node, "`fides_meta`") {
        match entry.key.as_str() {
            "namespace" => meta.schema = namespace(reading, &entry.value),
            "read_only" => meta.read_only = reading.flag(&entry.value, "`read_only`"),
            // The order of datasets follows from the references here; a stated one changes no result.
            "resource_id" | "after" => {}
            _ => without_effect(reading, entry, "dataset"),
        }
    }
    meta
}

pub(super) fn collection(reading: &mut Reading<'_>, node: &Node) -> CollectionMeta {
    let mut meta = CollectionMeta::default();
    for entry in reading.map(node, "`fides_meta`") {
        // An empty duty is no duty left out: it is not whole.
        if entry.value.value == Value::Null && entry.key != "retain" {
            continue;
        }
        let value = &entry.value;
        match entry.key.as_str() {
            "namespace" => meta.schema = namespace(reading, value),
            "masking_strategy_override" => match masking::of_collection(reading, value) {
                Some(Override::Delete) => meta.deletes = true,
                Some(Override::Mask(masking)) => meta.masking = Some(masking),
                None => {}
            },
            "erase_after" => meta.erase_after = collection_names(reading, value, "`erase_after`"),
            // Only the order of a search, which is to a fixpoint here.
            "after" => meta.after = collection_names(reading, value, "`after`"),
            "skip_processing" => meta.skip_processing = reading.flag(value, "`skip_processing`"),
            "read_only" => meta.read_only = reading.flag(value, "`read_only`"),
            "retain" => meta.retain = retain::rule(reading, value).map(|rule| (rule, entry.line)),
            _ => without_effect(reading, entry, "collection"),
        }
    }
    meta
}

pub(super) fn field(reading: &mut Reading<'_>, node: &Node) -> FieldMeta {
    let (mut meta, mut list) = (FieldMeta::default(), None);
    for entry in reading.given(node, "`fides_meta`") {
        let value = &entry.value;
        match entry.key.as_str() {
            "primary_key" => meta.primary_key = reading.flag(value, "`primary_key`"),
            "identity" => (meta.identity, meta.numbering) = identity(reading, value),
            "references" => meta.references = references(reading, value),
            "data_type" => list = data_type(reading, &mut meta, value),
            "length" => meta.length = length(reading, value),
            "read_only" => meta.read_only = reading.flag(value, "`read_only`"),
            "redact" => meta.redact = redact(reading, value),
            "phone_country" | "phone_format" => {
                if let Some(writing) = phone(reading, entry) {
                    meta.phone = writing;
                }
            }
            "free_text" => meta.free_text = reading.flag(value, "`free_text`"),
            "collected_at" => meta.collected_at = reading.flag(value, "`collected_at`"),
            "masking_strategy_override" => meta.masking = masking::of_field(reading, value),
            "return_all_elements" => all_elements(reading, value),
            _ => without_effect(reading, entry, "field"),
        }
    }
    if let Some(line) = list.filter(|_| meta.identity.is_some() || !meta.references.is_empty()) {
        let message = "an element of a list is neither an identity nor a reference: no row is found by it; give the values a table of their own";
        reading.error(line, message);
    }
    meta
}

fn without_effect(reading: &mut Reading<'_>, entry: &Entry, level: &str) {
    let key = &entry.key;
    match key.as_str() {
        "masking_strategy_override"
        | "identity"
        | "references"
        | "primary_key"
        | "skip_processing"
        | "erase_after"
        | "retain" => {
            reading.error(entry.line, format!("`{key}` does not stand in the `fides_meta` of a {level}"));
        }
        _ => reading.warn(entry.line, format!("`{key}` in the `fides_meta` of a {level} has no effect here")),
    }
}

/// The kind of identifier, and of an account number by which name it goes.
fn identity(reading: &mut Reading<'_>, node: &Node) -> (Option<IdentityKind>, Option<String>) {
    let Some(name) = reading.text(node, "`identity`") else { return (None, None) };
    match name.as_str() {
        "email" | "email_address" => (Some(IdentityKind::Email), None),
        "phone" | "phone_number" => (Some(IdentityKind::Phone), None),
        // Fides reads these from a browser. Compared with an account number they could be somebody else's.
        "fides_user_device_id" | "ga_client_id" | "ljt_readerID" => {
            let message =
                format!("no request brings a `{name}`, so no row is found by it; it counts as a field like others");
            reading.warn(node.line, message);
            (None, None)
        }
        "account_id" | "external_id" | "user_id" | "customer_id" => {
            (Some(IdentityKind::AccountId), Some("account_id".to_owned()))
        }
        _ => (Some(IdentityKind::AccountId), Some(name)),
    }
}

fn phone(reading: &mut Reading<'_>, entry: &Entry) -> Option<PhoneWriting> {
    let text = reading.text(&entry.value, "how telephone numbers are written")?;
    match entry.key.as_str() {
        "phone_format" if text.eq_ignore_ascii_case("e164") => Some(PhoneWriting::E164),
        "phone_country" if telephone::is_country(&text) => Some(PhoneWriting::Country(text)),
        "phone_country" => {
            reading.error(entry.line, "`phone_country` is a country's two letters (ISO 3166-1), as `DE`");
            None
        }
        _ => {
            reading.error(entry.line, "`phone_format` is `e164`, or left out");
            None
        }
    }
}

fn namespace(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let mut schema = None;
    for entry in reading.given(node, "`namespace`") {
        match entry.key.as_str() {
            "schema" => schema = reading.text(&entry.value, "`schema`"),
            "database" | "database_name" => {
                reading.warn(entry.line, "the database is the one of the system's URL; this has no effect");
            }
            other => reading.warn(entry.line, format!("`{other}` in `namespace` has no effect here")),
        }
    }
    schema
}

/// To Fides it hides the field's name and shows what stands in it. Who hides the name can hardly mean to give the values
/// away, so these are kept back, and that is told.
/// `name` is fideslang's; a flag is ours.
fn redact(reading: &mut Reading<'_>, node: &Node) -> Redact {
    match reading.optional_text(node, "`redact`").as_deref() {
        None | Some("false") => Redact::Nothing,
        Some("name") => Redact::Name,
        Some(_) => Redact::Value,
    }
}

/// fideslang's types. What a column really holds is seen in the database.
const TYPES: [&str; 6] = ["string", "integer", "float", "boolean", "object_id", "object"];

/// The line, where the type is a list's.
fn data_type(reading: &mut Reading<'_>, meta: &mut FieldMeta, node: &Node) -> Option<usize> {
    let name = reading.optional_text(node, "`data_type`")?;
    if !TYPES.contains(&name.trim_end_matches("[]")) {
        reading.warn(node.line, format!("the type `{name}` is none of {}; it has no effect", TYPES.join(", ")));
    }
    meta.object = (name.trim_end_matches("[]") == "object").then_some(node.line);
    name.ends_with("[]").then_some(node.line)
}

/// A person's row is theirs with all that stands in its lists: what is left out of one would be left out of the answer.
fn all_elements(reading: &mut Reading<'_>, node: &Node) {
    if !reading.flag(node, "`return_all_elements`") {
        reading.error(
            node.line,
            "`return_all_elements: false` is not supported: a list is given whole, or marked with `redact`",
        );
    }
}

fn length(reading: &mut Reading<'_>, node: &Node) -> Option<usize> {
    let text = reading.optional_text(node, "`length`")?;
    let length = text.parse().ok().filter(|n| *n > 0);
    if length.is_none() {
        reading.error(node.line, "`length` must be a whole number above 0");
    }
    length
}

fn references(reading: &mut Reading<'_>, node: &Node) -> Vec<Reference> {
    let items = reading.list(node, "`references`");
    items.iter().filter_map(|item| reference(reading, item)).collect()
}

fn reference(reading: &mut Reading<'_>, node: &Node) -> Option<Reference> {
    let (mut dataset, mut field, mut direction) = (None, None, None);
    for Entry { key, line, value } in reading.map(node, "a reference") {
        match key.as_str() {
            "dataset" => dataset = reading.text(value, "`dataset`"),
            "field" => field = reading.text(value, "`field`"),
            "direction" => match reading.optional_text(value, "`direction`").as_deref() {
                Some("from") => direction = Some(Direction::From),
                Some("to") => direction = Some(Direction::To),
                None => {}
                Some(_) => reading.error(*line, "`direction` is `from` or `to`, or left out for both"),
            },
            other => reading.warn(*line, format!("`{other}` of a reference is not known and has no effect")),
        }
    }
    let (Some(dataset), Some(field)) = (dataset, field) else {
        reading.error(node.line, "a reference needs `dataset` and `field`");
        return None;
    };
    match field.split_once('.') {
        Some((collection, name)) if !collection.is_empty() && !name.is_empty() => Some(Reference {
            dataset,
            collection: collection.to_owned(),
            field: name.to_owned(),
            direction,
            line: node.line,
        }),
        _ => {
            reading.error(node.line, format!("`field: {field}` must have the form `collection.field`"));
            None
        }
    }
}

fn collection_names(reading: &mut Reading<'_>, node: &Node, what: &str) -> Vec<CollectionName> {
    let mut names = Vec::new();
    for (name, line) in reading.texts(node, what) {
        match name.split_once('.') {
            Some((dataset, collection)) => {
                names.push(CollectionName { dataset: dataset.to_owned(), collection: collection.to_owned(), line });
            }
            None => reading.error(line, format!("{what} names collections in the form `dataset.collection`")),
        }
    }
    names
}
