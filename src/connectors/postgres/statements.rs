//! Statements are parsed and planned once a connection, and never run where they were not prepared.
//!
//! A prepared statement lives in one server process. Between us and the database may stand a pooler that hands its
//! processes out transaction by transaction, to us and to others, whose statements may bear our names. So each
//! transaction begins by asking which process it is in, and the first sign of such a pooler ends all preparing.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, CopyOutStream, Error, Row, RowStream, SimpleQueryMessage, Statement};

use crate::connectors::driver::OwnDriver;

/// How many statements a connection remembers: some ten for each collection of a dataset, more than most have.
const REMEMBERED: usize = 256;

/// How many transactions in a row have to be in the same process before anything is prepared there. What is prepared in
/// a pooler's process stays there, in the way of others.
const SURE: u32 = 3;

/// Longer lists get a plan of their own: from nine values on PostgreSQL hashes a list to compare it with each row, but
/// only where it plans for this very list; otherwise it would go through all of it for every row.
pub(super) const SHORT: usize = 8;

const PLAN_ONCE: (&str, &str) = ("plan_cache_mode", "force_generic_plan");
const PLAN_EACH: &str = "SET LOCAL plan_cache_mode = auto";

/// A parameter.
pub(super) struct Parameter {
    value: Box<dyn ToSql + Sync + Send>,
    sent_as: Type,
    values: usize,
}

impl Parameter {
    /// Whether its list, if it is one, is short.
    pub(super) fn is_short(&self) -> bool {
        self.values <= SHORT
    }
}

/// A text parameter; `None` is NULL.
pub(super) fn text(value: Option<&str>) -> Parameter {
    Parameter { value: Box::new(value.map(str::to_owned)), sent_as: Type::TEXT, values: 1 }
}

/// A list of texts that rows are compared with, as one parameter.
pub(super) fn texts(values: Vec<String>) -> Parameter {
    Parameter { values: values.len(), value: Box::new(values), sent_as: Type::TEXT_ARRAY }
}

/// A list that is gone through once, whatever its length.
pub(super) fn names(values: Vec<String>) -> Parameter {
    Parameter { values: 1, ..texts(values) }
}

/// A connection, and the statements that are prepared on it.
pub(super) struct Connected {
    /// Ends before the statements: they would otherwise be closed one by one, in whatever process a pooler sends that to.
    client: Client,
    kept: Mutex<Kept>,
    plain: Plain,
    /// Whether the server can be told to plan once, which PostgreSQL can from 12 on.
    plans_once: bool,
    driver: OwnDriver,
}

/// Whether nothing is prepared in a system any more. Once it is so, it stays so.
#[derive(Clone, Default)]
pub(super) struct Plain(Arc<AtomicBool>);

/// What is known of a connection.
#[derive(Default)]
struct Kept {
    /// The server process of the transaction before.
    process: Option<String>,
    /// How many transactions in a row were in it.
    transactions: u32,
    /// Whether the server was told in this transaction to plan once.
    planned_once: bool,
    /// Whether the transaction ran, or tried to prepare, a prepared statement.
    relied_on: bool,
    statements: HashMap<String, Met>,
    uses: u64,
}

/// A statement that the connection met before.
struct Met {
    /// From the second time on.
    prepared: Option<Statement>,
    last: u64,
}

impl Connected {
    /// A connection to a server of that version.
    pub(super) fn new(client: Client, driver: OwnDriver, version: Option<&str>, plain: Plain) -> Self {
        let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        let plans_once = major.is_some_and(|major| major >= 12);
        Self { client, kept: Mutex::default(), plain, plans_once, driver }
    }

    /// What moves the connection while a thread waits for it.
    pub(super) fn driver(&self) -> &OwnDriver {
        &self.driver
    }

    /// Begins a transaction with the given statement, and with a snapshot where it is one that has a snapshot. The settings
    /// end with it, so that a pooler in between hands no changed process on; they are set by one statement, each of several
    /// would be parsed and answered on its own.
    pub(super) async fn begin(&self, begin: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
        let planning = self.kept().begin(self.plans_once && !self.plain.is_set()).then_some(&PLAN_ONCE);
        let mut sql = format!("{begin}; SELECT pg_backend_pid()");
        for (name, value) in settings.iter().chain(planning) {
            sql.push_str(&format!(", set_config('{name}', '{value}', true)"));
        }
        let answers = self.client.simple_query(&sql).await?;
        let process = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        let mut kept = self.kept();
        if kept.process.is_some() && kept.process != process {
            self.plain.set();
        }
        kept.process = process;
        Ok(())
    }

    /// Runs a statement.
    pub(super) async fn run(&self, sql: &str, parameters: Vec<Parameter>) -> Result<RowStream, Error> {
        match self.prepared(sql, &parameters).await? {
            Some(statement) => self.client.query_raw(&statement, parameters.into_iter().map(|p| p.value)).await,
            None => {
                let long = !parameters.iter().all(Parameter::is_short);
                if long && std::mem::take(&mut self.kept().planned_once) {
                    self.client.batch_execute(PLAN_EACH).await?;
                }
                self.client.query_typed_raw(sql, parameters.into_iter().map(|p| (p.value, p.sent_as))).await
            }
        }
    }

    /// Sends a statement and does not wait for its answer.
    pub(super) async fn send(&self, sql: &str) {
        let mut answer = std::pin::pin!(self.client.batch_execute(sql));
        if futures_util::poll!(&mut answer).is_pending() {
            // The connection, which has it now, puts it on the wire.
            tokio::task::yield_now().await;
        }
    }

    /// Runs statements one after the other, each of them sent before the answer to the first is waited for; lists in them are
    /// short. `take` reads the rows of one. An error comes with the number of its statement.
    pub(super) async fn run_all<T>(
        &self,
        statements: Vec<(String, Vec<Parameter>)>,
        take: impl AsyncFn(usize, RowStream) -> Result<T, Error>,
    ) -> Result<Vec<T>, (usize, Error)> {
        let mut ready = Vec::with_capacity(statements.len());
        // All of them first: one that has yet to be prepared would be overtaken by those that are.
        for (at, (sql, parameters)) in statements.into_iter().enumerate() {
            debug_assert!(parameters.iter().all(Parameter::is_short));
            let prepared = self.prepared(&sql, &parameters).await.map_err(|error| (at, error))?;
            ready.push((at, prepared, sql, parameters));
        }
        let take = &take;
        let sent = ready.into_iter().map(async |(at, prepared, sql, parameters)| {
            let rows = match prepared {
                Some(statement) => self.client.query_raw(&statement, parameters.into_iter().map(|p| p.value)).await,
                None => self.client.query_typed_raw(&sql, parameters.into_iter().map(|p| (p.value, p.sent_as))).await,
            };
            let taken = async { take(at, rows?).await };
            taken.await.map_err(|error| (at, error))
        });
        futures_util::future::try_join_all(sent).await
    }

    /// Runs a query with few rows.
    pub(super) async fn query(&self, sql: &str, parameters: Vec<Parameter>) -> Result<Vec<Row>, Error> {
        self.run(sql, parameters).await?.try_collect().await
    }

    /// Runs a statement to its end, and gives how many rows it changed.
    pub(super) async fn execute(&self, sql: &str, parameters: Vec<Parameter>) -> Result<u64, Error> {
        let mut rows = std::pin::pin!(self.run(sql, parameters).await?);
        while rows.try_next().await?.is_some() {}
        Ok(rows.rows_affected().unwrap_or_default())
    }

    /// Whether statements are prepared here; a COPY always is, if only to be run once.
    pub(super) fn prepares(&self) -> bool {
        !self.plain.is_set()
    }

    /// Runs a COPY … TO STDOUT.
    pub(super) async fn copy(&self, sql: &str) -> Result<CopyOutStream, Error> {
        self.kept().relied_on = true;
        self.client.copy_out(sql).await
    }

    /// Whether the error says that a prepared statement is not, or not any more, what was prepared. Nothing is prepared
    /// any more then, and what failed may be tried again.
    pub(super) fn lost_a_statement(&self, error: &Error) -> bool {
        let Some(told) = error.as_db_error() else { return false };
        let lost = match *told.code() {
            SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => true,
            // "Cached plan must not change result type" is said in the server's language, and by this function alone.
            SqlState::FEATURE_NOT_SUPPORTED => told.routine() == Some("RevalidateCachedQuery"),
            _ => false,
        };
        let lost = lost && self.kept().relied_on;
        if lost {
            self.plain.set();
        }
        lost
    }

    /// The statement as it is prepared here, where it is worth it.
    async fn prepared(&self, sql: &str, parameters: &[Parameter]) -> Result<Option<Statement>, Error> {
        if self.plain.is_set() || !parameters.iter().all(Parameter::is_short) || !self.is_met_again(sql) {
            return Ok(None);
        }
        let known = {
            let mut kept = self.kept();
            kept.relied_on = true;
            kept.statements.get(sql).and_then(|met| met.prepared.clone())
        };
        if known.is_some() {
            return Ok(known);
        }
        let types: Vec<Type> = parameters.iter().map(|p| p.sent_as.clone()).collect();
        let statement = self.client.prepare_typed(sql, &types).await?;
        if let Some(met) = self.kept().statements.get_mut(sql) {
            met.prepared = Some(statement.clone());
        }
        Ok(Some(statement))
    }

    /// Whether the connection met the statement before; notes that it did now.
    fn is_met_again(&self, sql: &str) -> bool {
        let mut kept = self.kept();
        if kept.transactions < SURE {
            return false;
        }
        kept.uses += 1;
        let last = kept.uses;
        if let Some(met) = kept.statements.get_mut(sql) {
            met.last = last;
            return true;
        }
        if kept.statements.len() >= REMEMBERED {
            let oldest = kept.statements.iter().min_by_key(|(_, met)| met.last).map(|(sql, _)| sql.clone());
            // Inside a transaction, so that it is closed in the process that it was prepared in.
            oldest.and_then(|sql| kept.statements.remove(&sql));
        }
        kept.statements.insert(sql.to_owned(), Met { prepared: None, last });
        false
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A map of whole values stays whole whichever thread panicked.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Notes that a transaction begins; gives whether it plans its statements once. Left to itself PostgreSQL goes on
    /// planning each time: it takes a list that it does not know for ten values long, and two that it knows for cheaper.
    fn begin(&mut self, can_plan_once: bool) -> bool {
        self.transactions = self.transactions.saturating_add(1);
        self.relied_on = false;
        self.planned_once = can_plan_once && self.transactions >= SURE;
        self.planned_once
    }
}

impl Deref for Connected {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Plain {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::info!(
                "a PostgreSQL database is reached through a pooler: its statements are not prepared any more"
            );
        }
    }
}
