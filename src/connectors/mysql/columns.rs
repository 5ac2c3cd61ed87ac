//! A table's columns: what a value must look like to be compared with one, and by which rule its texts are compared.

use std::collections::HashMap;
use std::sync::Arc;

use mysql_async::{Value, from_value};

use super::session::{Session, text};
use super::value::Kind;
use crate::connectors::sql::Place;
use crate::connectors::{Collation, ConnectorError, TableName, sql};

/// The columns of one table.
pub(super) struct Columns {
    /// By name in lower case: the servers do not tell columns apart by case.
    by_name: HashMap<String, ColumnType>,
    /// Columns that tell one row from another: the primary key, or else all of them.
    pub(super) identity: Vec<String>,
}

/// One column's type.
pub(super) struct ColumnType {
    pub(super) kind: Kind,
    /// Whether the column's own comparison ignores case, so that an index on it serves.
    pub(super) ignores_case: bool,
    /// The character set of its texts.
    charset: Option<String>,
}

impl ColumnType {
    /// Whether the column's character set surely has every character of the text. The servers refuse to compare it with
    /// a text that has others.
    pub(super) fn can_spell(&self, text: &str) -> bool {
        match self.charset.as_deref() {
            Some("utf8mb4") => true,
            Some("utf8" | "utf8mb3") => text.chars().all(|c| u32::from(c) <= 0xFFFF),
            _ => text.is_ascii(),
        }
    }

    /// Whether it holds text.
    pub(super) fn is_text(&self) -> bool {
        self.charset.is_some()
    }
}

impl Columns {
    /// The column's type.
    pub(super) fn get(&self, table: &TableName, column: &str) -> Result<&ColumnType, ConnectorError> {
        self.by_name.get(&column.to_lowercase()).ok_or_else(|| sql::no_column(table, column))
    }

    /// The columns to read, each known to be there.
    pub(super) fn listed<'c>(
        &self,
        table: &TableName,
        wanted: impl Iterator<Item = &'c String>,
    ) -> Result<String, ConnectorError> {
        let mut list = Vec::new();
        for column in wanted {
            self.get(table, column)?;
            list.push(quoted(column));
        }
        Ok(if list.is_empty() { "NULL".to_owned() } else { list.join(", ") })
    }
}

/// A name as the servers take it whatever characters it holds, and in whichever mode they run.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A table's name, quoted, behind its database if it carries one.
pub(super) fn quoted_table(table: &TableName) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&table.name)),
        None => quoted(&table.name),
    }
}

/// The rule behind a collation's name. Only the newer ones mind trailing spaces, and not even all of the binary ones
/// (MySQL 8.4 manual, section 12.10.5; MariaDB's are called so).
pub(super) fn collation(name: String) -> Collation {
    let minds_spaces = name.contains("_0900_") || name.contains("_nopad_") || name == "binary";
    Collation { ignores_case: name.ends_with("_ci"), ignores_trailing_spaces: !minds_spaces, name }
}

impl Session {
    /// The table's columns, looked up once a transaction.
    pub(super) fn columns(&mut self, table: &TableName) -> Result<Arc<Columns>, ConnectorError> {
        if let Some(known) = self.columns.get(table) {
            return Ok(Arc::clone(known));
        }
        let rows = self.query(COLUMNS, named(table), &Place::Table(table))?;
        if rows.is_empty() {
            return Err(sql::no_table(table));
        }
        let (mut by_name, mut all, mut key) = (HashMap::with_capacity(rows.len()), Vec::new(), Vec::new());
        for row in rows {
            let (name, data_type, collated, charset, in_key) =
                mysql_async::from_row_opt::<ColumnRow>(row).map_err(|_| {
                    ConnectorError::Statement("the information schema is not of the form expected".to_owned())
                })?;
            let ignores_case = collated.is_some_and(|name| collation(name).ignores_case);
            by_name.insert(name.to_lowercase(), ColumnType { kind: Kind::of(&data_type), ignores_case, charset });
            if in_key {
                key.push(name.clone());
            }
            all.push(name);
        }
        let columns = Arc::new(Columns { by_name, identity: if key.is_empty() { all } else { key } });
        self.columns.insert(table.clone(), Arc::clone(&columns));
        Ok(columns)
    }

    /// Why rows of the table cannot be erased, if so.
    pub(super) fn unerasable(&mut self, table: &TableName) -> Result<Option<String>, ConnectorError> {
        let rows = self.query(&format!("{UNERASABLE} WHERE {ONE_TABLE}"), named(table), &Place::Table(table))?;
        Ok(rows.into_iter().next().and_then(|mut row| row.take(2).and_then(from_value)))
    }
}

/// The parameters of [`ONE_TABLE`].
fn named(table: &TableName) -> Vec<Value> {
    let schema = table.schema.as_deref().map_or(Value::NULL, text);
    vec![schema, text(&table.name), text(&table.name)]
}

/// The information schema compares without case, where `People` and `people` may be two tables.
const ONE_TABLE: &str = "t.TABLE_SCHEMA = coalesce(?, database()) AND t.TABLE_NAME = ? AND BINARY t.TABLE_NAME = ?";

type ColumnRow = (String, String, Option<String>, Option<String>, bool);

const COLUMNS: &str = "
    SELECT t.COLUMN_NAME, t.DATA_TYPE, t.COLLATION_NAME, t.CHARACTER_SET_NAME, t.COLUMN_KEY = 'PRI' FROM information_schema.COLUMNS AS t
    WHERE t.TABLE_SCHEMA = coalesce(?, database()) AND t.TABLE_NAME = ? AND BINARY t.TABLE_NAME = ?
    ORDER BY t.ORDINAL_POSITION";

/// Tables, and why rows cannot be erased from them: what their engine cannot roll back would be half done after a
/// failure, and what a system-versioned table deletes it keeps.
pub(super) const UNERASABLE: &str = "
    SELECT t.TABLE_SCHEMA, t.TABLE_NAME, CASE
        WHEN t.TABLE_TYPE = 'SYSTEM VERSIONED' THEN 'it is system-versioned and keeps what is deleted as history'
        WHEN e.TRANSACTIONS IS NULL OR e.TRANSACTIONS <> 'YES'
            THEN concat('its engine (', coalesce(t.ENGINE, 'unknown'), ') has no transactions')
        END
    FROM information_schema.TABLES AS t LEFT JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("utf8mb4_general_ci", true, true)]
    #[case("utf8mb4_0900_ai_ci", true, false)]
    #[case("utf8mb4_uca1400_nopad_ai_ci", true, false)]
    #[case("utf8mb4_bin", false, true)]
    #[case("utf8mb4_nopad_bin", false, false)]
    #[case("latin1_general_cs", false, true)]
    fn a_collation_s_name_is_its_rule(#[case] name: &str, #[case] case: bool, #[case] spaces: bool) {
        let rule = collation(name.to_owned());
        assert_eq!((rule.ignores_case, rule.ignores_trailing_spaces), (case, spaces));
    }

    #[rstest]
    #[case("plain", "`plain`")]
    #[case("we`ird", "`we``ird`")]
    #[case("`; DROP TABLE x; --", "```; DROP TABLE x; --`")]
    fn a_quoted_name_cannot_end_early(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(quoted(name), expected);
    }
}
