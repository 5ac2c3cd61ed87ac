//! Locking and changing rows by primary key, a batch of keys a statement.

use std::sync::Arc;

use mysql_async::Value;

use super::columns::{Columns, quoted, quoted_table};
use super::session::Session;
use crate::connectors::sql::{self, Place};
use crate::connectors::{ConnectorError, EachRow, Key, TableName, Writer};
use crate::domain::personal::Personal;

/// How many values of keys one statement carries: few enough that the servers look each of them up, and lock no row but
/// theirs.
const BATCH: usize = 900;

impl Writer for Session {
    fn lock(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        columns: &[String],
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        let list = known.listed(table, columns.iter())?;
        let name = quoted_table(table);
        let mut count = 0;
        for (condition, parameters, batch) in batches(table, &known, key_columns, keys)? {
            let statement = format!("SELECT {list} FROM {name} WHERE {condition} FOR UPDATE");
            let rows = self.stream(&statement, parameters, &Place::Table(table), each)?;
            count += one_each(table, rows, batch)?;
        }
        Ok(count)
    }

    fn delete(&mut self, table: &TableName, key_columns: &[String], keys: &[Key]) -> Result<u64, ConnectorError> {
        let change = format!("DELETE FROM {}", quoted_table(table));
        self.change(&change, &[], table, key_columns, keys)
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
            let kind = known.get(table, column)?.kind;
            let unfit = || ConnectorError::Statement(format!("a value does not fit its column's type on {table}"));
            values.push(match value {
                Some(value) => kind.stored(value.expose()).ok_or_else(unfit)?,
                None => Value::NULL,
            });
            assignments.push(format!("{} = {}", quoted(column), kind.assigned()));
        }
        let change = format!("UPDATE {} SET {}", quoted_table(table), assignments.join(", "));
        self.change(&change, &values, table, key_columns, keys)
    }

    fn commit(self: Box<Self>) -> Result<(), ConnectorError> {
        Session::commit(*self)
    }
}

impl Session {
    fn change(
        &mut self,
        change: &str,
        values: &[Value],
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        if let Some(why) = self.unerasable(table)? {
            return Err(ConnectorError::Statement(format!("rows of {table} cannot be changed for good: {why}")));
        }
        let mut count = 0;
        for (condition, keys, batch) in batches(table, &known, key_columns, keys)? {
            let parameters = values.iter().cloned().chain(keys).collect();
            let rows = self.execute(&format!("{change} WHERE {condition}"), parameters, &Place::Table(table))?;
            count += one_each(table, rows, batch)?;
        }
        Ok(count)
    }
}

/// The keys in batches: a condition, its parameters, and how many keys it is about.
fn batches(
    table: &TableName,
    known: &Arc<Columns>,
    key_columns: &[String],
    keys: &[Key],
) -> Result<Vec<(String, Vec<Value>, usize)>, ConnectorError> {
    let mut kinds = Vec::with_capacity(key_columns.len());
    for column in key_columns {
        kinds.push(known.get(table, column)?.kind);
    }
    let mut wanted = Vec::with_capacity(keys.len());
    for key in sql::distinct(keys, key_columns)? {
        // A value that the column cannot hold is the key of no row.
        let values: Option<Vec<Value>> = kinds.iter().zip(key).map(|(kind, value)| kind.wanted(value)).collect();
        wanted.extend(values);
    }
    let one: Vec<String> =
        key_columns.iter().zip(&kinds).map(|(name, kind)| format!("{} = {}", quoted(name), kind.compared())).collect();
    let one = format!("({})", one.join(" AND "));
    let batches = wanted.chunks((BATCH / kinds.len().max(1)).max(1));
    Ok(batches.map(|batch| (vec![one.as_str(); batch.len()].join(" OR "), batch.concat(), batch.len())).collect())
}

/// Columns that are not unique would make a key reach further than its row, perhaps to somebody else's.
fn one_each(table: &TableName, rows: u64, keys: usize) -> Result<u64, ConnectorError> {
    if rows > keys as u64 {
        return Err(ConnectorError::Statement(format!("{keys} keys name {rows} rows of {table}")));
    }
    Ok(rows)
}
