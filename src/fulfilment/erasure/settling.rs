//! Which rows are settled as soon as they are read: nothing else that is found has a say in what is done with them.

use std::collections::BTreeSet;

use super::super::search::judge::{Link, Verdict};
use super::super::search::place::{Place, Places};
use super::super::search::trace::Trace;
use super::super::standing::Standing;
use super::candidates::Action;
use super::joined::Joined;
use super::masks::{self, Masks, constant};
use super::references::foreign_keys_to;
use crate::connectors::TableName;
use crate::datamap::NodeId;
use crate::domain::ids::SystemId;
use crate::domain::masking::Masking;

/// The rule of one collection.
pub(in crate::fulfilment) struct Settling {
    /// Whether rows go whatever refers to what.
    going: bool,
    staying: Option<Staying>,
}

/// What a row is, as far as its treatment depends on it.
pub(in crate::fulfilment) struct Read<'r> {
    pub(in crate::fulfilment) place: &'r Place,
    pub(in crate::fulfilment) verdict: &'r Verdict,
    /// Its values by column.
    pub(in crate::fulfilment) value: &'r dyn Fn(&str) -> Option<&'r str>,
}

impl Settling {
    /// `all_go` says of another collection whether it was read and all its rows are deleted whatever refers to what. Where a
    /// system fails, another round may have to know what the rows held.
    pub(in crate::fulfilment) fn of(
        trace: &Trace<'_>,
        place: &Place,
        joined: &Joined,
        all_go: &dyn Fn(NodeId) -> bool,
    ) -> Option<Self> {
        let systems = trace.systems;
        let alone = the_one_at(&trace.places, &place.system, &place.table_name).is_some();
        // Where a dataset has them erased after others, their own references may have to be let go of first.
        let waits = systems.graph().erase_after().iter().any(|(later, _)| *later == place.node);
        (alone && systems.failing().is_empty()).then(|| Self {
            going: !waits && nothing_else_refers(trace, place, all_go),
            staying: Staying::of(trace, place, joined),
        })
    }

    /// Whether this is done with the row whatever else is found.
    pub(in crate::fulfilment) fn settles(&self, read: &Read<'_>, joined: &Joined, action: &Action) -> bool {
        let standing = read.verdict.standing();
        match (action, &self.staying) {
            (Action::Delete, _) => self.going && standing == Standing::Own,
            (Action::Keep(_), Some(staying)) => staying.leads_nowhere(read, None),
            (Action::Mask(masks), Some(staying)) => {
                staying.may_be_masked(read.place, joined, standing, masks) && staying.leads_nowhere(read, Some(masks))
            }
            (_, None) => false,
        }
    }
}

/// What rows that stay, masked or as they are, are held against.
struct Staying {
    /// The references that they hold.
    ways: Vec<WayOut>,
    /// The columns of these references, and those by which others refer to them.
    referring: BTreeSet<String>,
    referred_to: BTreeSet<String>,
    /// Whether what is found by them is found by their keys.
    found_by_key: bool,
}

/// A reference, by the columns that hold it.
struct WayOut {
    columns: Vec<String>,
    harm: Harm,
}

/// When what is referred to might be treated otherwise because a row that stays refers to it, or the other way round.
#[derive(Clone, Copy)]
enum Harm {
    Never,
    /// Where it is not a row of the person's that this pointer leads to, by its place among [`Place::pointers`].
    UnlessOwn(usize),
    Perhaps,
}

impl Staying {
    /// `None` where columns elsewhere follow this collection's masks: then it matters which of its rows keep their values.
    fn of(trace: &Trace<'_>, place: &Place, joined: &Joined) -> Option<Self> {
        if joined.is_followed(place.node) {
            return None;
        }
        let ways = ways_out(trace, place, joined);
        let by_keys = foreign_keys_to(place).into_iter().flat_map(|way| way.to_columns);
        let pointers = trace.systems.graph().pointers_to(place.node);
        let by_datasets = pointers.flat_map(|(_, p)| p.to_columns().map(str::to_owned).collect::<Vec<_>>());
        let mut downwards = place.pointed.iter().filter(|end| end.down);
        Some(Self {
            referring: ways.iter().flat_map(|way| way.columns.iter().cloned()).collect(),
            referred_to: by_keys.chain(by_datasets).collect(),
            found_by_key: downwards.all(|end| end.columns == place.table().row_key()),
            ways,
        })
    }

    /// Whether whatever the row refers to is treated as it is, and treats the row as it is; `masks` are the row's own.
    fn leads_nowhere(&self, read: &Read<'_>, masks: Option<&Masks>) -> bool {
        let own = |at: usize| match read.verdict {
            Verdict::Own { others } => !others.contains(&Link::Pointer(at)),
            Verdict::Shared { mine, .. } => mine.contains(&Link::Pointer(at)),
            _ => false,
        };
        let lets_go = |column: &String| masks.is_some_and(|masks| masks.get(column) == Some(&Masking::NullRewrite));
        self.ways.iter().all(|way| match way.harm {
            Harm::Never => true,
            Harm::UnlessOwn(at) if own(at) => true,
            _ => way.columns.iter().any(|column| (read.value)(column).is_none() || lets_go(column)),
        })
    }

    /// Whether nothing depends on how the masks of a row turn out, and they on nothing but the row.
    fn may_be_masked(&self, place: &Place, joined: &Joined, standing: Standing, masks: &Masks) -> bool {
        let theirs = match standing {
            Standing::Own => self.found_by_key,
            // What is kept for now keeps rows of others that it refers to as they are.
            Standing::Shared => self.referred_to.is_empty(),
            Standing::Context => false,
        };
        let untied = |column: &String, mask: &Masking| {
            let follows = mask.replaces() && self.referring.contains(column);
            !follows && !self.referred_to.contains(column)
        };
        let free = |column: &String, mask: &Masking| {
            let class = || joined.class(place.node, column);
            *mask == Masking::NullRewrite
                || class().is_some_and(|c| constant(mask, &c.slot).is_some() || !joined.has_to_be_distinct(c))
        };
        theirs && masks.iter().all(|(column, mask)| untied(column, mask) && free(column, mask))
    }
}

/// Every reference that rows of a collection hold: by the foreign keys of the live schema, and by the datasets.
fn ways_out(trace: &Trace<'_>, place: &Place, joined: &Joined) -> Vec<WayOut> {
    let graph = trace.systems.graph();
    let pointer = |columns: &[String], to: NodeId, to_columns: &[String]| {
        place.pointers.iter().position(|end| {
            let far = graph.pointer(end.id).to_columns();
            end.person && end.other == to && end.columns == columns && far.eq(to_columns.iter().map(String::as_str))
        })
    };
    let harm = |columns: &[String], to: &Place, to_columns: &[String]| match the_one_at(
        &trace.places,
        &to.system,
        &to.table_name,
    ) {
        Some(to) => harm(to, joined, to_columns, pointer(columns, to.node, to_columns)),
        None => Harm::Perhaps,
    };
    let by_keys = place.table().foreign_keys.iter().map(|key| {
        let table = place.schema.qualified(&key.to);
        let to = trace.places.iter().find(|to| to.system == place.system && to.table_name == table);
        let harm = to.map_or(Harm::Never, |to| harm(&key.columns, to, &key.to_columns));
        WayOut { columns: key.columns.clone(), harm }
    });
    let by_datasets = graph.pointers_from(place.node).map(|(_, p)| {
        let [columns, to_columns]: [Vec<String>; 2] =
            [p.from_columns().map(str::to_owned).collect(), p.to_columns().map(str::to_owned).collect()];
        let harm = match trace.places.get(p.to) {
            Some(to) => harm(&columns, to, &to_columns),
            None if graph.node(p.to).collection.skip_processing => Harm::Never,
            None => Harm::Perhaps,
        };
        WayOut { columns, harm }
    });
    by_keys.chain(by_datasets).collect()
}

/// Whether rows that stay and refer to rows of `to` by these columns of theirs may have a say in what is done with them.
fn harm(to: &Place, joined: &Joined, to_columns: &[String], pointer: Option<usize>) -> Harm {
    let collection = &to.collection;
    let only_context =
        !collection.is_personal() && to.identities.is_empty() && !to.pointers.iter().any(|end| end.person);
    let stays = collection.is_masked() || collection.read_only;
    match (only_context, stays && keeps_key(to, joined, to_columns)) {
        (true, _) => Harm::Never,
        (_, false) => Harm::Perhaps,
        // Nothing of it is masked because it is the context of a row.
        (_, true) if collection.read_only || !collection.is_personal() => Harm::Never,
        (_, true) => pointer.map_or(Harm::Perhaps, Harm::UnlessOwn),
    }
}

/// Whether these columns are the key of rows that are masked, and no mask is for any of them.
fn keeps_key(place: &Place, joined: &Joined, columns: &[String]) -> bool {
    let (own, duty) = (masks::of_own(place, joined), masks::of_duty(place));
    let links = place.identities.iter().map(|link| &link.column);
    let links: BTreeSet<&String> = links.chain(place.pointers.iter().flat_map(|end| &end.columns)).collect();
    let masked = |column: &String| own.contains_key(column) || duty.contains_key(column) || links.contains(column);
    columns == place.table().row_key() && !columns.iter().any(masked)
}

/// The collection of a table, where it is described once.
fn the_one_at<'p>(places: &'p Places, system: &SystemId, table: &TableName) -> Option<&'p Place> {
    let mut there = places.iter().filter(|place| place.system == *system && place.table_name == *table);
    there.next().filter(|_| there.next().is_none())
}

/// Whether whatever a pointer of the datasets or a foreign key of the live schema leads to these rows from was found by the
/// search and goes whatever refers to it. Their own keys then are all that has to be known of them: by these they are
/// referred to.
fn nothing_else_refers(trace: &Trace<'_>, place: &Place, all_go: &dyn Fn(NodeId) -> bool) -> bool {
    let goes = |from: NodeId, columns: &[String], to_columns: &[String]| {
        to_columns == place.table().row_key()
            && all_go(from)
            && trace.sweeps_all((from, columns), (place.node, to_columns))
    };
    let by_key = foreign_keys_to(place).iter().all(|way| {
        let from = the_one_at(&trace.places, &way.system, &way.table);
        from.is_some_and(|from| goes(from.node, &way.columns, &way.to_columns))
    });
    by_key
        && trace.systems.graph().pointers_to(place.node).all(|(_, pointer)| {
            let [columns, to_columns]: [Vec<String>; 2] = [
                pointer.from_columns().map(str::to_owned).collect(),
                pointer.to_columns().map(str::to_owned).collect(),
            ];
            goes(pointer.from, &columns, &to_columns)
        })
}
