//! Correction: what was approved is written where the old value still stands, whichever system fails meanwhile, and the
//! answer says field by field.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::office::Controller;
use super::super::{Error, Office};
use super::failing;
use super::progress::{Phase, Phases};
use crate::crash;
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::request::{Action, Fulfilment, Line, Request};
use crate::fulfilment::correct::PreviewItem;
use crate::fulfilment::{self, CorrectionOutcome, Preview};

/// What a correction would change: old beside new, for staff to decide on.
#[derive(Debug, Serialize)]
pub struct CorrectionPlan {
    /// One a field, in the order asked.
    pub corrections: Vec<FieldPlan>,
}

/// One field of it.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct FieldPlan {
    pub dataset: String,
    pub collection: String,
    pub field: String,
    /// What stands there now, one a row; null is NULL.
    pub old: Vec<Option<String>>,
    /// What should stand there.
    pub new: String,
    /// Why it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// Looks at what would change.
pub fn plan(controller: &Controller, request: &Request) -> Result<CorrectionPlan, Error> {
    let items = preview(controller, request)?.items.into_iter();
    // What a service holds now, and whether it will take the value, it says when it is asked to write.
    let graph = controller.systems.graph();
    let of_services = graph.nodes().filter(|(_, n)| controller.systems.service(&n.system).is_some());
    let services: BTreeSet<String> = of_services.map(|(_, n)| n.dataset.clone()).collect();
    let corrections = items
        .map(|item| FieldPlan {
            refusal: item.refusal.filter(|_| !services.contains(&item.correction.dataset)),
            dataset: item.correction.dataset,
            collection: item.correction.collection,
            field: item.correction.field,
            old: item.rows.into_iter().map(|row| row.old.map(|v| v.expose().clone())).collect(),
            new: item.correction.requested.expose().clone(),
        })
        .collect();
    Ok(CorrectionPlan { corrections })
}

/// The name under which the store keeps what is about to be written.
const APPROVED: &str = "*";

/// Writes the corrections. What is to be written is recorded first, so that running again after a crash writes the same.
/// Systems that can be reached do not wait for one that cannot; it is done when all were searched in one run.
pub fn correct(office: &Office, controller: &Controller, request: &Request) -> Result<Fulfilment, Error> {
    let phases = Phases::begin(office, request, controller);
    let (lines, failing) = failing::around(controller, |_| true, |reached| attempt(office, reached, request, &phases))?;
    let Some(failing) = failing else { return Ok(Fulfilment { lines, ..Fulfilment::default() }) };
    let done = lines.into_iter().filter(|line| line.action == Action::Corrected && line.rows > 0).collect();
    Err(failing.beside(done).into())
}

fn attempt(office: &Office, controller: &Controller, request: &Request, phases: &Phases) -> Result<Vec<Line>, Error> {
    let (systems, identities) = (&controller.systems, request.identities());
    let known = recorded(office, request.id)?;
    let approved = match known {
        Some(preview) if preview.without.is_empty() || preview.without == *systems.failing() => preview,
        known => {
            let mut preview = known.unwrap_or_else(|| asked(request));
            preview.join(fulfilment::preview_after(systems, &identities, &preview.items)?);
            crash::point("correction.before_manifest");
            record(office, request.id, &preview)?;
            crash::point("correction.after_manifest");
            preview
        }
    };
    let outcomes = fulfilment::apply_telling(systems, &identities, &approved, |system, rows, done| {
        if done { phases.done(system, Phase::Correct, rows) } else { phases.at(system, Phase::Correct, rows) }
    })?;
    Ok(outcomes.into_iter().map(|outcome| line(controller, outcome)).collect())
}

/// What is to be corrected, of which nothing was found yet.
fn asked(request: &Request) -> Preview {
    let items = request.particulars.corrections.iter().map(|c| PreviewItem {
        correction: fulfilment::Correction {
            dataset: c.dataset.clone(),
            collection: c.collection.clone(),
            field: c.field.clone(),
            current: c.current.clone(),
            requested: c.requested.clone(),
        },
        rows: Vec::new(),
        refusal: None,
    });
    Preview { items: items.collect(), ..Preview::default() }
}

fn preview(controller: &Controller, request: &Request) -> Result<Preview, Error> {
    let identities = request.identities();
    Ok(fulfilment::preview_after(&controller.systems, &identities, &asked(request).items)?)
}

fn recorded(office: &Office, id: RequestId) -> Result<Option<Preview>, Error> {
    let kept = office.store.read_blocking(move |tx| Ok::<_, Error>(tx.manifests(id)?))?;
    let Some((_, _, bytes, _)) = kept.first() else { return Ok(None) };
    serde_json::from_slice(bytes).map(Some).map_err(|_| Error::Files("read a manifest of its own".into()))
}

fn record(office: &Office, id: RequestId, preview: &Preview) -> Result<(), Error> {
    let bytes = serde_json::to_vec(preview).map_err(|_| Error::Files("write a manifest".into()))?;
    office.store.write_blocking(move |tx| Ok(tx.put_manifest(id, 1, &SystemId::from(APPROVED), &bytes)?))
}

fn line(controller: &Controller, outcome: CorrectionOutcome) -> Line {
    let graph = controller.systems.graph();
    let node = graph.find(&outcome.dataset, &outcome.collection).map(|id| graph.node(id));
    Line {
        system: node.map(|n| n.system.to_string()).unwrap_or_default(),
        dataset: outcome.dataset,
        collection: outcome.collection,
        field: Some(outcome.field),
        action: if outcome.reason.is_none() { Action::Corrected } else { Action::NotCorrected },
        rows: outcome.made,
        note: outcome.reason,
    }
}
