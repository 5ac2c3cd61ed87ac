//! What of a row a person may see: never a secret, and nobody else's identity before staff have looked.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::search::judge::Verdict;
use super::super::search::place::Place;
use crate::connectors::Column;
use crate::connectors::schema::{ColumnKind, Engine};
use crate::datamap::{Category, Field, Member};
use crate::domain::members;

/// How the values of one column are looked at on their way out.
#[derive(Clone, Copy)]
pub(in crate::fulfilment) struct Look {
    /// None of them is shown.
    pub(in crate::fulfilment) secret: bool,
    /// Secrets may stand inside of them.
    pub(in crate::fulfilment) searched: bool,
    /// Words can stand in it; where they cannot, a value with a secret in it goes as a whole.
    pub(in crate::fulfilment) holds_words: bool,
    /// It is JSON, and has to stay so.
    pub(in crate::fulfilment) json: bool,
    /// Staff look at each.
    pub(in crate::fulfilment) free: bool,
}

impl Look {
    pub(in crate::fulfilment) fn of(place: &Place, field: &Field, column: &Column, secret: bool) -> Self {
        // A key counted up by the database can have any digits; without it no row could be told from another.
        let is_key = field.primary_key || field.identity.is_some() || !field.references.is_empty();
        let searched = match column.kind {
            ColumnKind::Text => !column.sql_type.eq_ignore_ascii_case("uuid"),
            ColumnKind::Json => true,
            ColumnKind::Integer | ColumnKind::Number => !is_key,
            // SQLite keeps whatever it is given, whatever the type is called.
            ColumnKind::Boolean | ColumnKind::Date | ColumnKind::DateTime => {
                place.schema.engine == Some(Engine::Sqlite)
            }
        };
        let json = column.kind == ColumnKind::Json || !field.members.is_empty();
        let holds_words = json || column.kind == ColumnKind::Text;
        Self { secret, searched, holds_words, json, free: field.free_text }
    }
}

/// Why a field is described and never shown; `None` when it may be shown. `more` are the categories that law and policy
/// add to those that are never shown to anybody.
pub(in crate::fulfilment) fn secret(field: &Field, more: &[String]) -> Option<String> {
    if field.redact {
        return Some("the dataset marks it with `redact`".to_owned());
    }
    never_shown(&field.categories, more)
}

/// The same for a member of the JSON in a field.
pub(in crate::fulfilment) fn secret_member(member: &Member, more: &[String]) -> Option<String> {
    if member.redact {
        return Some("the dataset marks it with `redact`".to_owned());
    }
    never_shown(&member.categories, more)
}

fn never_shown(categories: &[Category], more: &[String]) -> Option<String> {
    let never = |c: &&Category| c.is_never_disclosed() || more.iter().any(|of| c.is(of));
    let category = categories.iter().find(never)?;
    Some(format!("data of the category {} is held and never disclosed", category.as_str()))
}

/// The members of one column's JSON that are described and never shown, by their paths.
#[derive(Clone, Default)]
pub(in crate::fulfilment) struct SecretMembers(Vec<Vec<String>>);

/// What stands for such a member; in JSON, a string.
const DESCRIBED: &str = "\"[held, not disclosed]\"";

impl SecretMembers {
    /// Whether there are none, so that the text need not be looked at.
    pub(in crate::fulfilment) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::fulfilment) fn of(field: &Field, more: &[String]) -> Self {
        let secret = field.members.iter().filter(|member| secret_member(member, more).is_some());
        Self(secret.map(|member| member.path.clone()).collect())
    }

    /// The text with each of them described, and how many there are; `None` where the text is not the JSON that the
    /// dataset promises, so that nobody can say what stands in it.
    pub(in crate::fulfilment) fn described<'t>(&self, text: &'t str) -> Option<(Cow<'t, str>, u64)> {
        if self.0.is_empty() {
            return Some((Cow::Borrowed(text), 0));
        }
        let mut instead = Vec::new();
        for path in &self.0 {
            let found = members::find(text, path).ok()?;
            instead.extend(found.into_iter().map(|at| (at, Cow::Borrowed(DESCRIBED))));
        }
        if instead.is_empty() {
            return Some((Cow::Borrowed(text), 0));
        }
        let count = instead.len() as u64;
        Some((Cow::Owned(members::replaced(text, instead)), count))
    }
}

/// The columns of a row that say who somebody else is. In a row that is the person's own, these are its pointers at
/// others; in a row of somebody else's also what else tells of a person, but for what the parties wrote and did, which
/// is what the row is about.
pub(in crate::fulfilment) fn withheld<'p>(place: &'p Place, verdict: &Verdict) -> BTreeSet<&'p str> {
    let (others, mine) = match verdict {
        Verdict::Own { others } => (others, None),
        Verdict::Shared { mine, others } => (others, Some(mine.as_slice())),
        _ => return BTreeSet::new(),
    };
    let mut columns: BTreeSet<&str> = others.iter().flat_map(|link| link.columns(place)).collect();
    if let Some(mine) = mine {
        let kept: BTreeSet<&str> = mine.iter().flat_map(|link| link.columns(place)).collect();
        let tells = |f: &&Field| f.all_categories().any(tells_who);
        let telling = place.collection.fields.iter().filter(tells).map(|f| f.name.as_str());
        columns.extend(telling.filter(|name| !kept.contains(name)));
    }
    columns
}

fn tells_who(category: &Category) -> bool {
    category.is_personal() && !category.is("user.content") && !category.is("user.behavior")
}
