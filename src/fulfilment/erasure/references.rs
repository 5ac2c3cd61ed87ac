//! Who refers to the rows of an erasure: every row of every table, in the datasets or not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::super::FulfilmentError;
use super::super::search::place::Place;
use super::super::search::row_name::Naming;
use super::super::search::trace::Trace;
use super::super::search::values::{Spelling, key_match};
use super::super::standing::Standing;
use super::candidates::{Action, Candidate, Candidates};
use crate::connectors::{Column, Key, KeyChange, Match, Row, Select, Table, TableName};
use crate::datamap::NodeId;
use crate::domain::ids::SystemId;

/// A row that refers to a candidate.
pub(in crate::fulfilment) struct Referrer {
    /// The candidate referred to.
    pub(in crate::fulfilment) target: usize,
    /// The candidate that refers, when it is one.
    pub(in crate::fulfilment) candidate: Option<usize>,
    /// Which reference it is.
    pub(in crate::fulfilment) way: usize,
}

/// A reference from one table to another.
pub(in crate::fulfilment) struct Way {
    pub(in crate::fulfilment) system: SystemId,
    pub(in crate::fulfilment) table: TableName,
    naming: Naming,
    pub(in crate::fulfilment) columns: Vec<String>,
    pub(in crate::fulfilment) to_columns: Vec<String>,
    /// The foreign key's name; `None` where only the dataset knows of the reference.
    pub(in crate::fulfilment) foreign_key: Option<String>,
    /// What the database does when the key referred to changes.
    pub(in crate::fulfilment) on_update: KeyChange,
    spellings: Vec<Spelling>,
    /// The referring columns as they stand in their table.
    live: Vec<Column>,
}

/// All references to the rows that would go.
#[derive(Default)]
pub(in crate::fulfilment) struct References {
    pub(in crate::fulfilment) ways: Vec<Way>,
    pub(in crate::fulfilment) found: Vec<Referrer>,
    /// Who refers by a foreign key to a key that is masked.
    pub(in crate::fulfilment) held: Vec<Referrer>,
}

impl References {
    /// Looks for the rows that refer to rows to be deleted, and to context that would change.
    pub(in crate::fulfilment) fn gather(
        trace: &mut Trace<'_>,
        candidates: &Candidates,
    ) -> Result<Self, FulfilmentError> {
        let mut references = Self::default();
        let mut going: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
        for (index, candidate) in candidates.rows.iter().enumerate() {
            let is_context = candidate.standing == Standing::Context;
            match candidate.action {
                Action::Delete => going.entry(candidate.node).or_default().push(index),
                Action::Mask(_) if is_context => going.entry(candidate.node).or_default().push(index),
                _ => {}
            }
        }
        for (node, targets) in going {
            let context = targets.iter().any(|t| candidates.rows[*t].standing == Standing::Context);
            for way in ways_to(trace, node, context)? {
                let found = references.look(trace, candidates, &targets, way)?;
                references.found.extend(found);
            }
        }
        references.gather_held(trace, candidates)?;
        Ok(references)
    }

    /// Looks for the rows that refer to keys which are masked.
    fn gather_held(&mut self, trace: &mut Trace<'_>, candidates: &Candidates) -> Result<(), FulfilmentError> {
        let nodes: BTreeSet<NodeId> =
            candidates.rows.iter().filter(|row| matches!(row.action, Action::Mask(_))).map(|row| row.node).collect();
        for node in nodes {
            for way in trace.places.get(node).map(foreign_keys_to).unwrap_or_default() {
                let changes = |row: &Candidate| match &row.action {
                    Action::Mask(set) => row.node == node && way.to_columns.iter().any(|c| set.contains_key(c)),
                    _ => false,
                };
                let rows = candidates.rows.iter().enumerate();
                let targets: Vec<usize> = rows.filter(|(_, row)| changes(row)).map(|(index, _)| index).collect();
                let held = self.look(trace, candidates, &targets, way)?;
                self.held.extend(held);
            }
        }
        Ok(())
    }

    fn look(
        &mut self,
        trace: &mut Trace<'_>,
        candidates: &Candidates,
        targets: &[usize],
        way: Way,
    ) -> Result<Vec<Referrer>, FulfilmentError> {
        let mut found = Vec::new();
        let mut keys: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        let mut plain: Vec<Vec<String>> = Vec::new();
        for target in targets {
            let row = &candidates.rows[*target];
            let key: Option<Vec<String>> =
                way.to_columns.iter().map(|c| candidates.value(row, c).map(str::to_owned)).collect();
            let Some(key) = key else { continue };
            keys.entry(way.canonical(key.iter().map(String::as_str))).or_default().push(*target);
            plain.push(key);
        }
        let holder = trace.places.iter().find(|p| p.system == way.system && p.table_name == way.table).map(|p| p.node);
        if let Some(holder) = way.is_swept(trace, holder, candidates, targets) {
            found.extend(way.referrers_among(candidates, holder, &keys, self.ways.len()));
            self.ways.push(way);
            return Ok(found);
        }
        let Some(one) = way.matching(&plain) else { return Ok(found) };
        let any_of = [one];
        let columns = way.read_columns();
        let select = Select { table: &way.table, columns: &columns, any_of: &any_of };
        let number = self.ways.len();
        trace.snapshot.select(&way.system, &select, |row| {
            let Some(held) = way.held(row) else { return Ok(()) };
            let Some(targets) = keys.get(&held) else { return way.unexplained() };
            let named = holder.zip(way.key_of(row));
            if let Some((node, key)) = &named
                && candidates.is_settled(*node, key)?
            {
                // It is gone, or has let go, before what it refers to.
                return Ok(());
            }
            let candidate = named.and_then(|(node, key)| candidates.find(node, &key));
            let others = targets.iter().filter(|target| candidate != Some(**target));
            found.extend(others.map(|target| Referrer { target: *target, candidate, way: number }));
            Ok(())
        })?;
        self.ways.push(way);
        Ok(found)
    }
}

impl Way {
    /// A reference that only a dataset knows of; `None` when a column is not there.
    pub(in crate::fulfilment) fn new(
        system: &SystemId,
        name: &TableName,
        table: &Table,
        columns: &[String],
        target: &Table,
        to_columns: &[String],
    ) -> Option<Self> {
        let spelling = |(c, to): (&String, &String)| Some(Spelling::collated(table.column(c)?, target.column(to)?));
        Some(Self {
            system: system.clone(),
            table: name.clone(),
            naming: Naming::of(table),
            columns: columns.to_vec(),
            to_columns: to_columns.to_vec(),
            foreign_key: None,
            on_update: KeyChange::Refuses,
            spellings: columns.iter().zip(to_columns).map(spelling).collect::<Option<_>>()?,
            live: columns.iter().map(|c| table.column(c).cloned()).collect::<Option<_>>()?,
        })
    }

    /// The foreign key's name.
    pub(in crate::fulfilment) fn name(&self) -> &str {
        self.foreign_key.as_deref().unwrap_or("of the dataset")
    }

    /// The columns to read of the referring table, for [`Way::held`] and [`Way::key_of`].
    pub(in crate::fulfilment) fn read_columns(&self) -> Vec<String> {
        self.columns.iter().chain(self.naming.columns()).cloned().collect()
    }

    /// What to look for in the referring table; a composite key is compared whole on the rows that come back.
    pub(in crate::fulfilment) fn matching(&self, keys: &[Vec<String>]) -> Option<Match> {
        let parts: Vec<_> = self.live.iter().zip(self.spellings.iter().copied()).collect();
        key_match(&parts, keys)
    }

    pub(in crate::fulfilment) fn canonical<'v>(&self, key: impl Iterator<Item = &'v str>) -> Vec<String> {
        key.zip(&self.spellings).map(|(text, s)| s.canonical(text).into_owned()).collect()
    }

    /// The key that a candidate holds in `columns`; `None` where a part of it is NULL.
    pub(in crate::fulfilment) fn canonical_of(
        &self,
        candidates: &Candidates,
        row: &Candidate,
        columns: &[String],
    ) -> Option<Vec<String>> {
        let key: Option<Vec<&str>> = columns.iter().map(|column| candidates.value(row, column)).collect();
        key.map(|key| self.canonical(key.into_iter()))
    }

    /// The key that a row of the referring table holds.
    pub(in crate::fulfilment) fn held(&self, row: &Row) -> Option<Vec<String>> {
        let key: Option<Vec<&str>> = (0..self.columns.len()).map(|at| row.get(at)).collect();
        key.map(|key| self.canonical(key.into_iter()))
    }

    /// The collection of the referring table, where the search has found every row of it that refers to one of the targets.
    fn is_swept(
        &self,
        trace: &Trace<'_>,
        holder: Option<NodeId>,
        candidates: &Candidates,
        targets: &[usize],
    ) -> Option<NodeId> {
        let to = candidates.rows[*targets.first()?].node;
        let alike = |target: &usize| {
            let row = &candidates.rows[*target];
            row.standing == Standing::Own && row.node == to
        };
        let swept = |from: &NodeId| trace.sweeps_all((*from, &self.columns), (to, &self.to_columns));
        holder.filter(|from| targets.iter().all(alike) && swept(from))
    }

    /// Who refers, where that is known of all candidates; those that go are gone before what they refer to. What nothing tells
    /// from other rows is none that could go first.
    fn referrers_among(
        &self,
        candidates: &Candidates,
        holder: NodeId,
        keys: &HashMap<Vec<String>, Vec<usize>>,
        number: usize,
    ) -> Vec<Referrer> {
        let rows = candidates.rows.iter().enumerate().filter(|(_, row)| row.node == holder);
        let referring = rows.filter_map(|(at, row)| {
            let targets = keys.get(&self.canonical_of(candidates, row, &self.columns)?)?;
            Some(((!row.key.0.expose().is_empty()).then_some(at), targets))
        });
        let others = referring.flat_map(|(candidate, targets)| {
            targets.iter().filter(move |target| candidate != Some(**target)).map(move |target| (candidate, *target))
        });
        others.map(|(candidate, target)| Referrer { target, candidate, way: number }).collect()
    }

    /// A row came back that holds none of the keys looked for. Of a composite key only a part is looked for; but a key of
    /// one column that the database finds the same (under a collation that `canonical` does not follow) refers.
    pub(in crate::fulfilment) fn unexplained(&self) -> Result<(), FulfilmentError> {
        match (self.columns.as_slice(), self.spellings.as_slice()) {
            ([_], [Spelling::Collated { .. }]) => {
                Err(FulfilmentError::Unexplained { system: self.system.clone(), table: self.table.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// What names a row of the referring table.
    pub(in crate::fulfilment) fn key_of(&self, row: &Row) -> Option<Key> {
        self.naming.name(row.iter().skip(self.columns.len()))
    }
}

/// The foreign keys at a collection's table, and for context the references that only the datasets know of.
fn ways_to(trace: &Trace<'_>, node: NodeId, context: bool) -> Result<Vec<Way>, FulfilmentError> {
    let Some(place) = trace.places.get(node) else { return Ok(Vec::new()) };
    let mut ways = foreign_keys_to(place);
    if !context {
        return Ok(ways);
    }
    let graph = trace.systems.graph();
    for (_, pointer) in graph.pointers_to(node) {
        let holder = graph.node(pointer.from);
        if !trace.systems.has_tables(&holder.system) {
            // Such a row of context is kept anyway.
            continue;
        }
        let schema = match trace.places.schema(&holder.system) {
            Some(schema) => Arc::clone(schema),
            None => trace.systems.schema(&holder.system)?,
        };
        let table = schema.qualified(holder.table());
        let columns: Vec<String> = pointer.from_columns().map(str::to_owned).collect();
        let to_columns: Vec<String> = pointer.to_columns().map(str::to_owned).collect();
        let known = ways.iter().any(|w| {
            w.system == holder.system && w.table == table && w.columns == columns && w.to_columns == to_columns
        });
        if !known {
            let live = schema.table(&table);
            let way = live.and_then(|t| Way::new(&holder.system, &table, t, &columns, place.table(), &to_columns));
            ways.extend(way);
        }
    }
    Ok(ways)
}

/// The foreign keys at a collection's table, from wherever in its database.
pub(in crate::fulfilment) fn foreign_keys_to(place: &Place) -> Vec<Way> {
    let schema = &place.schema;
    let mut ways = Vec::new();
    for (name, table) in &schema.tables {
        for key in table.foreign_keys.iter().filter(|k| schema.qualified(&k.to) == place.table_name) {
            let way = Way::new(&place.system, name, table, &key.columns, place.table(), &key.to_columns);
            ways.extend(way.map(|way| Way { foreign_key: Some(key.name.clone()), on_update: key.on_update, ..way }));
        }
    }
    ways
}
