//! Deletion: a sealed manifest first, then one transaction a system, then a second search that must find nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::holds::{Circumstances, circumstances, circumstances_in};
use super::super::office::Controller;
use super::super::{Error, Office};
use super::failing;
use super::progress::{Phase, Phases};
use super::{ground_title, left_out, parts, proof, unproved};
use crate::connectors::{ConnectorError, Key};
use crate::crash;
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::ids::{RequestId, SystemId};
use crate::domain::proof::{ErasedLater, KeptRows, RetainedRows};
use crate::domain::regime::Regime;
use crate::domain::request::{Action, Exception, Fulfilment, Line, Request};
use crate::fulfilment::manifest::{Step, StepAction, SystemManifest, TableRef};
use crate::fulfilment::plan::KeepStep;
use crate::fulfilment::{
    FulfilmentError, KEPT_BY_DECISION, KEPT_CLAIMED, Keeping, Manifest, Plan, RowNames, execute_unless,
    prepare_keeping, rehearse, verify_keeping,
};
use crate::store::{self, Standing, Tx};

/// How often rows that appeared meanwhile are gone after. A person who goes on using the service while they are being
/// erased is a matter for staff, not for a loop.
const ROUNDS: usize = 3;

const KEEP_APPEARING: &str =
    "rows of the person keep appearing while they are erased; stop what writes them, then retry";

/// Under this name the store keeps the manifest itself; under each system's name, that its part was carried out.
const WHOLE: &str = "*";

/// One round as the store keeps it, sealed under the request's key.
#[derive(Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) manifest: Manifest,
    /// What the plan said of collections that are kept.
    kept: Vec<Line>,
    /// What the decision left out when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<Exception>,
    /// What of it is kept for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retained: Vec<RetainedRows>,
    /// How many rows are left alone because they may be another person's altogether.
    #[serde(default)]
    unproved: u64,
    /// The identifiers that were given, and that nothing shows to be the person's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    unproved_identifiers: BTreeSet<IdentityKind>,
    /// Whether some of that is under a legal hold.
    #[serde(default)]
    held: bool,
    /// The legal holds on the person when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<Uuid>,
    /// Whether parts of it were taken out because they could not be carried out: what the plan said is then not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dropped: bool,
    /// Rows of parts that were taken out because their system is there no longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unsearched: Vec<Line>,
    /// The systems that failed when the plan was made: what it says holds without them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    without: BTreeSet<SystemId>,
    /// When the plan was made.
    #[serde(default)]
    pub(super) made_at: Option<DateTime<Utc>>,
    /// The systems that are done, with the moment where it is known.
    #[serde(skip)]
    pub(super) executed: BTreeMap<SystemId, Option<DateTime<Utc>>>,
    /// Whether the store has it.
    #[serde(skip)]
    recorded: bool,
}

/// An erasure that is done: its rounds, and when the search after the last of them found nothing to erase.
pub(super) struct Ran {
    pub(super) rounds: Vec<Round>,
    pub(super) searched_at: DateTime<Utc>,
}

/// What an earlier run of a deletion left, and the holds on its person.
pub(super) struct Begun {
    kept: Vec<store::Manifest>,
    holds: Circumstances,
}

impl Begun {
    /// The same inside a transaction, at this moment.
    pub(super) fn read(office: &Office, tx: &mut Tx<'_>, request: &Request) -> Result<Self, Error> {
        Ok(Self { kept: tx.manifests(request.id)?, holds: circumstances_in(office, tx, request)? })
    }

    fn now(office: &Office, request: &Request) -> Result<Self, Error> {
        let (inner, asked) = (office.clone(), request.clone());
        office.store.read_blocking(move |tx| Self::read(&inner, tx, &asked))
    }

    /// A sum of the holds, as of [`Circumstances`].
    pub(super) fn sum_of_holds(&self) -> i64 {
        self.holds.sum()
    }
}

/// Erases the person from the company's systems. Running it again after a crash anywhere reaches the same end: what a
/// manifest says is carried out at least once and changes rows at most once. `begun` is what was read a moment ago; without
/// it that is read now.
pub(super) fn erase(
    office: &Office,
    controller: &Controller,
    request: &Request,
    begun: Option<Begun>,
) -> Result<(Fulfilment, Standing), Error> {
    let ran = everywhere(office, controller, request, 0, begun)?;
    let mut lines: Vec<Line> = done(controller, &ran.rounds)?.into_iter().chain(ran.kept().cloned()).collect();
    let proof = proof::of(&controller.systems, &ran.rounds, &lines, ran.retained(), ran.searched_at);
    lines.extend(ran.rounds.iter().flat_map(|round| round.unsearched.iter().cloned()));
    let last = ran.rounds.last();
    let notes = last.map(|round| unproved::notes(&round.unproved_identifiers)).unwrap_or_default();
    let unproved = last.map_or(0, |round| round.unproved);
    let result =
        Fulfilment { lines, notes, unproved, retained: ran.retained().to_vec(), proof, ..Fulfilment::default() };
    Ok((result, ran.standing()))
}

/// Erases what was kept for a time and need not be kept any longer; `answered` is how many rounds the person was told
/// of. The same machine as the first time, with the same guarantees.
pub fn erase_rest(
    office: &Office,
    controller: &Controller,
    request: &Request,
    answered: usize,
) -> Result<(ErasedLater, Standing), Error> {
    let ran = everywhere(office, controller, request, answered, None)?;
    let new = ran.rounds.get(answered..).unwrap_or_default();
    let mut lines = done(controller, new)?;
    let all: Vec<Line> = lines.iter().chain(ran.kept()).cloned().collect();
    let proof = proof::of(&controller.systems, new, &all, ran.retained(), ran.searched_at);
    lines.extend(new.iter().flat_map(|round| round.unsearched.iter().cloned()));
    Ok((ErasedLater { at: ran.searched_at, lines, retained: ran.retained().to_vec(), proof }, ran.standing()))
}

/// Erases from all systems; those that can be reached do not wait for one that cannot. It is done when all were searched
/// in one run: the manifests of a run without a system hold by which keys the person's rows over there are still found.
fn everywhere(
    office: &Office,
    controller: &Controller,
    request: &Request,
    answered: usize,
    mut begun: Option<Begun>,
) -> Result<Ran, Error> {
    let attempt = |reached: &Controller| {
        let begun = begun.take().map_or_else(|| Begun::now(office, request), Ok)?;
        run(office, reached, request, answered, begun)
    };
    let (ran, failing) = failing::around(controller, |_| true, attempt)?;
    let Some(failing) = failing else { return Ok(ran) };
    let reached = |line: &Line| !failing.systems().contains(line.system.as_str());
    let done = done(controller, &ran.rounds)?.into_iter().filter(reached).collect();
    Err(failing.beside(done).into())
}

fn run(
    office: &Office,
    controller: &Controller,
    request: &Request,
    answered: usize,
    begun: Begun,
) -> Result<Ran, Error> {
    let identities = request.identities();
    let (except, left_out) = (request.state.exceptions(), left_out(request));
    let regime = office.regimes.get(&request.regime);
    let phases = Phases::begin(office, request, controller);
    let Begun { kept, holds } = begun;
    let mut rounds = rounds(office, request.id, &kept)?;
    drop(kept);
    // What is done next goes by the holds as they were seen a moment ago, with what was written or read last; after a system,
    // which may take minutes, they are looked at again.
    let mut seen = Some(holds);
    // Counted for each run: staff who stopped what writes and retry get new rounds.
    let most = rounds.len() + ROUNDS;
    let mut planned_again = false;
    loop {
        let mut refused = Vec::new();
        for round in &mut rounds {
            refused.extend(carry_out(office, controller, request, round, &mut seen, &phases)?);
        }
        let now = seen.take().map_or_else(|| circumstances(office, request), Ok)?;
        let keeping = now.keeping(&left_out, &controller.policy);
        let done: Vec<Manifest> = rounds.iter().map(|r| r.manifest.clone()).collect();
        // Decided anew after an appeal, held since, or its time over: what was kept then is planned again.
        let as_planned = rounds.len() > answered
            && rounds.last().is_some_and(|round| {
                let same_systems = round.without == *controller.systems.failing();
                same_systems && !round.dropped && round.except == except && round.holds == now.hold_ids()
            });
        phases.everywhere(Phase::Prove);
        if as_planned && verify_keeping(&controller.systems, &identities, &done, &keeping)?.is_done() {
            return Ok(Ran { rounds, searched_at: office.clock.now() });
        }
        if rounds.len() == most {
            return Err(Error::Obstacles(if refused.is_empty() { vec![KEEP_APPEARING.to_owned()] } else { refused }));
        }
        let (manifest, plan) = planned(controller, &identities, &done, &keeping, &phases)?;
        let mut round = Round::of(manifest, &plan, except, regime, &now);
        round.made_at = Some(office.clock.now());
        round.without = controller.systems.failing().clone();
        if round.manifest.is_empty() {
            rounds.push(round);
            phases.everywhere(Phase::Prove);
            match prove_absence(controller, &identities, &rounds, &keeping) {
                Ok(()) => return Ok(Ran { rounds, searched_at: office.clock.now() }),
                // Rows may have come in between, or been overlooked because a column has got another type.
                Err(Error::Obstacles(_)) if !std::mem::replace(&mut planned_again, true) => {
                    rounds.pop();
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        crash::point("erasure.before_manifest");
        seen = Some(record(office, request, &mut round)?);
        crash::point("erasure.after_manifest");
        rounds.push(round);
    }
}

impl Round {
    fn of(manifest: Manifest, plan: &Plan, except: &[Exception], regime: Option<&Regime>, now: &Circumstances) -> Self {
        let keeps =
            || plan.collections.iter().flat_map(|c| c.deletion.iter().flat_map(|d| &d.keep).map(move |k| (c, k)));
        let retained = keeps().filter(|(_, keep)| keep.for_now()).map(|(place, keep)| RetainedRows {
            system: place.system.to_string(),
            dataset: place.dataset.clone(),
            collection: place.collection.clone(),
            kept: rows(keep),
        });
        Self {
            manifest,
            kept: kept(plan, except, regime),
            except: except.to_vec(),
            retained: retained.collect(),
            unproved: keeps().filter(|(_, keep)| keep.reason == KEPT_CLAIMED).map(|(_, keep)| keep.rows).sum(),
            unproved_identifiers: plan.unproved_identifiers.clone(),
            held: keeps().any(|(_, keep)| keep.hold.is_some()),
            holds: now.hold_ids(),
            dropped: false,
            unsearched: Vec::new(),
            without: BTreeSet::new(),
            made_at: None,
            executed: BTreeMap::new(),
            recorded: false,
        }
    }
}

impl Round {
    /// Takes note of a part that is done.
    fn carried_out(&mut self, system: SystemId, mark: Option<Mark>) {
        let (at, changed) = mark.map_or((None, BTreeSet::new()), |mark| (Some(mark.at), mark.changed));
        if let Some(part) = self.manifest.systems.iter_mut().find(|part| part.system == system) {
            part.changed = changed;
        }
        self.executed.insert(system, at);
    }
}

impl Ran {
    fn kept(&self) -> impl Iterator<Item = &Line> {
        self.rounds.last().into_iter().flat_map(|round| &round.kept)
    }

    fn retained(&self) -> &[RetainedRows] {
        self.rounds.last().map_or(&[], |round| &round.retained)
    }

    /// What is kept for a time, and when it is looked at again.
    fn standing(&self) -> Standing {
        let due = self.retained().iter().filter_map(|rows| rows.kept.next).min();
        let held = self.rounds.last().is_some_and(|round| round.held);
        let told = self.rounds.iter().filter(|round| round.recorded).count();
        let rounds = i32::try_from(told).unwrap_or(i32::MAX);
        Standing { due, held, queued: false, rounds, holds: 0 }
    }
}

/// The manifest of another round, which nothing stands in the way of as far as can be known before something changes.
fn planned(
    controller: &Controller,
    identities: &Identities,
    done: &[Manifest],
    keeping: &Keeping<'_>,
    phases: &Phases,
) -> Result<(Manifest, Plan), Error> {
    phases.everywhere(Phase::Search);
    let (manifest, plan) = prepare_keeping(&controller.systems, identities, done, keeping)?;
    if !plan.obstacles.is_empty() {
        return Err(Error::Obstacles(plan.obstacles));
    }
    let refused = rehearsed(controller, &manifest, phases)?;
    if refused.is_empty() { Ok((manifest, plan)) } else { Err(Error::Obstacles(refused)) }
}

/// What systems refuse of it that only they can know.
fn rehearsed(controller: &Controller, manifest: &Manifest, phases: &Phases) -> Result<Vec<String>, Error> {
    let mut refused = Vec::new();
    for system in manifest.system_ids() {
        phases.at(system, Phase::Rehearse, manifest.rows_of(system));
        refused.extend(rehearse(&controller.systems, system, manifest)?);
    }
    Ok(refused)
}

/// The last word where there was nothing to erase: searched once more all the same.
fn prove_absence(
    controller: &Controller,
    identities: &Identities,
    rounds: &[Round],
    keeping: &Keeping<'_>,
) -> Result<(), Error> {
    let done: Vec<Manifest> = rounds.iter().map(|r| r.manifest.clone()).collect();
    let remaining = verify_keeping(&controller.systems, identities, &done, keeping)?;
    if remaining.is_done() {
        return Ok(());
    }
    let places =
        remaining.rows.iter().map(|r| format!("{}: {} rows of {}.{}", r.system, r.rows, r.dataset, r.collection));
    Err(Error::Obstacles(places.chain(remaining.obstacles.iter().cloned()).collect()))
}

/// Carries out what of a round is left, and gives what systems refused of it. Where a legal hold was placed since the
/// round was planned, what is left of it is dropped, and planned again with the hold; so is what cannot be carried out. Holds
/// are asked for before each system, unless they were `seen` just now, and once more before its commit, which may be minutes
/// later.
fn carry_out(
    office: &Office,
    controller: &Controller,
    request: &Request,
    round: &mut Round,
    seen: &mut Option<Circumstances>,
    phases: &Phases,
) -> Result<Vec<String>, Error> {
    let id = request.id;
    let systems: Vec<SystemId> = round.manifest.system_ids().cloned().collect();
    let open =
        |system: &SystemId| !round.executed.contains_key(system) && !controller.systems.failing().contains(system);
    let mut refused = Vec::new();
    for system in systems.into_iter().filter(open).collect::<Vec<_>>() {
        let known = round.holds.clone();
        let more = |holds: Vec<Uuid>| holds.iter().any(|hold| !known.contains(hold));
        let another = || Ok::<_, Error>(more(circumstances(office, request)?.hold_ids()));
        if seen.take().map_or_else(another, |now| Ok(more(now.hold_ids())))? {
            let done: Vec<SystemId> = round.executed.keys().cloned().collect();
            drop_parts(office, id, round, |part| !done.contains(part))?;
            return Ok(refused);
        }
        let rows = round.manifest.rows_of(&system);
        phases.at(&system, Phase::Erase, rows);
        // Where nobody can say, nothing is committed; another round asks again.
        let held = || another().unwrap_or(true);
        match execute_unless(&controller.systems, &system, &round.manifest, &held) {
            Ok(outcome) => {
                phases.done(&system, Phase::Erase, rows);
                crash::point("erasure.before_mark");
                let mark = Mark { at: office.clock.now(), changed: outcome.changed };
                *seen = Some(put_mark(office, request, round, system, mark)?);
            }
            Err(error) => {
                let unreached = matches!(error, FulfilmentError::UnknownSystem(_));
                refused.extend(void(error)?);
                if unreached {
                    round.unsearched.extend(unsearched(controller, round, &system));
                }
                drop_parts(office, id, round, |part| *part == system)?;
            }
        }
    }
    Ok(refused)
}

/// Whether a part of a manifest that failed can never run, and what its database refused where it said so. Its
/// transaction changed nothing; what became of its rows meanwhile is for another round with a manifest of its own.
fn void(error: FulfilmentError) -> Result<Option<String>, Error> {
    use ConnectorError::{Constraint, Statement};
    match error {
        FulfilmentError::Overtaken { .. }
        | FulfilmentError::Altered { .. }
        | FulfilmentError::Held { .. }
        | FulfilmentError::UnknownSystem(_) => Ok(None),
        // A mask that somebody took since it was drawn, a trigger that lets nothing go, a column that is no more.
        error @ FulfilmentError::System { source: Constraint { .. } | Statement(_), .. } => Ok(Some(error.to_string())),
        error => Err(error.into()),
    }
}

/// What was to be erased where nobody can look any more. A system that is switched off is named in every answer anyway.
fn unsearched(controller: &Controller, round: &Round, system: &SystemId) -> Vec<Line> {
    if controller.systems.disabled().any(|off| off == system) {
        return Vec::new();
    }
    let part = round.manifest.systems.iter().filter(|part| part.system == *system);
    let steps = part.flat_map(|part| &part.steps).filter(|step| !matches!(step.action, StepAction::Detach { .. }));
    steps.map(|step| not_searched(system, &step.dataset, &step.collection, step.count())).collect()
}

fn not_searched(system: &SystemId, dataset: &str, collection: &str, rows: u64) -> Line {
    Line {
        system: system.to_string(),
        dataset: dataset.to_owned(),
        collection: collection.to_owned(),
        field: None,
        action: Action::Excluded,
        rows,
        note: Some("the system was taken out of the configuration before its rows were erased".to_owned()),
    }
}

/// What the store keeps of a part that was carried out, under its system's name.
#[derive(Serialize, Deserialize)]
struct Mark {
    at: DateTime<Utc>,
    /// The rows that it passed over because somebody had changed them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    changed: BTreeSet<(TableRef, Key)>,
}

impl Mark {
    /// Older versions wrote the moment alone, or nothing.
    fn read(bytes: &[u8]) -> Option<Self> {
        let moment = || serde_json::from_slice(bytes).ok().map(|at| Self { at, changed: BTreeSet::new() });
        serde_json::from_slice(bytes).ok().or_else(moment)
    }
}

/// Notes that a system's part is done; gives the holds as they are then.
fn put_mark(
    office: &Office,
    request: &Request,
    round: &mut Round,
    system: SystemId,
    mark: Mark,
) -> Result<Circumstances, Error> {
    let number = i32::try_from(round.manifest.round).unwrap_or(i32::MAX);
    let marked = system.clone();
    let bytes = serde_json::to_vec(&mark).map_err(|_| Error::Files("write what was done".into()))?;
    let (inner, asked) = (office.clone(), request.clone());
    let now = office.store.write_blocking(move |tx| {
        tx.mark_executed(asked.id, number, &marked, &bytes)?;
        circumstances_in(&inner, tx, &asked)
    })?;
    round.carried_out(system, Some(mark));
    Ok(now)
}

/// Takes parts that were not carried out out of a round. What a system did just before a crash, without our having
/// marked it, is gone there and not counted; a mask of it that stands is known as ours.
fn drop_parts(
    office: &Office,
    id: RequestId,
    round: &mut Round,
    which: impl Fn(&SystemId) -> bool,
) -> Result<(), Error> {
    let (dropped, left) = std::mem::take(&mut round.manifest.systems).into_iter().partition(|part| which(&part.system));
    round.manifest.systems = left;
    round.manifest.dropped.extend::<Vec<_>>(dropped);
    round.dropped = true;
    let number = i32::try_from(round.manifest.round).unwrap_or(i32::MAX);
    let bytes = written(round)?;
    office.store.write_blocking(move |tx| Ok::<_, Error>(tx.put_manifest(id, number, &WHOLE.into(), &bytes)?))
}

/// The manifests of a request's deletion so far, as far as they were carried out or still may be.
pub(in super::super) fn manifests(office: &Office, id: RequestId) -> Result<Vec<Manifest>, Error> {
    let kept = office.store.read_blocking(move |tx| Ok::<_, Error>(tx.manifests(id)?))?;
    Ok(rounds(office, id, &kept)?.into_iter().map(|round| round.manifest).collect())
}

fn written(round: &Round) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(round).map_err(|_| Error::Files("write a manifest".into()))
}

/// Seals a round and keeps it; the holds are looked at with it. The parts of very many rows are kept first: a round is recorded
/// when the manifest itself is, and what a crash left before that is replaced.
fn record(office: &Office, request: &Request, round: &mut Round) -> Result<Circumstances, Error> {
    let id = request.id;
    let number = i32::try_from(round.manifest.round).unwrap_or(i32::MAX);
    let parts = parts::keep(office, id, &mut round.manifest)?;
    let bytes = written(round)?;
    let systems: Vec<SystemId> = round.manifest.system_ids().cloned().collect();
    let (inner, asked) = (office.clone(), request.clone());
    let now = office.store.write_blocking(move |tx| {
        tx.keep_first_manifest_parts(id, number, parts)?;
        // One that is kept without all of its rows could never be carried out, and no other would take its place.
        if parts > 0 && tx.count_manifest_parts(id, number)? != parts {
            return Err(Error::Files("find all rows of a manifest".into()));
        }
        tx.put_manifest(id, number, &WHOLE.into(), &bytes)?;
        for system in &systems {
            tx.put_manifest(id, number, system, &[])?;
        }
        circumstances_in(&inner, tx, &asked)
    })?;
    round.recorded = true;
    Ok(now)
}

/// The rounds on record.
fn rounds(office: &Office, id: RequestId, kept: &[store::Manifest]) -> Result<Vec<Round>, Error> {
    let mut rounds = Vec::new();
    for (number, _, bytes, _) in kept.iter().filter(|(_, system, ..)| system.as_str() == WHOLE) {
        let mut round: Round =
            serde_json::from_slice(bytes).map_err(|_| Error::Files("read a manifest of its own".into()))?;
        parts::find(office, id, &mut round.manifest);
        let executed = kept.iter().filter(|(n, system, _, done)| n == number && *done && system.as_str() != WHOLE);
        for (_, system, bytes, _) in executed {
            round.carried_out(system.clone(), Mark::read(bytes));
        }
        round.recorded = true;
        rounds.push(round);
    }
    rounds.sort_by_key(|r| r.manifest.round);
    Ok(rounds)
}

fn rows(keep: &KeepStep) -> KeptRows {
    KeptRows {
        rows: keep.rows,
        ground: keep.reason.clone(),
        citation: keep.citation.clone(),
        next: keep.next,
        until: keep.until,
    }
}

fn kept(plan: &Plan, except: &[Exception], regime: Option<&Regime>) -> Vec<Line> {
    let decided = |dataset: &str, collection: &str| {
        let of = except.iter().find(|e| e.dataset == dataset && e.collection == collection);
        of.map(|e| ground_title(regime, &e.ground))
    };
    let mut lines = Vec::new();
    for place in &plan.collections {
        // Not even that there are such rows is told to whoever may be somebody else.
        let keeps = place.deletion.iter().flat_map(|d| &d.keep).filter(|keep| keep.reason != KEPT_CLAIMED);
        for keep in keeps {
            let by_decision = keep.reason == KEPT_BY_DECISION;
            let ground = decided(&place.dataset, &place.collection).filter(|_| by_decision);
            lines.push(Line {
                system: place.system.to_string(),
                dataset: place.dataset.clone(),
                collection: place.collection.clone(),
                field: None,
                action: if keep.shared { Action::KeptShared } else { Action::Kept },
                rows: keep.rows,
                note: Some(ground.unwrap_or_else(|| rows(keep).words())),
            });
        }
    }
    lines
}

/// One line a collection and action, each row counted once, by the last round that treated it. What a manifest listed
/// and did not pass over is gone, as the second search proved, so the manifests' own counts hold whatever crashed in
/// between. A row that is kept for now counts as kept, whatever was masked in it.
fn done(controller: &Controller, rounds: &[Round]) -> Result<Vec<Line>, Error> {
    let mut order: Vec<Place<'_>> = Vec::new();
    let mut treated: Vec<(usize, &SystemManifest, &Step)> = Vec::new();
    for part in rounds.iter().flat_map(|r| &r.manifest.systems) {
        for step in part.steps.iter().filter(|step| !step.kept) {
            let action = match step.action {
                StepAction::Delete => Action::Deleted,
                StepAction::Mask { .. } => Action::Masked,
                StepAction::Detach { .. } => continue,
            };
            let place = Place { system: &part.system, dataset: &step.dataset, collection: &step.collection, action };
            let at = order.iter().position(|p| *p == place).unwrap_or_else(|| {
                order.push(place);
                order.len() - 1
            });
            treated.push((at, part, step));
        }
    }
    let mut rows = vec![0; order.len()];
    let mut seen: HashMap<(&SystemId, &TableRef), RowNames> = HashMap::new();
    // The last first: what is met again was treated otherwise later.
    for (at, part, step) in treated.iter().rev().copied() {
        let of_table =
            |(_, other, of): &&(_, &SystemManifest, &Step)| other.system == part.system && of.table == step.table;
        let passed_over = part.changed.iter().any(|(table, _)| *table == step.table);
        if !passed_over && treated.iter().filter(of_table).count() == 1 {
            rows[at] += step.count();
            continue;
        }
        let names = seen.entry((&part.system, &step.table)).or_insert_with(|| RowNames::new(&controller.systems));
        part.taken(step, |key| {
            rows[at] += u64::from(names.insert(key)?);
            Ok::<_, FulfilmentError>(())
        })?;
    }
    Ok(order.iter().zip(rows).filter(|(_, rows)| *rows > 0).map(|(place, rows)| place.line(rows)).collect())
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
