//! All datasets of a controller as one graph: collections, and the pointers along which a person's rows are found.

use std::collections::BTreeMap;

use super::dataset::Dataset;
use super::pointers::ErasureOrder;
use super::{Collection, pointers, reach};
use crate::connectors::TableName;
use crate::domain::finding::{Finding, Severity};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::SystemId;

/// A collection in a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) usize);

impl NodeId {
    /// Its place among [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// A pointer in a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointerId(pub(super) usize);

impl PointerId {
    /// Its place among [`Graph::pointers`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// One collection of one system.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The system that holds it.
    pub system: SystemId,
    /// The dataset that describes it.
    pub dataset: String,
    /// The file of the dataset.
    pub file: String,
    /// Its description.
    pub collection: Collection,
}

impl Node {
    /// The table in the system's database.
    pub fn table(&self) -> &TableName {
        &self.collection.table
    }

    /// Whether a field of it holds identifiers of that kind.
    pub fn has_identity(&self, kind: IdentityKind) -> bool {
        self.collection.fields.iter().any(|field| field.identity == Some(kind))
    }
}

/// The rows of `from` hold keys of rows of `to`: `from` points at `to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointer {
    /// The collection that holds the reference.
    pub from: NodeId,
    /// The collection referred to.
    pub to: NodeId,
    /// The columns of `from` beside the columns of `to` they hold; several make one composite key.
    pub columns: Vec<(String, String)>,
    /// Whether a row of `from` belongs to whom the row of `to` belongs.
    pub down: bool,
    /// Whether a row of `to` is context of the row of `from`.
    pub up: bool,
    /// The file that declares it.
    pub file: String,
    /// The line that declares it.
    pub line: usize,
}

impl Pointer {
    /// The referring columns, in the order of [`Pointer::to_columns`].
    pub fn from_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(from, _)| from.as_str())
    }

    /// The columns referred to.
    pub fn to_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(_, to)| to.as_str())
    }
}

/// The collections of all systems of one controller and the pointers between them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    pointers: Vec<Pointer>,
    erasure: ErasureOrder,
    owned: Vec<bool>,
    warnings: Vec<Finding>,
}

impl Graph {
    /// Joins the datasets of one controller.
    ///
    /// # Errors
    /// References to what is not there and names given twice, each with its line; warnings come along.
    pub fn build(datasets: &[(SystemId, Dataset)]) -> Result<Self, Vec<Finding>> {
        let mut findings: Vec<Finding> = datasets.iter().flat_map(|(_, d)| d.warnings.clone()).collect();
        let mut nodes = Vec::new();
        let mut names: BTreeMap<&str, &Dataset> = BTreeMap::new();
        for (system, dataset) in datasets {
            if let Some(first) = names.insert(&dataset.key, dataset) {
                let message =
                    format!("dataset `{}` is described in {}:{} already", dataset.key, first.file, first.line);
                findings.push(finding(&dataset.file, dataset.line, Severity::Error, message));
            }
            nodes.extend(dataset.collections.iter().map(|collection| Node {
                system: system.clone(),
                dataset: dataset.key.clone(),
                file: dataset.file.clone(),
                collection: collection.clone(),
            }));
        }
        let pointers = pointers::resolve(&nodes, &mut findings);
        let erasure = pointers::erasure_order(&nodes, &mut findings);
        reach::warn_unreached(&nodes, &pointers, &mut findings);
        warn_missing_keys(&nodes, &mut findings);
        warn_two_numberings(&nodes, &mut findings);
        if findings.iter().any(|f| f.severity == Severity::Error) {
            return Err(findings);
        }
        let owned = reach::owned(&nodes, &pointers);
        Ok(Self { nodes, pointers, erasure, owned, warnings: findings })
    }

    /// What is odd in the datasets without making them unusable.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Every collection, in the order of systems and files.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, n)| (NodeId(i), n))
    }

    /// One collection.
    ///
    /// # Panics
    /// When the id is another graph's.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The collection of that name.
    pub fn find(&self, dataset: &str, collection: &str) -> Option<NodeId> {
        self.nodes().find(|(_, n)| n.dataset == dataset && n.collection.name == collection).map(|(id, _)| id)
    }

    /// Every pointer.
    pub fn pointers(&self) -> impl Iterator<Item = (PointerId, &Pointer)> {
        self.pointers.iter().enumerate().map(|(i, p)| (PointerId(i), p))
    }

    /// One pointer.
    ///
    /// # Panics
    /// When the id is another graph's.
    pub fn pointer(&self, id: PointerId) -> &Pointer {
        &self.pointers[id.0]
    }

    /// The pointers that the rows of a collection hold.
    pub fn pointers_from(&self, node: NodeId) -> impl Iterator<Item = (PointerId, &Pointer)> {
        self.pointers().filter(move |(_, p)| p.from == node)
    }

    /// The pointers at the rows of a collection.
    pub fn pointers_to(&self, node: NodeId) -> impl Iterator<Item = (PointerId, &Pointer)> {
        self.pointers().filter(move |(_, p)| p.to == node)
    }

    /// Whether the collection's rows belong to persons: they carry an identity, or point at rows that do.
    pub fn belongs_to_persons(&self, node: NodeId) -> bool {
        self.owned[node.0]
    }

    /// Pairs of collections of one system of which the rows of the second are erased before those of the first.
    pub fn erase_after(&self) -> &[(NodeId, NodeId)] {
        &self.erasure.within
    }

    /// Pairs of systems of which the second is erased before the first.
    pub fn systems_after(&self) -> &[(SystemId, SystemId)] {
        &self.erasure.between
    }

    /// Systems in the order in which they are erased: as the datasets ask, and else as they come.
    pub fn in_erasure_order<'i>(&self, systems: impl Iterator<Item = &'i SystemId>) -> Vec<&'i SystemId> {
        let (mut left, mut order): (Vec<_>, Vec<_>) = (systems.collect(), Vec::new());
        while !left.is_empty() {
            let waits = |system: &SystemId| self.systems_after().iter().any(|(l, e)| l == system && left.contains(&e));
            // There is no circle in what is asked for.
            let next = left.iter().position(|system| !waits(system)).unwrap_or_default();
            order.push(left.remove(next));
        }
        order
    }
}

fn warn_missing_keys(nodes: &[Node], findings: &mut Vec<Finding>) {
    for node in nodes.iter().filter(|n| !n.collection.skip_processing) {
        if !node.collection.fields.iter().any(|f| f.primary_key) {
            let message = format!(
                "collection `{}` names no `primary_key`; its rows can be erased only if the table has a key",
                node.collection.name
            );
            findings.push(finding(&node.file, node.collection.line, Severity::Warning, message));
        }
    }
}

/// A request gives one account number. Where two fields count in different ways, it is one person's in the one and
/// somebody else's in the other.
fn warn_two_numberings(nodes: &[Node], findings: &mut Vec<Finding>) {
    let searched = nodes.iter().filter(|n| !n.collection.skip_processing);
    let fields = searched.flat_map(|node| node.collection.fields.iter().map(move |field| (node, field)));
    let mut first: Option<(&str, &Node, usize)> = None;
    for (node, field) in fields {
        let Some(name) = field.numbering.as_deref() else { continue };
        let (known, at, line) = *first.get_or_insert((name, node, field.line));
        if known != name {
            let message = format!(
                "`{name}` is compared with the account number of a request, as `{known}` in {}:{line} is: if a number can be \
                 one person's there and another's here, leave one `identity` out",
                at.file
            );
            findings.push(finding(&node.file, field.line, Severity::Warning, message));
        }
    }
}

pub(super) fn finding(file: &str, line: usize, severity: Severity, message: String) -> Finding {
    Finding { file: file.to_owned(), line, severity, message }
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
