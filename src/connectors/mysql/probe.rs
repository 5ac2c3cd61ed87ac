//! The live schema, from the servers' information schema.

use mysql_async::prelude::FromRow;

use super::columns::{UNERASABLE, collation};
use super::session::Session;
use crate::connectors::schema::{ColumnKind, Engine};
use crate::connectors::sql::Place;
use crate::connectors::{Column, ConnectorError, ForeignKey, KeyChange, LiveSchema, Table, TableName};

/// Every table that the sign-in may see, whichever database of the server it is in: other databases' foreign keys
/// count, too. Views are left out.
pub(super) fn probe(session: &mut Session) -> Result<LiveSchema, ConnectorError> {
    let default_schema = ask::<Option<String>>(session, "SELECT database()")?.into_iter().flatten().next();
    let mut schema = LiveSchema { default_schema, engine: Some(Engine::Mysql), ..LiveSchema::default() };
    for (name, table, unerasable) in ask::<(String, String, Option<String>)>(session, &tables())? {
        schema.tables.insert(named(name, table), Table { unerasable, ..empty() });
    }
    for (at, table, name, data_type, sql_type, nullable, collated, computed) in ask::<ColumnRow>(session, COLUMNS)? {
        if computed {
            schema.generated.insert((named(at.clone(), table.clone()), name.clone()));
        }
        if let Some(table) = schema.tables.get_mut(&named(at, table)) {
            let (kind, collation) = (kind(&data_type, &sql_type), collated.map(collation));
            table.columns.push(Column { name, sql_type, kind, nullable, collation });
        }
    }
    for (at, table, index, is_unique, columns) in indexes(session)? {
        let Some(table) = schema.tables.get_mut(&named(at, table)) else { continue };
        let columns: Vec<String> =
            columns.into_iter().map(|c| c.unwrap_or_else(|| "(expression)".to_owned())).collect();
        if index == "PRIMARY" {
            table.primary_key = columns.clone();
        } else if is_unique && columns.iter().all(|c| table.column(c).is_some()) {
            table.unique.push(columns.clone());
        }
        table.indexes.push(columns);
    }
    for (at, table, name, column, to_at, to, to_column, rule) in ask::<ReferenceRow>(session, REFERENCES)? {
        if let Some(table) = schema.tables.get_mut(&named(at, table)) {
            let known = table.foreign_keys.iter().position(|key| key.name == name);
            let index = known.unwrap_or_else(|| {
                let to = named(to_at, to);
                let on_update = KeyChange::named(&rule, false);
                table.foreign_keys.push(ForeignKey { name, columns: vec![], to, to_columns: vec![], on_update });
                table.foreign_keys.len() - 1
            });
            table.foreign_keys[index].columns.push(column);
            table.foreign_keys[index].to_columns.push(to_column);
        }
    }
    Ok(schema)
}

const COMPANY_S: &str = "TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')";

fn tables() -> String {
    format!("{UNERASABLE} WHERE t.{COMPANY_S} AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')")
}

type ColumnRow = (String, String, String, String, String, bool, Option<String>, bool);

/// (MySQL's `DEFAULT_GENERATED` is a default and no more.)
const COLUMNS: &str = "
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE = 'YES', COLLATION_NAME,
           EXTRA LIKE '%VIRTUAL GENERATED%' OR EXTRA LIKE '%STORED GENERATED%'
    FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION";

/// MySQL tells the expression of an index in a column that MariaDB does not have. An index of words or of places serves no
/// search for equal values.
const INDEXES: &str = "
    SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE = 0, coalesce(COLUMN_NAME /*!80013 , EXPRESSION */)
    FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')
      AND INDEX_TYPE IN ('BTREE', 'HASH')
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";

type ReferenceRow = (String, String, String, String, String, String, String, String);

const REFERENCES: &str = "
    SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME,
           k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.TABLE_NAME = k.TABLE_NAME
     AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
    WHERE k.REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";

type Index = (String, String, String, bool, Vec<Option<String>>);

/// Every index with its columns in order; an expression that the server does not tell is `None`.
fn indexes(session: &mut Session) -> Result<Vec<Index>, ConnectorError> {
    let mut indexes: Vec<Index> = Vec::new();
    for (at, table, name, is_unique, column) in ask::<(String, String, String, bool, Option<String>)>(session, INDEXES)?
    {
        match indexes.last_mut() {
            Some(last) if (&last.0, &last.1, &last.2) == (&at, &table, &name) => last.4.push(column),
            _ => indexes.push((at, table, name, is_unique, vec![column])),
        }
    }
    Ok(indexes)
}

fn ask<T: FromRow>(session: &mut Session, sql: &str) -> Result<Vec<T>, ConnectorError> {
    let rows = session.query(sql, Vec::new(), &Place::Nowhere)?;
    let unread = |_| ConnectorError::Statement("the information schema is not of the form expected".to_owned());
    rows.into_iter().map(|row| mysql_async::from_row_opt(row).map_err(unread)).collect()
}

fn named(schema: String, name: String) -> TableName {
    TableName { schema: Some(schema), name }
}

fn empty() -> Table {
    Table {
        columns: vec![],
        primary_key: vec![],
        row_id: None,
        unique: vec![],
        indexes: vec![],
        foreign_keys: vec![],
        unerasable: None,
    }
}

/// `tinyint(1)`, which often is meant for true and false, holds other numbers as well.
fn kind(data_type: &str, sql_type: &str) -> ColumnKind {
    match data_type.to_ascii_lowercase().as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => ColumnKind::Integer,
        "decimal" | "float" | "double" => ColumnKind::Number,
        "bit" if sql_type.eq_ignore_ascii_case("bit(1)") => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        "datetime" | "timestamp" => ColumnKind::DateTime,
        "json" => ColumnKind::Json,
        _ => ColumnKind::Text,
    }
}
