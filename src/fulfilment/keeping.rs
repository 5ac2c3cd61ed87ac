//! What an erasure leaves for a time: rows that a duty keeps until their day, and rows under a legal hold.

use chrono::NaiveDate;
use uuid::Uuid;

use super::candidates::{Action, Candidates};
use super::judge::Verdict;
use super::masks::{self, Masks};
use super::place::Place;
use super::references::References;
use super::{LeftOut, range};
use crate::domain::keeping::{HELD, Kept, Reach};

/// What an erasure leaves as it is, and by which day that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// The collections that the decision leaves out.
    pub left_out: &'a LeftOut,
    /// The day at the controller's seat.
    pub today: NaiveDate,
    /// The day of the request, from which rows without a date of their own count.
    pub asked_on: NaiveDate,
    /// The legal holds on the person.
    pub holds: &'a [Hold],
    /// What the person reads of rows under a hold.
    pub held_words: &'a str,
}

/// A legal hold as an erasure looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub id: Uuid,
    /// Where it reaches.
    pub reach: Reach,
}

/// Where nobody says which day it is, every duty is still in force: nothing is erased by mistake.
impl Default for Keeping<'_> {
    fn default() -> Self {
        Self {
            left_out: <&LeftOut>::default(),
            today: NaiveDate::MIN,
            asked_on: NaiveDate::MIN,
            holds: &[],
            held_words: HELD,
        }
    }
}

impl<'a> Keeping<'a> {
    /// Only what a decision leaves out, every duty being in force.
    pub fn leaving_out(left_out: &'a LeftOut) -> Self {
        Self { left_out, ..Self::default() }
    }

    /// Why a row of `place` stays for now, if it does; `value` gives its values by column.
    pub(super) fn kept<'r>(&self, place: &Place, value: impl Fn(&str) -> Option<&'r str>) -> Option<Kept> {
        let covers = |h: &&Hold| h.reach.covers(place.system.as_str(), &place.dataset, &place.collection.name);
        if let Some(hold) = self.holds.iter().find(covers) {
            return Some(Kept { ground: self.held_words.to_owned(), citation: None, until: None, hold: Some(hold.id) });
        }
        let rule = place.collection.retain.as_ref()?;
        let until = rule.until(rule.dated_by().and_then(value).and_then(range::day), self.asked_on);
        let kept =
            || Kept { ground: rule.ground.clone(), citation: rule.citation.clone(), until: Some(until), hold: None };
        (self.today <= until).then(kept)
    }
}

/// What of a kept row its duty does not need. Under a hold everything stays, and a row that is somebody else's as well
/// is kept as it is.
pub(super) fn masks_of_kept(place: &Place, verdict: &Verdict, kept: &Kept) -> Masks {
    match (&place.collection.retain, verdict) {
        (Some(_), Verdict::Own { .. }) if kept.hold.is_none() => masks::of_duty(place),
        _ => Masks::new(),
    }
}

/// What a kept row refers to by a foreign key, and what of the person's it alone refers to, is kept as long as the row:
/// the database would not let it go, and the row would say nothing without it.
pub(super) fn spread(candidates: &mut Candidates, references: &References) {
    let mut changed = true;
    while changed {
        changed = false;
        for referrer in &references.found {
            let Some(kept) = referrer.candidate.and_then(|index| candidates.rows[index].kept.clone()) else { continue };
            let target = &mut candidates.rows[referrer.target];
            match &target.kept {
                Some(known) if !kept.outlasts(known) => {}
                None if matches!(target.action, Action::Keep(_)) => {}
                _ => {
                    target.action = Action::Keep(super::candidates::KEPT_FOR_NOW);
                    target.kept = Some(kept);
                    changed = true;
                }
            }
        }
    }
}
