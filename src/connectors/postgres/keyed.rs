//! Locking and changing rows by primary key, a batch of keys a statement.

use super::columns::Columns;
use super::error::Place;
use super::probe;
use super::session::{Session, Single};
use super::statements::{Parameter, SHORT, names, text, texts};
use crate::connectors::{
    ConnectorError, EachOf, EachRow, Key, Keyed, LiveSchema, Locked, Own, SchemaMark, TableName, Writer,
    delete_in_turn, lock_in_turn, sql,
};
use crate::domain::personal::Personal;

/// How many bytes the rows of one table may take that are locked beside those of others.
const LARGE: usize = 256 * 1024;

/// How many keys one statement carries, and how many bytes of values that are each row's own.
const BATCH: usize = 10_000;
const BYTES: usize = 1024 * 1024;

impl Writer for Session {
    fn lock(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        columns: &[String],
        each: &mut EachRow<'_>,
    ) -> Result<u64, ConnectorError> {
        self.ahead.clear();
        let statement = self.locking(table, key_columns, columns)?;
        let mut count = 0;
        for batch in sql::distinct(keys, key_columns)?.chunks(BATCH) {
            let rows = self.stream(&statement, lists(batch)?, columns.len(), &Place::Table(table), each)?;
            count += one_each(table, rows, batch)?;
        }
        Ok(count)
    }

    fn delete(&mut self, table: &TableName, key_columns: &[String], keys: &[Key]) -> Result<u64, ConnectorError> {
        self.change(&deletion(table), &[], table, key_columns, keys)
    }

    fn lock_all(&mut self, locked: &[Locked<'_>], each: &mut EachOf<'_>) -> Result<(), ConnectorError> {
        let Some(batches) = short(locked.iter().map(|(rows, _)| rows))? else {
            return lock_in_turn(self, locked, each);
        };
        self.ahead.clear();
        let mut asked = Vec::with_capacity(locked.len());
        for ((rows, columns), batch) in locked.iter().zip(&batches) {
            let sql = self.locking(rows.table, rows.key_columns, columns)?;
            asked.push(single(sql, rows.table, columns.len(), batch)?);
        }
        let answers = self.run_all(asked)?;
        for (at, (answer, batch)) in answers.into_iter().zip(&batches).enumerate() {
            let (rows, columns) = &locked[at];
            one_each(rows.table, answer.affected, batch)?;
            match answer.rows {
                Some(few) => few.iter().try_for_each(|row| each(at, row))?,
                // Few rows, and large ones: they come one by one.
                None => {
                    self.lock(rows.table, rows.key_columns, rows.keys, columns, &mut |row| each(at, row))?;
                }
            }
        }
        Ok(())
    }

    fn delete_all(&mut self, rows: &[Keyed<'_>]) -> Result<Vec<u64>, ConnectorError> {
        let Some(batches) = short(rows.iter())? else {
            return delete_in_turn(self, rows);
        };
        self.ahead.clear();
        let mut asked = Vec::with_capacity(rows.len());
        for (rows, batch) in rows.iter().zip(&batches) {
            let known = self.columns(rows.table)?;
            let condition = condition(rows.table, &known, rows.key_columns, 0)?;
            asked.push(single(format!("{} WHERE {condition}", deletion(rows.table)), rows.table, 0, batch)?);
        }
        let answers = self.run_all(asked)?;
        let counted = answers.into_iter().zip(rows.iter().zip(&batches));
        counted.map(|(answer, (rows, batch))| one_each(rows.table, answer.affected, batch)).collect()
    }

    fn update(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
        set: &[(String, Option<Personal<String>>)],
    ) -> Result<u64, ConnectorError> {
        let known = self.columns(table)?;
        let (assignments, values) = assignments(table, &known, set)?;
        let change = format!("UPDATE {} AS t SET {}", sql::quoted_table(table), assignments.join(", "));
        self.change(&change, &values, table, key_columns, keys)
    }

    fn update_each(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        columns: &[String],
        rows: &[Own],
        set: &[(String, Option<Personal<String>>)],
    ) -> Result<u64, ConnectorError> {
        // What was announced may be otherwise by now.
        self.ahead.clear();
        let known = self.columns(table)?;
        let (mut assignments, alike) = assignments(table, &known, set)?;
        for (at, column) in columns.iter().enumerate() {
            let cast = &known.get(table, column)?.name;
            assignments.push(format!("{} = v.v{at}::{cast}", sql::quoted(column)));
        }
        let mut conditions = Vec::with_capacity(key_columns.len());
        for (at, column) in key_columns.iter().enumerate() {
            let (kind, name) = (known.get(table, column)?, sql::quoted(column));
            conditions.push(match kind.can_be_listed() {
                true => format!("t.{name} = v.k{at}::{}", kind.name),
                false => format!("t.{name}::text = v.k{at}"),
            });
        }
        let (keys, values) = (0..key_columns.len(), 0..columns.len());
        let lists = (1..=keys.len() + values.len()).map(|at| format!("${}::text[]", alike.len() + at));
        let lists: Vec<String> = lists.collect();
        let called: Vec<String> = keys.map(|at| format!("k{at}")).chain(values.map(|at| format!("v{at}"))).collect();
        let statement = format!(
            "UPDATE {} AS t SET {} FROM unnest({}) AS v({}) WHERE {}",
            sql::quoted_table(table),
            assignments.join(", "),
            lists.join(", "),
            called.join(", "),
            conditions.join(" AND ")
        );
        let mut count = 0;
        for batch in in_batches(rows) {
            let given: Vec<Key> = batch.iter().map(|row| row.key.clone()).collect();
            let distinct = sql::distinct(&given, key_columns)?;
            if distinct.len() != batch.len() || batch.iter().any(|row| row.values.len() != columns.len()) {
                return Err(ConnectorError::Statement(format!("values for rows of {table} do not fit together")));
            }
            let mut parameters: Vec<Parameter> = alike.iter().copied().map(text).collect();
            parameters.extend(columns_of(&distinct)?.into_iter().map(names));
            for at in 0..columns.len() {
                let own: Vec<String> = batch.iter().map(|row| row.values[at].expose().clone()).collect();
                refuse_nul(own.iter().map(String::as_str))?;
                parameters.push(names(own));
            }
            let rows = self.execute(&statement, parameters, &Place::Table(table))?;
            count += one_each(table, rows, &distinct)?;
        }
        Ok(count)
    }

    fn defer_references(&mut self) -> Result<(), ConnectorError> {
        self.execute("SET CONSTRAINTS ALL DEFERRED", Vec::new(), &Place::Nowhere).map(drop)
    }

    fn schema_unless(&mut self, mark: &SchemaMark) -> Result<Option<LiveSchema>, ConnectorError> {
        let now = probe::mark(self)?;
        if !self.stands_under(&now)? {
            let changed = "columns got other types while it was written to; nothing was changed";
            return Err(ConnectorError::Statement(changed.to_owned()));
        }
        if now == *mark { Ok(None) } else { probe::probe(self).map(Some) }
    }

    fn commit(self: Box<Self>) -> Result<(), ConnectorError> {
        Session::commit(*self)
    }
}

/// The keys of each, if there are some and all lists are short.
fn short<'k>(rows: impl Iterator<Item = &'k Keyed<'k>>) -> Result<Option<Vec<Vec<&'k [String]>>>, ConnectorError> {
    let batches: Vec<_> = rows.map(|rows| sql::distinct(rows.keys, rows.key_columns)).collect::<Result<_, _>>()?;
    Ok(Some(batches).filter(|batches| batches.iter().all(|batch| (1..=SHORT).contains(&batch.len()))))
}

fn single<'t>(
    sql: String,
    table: &'t TableName,
    width: usize,
    batch: &[&[String]],
) -> Result<Single<'t>, ConnectorError> {
    Ok(Single { sql, parameters: lists(batch)?, width, most: LARGE, table })
}

fn deletion(table: &TableName) -> String {
    format!("DELETE FROM {} AS t", sql::quoted_table(table))
}

impl Session {
    /// The statement that locks rows by their keys.
    fn locking(
        &mut self,
        table: &TableName,
        key_columns: &[String],
        columns: &[String],
    ) -> Result<String, ConnectorError> {
        let known = self.columns(table)?;
        let (printed, name) = (known.printed(table, columns)?, sql::quoted_table(table));
        let condition = condition(table, &known, key_columns, 0)?;
        Ok(format!("SELECT {printed} FROM {name} AS t WHERE {condition} FOR UPDATE OF t"))
    }

    fn change(
        &mut self,
        change: &str,
        values: &[Option<&str>],
        table: &TableName,
        key_columns: &[String],
        keys: &[Key],
    ) -> Result<u64, ConnectorError> {
        // What was announced may be otherwise by now.
        self.ahead.clear();
        let known = self.columns(table)?;
        let statement = format!("{change} WHERE {}", condition(table, &known, key_columns, values.len())?);
        let mut count = 0;
        for batch in sql::distinct(keys, key_columns)?.chunks(BATCH) {
            let mut parameters: Vec<Parameter> = values.iter().copied().map(text).collect();
            parameters.extend(lists(batch)?);
            let rows = self.execute(&statement, parameters, &Place::Table(table))?;
            count += one_each(table, rows, batch)?;
        }
        Ok(count)
    }
}

/// How columns are set to the same values in every row, and these values, which are the first parameters.
fn assignments<'s>(
    table: &TableName,
    known: &Columns,
    set: &'s [(String, Option<Personal<String>>)],
) -> Result<(Vec<String>, Vec<Option<&'s str>>), ConnectorError> {
    let mut assignments = Vec::with_capacity(set.len());
    for (at, (column, _)) in set.iter().enumerate() {
        let cast = &known.get(table, column)?.name;
        assignments.push(format!("{} = ${}::text::{cast}", sql::quoted(column), at + 1));
    }
    let values: Vec<_> = set.iter().map(|(_, value)| value.as_ref().map(|value| value.expose().as_str())).collect();
    refuse_nul(values.iter().copied().flatten())?;
    Ok((assignments, values))
}

/// As many rows as a statement takes at once.
fn in_batches(rows: &[Own]) -> impl Iterator<Item = &[Own]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |row: &&Own| {
            bytes += row.values.iter().map(|value| value.expose().len()).sum::<usize>();
            bytes <= BYTES
        };
        let some = rest.iter().take(BATCH).take_while(fits).count().max(1).min(rest.len());
        let (batch, more) = rest.split_at(some);
        rest = more;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Compares the key columns with one list of values each; parameters up to `first` are taken.
fn condition(
    table: &TableName,
    known: &Columns,
    key_columns: &[String],
    first: usize,
) -> Result<String, ConnectorError> {
    let mut columns = Vec::with_capacity(key_columns.len());
    let mut lists = Vec::with_capacity(key_columns.len());
    for (index, column) in key_columns.iter().enumerate() {
        let (at, kind, name) = (first + index + 1, known.get(table, column)?, sql::quoted(column));
        if kind.can_be_listed() {
            columns.push(format!("t.{name}"));
            lists.push(format!("(${at}::text[])::{}[]", kind.name));
        } else {
            columns.push(format!("t.{name}::text"));
            lists.push(format!("${at}::text[]"));
        }
    }
    Ok(match (&columns[..], &lists[..]) {
        ([column], [list]) => format!("{column} = ANY({list})"),
        _ => format!("({}) IN (SELECT * FROM unnest({}))", columns.join(", "), lists.join(", ")),
    })
}

/// The keys of a batch, turned into one list a column.
fn lists(batch: &[&[String]]) -> Result<Vec<Parameter>, ConnectorError> {
    Ok(columns_of(batch)?.into_iter().map(texts).collect())
}

fn columns_of(batch: &[&[String]]) -> Result<Vec<Vec<String>>, ConnectorError> {
    refuse_nul(batch.iter().flat_map(|key| key.iter().map(String::as_str)))?;
    let width = batch.first().map_or(0, |key| key.len());
    Ok((0..width).map(|column| batch.iter().map(|key| key[column].clone()).collect()).collect())
}

fn refuse_nul<'v>(mut values: impl Iterator<Item = &'v str>) -> Result<(), ConnectorError> {
    if values.any(|value| value.contains('\0')) {
        let refused = "a value holds a NUL character, which PostgreSQL cannot store";
        return Err(ConnectorError::Statement(refused.to_owned()));
    }
    Ok(())
}

/// Columns that are not unique would make a key reach further than its row, perhaps to somebody else's.
fn one_each(table: &TableName, rows: u64, batch: &[&[String]]) -> Result<u64, ConnectorError> {
    if rows > batch.len() as u64 {
        return Err(ConnectorError::Statement(format!("{} keys name {rows} rows of {table}", batch.len())));
    }
    Ok(rows)
}
