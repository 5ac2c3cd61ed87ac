use std::collections::BTreeMap;

use super::*;
use crate::connectors::schema::ColumnKind;
use crate::connectors::{Column, ForeignKey, LiveSchema, Table};
use crate::datamap::{check, load};

/// A dataset `d` of collections given as `name: field field …`, where a field is `name`, `*name` for a primary key,
/// `@name` for an e-mail address, and `name>collection.field` for a reference, with `<` or `=` for the other directions.
fn dataset(key: &str, collections: &[&str]) -> Dataset {
    let mut yaml = format!("dataset:\n- fides_key: {key}\n  data_categories: [user]\n  collections:\n");
    for collection in collections {
        let (name, fields) = collection.split_once(": ").unwrap();
        yaml += &format!("  - name: {name}\n    fields:\n");
        for field in fields.split(' ') {
            let bare = field.trim_start_matches(['*', '@']);
            let (name, reference) = bare.split_at(bare.find(['>', '<', '=']).unwrap_or(bare.len()));
            let mut meta = Vec::new();
            meta.extend(field.starts_with('*').then(|| "primary_key: true".to_owned()));
            meta.extend(field.starts_with('@').then(|| "identity: email".to_owned()));
            if let Some(target) = reference.get(1..) {
                let direction = match &reference[..1] {
                    ">" => ", direction: to",
                    "<" => ", direction: from",
                    _ => "",
                };
                meta.push(format!("references: [{{dataset: d, field: {target}{direction}}}]"));
            }
            yaml += &format!("    - {{name: {name}, fides_meta: {{{}}}}}\n", meta.join(", "));
        }
    }
    load(&yaml, "d.yml").unwrap_or_else(|f| panic!("{f:?}\n{yaml}"))
}

fn graph(collections: &[&str]) -> Result<Graph, Vec<String>> {
    let built = Graph::build(&[("s".into(), dataset("d", collections))]);
    built.map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

/// Pointers as `from(columns)->to(columns) down|up`.
fn pointers(graph: &Graph) -> Vec<String> {
    let name = |id| graph.node(id).collection.name.as_str();
    let one = |p: &Pointer| {
        let (from, to) = (p.from_columns().collect::<Vec<_>>().join(","), p.to_columns().collect::<Vec<_>>().join(","));
        let flow = [(p.down, " down"), (p.up, " up")].map(|(flows, text)| if flows { text } else { "" }).concat();
        format!("{}({from})->{}({to}){flow}", name(p.from), name(p.to))
    };
    graph.pointers().map(|(_, p)| one(p)).collect()
}

#[rstest::rstest]
#[case::from("b: *id a_id<a.id", &["b(a_id)->a(id) down"])]
#[case::to("b: *id a_id>a.id", &["b(a_id)->a(id) up"])]
#[case::both("b: *id a_id=a.id", &["b(a_id)->a(id) down up"])]
#[case::declared_by_the_key_from("b: *id<a.b_id", &["a(b_id)->b(id) up"])]
#[case::declared_by_the_key_to("b: *id>a.b_id", &["a(b_id)->b(id) down"])]
#[case::key_to_key_points_as_declared("b: *id<a.id", &["b(id)->a(id) down"])]
#[case::the_same_to_itself("b: *id up<b.id", &["b(up)->b(id) down"])]
fn a_reference_points_from_holder_to_key(#[case] declaring: &str, #[case] expected: &[&str]) {
    let graph = graph(&["a: *id @email b_id", declaring]).unwrap();
    assert_eq!(pointers(&graph), expected);
}

#[test]
fn a_reference_declared_from_both_ends_is_one_pointer() {
    let graph = graph(&["a: *id=b.a_id @email", "b: *id a_id<a.id"]).unwrap();
    assert_eq!(pointers(&graph), ["b(a_id)->a(id) down up"]);
}

#[test]
fn references_to_each_part_of_a_composite_key_are_one_pointer() {
    let people = "a: *tenant *id @email";
    let grouped = graph(&[people, "b: *id t<a.tenant p<a.id"]).unwrap();
    assert_eq!(pointers(&grouped), ["b(t,p)->a(tenant,id) down"]);
    let half = graph(&[people, "b: *id p<a.id"]).unwrap();
    assert_eq!(pointers(&half), ["b(p)->a(id) down"]);
    let two = graph(&["a: *id @email", "b: *id buyer<a.id payer<a.id"]).unwrap();
    assert_eq!(pointers(&two), ["b(buyer)->a(id) down", "b(payer)->a(id) down"]);
}

#[test]
fn rows_belong_to_persons_along_the_flow_of_belonging_only() {
    let graph = graph(&["a: *id @email c_id>c.id", "b: *id a_id<a.id", "c: *id", "d: *id b_id<b.id"]).unwrap();
    let owned: Vec<_> = graph.nodes().map(|(id, _)| graph.belongs_to_persons(id)).collect();
    assert_eq!(owned, [true, true, false, true]);
    assert_eq!(graph.warnings(), []);
}

#[rstest::rstest]
#[case(&["a: *id @email x>b.id"], "d.yml:9: the reference names collection `b`, which dataset `d` does not have")]
#[case(&["a: *id @email x>a.y"], "d.yml:9: the reference names field `y`, which `d.a` does not have")]
fn a_reference_to_nothing_is_an_error(#[case] collections: &[&str], #[case] expected: &str) {
    assert_eq!(graph(collections).unwrap_err(), [expected]);
}

#[test]
fn a_name_given_twice_is_an_error() {
    let datasets = [("s".into(), dataset("d", &["a: *id @email"])), ("t".into(), dataset("d", &["b: *id @email"]))];
    let findings = Graph::build(&datasets).unwrap_err();
    assert_eq!(findings[0].to_string(), "d.yml:2: dataset `d` is described in d.yml:2 already");
    let elsewhere = dataset("e", &["a: *id @email x>a.id"]);
    let findings = Graph::build(&[("s".into(), elsewhere)]).unwrap_err();
    assert_eq!(findings[0].to_string(), "d.yml:9: the reference names dataset `d`, which no system has");
}

#[test]
fn what_cannot_be_found_or_erased_is_a_warning() {
    let graph = graph(&["a: id @email", "b: *id a_id"]).unwrap();
    let warnings: Vec<_> = graph.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "d.yml:9: warning: no identity leads to collection `b`: give a field an `identity` or `references`",
            "d.yml:5: warning: collection `a` names no `primary_key`; its rows can be erased only if the table has a key",
        ]
    );
}

fn live(columns: &[&str], primary_key: &[&str], indexes: &[&[&str]]) -> Table {
    let texts = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        sql_type: "integer".into(),
        kind: ColumnKind::Integer,
        nullable: true,
        collation: None,
    };
    Table {
        columns: columns.iter().map(column).collect(),
        primary_key: texts(primary_key),
        row_id: None,
        unique: Vec::new(),
        indexes: indexes.iter().map(|i| texts(i)).collect(),
        foreign_keys: Vec::new(),
        unerasable: None,
    }
}

#[test]
fn a_dataset_is_held_against_the_live_schema() {
    let graph =
        graph(&["a: *id @email shoe", "b: *id a_id<a.id", "c: *id @email", "e: *k t<f.t", "f: *t *n @email"]).unwrap();
    let name = |name: &str| TableName { schema: None, name: name.to_owned() };
    let mut schema = LiveSchema::default();
    schema.tables.insert(name("a"), live(&["id", "email"], &["id"], &[&["lower(email)"]]));
    schema.tables.insert(name("b"), live(&["id", "a_id"], &[], &[]));
    let to_f = ForeignKey {
        name: "e_f".into(),
        columns: vec!["t".into(), "n".into()],
        to: name("f"),
        to_columns: vec!["t".into(), "n".into()],
        on_update: Default::default(),
    };
    schema.tables.insert(name("e"), Table { foreign_keys: vec![to_f], ..live(&["k", "t", "n"], &["k"], &[&["t"]]) });
    schema.tables.insert(name("f"), live(&["t", "n", "email"], &["n"], &[&["email"]]));
    let findings = check(&graph, &BTreeMap::from([("s".into(), schema)]));
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    d.yml:9: table `a` of system `s` has no column `shoe`
    d.yml:10: warning: table `b` has no key: its rows can be exported and not erased
    d.yml:13: warning: `b` has no index on a_id: every search reads the whole table
    d.yml:14: system `s` has no table `c`
    d.yml:21: warning: the foreign key e_f needs (t, n) together: mark (t, n) of `f` as `primary_key` and refer to each
    d.yml:22: warning: the primary key of `f` is (n), not (n, t)
    d.yml:26: warning: `f` has no index on lower(email): every search reads the whole table
    ");
    assert_eq!(check(&graph, &BTreeMap::new()), [], "a system that was not looked at is passed over");
}
