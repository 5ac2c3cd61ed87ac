//! Which collections a person's identities lead to, and whose rows belong to persons at all.

use super::graph::{Pointer, finding};
use super::{Collection, Node};
use crate::domain::finding::{Finding, Severity};

/// The collections whose rows carry an identity, or point at rows of such a collection as their own.
pub(super) fn owned(nodes: &[Node], pointers: &[Pointer]) -> Vec<bool> {
    let mut owned: Vec<bool> = nodes.iter().map(|n| has_identity(&n.collection)).collect();
    spread(&mut owned, pointers, |p| [p.down.then_some((p.to.0, p.from.0)), None]);
    owned
}

/// Warns of collections in which nothing will ever be found.
pub(super) fn warn_unreached(nodes: &[Node], pointers: &[Pointer], findings: &mut Vec<Finding>) {
    let searched: Vec<bool> = nodes.iter().map(|n| !n.collection.skip_processing).collect();
    let mut reached: Vec<bool> =
        nodes.iter().map(|n| has_identity(&n.collection) && !n.collection.skip_processing).collect();
    spread(&mut reached, pointers, |p| {
        let open = searched[p.from.0] && searched[p.to.0];
        [(p.down && open).then_some((p.to.0, p.from.0)), (p.up && open).then_some((p.from.0, p.to.0))]
    });
    for (index, node) in nodes.iter().enumerate() {
        if !reached[index] && searched[index] {
            let message = format!(
                "no identity leads to collection `{}`: give a field an `identity` or `references`",
                node.collection.name
            );
            findings.push(finding(&node.file, node.collection.line, Severity::Warning, message));
        }
    }
}

fn has_identity(collection: &Collection) -> bool {
    collection.fields.iter().any(|f| f.identity.is_some())
}

/// Marks what can be reached from the marked along `steps`, to a fixpoint.
fn spread(marked: &mut [bool], pointers: &[Pointer], steps: impl Fn(&Pointer) -> [Option<(usize, usize)>; 2]) {
    let mut changed = true;
    while changed {
        changed = false;
        for (from, to) in pointers.iter().flat_map(&steps).flatten() {
            if marked[from] && !marked[to] {
                marked[to] = true;
                changed = true;
            }
        }
    }
}
