//! Reading: one statement a selection, so that the server itself gives each row once, and every list of values one
//! parameter, so that its length does not matter.

use super::columns::ColumnType;
use super::error::Place;
use super::session::Session;
use super::statements::{Parameter, texts};
use crate::connectors::{Comparison, ConnectorError, EachRow, Match, Reader, Select, sql};

impl Reader for Session {
    fn select(&mut self, select: &Select<'_>, each: &mut EachRow<'_>) -> Result<u64, ConnectorError> {
        let columns = self.columns(select.table)?;
        let mut conditions = Vec::with_capacity(select.any_of.len());
        let mut parameters = Vec::with_capacity(select.any_of.len());
        for one in select.any_of {
            let (condition, values) = condition(one, columns.get(select.table, &one.column)?, parameters.len() + 1);
            conditions.push(condition);
            parameters.push(values);
        }
        let statement = format!(
            "SELECT {} FROM {} AS t WHERE {}",
            columns.printed(select.table, select.columns)?,
            sql::quoted_table(select.table),
            conditions.join(" OR ")
        );
        self.stream(&statement, parameters, select.columns.len(), &Place::Table(select.table), each)
    }
}

/// One match as a condition on its list of values, which is parameter `at`. A value that the column's type cannot
/// hold is left out: it meets no row, and casting it would fail the whole statement.
fn condition(one: &Match, column: &ColumnType, at: usize) -> (String, Parameter) {
    let name = format!("t.{}", sql::quoted(&one.column));
    // The value is cast and not the column, so that an index on the column serves.
    let in_own_type = || format!("{name} = ANY((${at}::text[])::{}[])", column.name);
    let condition = match one.comparison {
        Comparison::Exact if column.is_understood() => in_own_type(),
        Comparison::Exact => format!("{} = ANY(${at}::text[])", column.printed(&one.column)),
        Comparison::IgnoreCase if column.ignores_case() => in_own_type(),
        Comparison::IgnoreCase => format!("lower({name}::text) = ANY(${at}::text[])"),
        Comparison::PhoneDigits => format!("regexp_replace({name}::text, '[^0-9]', '', 'g') = ANY(${at}::text[])"),
    };
    let values = one.values.iter().filter(|value| !value.contains('\0'));
    let values: Vec<String> = match one.comparison {
        Comparison::Exact => values.filter(|value| column.admits(value)).cloned().collect(),
        Comparison::IgnoreCase => values.cloned().collect(),
        Comparison::PhoneDigits => values.filter_map(|value| sql::phone_digits(value)).collect(),
    };
    (condition, texts(values))
}
