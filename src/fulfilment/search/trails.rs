//! The rest of a search that goes on after rounds of an erasure: from rows that are no longer there, or no longer say whose they were.

use std::collections::HashSet;
use std::io;

use super::super::FulfilmentError;
use super::super::manifest::Manifest;
use super::super::row_parts::RowParts;
use super::done::Done;
use super::findings::findings;
use super::judge::Knowledge;
use super::place::Place;
use super::row_name::Naming;
use super::trace::Trace;
use super::values::{Spelling, key_match};
use super::wanted::Question;
use crate::connectors::{ANNOUNCED, Key, Match, Row, Select};
use crate::datamap::NodeId;
use crate::domain::identity::IdentityKind;
use crate::domain::personal::Personal;

impl Trace<'_> {
    /// Says what is asked whatever comes of it: after the identifiers, which keys of erased rows stand there today.
    pub(super) fn announce_beginning(&mut self, earlier: &[Manifest]) -> Result<(), FulfilmentError> {
        let mut beginning = Vec::new();
        for place in self.places.iter().filter(|place| !place.is_leaf()) {
            let wanted = &self.progress[place.node.index()].wanted;
            if wanted.is_pending() && wanted.is_few(ANNOUNCED) {
                beginning.push((place, place.columns.clone(), wanted.matches(Question::Everything)?));
            }
        }
        let trails = earlier.iter().flat_map(|manifest| &manifest.trails);
        for trail in trails.filter(|trail| !trail.context && trail.keys.len() <= ANNOUNCED) {
            let node = self.systems.graph().find(&trail.dataset, &trail.collection);
            let Some(place) = node.and_then(|node| self.places.get(node)) else { continue };
            if !place.pointed.iter().any(|end| end.columns == trail.columns) {
                continue;
            }
            let keys = trail.keys.iter().map(|key| key.expose());
            let asked = standing_at(place, &trail.columns, keys);
            beginning.extend(asked.map(|(columns, one)| (place, columns, vec![one])));
        }
        self.snapshot.announce(&beginning)
    }

    /// Searches on from the rows that earlier manifests of the same erasure deleted or masked.
    pub(super) fn follow_trails(&mut self, earlier: &[Manifest], done: &Done) -> Result<(), FulfilmentError> {
        for (manifest, trail) in earlier.iter().flat_map(|manifest| manifest.trails.iter().map(move |t| (manifest, t)))
        {
            let Some(node) = self.systems.graph().find(&trail.dataset, &trail.collection) else { continue };
            let keys: Vec<Vec<String>> = trail.keys.iter().map(|k| k.expose().clone()).collect();
            if trail.context {
                self.follow_context(node, &trail.columns, &keys)?;
                continue;
            }
            let masked = trail.stands.then_some(done);
            self.note_erased(node, &trail.columns, &keys, masked)?;
            let parts = trail.in_parts.then(|| manifest.parts_of(trail));
            for rows in parts.into_iter().flatten().flat_map(RowParts::each) {
                let keys: Vec<Vec<String>> = rows?.iter().map(|row| row.key.0.expose().clone()).collect();
                self.note_erased(node, &trail.columns, &keys, masked)?;
            }
            self.progress.iter_mut().for_each(|p| p.stale = true);
            self.follow()?;
        }
        for manifest in earlier.iter().filter(|manifest| !manifest.learned.is_empty()) {
            self.recall(&manifest.learned)?;
        }
        Ok(())
    }

    /// Looks for what belongs to rows that are no longer there: keys of the person's rows that an earlier erasure removed.
    /// A key that stands in its collection today was given to someone else since, and is passed over; where its row was
    /// masked (`masked`) and not removed, unless that row is still there as it was masked.
    fn note_erased(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
        masked: Option<&Done>,
    ) -> Result<(), FulfilmentError> {
        if self.places.get(node).is_none() {
            return Ok(());
        }
        let present = self.taken_keys(node, columns, keys, masked)?;
        self.knowledge.owned_before = true;
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        for end in places.get(node).map(|p| p.pointed.as_slice()).unwrap_or_default() {
            if end.columns == columns {
                for key in keys.iter().filter(|k| !present.contains(&end.canonical(k))) {
                    findings.owned(end, key)?;
                }
            }
        }
        Ok(())
    }

    /// Searches on from what rows that are no longer there pointed to as their context.
    fn follow_context(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
    ) -> Result<(), FulfilmentError> {
        let (places, mut findings) = findings(&self.places, &mut self.knowledge, &mut self.progress, self.systems);
        let ends = places.get(node).map(|p| p.pointers.as_slice()).unwrap_or_default();
        for end in ends.iter().filter(|end| end.up && end.columns == columns) {
            for key in keys {
                findings.context_at(end, key)?;
            }
        }
        self.follow()
    }

    /// Judges again with identifiers that an earlier search found in rows that are no longer there.
    fn recall(&mut self, learned: &[(IdentityKind, Personal<String>)]) -> Result<(), FulfilmentError> {
        if !self.knowledge.recall(learned) {
            return Ok(());
        }
        self.progress.iter_mut().for_each(|p| p.stale = true);
        self.follow()
    }

    /// Which of the keys stand in a row that is not, or not any more, the person's masked one.
    fn taken_keys(
        &mut self,
        node: NodeId,
        columns: &[String],
        keys: &[Vec<String>],
        masked: Option<&Done>,
    ) -> Result<HashSet<Vec<String>>, FulfilmentError> {
        let place = self.places.get(node).expect("asked of a place");
        let Some(end) = place.pointed.iter().find(|end| end.columns == columns) else { return Ok(HashSet::new()) };
        let Some((read, one)) = standing_at(place, columns, keys.iter()) else { return Ok(HashSet::new()) };
        let naming = Naming::of(place.table());
        let select = Select { table: &place.table_name, columns: &read, any_of: &[one] };
        let mut taken = HashSet::new();
        let knowledge = &self.knowledge;
        self.snapshot.select(&place.system, &select, |row| {
            let own = naming.name(row.iter().skip(place.columns.len()));
            let theirs = match masked.zip(own.as_ref()) {
                Some((done, own)) => is_still_masked(knowledge, done, place, own, row)?,
                None => false,
            };
            if !theirs {
                taken.extend(end.key(row).map(|key| end.canonical(&key)));
            }
            Ok(())
        })?;
        Ok(taken)
    }
}

/// Whether a row that an erasure masked is still there as it was masked.
fn is_still_masked(knowledge: &Knowledge, done: &Done, place: &Place, own: &Key, row: &Row) -> io::Result<bool> {
    if !done.masked(place, own)? {
        return Ok(false);
    }
    for link in place.identities.iter().filter(|link| !knowledge.is_mine(link, row)) {
        if done.was_overwritten(place, own, &link.column, row.get(link.at))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What asks for the rows that stand at these keys today, and the columns it reads: those of the trace, and what names a row.
fn standing_at<'k>(
    place: &Place,
    columns: &[String],
    keys: impl Iterator<Item = &'k Vec<String>>,
) -> Option<(Vec<String>, Match)> {
    let live: Vec<_> = columns.iter().map(|name| place.table().column(name)).collect::<Option<_>>()?;
    let parts: Vec<_> = live.into_iter().map(|column| (column, Spelling::of(column))).collect();
    let one = key_match(&parts, &keys.collect::<Vec<_>>())?;
    let read = place.columns.iter().chain(Naming::of(place.table()).columns()).cloned().collect();
    Some((read, one))
}
