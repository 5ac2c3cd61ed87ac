//! Every row that a search found, collection by collection, each once and with whose it is.

use std::sync::Arc;

use super::super::FulfilmentError;
use super::judge::{Knowledge, Verdict};
use super::key_set::KeySet;
use super::place::{Columns, Place};
use super::scratch::Scratch;
use super::trace::Trace;
use super::wanted::{Question, Wanted};
use crate::connectors::{ANNOUNCED, Row, Select};
use crate::datamap::NodeId;

impl Trace<'_> {
    /// Says which collections are swept next, each with what is read of it, as [`Trace::sweep_reading`] takes it.
    pub(in crate::fulfilment) fn announce(&mut self, sweeps: &[(NodeId, Vec<String>)]) -> Result<(), FulfilmentError> {
        let mut announced = Vec::new();
        for (node, columns) in sweeps {
            let (Some(place), progress) = (self.places.get(*node), &self.progress[node.index()]) else { continue };
            if progress.brings_rows() && progress.wanted.is_few(ANNOUNCED) {
                let mut columns = Columns(columns.clone());
                for name in &place.columns {
                    columns.index(name);
                }
                announced.push((place, columns.0, progress.wanted.matches(Question::Everything)?));
            }
        }
        self.snapshot.announce(&announced)
    }

    /// Streams every row found in a collection, once, with whose it is. The row begins with [`Place::columns`] and
    /// goes on with `more`.
    pub(in crate::fulfilment) fn sweep(
        &mut self,
        node: NodeId,
        more: &[String],
        each: impl FnMut(&Place, &Row, Verdict) -> Result<(), FulfilmentError>,
    ) -> Result<(), FulfilmentError> {
        let Some(place) = self.places.get(node) else { return Ok(()) };
        let columns = place.columns.iter().chain(more).cloned().collect();
        self.sweep_reading(node, columns, each)
    }

    /// The same with rows that begin with these columns.
    pub(in crate::fulfilment) fn sweep_reading(
        &mut self,
        node: NodeId,
        columns: Vec<String>,
        mut each: impl FnMut(&Place, &Row, Verdict) -> Result<(), FulfilmentError>,
    ) -> Result<(), FulfilmentError> {
        let Some(place) = self.places.get(node) else { return Ok(()) };
        let progress = &self.progress[node.index()];
        if !progress.brings_rows() {
            return Ok(());
        }
        let mut columns = Columns(columns);
        let links = place.columns.iter().map(|name| columns.index(name)).collect();
        let mut judged = Judged { at: links, before: None };
        let mut once = Once::new(place, &progress.wanted, &mut columns, self.systems.scratch());
        for question in once.questions(&progress.wanted) {
            let any_of = progress.wanted.matches(question)?;
            let select = Select { table: &place.table_name, columns: &columns.0, any_of: &any_of };
            let knowledge = &self.knowledge;
            self.snapshot.select(&place.system, &select, |row| match judged.verdict(knowledge, place, row)? {
                Verdict::Foreign => Ok(()),
                Verdict::Unexplained if progress.broad => Ok(()),
                Verdict::Unexplained => Err(FulfilmentError::Unexplained {
                    system: place.system.clone(),
                    table: place.table_name.to_string(),
                }),
                verdict if once.is_new(row)? => each(place, row, verdict.clone()),
                _ => Ok(()),
            })?;
        }
        if !once.met_unkeyed() {
            return Ok(());
        }
        // Asked for in one question, each of them comes once.
        let any_of = progress.wanted.matches(Question::Everything)?;
        let select = Select { table: &place.table_name, columns: &columns.0, any_of: &any_of };
        let knowledge = &self.knowledge;
        self.snapshot.select(&place.system, &select, |row| match judged.verdict(knowledge, place, row)? {
            Verdict::Foreign | Verdict::Unexplained => Ok(()),
            verdict if once.is_unkeyed(row) => each(place, row, verdict.clone()),
            _ => Ok(()),
        })?;
        Ok(())
    }
}

/// The verdict of the row before: of many rows in a row the links are the same.
struct Judged {
    /// Where [`Place::columns`] are read.
    at: Vec<usize>,
    /// What stood there, and the verdict.
    before: Option<(Row, Verdict)>,
}

impl Judged {
    fn verdict(&mut self, knowledge: &Knowledge, place: &Place, row: &Row) -> Result<&Verdict, FulfilmentError> {
        let Self { at, before } = self;
        let same = |before: &Row| at.iter().enumerate().all(|(index, at)| before.get(index) == row.get(*at));
        if before.as_ref().is_some_and(|(before, _)| !same(before)) {
            *before = None;
        }
        match before {
            Some((_, verdict)) => Ok(verdict),
            none => {
                let links: Row = at.iter().map(|at| row.get(*at)).collect();
                let verdict = knowledge.judge(place, &links)?;
                Ok(&none.insert((links, verdict)).1)
            }
        }
    }
}

/// Gives each row once, where it may answer more than one question.
enum Once {
    /// No row answers two.
    AsItComes,
    /// Rows are told apart by their primary key.
    Keyed(Keyed),
    /// Rows cannot be told apart: everything has to be one question.
    Whole,
}

/// Rows by their primary key. A key with NULL in it tells no rows apart: SQLite takes any number of them, wherever the
/// key is no INTEGER and not declared NOT NULL.
struct Keyed {
    /// Where the parts of the key stand in a row.
    at: Vec<usize>,
    delivered: KeySet,
    /// Whether a row with NULL in its key was passed over.
    met_unkeyed: bool,
}

impl Once {
    /// `columns` gets what is missing of the primary key.
    fn new(place: &Place, wanted: &Wanted, columns: &mut Columns, scratch: &Arc<Scratch>) -> Self {
        let key = place.table().row_key();
        if wanted.questions().len() < 2 || wanted.is_disjoint() {
            return Once::AsItComes;
        }
        if key.is_empty() {
            return Once::Whole;
        }
        let at = key.iter().map(|name| columns.index(name)).collect();
        Once::Keyed(Keyed { at, delivered: KeySet::new(scratch), met_unkeyed: false })
    }

    fn questions(&self, wanted: &Wanted) -> Vec<Question> {
        match self {
            Once::Whole => vec![Question::Everything],
            Once::AsItComes | Once::Keyed(..) => wanted.questions(),
        }
    }

    fn is_new(&mut self, row: &Row) -> Result<bool, FulfilmentError> {
        match self {
            Once::Keyed(keyed) if keyed.at.iter().any(|at| row.get(*at).is_none()) => {
                keyed.met_unkeyed = true;
                Ok(false)
            }
            Once::Keyed(keyed) => Ok(keyed.delivered.insert(keyed.at.iter().filter_map(|at| row.get(*at)))?),
            Once::AsItComes | Once::Whole => Ok(true),
        }
    }

    /// Whether rows were passed over that their keys do not tell apart.
    fn met_unkeyed(&self) -> bool {
        matches!(self, Once::Keyed(keyed) if keyed.met_unkeyed)
    }

    /// Whether the row is one of these.
    fn is_unkeyed(&self, row: &Row) -> bool {
        matches!(self, Once::Keyed(keyed) if keyed.at.iter().any(|at| row.get(*at).is_none()))
    }
}
