//! What a requester says of themselves, held against the rows that are theirs by the proved address: which of it agrees
//! comes out, and no value does.

use std::collections::BTreeSet;

use super::super::{FulfilmentError, Systems};
use super::judge::Verdict;
use super::place::Place;
use super::trace::Trace;
use super::values::is_identity;
use crate::connectors::Row;
use crate::datamap::NodeId;
use crate::domain::identity::{Email, Identities, IdentityKind, Name};
use crate::domain::personal::Personal;
use crate::domain::verification::{FieldPath, Question, same_name};

/// What the requester says.
#[derive(Debug)]
pub struct Claims<'a> {
    /// The address whose control they have shown. Nothing else leads to rows: a telephone or account number that
    /// somebody merely typed proves nothing.
    pub email: &'a Email,
    /// Their name, where it is to be compared.
    pub name: Option<&'a Name>,
    /// The fields that hold names; those of the category `user.name` when empty.
    pub name_fields: &'a [FieldPath],
    /// Answers beside their questions.
    pub answers: &'a [(&'a Question, &'a Personal<String>)],
}

/// What of it the systems say as well, by the places where they do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The fields in which the address stands.
    pub address: BTreeSet<FieldPath>,
    /// The fields, or groups of fields of one row, in which the name stands beside the address.
    pub name: BTreeSet<Vec<FieldPath>>,
    /// The questions whose answers agree, by id.
    pub questions: BTreeSet<String>,
}

/// What is read of one collection.
struct Reading {
    names: Vec<(FieldPath, usize)>,
    /// Positions among the answers, with that of their column.
    answers: Vec<(usize, usize)>,
}

/// Compares; reads only. Blocks.
///
/// # Errors
/// What a system says.
pub fn agreement(systems: &Systems, claims: &Claims<'_>) -> Result<Agreement, FulfilmentError> {
    let (email, shown) = (claims.email.clone(), BTreeSet::new());
    let identities = Identities { email, phone: None, account_id: None, shown };
    let mut trace = Trace::run(systems, &identities)?;
    let mut agreement = Agreement::default();
    for node in trace.searched() {
        let Some(place) = trace.places.get(node) else { continue };
        let (more, reading) = reading(systems, node, place, claims);
        let carries = place.identities.iter().any(|link| link.kind == IdentityKind::Email);
        if !carries && reading.answers.is_empty() {
            continue;
        }
        trace.sweep(node, &more, |place, row, verdict| {
            // A row that names somebody else too is no witness. What the person's rows point to, an address say, tells
            // of them as well.
            if matches!(verdict, Verdict::Own { .. } | Verdict::Context) {
                compare(place, row, claims, &reading, &mut agreement);
            }
            Ok(())
        })?;
    }
    Ok(agreement)
}

/// The columns to read of a collection beyond the keys, and what stands where.
fn reading(systems: &Systems, node: NodeId, place: &Place, claims: &Claims<'_>) -> (Vec<String>, Reading) {
    let described = systems.graph().node(node);
    let path = |field: &str| FieldPath {
        dataset: described.dataset.clone(),
        collection: described.collection.name.clone(),
        field: field.to_owned(),
    };
    let mut more: Vec<String> = Vec::new();
    let mut column = |name: &str| {
        more.iter().position(|known| known == name).unwrap_or_else(|| {
            more.push(name.to_owned());
            more.len() - 1
        })
    };
    let mut reading = Reading { names: Vec::new(), answers: Vec::new() };
    for (field, live) in place.fields() {
        let path = path(&field.name);
        let is_name = match claims.name_fields {
            [] => field.categories.iter().any(|category| category.is("user.name")),
            named => named.contains(&path),
        };
        if is_name && claims.name.is_some() {
            reading.names.push((path.clone(), column(&live.name)));
        }
        for (index, (question, _)) in claims.answers.iter().enumerate() {
            if question.field == path {
                reading.answers.push((index, column(&live.name)));
            }
        }
    }
    (more, reading)
}

fn compare(place: &Place, row: &Row, claims: &Claims<'_>, reading: &Reading, agreement: &mut Agreement) {
    let value = |at: usize| row.get(place.columns.len() + at);
    for (index, at) in &reading.answers {
        let (question, answer) = claims.answers[*index];
        if value(*at).is_some_and(|stored| question.normalise.agree(answer.expose(), stored)) {
            agreement.questions.insert(question.id.clone());
        }
    }
    let address = claims.email.normalised();
    let says_address = place.identities.iter().filter(|link| {
        let here = row.get(link.at);
        link.kind == IdentityKind::Email && here.is_some_and(|v| is_identity(link.kind, link.spelling, v, &address))
    });
    let here: Vec<FieldPath> = says_address
        .map(|link| FieldPath {
            dataset: place.dataset.clone(),
            collection: place.collection.name.clone(),
            field: link.column.clone(),
        })
        .collect();
    if here.is_empty() {
        return;
    }
    agreement.address.extend(here);
    let Some(name) = claims.name else { return };
    let names: Vec<(&FieldPath, &str)> =
        reading.names.iter().filter_map(|(path, at)| Some((path, value(*at)?))).collect();
    for (path, stored) in &names {
        if same_name(name.expose(), stored) {
            agreement.name.insert(vec![(*path).clone()]);
        }
    }
    // First name and surname may stand apart.
    let together: Vec<&str> = names.iter().map(|(_, stored)| *stored).collect();
    if together.len() > 1 && same_name(name.expose(), &together.join(" ")) {
        agreement.name.insert(names.iter().map(|(path, _)| (*path).clone()).collect());
    }
}
