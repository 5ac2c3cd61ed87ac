//! What a duty or a hold keeps is left by an erasure, and erased when its day has come.

use habeas::domain::keeping::{HELD, Reach};
use habeas::fulfilment::{self, Hold, Keeping, LeftOut, Manifest, Plan};
use rstest::rstest;
use uuid::Uuid;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person, shop};

/// The shop whose orders are kept six years from the end of the year, but for the notes in them.
pub fn dated_shop(engine: Engine) -> Company {
    let sql = format!("{}{}", shop::SHOP_SQL, shop::DATED_SQL);
    Company::new(engine, &[("shop", &sql, &shop::dated()), ("desk", shop::DESK_SQL, shop::DESK)])
}

fn keeping(today: &str) -> Keeping<'_> {
    let day = |text: &str| text.parse().unwrap();
    Keeping { today: day(today), asked_on: day("2026-11-22"), ..Keeping::default() }
}

/// Plans, carries out, and shows that nothing is left that may go.
fn erase(company: &Company, earlier: &mut Vec<Manifest>, keeping: &Keeping<'_>) -> Plan {
    let who = person("ada@example.com");
    let (manifest, plan) = fulfilment::prepare_keeping(&company.systems, &who, earlier, keeping).unwrap();
    assert_eq!(plan.obstacles, Vec::<String>::new());
    company.execute_manifest(&manifest);
    // Over JSON, as the store keeps it.
    earlier.push(serde_json::from_str(&serde_json::to_string(&manifest).unwrap()).unwrap());
    let left = fulfilment::verify_keeping(&company.systems, &who, earlier, keeping).unwrap();
    assert_eq!(left.rows, []);
    plan
}

fn deletions(plan: &Plan) -> String {
    let line = |c: &fulfilment::plan::PlannedCollection| {
        format!("{}: {}", c.collection, serde_json::to_string(&c.deletion).unwrap())
    };
    plan.collections.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[rstest]
fn books_are_kept_until_their_day_and_erased_after_it(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = dated_shop(engine);
    let others = "SELECT id, email, name FROM customers WHERE id <> 1 ORDER BY id";
    let before = company.query("shop", others);
    let mut rounds = Vec::new();
    let plan = erase(&company, &mut rounds, &keeping("2026-11-22"));
    insta::allow_duplicates! {
        insta::assert_snapshot!(deletions(&plan), @r#"
        customers: {"delete":0,"keep":[{"rows":1,"reason":"we must keep our books","shared":false,"citation":"AO section 147","next":"2028-12-31","until":"2028-12-31"}]}
        addresses: {"delete":0,"keep":[{"rows":1,"reason":"we must keep our books","shared":false,"citation":"AO section 147","next":"2028-12-31","until":"2028-12-31"},{"rows":1,"reason":"rows that stay point to it, so it is shared","shared":true}]}
        orders: {"delete":0,"mask":[{"rows":2,"reason":"these rows are kept for now; what the duty to keep them does not need is masked at once","fields":[{"field":"note","strategy":"null_rewrite"}]}],"keep":[{"rows":2,"reason":"we must keep our books","shared":false,"citation":"AO section 147","next":"2026-12-31","until":"2028-12-31"}]}
        order_items: {"delete":3}
        products: {"delete":0,"keep":[{"rows":2,"reason":"it is not about a person; rows of the person's only point to it","shared":true}]}
        employees: {"delete":0}
        newsletter: {"delete":2}
        page_views: {"delete":0,"mask":[{"rows":1,"reason":"the dataset masks these rows instead of deleting them","fields":[{"field":"customer_id","strategy":"null_rewrite"}]},{"rows":1,"reason":"the dataset masks these rows instead of deleting them","fields":[{"field":"customer_id","strategy":"null_rewrite"},{"field":"ip","strategy":"string_rewrite"}]}]}
        tickets: {"delete":1}
        messages: {"delete":2}
        "#);
    }
    let orders = "SELECT id, customer_id, note FROM orders ORDER BY id";
    assert_eq!(company.query("shop", orders), "10|1|\n11|1|\n20|2|", "the notes are no part of the books");
    assert_eq!(
        company.query("shop", "SELECT email FROM customers WHERE id = 1"),
        "Ada@Example.com",
        "orders point to it"
    );
    assert_eq!(company.query("shop", "SELECT count(*) FROM newsletter"), "1");
    assert_eq!(company.query("desk", "SELECT count(*) FROM tickets"), "2");

    erase(&company, &mut rounds, &keeping("2026-12-31"));
    assert_eq!(company.query("shop", "SELECT count(*) FROM orders"), "3", "the last day is included");
    erase(&company, &mut rounds, &keeping("2027-01-01"));
    assert_eq!(company.query("shop", orders), "11|1|\n20|2|");
    let plan = erase(&company, &mut rounds, &keeping("2029-01-01"));
    assert_eq!(company.query("shop", orders), "20|2|");
    assert_eq!(company.query("shop", "SELECT count(*) FROM customers WHERE id = 1"), "0");
    assert_eq!(company.query("shop", "SELECT id FROM addresses ORDER BY id"), "2\n3");
    assert_eq!(company.query("shop", others), before);
    assert!(plan.collections.iter().flat_map(|c| &c.deletion).flat_map(|d| &d.keep).all(|keep| !keep.for_now()));
}

#[rstest]
#[case::everything(Reach::default(), "3|3|3")]
// The tickets name the customer, and the customer the last order.
#[case::one_system(Reach { systems: vec!["desk".to_owned()], ..Reach::default() }, "2|1|3")]
#[case::one_collection(Reach { collections: vec!["shop.newsletter".to_owned()], ..Reach::default() }, "1|3|2")]
fn a_hold_keeps_what_it_reaches(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
    #[case] reach: Reach,
    #[case] expected: &str,
) {
    let company = shop::company(engine);
    let holds = [Hold { id: Uuid::from_u128(7), reach }];
    let keeping = Keeping { holds: &holds, ..keeping("2026-11-22") };
    let mut rounds = Vec::new();
    let plan = erase(&company, &mut rounds, &keeping);
    let keeps: Vec<_> = plan.collections.iter().flat_map(|c| &c.deletion).flat_map(|d| &d.keep).collect();
    assert!(keeps.iter().any(|keep| keep.hold == Some(Uuid::from_u128(7)) && keep.reason == HELD), "{plan:?}");
    let count = |system: &str, table: &str| company.query(system, &format!("SELECT count(*) FROM {table}"));
    let counts = [count("shop", "orders"), count("shop", "newsletter"), count("desk", "tickets")];
    assert_eq!(counts.join("|"), expected);
    // Lifted: found again, from the keys of what is gone where need be.
    erase(&company, &mut rounds, &Keeping { holds: &[], ..keeping });
    let counts = [count("shop", "orders"), count("shop", "newsletter"), count("desk", "tickets")];
    assert_eq!(counts.join("|"), "1|1|2");
}

const PEOPLE_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), issued_on TEXT);
INSERT INTO people VALUES (1, 'ada@example.com', 'Ada'), (2, 'bob@example.com', 'Bob');
INSERT INTO invoices VALUES (1, 1, '2020-02-29'), (2, 1, NULL), (3, 2, '2020-02-29');
";

const PEOPLE: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: people
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
      - name: invoices
        fides_meta: {retain: {ground: we must keep our books, for: 7 years, from: issued_on}}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: people.id, direction: from}]}
          - {name: issued_on, data_categories: [user.financial]}
";

#[rstest]
fn rows_kept_under_a_masked_one_are_found_when_their_day_comes(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("crm", PEOPLE_SQL, PEOPLE)]);
    let mut rounds = Vec::new();
    erase(&company, &mut rounds, &keeping("2026-11-22"));
    let people = "SELECT id, email, name FROM people ORDER BY id";
    assert_eq!(company.query("crm", people), "1||\n2|bob@example.com|Bob");
    let invoices = "SELECT id FROM invoices ORDER BY id";
    assert_eq!(company.query("crm", invoices), "1\n2\n3");
    erase(&company, &mut rounds, &keeping("2027-02-28"));
    assert_eq!(company.query("crm", invoices), "1\n2\n3", "2027 has no 29 February: the 28th is the last day");
    erase(&company, &mut rounds, &keeping("2027-03-01"));
    assert_eq!(company.query("crm", invoices), "2\n3");
    // Without a date it counts from the day of the request.
    erase(&company, &mut rounds, &keeping("2033-11-22"));
    assert_eq!(company.query("crm", invoices), "2\n3");
    erase(&company, &mut rounds, &keeping("2033-11-23"));
    assert_eq!(company.query("crm", invoices), "3");
    assert_eq!(company.query("crm", people), "1||\n2|bob@example.com|Bob");
}

#[test]
fn a_decision_goes_before_a_duty_and_nobody_says_which_day_it_is_keeps_everything() {
    let company = dated_shop(Sqlite);
    let left_out: LeftOut =
        [("shop".to_owned(), "orders".to_owned()), ("shop".to_owned(), "customers".to_owned())].into_iter().collect();
    let decided = Keeping { left_out: &left_out, ..keeping("2026-11-22") };
    let (_, plan) = fulfilment::prepare_keeping(&company.systems, &person("ada@example.com"), &[], &decided).unwrap();
    let orders = plan.collections.iter().find(|c| c.collection == "orders").unwrap();
    assert!(orders.deletion.iter().flat_map(|d| &d.keep).all(|keep| !keep.for_now()), "{orders:?}");
    let (_, plan) = fulfilment::prepare(&company.systems, &person("ada@example.com"), &[]).unwrap();
    let orders = plan.collections.iter().find(|c| c.collection == "orders").unwrap();
    assert_eq!(orders.deletion.as_ref().unwrap().delete, 0);
}

/// The shop whose addresses are kept to a day, whoever lived there.
fn shop_with_kept_addresses(engine: Engine) -> Company {
    let addresses = "      - name: addresses\n";
    let rule = "        fides_meta: {retain: {ground: the land register wants it, until: 2027-12-31}}\n";
    let dataset = shop::SHOP.replace(addresses, &format!("{addresses}{rule}"));
    assert_ne!(dataset, shop::SHOP);
    Company::new(engine, &[("shop", shop::SHOP_SQL, &dataset), ("desk", shop::DESK_SQL, shop::DESK)])
}

#[rstest]
fn context_is_found_by_its_own_key_when_nothing_leads_to_it_any_more(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
    #[values("a duty", "a hold")] kept_by: &str,
) {
    let company = if kept_by == "a duty" { shop_with_kept_addresses(engine) } else { shop::company(engine) };
    let reach = Reach { collections: vec!["shop.addresses".to_owned()], ..Reach::default() };
    let holds: Vec<Hold> = if kept_by == "a duty" { Vec::new() } else { vec![Hold { id: Uuid::from_u128(7), reach }] };
    let mut rounds = Vec::new();
    erase(&company, &mut rounds, &Keeping { holds: &holds, ..keeping("2026-11-22") });
    let count = |table: &str| company.query("shop", &format!("SELECT count(*) FROM {table}"));
    assert_eq!((count("customers"), count("orders")), ("2".to_owned(), "1".to_owned()), "what led to it is gone");
    let addresses = "SELECT id FROM addresses ORDER BY id";
    assert_eq!(company.query("shop", addresses), "1\n2\n3");
    // A new customer moves in where Ada's order went, and another address is nobody's.
    company.execute("shop", "INSERT INTO addresses VALUES (4, 'Nobody Street 4')");
    if kept_by == "a duty" {
        erase(&company, &mut rounds, &keeping("2027-12-31"));
        assert_eq!(company.query("shop", addresses), "1\n2\n3\n4", "the last day is included");
    }
    let plan = erase(&company, &mut rounds, &keeping("2028-01-01"));
    assert_eq!(company.query("shop", addresses), "2\n3\n4", "{plan:?}");
    // Gone for good: whoever gets the key next keeps it.
    company.execute("shop", "INSERT INTO addresses VALUES (1, 'New Street 1')");
    erase(&company, &mut rounds, &keeping("2028-01-02"));
    assert_eq!(company.query("shop", addresses), "1\n2\n3\n4");
}

#[rstest]
fn kept_context_that_somebody_else_came_to_share_stays_theirs(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop_with_kept_addresses(engine);
    let mut rounds = Vec::new();
    erase(&company, &mut rounds, &keeping("2026-11-22"));
    company.execute("shop", "UPDATE customers SET address_id = 1 WHERE id = 2");
    let plan = erase(&company, &mut rounds, &keeping("2028-01-01"));
    assert_eq!(company.query("shop", "SELECT street FROM addresses WHERE id = 1"), "Alone Street 1");
    assert!(plan.collections.iter().flat_map(|c| &c.deletion).flat_map(|d| &d.keep).all(|keep| !keep.for_now()));
}

const UNDECLARED_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER, issued_on TEXT);
INSERT INTO people VALUES (1, 'ada@example.com', '1'), (2, 'bob@example.com', '2');
INSERT INTO invoices VALUES (1, 1, '2020-02-29'), (2, 1, '2026-06-01'), (3, 2, '2020-02-29');
";

/// Invoices refer to people by the dataset alone.
fn undeclared(people: &str) -> String {
    format!(
        "
dataset:
  - fides_key: crm
    collections:
      - name: people
{people}
        fields:
          - {{name: id, data_categories: [system.operations], fides_meta: {{primary_key: true}}}}
          - {{name: email, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}
          - {{name: phone, data_categories: [user.contact.phone_number]}}
      - name: invoices
        fides_meta: {{retain: {{ground: we must keep our books, for: 7 years, from: issued_on}}}}
        fields:
          - {{name: id, data_categories: [system.operations], fides_meta: {{primary_key: true}}}}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta: {{references: [{{dataset: crm, field: people.id, direction: from}}]}}
          - {{name: issued_on, data_categories: [user.financial]}}
"
    )
}

#[rstest]
#[case::no_duty_of_its_own("")]
#[case::a_shorter_duty("        fides_meta: {retain: {ground: accounts are kept, until: 2027-12-31, mask: [phone]}}")]
fn what_a_kept_row_names_by_the_dataset_alone_stays_as_long_as_the_last_of_them(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
    #[case] people: &str,
) {
    let company = Company::new(engine, &[("crm", UNDECLARED_SQL, &undeclared(people))]);
    let mut rounds = Vec::new();
    let plan = erase(&company, &mut rounds, &keeping("2026-11-22"));
    let of = |plan: &Plan, name: &str| plan.collections.iter().find(|c| c.collection == name).cloned().unwrap();
    let keep = of(&plan, "people").deletion.unwrap().keep;
    let last: chrono::NaiveDate = "2033-06-01".parse().unwrap();
    assert_eq!((keep.len(), keep[0].rows, keep[0].next, keep[0].until), (1, 1, Some(last), Some(last)), "{keep:?}");
    assert_eq!(keep[0].reason, "we must keep our books");
    let people_left = "SELECT id FROM people ORDER BY id";
    let masked = company.query("crm", "SELECT count(*) FROM people WHERE phone IS NULL");
    assert_eq!(masked, if people.is_empty() { "0" } else { "1" }, "what its own duty masks at once is masked");
    erase(&company, &mut rounds, &keeping("2028-01-01"));
    assert_eq!(company.query("crm", "SELECT id FROM invoices ORDER BY id"), "2\n3");
    assert_eq!(company.query("crm", people_left), "1\n2", "an invoice without its customer keeps no books");
    erase(&company, &mut rounds, &keeping("2033-06-02"));
    assert_eq!(company.query("crm", "SELECT id FROM invoices ORDER BY id"), "3");
    assert_eq!(company.query("crm", people_left), "2");
}

const VISITS_SQL: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE profiles (id INTEGER PRIMARY KEY, email TEXT, account TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY, person_id INTEGER, account TEXT);
INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
INSERT INTO profiles VALUES (1, 'ada@example.com', 'A-1'), (2, 'bob@example.com', 'B-2');
INSERT INTO visits VALUES (1, 1, 'A-1'), (2, 1, 'B-2'), (3, 2, 'B-2');
";

const VISITS: &str = "
dataset:
  - fides_key: crm
    collections:
      - name: people
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: profiles
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: account, data_categories: [user.account], fides_meta: {identity: account_id}}
      - name: visits
        fides_meta: {retain: {ground: visits are kept, until: 2027-12-31}}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: people.id, direction: from}]}
          - {name: account, data_categories: [user.account], fides_meta: {identity: account_id}}
";

#[rstest]
fn a_kept_row_stays_theirs_by_what_was_learned_from_one_that_is_gone(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = Company::new(engine, &[("crm", VISITS_SQL, VISITS)]);
    let mut rounds = Vec::new();
    erase(&company, &mut rounds, &keeping("2026-11-22"));
    assert_eq!(company.query("crm", "SELECT id FROM profiles ORDER BY id"), "2", "which said whose account A-1 is");
    assert_eq!(company.query("crm", "SELECT id FROM people ORDER BY id"), "1\n2", "a kept visit names them");
    erase(&company, &mut rounds, &keeping("2028-01-01"));
    assert_eq!(company.query("crm", "SELECT id FROM visits ORDER BY id"), "2\n3", "the second names Bob's account");
}
