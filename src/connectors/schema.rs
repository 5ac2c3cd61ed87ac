//! A live schema as plain facts, the same for every engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A table's name, with the schema it stands in where the engine has schemas.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TableName {
    /// The schema (PostgreSQL) or database (MySQL); `None` is the engine's default.
    pub schema: Option<String>,
    /// The table.
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What kind of value a column holds, as far as a package's description needs it (Frictionless types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Whole numbers.
    Integer,
    /// Decimal or floating numbers.
    Number,
    /// True or false.
    Boolean,
    /// A calendar date.
    Date,
    /// A moment, with or without offset.
    DateTime,
    /// JSON.
    Json,
    /// Anything else, as text.
    Text,
}

/// A rule by which a database compares the texts of a column otherwise than byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collation {
    /// Its name; two columns compare alike when their collations have the same.
    pub name: String,
    /// Whether `a` and `A` are the same.
    pub ignores_case: bool,
    /// Whether `a` and `a` followed by spaces are the same.
    pub ignores_trailing_spaces: bool,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the engine writes it.
    pub sql_type: String,
    /// Its type as a package describes it.
    pub kind: ColumnKind,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// How its texts are compared; `None` is byte by byte, or by the type itself.
    pub collation: Option<Collation>,
}

impl Column {
    /// Whether its values hold others, as lists and JSON do: no search finds a row by one of those.
    pub fn holds_others(&self) -> bool {
        self.kind == ColumnKind::Json || self.sql_type.ends_with("[]")
    }
}

/// A reference the database itself enforces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name, or its columns where the engine gives none.
    pub name: String,
    /// The referencing columns, in this table.
    pub columns: Vec<String>,
    /// The table referred to.
    pub to: TableName,
    /// The columns referred to.
    pub to_columns: Vec<String>,
    /// What happens when their values change.
    pub on_update: KeyChange,
}

/// What a database does about a row whose reference points at a key that is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyChange {
    /// It refuses at once.
    #[default]
    Refuses,
    /// It can be told to look at the end of the transaction only.
    Waits,
    /// It changes the reference, too.
    Cascades,
    /// It sets the reference to NULL or its default.
    Clears,
}

impl KeyChange {
    /// By the name that SQL has for it.
    pub(super) fn named(rule: &str, waits: bool) -> Self {
        match rule {
            "CASCADE" => KeyChange::Cascades,
            "SET NULL" | "SET DEFAULT" => KeyChange::Clears,
            // RESTRICT does not wait, whatever was deferred (SQL:1999, 4.17.2).
            "NO ACTION" if waits => KeyChange::Waits,
            _ => KeyChange::Refuses,
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key; empty where it has none.
    pub primary_key: Vec<String>,
    /// The hidden column by which the engine itself tells rows apart, where there is one and [`Table::row_key`] may not
    /// do it. Whoever rebuilds the table may change its values: what was read of a row is compared before it is changed.
    pub row_id: Option<String>,
    /// The column sets that must be unique, the primary key left out.
    pub unique: Vec<Vec<String>>,
    /// Column lists of the indexes that serve a search for equal values in the whole table, leading column first;
    /// expressions as the engine prints them.
    pub indexes: Vec<Vec<String>>,
    /// The references it holds to other tables.
    pub foreign_keys: Vec<ForeignKey>,
    /// Why its rows cannot be changed safely, or would not be gone: a clause, as in "it keeps every old version".
    pub unerasable: Option<String>,
}

impl Table {
    /// The columns that tell its rows apart: the primary key, else a UNIQUE set of columns none of which may be NULL.
    /// Empty where it has neither.
    pub fn row_key(&self) -> &[String] {
        let given = |name: &String| self.column(name).is_some_and(|column| !column.nullable);
        let unique = || self.unique.iter().find(|set| set.iter().all(given));
        if self.primary_key.is_empty() { unique().map_or(&[], Vec::as_slice) } else { &self.primary_key }
    }

    /// Whether no two rows have the same values in these columns, unless one of the values is NULL.
    pub fn tells_apart(&self, columns: &[&str]) -> bool {
        let within = |set: &Vec<String>| !set.is_empty() && set.iter().all(|c| columns.contains(&c.as_str()));
        std::iter::once(&self.primary_key).chain(&self.unique).any(within)
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// Every table the sign-in can see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveSchema {
    /// Tables by name. PostgreSQL's and MySQL's names always carry their schema; the default one is [`LiveSchema::default_schema`].
    pub tables: BTreeMap<TableName, Table>,
    /// What kind of database it is, where that is known.
    pub engine: Option<Engine>,
    /// The schema in which a name without one is looked up.
    pub default_schema: Option<String>,
    /// Columns that the database computes from others, and lets nobody write.
    pub generated: BTreeSet<(TableName, String)>,
    /// Tables of which the database would show this account only some rows: it is asked not to, and refuses them whole.
    pub guarded: BTreeSet<TableName>,
}

/// What a schema was recognised by when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SchemaMark(String);

impl SchemaMark {
    /// The mark that an engine gives.
    pub(super) fn new(mark: String) -> Self {
        Self(mark)
    }

    /// One that no schema has.
    pub fn of_none() -> Self {
        Self(String::new())
    }
}

impl LiveSchema {
    /// Looks a table up, in the default schema when the name carries none.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.get(&self.qualified(name))
    }

    /// Whether the database computes a column from others.
    pub fn computes(&self, table: &TableName, column: &str) -> bool {
        !self.generated.is_empty() && self.generated.contains(&(self.qualified(table), column.to_owned()))
    }

    /// The name with its schema.
    pub fn qualified(&self, name: &TableName) -> TableName {
        TableName { schema: name.schema.clone().or_else(|| self.default_schema.clone()), name: name.name.clone() }
    }
}
