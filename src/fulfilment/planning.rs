//! Plans of access: what was found where, what will be shown and what not.

use std::collections::BTreeMap;

use super::export::disclosure::{secret, secret_member, withheld};
use super::plan::{AccessStep, FieldReason, Plan, PlannedCollection, RangeStep};
use super::search::judge::Verdict;
use super::search::range;
use super::search::trace::Trace;
use super::{Counts, ExportOptions, FulfilmentError, Systems};
use crate::datamap::{Field, Graph, Member, NodeId};
use crate::domain::identity::{Identities, IdentityKind};

/// The plan of an access or portability request that is exported with these options.
///
/// # Errors
/// What a system says. A dataset that does not fit its system is an obstacle of the plan.
pub fn plan_access(
    systems: &Systems,
    identities: &Identities,
    options: ExportOptions<'_>,
) -> Result<Plan, FulfilmentError> {
    let mut trace = Trace::run(systems, identities)?;
    let mut plan = skeleton(systems.graph(), Some(options.never_disclose));
    for node in trace.searched() {
        let (mut counts, mut unproved) = (Counts::default(), 0);
        let mut hidden: BTreeMap<String, String> = BTreeMap::new();
        let by = trace.places.get(node).and_then(range::dated).map(str::to_owned);
        let mut step = options.range.map(|_| RangeStep { by, outside: 0 });
        let dated = step.iter().filter_map(|step| step.by.clone()).collect::<Vec<_>>();
        trace.sweep(node, &dated, |place, row, verdict| {
            if verdict == Verdict::Claimed {
                unproved += 1;
                return Ok(());
            }
            let date = (!dated.is_empty()).then(|| row.get(place.columns.len())).flatten();
            if let Some((step, range)) = step.as_mut().zip(options.range)
                && range::outside(range, date)
            {
                step.outside += 1;
                return Ok(());
            }
            counts.add(verdict.standing());
            for column in withheld(place, &verdict) {
                let reason = "it says who somebody else is in a row that names them too";
                hidden.entry(column.to_owned()).or_insert_with(|| reason.to_owned());
            }
            Ok(())
        })?;
        plan.collections[node.index()].counts = counts;
        plan.collections[node.index()].unproved = unproved;
        plan.collections[node.index()].range = step;
        let shown =
            plan.collections[node.index()].access.as_mut().expect("the skeleton has one for each searched node");
        shown.withheld = hidden.into_iter().map(|(field, reason)| FieldReason { field, reason }).collect();
    }
    plan.unproved_identifiers = trace.unshown();
    plan.obstacles = std::mem::take(&mut trace.places.misfits);
    Ok(plan)
}

/// A plan in which nothing was found yet; of an access, with what is never disclosed.
pub(super) fn skeleton(graph: &Graph, access: Option<&[String]>) -> Plan {
    let collections = graph.nodes().map(|(id, node)| {
        let fields = &node.collection.fields;
        let read = access.filter(|_| !node.collection.skip_processing).map(|never| AccessStep {
            exported: fields.iter().filter(|f| secret(f, never).is_none()).map(|f| f.name.clone()).collect(),
            withheld: Vec::new(),
            not_disclosed: fields.iter().flat_map(|f| hidden(f, never)).collect(),
        });
        PlannedCollection {
            system: node.system.clone(),
            dataset: node.dataset.clone(),
            collection: node.collection.name.clone(),
            table: node.table().to_string(),
            reached_by: reached_by(graph, id),
            skipped: node.collection.skip_processing,
            left_out: false,
            counts: Counts::default(),
            unproved: 0,
            range: None,
            access: read,
            deletion: None,
        }
    });
    Plan { collections: collections.collect(), ..Plan::default() }
}

/// What of a field is never shown: all of it, or members of the JSON in it.
fn hidden(field: &Field, never_disclose: &[String]) -> Vec<FieldReason> {
    if let Some(reason) = secret(field, never_disclose) {
        return vec![FieldReason { field: field.name.clone(), reason }];
    }
    let member = |m: &Member| {
        let field = format!("{}.{}", field.name, m.path.join("."));
        Some(FieldReason { field, reason: secret_member(m, never_disclose)? })
    };
    field.members.iter().filter_map(member).collect()
}

/// The keys that lead to a collection, in words.
fn reached_by(graph: &Graph, id: NodeId) -> Vec<String> {
    let node = graph.node(id);
    let mut ways: Vec<String> = Vec::new();
    for field in &node.collection.fields {
        ways.extend(field.identity.map(|kind| match kind {
            IdentityKind::Email => format!("{} is the person's e-mail address", field.name),
            IdentityKind::Phone => format!("{} is the person's telephone number", field.name),
            IdentityKind::AccountId => format!("{} is the person's account", field.name),
        }));
    }
    let joined = |columns: Vec<&str>| columns.join(", ");
    for (_, p) in graph.pointers_from(id).filter(|(_, p)| p.down && graph.belongs_to_persons(p.to)) {
        let target = &graph.node(p.to).collection.name;
        let (from, to) = (joined(p.from_columns().collect()), joined(p.to_columns().collect()));
        ways.push(format!("{from} points at {target} ({to}) of the person's"));
    }
    for (_, p) in graph.pointers_to(id).filter(|(_, p)| p.up) {
        let source = &graph.node(p.from).collection.name;
        ways.push(format!("rows of {source} point to it by {}", joined(p.from_columns().collect())));
    }
    ways
}
