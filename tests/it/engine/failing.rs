//! An erasure that goes on without a system that fails does nothing that it would not have done with it.

use habeas::domain::keeping::Reach;
use habeas::fulfilment::{self, Hold, Keeping, Manifest};
use rstest::rstest;
use uuid::Uuid;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person, shop};

/// The rounds of an erasure of Ada's.
struct Erasure<'a> {
    company: &'a Company,
    keeping: Keeping<'a>,
    rounds: Vec<Manifest>,
}

impl<'a> Erasure<'a> {
    fn of(company: &'a Company) -> Self {
        let day = "2026-11-22".parse().unwrap();
        Self { company, keeping: Keeping { today: day, asked_on: day, ..Keeping::default() }, rounds: Vec::new() }
    }

    fn plan(&mut self, without: &[&str]) -> &mut Manifest {
        let failing = without.iter().map(|system| (*system).into()).collect();
        let systems = self.company.systems.without(&failing);
        let who = person("ada@example.com");
        let (manifest, plan) = fulfilment::prepare_keeping(&systems, &who, &self.rounds, &self.keeping).unwrap();
        assert_eq!(plan.obstacles, Vec::<String>::new());
        // Over JSON, as the store keeps it.
        self.rounds.push(serde_json::from_str(&serde_json::to_string(&manifest).unwrap()).unwrap());
        self.rounds.last_mut().unwrap()
    }

    /// Carries out the last round.
    fn execute(&mut self) {
        for part in &mut self.rounds.last_mut().unwrap().systems {
            let manifest = Manifest { systems: vec![part.clone()], ..EMPTY };
            part.changed = fulfilment::execute(&self.company.systems, &part.system, &manifest).unwrap().changed;
        }
    }

    fn round(&mut self, without: &[&str]) {
        self.plan(without);
        self.execute();
    }

    /// Whether everything that may go is gone.
    fn is_done(&self) -> bool {
        let who = person("ada@example.com");
        fulfilment::verify_keeping(&self.company.systems, &who, &self.rounds, &self.keeping).unwrap().is_done()
    }
}

const EMPTY: Manifest = Manifest {
    round: 1,
    systems: Vec::new(),
    trails: Vec::new(),
    left: Vec::new(),
    dropped: Vec::new(),
    masking_key: None,
    learned: Vec::new(),
};

#[rstest]
fn a_key_that_became_free_is_whoevers_gets_it_next(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let mut erasure = Erasure::of(&company);
    erasure.round(&["desk"]);
    let streets = "SELECT id, street FROM addresses ORDER BY id";
    assert!(!company.query("shop", streets).contains("Alone Street"), "it went with her order");
    company.execute("shop", "INSERT INTO addresses VALUES (1, 'New Street 1')");
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert!(company.query("shop", streets).contains("1|New Street 1"), "nobody refers to it yet, and it is not hers");
}

const PEOPLE_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
";
const INVOICES_SQL: &str = "
CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER);
INSERT INTO invoices VALUES (1, 1), (2, 2);
";
const PEOPLE: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: people
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
";

fn invoices(rule: &str) -> String {
    format!(
        "
dataset:
  - fides_key: books
    collections:
      - name: invoices
        fields:
          - {{name: id, data_categories: [system.operations], fides_meta: {{primary_key: true}}}}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta: {{references: [{{dataset: crm, field: people.id, direction: from}}]}}
{rule}"
    )
}

#[rstest]
#[case::a_duty("        fides_meta: {retain: {ground: books are kept, until: 2027-12-31}}\n", false)]
#[case::a_hold("", true)]
#[case::nothing("", false)]
fn what_rows_over_there_may_have_kept_waits_for_them(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
    #[case] rule: &str,
    #[case] held: bool,
) {
    let company = Company::new(engine, &[("crm", PEOPLE_SQL, PEOPLE), ("books", INVOICES_SQL, &invoices(rule))]);
    let hold = [Hold { id: Uuid::from_u128(7), reach: Reach { systems: vec!["books".into()], ..Reach::default() } }];
    let mut erasure = Erasure::of(&company);
    if held {
        erasure.keeping.holds = &hold;
    }
    let kept = held || !rule.is_empty();
    erasure.round(&["books"]);
    let people = "SELECT id FROM people ORDER BY id";
    assert_eq!(company.query("crm", people), if kept { "1\n2" } else { "2" });
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("crm", people), if kept { "1\n2" } else { "2" }, "an invoice keeps its customer");
    assert_eq!(company.query("books", "SELECT id FROM invoices ORDER BY id"), if kept { "1\n2" } else { "2" });
    erasure.keeping.holds = &[];
    erasure.keeping.today = "2028-01-01".parse().unwrap();
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("crm", people), "2");
    assert_eq!(company.query("books", "SELECT id FROM invoices ORDER BY id"), "2");
}

const BILLS_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER, account TEXT);
INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
INSERT INTO bills VALUES (1, 1, 'A-1'), (2, 1, 'B-2');
";
const BILLS: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: people
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: bills
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: people.id, direction: from}]}
          - {name: account, data_categories: [user.account], fides_meta: {identity: account_id}}
";
const ACCOUNTS_SQL: &str = "
CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, account TEXT);
INSERT INTO accounts VALUES (1, 'ada@example.com', 'A-1'), (2, 'bob@example.com', 'B-2');
";
const ACCOUNTS: &str = "
dataset:
  - fides_key: bank
    collections:
      - name: accounts
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: account, data_categories: [user.account], fides_meta: {identity: account_id}}
";

#[rstest]
fn whose_an_account_is_may_be_told_over_there(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("crm", BILLS_SQL, BILLS), ("bank", ACCOUNTS_SQL, ACCOUNTS)]);
    let mut erasure = Erasure::of(&company);
    erasure.round(&["bank"]);
    let bills = "SELECT id, person_id, account FROM bills ORDER BY id";
    assert_eq!(company.query("crm", bills), "1|1|A-1\n2|1|B-2", "for all that is known both name others");
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("crm", bills), "2||B-2", "one was hers alone");
}

#[rstest]
fn whose_an_account_is_stays_known_when_the_row_that_said_so_is_gone(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = Company::new(engine, &[("bank", ACCOUNTS_SQL, ACCOUNTS), ("crm", BILLS_SQL, BILLS)]);
    let mut erasure = Erasure::of(&company);
    erasure.plan(&[]);
    // Changed between the plan and the deed, so that another round comes back to it.
    company.execute("crm", "UPDATE bills SET account = ' A-1' WHERE id = 1");
    erasure.execute();
    assert!(!erasure.is_done());
    company.execute("crm", "UPDATE bills SET account = 'A-1' WHERE id = 1");
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("crm", "SELECT id, person_id, account FROM bills ORDER BY id"), "2||B-2");
}

const MASKED_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);
INSERT INTO people VALUES (1, 'ada@example.com', 7), (2, 'bob@example.com', 8);
";
const ADDRESSES_SQL: &str = "
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT);
INSERT INTO addresses VALUES (7, 'Alone Street 7'), (8, 'Bob Street 8');
";
const MASKED: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: people
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - name: address_id
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: map, field: addresses.id, direction: to}]}
";
const ADDRESSES: &str = "
dataset:
  - fides_key: map
    collections:
      - name: addresses
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: street, data_categories: [user.contact.address.street]}
";

#[rstest]
fn a_row_that_leads_over_there_is_not_masked_before(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("crm", MASKED_SQL, MASKED), ("map", ADDRESSES_SQL, ADDRESSES)]);
    let mut erasure = Erasure::of(&company);
    erasure.round(&["map"]);
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("map", "SELECT id FROM addresses ORDER BY id"), "8");
    assert_eq!(company.query("crm", "SELECT count(*) FROM people WHERE email LIKE 'ada%'"), "0");
}

#[rstest]
fn context_that_changed_meanwhile_is_come_back_to(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let mut erasure = Erasure::of(&company);
    erasure.plan(&[]);
    company.execute("shop", "UPDATE addresses SET street = 'Alone Street 1b' WHERE id = 1");
    erasure.execute();
    assert_eq!(company.query("shop", "SELECT street FROM addresses WHERE id = 1"), "Alone Street 1b");
    assert!(!erasure.is_done(), "what led to it is gone, and it is not");
    erasure.round(&[]);
    assert!(erasure.is_done());
    assert_eq!(company.query("shop", "SELECT count(*) FROM addresses WHERE id = 1"), "0");
}

#[test]
fn a_table_that_is_no_more_proves_nothing() {
    let company = Company::new(Sqlite, &[("crm", BILLS_SQL, BILLS)]);
    let mut erasure = Erasure::of(&company);
    erasure.round(&[]);
    assert!(erasure.is_done());
    company.execute("crm", "ALTER TABLE bills RENAME TO old_bills");
    // Whether the search knows that the table is gone, or is told so when it reads it.
    let who = person("ada@example.com");
    let proved = fulfilment::verify_keeping(&company.systems, &who, &erasure.rounds, &erasure.keeping);
    assert!(!proved.is_ok_and(|left| left.is_done()));
}
