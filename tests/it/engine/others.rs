//! Whatever the database holds: erasing one person leaves every row of everybody else's as it was, but for the fields
//! that named the erased, and a second search finds nothing.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{Company, Engine, person};

const PEOPLE: [&str; 4] = ["ada@example.com", "bob@example.com", "cid@example.com", "dee@example.com"];

/// A database as plain rows; what refers, refers to a row by its id.
#[derive(Clone, Debug, PartialEq)]
struct World {
    /// The person, and whether the address is written in capitals.
    people: Vec<Option<(usize, bool)>>,
    notes: Vec<Option<Note>>,
    replies: Vec<Option<(usize, Option<usize>)>>,
    tags: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Note {
    author: usize,
    about: Option<usize>,
    parent: Option<usize>,
    tag: Option<usize>,
}

fn worlds() -> impl Strategy<Value = World> {
    let people = vec((0..PEOPLE.len(), any::<bool>()), 1..7);
    (people, 0..10_usize, 0..8_usize, 1..4_usize).prop_flat_map(|(people, notes, replies, tags)| {
        let someone = 0..people.len();
        let note = (someone.clone(), option::of(someone.clone()), option::of(0..notes.max(1)), option::of(0..tags));
        let note = note.prop_map(|(author, about, parent, tag)| Some(Note { author, about, parent, tag }));
        let reply = (0..notes.max(1), option::of(someone)).prop_map(Some);
        let replies = if notes == 0 { 0 } else { replies };
        (vec(note, notes), vec(reply, replies)).prop_map(move |(notes, replies)| World {
            people: people.iter().copied().map(Some).collect(),
            notes,
            replies,
            tags: vec![true; tags],
        })
    })
}

fn sql_of(world: &World) -> String {
    let mut sql = String::from(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
         CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
         CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES people (id),
           about INTEGER REFERENCES people (id), parent INTEGER REFERENCES notes (id), tag INTEGER REFERENCES tags (id));
         CREATE TABLE replies (id INTEGER PRIMARY KEY, note INTEGER NOT NULL REFERENCES notes (id),
           writer INTEGER REFERENCES people (id));",
    );
    let null = |id: Option<usize>| id.map_or("NULL".to_owned(), |id| id.to_string());
    for (id, (who, capitals)) in world.people.iter().flatten().enumerate() {
        let email = if *capitals { PEOPLE[*who].to_uppercase() } else { PEOPLE[*who].to_owned() };
        sql += &format!("INSERT INTO people VALUES ({id}, '{email}');");
    }
    for id in 0..world.tags.len() {
        sql += &format!("INSERT INTO tags VALUES ({id}, 'label {id}');");
    }
    for (id, note) in world.notes.iter().flatten().enumerate() {
        sql += &format!(
            "INSERT INTO notes VALUES ({id}, {}, {}, NULL, {});",
            note.author,
            null(note.about),
            null(note.tag)
        );
    }
    for (id, note) in world.notes.iter().flatten().enumerate() {
        sql += &format!("UPDATE notes SET parent = {} WHERE id = {id};", null(note.parent));
    }
    for (id, (note, writer)) in world.replies.iter().flatten().enumerate() {
        sql += &format!("INSERT INTO replies VALUES ({id}, {note}, {});", null(*writer));
    }
    sql
}

const DATASET: &str = "
dataset:
  - fides_key: talk
    data_categories: [user.content]
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: tags
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: label}
      - name: notes
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: author, fides_meta: {references: [{dataset: talk, field: people.id, direction: from}]}}
          - {name: about, fides_meta: {references: [{dataset: talk, field: people.id, direction: from}]}}
          - {name: parent, fides_meta: {references: [{dataset: talk, field: notes.id}]}}
          - {name: tag, fides_meta: {references: [{dataset: talk, field: tags.id, direction: to}]}}
      - name: replies
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: note, fides_meta: {references: [{dataset: talk, field: notes.id, direction: from}]}}
          - {name: writer, fides_meta: {references: [{dataset: talk, field: people.id, direction: from}]}}
";

/// What must be left, by the contract's words: a note is its author's, a reply is the note's, a tag is shared while
/// another's note has it.
fn without(world: &World, gone: usize) -> World {
    let mut left = world.clone();
    let is_gone = |person: &usize| world.people[*person].is_some_and(|(who, _)| who == gone);
    let mut touched: BTreeSet<usize> = BTreeSet::new();
    for person in left.people.iter_mut().filter(|p| p.is_some_and(|(who, _)| who == gone)) {
        *person = None;
    }
    for note in &mut left.notes {
        match note {
            Some(n) if is_gone(&n.author) => {
                touched.extend(n.tag);
                *note = None;
            }
            Some(n) => n.about = n.about.filter(|p| !is_gone(p)),
            None => {}
        }
    }
    let notes = left.notes.clone();
    for note in left.notes.iter_mut().flatten() {
        note.parent = note.parent.filter(|parent| notes[*parent].is_some());
    }
    for reply in &mut left.replies {
        *reply =
            reply.filter(|(note, _)| notes[*note].is_some()).map(|(n, writer)| (n, writer.filter(|w| !is_gone(w))));
    }
    for tag in touched {
        left.tags[tag] = left.notes.iter().flatten().any(|n| n.tag == Some(tag));
    }
    left
}

fn dump(company: &Company) -> Vec<String> {
    ["people", "tags", "notes", "replies"]
        .map(|table| company.query("talk", &format!("SELECT * FROM {table} ORDER BY id")))
        .to_vec()
}

fn printed(world: &World) -> Vec<String> {
    let null = |id: Option<usize>| id.map_or(String::new(), |id| id.to_string());
    let lines = |rows: Vec<Option<String>>| {
        let numbered = rows.into_iter().enumerate().filter_map(|(id, row)| Some(format!("{id}|{}", row?)));
        numbered.collect::<Vec<_>>().join("\n")
    };
    let email =
        |(who, capitals): (usize, bool)| if capitals { PEOPLE[who].to_uppercase() } else { PEOPLE[who].to_owned() };
    let note = |n: &Note| format!("{}|{}|{}|{}", n.author, null(n.about), null(n.parent), null(n.tag));
    vec![
        lines(world.people.iter().map(|p| p.map(email)).collect()),
        lines(world.tags.iter().enumerate().map(|(id, there)| there.then(|| format!("label {id}"))).collect()),
        lines(world.notes.iter().map(|n| n.as_ref().map(note)).collect()),
        lines(world.replies.iter().map(|r| r.map(|(note, writer)| format!("{note}|{}", null(writer)))).collect()),
    ]
}

fn erasing_one_leaves_the_others(engine: Engine, world: &World, gone: usize) -> Result<(), TestCaseError> {
    let company = Company::new(engine, &[("talk", &sql_of(world), DATASET)]);
    prop_assert_eq!(dump(&company), printed(world));
    let who = person(PEOPLE[gone]);
    company.erase(&who);
    prop_assert_eq!(dump(&company), printed(&without(world, gone)));
    let (seen, _) = company.export(&who, true);
    prop_assert_eq!(seen.all(), Vec::<String>::new());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn in_sqlite(world in worlds(), gone in 0..PEOPLE.len()) {
        erasing_one_leaves_the_others(Engine::Sqlite, &world, gone)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn in_postgres(world in worlds(), gone in 0..PEOPLE.len()) {
        erasing_one_leaves_the_others(Engine::Postgres, &world, gone)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn in_mysql(world in worlds(), gone in 0..PEOPLE.len()) {
        erasing_one_leaves_the_others(Engine::Mysql, &world, gone)?;
    }
}
