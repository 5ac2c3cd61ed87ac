//! Changing rows by primary key, one at a time inside the one transaction.

use rusqlite::types::Value;

use super::select::{column_list, stream};
use super::value::{candidates, to_store};
use super::{Columns, Session, error, probe};
use crate::connectors::{ConnectorError, EachRow, Key, LiveSchema, SchemaMark, TableName, Writer, sql};
use crate::domain::personal::Personal;

impl Writer for Session {
    fn lock(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        columns: &[String],
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        // BEGIN IMMEDIATE already keeps every other writer out: reading is enough.
        self.timed(|session| session.keyed(table, key_columns, keys, columns, each))
    }

    fn delete(&mut self, table: &TableName, key_columns: &[String], keys: &[Key]) -> Result<u64, ConnectorError> {
        let change = format!("DELETE FROM {} AS t", sql::quoted_table(table));
        self.timed(|session| session.change(&change, &[], table, key_columns, keys))
    }

    fn update(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        set: &[(String, Option<Personal<String>>)],
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        let mut assignments = Vec::with_capacity(set.len());
        let mut values = Vec::with_capacity(set.len());
        for (column, value) in set {
            let affinity = known.affinity(table, column)?;
            values.push(value.as_ref().map_or(Value::Null, |v| to_store(v.expose(), affinity)));
            assignments.push(format!("{} = ?{}", sql::quoted(column), values.len()));
        }
        let change = format!("UPDATE {} AS t SET {}", sql::quoted_table(table), assignments.join(", "));
        self.timed(|session| session.change(&change, &values, table, key_columns, keys))
    }

    fn defer_references(&mut self) -> Result<(), ConnectorError> {
        // Ends with the transaction by itself (<https://sqlite.org/pragma.html#pragma_defer_foreign_keys>).
        let deferred = self.connection.execute_batch("PRAGMA defer_foreign_keys = ON");
        deferred.map_err(|e| error::committing(&self.connection, e))
    }

    fn schema_unless(&mut self, mark: &SchemaMark) -> Result<Option<LiveSchema>, ConnectorError> {
        self.timed(|session| match probe::mark(&session.connection)? == *mark {
            true => Ok(None),
            false => probe::probe(&session.connection).map(Some),
        })
    }

    fn commit(self: Box<Self>) -> Result<(), ConnectorError> {
        self.cancellation.before_commit()?;
        // From here on it is carried through.
        let uninterrupted = self.connection.progress_handler(0, None::<fn() -> bool>);
        uninterrupted.map_err(|e| error::committing(&self.connection, e))?;
        self.connection.execute_batch("COMMIT").map_err(|e| error::committing(&self.connection, e))
    }
}

impl Session {
    fn keyed(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        columns: &[String],
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        let failed = |e| error::running(&self.connection, table, e);
        let wanted = column_list(table, columns, &known)?;
        let name = sql::quoted_table(table);
        let address = Address::of(&known, key_columns);
        let statement = format!("SELECT {wanted} FROM {name} AS t WHERE {}", address.condition(0));
        let mut statement = self.connection.prepare(&statement).map_err(failed)?;
        let mut count = 0;
        for key in sql::distinct(keys, key_columns)? {
            self.cancellation.check()?;
            let parameters = rusqlite::params_from_iter(address.parameters(table, key)?);
            count += at_most_one(table, stream(&mut statement, parameters, columns.len(), &failed, each)?)?;
        }
        Ok(count)
    }

    fn change(
        &mut self,
        change: &str,
        values: &[Value],
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        let failed = |e| error::running(&self.connection, table, e);
        let address = Address::of(&known, key_columns);
        let statement = format!("{change} WHERE {}", address.condition(values.len()));
        let mut statement = self.connection.prepare(&statement).map_err(failed)?;
        let mut count = 0;
        for key in sql::distinct(keys, key_columns)? {
            self.cancellation.check()?;
            let key = address.parameters(table, key)?;
            let all = rusqlite::params_from_iter(values.iter().cloned().chain(key));
            count += at_most_one(table, statement.execute(all).map_err(failed)? as u64)?;
        }
        Ok(count)
    }
}

/// How many stored values one key text can stand for: a text, a blob, a number.
const SPELLINGS: usize = 3;

/// By which of its key columns a row is looked for: where the row id is among them by that alone, since there is NULL in
/// others.
struct Address<'a> {
    known: &'a Columns,
    columns: &'a [String],
    /// How many of the key columns are before these.
    before: usize,
}

impl<'a> Address<'a> {
    fn of(known: &'a Columns, key_columns: &'a [String]) -> Self {
        let before = key_columns.iter().position(|column| known.is_row_id(column)).unwrap_or_default();
        Self { known, columns: &key_columns[before..], before }
    }

    /// Compares every column; parameters before `?{first + 1}` are taken.
    fn condition(&self, first: usize) -> String {
        let column = |(index, column): (usize, &String)| {
            let at = first + index * SPELLINGS;
            format!("t.{} IN (?{}, ?{}, ?{})", sql::quoted(column), at + 1, at + 2, at + 3)
        };
        self.columns.iter().enumerate().map(column).collect::<Vec<_>>().join(" AND ")
    }

    fn parameters(&self, table: &TableName, key: &[String]) -> Result<Vec<Value>, ConnectorError> {
        let mut parameters = Vec::with_capacity(SPELLINGS * self.columns.len());
        for (column, text) in self.columns.iter().zip(&key[self.before..]) {
            let affinity = self.known.affinity(table, column)?;
            let padding = std::iter::repeat(Value::Null);
            parameters.extend(candidates(text, affinity).chain(padding).take(SPELLINGS));
        }
        Ok(parameters)
    }
}

/// A column without a type can hold both the number 1 and the text '1': then a key's text names two rows, and
/// touching either might be touching somebody else's.
fn at_most_one(table: &TableName, rows: u64) -> Result<u64, ConnectorError> {
    if rows > 1 {
        return Err(ConnectorError::Statement(format!("one key names {rows} rows of {table}")));
    }
    Ok(rows)
}
