//! The datasets held against the live schema: what is described and not there, and what would be slow or ambiguous.

use std::collections::BTreeMap;

use super::graph::finding;
use super::{Graph, Node, NodeId, PhoneWriting, slots};
use crate::connectors::schema::{ColumnKind, Engine};
use crate::connectors::{Column, LiveSchema, Table, TableName};
use crate::domain::finding::{Finding, Severity};
use crate::domain::identity::IdentityKind;
use crate::domain::ids::SystemId;

/// Checks every collection whose system has a schema in `schemas`; a system without one is passed over.
pub fn check(graph: &Graph, schemas: &BTreeMap<SystemId, LiveSchema>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, node) in graph.nodes() {
        let Some(schema) = schemas.get(&node.system) else { continue };
        match schema.table(node.table()) {
            Some(table) => {
                check_table(node, table, &mut findings);
                check_composite_keys(graph, id, schema, &mut findings);
                check_retained(node, table, &mut findings);
                check_computed(node, schema, &mut findings);
                check_guarded(node, schema, &mut findings);
                slots::check(node, table, &mut findings);
                if !node.collection.skip_processing {
                    check_indexes(graph, id, node, table, schema.engine, &mut findings);
                }
            }
            None => {
                let message = format!("system `{}` has no table `{}`", node.system, node.table());
                findings.push(finding(&node.file, node.collection.line, Severity::Error, message));
            }
        }
    }
    findings
}

fn check_table(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    for field in &node.collection.fields {
        if table.column(&field.name).is_none() {
            let message =
                format!("table `{}` of system `{}` has no column `{}`", node.table(), node.system, field.name);
            findings.push(finding(&node.file, field.line, Severity::Error, message));
        }
    }
    check_members(node, table, findings);
    check_searched(node, table, findings);
    check_primary_key(node, table, findings);
    if let Some(why) = &table.unerasable {
        let message = format!("rows of `{}` can be exported and not erased: {why}", node.table());
        findings.push(finding(&node.file, node.collection.line, Severity::Warning, message));
    }
}

/// Members are looked for in JSON, which is of a type of its own or a text.
fn check_members(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    for field in &node.collection.fields {
        let (Some(member), Some(column)) = (field.members.first(), table.column(&field.name)) else { continue };
        if !matches!(column.kind, ColumnKind::Json | ColumnKind::Text) || column.sql_type.ends_with("[]") {
            let (name, sql_type) = (format!("{}.{}", node.table(), field.name), &column.sql_type);
            let message = format!("`{name}` has nested fields and holds no JSON: its type is {sql_type}");
            findings.push(finding(&node.file, member.line, Severity::Error, message));
        }
    }
}

/// What the database computes is not written, and changes with what it is computed from.
fn check_computed(node: &Node, schema: &LiveSchema, findings: &mut Vec<Finding>) {
    let computed = |name: &str| schema.computes(node.table(), name);
    for field in node.collection.fields.iter().filter(|f| f.masking.is_some() && computed(&f.name)) {
        let message = format!(
            "`{}.{}` is computed by the database, so its mask has no effect: mask what it is computed from",
            node.table(),
            field.name
        );
        findings.push(finding(&node.file, field.line, Severity::Warning, message));
    }
}

/// Under row-level security rows would be missed in silence, so its table is not read at all.
fn check_guarded(node: &Node, schema: &LiveSchema, findings: &mut Vec<Finding>) {
    if !node.collection.skip_processing && schema.guarded.contains(&schema.qualified(node.table())) {
        let message = format!(
            "table `{}` of system `{}` has row-level security, which hides rows from this account: every search is refused; \
             give the account BYPASSRLS",
            node.table(),
            node.system
        );
        findings.push(finding(&node.file, node.collection.line, Severity::Error, message));
    }
}

/// A duty counts from a date. What does not begin as one counts from the day of the request.
fn check_retained(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    let rule = node.collection.retain.as_ref().and_then(|rule| rule.dated_by());
    let Some(column) = rule.and_then(|from| table.column(from)) else { return };
    if !matches!(column.kind, ColumnKind::Date | ColumnKind::DateTime | ColumnKind::Text) {
        let message = format!(
            "`retain` counts from `{}.{}`, whose type is {}: a row without a date is kept as long from the day of the request",
            node.table(),
            column.name,
            column.sql_type
        );
        findings.push(finding(&node.file, node.collection.line, Severity::Warning, message));
    }
}

/// What a value stands in among others finds no row, and would find none in silence.
fn check_searched(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    for field in node.collection.fields.iter().filter(|f| f.identity.is_some() || !f.references.is_empty()) {
        if let Some(column) = table.column(&field.name).filter(|column| column.holds_others()) {
            let (name, sql_type) = (format!("{}.{}", node.table(), field.name), &column.sql_type);
            let message = format!(
                "`{name}` is of the type {sql_type}: no row is found by a value inside of one; give such values a column or a table of their own"
            );
            findings.push(finding(&node.file, field.line, Severity::Error, message));
        }
    }
}

/// Names the index that a search would use and that is not there, with what makes it.
fn check_indexes(
    graph: &Graph,
    id: NodeId,
    node: &Node,
    table: &Table,
    engine: Option<Engine>,
    findings: &mut Vec<Finding>,
) {
    for (column, line, sought) in searched_columns(graph, id, node) {
        let Some(live) = table.column(column) else { continue };
        let folds = live.collation.as_ref().is_some_and(|rule| rule.ignores_case) || is_citext(live);
        let sought = if sought == Sought::Folded && folds { Sought::AsIs } else { sought };
        if is_indexed(table, column, sought) {
            continue;
        }
        let name = node.table();
        let indexed = match sought {
            Sought::AsIs => column.to_owned(),
            Sought::Folded => format!("lower({column})"),
            Sought::Digits => format!("the digits of {column}"),
        };
        let remedy = engine.map(|engine| remedy(engine, name, column, sought));
        let remedy = remedy.map_or_else(String::new, |remedy| format!("; {remedy}"));
        let message = format!("`{name}` has no index on {indexed}: every search reads the whole table{remedy}");
        findings.push(finding(&node.file, line, Severity::Warning, message));
    }
}

/// Whether the type itself ignores case, so that a plain index serves.
fn is_citext(live: &Column) -> bool {
    live.sql_type.rsplit('.').next().is_some_and(|name| name.eq_ignore_ascii_case("citext"))
}

/// What makes the search quick, as SQL that can be run as it stands.
fn remedy(engine: Engine, name: &TableName, column: &str, sought: Sought) -> String {
    let table = name.schema.iter().chain([&name.name]).map(|part| quoted(engine, part)).collect::<Vec<_>>().join(".");
    let index = |suffix: &str| quoted(engine, &format!("{}_{column}{suffix}", name.name));
    let column = quoted(engine, column);
    match (sought, engine) {
        (Sought::AsIs, Engine::Postgres) => format!("`CREATE INDEX ON {table} ({column})` helps"),
        (Sought::AsIs, _) => format!("`CREATE INDEX {} ON {table} ({column})` helps", index("")),
        (Sought::Folded, Engine::Postgres) => format!("`CREATE INDEX ON {table} (lower({column}::text))` helps"),
        (Sought::Folded, Engine::Sqlite) => {
            format!("`CREATE INDEX {} ON {table} (lower({column}))` helps", index("_lower"))
        }
        (Sought::Folded, Engine::Mysql) => {
            format!("an index on {column} helps once its collation ignores case, as those ending in `_ci` do")
        }
        (Sought::Digits, Engine::Postgres) => {
            format!("`CREATE INDEX ON {table} (regexp_replace({column}::text, '[^0-9]', '', 'g'))` helps")
        }
        (Sought::Digits, _) => {
            "where all numbers are kept in E.164, `phone_format: e164` lets a plain index help".into()
        }
    }
}

/// A name as SQL takes it; in quotes where it has anything but small letters, digits and underscores.
fn quoted(engine: Engine, name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    match engine {
        _ if plain => name.to_owned(),
        Engine::Mysql => format!("`{}`", name.replace('`', "``")),
        Engine::Postgres | Engine::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Whether an index leads with the column, or with what is compared of it. Engines print expressions each in their own
/// way, some not at all.
fn is_indexed(table: &Table, column: &str, sought: Sought) -> bool {
    let of = |first: &String, function: &str| {
        first == "(expression)" || (first.contains(function) && first.contains(column))
    };
    let serves = |first: &String| match sought {
        Sought::AsIs => first == column,
        Sought::Folded => of(first, "lower("),
        Sought::Digits => first.contains("regexp_replace(") && first.contains(column),
    };
    let mut leading = table.indexes.iter().chain(&table.unique).filter_map(|columns| columns.first());
    leading.any(serves) || table.primary_key.first().is_some_and(serves)
}

fn check_primary_key(node: &Node, table: &Table, findings: &mut Vec<Finding>) {
    let mut declared: Vec<&str> =
        node.collection.fields.iter().filter(|f| f.primary_key).map(|f| f.name.as_str()).collect();
    let mut live: Vec<&str> = table.primary_key.iter().map(String::as_str).collect();
    declared.sort_unstable();
    live.sort_unstable();
    let message = if table.row_key().is_empty() && table.row_id.is_none() {
        format!("table `{}` has no key: its rows can be exported and not erased", node.table())
    } else if live.is_empty() {
        return;
    } else if !declared.is_empty() && declared != live {
        format!("the primary key of `{}` is ({}), not ({})", node.table(), live.join(", "), declared.join(", "))
    } else {
        return;
    };
    findings.push(finding(&node.file, node.collection.line, Severity::Warning, message));
}

/// A composite foreign key of which the dataset follows the columns one by one would lead to other people's rows.
fn check_composite_keys(graph: &Graph, id: NodeId, schema: &LiveSchema, findings: &mut Vec<Finding>) {
    let node = graph.node(id);
    let Some(table) = schema.table(node.table()) else { return };
    for key in table.foreign_keys.iter().filter(|k| k.columns.len() > 1) {
        for (_, pointer) in graph.pointers_from(id) {
            let target = graph.node(pointer.to);
            let same_table = target.system == node.system && target.table().name == key.to.name;
            let names: Vec<&str> = pointer.to_columns().collect();
            if schema.table(&key.to).is_some_and(|to| to.tells_apart(&names)) {
                // The rest of the key says nothing more.
                continue;
            }
            let half = pointer.columns.len() < key.columns.len()
                && pointer
                    .columns
                    .iter()
                    .all(|pair| key.columns.iter().zip(&key.to_columns).any(|k| k == (&pair.0, &pair.1)));
            if same_table && half {
                let message = format!(
                    "the foreign key {} needs ({}) together: mark ({}) of `{}` as `primary_key` and refer to each",
                    key.name,
                    key.columns.join(", "),
                    key.to_columns.join(", "),
                    target.collection.name
                );
                findings.push(finding(&pointer.file, pointer.line, Severity::Warning, message));
            }
        }
    }
}

/// What of a column is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sought {
    AsIs,
    Folded,
    Digits,
}

/// The columns by which a search looks into the collection, with the line that says so and how it compares.
fn searched_columns<'g>(graph: &'g Graph, id: NodeId, node: &'g Node) -> Vec<(&'g str, usize, Sought)> {
    let mut columns: Vec<(&str, usize, Sought)> = Vec::new();
    for field in &node.collection.fields {
        match field.identity {
            Some(IdentityKind::Email) => columns.push((&field.name, field.line, Sought::Folded)),
            Some(IdentityKind::AccountId) => columns.push((&field.name, field.line, Sought::AsIs)),
            Some(IdentityKind::Phone) if field.phone == PhoneWriting::E164 => {
                columns.push((&field.name, field.line, Sought::AsIs));
            }
            Some(IdentityKind::Phone) => columns.push((&field.name, field.line, Sought::Digits)),
            None => {}
        }
    }
    let searched = graph.pointers_from(id).filter(|(_, p)| p.down && graph.belongs_to_persons(p.to));
    columns.extend(searched.filter_map(|(_, p)| p.from_columns().next().map(|c| (c, p.line, Sought::AsIs))));
    // What the person's rows point at is looked for by the other end, whose line is this collection's.
    let context = graph.pointers_to(id).filter(|(_, p)| p.up && p.from != id);
    let line = |name: &str| node.collection.field(name).map_or(node.collection.line, |field| field.line);
    columns.extend(context.filter_map(|(_, p)| p.to_columns().next().map(|c| (c, line(c), Sought::AsIs))));
    columns.sort_unstable_by_key(|(column, line, sought)| (*column, *sought, *line));
    columns.dedup_by_key(|(column, _, sought)| (*column, *sought));
    columns
}
