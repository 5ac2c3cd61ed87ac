//! Categories: what kinds of data are held about the person, counted out of their rows; no value leaves the count.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::json;

use super::super::office::Controller;
use super::super::services::unsearched;
use super::super::{Error, Office, receipt as signed};
use super::{package, ranges};
use crate::datamap::Category;
use crate::domain::policy::{Policy, concerns};
use crate::domain::request::{Action, DateRange, Fulfilment, Line, Request};
use crate::fulfilment::{self, Cell, Counts, ExportOptions, Exported, Handed, Sink, export_with};
use crate::packaging::{Categories, HeldCategory, HeldIn, categories};

/// What the answer to a request for categories will say, for staff to look at.
#[derive(Debug, Serialize)]
pub struct CategoriesPlan {
    /// What is held, why, from where, and who receives it.
    pub categories: Vec<HeldCategory>,
    /// The categories for which the policy names no purpose: the person will read that it does not.
    pub without_purpose: Vec<String>,
}

/// Looks at what is held.
pub fn plan(controller: &Controller, request: &Request) -> Result<CategoriesPlan, Error> {
    let (_, categories) = look(controller, request, &[])?;
    let without_purpose = categories.iter().filter(|c| c.purposes.is_empty()).map(|c| c.category.clone()).collect();
    Ok(CategoriesPlan { categories, without_purpose })
}

/// Packs what is held by its kinds (Cal. Civ. Code 1798.110(a), 1798.115; GDPR Art. 15(1)). Nothing found is no package.
pub fn make(
    office: &Office,
    controller: &Controller,
    request: &Request,
    handed: &[Handed<'_>],
) -> Result<Fulfilment, Error> {
    let (exported, held) = look(controller, request, handed)?;
    let missing = unsearched(controller);
    let (mut notes, unproved) = (package::notes(request, &exported), exported.unproved());
    let note = |l: &Line| Some(format!("{} is left out: {}", l.collection, l.note.as_deref()?));
    notes.extend(missing.iter().filter_map(note));
    let lines: Vec<Line> = lines(&exported).into_iter().chain(missing).collect();
    if exported.is_empty() {
        return Ok(Fulfilment { lines, notes, unproved, ..Fulfilment::default() });
    }
    let period = period(request.particulars.range);
    let answer = Categories { period, categories: held, notes: notes.clone() };
    let package = package::shelve(office, controller, request, |out, about| {
        let receipt = receipt(request, &answer, &about.generated_at.to_rfc3339());
        let sign = signed::of_package(office, request, about.generated_at);
        categories::write(out, about, &answer, &receipt, sign).map(Some).map_err(package::packing)
    })?;
    Ok(Fulfilment { lines, notes, package, unproved, ..Fulfilment::default() })
}

fn look(
    controller: &Controller,
    request: &Request,
    handed: &[Handed<'_>],
) -> Result<(Exported, Vec<HeldCategory>), Error> {
    let mut census = Census::default();
    // Whose a value is has been judged when it comes; what it says is not looked at.
    let options = ExportOptions { range: request.particulars.range, ..ExportOptions::default() };
    let identities = request.identities();
    let exported = export_with(&controller.systems, &identities, options, handed, &mut census)?;
    let held = census.held.into_iter().map(|(category, places)| held(&controller.policy, &category, places));
    Ok((exported, held.collect()))
}

/// What the policy says of one category that is held.
fn held(policy: &Policy, category: &str, places: BTreeMap<(String, String), u64>) -> HeldCategory {
    let purposes: Vec<_> = policy.purposes.iter().filter(|p| concerns(&p.categories, category)).collect();
    let mut sources: Vec<String> = purposes.iter().filter_map(|p| p.source.clone()).collect();
    // Where the policy names no other source, it comes from the person.
    if sources.len() < purposes.len() || purposes.is_empty() {
        sources.insert(0, "you".to_owned());
    }
    let kind = Category::from(category);
    let recipients = policy.recipients.iter().filter(|r| concerns(&r.categories, category));
    let retention = policy.retention.iter().filter(|r| concerns(&r.categories, category));
    let place = |((dataset, collection), rows)| HeldIn { dataset, collection, rows };
    HeldCategory {
        category: category.to_owned(),
        name: kind.words(),
        sensitive: kind.is_sensitive(),
        held_in: places.into_iter().map(place).collect(),
        purposes: purposes.iter().map(|p| p.text.clone()).collect(),
        legal_bases: distinct(purposes.iter().filter_map(|p| p.legal_basis.clone())),
        sources: distinct(sources),
        recipients: recipients.map(|r| format!("{} ({})", r.name, r.role)).collect(),
        retention: retention.map(|r| r.text.clone()).collect(),
    }
}

fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = Vec::new();
    texts.into_iter().for_each(|text| {
        if !all.contains(&text) {
            all.push(text);
        }
    });
    all
}

/// Without a range the answer covers all that is held, which is more than the twelve months that
/// Cal. Civ. Code 1798.130(a)(2)(B) asks for.
fn period(range: Option<DateRange>) -> String {
    range.and_then(ranges::words).unwrap_or_else(|| "everything we hold now".to_owned())
}

fn lines(exported: &Exported) -> Vec<Line> {
    let line = |c: &fulfilment::export::ExportedCollection| Line {
        system: c.system.to_string(),
        dataset: c.dataset.clone(),
        collection: c.collection.clone(),
        field: None,
        action: Action::Described,
        rows: c.counts.total(),
        note: None,
    };
    exported.collections.iter().map(line).collect()
}

fn receipt(request: &Request, answer: &Categories, generated_at: &str) -> serde_json::Value {
    json!({
        "reference": request.id.reference(),
        "request": request.id,
        "controller": request.controller,
        "right": request.right,
        "regime": request.regime,
        "received_at": request.received_at.to_rfc3339(),
        "generated_at": generated_at,
        "categories": answer.categories.iter().map(|c| &c.category).collect::<Vec<_>>(),
    })
}

/// Counts, for each personal category, the rows that hold a value of it. Values that say who somebody else is, and those
/// that are held and never shown, are counted as what they are: the latter are held about the person, the former not.
#[derive(Default)]
struct Census {
    held: BTreeMap<String, BTreeMap<(String, String), u64>>,
    place: (String, String),
    /// For each column, its personal categories.
    columns: Vec<Vec<String>>,
}

impl Sink for Census {
    fn collection(&mut self, header: &fulfilment::CollectionHeader) -> io::Result<()> {
        self.place = (header.dataset.clone(), header.collection.clone());
        let personal = |name: &&String| Category::from(name.as_str()).is_personal();
        let of = |c: &fulfilment::ColumnHeader| c.data_categories.iter().filter(personal).cloned().collect();
        self.columns = header.columns.iter().map(of).collect();
        Ok(())
    }

    fn row(&mut self, _: fulfilment::Standing, cells: &[Cell<'_>]) -> io::Result<()> {
        let holds = |cell: &Cell<'_>| matches!(cell, Cell::Text(_) | Cell::Edited(_) | Cell::NotDisclosed);
        let mut found: Vec<&String> =
            cells.iter().zip(&self.columns).filter(|(cell, _)| holds(cell)).flat_map(|(_, names)| names).collect();
        found.sort_unstable();
        found.dedup();
        for category in found {
            *self.held.entry(category.clone()).or_default().entry(self.place.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// It counts, and nobody sees it.
    fn free_text(&mut self, _: &fulfilment::FreeText<'_>) -> io::Result<fulfilment::Sight> {
        Ok(fulfilment::Sight::Show)
    }

    fn end(&mut self, _: Counts) -> io::Result<()> {
        Ok(())
    }
}
