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

fn foreign_key(name: &str, columns: &[&str], to: &str, to_columns: &[&str]) -> ForeignKey {
    let texts = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    ForeignKey {
        name: name.to_owned(),
        columns: texts(columns),
        to: TableName { schema: None, name: to.to_owned() },
        to_columns: texts(to_columns),
        on_update: Default::default(),
    }
}

/// The lines of a draft that follow a field's name, up to the next one's.
fn lines_of<'d>(draft: &'d str, field: &str) -> Vec<&'d str> {
    let lines = draft.lines().skip_while(|line| line.trim() != format!("- name: {field}")).skip(1);
    lines.take_while(|line| !line.trim_start().starts_with("- name:")).map(str::trim).collect()
}

/// Half of a composite key is other people's rows.
#[test]
fn a_composite_key_is_followed_whole_or_not_at_all() {
    let mut schema = schema(&[
        "customers: *tenant *number email",
        "members: *id tenant card email",
        "tenants: *id",
        "bills: *id tenant number card member",
    ]);
    let members = schema.tables.get_mut(&TableName { schema: None, name: "members".to_owned() }).unwrap();
    members.unique = vec![vec!["tenant".to_owned(), "card".to_owned()], vec!["tenant".to_owned(), "id".to_owned()]];
    let bills = schema.tables.get_mut(&TableName { schema: None, name: "bills".to_owned() }).unwrap();
    bills.foreign_keys = vec![
        foreign_key("of_tenant", &["tenant"], "tenants", &["id"]),
        foreign_key("of_customer", &["tenant", "number"], "customers", &["tenant", "number"]),
        foreign_key("of_card", &["tenant", "card"], "members", &["tenant", "card"]),
        foreign_key("of_member", &["tenant", "member"], "members", &["tenant", "id"]),
    ];
    let draft = draft("shop", &schema);
    let fields = |name: &str| -> Vec<&str> {
        let bills = draft.split("- name: bills").nth(1).unwrap();
        let end = bills.find("\n      - name: customers").unwrap_or(bills.len());
        lines_of(&bills[..end], name).into_iter().filter(|line| line.starts_with("field:")).collect()
    };
    assert_eq!(fields("tenant"), ["field: tenants.id", "field: customers.tenant"]);
    assert_eq!((fields("number"), fields("member")), (vec!["field: customers.number"], vec!["field: members.id"]));
    assert_eq!(fields("card"), Vec::<&str>::new());
    assert!(draft.contains("# ? the foreign key of_card is no reference here"), "{draft}");
    let dataset = load(&draft, "draft.yml").unwrap();
    let graph = Graph::build(&[("s".into(), dataset)]).unwrap();
    let bills = graph.find("shop", "bills").unwrap();
    let columns: Vec<usize> = graph.pointers_from(bills).map(|(_, pointer)| pointer.columns.len()).collect();
    assert_eq!(columns, [1, 2, 1], "the parts of one key are one pointer");
}

#[test]
fn of_tables_with_one_name_the_sign_in_s_own_is_described() {
    let mut both = LiveSchema { default_schema: Some("public".to_owned()), ..LiveSchema::default() };
    let of = |schema: &str| TableName { schema: Some(schema.to_owned()), name: "customers".to_owned() };
    for (name, column) in [("archive", "old"), ("public", "email")] {
        let made = schema(&[&format!("customers: *id {column}")]);
        both.tables.insert(of(name), made.tables.into_values().next().unwrap());
    }
    let draft = draft("shop", &both);
    assert!(draft.contains("- name: email") && !draft.contains("- name: old"), "{draft}");
    assert!(draft.contains("# table archive.customers is left out"), "{draft}");
}

#[test]
fn a_person_is_found_by_a_key_that_is_an_address() {
    let text = draft("shop", &schema(&["visits: *email *seen_at"]));
    assert!(text.contains("primary_key: true\n              identity: email"), "{text}");
    let graph = Graph::build(&[("s".into(), load(&text, "draft.yml").unwrap())]).unwrap();
    assert_eq!(graph.warnings(), []);
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
