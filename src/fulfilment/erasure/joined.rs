//! Columns that refer to a masked column get its masks, so that what belonged together is still found together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::search::place::{Place, Places, PointerEnd};
use super::super::search::values::Spelling;
use super::masks;
use crate::datamap::{Graph, NodeId, slot};
use crate::domain::masking::{Holds, Masking, Slot};

/// A column of a collection.
type At = (NodeId, String);

/// Where a column's mask comes from, and what its seed is.
pub(in crate::fulfilment) struct Class {
    /// Names the columns that are masked alike.
    pub(in crate::fulfilment) label: String,
    /// Whether the same value is to become the same mask in every row.
    pub(in crate::fulfilment) alike: bool,
    /// What all of them can hold.
    pub(in crate::fulfilment) slot: Slot,
    /// In which spelling their values are the same.
    pub(in crate::fulfilment) spelling: Spelling,
    /// Whether they hold values of different kinds, so that no mask fits all.
    pub(in crate::fulfilment) unlike: bool,
}

/// Which column follows which.
pub(in crate::fulfilment) struct Joined {
    followed: BTreeMap<At, (At, Masking, Spelling)>,
    classes: BTreeMap<At, Class>,
    /// The collections to which columns refer that follow masks.
    ahead: BTreeSet<NodeId>,
    /// The labels of classes with a column in which no value may stand twice.
    distinct: BTreeSet<String>,
}

impl Joined {
    pub(in crate::fulfilment) fn of(places: &Places, graph: &Graph) -> Self {
        let mut followed = BTreeMap::new();
        for place in places.iter() {
            for column in place.pointers.iter().flat_map(|end| &end.columns) {
                let at = (place.node, column.clone());
                if let Some(root) = root(places, graph, &at, &mut BTreeSet::new()) {
                    followed.insert(at, root);
                }
            }
        }
        let ends = places.iter().flat_map(|place| place.pointers.iter().map(move |end| (place.node, end)));
        let follows = |(node, end): &(NodeId, &PointerEnd)| {
            end.columns.iter().any(|column| followed.contains_key(&(*node, column.clone())))
        };
        let ahead = ends.filter(follows).map(|(_, end)| end.other).collect();
        let mut joined = Self { followed, classes: BTreeMap::new(), ahead, distinct: BTreeSet::new() };
        joined.classes = joined.all_classes(places);
        let distinct = joined.classes.values().filter(|class| class.slot.distinct);
        joined.distinct = distinct.map(|class| class.label.clone()).collect();
        joined
    }

    /// Whether columns that refer to the collection follow masks.
    pub(in crate::fulfilment) fn is_followed(&self, node: NodeId) -> bool {
        self.ahead.contains(&node)
    }

    /// Whether masks of the class have to differ in a column, so that a mask may have to be drawn again.
    pub(in crate::fulfilment) fn has_to_be_distinct(&self, class: &Class) -> bool {
        self.distinct.contains(&class.label)
    }

    /// The mask of the column that this one refers to, where that is replaced.
    pub(in crate::fulfilment) fn followed(&self, place: &Place, column: &str) -> Option<&Masking> {
        self.followed.get(&(place.node, column.to_owned())).map(|(_, mask, _)| mask)
    }

    /// How the masks of a column are drawn.
    pub(in crate::fulfilment) fn class(&self, node: NodeId, column: &str) -> Option<&Class> {
        self.classes.get(&(node, column.to_owned()))
    }

    fn all_classes(&self, places: &Places) -> BTreeMap<At, Class> {
        let mut classes = BTreeMap::new();
        for place in places.iter() {
            for (field, column) in place.fields() {
                let at = (place.node, field.name.clone());
                let own = slot(place.table(), field, column);
                let root = self.followed.get(&at).map_or(&at, |(root, ..)| root);
                let members: Vec<_> = self.followed.iter().filter(|(_, (r, ..))| r == root).collect();
                let Some((_, (.., spelling))) = members.first() else {
                    // Values that are keyed and say who somebody is are masked alike wherever they stand.
                    let keyed =
                        field.masking.as_ref().or(place.collection.masking.as_ref()).is_some_and(Masking::is_keyed);
                    let label = match field.identity {
                        Some(kind) if keyed => format!("{kind:?}"),
                        _ => label(place, &field.name),
                    };
                    let spelling = Spelling::of(column);
                    classes.insert(at, Class { label, alike: keyed, slot: own, spelling, unlike: false });
                    continue;
                };
                let all = members.iter().map(|(at, _)| *at).chain([root]);
                let slots: Vec<Slot> = all.filter_map(|at| slot_at(places, at)).collect();
                let (slot, unlike) = common(own, &slots);
                let label = places.get(root.0).map(|place| label(place, &root.1)).unwrap_or_default();
                classes.insert(at, Class { label, alike: true, slot, spelling: *spelling, unlike });
            }
        }
        classes
    }
}

fn label(place: &Place, column: &str) -> String {
    format!("{}.{}.{column}", place.dataset, place.collection.name)
}

fn slot_at(places: &Places, (node, column): &At) -> Option<Slot> {
    let place = places.get(*node)?;
    Some(slot(place.table(), place.collection.field(column)?, place.table().column(column)?))
}

/// What all columns can hold, and whether they hold different kinds of values.
fn common(own: Slot, all: &[Slot]) -> (Slot, bool) {
    let mut common = own;
    let mut unlike = false;
    for slot in all {
        common.distinct |= slot.distinct;
        common.most = common.most.into_iter().chain(slot.most).min();
        match (&mut common.holds, &slot.holds) {
            (Holds::Integer { most, signed }, Holds::Integer { most: other, signed: also }) => {
                *most = (*most).min(*other);
                *signed &= also;
            }
            (one, other) => unlike |= one != other,
        }
    }
    (common, unlike)
}

/// The column at the end of the references, when it belongs to persons and its values are replaced.
fn root(places: &Places, graph: &Graph, at: &At, seen: &mut BTreeSet<At>) -> Option<(At, Masking, Spelling)> {
    if !seen.insert(at.clone()) {
        return None;
    }
    let place = places.get(at.0)?;
    for end in place.pointers.iter().filter(|end| end.person) {
        let Some(index) = end.columns.iter().position(|column| *column == at.1) else { continue };
        let Some(target) = places.get(end.other).filter(|t| t.collection.is_masked() && !t.collection.read_only) else {
            continue;
        };
        let name = graph.pointer(end.id).columns[index].1.clone();
        let (Some(field), Some(column)) = (target.collection.field(&name), target.table().column(&name)) else {
            continue;
        };
        let next = (target.node, name.clone());
        let own = || masks::of_field(target, field, column).filter(Masking::replaces);
        let found = match &field.masking {
            Some(Masking::NullRewrite | Masking::Preserve) => None,
            _ => root(places, graph, &next, seen).or_else(|| Some((next, own()?, end.spellings[index]))),
        };
        if let Some((root, mask, _)) = found {
            return Some((root, mask, end.spellings[index]));
        }
    }
    None
}
