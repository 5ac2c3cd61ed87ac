//! A table's column types: what a value must look like to be compared with a column, and how a column is printed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::error::Place;
use super::session::{Recall, Session};
use super::statements::{names, text};
use crate::connectors::{ConnectorError, SchemaMark, TableName, sql};

/// The types of one table's columns, domains resolved to what they stand on.
pub(super) struct Columns {
    types: HashMap<String, ColumnType>,
    many_rows: bool,
}

/// One column's type.
pub(super) struct ColumnType {
    /// As a cast names it, without length or precision: a cast to `varchar(3)` would cut a longer value off.
    pub(super) name: String,
    spelling: Spelling,
    /// Whether a cast to text gives what the type itself prints, so that there is no need of one.
    prints_itself: bool,
}

/// Which texts the type's input function takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Every text.
    Text,
    /// Every text; compared without regard to case.
    Citext,
    /// A whole number of so many bits.
    Integer(u32),
    /// A decimal number.
    Numeric,
    /// A UUID.
    Uuid,
    /// A network address.
    Inet,
    /// An array.
    Array,
    /// Something else.
    Other,
}

impl Columns {
    /// The column's type.
    pub(super) fn get(&self, table: &TableName, column: &str) -> Result<&ColumnType, ConnectorError> {
        self.types.get(column).ok_or_else(|| sql::no_column(table, column))
    }

    /// Whether the table has so many rows, or may have, that one person's can be many.
    pub(super) fn has_many_rows(&self) -> bool {
        self.many_rows
    }

    /// The columns to read, as text.
    pub(super) fn printed(&self, table: &TableName, wanted: &[String]) -> Result<String, ConnectorError> {
        self.list(table, wanted, ColumnType::printed)
    }

    /// The columns to read by COPY, which prints whatever type they have. A cast takes as long as all the rest.
    pub(super) fn copied(&self, table: &TableName, wanted: &[String]) -> Result<String, ConnectorError> {
        let printed = |one: &ColumnType, column: &str| match one.prints_itself {
            true => format!("t.{}", sql::quoted(column)),
            false => one.printed(column),
        };
        self.list(table, wanted, printed)
    }

    fn list(
        &self,
        table: &TableName,
        wanted: &[String],
        print: impl Fn(&ColumnType, &str) -> String,
    ) -> Result<String, ConnectorError> {
        let list: Vec<String> =
            wanted.iter().map(|column| Ok(print(self.get(table, column)?, column))).collect::<Result<_, _>>()?;
        Ok(if list.is_empty() { "NULL".to_owned() } else { list.join(", ") })
    }
}

impl ColumnType {
    /// A type as a cast names it, by its own name if it is built in, and its category.
    fn new(name: String, built_in: &str, category: &str) -> Self {
        let prints_itself = PRINT_THEMSELVES.contains(&built_in);
        Self { name, spelling: spelling(built_in, category), prints_itself }
    }

    /// Whether the type itself ignores case.
    pub(super) fn ignores_case(&self) -> bool {
        self.spelling == Spelling::Citext
    }

    /// Whether a list of the type can be made from a list of texts, element by element.
    pub(super) fn can_be_listed(&self) -> bool {
        self.spelling != Spelling::Array
    }

    /// Whether [`ColumnType::admits`] knows the type's spelling.
    pub(super) fn is_understood(&self) -> bool {
        !matches!(self.spelling, Spelling::Inet | Spelling::Array | Spelling::Other)
    }

    /// Whether the type's input function takes the text; where it does not, no row can hold the value.
    pub(super) fn admits(&self, value: &str) -> bool {
        match self.spelling {
            Spelling::Integer(bits) => {
                value.parse::<i64>().is_ok_and(|n| bits == 64 || (-(1 << (bits - 1))..1 << (bits - 1)).contains(&n))
            }
            Spelling::Numeric => sql::is_decimal(value),
            // The server does not know the URN of one, and its refusal would end the whole statement.
            Spelling::Uuid => Uuid::parse_str(value).is_ok() && !value.starts_with("urn:"),
            Spelling::Text | Spelling::Citext | Spelling::Inet | Spelling::Array | Spelling::Other => true,
        }
    }

    /// The column of that name as text. (A cast of an address to text would append a `/32` that it is printed without.)
    pub(super) fn printed(&self, column: &str) -> String {
        let column = sql::quoted(column);
        match self.spelling {
            Spelling::Inet => format!("abbrev(t.{column})"),
            _ => format!("t.{column}::text"),
        }
    }
}

/// A table's columns with the mark by which a change of them is seen.
#[derive(Clone)]
pub(super) struct Known {
    mark: String,
    columns: Arc<Columns>,
}

/// The columns of earlier transactions.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    tables: HashMap<TableName, Known>,
    /// The schema's mark when it was last asked for; everything here was looked up since it became this one.
    mark: Option<SchemaMark>,
}

impl Remembered {
    /// Forgets all of them: a statement failed, perhaps because of what is remembered.
    pub(super) fn forget(&self) {
        *self.locked() = Memory::default();
    }

    /// Takes note of the schema's mark as it is now; under another one nothing is known.
    pub(super) fn note_mark(&self, mark: &SchemaMark) {
        let mut memory = self.locked();
        if memory.mark.as_ref() != Some(mark) {
            *memory = Memory { mark: Some(mark.clone()), ..Memory::default() };
        }
    }

    /// The schema's mark when it was last asked for.
    pub(super) fn mark(&self) -> Option<SchemaMark> {
        self.locked().mark.clone()
    }

    /// A table's columns, if they are known under that mark.
    fn under(&self, mark: &SchemaMark, table: &TableName) -> Option<Known> {
        let memory = self.locked();
        memory.tables.get(table).filter(|_| memory.mark.as_ref() == Some(mark)).cloned()
    }

    /// Remembers what a transaction looked up that began when the schema had that mark, unless another was seen meanwhile.
    fn note(&self, marked: Option<&SchemaMark>, table: &TableName, known: &Known) {
        let mut memory = self.locked();
        if memory.mark.as_ref() == marked {
            memory.tables.insert(table.clone(), known.clone());
        }
    }

    fn locked(&self) -> MutexGuard<'_, Memory> {
        // A map of whole values stays whole whichever thread panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Takes over what earlier transactions knew of tables that have not changed since, with one statement for all of
    /// them.
    fn recall(&mut self) -> Result<(), ConnectorError> {
        self.recall = Recall::Done;
        let remembered: Vec<_> = self.remembered().locked().tables.clone().into_iter().collect();
        let marks = self.marks_now(&remembered)?;
        let same = remembered.into_iter().zip(marks).filter(|((_, known), now)| now.as_ref() == Some(&known.mark));
        self.columns.extend(same.map(|(known, _)| known));
        Ok(())
    }

    /// The tables' marks as they are now.
    fn marks_now(&mut self, tables: &[(TableName, Known)]) -> Result<Vec<Option<String>>, ConnectorError> {
        let mut marks = vec![None; tables.len()];
        if tables.is_empty() {
            return Ok(marks);
        }
        let asked = tables.iter().map(|(table, _)| sql::quoted_table(table)).collect();
        for row in self.query(MARKS, vec![names(asked)], &Place::Nowhere)? {
            let (at, mark): (i64, String) = (row.get(0), row.get(1));
            if let Some(now) = usize::try_from(at - 1).ok().and_then(|at| marks.get_mut(at)) {
                *now = Some(mark);
            }
        }
        Ok(marks)
    }

    /// Whether what was taken as it was known under another mark than the schema has `now` is so still. Not every change of a
    /// schema is one of these tables.
    pub(super) fn stands_under(&mut self, now: &SchemaMark) -> Result<bool, ConnectorError> {
        match &self.recall {
            Recall::Under(then) if then != now => {
                let used: Vec<_> = self.columns.clone().into_iter().collect();
                let types = |mark: &str| mark.trim_end_matches(MANY).to_owned();
                let marks = self.marks_now(&used)?.into_iter();
                Ok(marks.zip(&used).all(|(now, (_, known))| now.is_some_and(|now| types(&now) == types(&known.mark))))
            }
            _ => Ok(true),
        }
    }

    fn mark(&mut self, table: &TableName) -> Result<String, ConnectorError> {
        let rows = self.query(MARKS, vec![names(vec![sql::quoted_table(table)])], &Place::Table(table))?;
        Ok(rows.first().map_or_else(String::new, |row| row.get(1)))
    }

    /// The table's columns, looked up where no transaction before did.
    pub(super) fn columns(&mut self, table: &TableName) -> Result<Arc<Columns>, ConnectorError> {
        if let Recall::Due = self.recall {
            self.recall()?;
        }
        if let Some(known) = self.columns.get(table) {
            return Ok(Arc::clone(&known.columns));
        }
        let remembered = match &self.recall {
            Recall::Under(mark) => self.remembered().under(mark, table),
            _ => None,
        };
        let known = match remembered {
            Some(known) => known,
            None => self.look_up(table)?,
        };
        let columns = Arc::clone(&known.columns);
        self.columns.insert(table.clone(), known);
        Ok(columns)
    }

    fn look_up(&mut self, table: &TableName) -> Result<Known, ConnectorError> {
        // The mark first: what changes in between makes it an old one.
        let mark = self.mark(table)?;
        let name = text(Some(&sql::quoted_table(table)));
        let rows = self.query(COLUMNS, vec![name], &Place::Table(table))?;
        if rows.is_empty() {
            return Err(sql::no_table(table));
        }
        let mut types = HashMap::with_capacity(rows.len());
        for row in rows {
            let (built_in, category): (&str, &str) = (row.get(2), row.get(3));
            types.insert(row.get(0), ColumnType::new(row.get(1), built_in, category));
        }
        let many_rows = mark.ends_with(MANY);
        let known = Known { mark, columns: Arc::new(Columns { types, many_rows }) };
        self.remembered().note(self.marked.as_ref(), table, &known);
        Ok(known)
    }
}

/// How the mark of a table ends that has many rows, by the last count, or that is none and so has no count.
const MANY: &str = "m";

/// Each table's place in the list, and a sum over the catalogue rows of its columns and their types: a change writes
/// them anew, under another transaction's number, and a table made anew has a number of its own. Types are looked up one
/// by one: joined, PostgreSQL reads all of them for each table, which takes longer than everything else that a short
/// transaction asks; its own, which are numbered below 16384, do not change. Behind it, whether there are many rows.
const MARKS: &str = "
    SELECT t.at, coalesce((
        SELECT sum(hashint8extended(a.attrelid::int8 << 16 | a.attnum, a.xmin::text::int8 << 32
            | CASE WHEN a.atttypid < 16384 THEN 0
                ELSE coalesce((SELECT y.xmin::text::int8 FROM pg_type y WHERE y.oid = a.atttypid), 0) END))
        FROM pg_attribute a
        WHERE a.attrelid = to_regclass(t.name) AND a.attnum > 0), 0)
        || coalesce((SELECT CASE WHEN c.relkind = 'r' AND c.reltuples BETWEEN 0 AND 20000 THEN '' ELSE 'm' END
            FROM pg_class c WHERE c.oid = to_regclass(t.name)), '')
    FROM unnest($1::text[]) WITH ORDINALITY AS t (name, at)";

/// -1 is "no length": `bpchar` is then called so and not `character`, which would mean one character.
const COLUMNS: &str = "
    WITH RECURSIVE base (name, type) AS (
        SELECT attname::text, atttypid FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT base.name, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype = 'd'
    )
    SELECT base.name, format_type(t.oid, -1),
           CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace OR t.typname = 'citext' THEN t.typname::text ELSE '' END,
           t.typcategory::text
    FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype <> 'd'";

/// Types that print as a cast to text would have them, of which there are exceptions: a boolean prints `t`, a `character`
/// keeps its spaces, an address its prefix.
const PRINT_THEMSELVES: [&str; 18] = [
    "text",
    "varchar",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "numeric",
    "uuid",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "bytea",
    "json",
    "jsonb",
];

fn spelling(built_in: &str, category: &str) -> Spelling {
    match (built_in, category) {
        ("text" | "varchar" | "bpchar", _) => Spelling::Text,
        ("citext", _) => Spelling::Citext,
        ("int2", _) => Spelling::Integer(16),
        ("int4", _) => Spelling::Integer(32),
        ("int8", _) => Spelling::Integer(64),
        ("numeric", _) => Spelling::Numeric,
        ("uuid", _) => Spelling::Uuid,
        ("inet", _) => Spelling::Inet,
        (_, "A") => Spelling::Array,
        _ => Spelling::Other,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("int2", "32767", true)]
    #[case("int2", "32768", false)]
    #[case("int4", "-2147483648", true)]
    #[case("int4", "abc", false)]
    #[case("int8", "9223372036854775808", false)]
    #[case("numeric", "0.10", true)]
    #[case("numeric", "-.5", true)]
    #[case("numeric", ".", false)]
    #[case("numeric", "1e5", false)]
    #[case("uuid", "0190f3a0-0000-7000-8000-000000000000", true)]
    #[case("uuid", "{0190f3a0-0000-7000-8000-000000000000}", true)]
    #[case("uuid", "urn:uuid:0190f3a0-0000-7000-8000-000000000000", false)]
    #[case("uuid", "0190", false)]
    #[case("text", "anything", true)]
    fn only_fitting_values_reach_the_database(#[case] built_in: &str, #[case] value: &str, #[case] admitted: bool) {
        let column = ColumnType::new(built_in.to_owned(), built_in, "");
        assert_eq!(column.admits(value), admitted);
    }
}
