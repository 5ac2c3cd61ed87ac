//! Rows that an erasure leaves for now are found again by their own keys, whatever led to them then and is gone since.

use std::collections::{BTreeMap, HashSet};

use super::super::FulfilmentError;
use super::super::manifest::{Left, Manifest, Step, StepAction, SystemManifest};
use super::super::standing::Standing;
use super::place::{Place, Places};
use crate::connectors::{Key, Row};
use crate::datamap::{Graph, NodeId};

/// The keys of the rows that earlier rounds left, as the judge asks for them.
#[derive(Default)]
pub(in crate::fulfilment) struct LeftRows(BTreeMap<NodeId, Keys>);

#[derive(Default)]
struct Keys {
    own: HashSet<Vec<String>>,
    context: HashSet<Vec<String>>,
}

impl LeftRows {
    /// What the rounds of an erasure left and did not take later. A key of a row that is gone may be somebody else's by
    /// now. Where a table has another primary key than then, `places` gets a sentence about it.
    pub(in crate::fulfilment) fn of(
        earlier: &[Manifest],
        graph: &Graph,
        places: &mut Places,
    ) -> Result<Self, FulfilmentError> {
        let mut left = Self::default();
        for (at, round) in earlier.iter().enumerate() {
            let taken = taken(&round.left, &earlier[at + 1..])?;
            for rows in &round.left {
                let Some(node) = graph.find(&rows.dataset, &rows.collection) else { continue };
                let system = &graph.node(node).system;
                let part = round.systems.iter().find(|part| part.system == *system);
                let passed_over = part.map(|part| passed_over(part, &rows.dataset, &rows.collection));
                // What the round took is not come back to, but for rows that it found changed and passed over.
                let open = |key: &&Key| match &passed_over {
                    Some(changed) if rows.goes => changed.contains(*key),
                    _ => true,
                };
                let keys = rows.keys.iter().filter(open);
                let keys = keys.filter(|key| !taken.contains(&(&rows.dataset, &rows.collection, *key)));
                let keys: Vec<Vec<String>> = keys.map(|key| key.0.expose().clone()).collect();
                if keys.is_empty() || !places.reads_keys(node, &rows.columns) {
                    continue;
                }
                let known = left.0.entry(node).or_default();
                if rows.standing == Standing::Own { known.own.extend(keys) } else { known.context.extend(keys) }
            }
        }
        Ok(left)
    }

    /// Every key, to be looked for.
    pub(in crate::fulfilment) fn keys(&self) -> impl Iterator<Item = (NodeId, &Vec<String>)> {
        self.0.iter().flat_map(|(node, keys)| keys.own.iter().chain(&keys.context).map(|key| (*node, key)))
    }

    /// What a row was to the person when it was left, if it was.
    pub(in crate::fulfilment) fn standing(&self, place: &Place, row: &Row) -> Option<Standing> {
        let known = self.0.get(&place.node)?;
        let key: Vec<String> = place.key_at.iter().map(|at| row.get(*at).map(str::to_owned)).collect::<Option<_>>()?;
        if known.own.contains(&key) {
            return Some(Standing::Own);
        }
        known.context.contains(&key).then_some(Standing::Context)
    }
}

/// Those of the rows that were left which later rounds deleted.
fn taken<'m>(
    left: &'m [Left],
    rounds: &'m [Manifest],
) -> Result<HashSet<(&'m String, &'m String, &'m Key)>, FulfilmentError> {
    let mut taken = HashSet::new();
    for rows in left {
        let known: HashSet<&Key> = rows.keys.iter().collect();
        let of = |step: &&Step| step.dataset == rows.dataset && step.collection == rows.collection;
        for part in rounds.iter().flat_map(|round| &round.systems) {
            for step in part.steps.iter().filter(|step| step.action == StepAction::Delete).filter(of) {
                part.taken(step, |key| {
                    taken.extend(known.get(key).map(|key| (&rows.dataset, &rows.collection, *key)));
                    Ok::<_, FulfilmentError>(())
                })?;
            }
        }
    }
    Ok(taken)
}

/// The keys of a collection's rows that a part found changed.
fn passed_over<'m>(part: &'m SystemManifest, dataset: &str, collection: &str) -> HashSet<&'m Key> {
    let of = part.steps.iter().find(|step| step.dataset == dataset && step.collection == collection);
    let changed = |step: &'m Step| part.changed.iter().filter(|(table, _)| *table == step.table).map(|(_, key)| key);
    of.into_iter().flat_map(changed).collect()
}
