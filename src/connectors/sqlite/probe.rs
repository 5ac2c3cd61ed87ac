//! The live schema, from SQLite's table-valued pragmas.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_lc_rs::digest::{Context, SHA256};
use rusqlite::{Connection, Row};

use super::value::Affinity;
use super::{Columns, error};
use crate::connectors::{
    Column, ConnectorError, ForeignKey, KeyChange, LiveSchema, SchemaMark, Table, TableName, schema::ColumnKind,
    schema::Engine, sql,
};

/// A sum of everything that makes the schema. SQLite's own count of changes would be the same for another file that was put
/// in the place of the first.
pub(super) fn mark(connection: &Connection) -> Result<SchemaMark, ConnectorError> {
    let everything = TableName { schema: None, name: "sqlite_schema".to_owned() };
    let list = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name";
    let made =
        rows(connection, list, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Option<String>>(3)?]));
    let made: Vec<[Option<String>; 4]> = made.map_err(|e| error::running(connection, &everything, e))?;
    let mut sum = Context::new(&SHA256);
    for part in made.iter().flatten() {
        let text = part.as_deref().unwrap_or_default();
        sum.update(&(text.len() as u64).to_be_bytes());
        sum.update(text.as_bytes());
    }
    Ok(SchemaMark::new(sum.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Every table of the file. Views and SQLite's own tables are left out.
pub(super) fn probe(connection: &Connection) -> Result<LiveSchema, ConnectorError> {
    let list = "SELECT name, wr OR type = 'virtual', wr FROM pragma_table_list
                WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let everything = TableName { schema: None, name: "sqlite_schema".to_owned() };
    let failed = |e| error::running(connection, &everything, e);
    let names = rows(connection, list, [], |row| {
        Ok((row.get::<_, String>(0)?, Rows { without_id: row.get(1)?, keyed: row.get(2)? }))
    })
    .map_err(failed)?;
    let (mut tables, mut generated) = (BTreeMap::new(), BTreeSet::new());
    for (name, kept) in names {
        let found = table(connection, &name, &kept).map_err(failed)?;
        let computed = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden IN (2, 3)";
        let computed = rows(connection, computed, [&name], |row| row.get::<_, String>(0)).map_err(failed)?;
        let name = TableName { schema: None, name };
        generated.extend(computed.into_iter().map(|column| (name.clone(), column)));
        tables.insert(name, found);
    }
    Ok(LiveSchema { tables, engine: Some(Engine::Sqlite), generated, ..LiveSchema::default() })
}

/// How a table keeps its rows.
struct Rows {
    /// Whether they have no ids that could be read: those of a virtual table are its module's to change.
    without_id: bool,
    /// Whether it is `WITHOUT ROWID`, and keeps them by a key that is never NULL.
    keyed: bool,
}

/// The names of a table's row ids, each until a column bears it (<https://sqlite.org/rowidtable.html>).
const ROW_IDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

fn row_id(taken: impl Fn(&str) -> bool) -> Option<&'static str> {
    ROW_IDS.into_iter().find(|name| !taken(name))
}

/// The columns of one table by lower-cased name.
pub(super) fn columns(connection: &Connection, table: &TableName) -> Result<Columns, ConnectorError> {
    let schema = table.schema.as_deref().unwrap_or("main");
    let found = rows(
        connection,
        "SELECT name, type FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1",
        [&table.name, schema],
        |row| Ok((row.get::<_, String>(0)?.to_ascii_lowercase(), Affinity::of(&row.get::<_, String>(1)?))),
    )
    .map_err(|e| error::running(connection, table, e))?;
    if found.is_empty() {
        return Err(sql::no_table(table));
    }
    let affinities: HashMap<String, Affinity> = found.into_iter().collect();
    let row_id = row_id(|name| affinities.contains_key(name));
    Ok(Columns { affinities, row_id })
}

fn table(connection: &Connection, name: &str, kept: &Rows) -> rusqlite::Result<Table> {
    let found = rows(
        connection,
        "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
        [name],
        |row| Ok((column(row)?, row.get::<_, i64>(3)?)),
    )?;
    let mut key: Vec<_> = found.iter().filter(|(_, at)| *at > 0).map(|(c, at)| (*at, c.name.clone())).collect();
    key.sort();
    let primary_key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
    let mut columns: Vec<Column> = found.into_iter().map(|(column, _)| column).collect();
    let is_rowid = |c: &Column| primary_key.len() == 1 && c.sql_type.eq_ignore_ascii_case("INTEGER");
    for column in columns.iter_mut().filter(|c| primary_key.contains(&c.name)) {
        // For the rest SQLite allows NULL in a primary key (<https://sqlite.org/quirks.html>, section 5).
        column.nullable &= !(kept.keyed || is_rowid(column));
    }
    let (unique, mut indexes) = indexes(connection, name)?;
    if !primary_key.is_empty() && !indexes.contains(&primary_key) {
        // The rowid is an index that SQLite does not list.
        indexes.insert(0, primary_key.clone());
    }
    let mut table = Table {
        columns,
        primary_key,
        row_id: None,
        unique,
        indexes,
        foreign_keys: foreign_keys(connection, name)?,
        unerasable: None,
    };
    let sure = |name: &String| table.column(name).is_some_and(|column| !column.nullable);
    let (key, taken) = (table.row_key(), |id: &str| table.columns.iter().any(|c| c.name.eq_ignore_ascii_case(id)));
    if !kept.without_id && (key.is_empty() || !key.iter().all(sure)) {
        table.row_id = row_id(taken).map(str::to_owned);
    }
    Ok(table)
}

fn column(row: &Row<'_>) -> rusqlite::Result<Column> {
    let sql_type: String = row.get(1)?;
    let kind = kind(&sql_type);
    Ok(Column { name: row.get(0)?, kind, sql_type, nullable: !row.get::<_, bool>(2)?, collation: None })
}

fn kind(declared: &str) -> ColumnKind {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["BOOL"]) {
        ColumnKind::Boolean
    } else if has(&["DATETIME", "TIMESTAMP"]) {
        ColumnKind::DateTime
    } else if has(&["DATE"]) {
        ColumnKind::Date
    } else if has(&["JSON"]) {
        ColumnKind::Json
    } else if has(&["INT"]) {
        ColumnKind::Integer
    } else if has(&["REAL", "FLOA", "DOUB", "DEC", "NUM"]) {
        ColumnKind::Number
    } else {
        ColumnKind::Text
    }
}

type ColumnLists = Vec<Vec<String>>;

/// The unique column sets, and every index of the whole table. One over an expression is no set of columns and does not
/// count as unique.
fn indexes(connection: &Connection, table: &str) -> rusqlite::Result<(ColumnLists, ColumnLists)> {
    let list = rows(
        connection,
        "SELECT name, \"unique\" AND origin <> 'pk' FROM pragma_index_list(?1) WHERE NOT partial ORDER BY name",
        [table],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)),
    )?;
    let (mut unique, mut all) = (Vec::new(), Vec::new());
    for (name, is_unique) in list {
        let columns: Vec<Option<String>> =
            rows(connection, "SELECT name FROM pragma_index_info(?1) ORDER BY seqno", [&name], |row| row.get(0))?;
        if let (true, Some(set)) = (is_unique, columns.iter().cloned().collect::<Option<Vec<_>>>()) {
            unique.push(set);
        }
        all.push(columns.into_iter().map(|c| c.unwrap_or_else(|| "(expression)".to_owned())).collect());
    }
    Ok((unique, all))
}

fn foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    // A reference that names no column means the other table's primary key.
    let parts = rows(
        connection,
        "SELECT f.id, f.\"table\", f.\"from\",
                coalesce(f.\"to\", (SELECT name FROM pragma_table_xinfo(f.\"table\") WHERE pk = f.seq + 1), ''), f.on_update
         FROM pragma_foreign_key_list(?1) f ORDER BY f.id, f.seq",
        [table],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, String>(4)?)),
    )?;
    let mut keys: BTreeMap<i64, ForeignKey> = BTreeMap::new();
    for (id, to, from, to_column, rule) in parts {
        let key = keys.entry(id).or_insert_with(|| ForeignKey {
            name: String::new(),
            columns: Vec::new(),
            to: TableName { schema: None, name: to },
            to_columns: Vec::new(),
            on_update: KeyChange::named(&rule, true),
        });
        key.columns.push(from);
        key.to_columns.push(to_column);
        key.name = key.columns.join(", ");
    }
    Ok(keys.into_values().collect())
}

fn rows<T, P: rusqlite::Params>(
    connection: &Connection,
    sql: &str,
    parameters: P,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map(parameters, read)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark_of(schema: &str) -> SchemaMark {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema).unwrap();
        mark(&connection).unwrap()
    }

    #[test]
    fn another_file_with_as_many_changes_has_another_mark() {
        let parents = "CREATE TABLE a (id INTEGER PRIMARY KEY);";
        let children = |more: &str| format!("{parents} CREATE TABLE b (a INTEGER REFERENCES a (id){more});");
        assert_eq!(mark_of(&children("")), mark_of(&children("")));
        assert_ne!(mark_of(&children("")), mark_of(&children(" ON DELETE CASCADE")));
        let made_twice = format!("{} DROP TABLE b; CREATE TABLE b (a INTEGER REFERENCES a (id));", children(""));
        assert_eq!(mark_of(&children("")), mark_of(&made_twice), "it is the same schema again");
    }
}
