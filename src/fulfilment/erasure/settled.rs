//! Rows whose treatment is settled as soon as they are read, since nothing else that is found has a say in it. Of these a
//! person may have millions, and they are kept in little memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::super::FulfilmentError;
use super::super::manifest::ManifestRow;
use super::super::row_parts::{RowParts, RowSource};
use super::super::search::judge::{Link, Verdict};
use super::super::search::key_set::KeySet;
use super::super::search::place::{Place, Places};
use super::super::search::scratch::Scratch;
use super::super::search::trace::Trace;
use super::super::search::value_log::ValueLog;
use super::super::standing::Standing;
use super::candidates::Action;
use super::joined::Joined;
use super::masks::{self, Masks, constant};
use super::references::foreign_keys_to;
use crate::connectors::{Key, TableName};
use crate::datamap::NodeId;
use crate::domain::ids::SystemId;
use crate::domain::masking::Masking;

/// How many rows of a collection are in memory before those that are treated alike are put into a file, and how many bytes of
/// their masks.
const IN_MEMORY: usize = 4096;
const BYTES_IN_MEMORY: usize = 512 * 1024;

/// How many treatments of a collection's rows are kept apart. Each column that may hold nothing doubles what there may be.
const TREATMENTS: usize = 16;

/// The rows of one collection.
pub(in crate::fulfilment) struct Settled {
    scratch: Arc<Scratch>,
    going: bool,
    staying: Option<Staying>,
    keys: KeySet,
    /// Those that are deleted or masked.
    groups: Vec<Group>,
    /// How many rows stay as they are.
    kept: BTreeMap<Why, u64>,
    in_memory: usize,
    bytes_in_memory: usize,
}

/// What is done with rows alike.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fulfilment) struct Treatment {
    pub(in crate::fulfilment) action: Action,
    pub(in crate::fulfilment) standing: Standing,
    /// Whether the columns hold something in some of the rows only: what is not NULL is then each row's own mask.
    pub(in crate::fulfilment) varied: bool,
}

/// Why a row stays as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::fulfilment) struct Why {
    pub(in crate::fulfilment) reason: &'static str,
    pub(in crate::fulfilment) standing: Standing,
    /// Whether an earlier round masked it, which was told.
    pub(in crate::fulfilment) masked: bool,
}

/// Rows that are treated alike.
pub(in crate::fulfilment) struct Group {
    pub(in crate::fulfilment) treatment: Treatment,
    rows: Vec<ManifestRow>,
    filed: Option<ValueLog>,
    count: u64,
}

/// What a row is, as far as its treatment depends on it.
pub(in crate::fulfilment) struct Read<'r> {
    pub(in crate::fulfilment) place: &'r Place,
    pub(in crate::fulfilment) verdict: &'r Verdict,
    /// Its values by column.
    pub(in crate::fulfilment) value: &'r dyn Fn(&str) -> Option<&'r str>,
}

impl Settled {
    /// Of a collection: `all_go` says of another whether it was read and all its rows are deleted whatever refers to what.
    /// Where a system fails, another round may have to know what the rows held.
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
        let scratch = Arc::clone(systems.scratch());
        (alone && systems.failing().is_empty()).then(|| Self {
            going: !waits && nothing_else_refers(trace, place, all_go),
            staying: Staying::of(trace, place, joined),
            keys: KeySet::new(&scratch),
            groups: Vec::new(),
            kept: BTreeMap::new(),
            in_memory: 0,
            bytes_in_memory: 0,
            scratch,
        })
    }

    /// How a row is treated for which this is to be done; where rows are treated in too many ways, `masks`, whatever stands in
    /// it, are told from each other by what is drawn for each.
    pub(in crate::fulfilment) fn treatment(
        &self,
        action: &Action,
        standing: Standing,
        masks: impl FnOnce() -> Masks,
    ) -> Treatment {
        let apart = Treatment { action: action.clone(), standing, varied: false };
        let masked = matches!(action, Action::Mask(_));
        if !masked || self.groups.len() < TREATMENTS || self.groups.iter().any(|group| group.treatment == apart) {
            return apart;
        }
        Treatment { action: Action::Mask(masks()), varied: true, ..apart }
    }

    /// Whether nothing else has a say in what is done with a row.
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

    /// One more row that stays as it is.
    pub(in crate::fulfilment) fn keep(&mut self, key: &Key, why: Why) -> Result<(), FulfilmentError> {
        *self.kept.entry(why).or_default() += 1;
        self.know(key)
    }

    fn know(&mut self, key: &Key) -> Result<(), FulfilmentError> {
        self.keys.insert(key.0.expose().iter().map(String::as_str))?;
        Ok(())
    }

    /// One more row that is deleted or masked.
    pub(in crate::fulfilment) fn add(&mut self, treatment: Treatment, row: ManifestRow) -> Result<(), FulfilmentError> {
        self.know(&row.key)?;
        let at = self.groups.iter().position(|group| group.treatment == treatment).unwrap_or_else(|| {
            self.groups.push(Group { treatment, rows: Vec::new(), filed: None, count: 0 });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.count += 1;
        if let Some(filed) = &mut group.filed {
            return Ok(filed.push(&text(&row)?)?);
        }
        self.in_memory += 1;
        self.bytes_in_memory += bytes(&row);
        group.rows.push(row);
        if self.in_memory > IN_MEMORY || self.bytes_in_memory > BYTES_IN_MEMORY {
            self.in_memory -= group.rows.len();
            self.bytes_in_memory -= group.rows.iter().map(bytes).sum::<usize>();
            let filed = group.filed.insert(ValueLog::new(&self.scratch));
            for row in group.rows.drain(..) {
                filed.push(&text(&row)?)?;
            }
        }
        Ok(())
    }

    /// The rows that are deleted or masked, by how.
    pub(in crate::fulfilment) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The same, to take the rows from.
    pub(in crate::fulfilment) fn groups_mut(&mut self) -> &mut [Group] {
        &mut self.groups
    }

    /// How many rows stay as they are, by why.
    pub(in crate::fulfilment) fn kept(&self) -> &BTreeMap<Why, u64> {
        &self.kept
    }

    /// Whether it has no rows.
    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.kept.is_empty()
    }

    /// Whether none of its rows stays.
    pub(in crate::fulfilment) fn all_go(&self) -> bool {
        self.kept.is_empty() && self.groups.iter().all(|group| group.treatment.action == Action::Delete)
    }

    /// Whether a row of that key is one of them.
    pub(in crate::fulfilment) fn has(&self, key: &Key) -> Result<bool, FulfilmentError> {
        Ok(self.keys.contains(key.0.expose().iter().map(String::as_str))?)
    }
}

impl Group {
    /// The keys of those that are in memory; whether there are more, which will be in parts of the manifest.
    pub(in crate::fulfilment) fn keys(&self) -> (impl Iterator<Item = &Vec<String>>, bool) {
        (self.rows.iter().map(|row| row.key.0.expose()), self.filed.is_some())
    }

    /// How many there are.
    pub(in crate::fulfilment) fn count(&self) -> u64 {
        self.count
    }

    /// The rows, as a step of a manifest has them.
    pub(in crate::fulfilment) fn rows(&mut self) -> (Vec<ManifestRow>, Option<RowParts>) {
        let rows = std::mem::take(&mut self.rows);
        let parts = self.filed.take().map(|filed| RowParts {
            rows: self.count,
            parts: u32::try_from(filed.batches()).unwrap_or(u32::MAX),
            first: 0,
            sum: String::new(),
            source: Some(Arc::new(Filed(filed))),
        });
        (rows, parts)
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

fn bytes(row: &ManifestRow) -> usize {
    row.masks.values().map(|mask| mask.expose().len()).sum()
}

fn text(row: &ManifestRow) -> io::Result<String> {
    serde_json::to_string(row).map_err(io::Error::other)
}

/// Rows in a file that is gone with the process.
struct Filed(ValueLog);

impl RowSource for Filed {
    fn part(&self, part: u32) -> io::Result<Zeroizing<Vec<u8>>> {
        let rows = self.0.read(part as usize, 0)?;
        Ok(Zeroizing::new(format!("[{}]", rows.join(",")).into_bytes()))
    }
}
