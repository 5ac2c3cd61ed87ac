//! What a row of the person's adds to what is known of them, and to what is looked for.

use std::sync::Arc;

use super::super::{FulfilmentError, Systems};
use super::judge::{Knowledge, Verdict};
use super::place::{Place, Places, PointerEnd};
use super::scratch::Scratch;
use super::trace::Progress;
use crate::connectors::Row;

/// What a row of the person's adds to what is known and to what is looked for.
pub(super) struct Findings<'t> {
    places: &'t Places,
    knowledge: &'t mut Knowledge,
    pub(super) progress: &'t mut [Progress],
    scratch: &'t Arc<Scratch>,
}

pub(super) fn findings<'t>(
    places: &'t Places,
    knowledge: &'t mut Knowledge,
    progress: &'t mut [Progress],
    systems: &'t Systems,
) -> (&'t Places, Findings<'t>) {
    (places, Findings { places, knowledge, progress, scratch: systems.scratch() })
}

impl Findings<'_> {
    /// Judges a row and takes note of where it leads; gives whether it is decided for good.
    pub(super) fn look(&mut self, place: &Place, row: &Row) -> Result<bool, FulfilmentError> {
        match self.knowledge.judge(place, row)? {
            Verdict::Own { .. } => {
                if self.knowledge.learn(place, row) {
                    for other in self.places.iter().filter(|p| !p.identities.is_empty()) {
                        self.progress[other.node.index()].stale = true;
                    }
                }
                for end in &place.pointed {
                    if let Some(key) = end.key(row) {
                        self.owned(end, &key)?;
                    }
                }
                self.context(place, row)?;
                Ok(true)
            }
            Verdict::Context => self.context(place, row).map(|()| false),
            _ => Ok(false),
        }
    }

    /// Notes a key of the person's rows, and looks for the rows that belong to it.
    pub(super) fn owned(&mut self, pointed: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let canonical = pointed.canonical(key);
        if !self.knowledge.owned[pointed.id.index()].insert(canonical.iter().map(String::as_str))? {
            return Ok(());
        }
        self.progress[pointed.other.index()].stale = true;
        match self.places.get(pointed.other) {
            None => {
                if let Some(keys) = self.knowledge.sent.get_mut(&pointed.id) {
                    keys.push(canonical);
                }
                Ok(())
            }
            Some(child) if pointed.down => match child.pointers.iter().find(|end| end.id == pointed.id) {
                Some(end) => self.want(child, end, key),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What the row points to is context.
    fn context(&mut self, place: &Place, row: &Row) -> Result<(), FulfilmentError> {
        for end in place.pointers.iter().filter(|end| end.up) {
            let Some(key) = end.key(row) else { continue };
            self.context_at(end, &key)?;
        }
        Ok(())
    }

    /// Notes the key of a row of context, and looks for that row.
    pub(super) fn context_at(&mut self, end: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let canonical = end.canonical(key);
        let parts = || canonical.iter().map(String::as_str);
        // The one row that has the key is the person's, and was found already by what else it was looked for.
        let found = end.tells_apart && !self.knowledge.owned_before;
        if found && self.knowledge.owned[end.id.index()].contains(parts())? {
            return Ok(());
        }
        if !self.knowledge.context[end.id.index()].insert(parts())? {
            return Ok(());
        }
        self.progress[end.other.index()].stale = true;
        if let Some(target) = self.places.get(end.other)
            && let Some(pointed) = target.pointed.iter().find(|t| t.id == end.id)
        {
            self.want(target, pointed, key)?;
        }
        Ok(())
    }

    /// Looks for rows by a key. The columns of a composite key are looked for each on its own, and the judge compares the whole.
    fn want(&mut self, place: &Place, end: &PointerEnd, key: &[String]) -> Result<(), FulfilmentError> {
        let progress = &mut self.progress[place.node.index()];
        progress.broad |= end.columns.len() > 1;
        let columns: Option<Vec<_>> = end.columns.iter().map(|name| place.table().column(name)).collect();
        let Some(columns) = columns else { return Ok(()) };
        let parts: Vec<_> = columns.into_iter().zip(end.spellings.iter().copied()).collect();
        Ok(progress.wanted.add_key(self.scratch, place, &parts, key)?)
    }
}
