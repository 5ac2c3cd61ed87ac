//! What refers to what, settled before anything is written: which context is shared after all, which pointers must be
//! cleared, and which constraint would forbid the erasure or drag other rows along.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::search::place::{Place, Places, PointerEnd};
use super::super::standing::Standing;
use super::candidates::{Action, Candidate, Candidates, KEPT_BY_DECISION, KEPT_SHARED, KEPT_WAITING};
use super::joined::Joined;
use super::references::{References, Way};
use super::rekeyed;
use super::{keeping, masks};
use crate::datamap::Graph;
use crate::domain::masking::Masking;

/// Settles the actions of `candidates` by what refers to them.
pub(in crate::fulfilment) fn settle(
    places: &Places,
    graph: &Graph,
    joined: &Joined,
    candidates: &mut Candidates,
    references: &References,
) {
    loop {
        keep_shared_context(places, candidates, references);
        keeping::spread(places, candidates, references);
        // What waits stays, and with it the context that it refers to.
        if !wait_together(candidates, references) {
            break;
        }
    }
    clear_pointers(places, candidates, references);
    find_dependents(candidates, references);
    find_dangling(places, graph, candidates);
    find_orphans(places, candidates);
    rekeyed::find_obstacles(places, joined, candidates, references);
}

/// Context goes only when no row that stays refers to it; what is kept keeps what it refers to in turn.
fn keep_shared_context(places: &Places, candidates: &mut Candidates, references: &References) {
    let mut changed = true;
    while changed {
        changed = false;
        for referrer in &references.found {
            let target = &candidates.rows[referrer.target];
            let at_stake = target.standing == Standing::Context && !matches!(target.action, Action::Keep(_));
            let way = &references.ways[referrer.way];
            if at_stake && !lets_go(places, candidates, referrer.candidate, way) {
                candidates.rows[referrer.target].action = Action::Keep(KEPT_SHARED);
                changed = true;
            }
        }
    }
}

/// A row that waits for a system that fails keeps what it refers to by a foreign key waiting with it: no obstacle, since
/// it may go as well once that system tells whose it is. Gives whether any has to wait that did not.
fn wait_together(candidates: &mut Candidates, references: &References) -> bool {
    let (mut changed, mut any) = (true, false);
    while changed {
        changed = false;
        for referrer in &references.found {
            let waits = |index: usize| candidates.rows[index].action == Action::Keep(KEPT_WAITING);
            let refers = references.ways[referrer.way].foreign_key.is_some() && referrer.candidate.is_some_and(waits);
            if refers && candidates.rows[referrer.target].action == Action::Delete {
                candidates.rows[referrer.target].action = Action::Keep(KEPT_WAITING);
                (changed, any) = (true, true);
            }
        }
    }
    any
}

/// Whether the row that refers will be gone, or will have let go of what it refers to.
fn lets_go(places: &Places, candidates: &Candidates, referrer: Option<usize>, way: &Way) -> bool {
    let Some(row) = referrer.map(|index| &candidates.rows[index]) else { return false };
    if row.kept.is_some() {
        // What it refers to is kept as long as the row itself, and no longer.
        return true;
    }
    match &row.action {
        Action::Delete => true,
        Action::Keep(_) => false,
        Action::Mask(set) => {
            let cleared = way.columns.iter().any(|c| set.get(c) == Some(&Masking::NullRewrite));
            let own = row.standing == Standing::Own;
            cleared || (own && places.get(row.node).is_some_and(|place| !clearable(place, way).is_empty()))
        }
    }
}

/// The columns of a reference that may be set to NULL.
fn clearable<'w>(place: &Place, way: &'w Way) -> Vec<&'w String> {
    let table = place.table();
    let may = |c: &&String| table.column(c).is_some_and(|c| c.nullable) && !table.primary_key.contains(c);
    way.columns.iter().filter(may).collect()
}

/// A masked row that refers to a row to be deleted lets go of it.
fn clear_pointers(places: &Places, candidates: &mut Candidates, references: &References) {
    for referrer in &references.found {
        let going = candidates.rows[referrer.target].action == Action::Delete;
        let Some(index) = referrer.candidate.filter(|_| going) else { continue };
        let way = &references.ways[referrer.way];
        let row = &mut candidates.rows[index];
        let Some(place) = places.get(row.node) else { continue };
        let Action::Mask(set) = &mut row.action else { continue };
        if row.standing == Standing::Own && !way.columns.iter().any(|c| set.get(c) == Some(&Masking::NullRewrite)) {
            set.extend(clearable(place, way).into_iter().map(|c| (c.clone(), Masking::NullRewrite)));
        }
    }
}

/// Rows that stay and refer by a foreign key to a row to be deleted: the database would refuse, or with ON DELETE
/// CASCADE delete them too.
fn find_dependents(candidates: &mut Candidates, references: &References) {
    let mut dependents: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for referrer in &references.found {
        let way = &references.ways[referrer.way];
        let target = &candidates.rows[referrer.target];
        let (Action::Delete, Some(key)) = (&target.action, &way.foreign_key) else { continue };
        let stays = match referrer.candidate.map(|index| &candidates.rows[index].action) {
            Some(Action::Delete) => false,
            Some(Action::Mask(set)) => !way.columns.iter().any(|c| set.get(c) == Some(&Masking::NullRewrite)),
            Some(Action::Keep(_)) | None => true,
        };
        if stays {
            let names = (way.table.to_string(), key.clone(), way.to_columns.join(", "));
            *dependents.entry(names).or_default() += 1;
        }
    }
    for ((table, key, columns), rows) in dependents {
        let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        candidates.obstacles.insert(format!(
            "{rows} of {table} that the erasure does not delete refer by the foreign key {key} to ({columns}) of rows to be deleted"
        ));
    }
}

/// A masked row whose pointer must hold something, and points by the dataset alone at rows to be deleted.
fn find_dangling(places: &Places, graph: &Graph, candidates: &mut Candidates) {
    let mut found = Vec::new();
    for row in &candidates.rows {
        let (Action::Mask(set), Some(place)) = (&row.action, places.get(row.node)) else { continue };
        // A row that is kept for now goes on naming what it named: by that it is found when its day comes.
        if row.standing == Standing::Own && row.kept.is_none() {
            found.extend(dangling(candidates, place, graph, row, set));
        }
    }
    candidates.obstacles.extend(found);
}

fn dangling<'a>(
    candidates: &'a Candidates,
    place: &'a Place,
    graph: &'a Graph,
    row: &'a Candidate,
    set: &'a masks::Masks,
) -> impl Iterator<Item = String> + 'a {
    let ends = place.pointers.iter().filter(|end| end.person && end.required);
    let ends = ends.filter(|end| {
        let target = &graph.node(end.other).collection;
        !target.is_masked() && !target.read_only && !target.skip_processing
    });
    let ends = ends.filter(|end| {
        let held = |c: &String| candidates.value(row, c).is_some() && !set.contains_key(c);
        end.columns.iter().all(held)
    });
    ends.map(|end| {
        let target = &graph.node(end.other).collection.name;
        format!(
            "column {} of {} must not be NULL and would go on naming a deleted row of {target}",
            end.columns.join(", "),
            place.table_name
        )
    })
}

/// A row that the decision leaves as it is, and that points by the dataset alone at a row to be deleted. By a foreign
/// key it is one of [`find_dependents`].
fn find_orphans(places: &Places, candidates: &mut Candidates) {
    let mut found = BTreeSet::new();
    for place in places.iter() {
        let spared = |row: &&Candidate| row.node == place.node && row.action == Action::Keep(KEPT_BY_DECISION);
        let rows: Vec<&Candidate> = candidates.rows.iter().filter(spared).collect();
        let by_key = |end: &&PointerEnd| place.table().foreign_keys.iter().any(|key| key.columns == end.columns);
        for end in place.pointers.iter().filter(|end| end.person && !rows.is_empty() && !by_key(end)) {
            let Some((target, going)) = deleted_keys(places, candidates, end) else { continue };
            let held = |row: &&&Candidate| end.canonical_of(candidates, row).is_some_and(|key| going.contains(&key));
            if rows.iter().any(|row| held(&row)) {
                found.insert(format!(
                    "{} of {} is left out and would go on naming deleted rows of {}; leave these out as well",
                    end.columns.join(", "),
                    place.table_name,
                    target.table_name
                ));
            }
        }
    }
    candidates.obstacles.extend(found);
}

/// The keys of the rows to be deleted at the other end of a pointer, as the pointer compares them.
fn deleted_keys<'p>(
    places: &'p Places,
    candidates: &Candidates,
    end: &PointerEnd,
) -> Option<(&'p Place, HashSet<Vec<String>>)> {
    let target = places.get(end.other)?;
    let far = target.pointed.iter().find(|far| far.id == end.id)?;
    let going = candidates.rows.iter().filter(|row| row.node == target.node && row.action == Action::Delete);
    Some((target, going.filter_map(|row| far.canonical_of(candidates, row)).collect()))
}
