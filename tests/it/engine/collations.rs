//! Databases that compare texts without regard to case or trailing spaces: what is the same to the company is the same
//! here, and where two people could be meant, everything stops.

use habeas::fulfilment::{self, ExportOptions, FulfilmentError, LeftOut};

use super::Engine::Mysql;
use super::{Company, Seen, person};

const YML: &str = "
dataset:
  - fides_key: base
    data_categories: [user.content]
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: nick}
      - name: notes
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: author, fides_meta: {references: [{dataset: base, field: people.nick, direction: from}]}}
          - {name: body}
";

fn company(nick: &str, author: &str, people: &str, notes: &str) -> Company {
    let sql = format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), nick VARCHAR(20) {nick});
         CREATE TABLE notes (id INTEGER PRIMARY KEY, author VARCHAR(20) {author}, body VARCHAR(80));
         INSERT INTO people VALUES (1, 'ada@example.com', 'ada'){people};
         INSERT INTO notes VALUES (1, 'ada', 'as is'), (2, 'Ada ', 'in other words'), (3, 'bob', 'of Bob'){notes}"
    );
    Company::new(Mysql, &[("base", &sql, YML)])
}

#[test]
fn a_key_that_only_one_can_have_is_found_in_every_spelling() {
    let company = company("UNIQUE", "", ", (2, 'bob@example.com', 'BOB')", "");
    let who = person("ada@example.com");
    let (seen, _) = company.export(&who, false);
    assert_eq!(seen.of("notes"), ["Own: id=1 author=ada body=as is", "Own: id=2 author=Ada  body=in other words"]);
    company.erase(&who);
    assert_eq!(company.query("base", "SELECT id, author FROM notes"), "3|bob");
    assert_eq!(company.query("base", "SELECT id, nick FROM people"), "2|BOB");
}

#[test]
fn a_key_that_two_could_have_in_two_spellings_stops_everything() {
    for (nick, author, people, notes) in [
        ("", "", ", (2, 'bob@example.com', 'ADA')", ""),
        ("COLLATE utf8mb4_bin UNIQUE", "", ", (2, 'bob@example.com', 'ADA')", ""),
        ("UNIQUE", "", "", ", (4, 'ÀDA', 'accents')"),
    ] {
        let company = company(nick, author, people, notes);
        let (who, mut seen) = (person("ada@example.com"), Seen::default());
        let stopped = fulfilment::export(&company.systems, &who, ExportOptions::default(), &mut seen).unwrap_err();
        assert!(matches!(stopped, FulfilmentError::Unexplained { .. }), "{nick}: {stopped}");
        assert!(fulfilment::prepare(&company.systems, &who, &[]).is_err(), "{nick}");
    }
}

/// A foreign key that the database finds kept although nothing here can tell: what refers would be dragged along.
#[test]
fn a_cascade_under_a_collation_is_not_overlooked() {
    let company = company("UNIQUE", "", "", "");
    company.execute(
        "base",
        "CREATE TABLE badges (id INTEGER PRIMARY KEY, nick VARCHAR(20), FOREIGN KEY (nick) REFERENCES people (nick) ON DELETE CASCADE);
         INSERT INTO badges VALUES (1, 'ADA')",
    );
    company.systems.renew_schemas();
    let who = person("ada@example.com");
    assert!(company.obstacles(&who)[0].contains("badges"));
    company.execute("base", "UPDATE badges SET nick = 'àda'");
    assert!(matches!(fulfilment::prepare(&company.systems, &who, &[]), Err(FulfilmentError::Unexplained { .. })));
    assert_eq!(company.query("base", "SELECT count(*) FROM badges"), "1");
}

/// The same of a row that is the person's by another link as well, and stays.
#[test]
fn a_row_that_stays_and_refers_under_a_collation_is_not_overlooked() {
    let sql = "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), nick VARCHAR(20) UNIQUE);
         CREATE TABLE notes (id INTEGER PRIMARY KEY, author VARCHAR(20), body VARCHAR(80), FOREIGN KEY (author) REFERENCES people (nick));
         INSERT INTO people VALUES (1, 'ada@example.com', 'ada'); INSERT INTO notes VALUES (1, 'àda', 'ada@example.com')";
    let yml = YML.replace("{name: body}", "{name: body, fides_meta: {identity: email}}");
    let company = Company::new(Mysql, &[("base", sql, &yml)]);
    let left_out: LeftOut = [("base".to_owned(), "notes".to_owned())].into_iter().collect();
    let planned = fulfilment::prepare_without(&company.systems, &person("ada@example.com"), &[], &left_out);
    assert!(
        matches!(planned, Err(FulfilmentError::Unexplained { .. })),
        "{:?}",
        planned.map(|(_, plan)| plan.obstacles)
    );
}

#[test]
fn tables_from_which_nothing_can_be_erased_for_good_are_obstacles() {
    for (table, why) in [("ENGINE MyISAM", "has no transactions"), ("WITH SYSTEM VERSIONING", "keeps what is deleted")]
    {
        let company = company("UNIQUE", "", "", "");
        company.execute("base", &format!("ALTER TABLE notes {}", table.replace("WITH", "ADD")));
        let found = company.obstacles(&person("ada@example.com"));
        assert!(matches!(found.as_slice(), [only] if only.contains("notes") && only.contains(why)), "{found:?}");
        assert_eq!(company.export(&person("ada@example.com"), false).0.of("notes").len(), 2, "it can be read");
    }
}
