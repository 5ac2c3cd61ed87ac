//! Reading: one statement a selection, so that the server itself gives each row once, and every list of values one
//! parameter, so that its length does not matter.
//!
//! Few rows, which is what most people have, come by a prepared statement. Many are copied: a statement that PostgreSQL
//! parses and plans each time, and whose rows then cost it and us half.

use super::columns::{ColumnType, Columns};
use super::error::Place;
use super::session::{Session, Single};
use super::statements::{Parameter, SHORT, text, texts};
use crate::connectors::{Comparison, ConnectorError, EachRow, Match, Part, Reader, Row, Select, TableName, sql};

/// So many rows are few, unless they take more bytes than this. Where they are many, these are read twice.
const FEW: usize = 1000;
const FEW_BYTES: usize = 1024 * 1024;

impl Reader for Session {
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        if let Some(at) = self.ahead.iter().position(|ahead| ahead.is(select)) {
            let rows = self.ahead.swap_remove(at).rows;
            rows.iter().try_for_each(each)?;
            return Ok(rows.len() as u64);
        }
        let columns = self.columns(select.table)?;
        let selection = Selection::of(select, &columns)?;
        if columns.has_many_rows() && self.prepares() {
            self.few_or_many(&selection, each)
        } else {
            self.all(&selection, each)
        }
    }

    fn announce(&mut self, selects: &[Select<'_>]) -> Result<(), ConnectorError> {
        let mut known = Vec::with_capacity(selects.len());
        for select in selects {
            known.push((select, self.columns(select.table)?));
        }
        let mut asked = Vec::with_capacity(selects.len());
        for (select, columns) in &known {
            let selection = Selection::of(select, columns)?;
            if selection.values.iter().all(|values| values.len() <= SHORT) {
                asked.push(selection);
            }
        }
        // One alone is as soon there when it is asked for.
        if asked.len() < 2 {
            return Ok(());
        }
        let most = FEW_BYTES / asked.len();
        let mut statements = Vec::with_capacity(asked.len());
        for selection in &asked {
            let (sql, parameters, Select { table, columns, .. }) =
                (selection.some()?, selection.parameters(), selection.select);
            statements.push(Single { sql, parameters, width: columns.len(), most, table });
        }
        let answers = self.run_all(statements)?;
        for (selection, answer) in asked.into_iter().zip(answers) {
            let few = answer.rows.filter(|rows| rows.len() <= FEW);
            self.ahead.extend(few.map(|rows| Ahead::of(selection.select, rows)));
        }
        Ok(())
    }
}

/// Few rows that were announced.
pub(super) struct Ahead {
    table: TableName,
    columns: Vec<String>,
    any_of: Vec<Match>,
    rows: Vec<Row>,
}

impl Ahead {
    fn of(select: &Select<'_>, rows: Vec<Row>) -> Self {
        let Select { table, columns, any_of } = select;
        Self { table: (*table).clone(), columns: columns.to_vec(), any_of: any_of.to_vec(), rows }
    }

    /// Whether they are what is selected.
    fn is(&self, select: &Select<'_>) -> bool {
        self.table == *select.table && self.columns == select.columns && self.any_of == select.any_of
    }
}

/// What to read, in SQL.
struct Selection<'a> {
    select: &'a Select<'a>,
    columns: &'a Columns,
    /// For each column of each match, the values that its type can hold: another meets no row, and casting it would fail the
    /// whole statement.
    values: Vec<Vec<String>>,
}

impl<'a> Selection<'a> {
    fn of(select: &'a Select<'a>, columns: &'a Columns) -> Result<Self, ConnectorError> {
        let values = |part: Part<'_>| Ok(values(&part, columns.get(select.table, part.column)?));
        let parts = select.any_of.iter().flat_map(Match::parts);
        Ok(Self { select, columns, values: parts.map(values).collect::<Result<_, _>>()? })
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.values.iter().cloned().map(texts).collect()
    }

    /// A statement that reads `printed` columns; `list` says where the list of texts is that is parameter so and so.
    fn statement(&self, printed: &str, list: impl Fn(usize) -> List) -> Result<String, ConnectorError> {
        let Select { table, any_of, .. } = self.select;
        let (mut at, mut conditions) = (0, Vec::with_capacity(any_of.len()));
        for one in *any_of {
            let mut all = Vec::with_capacity(1);
            for part in one.parts() {
                all.push(condition(&part, self.columns.get(table, part.column)?, &list(at)));
                at += 1;
            }
            conditions.push(format!("({})", all.join(" AND ")));
        }
        Ok(format!("SELECT {printed} FROM {} AS t WHERE {}", sql::quoted_table(table), conditions.join(" OR ")))
    }

    /// The statement with its parameters bound, each value as text.
    fn bound(&self) -> Result<String, ConnectorError> {
        self.statement(&self.columns.printed(self.select.table, self.select.columns)?, |at| List::Bound(at + 1))
    }

    /// The same for a few rows, and one more.
    fn some(&self) -> Result<String, ConnectorError> {
        Ok(format!("{} LIMIT {}", self.bound()?, FEW + 1))
    }

    /// The same for COPY, which takes no parameters: each list is a setting of the transaction. `all` is whether the server goes
    /// through the whole table.
    fn copied(&self, all: bool) -> Result<String, ConnectorError> {
        let list = |at: usize| match self.values[at].len() {
            1 => List::SetAlone(at + 1),
            many if all && many > SHORT => List::SetApart(at + 1),
            _ => List::Set(at + 1),
        };
        self.statement(&self.columns.copied(self.select.table, self.select.columns)?, list)
    }

    fn place(&self) -> Place<'_> {
        Place::Table(self.select.table)
    }
}

/// A list of texts that rows are compared with, in SQL.
enum List {
    Bound(usize),
    Set(usize),
    /// One of a single text. The server looks for a value among those of a list anew for each row, and compares a single one
    /// in a fraction of the time.
    SetAlone(usize),
    /// One that each row of a table is looked for in. The server hashes a list that it knows when it plans, and goes through
    /// another from one end to the other for each row, unless it comes as rows.
    SetApart(usize),
}

impl List {
    /// The name of a setting.
    fn setting(at: usize) -> String {
        format!("habeas.values_{at}")
    }

    /// The condition that `left` is among them, taken as values of a type. The settings stand in a query of their own, which is
    /// answered once and not for each row.
    fn has(&self, left: &str, name: &str) -> String {
        let set = |at: &usize| format!("current_setting('{}')::text[]::{name}[]", Self::setting(*at));
        match self {
            List::Bound(at) => format!("{left} = ANY((${at}::text[])::{name}[])"),
            List::Set(at) => format!("{left} = ANY((SELECT {})::{name}[])", set(at)),
            List::SetAlone(at) => format!("{left} = (SELECT ({})[1])", set(at)),
            List::SetApart(at) => format!("{left} IN (SELECT unnest({}))", set(at)),
        }
    }
}

impl Session {
    fn all(&mut self, selection: &Selection<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let width = selection.select.columns.len();
        self.stream(&selection.bound()?, selection.parameters(), width, &selection.place(), each)
    }

    /// Looks whether there are few rows, which are then at hand already, and copies them if not.
    fn few_or_many(&mut self, selection: &Selection<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let some = selection.some()?;
        let width = selection.select.columns.len();
        let (mut rows, mut bytes): (Vec<Row>, usize) = (Vec::new(), 0);
        let found = self.stream(&some, selection.parameters(), width, &selection.place(), &mut |row| {
            bytes += row.bytes();
            match bytes > FEW_BYTES {
                true => rows = Vec::new(),
                false => rows.push(row.clone()),
            }
            Ok(())
        })?;
        if found > FEW as u64 || bytes > FEW_BYTES {
            drop(rows);
            return self.many(selection, each);
        }
        rows.iter().try_for_each(each)?;
        Ok(found)
    }

    fn many(&mut self, selection: &Selection<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let route = self.route(selection)?;
        let set = (1..=selection.values.len()).map(|at| {
            let name = List::setting(at);
            format!("set_config('{name}', (${at}::text[])::text, true)")
        });
        let set = format!("SELECT {}", set.collect::<Vec<_>>().join(", "));
        self.query(&set, selection.parameters(), &Place::Nowhere)?;
        let [index, ..] = &route;
        let copy = format!("COPY ({}) TO STDOUT", selection.copied(index.is_some())?);
        let width = selection.select.columns.len();
        let before = self.set_route(&route)?;
        let copied = self.copy(&copy, width, &selection.place(), each)?;
        self.set_route(&before)?;
        Ok(copied)
    }

    /// How PostgreSQL, which knows how often the values stand in the table, would get at the rows. With the values in settings
    /// it does not look, takes them for rare, and would go by an index to almost every row, or have several processes read
    /// them and hand each to the one that sends them.
    fn route(&mut self, selection: &Selection<'_>) -> Result<Route, ConnectorError> {
        let explain = format!("EXPLAIN {}", selection.bound()?);
        let plan = self.query(&explain, selection.parameters(), &selection.place())?;
        let lines = plan.iter().filter_map(|row| row.try_get::<_, &str>(0).ok());
        // A node stands behind an arrow, but for the first; what else is said of it begins with other words.
        let nodes: Vec<&str> = lines.map(|line| line.trim_start_matches([' ', '-', '>'])).collect();
        let is_there = |names: &[&str]| nodes.iter().any(|node| names.iter().any(|name| node.starts_with(name)));
        let (all, alone) = (is_there(&["Seq Scan on", "Parallel Seq Scan on"]), !is_there(&["Gather"]));
        let [index, workers] = [all.then_some("off"), alone.then_some("0")].map(|value| value.map(str::to_owned));
        Ok([index.clone(), index, workers])
    }

    /// Lets plans go that way until the transaction ends; gives how they went before.
    fn set_route(&mut self, to: &Route) -> Result<Route, ConnectorError> {
        let [index, bitmap, workers] = ROUTE;
        let sql = format!(
            "SELECT b.*, set_config('{index}', coalesce($1, b.i), true), set_config('{bitmap}', coalesce($2, b.b), true), \
             set_config('{workers}', coalesce($3, b.w), true) \
             FROM (SELECT current_setting('{index}') AS i, current_setting('{bitmap}') AS b, \
             current_setting('{workers}') AS w OFFSET 0) AS b"
        );
        let parameters = to.iter().map(|value| text(value.as_deref())).collect();
        let rows = self.query(&sql, parameters, &Place::Nowhere)?;
        Ok([0, 1, 2].map(|at| rows.first().map(|row| row.get(at))))
    }
}

/// Values of the settings in [`ROUTE`]; `None` leaves one as it is.
type Route = [Option<String>; 3];

/// The settings that say how plans get at rows.
const ROUTE: [&str; 3] = ["enable_indexscan", "enable_bitmapscan", "max_parallel_workers_per_gather"];

/// One column of a match as a condition on its list of values.
fn condition(one: &Part<'_>, column: &ColumnType, list: &List) -> String {
    let name = format!("t.{}", sql::quoted(one.column));
    // The values are cast and not the column, so that an index on the column serves.
    match one.comparison {
        Comparison::Exact if column.is_understood() => list.has(&name, &column.name),
        Comparison::Exact => list.has(&column.printed(one.column), "text"),
        Comparison::IgnoreCase if column.ignores_case() => list.has(&name, &column.name),
        Comparison::IgnoreCase => list.has(&format!("lower({name}::text)"), "text"),
        Comparison::PhoneDigits => list.has(&format!("regexp_replace({name}::text, '[^0-9]', '', 'g')"), "text"),
    }
}

fn values(one: &Part<'_>, column: &ColumnType) -> Vec<String> {
    let values = one.values.iter().filter(|value| !value.contains('\0'));
    match one.comparison {
        Comparison::Exact => values.filter(|value| column.admits(value)).cloned().collect(),
        Comparison::IgnoreCase => values.cloned().collect(),
        Comparison::PhoneDigits => values.filter_map(|value| sql::phone_digits(value)).collect(),
    }
}
