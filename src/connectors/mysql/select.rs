//! Reading: as few statements as the number of values allows, each row once.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest;
use mysql_async::Value;

use super::columns::{ColumnType, Columns, quoted, quoted_table};
use super::session::{Session, text};
use super::value::Kind;
use crate::connectors::sql::{self, Place};
use crate::connectors::{Comparison, ConnectorError, EachRow, Match, Part, Reader, Row, Select, TableName};

/// How many values one statement carries. A statement takes 65,535 parameters, but from somewhere below 20,000 values
/// on the servers give up on indexes (`range_optimizer_max_mem_size`, `optimizer_max_sel_args`).
const BATCH: usize = 10_000;

impl Reader for Session {
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let columns = self.columns(select.table)?;
        let mut wanted = Vec::with_capacity(select.any_of.len());
        for one in select.any_of {
            wanted.push(Wanted::of(one, select.table, &columns)?);
        }
        let list = columns.listed(select.table, select.columns.iter())?;
        wanted.retain(|one| one.parts.iter().all(|part| !part.values.is_empty()));
        let statement = |list: &str, condition: &str| {
            format!("SELECT {list} FROM {} WHERE {condition}", quoted_table(select.table))
        };
        if wanted.iter().flat_map(|one| &one.parts).map(|part| part.values.len()).sum::<usize>() <= BATCH {
            let (conditions, parameters): (Vec<_>, Vec<_>) = wanted.iter().map(Wanted::whole).unzip();
            return match conditions.as_slice() {
                [] => Ok(0),
                conditions => {
                    let sql = statement(&list, &conditions.join(" OR "));
                    self.stream(&sql, parameters.concat(), &Place::Table(select.table), each)
                }
            };
        }
        let is_apart = matches!(wanted.as_slice(), [only] if only.parts.iter().all(|part| part.is_apart));
        let mut once = Once::new(select, &columns, is_apart);
        let list = columns.listed(select.table, select.columns.iter().chain(once.identity))?;
        for one in &wanted {
            for (condition, parameters) in one.batches() {
                let sql = statement(&list, &condition);
                once.statement += 1;
                self.stream(&sql, parameters, &Place::Table(select.table), &mut |row| once.pass(row, each))?;
            }
        }
        Ok(once.passed)
    }
}

/// One match: its columns, all of which have to match.
struct Wanted {
    parts: Vec<Compared>,
}

/// One column: expressions that must each be among the values.
struct Compared {
    compared: Vec<String>,
    placeholder: &'static str,
    values: Vec<Value>,
    /// Whether a row can hold one of the values at most, so that no row comes with two batches.
    is_apart: bool,
}

impl Wanted {
    fn of(one: &Match, table: &TableName, columns: &Columns) -> Result<Self, ConnectorError> {
        let part = |part: Part<'_>| Ok(Compared::of(&part, columns.get(table, part.column)?));
        Ok(Self { parts: one.parts().map(part).collect::<Result<_, _>>()? })
    }

    /// All of it at once: the condition, and its parameters.
    fn whole(&self) -> (String, Vec<Value>) {
        together(self.parts.iter().map(|part| (part, part.values.as_slice())).collect())
    }

    /// Conditions that each take as many values as a statement has room for; one of them holds for each row that matches.
    fn batches(&self) -> impl Iterator<Item = (String, Vec<Value>)> {
        let mut all: Vec<Vec<(&Compared, &[Value])>> = vec![Vec::new()];
        for part in &self.parts {
            let chunks: Vec<&[Value]> = part.values.chunks(BATCH / self.parts.len()).collect();
            let with = |before: &Vec<_>, chunk| before.iter().copied().chain([(part, chunk)]).collect();
            all = all.iter().flat_map(|before| chunks.iter().map(move |chunk| with(before, *chunk))).collect();
        }
        all.into_iter().map(together)
    }
}

fn together(parts: Vec<(&Compared, &[Value])>) -> (String, Vec<Value>) {
    let conditions: Vec<String> = parts.iter().map(|(part, values)| part.condition(values.len())).collect();
    let parameters = parts.iter().flat_map(|(part, values)| part.parameters(values)).collect();
    (format!("({})", conditions.join(" AND ")), parameters)
}

impl Compared {
    fn of(one: &Part<'_>, column: &ColumnType) -> Self {
        let name = quoted(one.column);
        let as_text = format!("CONVERT({name} USING utf8mb4)");
        // As bytes: a collation would find `a` and `ä` the same, and `a` with a space behind it.
        let exactly = |expression: &str| format!("CAST({expression} AS BINARY)");
        let spelled = one.values.iter().all(|value| column.can_spell(value));
        let (compared, placeholder) = match one.comparison {
            Comparison::Exact if column.kind == Kind::Other => (vec![exactly(&as_text)], "?"),
            Comparison::Exact if column.is_text() && !spelled => {
                (vec![if column.ignores_case { as_text } else { exactly(&as_text) }], "?")
            }
            Comparison::Exact => (vec![name], column.kind.compared()),
            Comparison::IgnoreCase => {
                // The column's own comparison finds more than is wanted, but by its index.
                let narrower = if column.ignores_case { name } else { format!("LOWER({name})") };
                let narrower = Some(narrower).filter(|_| column.is_text() && spelled);
                (narrower.into_iter().chain([exactly(&format!("LOWER({as_text})"))]).collect(), "?")
            }
            Comparison::PhoneDigits => (vec![exactly(&format!("REGEXP_REPLACE({as_text}, '[^0-9]', '')"))], "?"),
        };
        let values = one.values.iter();
        let values = match one.comparison {
            Comparison::Exact => apart(values.filter_map(|value| column.kind.wanted(value))),
            // What is printed as hexadecimal digits is no address and no number.
            _ if column.kind == Kind::Binary => Vec::new(),
            Comparison::IgnoreCase => values.map(|value| text(value)).collect(),
            Comparison::PhoneDigits => values.filter_map(|value| sql::phone_digits(value)).map(|v| text(&v)).collect(),
        };
        let is_apart = one.comparison == Comparison::Exact && column.kind == Kind::Integer;
        Self { compared, placeholder, values, is_apart }
    }

    fn condition(&self, values: usize) -> String {
        let list = vec![self.placeholder; values].join(", ");
        let all = self.compared.iter().map(|expression| format!("{expression} IN ({list})"));
        format!("({})", all.collect::<Vec<_>>().join(" AND "))
    }

    fn parameters(&self, values: &[Value]) -> Vec<Value> {
        vec![values; self.compared.len()].concat()
    }
}

/// Whole numbers each once, however they were written.
fn apart(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    let number = |value: &Value| match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::UInt(number) => Some(i128::from(*number)),
        _ => None,
    };
    values.filter(|value| number(value).is_none_or(|number| seen.insert(number))).collect()
}

/// Lets each row pass once although several statements may find it. It remembers sixteen bytes a row; the statements
/// of one long list of whole numbers need no memory, since no row meets two of them.
struct Once<'c> {
    /// Columns behind those asked for that tell rows apart; none where no row can come twice.
    identity: &'c [String],
    width: usize,
    seen: HashMap<[u8; 16], u32>,
    statement: u32,
    asked: Row,
    passed: u64,
}

impl<'c> Once<'c> {
    fn new(select: &Select<'_>, columns: &'c Columns, is_apart: bool) -> Self {
        let identity: &[String] = if is_apart { &[] } else { &columns.identity };
        let width = select.columns.len();
        Self { identity, width, seen: HashMap::new(), statement: 0, asked: Row::new(), passed: 0 }
    }

    fn pass(&mut self, row: &Row, each: &mut EachRow<'_>) -> Result<(), ConnectorError> {
        if !self.identity.is_empty() {
            // Rows without a primary key may be equal; then they come together, with the same statement.
            let first = *self.seen.entry(short_digest(row.iter().skip(self.width))).or_insert(self.statement);
            if first != self.statement {
                return Ok(());
            }
        }
        self.asked.clear();
        row.iter().take(self.width).for_each(|value| self.asked.push(value));
        self.passed += 1;
        each(&self.asked)
    }
}

fn short_digest<'v>(values: impl Iterator<Item = Option<&'v str>>) -> [u8; 16] {
    let mut context = digest::Context::new(&digest::SHA256);
    for value in values {
        // A length before each value, so that no two rows can be written alike; NULL has one that no text has.
        context.update(&value.map_or(u64::MAX, |value| value.len() as u64).to_le_bytes());
        context.update(value.unwrap_or_default().as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&context.finish().as_ref()[..16]);
    short
}
