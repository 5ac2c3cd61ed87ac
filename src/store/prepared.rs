//! Statements whose words are always the same are parsed and planned once a connection.
//!
//! Diesel keeps what it prepared for selections and plain insertions. An UPDATE, an upsert and whatever holds a piece of
//! SQL it prepares anew at every run, because their words might depend on their values; where they do not, as in all that
//! is handed to [`prepared`], that is a good part of what a short transaction costs in SQLite.
//!
//! For the same reason a row that is named by its key is asked for with `get_result` and not with `first`: `first` adds
//! a `LIMIT` whose value is bound, and SQLite, which plans by it, parses the statement anew at every run.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::LoadQuery;
use diesel::result::QueryResult;

/// A statement that is kept by its words.
#[must_use = "a statement does nothing before it is run"]
pub(super) struct Prepared<Q>(Q);

/// A statement of few shapes, to be kept by its words: what becomes of its values must not add to them, as a list of
/// unknown length would.
pub(super) fn prepared<Q>(statement: Q) -> Prepared<Q> {
    Prepared(statement)
}

impl<Q> Prepared<Q> {
    /// Runs a statement that changes rows and returns a column of each, of type `U`; gives their number. (Diesel's
    /// `execute` takes a statement by reference, and so does not learn that it may be kept.)
    pub(super) fn changed<'q, U, C>(self, conn: &mut C) -> QueryResult<usize>
    where
        Self: LoadQuery<'q, C, U>,
    {
        RunQueryDsl::load::<U>(self, conn).map(|rows| rows.len())
    }
}

impl<Q, DB> QueryFragment<DB> for Prepared<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    /// Known by its words and not by its type.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Prepared<Q> {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::{InstrumentationEvent, SimpleConnection};
    use diesel::prelude::*;
    use diesel::{SqliteConnection, insert_into, update};

    use super::*;

    diesel::table! {
        pages (id) { id -> Integer, words -> Text, }
    }

    /// How many statements are kept while `run` goes on.
    fn kept(run: impl Fn(&mut SqliteConnection)) -> usize {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.batch_execute("CREATE TABLE pages (id INTEGER PRIMARY KEY, words TEXT NOT NULL)").unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        run(&mut conn);
        count.load(Ordering::Relaxed)
    }

    #[test]
    fn one_shape_is_kept_once_whatever_its_values() {
        let twice = |c: &mut SqliteConnection| {
            for words in ["one", "two"] {
                let row = (pages::id.eq(1), pages::words.eq(words));
                let upsert = insert_into(pages::table).values(row).on_conflict(pages::id).do_update();
                let upsert = upsert.set(pages::words.eq(words)).returning(pages::id);
                assert_eq!(prepared(upsert).changed::<i32, _>(c), Ok(1));
                let update = update(pages::table.find(1)).set(pages::words.eq(words)).returning(pages::id);
                assert_eq!(prepared(update).changed::<i32, _>(c), Ok(1));
                assert_eq!(pages::table.select(pages::words).get_result::<String>(c), Ok(words.to_owned()));
            }
        };
        assert_eq!(kept(twice), 3, "the upsert, the update and the selection");
    }

    #[test]
    fn otherwise_diesel_keeps_no_update() {
        let alone = |c: &mut SqliteConnection| {
            assert_eq!(update(pages::table.find(1)).set(pages::words.eq("one")).execute(c), Ok(0));
        };
        assert_eq!(kept(alone), 0, "if this is no longer so, nothing has to be handed to `prepared`");
    }
}
