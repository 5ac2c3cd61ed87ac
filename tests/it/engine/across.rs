//! One person's rows in databases of three engines, whose keys are of different types and written in different ways.

use super::Engine::{Mysql, Postgres, Sqlite};
use super::{Company, person};

const CRM_SQL: &str = "
CREATE TABLE customers (id UUID PRIMARY KEY, number INTEGER NOT NULL UNIQUE, email TEXT NOT NULL);
INSERT INTO customers VALUES ('0190f3a0-0000-7000-8000-00000000000a', 7, 'Ada@example.com'),
  ('0190f3a0-0000-7000-8000-00000000000b', 8, 'bob@example.com');
CREATE TABLE parcels (id INTEGER PRIMARY KEY, invoice INTEGER NOT NULL);
INSERT INTO parcels VALUES (1, 70), (2, 80);
CREATE TABLE depots (id UUID PRIMARY KEY, town TEXT);
INSERT INTO depots VALUES ('0190f3a0-0000-7000-8000-0000000000d1', 'Bonn'), ('0190f3a0-0000-7000-8000-0000000000d2', 'Kiel');
";

const CRM: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: customers
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: number, data_categories: [user.unique_id]}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: parcels
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: invoice
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: books, field: invoices.id, direction: from}]}
      - name: depots
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: town, data_categories: [system.operations]}
";

/// Keys as text in upper case, as sixteen bytes, as a decimal; and a text that stands for a number.
const BOOKS_SQL: &str = "
CREATE TABLE invoices (id DECIMAL(10,2) PRIMARY KEY, customer BINARY(16) NOT NULL, depot CHAR(32));
INSERT INTO invoices VALUES (70.00, UNHEX('0190F3A000007000800000000000000A'), '0190F3A00000700080000000000000D1'),
  (80.00, UNHEX('0190F3A000007000800000000000000B'), '0190F3A00000700080000000000000D2');
";

const BOOKS: &str = "
dataset:
  - fides_key: books
    collections:
      - name: invoices
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: depot
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: crm, field: depots.id, direction: to}]}
";

const DESK_SQL: &str = "
CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer TEXT NOT NULL);
INSERT INTO tickets VALUES (1, '0190F3A0-0000-7000-8000-00000000000A'), (2, '0190F3A0-0000-7000-8000-00000000000B');
CREATE TABLE calls (id INTEGER PRIMARY KEY, customer_number TEXT NOT NULL);
INSERT INTO calls VALUES (1, '7'), (2, '8'), (3, '70');
";

const DESK: &str = "
dataset:
  - fides_key: desk
    collections:
      - name: tickets
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: customers.id, direction: from}]}
      - name: calls
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_number
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: customers.number, direction: from}]}
";

fn company() -> Company {
    Company::across(&[
        (Postgres, "crm", CRM_SQL, CRM),
        (Mysql, "books", BOOKS_SQL, BOOKS),
        (Sqlite, "desk", DESK_SQL, DESK),
    ])
}

#[test]
fn keys_lead_from_engine_to_engine_however_they_are_written() {
    let company = company();
    let (seen, _) = company.export(&person("ada@EXAMPLE.com"), false);
    let found: Vec<String> =
        seen.all().iter().map(|row| row.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "calls: Own: id=1",
        "customers: Own: id=0190f3a0-0000-7000-8000-00000000000a",
        "depots: Context: id=0190f3a0-0000-7000-8000-0000000000d1",
        "invoices: Own: id=70.00",
        "parcels: Own: id=1",
        "tickets: Own: id=1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_was_found_across_engines_is_erased_and_nothing_else() {
    let company = company();
    company.erase(&person("ada@example.com"));
    let left = |system, table| company.query(system, &format!("SELECT id FROM {table} ORDER BY id"));
    assert_eq!(left("crm", "customers"), "0190f3a0-0000-7000-8000-00000000000b");
    assert_eq!((left("crm", "parcels").as_str(), left("crm", "depots").lines().count()), ("2", 2));
    assert_eq!((left("books", "invoices").as_str(), left("desk", "tickets").as_str()), ("80.00", "2"));
    assert_eq!(left("desk", "calls"), "2\n3");
}

#[test]
fn systems_are_erased_in_the_order_that_the_datasets_ask_for() {
    let later = "      - name: customers\n        fields:\n";
    let asked = "      - name: customers\n        fides_meta: {erase_after: [desk.tickets]}\n        fields:\n";
    let company = Company::across(&[
        (Postgres, "crm", CRM_SQL, &CRM.replace(later, asked)),
        (
            Mysql,
            "books",
            BOOKS_SQL,
            &BOOKS.replace(
                "      - name: invoices\n",
                "      - name: invoices\n        fides_meta: {erase_after: [crm.customers, crm.parcels]}\n",
            ),
        ),
        (Sqlite, "desk", DESK_SQL, DESK),
    ]);
    let (manifest, plan) = company.prepare(&person("ada@example.com"));
    let systems: Vec<String> = manifest.system_ids().map(ToString::to_string).collect();
    assert_eq!(systems, ["desk", "crm", "books"]);
    let first = |system: &str| plan.order.iter().position(|step| step.starts_with(system)).unwrap();
    assert!(first("desk") < first("crm") && first("crm") < first("books"), "{:?}", plan.order);
}
