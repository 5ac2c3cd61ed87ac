//! Drafts of small schemas, and that every draft is a dataset.

use proptest::prelude::*;

use super::*;
use crate::connectors::ForeignKey;
use crate::connectors::schema::ColumnKind;
use crate::datamap::{Graph, load};

/// Tables as `name: column column …`; `*` marks the key, `>table.column` a foreign key, `?` before a column free text.
fn schema(tables: &[&str]) -> LiveSchema {
    let named = |name: &str| TableName { schema: None, name: name.to_owned() };
    let mut schema = LiveSchema::default();
    for table in tables {
        let (name, columns) = table.split_once(": ").unwrap();
        let mut made = Table {
            columns: vec![],
            primary_key: vec![],
            row_id: None,
            unique: vec![],
            indexes: vec![],
            foreign_keys: vec![],
            unerasable: None,
        };
        for column in columns.split(' ') {
            let (bare, target) = column.split_once('>').map_or((column, None), |(bare, target)| (bare, Some(target)));
            let name = bare.trim_start_matches('*').to_owned();
            made.primary_key.extend(bare.starts_with('*').then(|| name.clone()));
            if let Some((to, to_column)) = target.and_then(|t| t.split_once('.')) {
                let (columns, to_columns) = (vec![name.clone()], vec![to_column.to_owned()]);
                let on_update = Default::default();
                made.foreign_keys.push(ForeignKey {
                    name: name.clone(),
                    columns,
                    to: named(to),
                    to_columns,
                    on_update,
                });
            }
            made.columns.push(Column {
                name,
                sql_type: "text".into(),
                kind: ColumnKind::Text,
                nullable: true,
                collation: None,
            });
        }
        schema.tables.insert(named(name), made);
    }
    schema
}

/// The check would refuse it.
#[test]
fn nobody_is_found_by_a_list() {
    let mut schema = schema(&["people: *id email"]);
    for table in schema.tables.values_mut() {
        table.columns[1].sql_type = "text[]".into();
    }
    let text = draft("shop", &schema);
    assert!(text.contains("user.contact.email") && !text.contains("identity"), "{text}");
}

#[test]
fn a_draft_says_what_is_known_and_marks_what_is_guessed() {
    let schema = schema(&[
        "customers: *id email name no",
        "orders: *id customer_id>customers.id product_id note",
        "products: *id name",
        "employees: *id email manager_id>employees.id",
    ]);
    insta::assert_snapshot!(draft("shop", &schema));
}

#[test]
fn an_empty_schema_is_told() {
    assert!(draft("main", &LiveSchema::default()).contains("# ? the sign-in sees no table"));
}

proptest! {
    #[test]
    fn every_draft_is_a_dataset_whatever_the_names(
        tables in proptest::collection::btree_map("[a-zA-Z#:{}é-][a-zA-Z \"'#:{}é-]{0,12}", proptest::collection::btree_set("[a-zA-Z_#:\\[é-][a-zA-Z_ \"'#:\\[é-]{0,10}", 1..6), 1..5),
    ) {
        let mut schema = LiveSchema::default();
        for (name, columns) in &tables {
            let column = |name: &String| Column { name: name.clone(), sql_type: "text".into(), kind: ColumnKind::Text, nullable: true, collation: None };
            let columns: Vec<Column> = columns.iter().map(column).collect();
            let primary_key = vec![columns[0].name.clone()];
            let table = Table { columns, primary_key, row_id: None, unique: vec![], indexes: vec![], foreign_keys: vec![], unerasable: None };
            schema.tables.insert(TableName { schema: None, name: name.clone() }, table);
        }
        let text = draft("main", &schema);
        let dataset = load(&text, "draft.yml").map_err(|f| TestCaseError::fail(format!("{f:?}\n{text}")))?;
        let columns = |d: &crate::datamap::Dataset| d.collections.iter().map(|c| c.fields.len()).sum::<usize>();
        prop_assert_eq!(columns(&dataset), tables.values().map(|c| c.len()).sum::<usize>());
        prop_assert!(Graph::build(&[("s".into(), dataset)]).is_ok());
    }
}
