//! A deletion request becomes a plan for staff and a manifest for the machine, made from one snapshot.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;

use super::super::manifest::{Manifest, Trail};
use super::super::plan::{DeletionStep, KeepStep, MaskStep, MaskedField, Plan, PlannedCollection};
use super::super::planning::skeleton;
use super::super::search::done::Done;
use super::super::search::place::{Place, Places, PointerEnd};
use super::super::search::snapshot::Catalogue;
use super::super::search::trace::Trace;
use super::super::search::values::is_identity;
use super::super::standing::Standing;
use super::super::{FulfilmentError, KEPT_BY_DECISION, Keeping, LeftOut, Systems};
use super::candidates::{Action, Candidate, Candidates, KEPT_SILENT};
use super::drawn;
use super::joined::Joined;
use super::masks::Masks;
use super::references::References;
use super::settled::Settled;
use super::steps::Whole;
use super::{keeping, preflight};
use crate::clock;
use crate::connectors::ConnectorError;
use crate::datamap::{Graph, NodeId};
use crate::domain::identity::Identities;
use crate::domain::keeping::Kept;
use crate::domain::masking::{Masking, MaskingKey};
use crate::domain::personal::Personal;

/// Finds what an erasure of the person would do, and changes nothing. `earlier` are the manifests of the same erasure's
/// earlier rounds, whose deleted rows still lead to rows that appeared since.
///
/// The manifest may be executed only when [`Plan::obstacles`] is empty.
///
/// # Errors
/// What a system says. Everything that stands in the way is an obstacle of the plan.
pub fn prepare(
    systems: &Systems,
    identities: &Identities,
    earlier: &[Manifest],
) -> Result<(Manifest, Plan), FulfilmentError> {
    prepare_without(systems, identities, earlier, <&LeftOut>::default())
}

/// The same, leaving some collections as they are.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_without(
    systems: &Systems,
    identities: &Identities,
    earlier: &[Manifest],
    left_out: &LeftOut,
) -> Result<(Manifest, Plan), FulfilmentError> {
    prepare_keeping(systems, identities, earlier, &Keeping::leaving_out(left_out))
}

/// The same, leaving what a decision, a duty or a hold keeps.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_keeping(
    systems: &Systems,
    identities: &Identities,
    earlier: &[Manifest],
    keeping: &Keeping<'_>,
) -> Result<(Manifest, Plan), FulfilmentError> {
    systems.renew_schemas();
    let known = earlier.iter().find_map(|manifest| manifest.masking_key.clone());
    let key = known.unwrap_or_else(|| MaskingKey::new(clock::random()));
    let done = Done::of(earlier, systems.scratch())?;
    let searched = |catalogue| {
        let mut survey = survey(systems, identities, (earlier, &done), keeping, catalogue, Some(&key))?;
        let drawn = drawn::draw(&mut survey.trace, &survey.joined, &survey.candidates, &done, &key)?;
        Ok((survey, drawn))
    };
    let (survey, drawn) = match searched(Catalogue::Marked) {
        // A column may have got another type since the mark was read.
        Err(FulfilmentError::System { source: ConnectorError::Statement(_), .. }) => searched(Catalogue::Asked)?,
        searched => searched?,
    };
    let Survey { trace, joined, mut candidates } = survey;
    let round = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
    let (places, graph) = (&trace.places, systems.graph());
    let mut plan = plan_of(places, graph, &candidates, &done)?;
    plan.obstacles.extend(drawn.obstacles.iter().cloned());
    plan.unproved_identifiers = trace.unshown();
    let masking_key = (candidates.drew || !drawn.is_empty()).then_some(key);
    let mut trails = trails(places, graph, &candidates);
    let left = keeping::to_come_back_to(places, graph, &candidates);
    if !systems.failing().is_empty() {
        trails.extend(context_trails(places, graph, &candidates));
    }
    // Without these a row that another round comes back to would name somebody else: who that is was said by a row that
    // is gone.
    let learned = trace.learned();
    let (systems_of, dropped) = (Vec::new(), Vec::new());
    let mut manifest = Manifest { round, systems: systems_of, trails, left, dropped, masking_key, learned };
    let settled = std::mem::take(&mut candidates.settled);
    let mut all = Whole { places, graph, candidates: &candidates, joined: &joined, drawn: &drawn, settled };
    for system in graph.in_erasure_order(systems.ids()) {
        let (mut entry, order) = all.system_manifest(system);
        entry.mark = places.schema(system).and_then(|schema| systems.mark_of(system, schema));
        plan.order.extend(order.tables.iter().map(|table| format!("{system}: {table}")));
        if !entry.steps.is_empty() {
            manifest.systems.push(entry);
        }
    }
    Ok((manifest, plan))
}

/// Every row of an erasure with its settled action, and what it was found by.
pub(in crate::fulfilment) struct Survey<'s> {
    trace: Trace<'s>,
    joined: Joined,
    pub(in crate::fulfilment) candidates: Candidates,
}

/// Every row of an erasure with its settled action. Without a `masking_key` masks that are each row's own are not drawn.
pub(in crate::fulfilment) fn survey<'s>(
    systems: &'s Systems,
    identities: &Identities,
    (earlier, done): (&[Manifest], &Done),
    keeping: &Keeping<'_>,
    catalogue: Catalogue,
    masking_key: Option<&MaskingKey>,
) -> Result<Survey<'s>, FulfilmentError> {
    let mut trace = Trace::run_after(systems, identities, earlier, done, catalogue)?;
    let joined = Joined::of(&trace.places, systems.graph());
    let mut candidates = Candidates::collect(&mut trace, keeping, &joined, done, masking_key)?;
    let references = References::gather(&mut trace, &candidates)?;
    preflight::settle(&trace.places, systems.graph(), &joined, &mut candidates, &references);
    candidates.obstacles.extend(trace.places.misfits.iter().cloned());
    for place in trace.places.iter() {
        candidates.obstacles.extend(unmasking(place, identities));
    }
    Ok(Survey { trace, joined, candidates })
}

/// A text that is itself the person's identifier masks nothing, and everybody masked with it would be found as them.
fn unmasking(place: &Place, identities: &Identities) -> Option<String> {
    place.identities.iter().find_map(|link| {
        let masking = place.collection.field(&link.column)?.masking.as_ref().or(place.collection.masking.as_ref())?;
        let (text, given) = (masking.constant(None)?, identities.normalised(link.kind)?);
        let same = is_identity(link.kind, link.spelling, &text, &given);
        same.then(|| {
            let (column, table) = (&link.column, &place.table_name);
            format!("string_rewrite would write an identifier of the person's into column {column} of {table}; use another text")
        })
    })
}

/// The keys of the person's rows that are deleted or masked, as far as anything of theirs is found by them: nothing in a
/// masked row says any more whose it is, and what stands at its key and was passed over must still be found.
fn trails(places: &Places, graph: &Graph, all: &Candidates) -> Vec<Trail> {
    let mut trails: Vec<Trail> = Vec::new();
    for place in places.iter() {
        let ends = place.pointed.iter().filter(|end| end.down);
        let columns: BTreeSet<&Vec<String>> = ends.map(|end| &end.columns).collect();
        for columns in columns {
            let key = |row: &Candidate| -> Option<Vec<String>> {
                columns.iter().map(|c| all.value(row, c).map(str::to_owned)).collect()
            };
            for stands in [false, true] {
                let left = |action: &Action| match action {
                    Action::Delete => !stands,
                    // A key that is masked goes as with its row.
                    Action::Mask(masks) => stands != columns.iter().any(|c| masks.contains_key(c)),
                    Action::Keep(_) => false,
                };
                let own = all.rows.iter().filter(|r| r.node == place.node && r.standing == Standing::Own);
                let lost = own.filter(|r| left(&r.action) && r.kept.is_none());
                let keys: Vec<_> = lost.filter_map(key).map(Personal::new).collect();
                if !keys.is_empty() {
                    let node = graph.node(place.node);
                    let (dataset, collection) = (node.dataset.clone(), node.collection.name.clone());
                    let columns = columns.clone();
                    let (in_parts, context) = (false, false);
                    trails.push(Trail { dataset, collection, columns, keys, in_parts, stands, context });
                }
            }
            let settled = all.settled.get(&place.node);
            let both = settled.into_iter().flat_map(|settled| [false, true].map(|stands| (settled, stands)));
            trails.extend(both.filter_map(|(of, stands)| trail_of_settled(graph, place.node, columns, of, stands)));
        }
    }
    trails
}

/// The keys of the person's rows that are deleted or, where they stand, masked, whatever refers to what; by these keys they
/// are referred to.
fn trail_of_settled(graph: &Graph, node: NodeId, columns: &[String], settled: &Settled, stands: bool) -> Option<Trail> {
    let (dataset, collection) = (graph.node(node).dataset.clone(), graph.node(node).collection.name.clone());
    let own = settled.groups().iter().filter(|group| group.treatment.standing == Standing::Own);
    let groups = own.filter(|group| stands == (group.treatment.action != Action::Delete));
    let (mut keys, mut in_parts) = (Vec::new(), false);
    for group in groups {
        let (some, more) = group.keys();
        keys.extend(some.cloned().map(Personal::new));
        in_parts |= more;
    }
    let any = in_parts || !keys.is_empty();
    any.then(|| Trail { dataset, collection, columns: columns.to_vec(), keys, in_parts, stands, context: false })
}

/// What rows that go, or let go, point to as their context: where a system cannot be searched, that may stay for now or
/// stand over there.
fn context_trails(places: &Places, graph: &Graph, all: &Candidates) -> Vec<Trail> {
    let mut trails = Vec::new();
    for place in places.iter() {
        for end in place.pointers.iter().filter(|end| end.up) {
            let lets_go = |action: &Action| match action {
                Action::Delete => true,
                Action::Mask(masks) => end.columns.iter().any(|c| masks.contains_key(c)),
                Action::Keep(_) => false,
            };
            let theirs = all.rows.iter().filter(|r| r.node == place.node && r.standing != Standing::Shared);
            let key = |row: &Candidate| -> Option<Vec<String>> {
                end.columns.iter().map(|c| all.value(row, c).map(str::to_owned)).collect()
            };
            // What goes in the same round is not come back to: whoever gets its key next keeps it.
            let gone = gone_at(places, all, end);
            let stays = |key: &Vec<String>| !gone.contains(&end.canonical(key));
            let keys = theirs.filter(|r| lets_go(&r.action)).filter_map(key).filter(stays);
            let keys: Vec<_> = keys.map(Personal::new).collect();
            if !keys.is_empty() {
                let node = graph.node(place.node);
                let (dataset, collection) = (node.dataset.clone(), node.collection.name.clone());
                let columns = end.columns.clone();
                let (in_parts, stands, context) = (false, false, true);
                trails.push(Trail { dataset, collection, columns, keys, in_parts, stands, context });
            }
        }
    }
    trails
}

/// The keys at the other end of a pointer whose rows are deleted in this round.
fn gone_at(places: &Places, all: &Candidates, end: &PointerEnd) -> HashSet<Vec<String>> {
    let far = places.get(end.other).and_then(|place| place.pointed.iter().find(|far| far.id == end.id));
    let goes = all.rows.iter().filter(|row| row.node == end.other && row.action == Action::Delete);
    far.into_iter().flat_map(|far| goes.clone().filter_map(|row| far.canonical_of(all, row))).collect()
}

fn plan_of(places: &Places, graph: &Graph, all: &Candidates, done: &Done) -> io::Result<Plan> {
    let mut plan = skeleton(graph, None);
    plan.obstacles = all.obstacles.iter().cloned().collect();
    for place in places.iter() {
        let planned = &mut plan.collections[place.node.index()];
        planned.counts = all.counts.get(&place.node).copied().unwrap_or_default();
        planned.deletion = Some(DeletionStep::default());
    }
    let mut masked: BTreeMap<(NodeId, Standing, bool, &Masks), u64> = BTreeMap::new();
    let mut kept: BTreeMap<(NodeId, &str, Standing), u64> = BTreeMap::new();
    for row in &all.rows {
        if let Some(kept) = &row.kept {
            keep_for_now(&mut plan.collections[row.node.index()], kept);
        }
        match &row.action {
            Action::Delete => deleted(&mut plan, row.node, 1),
            Action::Mask(masks) => {
                *masked.entry((row.node, row.standing, row.kept.is_some(), masks)).or_default() += 1;
            }
            Action::Keep(_) if row.kept.is_some() => {}
            Action::Keep(reason) => {
                let place = places.get(row.node).filter(|_| *reason == KEPT_SILENT);
                // What was masked was told as masked.
                if !place.map_or(Ok(false), |place| done.masked(place, &row.key))? {
                    *kept.entry((row.node, reason, row.standing)).or_default() += 1;
                }
            }
        }
    }
    for (node, settled) in &all.settled {
        for group in settled.groups() {
            match &group.treatment.action {
                Action::Mask(masks) => {
                    *masked.entry((*node, group.treatment.standing, false, masks)).or_default() += group.count();
                }
                _ => deleted(&mut plan, *node, group.count()),
            }
        }
        for (why, rows) in settled.kept().iter().filter(|(why, _)| !why.masked) {
            *kept.entry((*node, why.reason, why.standing)).or_default() += rows;
        }
    }
    for ((node, standing, kept, masks), rows) in masked {
        let reason = mask_reason(standing, kept).to_owned();
        let step = MaskStep { rows, reason, fields: masks.iter().map(masked_field).collect() };
        plan.collections[node.index()].deletion.get_or_insert_default().mask.push(step);
    }
    for ((node, reason, standing), rows) in kept {
        let step = KeepStep {
            rows,
            reason: reason.to_owned(),
            shared: standing == Standing::Context && reason != KEPT_BY_DECISION,
            citation: None,
            next: None,
            until: None,
            hold: None,
        };
        plan.collections[node.index()].deletion.get_or_insert_default().keep.push(step);
    }
    Ok(plan)
}

fn deleted(plan: &mut Plan, node: NodeId, rows: u64) {
    plan.collections[node.index()].deletion.get_or_insert_default().delete += rows;
}

fn masked_field((field, mask): (&String, &Masking)) -> MaskedField {
    MaskedField { field: field.clone(), strategy: mask.name().to_owned() }
}

/// Counts one more row that is kept for now, beside those kept on the same ground.
fn keep_for_now(planned: &mut PlannedCollection, kept: &Kept) {
    let steps = &mut planned.deletion.get_or_insert_default().keep;
    let same =
        |s: &KeepStep| s.for_now() && s.reason == kept.ground && s.citation == kept.citation && s.hold == kept.hold;
    match steps.iter_mut().find(|step| same(step)) {
        Some(step) => {
            step.rows += 1;
            step.next = step.next.min(kept.until);
            step.until = step.until.max(kept.until);
        }
        None => steps.push(KeepStep {
            rows: 1,
            reason: kept.ground.clone(),
            shared: false,
            citation: kept.citation.clone(),
            next: kept.until,
            until: kept.until,
            hold: kept.hold,
        }),
    }
}

fn mask_reason(standing: Standing, kept: bool) -> &'static str {
    match standing {
        _ if kept => "these rows are kept for now; what the duty to keep them does not need is masked at once",
        Standing::Own => "the dataset masks these rows instead of deleting them",
        Standing::Shared => "these rows carry somebody else's identity too; what names the person goes, the rest stays",
        Standing::Context => "only the person's rows point to these rows; the dataset masks them",
    }
}
