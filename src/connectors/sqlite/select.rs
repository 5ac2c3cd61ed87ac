//! Reading: one statement a selection, so that SQLite itself gives each row once.

use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::{Statement, ToSql};

use super::value::{candidates, text_of};
use super::{Columns, DIGITS, FOLD, Session, error};
use crate::connectors::{Comparison, ConnectorError, EachRow, Part, Reader, Row, Select, TableName, sql};

impl Reader for Session {
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        self.timed(|session| session.stream_of(select, each))
    }
}

impl Session {
    fn stream_of(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let columns = self.columns(select.table)?;
        let mut lists = Vec::with_capacity(select.any_of.len());
        let mut conditions = Vec::with_capacity(select.any_of.len());
        for one in select.any_of {
            let mut all = Vec::with_capacity(1);
            for part in one.parts() {
                lists.push(values(&part, &columns, select.table)?);
                all.push(format!("{} IN rarray(?{})", compared(&part), lists.len()));
            }
            conditions.push(format!("({})", all.join(" AND ")));
        }
        let wanted = column_list(select.table, select.columns, &columns)?;
        let table = sql::quoted_table(select.table);
        let statement = format!("SELECT {wanted} FROM {table} AS t WHERE {}", conditions.join(" OR "));
        let failed = |e| error::running(&self.connection, select.table, e);
        let mut statement = self.connection.prepare(&statement).map_err(failed)?;
        let parameters = rusqlite::params_from_iter(lists);
        stream(&mut statement, parameters, select.columns.len(), &failed, each)
    }
}

/// The columns to read, each known to be there. Qualified names: an unqualified one in double quotes that no column
/// bears would be taken for a string.
pub(super) fn column_list(table: &TableName, wanted: &[String], columns: &Columns) -> Result<String, ConnectorError> {
    let mut list = Vec::with_capacity(wanted.len());
    for column in wanted {
        columns.affinity(table, column)?;
        list.push(format!("t.{}", sql::quoted(column)));
    }
    Ok(if list.is_empty() { "1".to_owned() } else { list.join(", ") })
}

/// Hands each row of a statement on, with one row's memory.
pub(super) fn stream<P: rusqlite::Params>(
    statement: &mut Statement<'_>,
    parameters: P,
    width: usize,
    failed: &dyn Fn(rusqlite::Error) -> ConnectorError,
    each: &mut EachRow<'_>,
) -> Result<u64, ConnectorError> {
    let mut rows = statement.query(parameters).map_err(failed)?;
    let mut row = Row::new();
    let mut count = 0;
    while let Some(found) = rows.next().map_err(failed)? {
        row.clear();
        for index in 0..width {
            row.push(text_of(found.get_ref(index).map_err(failed)?).as_deref());
        }
        each(&row)?;
        count += 1;
    }
    Ok(count)
}

/// The side of the comparison that the database computes.
fn compared(one: &Part<'_>) -> String {
    let column = format!("t.{}", sql::quoted(one.column));
    match one.comparison {
        Comparison::Exact => column,
        // SQLite's own `lower` can use an index on `lower(column)`; it knows ASCII only.
        Comparison::IgnoreCase if one.values.iter().all(|v| v.is_ascii()) => format!("lower({column})"),
        Comparison::IgnoreCase => format!("{FOLD}({column})"),
        Comparison::PhoneDigits => format!("{DIGITS}({column})"),
    }
}

/// The values looked for, as one parameter.
fn values(one: &Part<'_>, columns: &Columns, table: &TableName) -> Result<impl ToSql + use<>, ConnectorError> {
    let affinity = columns.affinity(table, one.column)?;
    let list: Vec<Value> = match one.comparison {
        Comparison::Exact => one.values.iter().flat_map(|v| candidates(v, affinity)).collect(),
        Comparison::IgnoreCase => one.values.iter().map(|v| Value::Text(v.clone())).collect(),
        Comparison::PhoneDigits => one.values.iter().filter_map(|v| sql::phone_digits(v)).map(Value::Text).collect(),
    };
    Ok(Rc::new(list))
}
