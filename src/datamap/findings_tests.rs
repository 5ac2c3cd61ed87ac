//! Every finding about a dataset: the YAML that has it, and the line and the words in which the operator reads it.
//! (Those about files, keys, references and strategies as such stand beside their code.)

use std::collections::BTreeMap;

use super::graph::Graph;
use super::{check, load};
use crate::connectors::schema::{ColumnKind, Engine};
use crate::connectors::{Column, LiveSchema, Table, TableName};
use crate::domain::ids::SystemId;

/// All that the loader and the graph say about files, each of them a system's.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let (mut datasets, mut lines) = (Vec::new(), Vec::new());
    for (name, text) in files {
        match load(text, &format!("{name}.yml")) {
            Ok(dataset) => datasets.push((SystemId::from(*name), dataset)),
            Err(findings) => lines.extend(findings),
        }
    }
    if lines.is_empty() {
        lines.extend(Graph::build(&datasets).map_or_else(|findings| findings, |graph| graph.warnings().to_vec()));
    }
    lines.iter().map(ToString::to_string).collect()
}

/// A dataset whose collection `c` stands on line 5, with more of it from line 6 on.
fn collection(more: &str) -> String {
    format!(
        "dataset:\n- fides_key: d\n  data_categories: [user]\n  collections:\n  - name: c\n{more}    fields:\n    - {{name: id, fides_meta: {{primary_key: true}}}}\n    - {{name: email, fides_meta: {{identity: email}}}}\n"
    )
}

/// The same with one more field from line 9 on.
fn field(text: &str) -> String {
    collection("") + text
}

#[rstest::rstest]
#[case("x: 1\ndataset: []\n", "d.yml:1: warning: `x` is not read; a dataset file has the key `dataset`")]
#[case("dataset: 7\n", "d.yml:1: `dataset` must be a list, not a text")]
#[case("dataset: [a]\n", "d.yml:1: a dataset must be a mapping of keys to values, not a text")]
#[case(
    "dataset:\n- {fides_key: [a], collections: []}\n",
    "d.yml:2: `fides_key` of a dataset must be a text, not a list"
)]
#[case("dataset:\n- {fides_key: d, collections: {}}\n", "d.yml:2: `collections` must be a list, not a mapping")]
#[case("dataset:\n- fides_key: d\n  colections: []\n  collections: []\n", "`colections` of a dataset is not known")]
#[case(
    "dataset:\n- {fides_key: d, fides_meta: {retain: 1}, collections: []}\n",
    "d.yml:2: `retain` does not stand in the `fides_meta` of a dataset"
)]
#[case(
    "dataset:\n- {fides_key: d, fides_meta: {x: 1}, collections: []}\n",
    "d.yml:2: warning: `x` in the `fides_meta` of a dataset has no effect here"
)]
#[case(
    "dataset:\n- fides_key: d\n  collections:\n  - {name: c, fields: [{name: f}]}\n  - {name: c, fields: [{name: f}]}\n",
    "d.yml:5: collection `c` was described on line 4 already"
)]
fn the_file(#[case] text: &str, #[case] expected: &str) {
    // What is only odd is told beside what is wrong.
    let lines = told(&[("d", text)]);
    assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
}

#[rstest::rstest]
#[case("    kind: table\n", "d.yml:6: warning: `kind` of a collection is not known and has no effect")]
#[case(
    "    fides_meta: {partitioning: x}\n",
    "d.yml:6: warning: `partitioning` in the `fides_meta` of a collection has no effect here"
)]
#[case("    fides_meta: {identity: email}\n", "d.yml:6: `identity` does not stand in the `fides_meta` of a collection")]
#[case(
    "    fides_meta: {namespace: {database: x}}\n",
    "d.yml:6: warning: the database is the one of the system's URL; this has no effect"
)]
#[case("    fides_meta: {namespace: {path: x}}\n", "d.yml:6: warning: `path` in `namespace` has no effect here")]
#[case(
    "    fides_meta: {erase_after: [c]}\n",
    "d.yml:6: `erase_after` names collections in the form `dataset.collection`"
)]
#[case("    fides_meta: {after: [c]}\n", "d.yml:6: `after` names collections in the form `dataset.collection`")]
#[case("    fides_meta: {erase_after: [d.x]}\n", "d.yml:6: `erase_after` names `d.x`, which is not there")]
#[case("    fides_meta: {after: [d.x]}\n", "d.yml:6: warning: `after` names `d.x`, which is not there")]
#[case("    fides_meta: {after: [d.c]}\n", "")]
#[case("    fides_meta: {skip_processing: never}\n", "d.yml:6: `skip_processing` must be true or false, not a text")]
#[case(
    "    fides_meta: {read_only: true, retain: {ground: g, until: 2030-12-31}}\n",
    "d.yml:6: warning: `retain` has no effect on a collection that is `read_only`: its rows are kept for good"
)]
#[case(
    "    fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: [x]}}}\n",
    "d.yml:6: `rewrite_value` must be a text; d.yml:6: `string_rewrite` needs `configuration` with its `rewrite_value`"
)]
fn a_collection(#[case] more: &str, #[case] expected: &str) {
    assert_eq!(told(&[("d", &collection(more))]).join("; "), expected);
}

#[rstest::rstest]
#[case("    - data_categories: [user.name]\n", "d.yml:9: a field needs its `name`")]
#[case("    - {name: f, type: x}\n", "d.yml:9: warning: `type` of a field is not known and has no effect")]
#[case("    - {name: f, data_categories: user.name}\n", "d.yml:9: `data_categories` must be a list, not a text")]
#[case("    - {name: f, fides_meta: [x]}\n", "d.yml:9: `fides_meta` must be a mapping of keys to values, not a list")]
#[case(
    "    - {name: f, fides_meta: {references: [{dataset: d, field: c.id, cardinality: one}]}}\n",
    "d.yml:9: warning: `cardinality` of a reference is not known and has no effect"
)]
#[case(
    "    - {name: f, fides_meta: {identity: phone, phone_country: Germany}}\n",
    "d.yml:9: `phone_country` is a country's two letters (ISO 3166-1), as `DE`"
)]
#[case(
    "    - {name: f, fides_meta: {identity: phone, phone_format: national}}\n",
    "d.yml:9: `phone_format` is `e164`, or left out"
)]
#[case(
    "    - {name: f, fides_meta: {masking_strategy_override: {strategy: date_truncate, configuration: {to: day}}}}\n",
    "d.yml:9: `to` is `year` or `month`; d.yml:9: `date_truncate` needs `configuration` with `to: year` or `to: month`"
)]
#[case(
    "    - {name: f, fides_meta: {data_type: 'string[]', identity: email}}\n",
    "d.yml:9: an element of a list is neither an identity nor a reference: no row is found by it; give the values a table of their own"
)]
#[case(
    "    - {name: f, fides_meta: {data_type: 'integer[]', references: [{dataset: d, field: c.id}]}}\n",
    "d.yml:9: an element of a list is neither an identity nor a reference: no row is found by it; give the values a table of their own"
)]
#[case(
    "    - {name: f, fides_meta: {data_type: 'string[]', return_all_elements: false}}\n",
    "d.yml:9: `return_all_elements: false` is not supported: a list is given whole, or marked with `redact`"
)]
#[case("    - {name: f, fides_meta: {data_type: 'string[]', return_all_elements: true}}\n", "")]
#[case("    - {name: f, fides_meta: {redact: true}}\n", "")]
#[case("    - {name: f, fides_meta: {redact: name}}\n", "")]
#[case(
    "    - {name: f, fides_meta: {data_type: strng}}\n",
    "d.yml:9: warning: the type `strng` is none of string, integer, float, boolean, object_id, object; it has no effect"
)]
fn a_field(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(told(&[("d", &field(text))]).join("; "), expected);
}

/// Nested fields from line 11 on, of the column `f` on line 9.
#[rstest::rstest]
#[case("      - {name: g, data_categories: [user.name]}\n", "")]
#[case("      - {data_categories: [user.name]}\n", "d.yml:11: a field needs its `name`")]
#[case("      - {name: g, kind: x}\n", "d.yml:11: warning: `kind` of a field is not known and has no effect")]
#[case(
    "      - {name: g, fides_meta: {identity: email}}\n",
    "d.yml:11: `identity` cannot stand at `f.g`, which is nested: no index serves a search inside of JSON: give the value a column of its own"
)]
#[case(
    "      - {name: g, fides_meta: {references: [{dataset: d, field: c.id}]}}\n",
    "d.yml:11: `references` cannot stand at `f.g`, which is nested: no index serves a search inside of JSON: give the value a column of its own"
)]
#[case(
    "      - {name: g, fides_meta: {redact: name}}\n",
    "d.yml:11: warning: `redact: name` works on columns; what stands in a member is described and never shown, as with `redact: true`"
)]
#[case(
    "      - {name: g, fides_meta: {primary_key: true}}\n",
    "d.yml:11: `primary_key` cannot stand at `f.g`, which is nested: a key is made of columns"
)]
#[case(
    "      - {name: g, fides_meta: {free_text: true}}\n",
    "d.yml:11: `free_text` cannot stand at `f.g`, which is nested: staff look at whole cells: mark the column"
)]
#[case(
    "      - {name: g, fides_meta: {collected_at: true}}\n",
    "d.yml:11: `collected_at` cannot stand at `f.g`, which is nested: a range looks at columns: give the date a column of its own"
)]
#[case(
    "      - {name: g, fides_meta: {read_only: true}}\n",
    "d.yml:11: `read_only` cannot stand at `f.g`, which is nested: a column is masked or not: mark the column, or give the member no mask"
)]
#[case(
    "      - name: g\n        fields:\n        - {name: h, fides_meta: {masking_strategy_override: {strategy: hash}}}\n",
    "d.yml:13: hash cannot mask `f.g.h`, which is nested; use null_rewrite, or string_rewrite without a suffix"
)]
#[case("      - {name: g, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}\n", "")]
fn a_member(#[case] nested: &str, #[case] expected: &str) {
    let text = field(&format!("    - name: f\n      fields:\n{nested}"));
    assert_eq!(told(&[("d", &text)]).join("; "), expected);
}

#[test]
fn a_mask_of_the_column_leaves_nothing_for_its_members() {
    let text = field(
        "    - name: f\n      fides_meta: {masking_strategy_override: {strategy: null_rewrite}}\n      fields:\n      - {name: g, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}\n",
    );
    let expected = "d.yml:12: the column has a mask of its own, which leaves nothing of its members";
    assert_eq!(told(&[("d", &text)]), [expected]);
}

#[test]
fn an_order_across_systems_is_one_without_a_circle() {
    let before = |others: &str| format!("    fides_meta: {{erase_after: [{others}]}}\n");
    let named =
        |key: &str, others: &str| collection(&before(others)).replace("fides_key: d", &format!("fides_key: {key}"));
    let files = [("d", named("d", "e.c")), ("e", named("e", "f.c")), ("f", collection("").replace("key: d", "key: f"))];
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(told(&borrowed), Vec::<String>::new());
    let datasets = files.each_ref().map(|(name, text)| (SystemId::from(*name), load(text, "x.yml").unwrap()));
    let graph = Graph::build(&datasets).unwrap();
    let all = ["d", "e", "f", "g"].map(SystemId::from);
    let order: Vec<&str> = graph.in_erasure_order(all.iter()).into_iter().map(SystemId::as_str).collect();
    assert_eq!(order, ["f", "e", "d", "g"]);

    let circle = named("f", "d.c");
    let lines = told(&[borrowed[0], borrowed[1], ("f", &circle)]);
    let expected = "f.yml:6: warning: `d.c` is in system `d`, some rows of which are to be erased after some of `f` already: one \
                    transaction erases all of a system's, so this has no effect";
    assert_eq!(lines, [expected]);
}

/// What the check says of one column `f` beside key and address, which have what they need.
fn checked(yaml: &str, engine: Engine, live: Column, unique: bool) -> Vec<String> {
    let dataset = load(&field(yaml), "d.yml").unwrap();
    let graph = Graph::build(&[("d".into(), dataset)]).unwrap();
    let column = |name: &str, kind, sql_type: &str| Column {
        name: name.into(),
        sql_type: sql_type.into(),
        kind,
        nullable: false,
        collation: None,
    };
    let table = Table {
        columns: vec![column("id", ColumnKind::Integer, "int"), column("email", ColumnKind::Text, "text"), live],
        primary_key: vec!["id".into()],
        row_id: None,
        unique: if unique { vec![vec!["f".into()]] } else { vec![] },
        indexes: vec![vec!["lower(email)".into()]],
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let name = TableName { schema: None, name: "c".to_owned() };
    let schema = LiveSchema { tables: BTreeMap::from([(name, table)]), engine: Some(engine), ..LiveSchema::default() };
    check(&graph, &BTreeMap::from([("d".into(), schema)])).iter().map(ToString::to_string).collect()
}

#[rstest::rstest]
#[case(
    "identity: phone",
    Engine::Postgres,
    "`c` has no index on the digits of f: every search reads the whole table; `CREATE INDEX ON c (regexp_replace(f::text, '[^0-9]', '', 'g'))` helps"
)]
#[case(
    "identity: phone",
    Engine::Sqlite,
    "`c` has no index on the digits of f: every search reads the whole table; where all numbers are kept in E.164, `phone_format: e164` lets a plain index help"
)]
#[case(
    "identity: phone, phone_format: e164",
    Engine::Sqlite,
    "`c` has no index on f: every search reads the whole table; `CREATE INDEX c_f ON c (f)` helps"
)]
#[case(
    "identity: account_id",
    Engine::Postgres,
    "`c` has no index on f: every search reads the whole table; `CREATE INDEX ON c (f)` helps"
)]
#[case(
    "identity: email",
    Engine::Postgres,
    "`c` has no index on lower(f): every search reads the whole table; `CREATE INDEX ON c (lower(f::text))` helps"
)]
#[case(
    "identity: email",
    Engine::Sqlite,
    "`c` has no index on lower(f): every search reads the whole table; `CREATE INDEX c_f_lower ON c (lower(f))` helps"
)]
#[case(
    "identity: email",
    Engine::Mysql,
    "`c` has no index on lower(f): every search reads the whole table; an index on f helps once its collation ignores case, as those ending in `_ci` do"
)]
fn a_slow_search_is_told_with_its_remedy(#[case] meta: &str, #[case] engine: Engine, #[case] expected: &str) {
    let live =
        Column { name: "f".into(), sql_type: "text".into(), kind: ColumnKind::Text, nullable: true, collation: None };
    let yaml = format!("    - {{name: f, fides_meta: {{{meta}}}}}\n");
    assert_eq!(checked(&yaml, engine, live, false), [format!("d.yml:9: warning: {expected}")]);
}

#[rstest::rstest]
#[case("text", ColumnKind::Text, true, "")]
#[case("jsonb", ColumnKind::Json, true, "")]
#[case(
    "integer",
    ColumnKind::Integer,
    true,
    "d.yml:11: `c.f` has nested fields and holds no JSON: its type is integer"
)]
#[case("json[]", ColumnKind::Text, true, "d.yml:11: `c.f` has nested fields and holds no JSON: its type is json[]")]
fn nested_fields_need_json(
    #[case] sql_type: &str,
    #[case] kind: ColumnKind,
    #[case] nullable: bool,
    #[case] expected: &str,
) {
    let live = Column { name: "f".into(), sql_type: sql_type.into(), kind, nullable, collation: None };
    let yaml = "    - name: f\n      fields:\n      - {name: g, data_categories: [user.name]}\n";
    assert_eq!(checked(yaml, Engine::Postgres, live, false).join("; "), expected);
}

#[rstest::rstest]
#[case("identity: email", "text[]", ColumnKind::Text)]
#[case("identity: account_id", "jsonb", ColumnKind::Json)]
#[case("references: [{dataset: d, field: c.id, direction: from}]", "integer[]", ColumnKind::Text)]
fn a_search_inside_of_lists_and_json_is_refused(#[case] meta: &str, #[case] sql_type: &str, #[case] kind: ColumnKind) {
    let live = Column { name: "f".into(), sql_type: sql_type.into(), kind, nullable: true, collation: None };
    let yaml = format!("    - {{name: f, fides_meta: {{{meta}}}}}\n");
    let expected = format!(
        "d.yml:9: `c.f` is of the type {sql_type}: no row is found by a value inside of one; give such values a column or a table of their own"
    );
    let lines = checked(&yaml, Engine::Postgres, live, false);
    assert!(lines.contains(&expected), "{lines:?}");
}

#[rstest::rstest]
#[case(
    "{strategy: null_rewrite}",
    "text",
    ColumnKind::Text,
    false,
    "null_rewrite cannot mask `c.f`: it must not be NULL"
)]
#[case(
    "{strategy: keep_domain}",
    "integer",
    ColumnKind::Integer,
    false,
    "keep_domain cannot mask `c.f`: it holds whole numbers, which keep_domain does not make; use random_string_rewrite, hash or null_rewrite"
)]
#[case(
    "{strategy: hash}",
    "varchar(4)",
    ColumnKind::Text,
    true,
    "hash cannot mask `c.f`: a mask needs 8 characters to be distinct, and there is room for 4; use null_rewrite, or make room"
)]
fn a_mask_that_its_column_never_takes_is_told(
    #[case] strategy: &str,
    #[case] sql_type: &str,
    #[case] kind: ColumnKind,
    #[case] unique: bool,
    #[case] expected: &str,
) {
    let live = Column { name: "f".into(), sql_type: sql_type.into(), kind, nullable: false, collation: None };
    let yaml = format!("    - {{name: f, fides_meta: {{masking_strategy_override: {strategy}}}}}\n");
    assert_eq!(checked(&yaml, Engine::Postgres, live, unique), [format!("d.yml:9: {expected}")]);
}

#[test]
fn members_of_a_unique_column_are_not_masked() {
    let live =
        Column { name: "f".into(), sql_type: "text".into(), kind: ColumnKind::Text, nullable: true, collation: None };
    let yaml = "    - name: f\n      fields:\n      - {name: g, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}\n";
    let expected = "d.yml:9: the rewrite of members cannot mask `c.f`: it holds distinct texts, which the rewrite of members does not make; use random_string_rewrite, hash, hmac or null_rewrite";
    assert_eq!(checked(yaml, Engine::Postgres, live, true), [expected]);
}

/// What is told of the collection `c` where its table stands in the schema `public` and needs nothing more.
fn told_of(change: impl FnOnce(&mut LiveSchema, TableName)) -> Vec<String> {
    let dataset = load(&collection(""), "d.yml").unwrap();
    let graph = Graph::build(&[("d".into(), dataset)]).unwrap();
    let column = |name: &str| Column {
        name: name.into(),
        sql_type: "text".into(),
        kind: ColumnKind::Text,
        nullable: false,
        collation: None,
    };
    let table = Table {
        columns: vec![column("id"), column("email")],
        primary_key: vec!["id".into()],
        row_id: None,
        unique: Vec::new(),
        indexes: vec![vec!["lower(email)".into()]],
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let name = TableName { schema: Some("public".to_owned()), name: "c".to_owned() };
    let mut schema = LiveSchema {
        tables: BTreeMap::from([(name.clone(), table)]),
        default_schema: Some("public".to_owned()),
        ..LiveSchema::default()
    };
    change(&mut schema, name);
    check(&graph, &BTreeMap::from([("d".into(), schema)])).iter().map(ToString::to_string).collect()
}

/// What a database cannot take back or does not forget is told.
#[test]
fn a_table_that_cannot_be_erased_from_is_told() {
    let lines = told_of(|schema, name| {
        let table = schema.tables.get_mut(&name).unwrap();
        table.unerasable = Some("its engine (MyISAM) has no transactions".into());
    });
    let expected =
        "d.yml:5: warning: rows of `c` can be exported and not erased: its engine (MyISAM) has no transactions";
    assert_eq!(lines, [expected]);
}

#[test]
fn a_table_that_hides_rows_is_told_of() {
    let lines = told_of(|schema, name| _ = schema.guarded.insert(name));
    let expected = "d.yml:5: table `c` of system `d` has row-level security, which hides rows from this account: every \
                    search is refused; give the account BYPASSRLS";
    assert_eq!(lines, [expected]);
    assert_eq!(told_of(|_, _| {}), Vec::<String>::new(), "and nothing of a table that hides none");
}

#[test]
fn a_category_that_is_none_is_told_once() {
    let field_of = |name: &str, category: &str| format!("    - {{name: {name}, data_categories: [{category}]}}\n");
    let text = field("")
        + &field_of("f", "user.financial.creditcard")
        + &field_of("g", "user.financial.creditcard")
        + &field_of("h", "users.name")
        + &field_of("i", "user.provided.identifiable.financial.account_number");
    let told = told(&[("d", &text)]);
    let expected = [
        "d.yml:9: warning: the category `user.financial.creditcard` is none of fideslang's: it is taken as shown to the person",
        "d.yml:11: warning: the category `users.name` is none of fideslang's: it is taken as nobody's personal data",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_identity_of_a_browser_is_no_account_number() {
    let text = field("    - {name: f, fides_meta: {identity: ga_client_id}}\n");
    let expected = "d.yml:9: warning: no request brings a `ga_client_id`, so no row is found by it; it counts as a field like others";
    assert_eq!(told(&[("d", &text)]), [expected]);
    let dataset = load(&text, "d.yml").unwrap();
    assert_eq!(dataset.collections[0].field("f").unwrap().identity, None);
}

#[rstest::rstest]
#[case("customer_id", "user_id", "")]
#[case("loyalty_number", "loyalty_number", "")]
#[case(
    "loyalty_number",
    "customer_id",
    "d.yml:10: warning: `account_id` is compared with the account number of a request, as `loyalty_number` in d.yml:9 is: \
     if a number can be one person's there and another's here, leave one `identity` out"
)]
fn two_numberings_are_told(#[case] one: &str, #[case] other: &str, #[case] expected: &str) {
    let of = |name: &str, identity: &str| format!("    - {{name: {name}, fides_meta: {{identity: {identity}}}}}\n");
    let text = field(&of("f", one)) + &of("g", other);
    assert_eq!(told(&[("d", &text)]).join("; "), expected);
}

/// The type itself compares without case.
#[rstest::rstest]
#[case("citext", "f", true)]
#[case("citext", "lower(f)", false)]
#[case("public.citext", "f", true)]
#[case("text", "f", false)]
#[case("text", "lower(f)", true)]
fn an_index_serves_what_is_compared(#[case] sql_type: &str, #[case] index: &str, #[case] serves: bool) {
    let yaml = field("    - {name: f, fides_meta: {identity: email}}\n");
    let graph = Graph::build(&[("d".into(), load(&yaml, "d.yml").unwrap())]).unwrap();
    let column = |name: &str, sql_type: &str| Column {
        name: name.into(),
        sql_type: sql_type.into(),
        kind: ColumnKind::Text,
        nullable: false,
        collation: None,
    };
    let table = Table {
        columns: vec![column("id", "text"), column("email", "text"), column("f", sql_type)],
        primary_key: vec!["id".into()],
        row_id: None,
        unique: vec![],
        indexes: vec![vec!["lower(email)".into()], vec![index.into()]],
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let name = TableName { schema: None, name: "c".to_owned() };
    let tables = BTreeMap::from([(name, table)]);
    let schema = LiveSchema { tables, engine: Some(Engine::Postgres), ..LiveSchema::default() };
    assert_eq!(check(&graph, &BTreeMap::from([("d".into(), schema)])).is_empty(), serves);
}

#[test]
fn context_that_is_looked_for_without_an_index_is_told() {
    let yaml = field("    - {name: f, fides_meta: {references: [{dataset: d, field: p.code, direction: to}]}}\n")
        + "  - name: p\n    fields:\n    - {name: id, fides_meta: {primary_key: true}}\n    - {name: code}\n";
    let graph = Graph::build(&[("d".into(), load(&yaml, "d.yml").unwrap())]).unwrap();
    let column = |name: &str| Column {
        name: name.into(),
        sql_type: "text".into(),
        kind: ColumnKind::Text,
        nullable: false,
        collation: None,
    };
    let table = |columns: &[&str]| Table {
        columns: columns.iter().map(|name| column(name)).collect(),
        primary_key: vec!["id".into()],
        row_id: None,
        unique: vec![],
        indexes: vec![vec!["lower(email)".into()]],
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let named = |name: &str| TableName { schema: None, name: name.to_owned() };
    let tables = BTreeMap::from([(named("c"), table(&["id", "email", "f"])), (named("p"), table(&["id", "code"]))]);
    let schema = LiveSchema { tables, ..LiveSchema::default() };
    let told: Vec<String> =
        check(&graph, &BTreeMap::from([("d".into(), schema)])).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["d.yml:13: warning: `p` has no index on code: every search reads the whole table"]);
}

#[test]
fn a_duty_that_counts_from_no_date_is_told() {
    let duty = "    fides_meta: {retain: {ground: g, for: 8 years, from: f}}\n";
    let dataset = load(&(collection(duty) + "    - {name: f}\n"), "d.yml").unwrap();
    let graph = Graph::build(&[("d".into(), dataset)]).unwrap();
    let column = |name: &str, kind| Column {
        name: name.into(),
        sql_type: "bigint".into(),
        kind,
        nullable: false,
        collation: None,
    };
    let table = Table {
        columns: vec![
            column("id", ColumnKind::Integer),
            column("email", ColumnKind::Text),
            column("f", ColumnKind::Integer),
        ],
        primary_key: vec!["id".into()],
        row_id: None,
        unique: vec![],
        indexes: vec![vec!["lower(email)".into()]],
        foreign_keys: Vec::new(),
        unerasable: None,
    };
    let name = TableName { schema: None, name: "c".to_owned() };
    let schema = LiveSchema { tables: BTreeMap::from([(name, table)]), ..LiveSchema::default() };
    let told: Vec<String> =
        check(&graph, &BTreeMap::from([("d".into(), schema)])).iter().map(ToString::to_string).collect();
    let expected = "d.yml:5: warning: `retain` counts from `c.f`, whose type is bigint: a row without a date is kept as long from the day of the request";
    assert_eq!(told, [expected]);
}

/// It can be run as it stands.
#[rstest::rstest]
#[case(Engine::Postgres, "CREATE INDEX ON c (lower(\"E mail\"::text))")]
#[case(Engine::Sqlite, "CREATE INDEX \"c_E mail_lower\" ON c (lower(\"E mail\"))")]
fn a_remedy_quotes_names_that_need_it(#[case] engine: Engine, #[case] expected: &str) {
    let live = Column {
        name: "E mail".into(),
        sql_type: "text".into(),
        kind: ColumnKind::Text,
        nullable: true,
        collation: None,
    };
    let told = checked("    - {name: E mail, fides_meta: {identity: email}}\n", engine, live, false).join("; ");
    assert!(told.contains(expected), "{told}");
}
