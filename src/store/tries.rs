//! Tries at a person's data, counted by address and day, so that nobody guesses without end.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::dialect::{ask, change};
use super::schema::verification_tries::{self, dsl};
use super::sql_types::On;
use super::{StoreError, Tx};
use crate::domain::identity::{Email, IdentityKind};

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// A name beside the address.
    Name,
    /// Answers to questions.
    Answers,
}

impl Tried {
    const fn as_str(self) -> &'static str {
        match self {
            Tried::Name => "name",
            Tried::Answers => "answers",
        }
    }
}

impl Tx<'_> {
    /// Counts one more try of an address today (in UTC); gives the number with it. Two at once count each: the second
    /// waits for the first one's row.
    pub fn count_try(&mut self, email: &Email, what: Tried, now: DateTime<Utc>) -> Result<u32, StoreError> {
        let index = self.keys.blind_index(IdentityKind::Email, &email.normalised()).to_vec();
        let key = (index.as_slice(), what.as_str(), On(now.date_naive()));
        let row = (dsl::email_index.eq(key.0), dsl::what.eq(key.1), dsl::day.eq(key.2), dsl::tries.eq(0));
        change!(self, c => insert_into(verification_tries::table).values(row).on_conflict_do_nothing().execute(c))?;
        let one_more = dsl::tries.eq(dsl::tries + 1);
        change!(self, c => update(verification_tries::table.find(key)).set(one_more).execute(c))?;
        let tries: i32 = ask!(self, c => verification_tries::table.find(key).select(dsl::tries).get_result(c))?;
        Ok(u32::try_from(tries).unwrap_or(u32::MAX))
    }

    /// Forgets the tries of days before today.
    pub fn forget_tries(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let past = verification_tries::table.filter(dsl::day.lt(On(now.date_naive())));
        change!(self, c => delete(past).execute(c)).map(drop)
    }
}
