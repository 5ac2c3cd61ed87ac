//! Whose a row is: the one place that answers, for search, export, erasure and correction alike.
//!
//! A row's *person links* are its identity fields and its pointers at collections that belong to persons. Those that
//! name this person are *mine*, those that name anyone else are *others*. Without others the row is the person's. With
//! others it is the person's only when the others are mere pointers and the link that owns the row is mine: the
//! identity field, or, where no identity is given in it, the one pointer that may not be NULL.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use super::super::standing::Standing;
use super::key_set::KeySet;
use super::left_rows::LeftRows;
use super::place::{IdentityLink, Place};
use super::scratch::Scratch;
use super::values::{identity_form, is_identity};
use crate::connectors::Row;
use crate::datamap::{Graph, PhoneWriting, PointerId};
use crate::domain::identity::{Identities, IdentityKind};
use crate::domain::personal::Personal;
use crate::domain::telephone;

/// A link of a row to a person: its place among the identities or the pointers of its [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fulfilment) enum Link {
    Identity(usize),
    Pointer(usize),
}

impl Link {
    /// The columns that it consists of.
    pub(in crate::fulfilment) fn columns(self, place: &Place) -> Vec<&str> {
        match self {
            Link::Identity(index) => vec![place.identities[index].column.as_str()],
            Link::Pointer(index) => place.pointers[index].columns.iter().map(String::as_str).collect(),
        }
    }
}

/// Whose a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fulfilment) enum Verdict {
    /// The person's. `others` are pointers at other people, who do not own the row.
    Own { others: Vec<Link> },
    /// Somebody else's, or nobody's in particular, and it names the person in `mine`.
    Shared { mine: Vec<Link>, others: Vec<Link> },
    /// Perhaps another person's altogether: only a weaker identifier agrees (a telephone number, say) where a stronger one is
    /// another's, or only one that nothing shows to be the person's.
    Claimed,
    /// Nobody's: a row that the person's rows point to.
    Context,
    /// Another person's row, met only because a row of the person's points to it.
    Foreign,
    /// None of the values looked for explains the row.
    Unexplained,
}

impl Verdict {
    /// What the row is to the person.
    pub(in crate::fulfilment) fn standing(&self) -> Standing {
        match self {
            Verdict::Own { .. } => Standing::Own,
            Verdict::Shared { .. } | Verdict::Claimed => Standing::Shared,
            Verdict::Context | Verdict::Foreign | Verdict::Unexplained => Standing::Context,
        }
    }
}

/// What is known of the person so far: it only grows, and with it only the number of rows that are theirs.
pub(in crate::fulfilment) struct Knowledge {
    given: BTreeMap<IdentityKind, String>,
    /// The digits of the given telephone number as each way of writing has them.
    spelled: Vec<(PhoneWriting, BTreeSet<String>)>,
    /// Identifiers that stand in rows of the person's beside one of the given.
    learned: HashSet<(IdentityKind, String)>,
    /// The given identifiers in the forms in which they may be learned.
    forms: HashSet<(IdentityKind, String)>,
    /// The kinds of the given identifiers that are the person's: the proved address, what was shown to be theirs, and what
    /// was learned.
    shown: BTreeSet<IdentityKind>,
    /// For each pointer, the keys of the person's rows it can point at.
    pub(in crate::fulfilment) owned: Vec<KeySet>,
    /// Whether some of these are of rows that an earlier erasure removed or masked.
    pub(in crate::fulfilment) owned_before: bool,
    /// For each pointer, the keys that the person's rows and their context hold.
    pub(in crate::fulfilment) context: Vec<KeySet>,
    /// The rows that earlier rounds of an erasure left.
    pub(in crate::fulfilment) left: LeftRows,
    /// The keys of the person's rows that a service is to be told, because only it knows what refers to them.
    pub(in crate::fulfilment) sent: BTreeMap<PointerId, Vec<Vec<String>>>,
}

/// What one identity field of a row says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    Mine,
    /// What the person gave, and nothing shows to be theirs: as good as another's.
    Typed,
    Other,
    /// No identifier of this kind is known of the person.
    Unknown,
}

impl Knowledge {
    pub(in crate::fulfilment) fn new(identities: &Identities, graph: &Graph, scratch: &Arc<Scratch>) -> Self {
        let kinds = [IdentityKind::Email, IdentityKind::Phone, IdentityKind::AccountId];
        let none = || graph.pointers().map(|_| KeySet::new(scratch)).collect();
        Self {
            given: kinds.into_iter().filter_map(|k| Some((k, identities.normalised(k)?))).collect(),
            spelled: Vec::new(),
            learned: HashSet::new(),
            forms: HashSet::new(),
            shown: identities.shown.iter().copied().chain([IdentityKind::Email]).collect(),
            owned: none(),
            owned_before: false,
            context: none(),
            left: LeftRows::default(),
            sent: BTreeMap::new(),
        }
    }

    /// Notes how a given identifier is written in a field, so that it is worked out once and not for each row.
    pub(in crate::fulfilment) fn spell(&mut self, link: &IdentityLink) {
        let Some(given) = self.given.get(&link.kind) else { return };
        self.forms.insert((link.kind, identity_form(link.kind, link.spelling, given)));
        if link.kind == IdentityKind::Phone && !self.spelled.iter().any(|(writing, _)| *writing == link.phone) {
            let spelled = link.wanted(given);
            self.forms.extend(spelled.iter().map(|text| (link.kind, telephone::digits(text))));
            self.spelled.push((link.phone.clone(), spelled));
        }
    }

    /// The kinds of identifiers that were given, and that nothing shows to be the person's.
    pub(in crate::fulfilment) fn unshown(&self) -> BTreeSet<IdentityKind> {
        self.given.keys().filter(|kind| !self.shown.contains(kind)).copied().collect()
    }

    fn is_given(&self, link: &IdentityLink, value: &str, given: &str) -> bool {
        let spelled =
            self.spelled.iter().find(|(writing, _)| link.kind == IdentityKind::Phone && *writing == link.phone);
        match spelled {
            Some((PhoneWriting::E164, _)) => value == given,
            Some((_, digits)) => digits.contains(&telephone::digits(value)),
            None => is_identity(link.kind, link.spelling, value, given),
        }
    }

    /// The identifier of that kind that was given.
    pub(in crate::fulfilment) fn given(&self, kind: IdentityKind) -> Option<&String> {
        self.given.get(&kind)
    }

    /// Whose the row is; its first values are those of [`Place::columns`].
    ///
    /// # Errors
    /// The file with the known keys cannot be read.
    pub(in crate::fulfilment) fn judge(&self, place: &Place, row: &Row) -> io::Result<Verdict> {
        let mut links = self.links(place, row)?;
        if !links.reached {
            // A key that was given to somebody else since names them.
            let nobody_else = links.others.is_empty();
            return Ok(match (self.left.standing(place, row), self.is_context(place, row)?) {
                (Some(Standing::Own), _) if nobody_else => Verdict::Own { others: Vec::new() },
                (Some(_), _) | (None, true) if nobody_else => Verdict::Context,
                (Some(_), _) | (None, true) => Verdict::Foreign,
                (None, false) => Verdict::Unexplained,
            });
        }
        if !links.led {
            // Nothing but claims and what was merely typed leads to it: all of it may be another's.
            return Ok(Verdict::Claimed);
        }
        links.others.append(&mut links.claims);
        let only_pointers = links.others.iter().all(|l| matches!(l, Link::Pointer(_)));
        let theirs = links.others.is_empty() || (only_pointers && owner_is_mine(place, row, &links.mine));
        if theirs {
            Ok(Verdict::Own { others: links.others })
        } else {
            Ok(Verdict::Shared { mine: links.mine, others: links.others })
        }
    }

    /// Whose a row is of which a service says that it is the person's: theirs, unless it names somebody else as well.
    ///
    /// # Errors
    /// As [`Knowledge::judge`].
    pub(in crate::fulfilment) fn attested(&self, place: &Place, row: &Row) -> io::Result<Verdict> {
        let Links { mine, mut others, mut claims, .. } = self.links(place, row)?;
        others.append(&mut claims);
        let named = |link: &Link| matches!(link, Link::Identity(_));
        Ok(match others.iter().any(named) {
            true => Verdict::Shared { mine, others },
            false => Verdict::Own { others },
        })
    }

    /// Takes note of the other identifiers in a row of the person's that carries one of the given, and of a given one that
    /// a stronger one carries; gives whether any was new.
    pub(in crate::fulfilment) fn learn(&mut self, place: &Place, row: &Row) -> bool {
        let given = |i: &IdentityLink| self.says(i, row, false) == Says::Mine;
        let beside = place.identities.iter().any(given);
        let mut new = false;
        for link in &place.identities {
            let known = stored(link, row).map(|value| (link.kind, identity_form(link.kind, link.spelling, value)));
            if let Some(known) = known.filter(|known| beside || self.forms.contains(known)) {
                new |= self.note(known);
            }
        }
        new
    }

    fn note(&mut self, known: (IdentityKind, String)) -> bool {
        if self.forms.contains(&known) {
            self.shown.insert(known.0);
        }
        self.learned.insert(known)
    }

    /// The other identifiers of the person's that were found so far, in order.
    pub(in crate::fulfilment) fn learned(&self) -> Vec<(IdentityKind, Personal<String>)> {
        let mut learned: Vec<_> = self.learned.iter().collect();
        learned.sort_unstable();
        learned.into_iter().map(|(kind, value)| (*kind, Personal::new(value.clone()))).collect()
    }

    /// Takes note of identifiers that an earlier search found; gives whether any was new.
    pub(in crate::fulfilment) fn recall(&mut self, learned: &[(IdentityKind, Personal<String>)]) -> bool {
        learned.iter().fold(false, |new, (kind, value)| self.note((*kind, value.expose().clone())) | new)
    }

    fn links(&self, place: &Place, row: &Row) -> io::Result<Links> {
        let says: Vec<Says> = place.identities.iter().map(|i| self.says(i, row, true)).collect();
        let strength = |wanted: Says| {
            let with = place.identities.iter().zip(&says).filter(move |(_, s)| **s == wanted);
            with.map(|(i, _)| weakness(i.kind)).min()
        };
        let others_at = strength(Says::Other).into_iter().chain(strength(Says::Typed)).min();
        let (mine_at, other_at) = (strength(Says::Mine), others_at);
        // The strongest identifier that agrees carries the weaker ones: a customer's row with the address that was
        // proved is theirs whatever telephone number stands in it.
        let carried = |kind| mine_at.is_some_and(|mine| mine < weakness(kind) && other_at.is_none_or(|o| mine < o));
        let reached = |i: &IdentityLink| matches!(self.says(i, row, false), Says::Mine | Says::Typed);
        let mut links = Links { reached: place.identities.iter().any(reached), ..Links::default() };
        // Where a stronger identifier is another's than any that agrees, what agrees is theirs as well as the person's. What was
        // merely typed is nobody's in particular.
        let stronger = strength(Says::Other).filter(|other| mine_at.is_none_or(|mine| *other < mine));
        let weaker = |kind| stronger.is_some_and(|other| other < weakness(kind));
        for (index, says) in says.into_iter().enumerate() {
            match says {
                Says::Mine if weaker(place.identities[index].kind) => links.claims.push(Link::Identity(index)),
                Says::Mine => {
                    links.mine.push(Link::Identity(index));
                    links.led |= self.says(&place.identities[index], row, false) == Says::Mine;
                }
                // Carried by a stronger one, an account that was learned, say, it is theirs.
                Says::Typed if carried(place.identities[index].kind) => links.led = true,
                Says::Typed | Says::Other | Says::Unknown if !carried(place.identities[index].kind) => {
                    links.others.push(Link::Identity(index))
                }
                _ => {}
            }
        }
        for (index, end) in place.pointers.iter().enumerate().filter(|(_, end)| end.person) {
            let Some(key) = end.key(row) else { continue };
            if self.owned[end.id.index()].contains(end.canonical(&key).iter().map(String::as_str))? {
                links.mine.push(Link::Pointer(index));
                links.reached |= end.down;
                links.led |= end.down;
            } else {
                links.others.push(Link::Pointer(index));
            }
        }
        Ok(links)
    }

    /// Whether an identity field holds an identifier of the person's.
    pub(in crate::fulfilment) fn is_mine(&self, link: &IdentityLink, row: &Row) -> bool {
        self.says(link, row, true) == Says::Mine
    }

    fn says(&self, link: &IdentityLink, row: &Row, with_learned: bool) -> Says {
        let Some(value) = stored(link, row) else { return Says::Nothing };
        let known = || (link.kind, identity_form(link.kind, link.spelling, value));
        match self.given.get(&link.kind) {
            Some(given) if self.is_given(link, value, given) && self.shown.contains(&link.kind) => Says::Mine,
            _ if with_learned && self.learned.contains(&known()) => Says::Mine,
            Some(given) if self.is_given(link, value, given) => Says::Typed,
            Some(_) => Says::Other,
            None => Says::Unknown,
        }
    }

    fn is_context(&self, place: &Place, row: &Row) -> io::Result<bool> {
        for end in place.pointed.iter().filter(|end| end.up) {
            if let Some(key) = end.key(row)
                && self.context[end.id.index()].contains(end.canonical(&key).iter().map(String::as_str))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Links {
    mine: Vec<Link>,
    others: Vec<Link>,
    /// Whether the row carries a given identity, or belongs to a row of the person's.
    reached: bool,
    /// Whether one of `mine` leads to it: what is shown to be the person's of the given, or a row of theirs.
    led: bool,
    /// Identifiers of the person's where a stronger one is another's.
    claims: Vec<Link>,
}

/// An identity field that is empty names nobody.
fn stored<'r>(link: &IdentityLink, row: &'r Row) -> Option<&'r str> {
    row.get(link.at).filter(|value| !value.trim().is_empty())
}

/// How weakly an identifier tells a person: the e-mail address is proved, the account is the company's own number, and
/// a telephone can be a household's.
fn weakness(kind: IdentityKind) -> u8 {
    match kind {
        IdentityKind::Email => 0,
        IdentityKind::AccountId => 1,
        IdentityKind::Phone => 2,
    }
}

/// Called where every other link is a pointer: whether the link that owns the row is among `mine`.
fn owner_is_mine(place: &Place, row: &Row, mine: &[Link]) -> bool {
    if place.identities.iter().any(|i| stored(i, row).is_some()) {
        // No identity of this row is another's, or it would be among the others.
        return mine.iter().any(|l| matches!(l, Link::Identity(_)));
    }
    let mut required = place.pointers.iter().enumerate().filter(|(_, end)| end.person && end.required);
    match (required.next(), required.next()) {
        (Some((index, _)), None) => mine.contains(&Link::Pointer(index)),
        _ => false,
    }
}
