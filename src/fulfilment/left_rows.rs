//! Rows that an erasure leaves for now are found again by their own keys, whatever led to them then and is gone since.

use std::collections::{BTreeMap, HashSet};

use super::candidates::{Action, Candidate, Candidates};
use super::export::Standing;
use super::manifest::{Left, Manifest, StepAction};
use super::place::{Place, Places};
use crate::connectors::{Key, Row};
use crate::datamap::{Graph, NodeId};

/// The keys of the rows that earlier rounds left, as the judge asks for them.
#[derive(Default)]
pub(super) struct LeftRows(BTreeMap<NodeId, Keys>);

#[derive(Default)]
struct Keys {
    own: HashSet<Vec<String>>,
    context: HashSet<Vec<String>>,
}

impl LeftRows {
    /// What the rounds of an erasure left and did not take later. A key of a row that is gone may be somebody else's by
    /// now. Where a table has another primary key than then, `places` gets a sentence about it.
    pub(super) fn of(earlier: &[Manifest], graph: &Graph, places: &mut Places) -> Self {
        let mut left = Self::default();
        for (at, round) in earlier.iter().enumerate() {
            let taken = taken(&earlier[at + 1..]);
            for rows in &round.left {
                let Some(node) = graph.find(&rows.dataset, &rows.collection) else { continue };
                let system = &graph.node(node).system;
                let carried_out = round.systems.iter().any(|part| part.system == *system);
                let keys = rows.keys.iter().filter(|key| !taken.contains(&(&rows.dataset, &rows.collection, *key)));
                let keys: Vec<Vec<String>> = keys.map(|key| key.0.expose().clone()).collect();
                if keys.is_empty() || (rows.goes && carried_out) || !places.reads_keys(node, &rows.columns) {
                    continue;
                }
                let known = left.0.entry(node).or_default();
                if rows.standing == Standing::Own { known.own.extend(keys) } else { known.context.extend(keys) }
            }
        }
        left
    }

    /// Every key, to be looked for.
    pub(super) fn keys(&self) -> impl Iterator<Item = (NodeId, &Vec<String>)> {
        self.0.iter().flat_map(|(node, keys)| keys.own.iter().chain(&keys.context).map(|key| (*node, key)))
    }

    /// What a row was to the person when it was left, if it was.
    pub(super) fn standing(&self, place: &Place, row: &Row) -> Option<Standing> {
        let known = self.0.get(&place.node)?;
        let key: Vec<String> = place.key_at.iter().map(|at| row.get(*at).map(str::to_owned)).collect::<Option<_>>()?;
        if known.own.contains(&key) {
            return Some(Standing::Own);
        }
        known.context.contains(&key).then_some(Standing::Context)
    }
}

/// The rows that rounds deleted.
fn taken(rounds: &[Manifest]) -> HashSet<(&String, &String, &Key)> {
    let steps = rounds.iter().flat_map(|round| &round.systems).flat_map(|part| &part.steps);
    let deleted = steps.filter(|step| step.action == StepAction::Delete);
    deleted.flat_map(|step| step.rows.iter().map(|row| (&step.dataset, &step.collection, &row.key))).collect()
}

/// What a round has to come back to: what it keeps for now; and context that it takes, should its part be dropped, since
/// the rows that led to it may be gone from another system by then. Somebody else's rows name the person themselves.
pub(super) fn to_come_back_to(places: &Places, graph: &Graph, all: &Candidates) -> Vec<Left> {
    let mut found: BTreeMap<(NodeId, Standing, bool), Vec<Key>> = BTreeMap::new();
    for row in all.rows.iter().filter(|row| all.shapes[&row.node].naming.lasts(&row.key)) {
        if let Some(goes) = goes(row) {
            found.entry((row.node, row.standing, goes)).or_default().push(row.key.clone());
        }
    }
    let left = |((node, standing, goes), keys): ((NodeId, Standing, bool), Vec<Key>)| {
        let (dataset, collection) = (graph.node(node).dataset.clone(), graph.node(node).collection.name.clone());
        let columns = places.get(node)?.table().row_key().to_vec();
        Some(Left { dataset, collection, columns, standing, goes, keys })
    };
    found.into_iter().filter_map(left).collect()
}

fn goes(row: &Candidate) -> Option<bool> {
    match (row.standing, &row.action) {
        (Standing::Shared, _) => None,
        _ if row.kept.is_some() => Some(false),
        (Standing::Context, Action::Delete | Action::Mask(_)) => Some(true),
        _ => None,
    }
}
