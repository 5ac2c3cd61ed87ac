//! Deletion: a sealed manifest first, then one transaction a system, then a second search that must find nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::super::office::Controller;
use super::super::{Error, Office};
use super::{ground_title, left_out};
use crate::connectors::{ConnectorError, Key};
use crate::crash;
use crate::domain::identity::Identities;
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::regime::Regime;
use crate::domain::request::{Action, Exception, Fulfilment, Line, Request};
use crate::fulfilment::manifest::{StepAction, TableRef};
use crate::fulfilment::{
    FulfilmentError, KEPT_BY_DECISION, LeftOut, Manifest, Plan, execute, prepare_without, rehearse, verify_without,
};

/// How often rows that appeared meanwhile are gone after. A person who goes on using the service while they are being
/// erased is a matter for staff, not for a loop.
const ROUNDS: usize = 3;

/// Under this name the store keeps the manifest itself; under each system's name, that its part was carried out.
const WHOLE: &str = "*";

/// One round as the store keeps it, sealed under the request's key.
#[derive(Serialize, Deserialize)]
struct Round {
    manifest: Manifest,
    /// What the plan said of collections that are kept.
    kept: Vec<Line>,
    /// What the decision left out when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<Exception>,
    #[serde(skip)]
    executed: Vec<SystemId>,
}

/// Erases the person from the company's systems. Running it again after a crash anywhere reaches the same end: what a
/// manifest says is carried out at least once and changes rows at most once.
pub fn erase(office: &Office, controller: &Controller, request: &Request) -> Result<Fulfilment, Error> {
    let identities = request.particulars.person.identities();
    let (except, left_out) = (request.state.exceptions(), left_out(request));
    let regime = office.regimes.get(&request.regime);
    let mut rounds = recorded(office, request.id)?;
    // Counted for each run: staff who stopped what writes and retry get new rounds.
    let most = rounds.len() + ROUNDS;
    loop {
        for round in &mut rounds {
            carry_out(office, controller, request.id, round)?;
        }
        let done: Vec<Manifest> = rounds.iter().map(|r| r.manifest.clone()).collect();
        // Decided anew after an appeal: what was kept then is planned again.
        let as_planned = rounds.last().is_some_and(|round| round.except == except);
        if as_planned && verify_without(&controller.systems, &identities, &done, &left_out)?.is_done() {
            return Ok(Fulfilment { lines: lines(&rounds), ..Fulfilment::default() });
        }
        if rounds.len() == most {
            let message = "rows of the person keep appearing while they are erased; stop what writes them, then retry";
            return Err(Error::Obstacles(vec![message.to_owned()]));
        }
        let (manifest, plan) = prepare_without(&controller.systems, &identities, &done, &left_out)?;
        if !plan.obstacles.is_empty() {
            return Err(Error::Obstacles(plan.obstacles));
        }
        let kept = kept(&plan, except, regime);
        let refused = rehearsed(controller, &manifest)?;
        if !refused.is_empty() {
            return Err(Error::Obstacles(refused));
        }
        let round = Round { manifest, kept, except: except.to_vec(), executed: Vec::new() };
        if round.manifest.is_empty() {
            rounds.push(round);
            break;
        }
        crash::point("erasure.before_manifest");
        record(office, request.id, &round)?;
        crash::point("erasure.after_manifest");
        rounds.push(round);
    }
    prove_absence(controller, &identities, &rounds, &left_out)?;
    Ok(Fulfilment { lines: lines(&rounds), ..Fulfilment::default() })
}

/// What systems refuse of it that only they can know.
fn rehearsed(controller: &Controller, manifest: &Manifest) -> Result<Vec<String>, Error> {
    let mut refused = Vec::new();
    for system in manifest.system_ids() {
        refused.extend(rehearse(&controller.systems, system, manifest)?);
    }
    Ok(refused)
}

/// The last word where there was nothing to erase: searched once more all the same.
fn prove_absence(
    controller: &Controller,
    identities: &Identities,
    rounds: &[Round],
    left_out: &LeftOut,
) -> Result<(), Error> {
    let done: Vec<Manifest> = rounds.iter().map(|r| r.manifest.clone()).collect();
    let remaining = verify_without(&controller.systems, identities, &done, left_out)?;
    if remaining.is_done() {
        return Ok(());
    }
    let places =
        remaining.rows.iter().map(|r| format!("{}: {} rows of {}.{}", r.system, r.rows, r.dataset, r.collection));
    Err(Error::Obstacles(places.collect()))
}

fn carry_out(office: &Office, controller: &Controller, id: RequestId, round: &mut Round) -> Result<(), Error> {
    let number = i32::try_from(round.manifest.round).unwrap_or(i32::MAX);
    let systems: Vec<SystemId> = round.manifest.system_ids().cloned().collect();
    for system in systems {
        if round.executed.contains(&system) {
            continue;
        }
        match execute(&controller.systems, &system, &round.manifest) {
            Ok(_) => {}
            // The system changed nothing. What became of it meanwhile is for another round with a manifest of its own:
            // this one would be refused for ever.
            Err(FulfilmentError::Overtaken { .. }) => {}
            // Masks that were free when they were drawn, and that somebody took since.
            Err(FulfilmentError::System { source: ConnectorError::Constraint { .. }, .. })
                if round.manifest.masking_key.is_some() => {}
            Err(error) => return Err(error.into()),
        }
        crash::point("erasure.before_mark");
        let marked = system.clone();
        office.store.write_blocking(move |tx| Ok::<_, Error>(tx.mark_executed(id, number, &marked)?))?;
        round.executed.push(system);
    }
    Ok(())
}

fn record(office: &Office, id: RequestId, round: &Round) -> Result<(), Error> {
    let bytes = serde_json::to_vec(round).map_err(|_| Error::Files("write a manifest".into()))?;
    let number = i32::try_from(round.manifest.round).unwrap_or(i32::MAX);
    let systems: Vec<SystemId> = round.manifest.system_ids().cloned().collect();
    office.store.write_blocking(move |tx| {
        tx.put_manifest(id, number, &WHOLE.into(), &bytes)?;
        for system in &systems {
            tx.put_manifest(id, number, system, &[])?;
        }
        Ok(())
    })
}

fn recorded(office: &Office, id: RequestId) -> Result<Vec<Round>, Error> {
    let kept = office.store.read_blocking(move |tx| Ok::<_, Error>(tx.manifests(id)?))?;
    let mut rounds = Vec::new();
    for (number, _, bytes, _) in kept.iter().filter(|(_, system, ..)| system.as_str() == WHOLE) {
        let mut round: Round =
            serde_json::from_slice(bytes).map_err(|_| Error::Files("read a manifest of its own".into()))?;
        let executed = kept.iter().filter(|(n, system, _, done)| n == number && *done && system.as_str() != WHOLE);
        round.executed = executed.map(|(_, system, ..)| system.clone()).collect();
        rounds.push(round);
    }
    rounds.sort_by_key(|r| r.manifest.round);
    Ok(rounds)
}

fn kept(plan: &Plan, except: &[Exception], regime: Option<&Regime>) -> Vec<Line> {
    let decided = |dataset: &str, collection: &str| {
        let of = except.iter().find(|e| e.dataset == dataset && e.collection == collection);
        of.map(|e| ground_title(regime, &e.ground))
    };
    let mut lines = Vec::new();
    for place in &plan.collections {
        for keep in place.deletion.iter().flat_map(|d| &d.keep) {
            let by_decision = keep.reason == KEPT_BY_DECISION;
            let ground = decided(&place.dataset, &place.collection).filter(|_| by_decision);
            lines.push(Line {
                system: place.system.to_string(),
                dataset: place.dataset.clone(),
                collection: place.collection.clone(),
                field: None,
                action: if keep.shared { Action::KeptShared } else { Action::Kept },
                rows: keep.rows,
                note: Some(ground.unwrap_or_else(|| keep.reason.clone())),
            });
        }
    }
    lines
}

/// One line a collection and action, each row counted once, by the last round that treated it. What a manifest listed
/// is gone, as the second search proved, so the manifests' own counts hold whatever crashed in between.
fn lines(rounds: &[Round]) -> Vec<Line> {
    let mut order: Vec<Place<'_>> = Vec::new();
    let mut last: HashMap<(&SystemId, &TableRef, &Key), usize> = HashMap::new();
    for system in rounds.iter().flat_map(|r| &r.manifest.systems) {
        for step in &system.steps {
            let action = match step.action {
                StepAction::Delete => Action::Deleted,
                StepAction::Mask { .. } => Action::Masked,
                StepAction::Detach { .. } => continue,
            };
            let place = Place { system: &system.system, dataset: &step.dataset, collection: &step.collection, action };
            let at = order.iter().position(|p| *p == place).unwrap_or_else(|| {
                order.push(place);
                order.len() - 1
            });
            last.extend(step.rows.iter().map(|row| ((&system.system, &step.table, &row.key), at)));
        }
    }
    let mut rows = vec![0; order.len()];
    last.values().for_each(|at| rows[*at] += 1);
    let done = order.iter().zip(rows).filter(|(_, rows)| *rows > 0).map(|(place, rows)| place.line(rows));
    done.chain(rounds.last().map(|r| r.kept.clone()).unwrap_or_default()).collect()
}

/// Where something was done, and what.
#[derive(PartialEq)]
struct Place<'a> {
    system: &'a SystemId,
    dataset: &'a str,
    collection: &'a str,
    action: Action,
}

impl Place<'_> {
    fn line(&self, rows: u64) -> Line {
        Line {
            system: self.system.to_string(),
            dataset: self.dataset.to_owned(),
            collection: self.collection.to_owned(),
            field: None,
            action: self.action,
            rows,
            note: None,
        }
    }
}
