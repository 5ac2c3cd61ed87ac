//! Live columns as masks see them, and the masks of a dataset that can never be written to theirs.

use super::graph::finding;
use super::{Field, Node};
use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, Table};
use crate::domain::finding::{Finding, Severity};
use crate::domain::masking::{Holds, Masking, Slot};

/// What a mask of the field must fit into.
pub fn slot(table: &Table, field: &Field, column: &Column) -> Slot {
    let sets = std::iter::once(&table.primary_key).chain(&table.unique);
    Slot {
        holds: holds(column),
        most: declared_length(&column.sql_type).into_iter().chain(field.length).min(),
        distinct: sets.into_iter().any(|set| set.contains(&column.name)),
    }
}

/// Whether the column may become NULL. SQLite lets keys be NULL (<https://sqlite.org/quirks.html>, section 5); a row without its
/// key could not be found any more.
pub fn may_be_null(table: &Table, column: &Column) -> bool {
    column.nullable && !table.primary_key.contains(&column.name)
}

/// The number in `character varying(40)`.
pub fn declared_length(sql_type: &str) -> Option<usize> {
    let (name, rest) = sql_type.split_once('(')?;
    let is_text = name.to_ascii_lowercase().contains("char");
    is_text.then(|| rest.split(')').next()?.trim().parse().ok()).flatten()
}

fn holds(column: &Column) -> Holds {
    let sql_type = column.sql_type.to_ascii_lowercase();
    let name = sql_type.split('(').next().unwrap_or_default().trim();
    match column.kind {
        ColumnKind::Integer => integer(name, sql_type.contains("unsigned")),
        ColumnKind::Date | ColumnKind::DateTime => Holds::Date,
        ColumnKind::Text if name == "uuid" => Holds::Uuid,
        // SQLite takes any name that holds one of these for a text, and a column without a type takes everything.
        ColumnKind::Text if name.ends_with("[]") => Holds::Other(column.sql_type.clone()),
        ColumnKind::Text if name.is_empty() || name == "name" => Holds::Text,
        ColumnKind::Text if ["char", "text", "clob"].iter().any(|word| name.contains(word)) => Holds::Text,
        _ => Holds::Other(column.sql_type.clone()),
    }
}

/// Integers of the three engines. SQLite's are all of eight bytes, but an `INT` may be read by programs that expect four.
fn integer(name: &str, unsigned: bool) -> Holds {
    let bits = match name.split_whitespace().next().unwrap_or_default() {
        "tinyint" => 7,
        "smallint" | "int2" => 15,
        "mediumint" => 23,
        "bigint" | "int8" => 63,
        "year" => return Holds::Other(name.to_owned()),
        _ => 31,
    };
    let bits = if unsigned && bits < 63 { bits + 1 } else { bits };
    Holds::Integer { most: i64::MAX >> (63 - bits), signed: !unsigned }
}

/// The masks of a collection that its table can never hold. Fields that refer to another follow that one's mask, which
/// a plan looks at.
pub(super) fn check(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    for field in node.collection.fields.iter().filter(|f| f.references.is_empty()) {
        let (Some(masking), Some(column)) = (&field.masking, table.column(&field.name)) else { continue };
        let slot = slot(table, field, column);
        let why = match masking {
            Masking::NullRewrite if !may_be_null(table, column) => Some("it must not be NULL".to_owned()),
            masking => slot.refuses(masking),
        };
        if let Some(why) = why {
            let (name, at) = (masking.name(), format!("{}.{}", node.table(), field.name));
            findings.push(finding(
                &node.file,
                field.line,
                Severity::Error,
                format!("{name} cannot mask `{at}`: {why}"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("character varying(40)", ColumnKind::Text, Holds::Text, Some(40))]
    #[case("VARCHAR(40)", ColumnKind::Text, Holds::Text, Some(40))]
    #[case("longtext", ColumnKind::Text, Holds::Text, None)]
    #[case("", ColumnKind::Text, Holds::Text, None)]
    #[case("text[]", ColumnKind::Text, Holds::Other("text[]".into()), None)]
    #[case("inet", ColumnKind::Text, Holds::Other("inet".into()), None)]
    #[case("uuid", ColumnKind::Text, Holds::Uuid, None)]
    #[case("integer", ColumnKind::Integer, Holds::Integer { most: 2_147_483_647, signed: true }, None)]
    #[case("smallint(6)", ColumnKind::Integer, Holds::Integer { most: 32_767, signed: true }, None)]
    #[case("int(10) unsigned", ColumnKind::Integer, Holds::Integer { most: 4_294_967_295, signed: false }, None)]
    #[case("bigint", ColumnKind::Integer, Holds::Integer { most: i64::MAX, signed: true }, None)]
    #[case("numeric(10,2)", ColumnKind::Number, Holds::Other("numeric(10,2)".into()), None)]
    #[case("timestamp with time zone", ColumnKind::DateTime, Holds::Date, None)]
    #[case("boolean", ColumnKind::Boolean, Holds::Other("boolean".into()), None)]
    fn a_type_says_what_it_holds(
        #[case] sql_type: &str,
        #[case] kind: ColumnKind,
        #[case] expected: Holds,
        #[case] most: Option<usize>,
    ) {
        let column = Column { name: "c".into(), sql_type: sql_type.into(), kind, nullable: true, collation: None };
        assert_eq!((holds(&column), declared_length(sql_type)), (expected, most));
    }
}
