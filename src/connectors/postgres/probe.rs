//! The live schema, from PostgreSQL's own catalogue.

use tokio_postgres::Row;

use super::error::Place;
use super::session::Session;
use crate::connectors::{
    Column, ConnectorError, ForeignKey, KeyChange, LiveSchema, SchemaMark, Table, TableName, schema::ColumnKind,
    schema::Engine,
};

/// Every table that the sign-in may read; a partitioned table stands for its partitions.
pub(super) fn probe(session: &mut Session) -> Result<LiveSchema, ConnectorError> {
    let mut ask = |sql: &str| session.query(&format!("{VISIBLE} {sql}"), Vec::new(), &Place::Nowhere);
    let default_schema = ask("SELECT current_schema()::text")?.first().and_then(|row| row.get(0));
    let mut schema = LiveSchema { default_schema, engine: Some(Engine::Postgres), ..LiveSchema::default() };
    for row in ask("SELECT schema, name FROM visible")? {
        schema.tables.insert(table_name(&row, 0), empty());
    }
    schema.guarded = ask("SELECT schema, name FROM visible WHERE row_security_active(oid)")?
        .iter()
        .map(|row| table_name(row, 0))
        .collect();
    for row in ask(COLUMNS)? {
        let column = column(&row);
        if row.get(6) {
            schema.generated.insert((table_name(&row, 0), column.name.clone()));
        }
        table(&mut schema, &row).columns.push(column);
    }
    for row in ask(PRIMARY_KEYS)? {
        table(&mut schema, &row).primary_key = row.get(2);
    }
    for row in ask(FOREIGN_KEYS)? {
        let (to, to_columns) = (table_name(&row, 4), row.get(6));
        let on_update = KeyChange::named(row.get(7), row.get(8));
        let key = ForeignKey { name: row.get(2), columns: row.get(3), to, to_columns, on_update };
        table(&mut schema, &row).foreign_keys.push(key);
    }
    for row in ask(INDEXES)? {
        let (table, columns): (_, Vec<String>) = (table(&mut schema, &row), row.get(3));
        if row.get(2) {
            table.unique.push(columns.clone());
        }
        if row.get(4) {
            table.indexes.push(columns);
        }
    }
    Ok(schema)
}

/// Sums over the catalogue rows of everything that is not PostgreSQL's own: each change of a table, a column, a
/// constraint, an index, a type, a privilege or a role that is granted writes such a row anew, under another
/// transaction's number.
pub(super) fn mark(session: &mut Session) -> Result<SchemaMark, ConnectorError> {
    let rows = session.query(MARK, Vec::new(), &Place::Nowhere)?;
    let mark = SchemaMark::new(rows.first().map_or_else(String::new, |row| row.get(0)));
    session.remembered().note_mark(&mark);
    Ok(mark)
}

/// 16384 is the first number that is given to objects which are not PostgreSQL's own (`FirstNormalObjectId`).
const MARK: &str = "
    SELECT concat_ws(' ', current_user, current_schema(),
        (SELECT sum(hashint8extended(oid::int8, xmin::text::int8)) FROM pg_namespace),
        (SELECT sum(hashint8extended(roleid::int8 << 32 | member::int8, xmin::text::int8)) FROM pg_auth_members),
        (SELECT sum(hashint8extended(oid::int8, xmin::text::int8)) FROM pg_class WHERE oid >= 16384),
        (SELECT sum(hashint8extended(attrelid::int8 << 16 | attnum, xmin::text::int8)) FROM pg_attribute
            WHERE attrelid >= 16384 AND attnum > 0),
        (SELECT sum(hashint8extended(oid::int8, xmin::text::int8)) FROM pg_constraint WHERE oid >= 16384),
        (SELECT sum(hashint8extended(indexrelid::int8, xmin::text::int8)) FROM pg_index WHERE indexrelid >= 16384),
        (SELECT sum(hashint8extended(oid::int8, xmin::text::int8)) FROM pg_type WHERE oid >= 16384))";

const VISIBLE: &str = "
    WITH visible AS (
        SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
          AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    )";

const COLUMNS: &str = "
    , base AS (
        WITH RECURSIVE chain (type, base) AS (
            SELECT oid, oid FROM pg_type
            UNION ALL
            SELECT chain.type, t.typbasetype FROM chain JOIN pg_type t ON t.oid = chain.base WHERE t.typtype = 'd'
        )
        SELECT chain.type, t.typname::text AS name FROM chain JOIN pg_type t ON t.oid = chain.base
        WHERE t.typtype <> 'd'
    )
    SELECT v.schema, v.name, a.attname::text, format_type(a.atttypid, a.atttypmod), base.name, NOT a.attnotnull,
        a.attgenerated <> ''
    FROM visible v JOIN pg_attribute a ON a.attrelid = v.oid JOIN base ON base.type = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY v.oid, a.attnum";

const PRIMARY_KEYS: &str = "
    SELECT v.schema, v.name, ARRAY(
        SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (number, at)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.at)
    FROM visible v JOIN pg_constraint k ON k.conrelid = v.oid WHERE k.contype = 'p'";

const FOREIGN_KEYS: &str = "
    SELECT v.schema, v.name, k.conname::text, ARRAY(
        SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (number, at)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.at),
        n.nspname::text, c.relname::text, ARRAY(
        SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (number, at)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.at),
        CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
            WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END, k.condeferrable
    FROM visible v JOIN pg_constraint k ON k.conrelid = v.oid
    JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' ORDER BY v.oid, k.conname";

/// A partial index promises nothing for the whole table, and one over an expression is no set of columns: neither
/// counts as unique. Columns that an index merely includes are left out. A search for equal values is served by a whole
/// index of a kind that knows them.
const INDEXES: &str = "
    SELECT v.schema, v.name,
        i.indisunique AND NOT i.indisprimary AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL,
        ARRAY(
            SELECT coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, u.at::int, true))
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, at)
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
            WHERE u.at <= i.indnkeyatts ORDER BY u.at),
        i.indisvalid AND i.indpred IS NULL AND m.amname IN ('btree', 'hash')
    FROM visible v JOIN pg_index i ON i.indrelid = v.oid JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am m ON m.oid = x.relam ORDER BY v.oid, i.indexrelid";

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

fn table_name(row: &Row, at: usize) -> TableName {
    TableName { schema: Some(row.get(at)), name: row.get(at + 1) }
}

/// The table that the row's first two columns name.
fn table<'s>(schema: &'s mut LiveSchema, row: &Row) -> &'s mut Table {
    schema.tables.entry(table_name(row, 0)).or_insert_with(empty)
}

fn column(row: &Row) -> Column {
    let kind = match row.get(4) {
        "int2" | "int4" | "int8" => ColumnKind::Integer,
        "numeric" | "float4" | "float8" => ColumnKind::Number,
        "bool" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        "timestamp" | "timestamptz" => ColumnKind::DateTime,
        "json" | "jsonb" => ColumnKind::Json,
        _ => ColumnKind::Text,
    };
    Column { name: row.get(2), sql_type: row.get(3), kind, nullable: row.get(5), collation: None }
}
