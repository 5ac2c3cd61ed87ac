//! A deletion request becomes a plan for staff and a manifest for the machine, made from one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Action, Candidate, Candidates};
use super::export::Standing;
use super::manifest::{Guard, Manifest, ManifestRow, Step, StepAction, SystemManifest, TableRef, Trail};
use super::masks::Masks;
use super::order::{Order, order};
use super::place::{Place, Places};
use super::plan::{DeletionStep, KeepStep, MaskStep, MaskedField, Plan, PlannedCollection};
use super::planning::skeleton;
use super::references::{References, foreign_keys_to};
use super::trace::Trace;
use super::{FulfilmentError, KEPT_BY_DECISION, Keeping, LeftOut, Systems, preflight};
use crate::connectors::TableName;
use crate::datamap::{Graph, NodeId};
use crate::domain::identity::Identities;
use crate::domain::ids::SystemId;
use crate::domain::keeping::Kept;
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
    systems.forget_schemas();
    let (trace, candidates) = survey(systems, identities, earlier, keeping)?;
    let round = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
    let (places, graph) = (&trace.places, systems.graph());
    let mut plan = plan_of(places, graph, &candidates);
    let mut manifest = Manifest { round, systems: Vec::new(), trails: trails(places, graph, &candidates) };
    for system in systems.ids() {
        let (entry, order) = system_manifest(places, graph, &candidates, system);
        plan.order.extend(order.tables.iter().map(|table| format!("{system}: {table}")));
        if !entry.steps.is_empty() {
            manifest.systems.push(entry);
        }
    }
    Ok((manifest, plan))
}

/// Every row of an erasure with its settled action.
pub(super) fn survey<'s>(
    systems: &'s Systems,
    identities: &Identities,
    earlier: &[Manifest],
    keeping: &Keeping<'_>,
) -> Result<(Trace<'s>, Candidates), FulfilmentError> {
    let mut trace = Trace::run(systems, identities)?;
    for trail in earlier.iter().flat_map(|m| &m.trails) {
        if let Some(node) = systems.graph().find(&trail.dataset, &trail.collection) {
            let keys: Vec<Vec<String>> = trail.keys.iter().map(|k| k.expose().clone()).collect();
            trace.follow_erased(node, &trail.columns, &keys, trail.stands)?;
        }
    }
    let mut candidates = Candidates::collect(&mut trace, keeping)?;
    let references = References::gather(&mut trace, &candidates)?;
    preflight::settle(&trace.places, systems.graph(), &mut candidates, &references);
    candidates.obstacles.extend(trace.places.misfits.iter().cloned());
    Ok((trace, candidates))
}

fn system_manifest(places: &Places, graph: &Graph, all: &Candidates, system: &SystemId) -> (SystemManifest, Order) {
    let mut nodes: BTreeMap<NodeId, Vec<&Candidate>> = BTreeMap::new();
    for row in &all.rows {
        if places.get(row.node).is_some_and(|p| p.system == *system) {
            nodes.entry(row.node).or_default().push(row);
        }
    }
    let mut steps = Vec::new();
    let mut deletes: BTreeMap<TableName, (NodeId, Vec<&Candidate>)> = BTreeMap::new();
    for (node, rows) in nodes {
        let Some(place) = places.get(node) else { continue };
        let mut alike: BTreeMap<(&Masks, bool), Vec<&Candidate>> = BTreeMap::new();
        for row in rows {
            match &row.action {
                Action::Delete => deletes.entry(place.table_name.clone()).or_insert((node, Vec::new())).1.push(row),
                Action::Mask(masks) => alike.entry((masks, row.kept.is_some())).or_default().push(row),
                Action::Keep(_) => {}
            }
        }
        for ((masks, kept), rows) in alike {
            let set = masks.iter().map(|(column, mask)| (column.clone(), mask.value().map(str::to_owned))).collect();
            steps.push(Step { kept, ..step(place, all, StepAction::Mask { set }, &rows) });
        }
    }
    let order = delete_order(places, graph, &deletes);
    let mut guards = Vec::new();
    let mut last = Vec::new();
    for (node, rows) in order.tables.iter().filter_map(|table| deletes.get(table)) {
        let Some(place) = places.get(*node) else { continue };
        if let Some(columns) = order.cut.get(&place.table_name) {
            let columns: Vec<String> = columns.iter().cloned().collect();
            steps.push(step(place, all, StepAction::Detach { columns }, rows));
        }
        last.push(step(place, all, StepAction::Delete, rows));
        guards.extend(guards_of(place));
    }
    steps.append(&mut last);
    (SystemManifest { system: system.clone(), steps, guards }, order)
}

fn step(place: &Place, all: &Candidates, action: StepAction, rows: &[&Candidate]) -> Step {
    Step {
        dataset: place.dataset.clone(),
        collection: place.collection.name.clone(),
        table: TableRef::from(&place.table_name),
        key_columns: place.table().primary_key.clone(),
        columns: all.shapes[&place.node].columns.clone(),
        action,
        kept: false,
        rows: rows
            .iter()
            .map(|row| ManifestRow { key: row.key.clone(), fingerprint: Personal::new(row.fingerprint.clone()) })
            .collect(),
    }
}

fn delete_order(places: &Places, graph: &Graph, deletes: &BTreeMap<TableName, (NodeId, Vec<&Candidate>)>) -> Order {
    let Some(schema) = deletes.values().next().and_then(|(node, _)| places.get(*node)).map(|p| &p.schema) else {
        return Order::default();
    };
    let tables: BTreeSet<TableName> = deletes.keys().cloned().collect();
    let table_of = |node: NodeId| places.get(node).map(|p| p.table_name.clone()).filter(|t| tables.contains(t));
    let asked =
        graph.erase_after().iter().filter_map(|(later, earlier)| Some((table_of(*earlier)?, table_of(*later)?)));
    order(schema, &tables, &asked.collect::<Vec<_>>())
}

fn guards_of(place: &Place) -> impl Iterator<Item = Guard> {
    foreign_keys_to(place).into_iter().map(|way| Guard {
        from: TableRef::from(&way.table),
        columns: way.columns,
        to: TableRef::from(&place.table_name),
        to_columns: way.to_columns,
    })
}

/// The keys of the person's rows that are deleted, as far as anything of theirs is found by them. Where rows are kept for
/// now, also those of rows that are masked: when their day comes, the kept ones must still be found.
fn trails(places: &Places, graph: &Graph, all: &Candidates) -> Vec<Trail> {
    let mut trails: Vec<Trail> = Vec::new();
    let some_stay = all.rows.iter().any(|row| row.kept.is_some());
    for place in places.iter() {
        let ends = place.pointed.iter().filter(|end| end.down);
        let columns: BTreeSet<&Vec<String>> = ends.map(|end| &end.columns).collect();
        for columns in columns {
            let key = |row: &Candidate| -> Option<Vec<String>> {
                columns.iter().map(|c| all.value(row, c).map(str::to_owned)).collect()
            };
            for stands in [false, true].into_iter().filter(|stands| !stands || some_stay) {
                let left = |action: &Action| match action {
                    Action::Delete => !stands,
                    Action::Mask(_) => stands,
                    Action::Keep(_) => false,
                };
                let own = all.rows.iter().filter(|r| r.node == place.node && r.standing == Standing::Own);
                let lost = own.filter(|r| left(&r.action) && r.kept.is_none());
                let keys: Vec<_> = lost.filter_map(key).map(Personal::new).collect();
                if !keys.is_empty() {
                    let node = graph.node(place.node);
                    let (dataset, collection) = (node.dataset.clone(), node.collection.name.clone());
                    trails.push(Trail { dataset, collection, columns: columns.clone(), keys, stands });
                }
            }
        }
    }
    trails
}

fn plan_of(places: &Places, graph: &Graph, all: &Candidates) -> Plan {
    let mut plan = skeleton(graph, &[]);
    plan.obstacles = all.obstacles.iter().cloned().collect();
    for collection in &mut plan.collections {
        collection.access = None;
    }
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
            Action::Delete => {
                if let Some(step) = &mut plan.collections[row.node.index()].deletion {
                    step.delete += 1;
                }
            }
            Action::Mask(masks) => {
                *masked.entry((row.node, row.standing, row.kept.is_some(), masks)).or_default() += 1;
            }
            Action::Keep(_) if row.kept.is_some() => {}
            Action::Keep(reason) => *kept.entry((row.node, reason, row.standing)).or_default() += 1,
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
    plan
}

fn masked_field((field, mask): (&String, &crate::datamap::Masking)) -> MaskedField {
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
