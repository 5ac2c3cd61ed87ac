//! The steps of one system's transaction, in the order in which its database takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::manifest::{Guard, ManifestRow, Step, StepAction, SystemManifest, TableRef};
use super::super::search::place::{Place, Places};
use super::candidates::{Action, Candidate, Candidates};
use super::drawn::Drawn;
use super::joined::Joined;
use super::masks::{Masks, constant};
use super::order::{Order, order};
use super::references::foreign_keys_to;
use super::rekeyed;
use super::settled::{Group, Settled};
use crate::connectors::{KeyChange, TableName};
use crate::datamap::{Graph, NodeId};
use crate::domain::ids::SystemId;
use crate::domain::masking::Masking;
use crate::domain::personal::Personal;

/// All that a manifest is made of.
pub(in crate::fulfilment) struct Whole<'a> {
    pub(in crate::fulfilment) places: &'a Places,
    pub(in crate::fulfilment) graph: &'a Graph,
    pub(in crate::fulfilment) candidates: &'a Candidates,
    pub(in crate::fulfilment) joined: &'a Joined,
    pub(in crate::fulfilment) drawn: &'a Drawn,
    pub(in crate::fulfilment) settled: BTreeMap<NodeId, Settled>,
}

/// A system's rows by what is done with them.
#[derive(Default)]
struct Sorted<'a> {
    deletes: BTreeMap<TableName, (NodeId, Vec<Numbered<'a>>)>,
    /// What lets go before anything else.
    let_go: Vec<Step>,
    masks: Vec<Step>,
    /// What gets another key, or follows one.
    rekeyed: Vec<(TableName, Step)>,
}

impl Whole<'_> {
    /// First what must let go, then masks, deletions children first, and last what gets another key: what refers to it is
    /// then gone, has let go, or follows.
    pub(in crate::fulfilment) fn system_manifest(&mut self, system: &SystemId) -> (SystemManifest, Order) {
        let mut settled = std::mem::take(&mut self.settled);
        let mut sorted = self.sorted(system);
        for (node, of) in &mut settled {
            let Some(place) = self.places.get(*node).filter(|place| place.system == *system) else { continue };
            for group in of.groups_mut() {
                if matches!(group.treatment.action, Action::Mask(_)) {
                    sorted.masks.push(self.settled_step(place, group));
                } else {
                    sorted.deletes.entry(place.table_name.clone()).or_insert((place.node, Vec::new()));
                }
            }
        }
        let order = delete_order(self.places, self.graph, &sorted.deletes);
        let mut steps = sorted.let_go;
        steps.append(&mut sorted.masks);
        let (mut guards, mut last) = (Vec::new(), Vec::new());
        for (node, rows) in order.tables.iter().filter_map(|table| sorted.deletes.get(table)) {
            let Some(place) = self.places.get(*node) else { continue };
            if let Some(columns) = order.cut.get(&place.table_name) {
                let columns: Vec<String> = columns.iter().cloned().collect();
                steps.extend(self.steps(place, &StepAction::Detach { columns }, rows));
            }
            last.extend(self.steps(place, &StepAction::Delete, rows));
            let groups = settled.get_mut(node).into_iter().flat_map(|of| of.groups_mut());
            let going = groups.filter(|group| group.treatment.action == Action::Delete);
            last.extend(going.map(|group| self.settled_step(place, group)));
            guards.extend(guards_of(place));
        }
        steps.append(&mut last);
        let defer = self.rekey(system, sorted.rekeyed, &mut steps, &mut guards);
        self.settled = settled;
        (SystemManifest { system: system.clone(), steps, guards, defer, mark: None, changed: BTreeSet::new() }, order)
    }

    /// What is done with each row of a system.
    fn sorted(&self, system: &SystemId) -> Sorted<'_> {
        let mut sorted = Sorted::default();
        for (node, rows) in self.rows_in(system) {
            let Some(place) = self.places.get(node) else { continue };
            let mut alike: BTreeMap<(&Masks, bool), Vec<Numbered<'_>>> = BTreeMap::new();
            for row in rows {
                match &row.1.action {
                    Action::Delete => {
                        let (_, rows) = sorted.deletes.entry(place.table_name.clone()).or_insert((node, Vec::new()));
                        rows.push(row);
                    }
                    Action::Mask(masks) => alike.entry((masks, row.1.kept.is_some())).or_default().push(row),
                    Action::Keep(_) => {}
                }
            }
            for ((masks, kept), rows) in alike {
                let set = self.constants(node, masks);
                let steps = self.steps(place, &StepAction::Mask { set }, &rows).map(|step| Step { kept, ..step });
                if !rekeyed::changes_keys(place, masks) {
                    sorted.masks.extend(steps);
                    continue;
                }
                let columns = rekeyed::let_go(place, masks);
                if !columns.is_empty() {
                    sorted.let_go.extend(self.steps(place, &StepAction::Detach { columns }, &rows));
                }
                sorted.rekeyed.extend(steps.map(|step| (place.table_name.clone(), step)));
            }
        }
        sorted
    }

    /// Adds the steps that change keys, parents first; gives whether the database is to wait with looking at references.
    fn rekey(
        &self,
        system: &SystemId,
        mut rekeyed: Vec<(TableName, Step)>,
        steps: &mut Vec<Step>,
        guards: &mut Vec<Guard>,
    ) -> bool {
        let Some(schema) = self.places.iter().find(|p| p.system == *system).map(|p| &p.schema) else { return false };
        let tables: BTreeSet<TableName> = rekeyed.iter().map(|(table, _)| table.clone()).collect();
        let parents_last = order(schema, &tables, &[]).tables;
        rekeyed.sort_by_key(|(table, _)| std::cmp::Reverse(parents_last.iter().position(|t| t == table)));
        steps.extend(rekeyed.into_iter().map(|(_, step)| step));
        for place in self.places.iter().filter(|p| p.system == *system && tables.contains(&p.table_name)) {
            let more: Vec<Guard> = guards_of(place).filter(|guard| !guards.contains(guard)).collect();
            guards.extend(more);
        }
        let keys = tables.iter().filter_map(|table| schema.table(table)).flat_map(|table| &table.foreign_keys);
        keys.into_iter().any(|key| key.on_update == KeyChange::Waits)
    }

    fn rows_in(&self, system: &SystemId) -> BTreeMap<NodeId, Vec<Numbered<'_>>> {
        let mut nodes: BTreeMap<NodeId, Vec<Numbered<'_>>> = BTreeMap::new();
        for (index, row) in self.candidates.rows.iter().enumerate() {
            if self.places.get(row.node).is_some_and(|p| p.system == *system) {
                nodes.entry(row.node).or_default().push((index, row));
            }
        }
        nodes
    }

    /// The masks that every row gets alike.
    fn constants(&self, node: NodeId, masks: &Masks) -> BTreeMap<String, Option<String>> {
        let value = |(column, mask): (&String, &Masking)| match mask {
            // Also of columns that no dataset describes, where they must let go.
            Masking::NullRewrite => Some((column.clone(), None)),
            mask => Some((column.clone(), constant(mask, &self.joined.class(node, column)?.slot)?)),
        };
        masks.iter().filter_map(value).collect()
    }

    /// One step for the rows that their key names, and before it one for those that only the row id does: NULL in a key
    /// may refer, and is not referred to.
    fn steps<'r>(
        &self,
        place: &Place,
        action: &StepAction,
        rows: &[Numbered<'r>],
    ) -> impl Iterator<Item = Step> + use<'r> {
        let naming = &self.candidates.shapes[&place.node].naming;
        let (lasting, others): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|(_, row)| naming.lasts(&row.key));
        let groups = [others, lasting].into_iter().filter(|rows| !rows.is_empty());
        groups.map(|rows| self.step(place, action.clone(), &rows)).collect::<Vec<_>>().into_iter()
    }

    fn step(&self, place: &Place, action: StepAction, rows: &[Numbered<'_>]) -> Step {
        let shape = &self.candidates.shapes[&place.node];
        let masked = matches!(action, StepAction::Mask { .. });
        let row = |(index, row): &Numbered<'_>| ManifestRow {
            key: row.key.clone(),
            fingerprint: Personal::new(row.fingerprint.clone()),
            masks: if masked { self.drawn.of(*index) } else { BTreeMap::new() },
        };
        Step {
            dataset: place.dataset.clone(),
            collection: place.collection.name.clone(),
            table: TableRef::from(&place.table_name),
            key_columns: rows.first().map(|(_, row)| shape.naming.columns_of(&row.key)).unwrap_or_default(),
            columns: shape.columns.clone(),
            action,
            kept: false,
            rows: rows.iter().map(row).collect(),
            parts: None,
        }
    }

    fn settled_step(&self, place: &Place, group: &mut Group) -> Step {
        let action = match &group.treatment.action {
            Action::Mask(masks) => {
                let mut set = self.constants(place.node, masks);
                set.retain(|_, value| value.is_none() || !group.treatment.varied);
                StepAction::Mask { set }
            }
            _ => StepAction::Delete,
        };
        let (rows, parts) = group.rows();
        Step { key_columns: place.table().row_key().to_vec(), rows, parts, ..self.step(place, action, &[]) }
    }
}

/// A row with its place among the candidates.
type Numbered<'a> = (usize, &'a Candidate);

fn delete_order(places: &Places, graph: &Graph, deletes: &BTreeMap<TableName, (NodeId, Vec<Numbered<'_>>)>) -> Order {
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
