//! A person is erased, whole and alone.

use habeas::fulfilment::{self, FulfilmentError, Manifest};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person, shop};

/// Everything that is not Ada's, as text; her page views stay, masked.
fn everyone_else(company: &Company) -> Vec<String> {
    let queries = [
        ("shop", "SELECT * FROM customers WHERE id <> 1 ORDER BY id"),
        ("shop", "SELECT * FROM addresses WHERE id <> 1 ORDER BY id"),
        ("shop", "SELECT * FROM products ORDER BY id"),
        ("shop", "SELECT * FROM orders WHERE customer_id <> 1 ORDER BY id"),
        ("shop", "SELECT * FROM order_items WHERE order_id = 20 ORDER BY line"),
        ("shop", "SELECT * FROM employees ORDER BY id"),
        ("shop", "SELECT * FROM newsletter WHERE id = 2"),
        ("shop", "SELECT * FROM page_views WHERE id = 2"),
        ("desk", "SELECT * FROM tickets WHERE id <> 1 ORDER BY id"),
        ("desk", "SELECT * FROM messages WHERE ticket_id <> 1 ORDER BY id"),
    ];
    queries.iter().map(|(system, sql)| company.query(system, sql)).collect()
}

#[rstest]
fn a_customer_is_gone_and_everyone_else_is_as_before(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let before = everyone_else(&company);
    let who = person("ADA@example.com");
    company.erase(&who);
    assert_eq!(everyone_else(&company), before);
    assert_eq!(company.query("shop", "SELECT count(*) FROM customers"), "2");
    assert_eq!(company.query("shop", "SELECT count(*) FROM orders"), "1");
    assert_eq!(company.query("shop", "SELECT count(*) FROM order_items"), "2");
    assert_eq!(company.query("shop", "SELECT count(*) FROM newsletter"), "1");
    assert_eq!(company.query("shop", "SELECT count(*) FROM addresses"), "2");
    assert_eq!(company.query("desk", "SELECT count(*) FROM tickets"), "2");
    assert_eq!(company.query("desk", "SELECT count(*) FROM messages"), "2");
    let views = "SELECT id, customer_id, path, ip FROM page_views WHERE id <> 2 ORDER BY id";
    assert_eq!(company.query("shop", views), "1||/|gone\n3||/spoon|");
    let (seen, exported) = company.export(&who, true);
    assert_eq!(seen.all(), Vec::<String>::new());
    assert!(exported.is_empty());
}

#[rstest]
fn the_plan_says_beforehand_what_happens(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (_, plan) = shop::company(engine).prepare(&person("ada@example.com"));
    let lines: Vec<String> = plan
        .collections
        .iter()
        .map(|c| format!("{}: {}", c.collection, serde_json::to_string(&c.deletion).unwrap()))
        .collect();
    insta::allow_duplicates! {
        insta::assert_snapshot!(lines.join("\n"), @r#"
        customers: {"delete":1}
        addresses: {"delete":1,"keep":[{"rows":1,"reason":"rows that stay point to it, so it is shared","shared":true}]}
        orders: {"delete":2}
        order_items: {"delete":3}
        products: {"delete":0,"keep":[{"rows":2,"reason":"it is not about a person; rows of the person's only point to it","shared":true}]}
        employees: {"delete":0}
        newsletter: {"delete":2}
        page_views: {"delete":0,"mask":[{"rows":1,"reason":"the dataset masks these rows instead of deleting them","fields":[{"field":"customer_id","strategy":"null_rewrite"}]},{"rows":1,"reason":"the dataset masks these rows instead of deleting them","fields":[{"field":"customer_id","strategy":"null_rewrite"},{"field":"ip","strategy":"string_rewrite"}]}]}
        tickets: {"delete":1}
        messages: {"delete":2}
        "#);
        insta::assert_snapshot!(plan.collections[2].reached_by.join("\n"), @r"
        customer_id points at customers (id) of the person's
        rows of customers point to it by last_order_id
        ");
    }
    let written = serde_json::to_string(&plan).unwrap();
    assert!(!written.contains("Ada") && !written.to_lowercase().contains("ada@"), "a plan holds no value");
}

#[rstest]
fn an_employee_is_taken_out_of_the_tickets_and_the_tickets_stay(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    company.erase(&person("eve@example.com"));
    let tickets = "SELECT id, customer_id, handled_by, subject FROM tickets ORDER BY id";
    assert_eq!(company.query("desk", tickets), "1|1||Spoon bent\n2|2||Knife blunt\n3|2||Fork lost");
    assert_eq!(company.query("desk", "SELECT count(*) FROM messages"), "4");
    // Fay, whom Eve managed, keeps her row.
    assert_eq!(company.query("shop", "SELECT id, email, name, manager_id FROM employees"), "2|fay@example.com|Fay|");
    assert_eq!(company.query("shop", "SELECT count(*) FROM customers"), "3");
}

#[rstest]
fn carrying_a_manifest_out_again_changes_nothing(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    company.execute_manifest(&manifest);
    let after = everyone_else(&company);
    for system in manifest.system_ids() {
        let outcome = fulfilment::execute(&company.systems, system, &manifest).unwrap();
        assert!(outcome.collections.iter().all(|c| (c.deleted, c.masked) == (0, 0)), "{outcome:?}");
        assert!(outcome.collections.iter().any(|c| c.passed_over > 0));
    }
    assert_eq!(everyone_else(&company), after);
}

#[rstest]
fn one_system_done_and_the_other_not_ends_the_same(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    // The shop is erased, then the machine stops: nothing in the shop leads to the desk any more.
    fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap();
    let left = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(
        left.rows.iter().map(|r| (r.collection.as_str(), r.rows)).collect::<Vec<_>>(),
        [("tickets", 1), ("messages", 2)]
    );
    company.execute_manifest(&manifest);
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
    assert_eq!(company.query("desk", "SELECT count(*) FROM tickets"), "2");
}

#[rstest]
fn a_key_given_to_somebody_else_since_is_not_touched(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute(
        "shop",
        "DELETE FROM newsletter WHERE id = 1; INSERT INTO newsletter VALUES (1, 'new@example.com');
         DELETE FROM order_items WHERE order_id = 10; DELETE FROM orders WHERE id = 10;
         INSERT INTO orders VALUES (10, 2, 3, 'of Bob');",
    );
    company.execute_manifest(&manifest);
    assert_eq!(company.query("shop", "SELECT email FROM newsletter WHERE id = 1"), "new@example.com");
    assert_eq!(company.query("shop", "SELECT customer_id, note FROM orders WHERE id = 10"), "2|of Bob");
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

/// A customer whose number is given to a new customer after the erasure: the new one's ticket is not the old one's.
#[rstest]
fn a_trail_ends_where_its_key_was_given_again(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    company.execute("desk", "INSERT INTO tickets VALUES (9, 1, NULL, 'Whose?')");
    let orphan = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(orphan.rows.len(), 1, "nobody else has the number: the ticket is the erased customer's");
    company.execute("shop", "INSERT INTO customers (id, email) VALUES (1, 'new@example.com')");
    assert!(fulfilment::verify(&company.systems, &who, &[manifest]).unwrap().is_done());
}

#[rstest]
fn a_row_that_appears_meanwhile_is_found_by_the_second_search(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let (first, _) = company.prepare(&who);
    company.execute("shop", "INSERT INTO newsletter VALUES (9, 'ada@example.com')");
    company.execute("desk", "INSERT INTO tickets VALUES (9, 1, NULL, 'Just now')");
    company.execute_manifest(&first);
    let rounds = [first];
    let left = fulfilment::verify(&company.systems, &who, &rounds).unwrap();
    let mut found: Vec<_> = left.rows.iter().map(|r| r.collection.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["newsletter", "tickets"]);
    let (second, plan) = fulfilment::prepare(&company.systems, &who, &rounds).unwrap();
    assert_eq!((second.round, plan.obstacles.len()), (2, 0));
    company.execute_manifest(&second);
    let [first] = rounds;
    assert!(fulfilment::verify(&company.systems, &who, &[first, second]).unwrap().is_done());
}

#[rstest]
fn an_order_placed_meanwhile_stops_the_transaction_before_it_changes_anything(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let (first, _) = company.prepare(&who);
    company.execute("shop", "INSERT INTO orders VALUES (19, 1, NULL, 'one more')");
    let error = fulfilment::execute(&company.systems, &"shop".into(), &first).unwrap_err();
    assert!(matches!(&error, FulfilmentError::Overtaken { table, .. } if table.ends_with("orders")), "{error}");
    assert_eq!(company.query("shop", "SELECT count(*) FROM newsletter"), "3");
    assert_eq!(company.query("shop", "SELECT count(*) FROM orders"), "4");
    company.erase(&who);
    assert_eq!(company.query("shop", "SELECT count(*) FROM orders"), "1");
}

#[rstest]
fn nothing_found_is_an_empty_manifest(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (manifest, plan) = shop::company(engine).prepare(&person("nobody@example.com"));
    assert!(manifest.is_empty() && plan.is_empty());
    assert_eq!(
        manifest,
        Manifest {
            round: 1,
            systems: Vec::new(),
            trails: Vec::new(),
            left: Vec::new(),
            dropped: Vec::new(),
            masking_key: None,
            learned: Vec::new()
        }
    );
}

const COMMENTS: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, best_comment INTEGER);
CREATE TABLE comments (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES people (id),
  answers INTEGER REFERENCES comments (id), body TEXT);
INSERT INTO people VALUES (1, 'ada@example.com', NULL), (2, 'bob@example.com', NULL);
INSERT INTO comments VALUES (1, 1, NULL, 'a'), (2, 1, 1, 'b'), (3, 1, 2, 'c'), (4, 2, NULL, 'd'), (5, 1, 4, 'e');
UPDATE people SET best_comment = 3 WHERE id = 1;
UPDATE people SET best_comment = 4 WHERE id = 2;
";

const COMMENTS_YML: &str = "
dataset:
  - fides_key: talk
    data_categories: [user.content]
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: best_comment, fides_meta: {references: [{dataset: talk, field: comments.id}]}}
      - name: comments
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: author, fides_meta: {references: [{dataset: talk, field: people.id, direction: from}]}}
          - {name: answers, fides_meta: {references: [{dataset: talk, field: comments.id, direction: from}]}}
          - {name: body}
";

/// Rows that refer to each other in a circle the database enforces: cut where NULL is allowed, then deleted.
#[rstest]
fn a_circle_of_foreign_keys_is_cut(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = match engine {
        Sqlite => COMMENTS.replace("best_comment INTEGER", "best_comment INTEGER REFERENCES comments (id)"),
        Postgres | Mysql => {
            format!(
                "{COMMENTS} ALTER TABLE people ADD FOREIGN KEY (best_comment) REFERENCES comments (id) ON DELETE RESTRICT"
            )
        }
    };
    let company = Company::new(engine, &[("talk", &sql, COMMENTS_YML)]);
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("talk", "SELECT id, email, best_comment FROM people"), "2|bob@example.com|4");
    assert_eq!(company.query("talk", "SELECT id, author, answers, body FROM comments"), "4|2||d");
}

const MASKED: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, name TEXT NOT NULL, tier TEXT);
CREATE TABLE staff (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id),
  seller INTEGER REFERENCES staff (id), note TEXT);
INSERT INTO customers VALUES (1, 'ada@example.com', 'Ada', 'gold'), (2, 'bob@example.com', 'Bob', 'gold');
INSERT INTO staff VALUES (1, 'eve@example.com');
INSERT INTO orders VALUES (1, 1, 1, 'ring'), (2, 2, 1, 'knock');
";

const MASKED_YML: &str = "
dataset:
  - fides_key: books
    collections:
      - name: customers
        fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: erased}}}
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
          - {name: tier, data_categories: [system.operations]}
      - name: staff
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: orders
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: books, field: customers.id, direction: from}]}
          - name: seller
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: books, field: staff.id, direction: from}]}
          - {name: note, data_categories: [user.content]}
";

/// Bookkeeping wants the rows: what says who the person is goes, the seller's name on the order is the seller's.
#[rstest]
fn masked_rows_stay_and_say_nothing_of_the_person(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("books", MASKED, MASKED_YML)]);
    company.erase(&person("ada@example.com"));
    let customers = company.query("books", "SELECT * FROM customers ORDER BY id");
    assert_eq!(customers, "1|erased|erased|gold\n2|bob@example.com|Bob|gold");
    assert_eq!(company.query("books", "SELECT * FROM orders ORDER BY id"), "1|1|1|\n2|2|1|knock");
    company.erase(&person("eve@example.com"));
    assert_eq!(company.query("books", "SELECT * FROM orders ORDER BY id"), "1|1||\n2|2||knock");
    assert_eq!(company.query("books", "SELECT count(*) FROM staff"), "0");
}

/// Each search that begins before anybody knows the schema looks at it; whose look is remembered makes no difference.
#[rstest]
fn searches_that_begin_at_once_agree_on_the_schema(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let who = person("ada@example.com");
    let together = std::sync::Barrier::new(8);
    let manifests: Vec<_> = std::thread::scope(|scope| {
        let search = || {
            together.wait();
            company.prepare(&who).0
        };
        let searches: Vec<_> = (0..8).map(|_| scope.spawn(search)).collect();
        searches.into_iter().map(|search| search.join().unwrap()).collect()
    });
    manifests.iter().for_each(|manifest| company.execute_manifest(manifest));
    assert!(fulfilment::verify(&company.systems, &who, &manifests[..1]).unwrap().is_done());
}
