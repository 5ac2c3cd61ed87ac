//! Masks on real databases: they do not collide, what refers to each other still does, and what the database would refuse
//! is known before anything changes.

use habeas::fulfilment;
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

fn masked(strategy: &str) -> String {
    format!("masking_strategy_override: {strategy}")
}

/// People with an address that only one can have, and a ledger that names them by it.
fn people(engine: Engine, email: &str, strategy: &str) -> Company {
    let sql = format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email {email}, name VARCHAR(40), born DATE);
         INSERT INTO people VALUES (1, 'ada@example.com', 'Ada', '1815-12-10'), (2, 'bob@example.com', 'Bob', '1901-02-03'),
           (3, 'cid@example.com', 'Cid', '1902-03-04');"
    );
    let mask = masked(strategy);
    let yaml = format!(
        "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fides_meta: {{masking_strategy_override: {{strategy: null_rewrite}}}}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: email, fides_meta: {{identity: email, {mask}}}}}
          - {{name: name, fides_meta: {{masking_strategy_override: {{strategy: random_string_rewrite, configuration: {{length: 10}}}}}}}}
          - {{name: born, fides_meta: {{masking_strategy_override: {{strategy: date_truncate, configuration: {{to: year}}}}}}}}
"
    );
    Company::new(engine, &[("base", &sql, &yaml)])
}

/// Where a constant would meet the one that another erasure left, the peer stops half-way.
#[rstest]
fn two_people_in_a_row_are_masked_in_a_unique_column(
    #[values(
        "{strategy: string_rewrite, configuration: {rewrite_value: erased, format_preservation: {suffix: '@masked.example'}}}",
        "{strategy: random_string_rewrite, configuration: {length: 12, format_preservation: {suffix: '@masked.example'}}}",
        "{strategy: hash, configuration: {algorithm: SHA-512, format_preservation: {suffix: '@masked.example'}}}",
        "{strategy: hmac, configuration: {algorithm: SHA-256, format_preservation: {suffix: '@masked.example'}}}"
    )]
    strategy: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = people(engine, "VARCHAR(40) NOT NULL UNIQUE", strategy);
    company.erase(&person("ada@example.com"));
    company.erase(&person("bob@example.com"));
    let emails = company.query("base", "SELECT email FROM people WHERE id < 3 ORDER BY id");
    let emails: Vec<&str> = emails.lines().collect();
    assert!(emails.iter().all(|e| e.ends_with("@masked.example") && e.len() <= 40), "{emails:?}");
    assert_ne!(emails[0], emails[1]);
    let names = company.query("base", "SELECT name FROM people WHERE id < 3");
    assert!(names.lines().all(|name| name.len() == 10), "{names}");
    let born = company.query("base", "SELECT born FROM people WHERE id < 3 ORDER BY id");
    assert_eq!(born, "1815-01-01\n1901-01-01");
    assert_eq!(company.query("base", "SELECT * FROM people WHERE id = 3"), "3|cid@example.com|Cid|1902-03-04");
}

#[rstest]
#[case::too_short("VARCHAR(16) NOT NULL UNIQUE", "{strategy: keep_domain}", "leaves no room for 8 characters")]
#[case::suffix(
    "VARCHAR(20) NOT NULL UNIQUE",
    "{strategy: hash, configuration: {format_preservation: {suffix: '@masked.example'}}}",
    "a mask needs 23 characters to be distinct and the suffix"
)]
#[case::not_null("VARCHAR(40) NOT NULL", "{strategy: null_rewrite}", "must not be NULL")]
#[case::date(
    "VARCHAR(40)",
    "{strategy: date_truncate, configuration: {to: year}}",
    "date_truncate cannot mask column email"
)]
#[case::own_value(
    "VARCHAR(40)",
    "{strategy: string_rewrite, configuration: {rewrite_value: Ada@example.com}}",
    "would write an identifier of the person's"
)]
fn a_mask_that_cannot_be_is_refused_before_anything_changes(
    #[case] email: &str,
    #[case] strategy: &str,
    #[case] expected: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = people(engine, email, strategy);
    let found = company.obstacles(&person("ada@example.com"));
    assert!(found.iter().any(|o| o.contains(expected)), "{found:?}");
}

/// What only the database knows is asked of it, in a transaction that is taken back.
#[rstest]
fn a_check_constraint_is_met_in_rehearsal(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let email = "VARCHAR(60) NOT NULL CHECK (email LIKE '%@example.com')";
    let company = people(engine, email, "{strategy: hmac}");
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    let before = company.query("base", "SELECT * FROM people ORDER BY id");
    let refused = fulfilment::rehearse(&company.systems, &"base".into(), &manifest).unwrap();
    assert!(refused.is_some_and(|why| why.contains("constraint")));
    assert_eq!(company.query("base", "SELECT * FROM people ORDER BY id"), before);
    let company = people(engine, email, "{strategy: keep_domain}");
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    assert_eq!(fulfilment::rehearse(&company.systems, &"base".into(), &manifest).unwrap(), None);
    assert_eq!(company.query("base", "SELECT * FROM people ORDER BY id"), before);
}

/// Carried out twice, and after other rounds, a manifest reaches one end; masked rows are known as such although their
/// masks are not to be guessed.
#[rstest]
fn a_manifest_writes_what_it_says_however_often(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = people(engine, "VARCHAR(60) NOT NULL UNIQUE", "{strategy: preserve}");
    let who = person("ada@example.com");
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    let after = company.query("base", "SELECT * FROM people ORDER BY id");
    assert!(after.starts_with("1|ada@example.com|") && !after.contains("|Ada|"), "{after}");
    company.execute_manifest(&manifest);
    assert_eq!(company.query("base", "SELECT * FROM people ORDER BY id"), after);
    let left = fulfilment::verify(&company.systems, &who, &[manifest]).unwrap();
    assert!(left.is_done());
    let kept: Vec<_> = left.kept.iter().map(|kept| kept.reason.as_str()).collect();
    assert_eq!(kept, ["the dataset preserves what says who the person is"]);
}

const LEDGER_YML: &str = "
dataset:
  - fides_key: ledger
    data_categories: [user]
    collections:
      - name: bills
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: payer, fides_meta: {references: [{dataset: shop, field: accounts.login, direction: from}]}}
          - {name: note}
";

fn shop_yml(more: &str) -> String {
    format!(
        "
dataset:
  - fides_key: shop
    data_categories: [user]
    collections:
      - name: accounts
        fields:
          - {{name: login, fides_meta: {{primary_key: true, identity: login, masking_strategy_override: {{strategy: random_string_rewrite, configuration: {{length: 16}}}}}}}}
          - {{name: email, fides_meta: {{identity: email, masking_strategy_override: {{strategy: keep_domain}}}}}}
      - name: orders
        {more}
        fields:
          - {{name: id, fides_meta: {{primary_key: true}}}}
          - {{name: login, fides_meta: {{references: [{{dataset: shop, field: accounts.login, direction: from}}]}}}}
          - {{name: note}}
"
    )
}

fn shop_sql(reference: &str, orders: &str) -> String {
    format!(
        "CREATE TABLE accounts (login VARCHAR(30) PRIMARY KEY, email VARCHAR(60) UNIQUE);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, login VARCHAR(30) {orders}, note VARCHAR(40),
           CONSTRAINT order_login FOREIGN KEY (login) REFERENCES accounts (login) {reference});
         INSERT INTO accounts VALUES ('ada', 'ada@example.com'), ('bob', 'bob@example.com');
         INSERT INTO orders VALUES (1, 'ada', 'ring'), (2, 'bob', 'knock'), (3, 'ada', NULL);"
    )
}

const BILLS: &str = "CREATE TABLE bills (id INTEGER PRIMARY KEY, payer VARCHAR(24) NOT NULL, note VARCHAR(40));
    INSERT INTO bills VALUES (1, 'ada', 'x'), (2, 'bob', 'y'), (3, 'ada', 'z');";

/// A masked key: in the same database under a foreign key, and in another one that only the dataset knows of.
#[rstest]
#[case::by_letting_go("", "")]
#[case::cascading("ON UPDATE CASCADE", "NOT NULL")]
#[case::deferred("DEFERRABLE", "NOT NULL")]
#[case::deleted_first("", "NOT NULL")]
fn what_refers_to_a_masked_key_goes_on_referring(
    #[case] reference: &str,
    #[case] orders: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    if engine == Mysql && reference == "DEFERRABLE" {
        return;
    }
    let deleted = reference.is_empty() && !orders.is_empty();
    let kept = "fides_meta: {masking_strategy_override: {strategy: null_rewrite}}";
    let yaml = shop_yml(if deleted { "description: Gone." } else { kept });
    let company = Company::new(engine, &[("shop", &shop_sql(reference, orders), &yaml), ("ledger", BILLS, LEDGER_YML)]);
    company.erase(&person("ada@example.com"));
    let account = company.query("shop", "SELECT login FROM accounts WHERE login <> 'bob'");
    assert!(account.len() == 16 && account != "ada", "{account}");
    let orders = company.query("shop", "SELECT id, login, note FROM orders ORDER BY id");
    let expected = if deleted { "2|bob|knock".to_owned() } else { format!("1|{account}|\n2|bob|knock\n3|{account}|") };
    assert_eq!(orders, expected);
    let bills = company.query("ledger", "SELECT * FROM bills ORDER BY id");
    assert_eq!(bills, format!("1|{account}|\n2|bob|y\n3|{account}|"));
    assert_eq!(company.query("shop", "SELECT * FROM accounts WHERE login = 'bob'"), "bob|bob@example.com");
}

/// A masked key that a table outside the datasets refers to: the change would fail, or be carried on to rows that nobody
/// looked at.
#[rstest]
fn a_key_that_others_hold_is_not_masked(
    #[values("", "ON UPDATE CASCADE")] on_update: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let yaml = shop_yml("fides_meta: {masking_strategy_override: {strategy: null_rewrite}}");
    let more = format!(
        "CREATE TABLE badges (id INTEGER PRIMARY KEY, login VARCHAR(30) NOT NULL,
           CONSTRAINT badge_login FOREIGN KEY (login) REFERENCES accounts (login) {on_update});
         INSERT INTO badges VALUES (1, 'ada');"
    );
    let sql = shop_sql("", "") + &more;
    let company = Company::new(engine, &[("shop", &sql, &yaml), ("ledger", BILLS, LEDGER_YML)]);
    let found = company.obstacles(&person("ada@example.com"));
    assert!(matches!(found.as_slice(), [only] if only.contains("badges") && only.contains("preserve")), "{found:?}");
    company.execute("shop", "DELETE FROM badges");
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    company.execute("shop", "INSERT INTO badges VALUES (2, 'ada')");
    let error = fulfilment::execute(&company.systems, &"shop".into(), &manifest).unwrap_err();
    assert!(matches!(error, fulfilment::FulfilmentError::Overtaken { .. }), "{error}");
    assert_eq!(company.query("shop", "SELECT count(*) FROM accounts WHERE login = 'ada'"), "1");
}

/// MySQL has no references that wait, so a firm one that neither cascades nor may be NULL is named.
#[rstest]
fn a_reference_that_can_change_neither_before_nor_after_is_named(#[values(Postgres, Mysql)] engine: Engine) {
    let yaml = shop_yml("fides_meta: {masking_strategy_override: {strategy: null_rewrite}}");
    let company = Company::new(engine, &[("shop", &shop_sql("", "NOT NULL"), &yaml), ("ledger", BILLS, LEDGER_YML)]);
    let found = company.obstacles(&person("ada@example.com"));
    assert!(
        matches!(found.as_slice(), [only] if only.contains("order_login") && only.contains("ON UPDATE")),
        "{found:?}"
    );
}

const CARDS_YML: &str = "
dataset:
  - fides_key: cards
    data_categories: [user]
    collections:
      - name: cards
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: holder, fides_meta: {references: [{dataset: base, field: people.id, direction: from}]}}
          - {name: note}
";

/// The address is masked in the first round and leads nowhere any more: the key of the row still does.
#[rstest]
fn what_stands_at_a_masked_row_is_found_again(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let cards = "CREATE TABLE cards (id INTEGER PRIMARY KEY, holder INTEGER, note VARCHAR(40));
        INSERT INTO cards VALUES (1, 1, 'x'), (2, 2, 'y');";
    let people = "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(40));
        INSERT INTO people VALUES (1, 'ada@example.com'), (2, 'bob@example.com');";
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
";
    let company = Company::new(engine, &[("base", people, yaml), ("cards", cards, CARDS_YML)]);
    let who = person("ada@example.com");
    let (first, _) = company.prepare(&who);
    // SQLite gives the highest key again once its row is gone.
    let given = Company::new(engine, &[("base", people, yaml), ("cards", cards, CARDS_YML)]);
    let (masked, _) = given.prepare(&who);
    given.execute_manifest(&masked);
    given.execute("base", "DELETE FROM people WHERE id = 1; INSERT INTO people VALUES (1, 'cid@example.com')");
    given.execute("cards", "INSERT INTO cards VALUES (3, 1, 'z')");
    let again = fulfilment::verify(&given.systems, &who, std::slice::from_ref(&masked)).unwrap();
    assert_eq!((again.rows, again.kept), (vec![], vec![]), "that key is another person's now");
    company.execute("cards", "UPDATE cards SET note = 'changed since' WHERE id = 1");
    company.execute_manifest(&first);
    let rounds = [first];
    let left = fulfilment::verify(&company.systems, &who, &rounds).unwrap();
    assert_eq!(left.rows.iter().map(|r| (r.collection.as_str(), r.rows)).collect::<Vec<_>>(), [("cards", 1)]);
    let (second, plan) = fulfilment::prepare(&company.systems, &who, &rounds).unwrap();
    assert_eq!(plan.obstacles, Vec::<String>::new());
    company.execute_manifest(&second);
    assert_eq!(company.query("cards", "SELECT * FROM cards"), "2|2|y");
    assert_eq!(company.query("base", "SELECT * FROM people ORDER BY id"), "1|\n2|bob@example.com");
    let [first] = rounds;
    assert!(fulfilment::verify(&company.systems, &who, &[first, second]).unwrap().is_done());
}

/// A NULL can break a CHECK as any value can.
#[rstest]
fn a_mask_of_null_alone_is_rehearsed(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(40), CHECK (coalesce(email, '') <> ''));
        INSERT INTO people VALUES (1, 'ada@example.com');";
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
";
    let company = Company::new(engine, &[("base", sql, yaml)]);
    let (manifest, _) = company.prepare(&person("ada@example.com"));
    let refused = fulfilment::rehearse(&company.systems, &"base".into(), &manifest).unwrap();
    assert!(refused.is_some_and(|why| why.contains("constraint")));
    assert_eq!(company.query("base", "SELECT email FROM people"), "ada@example.com");
}

/// The database writes it itself, from what was masked.
#[rstest]
fn what_the_database_computes_changes_with_what_it_is_computed_from(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let sql = "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL,
          folded VARCHAR(60) GENERATED ALWAYS AS (lower(email)) STORED, name VARCHAR(40));
        INSERT INTO people (id, email, name) VALUES (1, 'Ada@example.com', 'Ada'), (2, 'bob@example.com', 'Bob');";
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: people
        fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: GONE}}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email]}
          - {name: folded, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
";
    let company = Company::new(engine, &[("base", sql, yaml)]);
    company.erase(&person("ada@example.com"));
    let left = company.query("base", "SELECT id, email, folded, name FROM people ORDER BY id");
    assert_eq!(left, "1|GONE|gone|GONE\n2|bob@example.com|bob@example.com|Bob");
}

/// Rows of one table that refer to each other by a masked key: each is masked after the one that it refers to.
#[rstest]
fn a_chain_of_rows_stays_one(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let rows: Vec<String> = (1..=8)
        .map(|n| {
            let parent = if n == 1 { "NULL".to_owned() } else { format!("'c{}'", n - 1) };
            format!("('c{n}', {parent}, 'ada@example.com')")
        })
        .collect();
    let sql = format!(
        "CREATE TABLE comments (id VARCHAR(36) PRIMARY KEY, parent VARCHAR(36) REFERENCES comments (id), author VARCHAR(60),
             FOREIGN KEY (parent) REFERENCES comments (id));
         INSERT INTO comments VALUES {}, ('d1', NULL, 'bob@example.com'), ('d2', 'd1', 'bob@example.com');",
        rows.join(", ")
    );
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: comments
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true, masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 36}}}}
          - {name: parent, fides_meta: {references: [{dataset: base, field: comments.id, direction: from}]}}
          - {name: author, fides_meta: {identity: email}}
";
    let company = Company::new(engine, &[("base", &sql, yaml)]);
    company.erase(&person("ada@example.com"));
    let chained = "SELECT count(*) FROM comments a JOIN comments b ON a.parent = b.id WHERE length(a.id) = 36";
    assert_eq!(company.query("base", chained), "7");
    assert_eq!(
        company.query("base", "SELECT count(*) FROM comments WHERE author = 'ada@example.com' OR id LIKE 'c_'"),
        "0"
    );
    assert_eq!(
        company.query("base", "SELECT * FROM comments WHERE author IS NOT NULL ORDER BY id"),
        "d1||bob@example.com\nd2|d1|bob@example.com"
    );
}
