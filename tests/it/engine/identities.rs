//! A person is found however their address and number are written, and what is secret inside of a text stays.

use habeas::domain::identity::IdentityKind;
use habeas::domain::secret_text::Forms;
use habeas::fulfilment::{self, ExportOptions};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, Seen, person};

const SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(40), abroad VARCHAR(40), exact VARCHAR(40));
INSERT INTO people VALUES
  (1, 'USER5@example.com', NULL, NULL, NULL),
  (2, NULL, '0 170 123 45 67', NULL, NULL),
  (3, NULL, '+49 (170) 1234567', NULL, NULL),
  (4, NULL, '+49 (0)170 / 1234567', NULL, NULL),
  (5, NULL, '0049-170-1234567', NULL, NULL),
  (6, NULL, NULL, '0170 1234567', NULL),
  (7, NULL, NULL, '+491701234567', NULL),
  (8, NULL, NULL, NULL, '+491701234567'),
  (9, NULL, NULL, NULL, '0170 1234567'),
  (10, NULL, '0170 1234568', NULL, NULL),
  (11, 'other@example.com', '170 1234567', NULL, NULL)";

const YAML: &str = "
dataset:
  - fides_key: people
    collections:
      - name: people
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: abroad, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number, phone_country: FR}}
          - {name: exact, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number, phone_format: e164}}
";

/// The peer missed `USER5@example.com` for `user5@…` and called the empty result complete.
#[rstest]
fn address_and_number_are_found_however_they_are_written(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let mut company = Company::new(engine, &[("people", SQL, YAML)]);
    company.systems = company.systems.in_country("DE");
    let mut who = person("user5@Example.com");
    who.phone = Some("+491701234567".parse().unwrap());
    who.shown.insert(IdentityKind::Phone);
    let (seen, _) = company.export(&who, false);
    let mut found: Vec<u32> = seen
        .all()
        .iter()
        .map(|row| row.split("id=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4, 5, 7, 8], "a French or unknown spelling of a German number is nobody's");
    company.erase(&who);
    let left = company.query("people", "SELECT id FROM people ORDER BY id");
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["6", "9", "10", "11"], "and erased on every engine");
}

const SECRETS: &str = "
CREATE TABLE notes (id INTEGER PRIMARY KEY, email VARCHAR(80), body TEXT, card BIGINT, amount DECIMAL(30,2), seen VARCHAR(40));
INSERT INTO notes VALUES (1, 'ada@example.com', 'card 4111-1111-1111-1111 and $2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW',
  4111111111111111, 1795344000.25, '2026-11-22 10:15:00.123456+02')";

const SECRETS_YAML: &str = "
dataset:
  - fides_key: notes
    collections:
      - name: notes
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: body, data_categories: [user.content]}
          - {name: card, data_categories: [user.financial]}
          - {name: amount, data_categories: [user.financial]}
          - {name: seen, data_categories: [user.behavior]}
";

#[rstest]
fn secrets_are_described_wherever_they_stand(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("notes", SECRETS, SECRETS_YAML)]);
    let options = ExportOptions { forms: Forms::for_answer(&[]), ..ExportOptions::default() };
    let mut seen = Seen::default();
    let exported = fulfilment::export(&company.systems, &person("ada@example.com"), options, &mut seen).unwrap();
    let row = seen.of("notes")[0];
    let body = "body=card [held, not disclosed: payment card number] and [held, not disclosed: stored password]";
    assert!(row.contains(body) && row.contains("card=[not disclosed]"), "{row}");
    assert!(row.contains("amount=1795344000.25") && row.contains("seen=2026-11-22 10:15:00.123456+02"), "{row}");
    let notes = &exported.collections[0];
    assert_eq!((notes.not_disclosed, notes.in_texts["payment card number"], notes.withheld), (3, 2, 0));
}

const LOOSE: &str = "
CREATE TABLE notes (id INTEGER PRIMARY KEY, email TEXT, since DATE, agreed BOOLEAN, at DATETIME, cvv INTEGER, code INTEGER);
INSERT INTO notes VALUES (1, 'ada@example.com', '4111-1111-1111-1111', '123-45-6789', '2026-11-22 10:15:00', 737, 738)";

/// SQLite keeps whatever it is given, whatever the type of the column is called; and what a card has beside its number is known by
/// the column's name alone.
#[test]
fn a_type_that_is_only_a_name_hides_no_secret() {
    let yaml = "
dataset:
  - fides_key: notes
    data_categories: [user.financial]
    collections:
      - name: notes
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: since}
          - {name: agreed}
          - {name: at}
          - {name: cvv}
          - {name: code}
";
    let company = Company::new(Sqlite, &[("notes", LOOSE, yaml)]);
    let options = ExportOptions { forms: Forms::for_answer(&[]), ..ExportOptions::default() };
    let mut seen = Seen::default();
    fulfilment::export(&company.systems, &person("ada@example.com"), options, &mut seen).unwrap();
    let hidden = "[not disclosed]";
    let row = format!(
        "Own: id=1 email=ada@example.com since={hidden} agreed={hidden} at=2026-11-22 10:15:00 cvv={hidden} code=738"
    );
    assert_eq!(seen.of("notes"), [row]);
}
