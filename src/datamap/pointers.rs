//! References, declared from either end, become pointers: who holds whose key, and which way data flows.

use super::dataset::CollectionName;
use super::graph::{NodeId, Pointer, finding};
use super::{Direction, Field, Node, Reference};
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::SystemId;

/// Every reference as a pointer; those that one composite key needs together are one.
pub(super) fn resolve(nodes: &[Node], findings: &mut Vec<Finding>) -> Vec<Pointer> {
    let mut pointers: Vec<Pointer> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        for field in &node.collection.fields {
            for reference in &field.references {
                match target(nodes, reference) {
                    Ok((to, referenced)) => {
                        add(&mut pointers, oriented(node, NodeId(index), field, to, referenced, reference));
                    }
                    Err(message) => findings.push(finding(&node.file, reference.line, Severity::Error, message)),
                }
            }
        }
    }
    group_composite(nodes, pointers)
}

fn target<'n>(nodes: &'n [Node], reference: &Reference) -> Result<(NodeId, &'n Field), String> {
    let Reference { dataset, collection, field, .. } = reference;
    let mut of_dataset = nodes.iter().enumerate().filter(|(_, n)| n.dataset == *dataset).peekable();
    if of_dataset.peek().is_none() {
        return Err(format!("the reference names dataset `{dataset}`, which no system has"));
    }
    let Some((index, node)) = of_dataset.find(|(_, n)| n.collection.name == *collection) else {
        return Err(format!("the reference names collection `{collection}`, which dataset `{dataset}` does not have"));
    };
    match node.collection.field(field) {
        Some(found) => Ok((NodeId(index), found)),
        None => Err(format!("the reference names field `{field}`, which `{dataset}.{collection}` does not have")),
    }
}

/// The declaring field holds the other's key, except when it is a primary key itself and the other is not.
fn oriented(
    node: &Node,
    declaring: NodeId,
    field: &Field,
    referenced: NodeId,
    referenced_field: &Field,
    reference: &Reference,
) -> Pointer {
    let reversed = field.primary_key && !referenced_field.primary_key;
    let (into_declaring, out_of_declaring) = match reference.direction {
        Some(Direction::From) => (true, false),
        Some(Direction::To) => (false, true),
        None => (true, true),
    };
    let (from, to, pair, down, up) = if reversed {
        let pair = (referenced_field.name.clone(), field.name.clone());
        (referenced, declaring, pair, out_of_declaring, into_declaring)
    } else {
        let pair = (field.name.clone(), referenced_field.name.clone());
        (declaring, referenced, pair, into_declaring, out_of_declaring)
    };
    Pointer { from, to, columns: vec![pair], down, up, file: node.file.clone(), line: reference.line }
}

/// A reference declared from both ends is one pointer, along which data flows as either end says.
fn add(pointers: &mut Vec<Pointer>, pointer: Pointer) {
    let same = |p: &&mut Pointer| p.from == pointer.from && p.to == pointer.to && p.columns == pointer.columns;
    match pointers.iter_mut().find(same) {
        Some(known) => {
            known.down |= pointer.down;
            known.up |= pointer.up;
        }
        None => pointers.push(pointer),
    }
}

/// Where a collection refers once to each field of another's composite primary key, the references are one pointer:
/// half a key would lead to other people's rows.
fn group_composite(nodes: &[Node], pointers: Vec<Pointer>) -> Vec<Pointer> {
    let mut grouped: Vec<Pointer> = Vec::new();
    let mut used = vec![false; pointers.len()];
    for (index, pointer) in pointers.iter().enumerate() {
        if used[index] {
            continue;
        }
        let mut parts = vec![index];
        let key: Vec<&str> =
            nodes[pointer.to.0].collection.fields.iter().filter(|f| f.primary_key).map(|f| f.name.as_str()).collect();
        if key.len() > 1 {
            let siblings: Vec<usize> = (0..pointers.len()).filter(|i| is_sibling(&pointers[*i], pointer)).collect();
            let of_field = |name: &str| siblings.iter().filter(|i| pointers[**i].columns[0].1 == name).count();
            if key.contains(&pointer.columns[0].1.as_str()) && key.iter().all(|name| of_field(name) == 1) {
                parts = siblings.into_iter().filter(|i| key.contains(&pointers[*i].columns[0].1.as_str())).collect();
            }
        }
        let columns = parts.iter().map(|i| pointers[*i].columns[0].clone()).collect();
        parts.iter().for_each(|i| used[*i] = true);
        grouped.push(Pointer { columns, ..pointer.clone() });
    }
    grouped
}

fn is_sibling(a: &Pointer, b: &Pointer) -> bool {
    (a.from, a.to, a.down, a.up) == (b.from, b.to, b.down, b.up)
}

/// What the datasets ask for as to the order of an erasure.
#[derive(Debug, Clone, Default)]
pub(super) struct ErasureOrder {
    /// Pairs (later, earlier) of collections of one system.
    pub(super) within: Vec<(NodeId, NodeId)>,
    /// Pairs (later, earlier) of systems, without a circle.
    pub(super) between: Vec<(SystemId, SystemId)>,
}

/// What `erase_after` asks for; of `after` only whether it names what is there.
pub(super) fn erasure_order(nodes: &[Node], findings: &mut Vec<Finding>) -> ErasureOrder {
    let mut order = ErasureOrder::default();
    for (later, node) in nodes.iter().enumerate() {
        let missing = |name: &CollectionName, key: &str, severity| {
            finding(&node.file, name.line, severity, format!("`{key}` names `{name}`, which is not there"))
        };
        for name in node.collection.after.iter().filter(|name| !nodes.iter().any(|n| is_named(n, name))) {
            findings.push(missing(name, "after", Severity::Warning));
        }
        for name in &node.collection.erase_after {
            let Some(earlier) = nodes.iter().position(|n| is_named(n, name)) else {
                findings.push(missing(name, "erase_after", Severity::Error));
                continue;
            };
            if nodes[earlier].system == node.system {
                order.within.push((NodeId(later), NodeId(earlier)));
                continue;
            }
            let pair = (node.system.clone(), nodes[earlier].system.clone());
            if leads_to(&order.between, &pair.1, &pair.0) {
                let message = format!(
                    "`{name}` is in system `{}`, some rows of which are to be erased after some of `{}` already: one transaction \
                     erases all of a system's, so this has no effect",
                    pair.1, pair.0
                );
                findings.push(finding(&node.file, name.line, Severity::Warning, message));
            } else if !order.between.contains(&pair) {
                order.between.push(pair);
            }
        }
    }
    order
}

/// Whether one system is erased after another, perhaps over others.
fn leads_to(pairs: &[(SystemId, SystemId)], later: &SystemId, earlier: &SystemId) -> bool {
    pairs.iter().filter(|(from, _)| from == later).any(|(_, to)| to == earlier || leads_to(pairs, to, earlier))
}

fn is_named(node: &Node, name: &CollectionName) -> bool {
    node.dataset == name.dataset && node.collection.name == name.collection
}
