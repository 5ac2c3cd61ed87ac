//! In which order rows are deleted: what refers goes before what it refers to, and a cycle is cut where NULL is allowed.

use std::collections::{BTreeMap, BTreeSet};

use crate::connectors::{LiveSchema, TableName};

/// The order of the tables of one system, and the pointers to clear first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::fulfilment) struct Order {
    pub(in crate::fulfilment) tables: Vec<TableName>,
    /// Columns to set to NULL in the rows about to be deleted, by table.
    pub(in crate::fulfilment) cut: BTreeMap<TableName, BTreeSet<String>>,
}

/// Orders `tables`; `before` adds pairs (earlier, later) that the datasets ask for.
pub(in crate::fulfilment) fn order(
    schema: &LiveSchema,
    tables: &BTreeSet<TableName>,
    before: &[(TableName, TableName)],
) -> Order {
    let mut edges: Vec<Edge> = before.iter().map(|(earlier, later)| Edge::firm(earlier, later)).collect();
    for name in tables {
        edges.extend(foreign_keys(schema, name).filter(|edge| tables.contains(&edge.later)));
    }
    let mut order = Order { tables: arrange(tables, &edges), cut: BTreeMap::new() };
    let place = |name: &TableName| order.tables.iter().position(|t| t == name);
    for edge in edges.iter().filter(|e| place(&e.earlier) >= place(&e.later)) {
        let cut: Vec<String> = edge.nullable.clone();
        if !cut.is_empty() {
            order.cut.entry(edge.earlier.clone()).or_default().extend(cut);
        }
    }
    order
}

/// `earlier` refers to `later`.
struct Edge {
    earlier: TableName,
    later: TableName,
    /// The columns that may be NULL; without one the reference cannot be cut.
    nullable: Vec<String>,
}

impl Edge {
    fn firm(earlier: &TableName, later: &TableName) -> Self {
        Self { earlier: earlier.clone(), later: later.clone(), nullable: Vec::new() }
    }
}

fn foreign_keys<'s>(schema: &'s LiveSchema, name: &'s TableName) -> impl Iterator<Item = Edge> + 's {
    let table = schema.table(name).into_iter();
    table.flat_map(move |table| {
        table.foreign_keys.iter().map(move |key| {
            let may = |c: &&String| table.column(c).is_some_and(|c| c.nullable) && !table.primary_key.contains(*c);
            Edge {
                earlier: name.clone(),
                later: schema.qualified(&key.to),
                nullable: key.columns.iter().filter(may).cloned().collect(),
            }
        })
    })
}

/// Takes one table after the other to which nothing refers any more; in a cycle, one to which nothing refers that
/// could not be cut.
fn arrange(tables: &BTreeSet<TableName>, edges: &[Edge]) -> Vec<TableName> {
    let mut left: BTreeSet<&TableName> = tables.iter().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let held = |name: &TableName, firmly: bool| {
            edges.iter().any(|e| {
                e.later == *name
                    && e.earlier != e.later
                    && left.contains(&e.earlier)
                    && (!firmly || e.nullable.is_empty())
            })
        };
        let free = left.iter().find(|t| !held(t, false)).or_else(|| left.iter().find(|t| !held(t, true)));
        let next = *free.or_else(|| left.first()).expect("not empty");
        left.remove(next);
        order.push(next.clone());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::schema::ColumnKind;
    use crate::connectors::{Column, ForeignKey, Table};

    fn name(name: &str) -> TableName {
        TableName { schema: None, name: name.to_owned() }
    }

    /// Tables as `name: references; …`; `?` marks a reference that may be NULL.
    fn schema(tables: &str) -> (LiveSchema, BTreeSet<TableName>) {
        let mut schema = LiveSchema::default();
        for (table, references) in tables.split("; ").map(|t| t.split_once(':').unwrap()) {
            let references: Vec<&str> = references.split_whitespace().collect();
            let column = |r: &&str| Column {
                name: format!("{}_id", r.trim_end_matches('?')),
                sql_type: "integer".to_owned(),
                kind: ColumnKind::Integer,
                nullable: r.ends_with('?'),
                collation: None,
            };
            let key = |r: &&str| ForeignKey {
                name: format!("{table}_{r}"),
                columns: vec![column(r).name],
                to: name(r.trim_end_matches('?')),
                to_columns: vec!["id".to_owned()],
                on_update: Default::default(),
            };
            let found = Table {
                columns: references.iter().map(column).collect(),
                primary_key: vec!["id".to_owned()],
                row_id: None,
                unique: Vec::new(),
                indexes: Vec::new(),
                foreign_keys: references.iter().map(key).collect(),
                unerasable: None,
            };
            schema.tables.insert(name(table), found);
        }
        let names = schema.tables.keys().cloned().collect();
        (schema, names)
    }

    #[rstest::rstest]
    #[case::chain("a:; b: a; c: b", "c b a", "")]
    #[case::diamond("a:; b: a; c: a; d: b c", "d b c a", "")]
    #[case::itself("a: a?", "a", "a.a_id")]
    #[case::itself_firmly("a: a", "a", "")]
    #[case::cycle_cut_where_null_is_allowed("a: b?; b: a", "b a", "a.b_id")]
    #[case::outside_is_passed_over("a: elsewhere", "a", "")]
    fn what_refers_goes_first(#[case] tables: &str, #[case] expected: &str, #[case] cut: &str) {
        let (schema, names) = schema(tables);
        let order = order(&schema, &names, &[]);
        let got: Vec<_> = order.tables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(got.join(" "), expected);
        let cuts: Vec<_> = order.cut.iter().flat_map(|(t, c)| c.iter().map(move |c| format!("{t}.{c}"))).collect();
        assert_eq!(cuts.join(" "), cut);
    }

    #[test]
    fn the_dataset_can_ask_for_an_order() {
        let (schema, names) = schema("a:; b:");
        let order = order(&schema, &names, &[(name("b"), name("a"))]);
        assert_eq!(order.tables, [name("b"), name("a")]);
    }
}
