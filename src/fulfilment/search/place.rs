//! A collection as it stands in its live table: which columns link it to persons, and in which order they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{FulfilmentError, Systems};
use super::values::Spelling;
use crate::connectors::{Column, Comparison, LiveSchema, Row, Table, TableName};
use crate::datamap::{Collection, Graph, Node, NodeId, PhoneWriting, PointerId};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::SystemId;
use crate::domain::telephone;

/// A field that holds an identifier.
pub(in crate::fulfilment) struct IdentityLink {
    pub(in crate::fulfilment) column: String,
    pub(in crate::fulfilment) kind: IdentityKind,
    pub(in crate::fulfilment) spelling: Spelling,
    /// How telephone numbers are written in it; the controller's country is filled in.
    pub(in crate::fulfilment) phone: PhoneWriting,
    /// Where the trace reads it.
    pub(in crate::fulfilment) at: usize,
}

impl IdentityLink {
    pub(in crate::fulfilment) fn comparison(&self) -> Comparison {
        match self.kind {
            IdentityKind::Email => Comparison::IgnoreCase,
            IdentityKind::Phone if self.phone == PhoneWriting::E164 => Comparison::Exact,
            IdentityKind::Phone => Comparison::PhoneDigits,
            IdentityKind::AccountId => Comparison::Exact,
        }
    }

    /// What is looked for in the column to find an identifier in its normalised form.
    pub(in crate::fulfilment) fn wanted(&self, identifier: &str) -> BTreeSet<String> {
        match (self.kind, &self.phone) {
            (IdentityKind::Phone, PhoneWriting::Any) => telephone::spellings(identifier, None),
            (IdentityKind::Phone, PhoneWriting::Country(country)) => telephone::spellings(identifier, Some(country)),
            (IdentityKind::Email, _) => BTreeSet::from([identifier.to_lowercase()]),
            _ => BTreeSet::from([identifier.to_owned()]),
        }
    }
}

/// One end of a pointer in a collection: the columns that hold the key, and how it is compared.
pub(in crate::fulfilment) struct PointerEnd {
    pub(in crate::fulfilment) id: PointerId,
    pub(in crate::fulfilment) columns: Vec<String>,
    /// Where the trace reads them.
    pub(in crate::fulfilment) at: Vec<usize>,
    pub(in crate::fulfilment) spellings: Vec<Spelling>,
    /// Whether the other end belongs to persons, so that the pointer says whose a row is.
    pub(in crate::fulfilment) person: bool,
    pub(in crate::fulfilment) down: bool,
    pub(in crate::fulfilment) up: bool,
    /// The collection at the other end.
    pub(in crate::fulfilment) other: NodeId,
    /// Whether every column is NOT NULL.
    pub(in crate::fulfilment) required: bool,
    /// Whether no two rows that are pointed at have the same key, as keys are compared here.
    pub(in crate::fulfilment) tells_apart: bool,
}

impl PointerEnd {
    /// The key that a row holds, as texts; `None` when a part of it is NULL, as in SQL.
    pub(in crate::fulfilment) fn key(&self, row: &Row) -> Option<Vec<String>> {
        self.at.iter().map(|at| row.get(*at).map(str::to_owned)).collect()
    }

    /// A key in the spelling in which it is compared.
    pub(in crate::fulfilment) fn canonical(&self, key: &[String]) -> Vec<String> {
        key.iter().zip(&self.spellings).map(|(text, s)| s.canonical(text).into_owned()).collect()
    }
}

/// A collection that is searched.
pub(in crate::fulfilment) struct Place {
    pub(in crate::fulfilment) node: NodeId,
    pub(in crate::fulfilment) system: SystemId,
    pub(in crate::fulfilment) dataset: String,
    pub(in crate::fulfilment) collection: Collection,
    pub(in crate::fulfilment) table_name: TableName,
    pub(in crate::fulfilment) schema: Arc<LiveSchema>,
    /// The columns the trace reads: identities, and both ends of pointers.
    pub(in crate::fulfilment) columns: Vec<String>,
    pub(in crate::fulfilment) identities: Vec<IdentityLink>,
    /// The pointers its rows hold.
    pub(in crate::fulfilment) pointers: Vec<PointerEnd>,
    /// The pointers at its rows.
    pub(in crate::fulfilment) pointed: Vec<PointerEnd>,
    /// Where the trace reads its primary key; empty where it need not.
    pub(in crate::fulfilment) key_at: Vec<usize>,
}

impl Place {
    pub(in crate::fulfilment) fn table(&self) -> &Table {
        self.schema.table(&self.table_name).expect("a place is made for a table that is there")
    }

    /// Whether the database computes a column from others.
    pub(in crate::fulfilment) fn computes(&self, column: &str) -> bool {
        self.schema.computes(&self.table_name, column)
    }

    /// Whether nothing leads on from its rows, so that the trace need not read them.
    pub(in crate::fulfilment) fn is_leaf(&self) -> bool {
        let kinds: BTreeSet<IdentityKind> = self.identities.iter().map(|i| i.kind).collect();
        !self.pointed.iter().any(|p| p.person) && !self.pointers.iter().any(|p| p.up) && kinds.len() < 2
    }

    /// The fields of the dataset that the table has.
    pub(in crate::fulfilment) fn fields(&self) -> impl Iterator<Item = (&crate::datamap::Field, &Column)> {
        self.collection.fields.iter().filter_map(|f| Some((f, self.table().column(&f.name)?)))
    }
}

/// Every searched collection, and what does not fit.
pub(in crate::fulfilment) struct Places {
    pub(in crate::fulfilment) all: Vec<Option<Place>>,
    /// The schemas of the systems that are searched, as they were when the search began.
    schemas: BTreeMap<SystemId, Arc<LiveSchema>>,
    /// Sentences that name tables and columns.
    pub(in crate::fulfilment) misfits: Vec<String>,
}

impl Places {
    pub(in crate::fulfilment) fn bind(systems: &Systems) -> Result<Self, FulfilmentError> {
        let graph = systems.graph();
        let mut tables = Tables::new();
        let (mut misfits, mut schemas) = (Vec::new(), BTreeMap::new());
        let searched = |n: &Node| !n.collection.skip_processing && systems.has_tables(&n.system);
        for (id, node) in graph.nodes().filter(|(_, n)| searched(n)) {
            let schema = systems.schema(&node.system)?;
            schemas.insert(node.system.clone(), Arc::clone(&schema));
            let Some(table) = schema.table(node.table()) else {
                misfits.push(format!("system {} has no table {}", node.system, node.table()));
                continue;
            };
            for field in node.collection.fields.iter().filter(|f| table.column(&f.name).is_none()) {
                misfits.push(format!("table {} of system {} has no column {}", node.table(), node.system, field.name));
            }
            let name = schema.qualified(node.table());
            tables.insert(id, (schema, name));
        }
        // What an erasure asks who refers to context is asked while connections are held.
        for (_, pointer) in graph.pointers().filter(|(_, pointer)| tables.contains_key(&pointer.to)) {
            let system = &graph.node(pointer.from).system;
            if systems.has_tables(system)
                && !schemas.contains_key(system)
                && let Ok(schema) = systems.schema(system)
            {
                schemas.insert(system.clone(), schema);
            }
        }
        // A pointer at rows that cannot be looked at, a service's or those of a system that is switched off, stays: for
        // all that is known it is somebody else whom it names.
        let all = graph.nodes().map(|(id, _)| tables.contains_key(&id).then(|| place(systems, id, &tables))).collect();
        Ok(Self { all, schemas, misfits })
    }

    /// The schema of a system that is searched: known since before the first connection was taken, so nobody who holds
    /// one waits for another to look at it.
    pub(in crate::fulfilment) fn schema(&self, system: &SystemId) -> Option<&Arc<LiveSchema>> {
        self.schemas.get(system)
    }

    /// Has the trace read a collection's primary key as well; `false` where it is not searched, or has another key.
    pub(in crate::fulfilment) fn reads_keys(&mut self, node: NodeId, key: &[String]) -> bool {
        let Some(place) = &mut self.all[node.index()] else { return false };
        if place.table().row_key() != key {
            let why = "has another key than when rows of it were kept, so these cannot be found";
            self.misfits.push(format!("table {} of system {} {why}", place.table_name, place.system));
            return false;
        }
        let mut columns = Columns(std::mem::take(&mut place.columns));
        place.key_at = key.iter().map(|name| columns.index(name)).collect();
        place.columns = columns.0;
        true
    }

    pub(in crate::fulfilment) fn get(&self, node: NodeId) -> Option<&Place> {
        self.all[node.index()].as_ref()
    }

    pub(in crate::fulfilment) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.all.iter().flatten()
    }
}

/// A collection of which a service handed rows over, as if it stood in a table with those columns.
pub(in crate::fulfilment) fn handed(systems: &Systems, node: NodeId, columns: Vec<Column>) -> Place {
    let graph = systems.graph();
    let name = graph.node(node).table().clone();
    let table = Table {
        columns,
        primary_key: Vec::new(),
        row_id: None,
        unique: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let schema = LiveSchema { tables: BTreeMap::from([(name.clone(), table)]), ..LiveSchema::default() };
    let mut place = place(systems, node, &Tables::from([(node, (Arc::new(schema), name))]));
    // Only keys of rows that were searched here are known as the person's.
    place.pointers.retain(|end| systems.has_tables(&graph.node(end.other).system));
    place.pointed.clear();
    place
}

type Tables = BTreeMap<NodeId, (Arc<LiveSchema>, TableName)>;

fn table(tables: &Tables, node: NodeId) -> Option<&Table> {
    let (schema, table) = tables.get(&node)?;
    schema.table(table)
}

fn live<'t>(tables: &'t Tables, node: NodeId, name: &str) -> Option<&'t Column> {
    table(tables, node)?.column(name)
}

fn place(systems: &Systems, id: NodeId, tables: &Tables) -> Place {
    let graph = systems.graph();
    let node = graph.node(id);
    let (schema, table_name) = tables[&id].clone();
    let mut columns = Columns::default();
    let mut identities = Vec::new();
    for field in &node.collection.fields {
        if let (Some(kind), Some(live)) = (field.identity, live(tables, id, &field.name)) {
            let spelling = match schema.table(&table_name) {
                Some(table) => Spelling::telling_apart(live, live, table, &[&field.name]),
                None => Spelling::of(live),
            };
            let (column, at) = (field.name.clone(), columns.index(&field.name));
            let phone = match (&field.phone, systems.country()) {
                (PhoneWriting::Any, Some(country)) => PhoneWriting::Country(country.to_owned()),
                (writing, _) => writing.clone(),
            };
            identities.push(IdentityLink { column, kind, spelling, phone, at });
        }
    }
    let mut end = |pointer, own_is_from| pointer_end(graph, pointer, own_is_from, tables, &mut columns);
    let pointers = graph.pointers_from(id).filter_map(|(p, _)| end(p, true)).collect();
    let pointed = graph.pointers_to(id).filter_map(|(p, _)| end(p, false)).collect();
    Place {
        node: id,
        system: node.system.clone(),
        dataset: node.dataset.clone(),
        collection: node.collection.clone(),
        table_name,
        schema,
        columns: columns.0,
        identities,
        pointers,
        pointed,
        key_at: Vec::new(),
    }
}

/// Columns that are read, each once.
#[derive(Default)]
pub(in crate::fulfilment) struct Columns(pub(in crate::fulfilment) Vec<String>);

impl Columns {
    /// Where a column is read; one that is not yet is read behind the others.
    pub(in crate::fulfilment) fn index(&mut self, name: &str) -> usize {
        self.0.iter().position(|c| c == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

/// One end of a pointer; `None` when a column of it is not there.
fn pointer_end(
    graph: &Graph,
    id: PointerId,
    own_is_from: bool,
    tables: &Tables,
    columns: &mut Columns,
) -> Option<PointerEnd> {
    let pointer = graph.pointer(id);
    let (own, other) = if own_is_from { (pointer.from, pointer.to) } else { (pointer.to, pointer.from) };
    let person = graph.belongs_to_persons(pointer.to);
    let to_columns: Vec<&str> = pointer.to_columns().collect();
    let mut end = PointerEnd {
        id,
        columns: Vec::new(),
        at: Vec::new(),
        spellings: Vec::new(),
        person,
        down: pointer.down && person,
        up: pointer.up,
        other,
        required: true,
        tells_apart: table(tables, pointer.to).is_some_and(|target| target.tells_apart(&to_columns)),
    };
    for (from, to) in &pointer.columns {
        let (own_name, other_name) = if own_is_from { (from, to) } else { (to, from) };
        let column = live(tables, own, own_name)?;
        // The other end may be a table that is not searched: its own type then says how keys are spelled.
        let spelling = match (live(tables, other, other_name), table(tables, pointer.to)) {
            (Some(other), Some(target)) => Spelling::telling_apart(column, other, target, &to_columns),
            _ => Spelling::of(column),
        };
        let (target, target_name) = if own_is_from { (other, other_name) } else { (own, own_name) };
        let in_target = live(tables, target, target_name).zip(table(tables, target));
        // A text that is compared as a number is not as unique as it was.
        end.tells_apart &=
            in_target.is_some_and(|(c, table)| spelling == Spelling::telling_apart(c, c, table, &to_columns));
        end.required &= !column.nullable;
        end.at.push(columns.index(own_name));
        end.columns.push(own_name.clone());
        end.spellings.push(spelling);
    }
    Some(end)
}
