//! What is looked for in one collection: values by column, each once, and asked for in batches.

use std::io;
use std::sync::Arc;

use super::key_set::KeySet;
use super::place::Place;
use super::scratch::Scratch;
use super::value_log::{self, ValueLog};
use super::values::{Spelling, key_match, spelled_in};
use crate::connectors::{Column, Comparison, Match};

/// The values looked for in one collection.
#[derive(Default)]
pub(in crate::fulfilment) struct Wanted {
    columns: Vec<WantedColumn>,
}

struct WantedColumn {
    name: String,
    /// All columns of a composite key, with the spellings in which they are compared. Its values are then keys, each as JSON.
    composite: Vec<(Column, Spelling)>,
    comparison: Comparison,
    /// How the database compares the column with a value, where that is known for sure.
    spelling: Option<Spelling>,
    known: KeySet,
    values: ValueLog,
    /// Up to where they were asked for: a batch, and how many of its values.
    asked: (usize, usize),
}

/// One question of those that together ask for everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::fulfilment) enum Question {
    /// All values of all columns.
    Everything,
    /// One batch of one column.
    Batch(usize, usize),
}

impl Wanted {
    /// Looks for a value, unless it was looked for before.
    pub(in crate::fulfilment) fn add(
        &mut self,
        scratch: &Arc<Scratch>,
        place: &Place,
        column: &str,
        comparison: Comparison,
        value: &str,
    ) -> io::Result<()> {
        let same = |c: &WantedColumn| c.name == column && c.comparison == comparison && c.composite.is_empty();
        let at = self.columns.iter().position(same).unwrap_or_else(|| {
            self.columns.push(WantedColumn::new(scratch, place, column, comparison));
            self.columns.len() - 1
        });
        let column = &mut self.columns[at];
        let text = column.spelling.map_or(value.into(), |s| s.canonical(value));
        if column.known.insert(std::iter::once(&*text))? {
            column.values.push(value)?;
        }
        Ok(())
    }

    /// Looks for a key in all its spellings, unless it was looked for before.
    pub(in crate::fulfilment) fn add_key(
        &mut self,
        scratch: &Arc<Scratch>,
        place: &Place,
        parts: &[(&Column, Spelling)],
        key: &[String],
    ) -> io::Result<()> {
        if let [(column, spelling)] = parts {
            let mut spelled = spelled_in(column, *spelling, &key[0]).into_iter();
            return spelled.try_for_each(|text| self.add(scratch, place, &column.name, Comparison::Exact, &text));
        }
        let same = |c: &WantedColumn| {
            let known = c.composite.iter().map(|(column, spelling)| (&column.name, *spelling));
            known.eq(parts.iter().map(|(column, spelling)| (&column.name, *spelling)))
        };
        let at = self.columns.iter().position(same).unwrap_or_else(|| {
            self.columns.push(WantedColumn::composite(scratch, place, parts));
            self.columns.len() - 1
        });
        let column = &mut self.columns[at];
        if column.known.insert(key.iter().map(String::as_str))? {
            column.values.push(&serde_json::to_string(key)?)?;
        }
        Ok(())
    }

    /// Whether nothing was ever looked for.
    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether there are values that were not asked for yet.
    pub(in crate::fulfilment) fn is_pending(&self) -> bool {
        self.columns.iter().any(|c| c.pending().next().is_some())
    }

    /// What to ask next, which then counts as asked.
    pub(in crate::fulfilment) fn next(&mut self) -> io::Result<Vec<Match>> {
        let few = self.columns.iter().flat_map(WantedColumn::pending).map(|(_, values)| values).sum::<usize>();
        let mut matches = Vec::new();
        for column in &mut self.columns {
            while let Some(batch) = column.next_batch() {
                let from = if batch == column.asked.0 { column.asked.1 } else { 0 };
                let values = column.values.read(batch, from)?;
                // What lies behind a full batch comes in the next one; the last batch may still grow.
                let is_last = batch + 1 == column.values.batches();
                column.asked = if is_last { (batch, from + values.len()) } else { (batch + 1, 0) };
                if values.is_empty() {
                    continue;
                }
                matches.push(column.matching(values)?);
                if few > value_log::VALUES {
                    return Ok(matches);
                }
            }
        }
        Ok(matches)
    }

    /// Gives up what was not asked for: nothing leads on from the collection, or it is not there.
    pub(in crate::fulfilment) fn pass_over(&mut self) {
        for column in &mut self.columns {
            let last = column.values.batches().saturating_sub(1);
            column.asked = (last, column.values.weight(last));
        }
    }

    /// Whether so many values are looked for at most.
    pub(in crate::fulfilment) fn is_few(&self, most: usize) -> bool {
        let batches = |c: &WantedColumn| (0..c.values.batches()).map(|b| c.values.weight(b)).sum::<usize>();
        self.columns.iter().map(batches).sum::<usize>() <= most
    }

    /// The questions that together ask for everything; one, unless there is more than one question takes.
    pub(in crate::fulfilment) fn questions(&self) -> Vec<Question> {
        if self.is_few(value_log::VALUES) {
            return vec![Question::Everything];
        }
        let columns = self.columns.iter().enumerate();
        columns.flat_map(|(at, c)| (0..c.values.batches()).map(move |b| Question::Batch(at, b))).collect()
    }

    /// Whether no row answers two of these questions.
    pub(in crate::fulfilment) fn is_disjoint(&self) -> bool {
        matches!(self.columns.as_slice(), [one] if one.spelling.is_some())
    }

    /// A question in the connectors' words.
    pub(in crate::fulfilment) fn matches(&self, question: Question) -> io::Result<Vec<Match>> {
        let one = |c: &WantedColumn, batches: std::ops::Range<usize>| {
            let mut values = Vec::new();
            for batch in batches {
                values.append(&mut c.values.read(batch, 0)?);
            }
            c.matching(values)
        };
        match question {
            Question::Everything => self.columns.iter().map(|c| one(c, 0..c.values.batches())).collect(),
            Question::Batch(at, batch) => Ok(vec![one(&self.columns[at], batch..batch + 1)?]),
        }
    }
}

impl WantedColumn {
    fn new(scratch: &Arc<Scratch>, place: &Place, name: &str, comparison: Comparison) -> Self {
        let spelling = place.table().column(name).and_then(|column| match Spelling::of(column) {
            spelling @ (Spelling::Number | Spelling::Uuid) => Some(spelling),
            Spelling::Text if column.collation.is_none() => Some(Spelling::Text),
            _ => None,
        });
        Self {
            name: name.to_owned(),
            composite: Vec::new(),
            comparison,
            spelling: spelling.filter(|_| comparison == Comparison::Exact),
            known: KeySet::new(scratch),
            values: ValueLog::new(scratch),
            asked: (0, 0),
        }
    }

    /// Several columns, with the spellings in which they are compared.
    fn composite(scratch: &Arc<Scratch>, place: &Place, parts: &[(&Column, Spelling)]) -> Self {
        let composite = parts.iter().map(|(column, spelling)| ((*column).clone(), *spelling)).collect();
        // Values of several keys may meet in a row that has none of them, and comes with each of their batches.
        let one = Self::new(scratch, place, &parts[0].0.name, Comparison::Exact);
        Self { composite, spelling: None, ..one }
    }

    /// What asks for values of it, of which there has to be one.
    fn matching(&self, values: Vec<String>) -> io::Result<Match> {
        if self.composite.is_empty() {
            return Ok(Match::new(&self.name, values, self.comparison));
        }
        let parts: Vec<_> = self.composite.iter().map(|(column, spelling)| (column, *spelling)).collect();
        let keys = values.iter().map(|key| serde_json::from_str(key)).collect::<Result<Vec<Vec<String>>, _>>()?;
        key_match(&parts, &keys).ok_or_else(|| io::Error::other("no key is looked for"))
    }

    /// The first batch with values that were not asked for.
    fn next_batch(&self) -> Option<usize> {
        self.pending().next().map(|(batch, _)| batch)
    }

    /// The batches with values that were not asked for, and how many those are.
    fn pending(&self) -> impl Iterator<Item = (usize, usize)> {
        let (batch, values) = self.asked;
        let left = move |b: usize| self.values.weight(b) - if b == batch { values } else { 0 };
        (batch..self.values.batches()).map(move |b| (b, left(b))).filter(|(_, left)| *left > 0)
    }
}
