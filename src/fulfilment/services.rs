//! What a company's services are asked about a person, and what their answers are worth.

use std::collections::{BTreeMap, BTreeSet};

use super::search::done::Done;
use super::search::snapshot::Catalogue;
use super::search::trace::Trace;
use super::{FulfilmentError, LeftOut, Manifest, Systems};
use crate::connectors::http::messages::{Erased, Find, Keys, Person};
use crate::datamap::{Node, Pointer, PointerId};
use crate::domain::finding::{Finding, Severity};
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::ids::SystemId;
use crate::domain::request::DateRange;

/// What is asked of one service.
pub struct Asked {
    /// The service.
    pub system: SystemId,
    /// Whose rows, in which collections.
    pub find: Find,
}

/// What each service is asked for: the collections of its dataset that are searched and not left out, the person by the
/// identifiers that the dataset declares and that are shown to be theirs, and the keys of their rows in other systems that
/// its rows refer to. A service that nothing leads to is not asked: it would have to guess. `earlier` are the manifests of the same request, whose
/// deleted and masked rows still lead to rows of services. Only those in `of` are asked.
///
/// # Errors
/// What a database says, where keys have to be looked for, and a dataset that does not fit it.
pub fn questions(
    systems: &Systems,
    identities: &Identities,
    left_out: &LeftOut,
    changes: bool,
    range: Option<DateRange>,
    earlier: &[Manifest],
    of: &BTreeSet<SystemId>,
) -> Result<Vec<Asked>, FulfilmentError> {
    let graph = systems.graph();
    let told = |p: &Pointer| systems.leads_into_service(p) && of.contains(&graph.node(p.from).system);
    let sent: Vec<_> = graph.pointers().filter(|(_, p)| told(p)).collect();
    let (keys, identities) = match sent.is_empty() && !takes_unshown(systems, of.iter(), identities) {
        true => (BTreeMap::new(), identities.clone()),
        false => {
            let trace = searched(systems, identities, earlier)?;
            (keys(&trace, &sent), identities.clone().without(&trace.unshown()))
        }
    };
    let mut asked = Vec::new();
    for (system, _) in systems.services().filter(|(system, _)| of.contains(*system)) {
        let nodes: Vec<&Node> = systems.graph().nodes().map(|(_, n)| n).filter(|n| n.system == *system).collect();
        let Some(dataset) = nodes.first().map(|n| n.dataset.clone()) else { continue };
        let wanted = |n: &&&Node| {
            let c = &n.collection;
            let spared = c.skip_processing || left_out.contains(&n.dataset, &c.name);
            !spared && (!changes || !c.read_only)
        };
        let fields = |n: &&Node| n.collection.fields.iter().map(|f| f.name.clone()).collect();
        let collections: BTreeMap<String, Vec<String>> =
            nodes.iter().filter(wanted).map(|n| (n.collection.name.clone(), fields(n))).collect();
        let person = Person::of(&identities, &kinds(&nodes));
        let keys: Vec<Keys> = keys.get(system).cloned().unwrap_or_default();
        if collections.is_empty() || (person == Person::default() && keys.is_empty()) {
            continue;
        }
        asked.push(Asked { system: system.clone(), find: Find { dataset, person, keys, collections, range } });
    }
    Ok(asked)
}

/// The person by the identifiers that a service's dataset declares.
pub fn person(systems: &Systems, system: &SystemId, identities: &Identities) -> Option<(String, Person)> {
    let nodes: Vec<&Node> = systems.graph().nodes().map(|(_, n)| n).filter(|n| n.system == *system).collect();
    let person = Person::of(identities, &kinds(&nodes));
    Some((nodes.first()?.dataset.clone(), person)).filter(|(_, person)| *person != Person::default())
}

fn kinds(nodes: &[&Node]) -> Vec<IdentityKind> {
    nodes.iter().flat_map(|n| &n.collection.fields).filter_map(|f| f.identity).collect()
}

/// What these services are told of a person beyond their address where only the databases can say what is theirs.
///
/// # Errors
/// As [`questions`].
pub fn shown<'s>(
    systems: &Systems,
    services: impl Iterator<Item = &'s SystemId>,
    identities: &Identities,
) -> Result<Identities, FulfilmentError> {
    if !takes_unshown(systems, services, identities) {
        return Ok(identities.clone());
    }
    Ok(identities.clone().without(&searched(systems, identities, &[])?.unshown()))
}

/// Whether one of these services is asked by an identifier that somebody merely typed.
fn takes_unshown<'s>(
    systems: &Systems,
    mut services: impl Iterator<Item = &'s SystemId>,
    identities: &Identities,
) -> bool {
    let unshown = identities.unshown();
    let takes = |node: &Node| unshown.iter().any(|kind| node.has_identity(*kind));
    services.any(|system| systems.graph().nodes().any(|(_, node)| node.system == *system && takes(node)))
}

fn searched<'s>(
    systems: &'s Systems,
    identities: &Identities,
    earlier: &[Manifest],
) -> Result<Trace<'s>, FulfilmentError> {
    let done = Done::of(earlier, systems.scratch())?;
    let mut trace = Trace::run_after(systems, identities, earlier, &done, Catalogue::Asked)?;
    if !trace.places.misfits.is_empty() {
        // Keys may be missing, and an answer without them would pass for whole.
        return Err(FulfilmentError::Misfit(std::mem::take(&mut trace.places.misfits)));
    }
    Ok(trace)
}

/// The keys of the person's rows in databases to which rows of services refer.
fn keys(trace: &Trace<'_>, sent: &[(PointerId, &Pointer)]) -> BTreeMap<SystemId, Vec<Keys>> {
    let mut keys: BTreeMap<SystemId, Vec<Keys>> = BTreeMap::new();
    for (id, pointer) in sent {
        let values = trace.owned(*id);
        if !values.is_empty() {
            let from = trace.systems.graph().node(pointer.from);
            keys.entry(from.system.clone()).or_default().push(Keys {
                collection: from.collection.name.clone(),
                fields: pointer.from_columns().map(str::to_owned).collect(),
                values: crate::domain::personal::Personal::new(values),
            });
        }
    }
    keys
}

/// Whether a service is asked by what only the databases know: keys of the person's rows there, or whose an identifier is
/// that somebody merely typed.
pub fn needs_search(systems: &Systems, service: &SystemId, identities: &Identities) -> bool {
    if takes_unshown(systems, std::iter::once(service), identities) {
        return true;
    }
    let of_service = |p: &Pointer| systems.graph().node(p.from).system == *service;
    // A pointer at a database that fails is one of those as well.
    let into_database = |p: &Pointer| p.down && systems.service(&systems.graph().node(p.to).system).is_none();
    systems.graph().pointers().any(|(_, p)| of_service(p) && into_database(p))
}

/// References from, to or between services that no search follows.
pub fn check(systems: &Systems) -> Vec<Finding> {
    let graph = systems.graph();
    let service = |node| systems.service(&graph.node(node).system).is_some();
    let unfollowed = graph.pointers().map(|(_, p)| p).filter(|p| {
        let (from, to) = (&graph.node(p.from).system, &graph.node(p.to).system);
        from != to && (service(p.from) || service(p.to)) && !systems.leads_into_service(p)
    });
    let finding = |p: &Pointer| Finding {
        file: p.file.clone(),
        line: p.line,
        severity: Severity::Warning,
        message: format!(
            "the reference from `{}` to `{}` is not followed: a service is asked by the person's identifiers and by keys \
             of their rows in databases that its own rows refer to",
            graph.node(p.from).collection.name,
            graph.node(p.to).collection.name
        ),
    };
    let mut findings: Vec<Finding> = unfollowed.map(finding).collect();
    let before = graph.nodes().flat_map(|(_, node)| node.collection.erase_after.iter().map(move |name| (node, name)));
    let services_first = before.filter(|(node, name)| {
        let earlier = graph.find(&name.dataset, &name.collection).map(|id| &graph.node(id).system);
        earlier.is_some_and(|system| *system != node.system && systems.service(system).is_some())
    });
    findings.extend(services_first.map(|(node, name)| Finding {
        file: node.file.clone(),
        line: name.line,
        severity: Severity::Warning,
        message: format!(
            "`{name}` is a service's, and services are asked to erase after all databases: this has no effect"
        ),
    }));
    let kept = graph.nodes().map(|(_, n)| n).filter(|n| systems.service(&n.system).is_some());
    findings.extend(kept.filter(|n| n.collection.retain.is_some()).map(|n| Finding {
        file: n.file.clone(),
        line: n.collection.line,
        severity: Severity::Error,
        message: format!(
            "`retain` of `{}` has no effect: a service knows itself what it has to keep, and says so in its answer",
            n.collection.name
        ),
    }));
    for (system, _) in systems.services() {
        let nodes: Vec<&Node> = graph.nodes().map(|(_, n)| n).filter(|n| n.system == *system).collect();
        let leads =
            graph.pointers().any(|(_, p)| graph.node(p.from).system == *system && systems.leads_into_service(p));
        if let (Some(first), true, false) = (nodes.first(), kinds(&nodes).is_empty(), leads) {
            let message = format!("nothing leads to service `{system}`: give a field of its dataset an `identity`");
            findings.push(Finding { file: first.file.clone(), line: 1, severity: Severity::Error, message });
        }
    }
    findings
}

/// Why an answer to an erasure is none: it has to speak of every collection that was asked for, and of no other.
pub fn unfit(erased: &Erased, asked: &Find) -> Option<String> {
    let missing = asked.collections.keys().find(|name| !erased.collections.contains_key(*name));
    if let Some(name) = missing {
        return Some(format!("the answer says nothing of collection {name}"));
    }
    (erased.collections.len() > asked.collections.len())
        .then(|| "the answer speaks of a collection that was not asked for".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(r#"{"collections": {"a": {"deleted": 1}, "b": {}}}"#, true)]
    #[case(r#"{"collections": {"a": {"deleted": 1}}}"#, false)]
    #[case(r#"{"collections": {"a": {}, "b": {}, "c": {}}}"#, false)]
    fn silence_about_a_collection_is_no_answer(#[case] answer: &str, #[case] fits: bool) {
        let collections = ["a", "b"].map(|name| (name.to_owned(), Vec::new())).into();
        let (dataset, person) = ("d".to_owned(), Person::default());
        let asked = Find { dataset, person, keys: Vec::new(), collections, range: None };
        assert_eq!(unfit(&serde_json::from_str(answer).unwrap(), &asked).is_none(), fits);
    }
}
