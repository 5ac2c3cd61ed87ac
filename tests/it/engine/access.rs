//! What a person sees of themselves, and what not of others.

use std::sync::atomic::Ordering;

use habeas::domain::identity::{IdentityKind, Phone};
use habeas::domain::secret_text::Forms;
use habeas::fulfilment;
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, Seen, person, shop};

#[rstest]
fn a_customer_sees_their_rows_and_what_those_point_to(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (seen, exported) = shop::company(engine).export(&person("ada@example.com"), false);
    insta::allow_duplicates! {
        insta::assert_snapshot!(seen.all().join("\n"), @r"
        addresses: Context: id=1 street=Alone Street 1
        addresses: Context: id=2 street=Shared Street 2
        customers: Own: id=1 email=Ada@Example.com phone=+49 30 901820 name=Ada password=[not disclosed] address_id=1 last_order_id=11
        messages: Own: id=1 ticket_id=1 reply_to=NULL body=It bent
        messages: Own: id=2 ticket_id=1 reply_to=1 body=Sorry
        newsletter: Own: id=1 email=ada@EXAMPLE.com
        newsletter: Own: id=3 email=ada@example.com
        order_items: Own: order_id=10 line=1 product_id=1
        order_items: Own: order_id=10 line=2 product_id=2
        order_items: Own: order_id=11 line=1 product_id=1
        orders: Own: id=10 customer_id=1 ship_to=1 note=ring twice
        orders: Own: id=11 customer_id=1 ship_to=2 note=
        page_views: Own: id=1 customer_id=1 path=/ ip=192.0.2.1
        page_views: Own: id=3 customer_id=1 path=/spoon ip=NULL
        products: Context: id=1 name=Spoon
        products: Context: id=2 name=Fork
        tickets: Own: id=1 customer_id=1 handled_by=[withheld] subject=Spoon bent
        ");
    }
    assert!(!exported.is_empty());
}

#[rstest]
fn an_employee_sees_the_tickets_they_handled_without_the_customer(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let (seen, _) = company.export(&person("eve@example.com"), false);
    insta::allow_duplicates! {
        insta::assert_snapshot!(seen.all().join("\n"), @r"
        employees: Own: id=1 email=eve@example.com name=Eve manager_id=NULL
        employees: Shared: id=[withheld] email=[withheld] name=[withheld] manager_id=1
        tickets: Shared: id=1 customer_id=[withheld] handled_by=1 subject=Spoon bent
        tickets: Shared: id=2 customer_id=[withheld] handled_by=1 subject=Knife blunt
        ");
    }
    let (disclosed, _) = company.export(&person("eve@example.com"), true);
    assert_eq!(disclosed.of("tickets").len(), 2);
    assert!(disclosed.of("tickets")[0].contains("customer_id=1"));
}

#[rstest]
fn law_and_policy_keep_back_more_than_everybody_does(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let never_disclose = ["user.contact.phone_number".to_owned()];
    let options = fulfilment::ExportOptions { never_disclose: &never_disclose, ..Default::default() };
    let mut seen = Seen::default();
    fulfilment::export(&company.systems, &person("ada@example.com"), options, &mut seen).unwrap();
    let ada = seen.of("customers")[0];
    assert!(ada.contains("phone=[not disclosed]") && ada.contains("email=Ada@Example.com"), "{ada}");
    let plan = fulfilment::plan_access(&company.systems, &person("ada@example.com"), options).unwrap();
    let hidden: Vec<_> = plan.collections[0].access.iter().flat_map(|a| &a.not_disclosed).map(|f| &f.field).collect();
    assert_eq!(hidden, ["phone", "password"]);
}

#[rstest]
fn nobody_finds_nothing_and_every_searched_collection_says_so(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (seen, exported) = shop::company(engine).export(&person("nobody@example.com"), false);
    assert_eq!(seen.all(), Vec::<String>::new());
    assert!(exported.is_empty());
    assert_eq!(exported.collections.len(), 10);
}

#[rstest]
fn the_plan_counts_what_the_export_shows(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    for who in ["ada@example.com", "bob@example.com", "eve@example.com", "fay@example.com", "nobody@example.com"] {
        let plan = fulfilment::plan_access(&company.systems, &person(who), Default::default()).unwrap();
        let (_, exported) = company.export(&person(who), false);
        let planned: Vec<_> = plan.collections.iter().map(|c| (c.collection.clone(), c.counts)).collect();
        let shown: Vec<_> = exported.collections.iter().map(|c| (c.collection.clone(), c.counts)).collect();
        assert_eq!(planned, shown);
        assert_eq!(plan.obstacles, Vec::<String>::new());
    }
}

/// A person can be known by several identifiers at once; a telephone number alone does not make a customer's row
/// theirs.
#[rstest]
fn a_shared_telephone_opens_nobody_elses_record(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let mut who = person("cid@example.com");
    who.phone = Some("+4930901821".parse().unwrap());
    let (seen, exported) = company.export(&who, false);
    insta::allow_duplicates! {
        insta::assert_snapshot!(seen.all().join("\n"), @r"
        addresses: Context: id=2 street=Shared Street 2
        customers: Own: id=3 email=cid@example.com phone=NULL name=Cid password=[not disclosed] address_id=2 last_order_id=NULL
        ");
    }
    assert_eq!(exported.collections.iter().map(|c| c.unproved).sum::<u64>(), 1, "not even that there is one");
    let (_, plan) = company.prepare(&who);
    let customers = plan.collections[0].deletion.as_ref().unwrap();
    assert_eq!((customers.delete, customers.mask.len(), customers.keep.len()), (1, 0, 1));
}

/// One query a collection to follow the keys, one to export; a collection nothing leads on from only the latter.
#[rstest]
fn an_export_takes_few_queries(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    company.export(&person("ada@example.com"), false);
    // Followed: orders, order_items, employees and tickets once, customers and messages, which refer back, twice. Ada is no
    // employee, so nothing is read of these again.
    assert_eq!(company.queries.load(Ordering::Relaxed), 8 + 9);
}

const CONTACTS_SQL: &str = "
CREATE TABLE contacts (id INTEGER PRIMARY KEY, email TEXT, phone TEXT, account INTEGER);
CREATE TABLE calls (id INTEGER PRIMARY KEY, contact INTEGER REFERENCES contacts (id), phone TEXT);
INSERT INTO contacts VALUES (1, 'ada@example.com', '+49 30 1', 7), (2, NULL, '+49 (30) 2', NULL),
  (3, 'bob@example.com', '+49 30 2', 8), (4, NULL, NULL, 9), (5, ' ', '', 9);
INSERT INTO calls VALUES (1, 1, '49301'), (2, 1, '+49309'), (3, 2, NULL);
";

const CONTACTS: &str = "
dataset:
  - fides_key: contacts
    data_categories: [user.contact]
    collections:
      - name: contacts
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: account, fides_meta: {identity: account_id}}
      - name: calls
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: contact, fides_meta: {references: [{dataset: contacts, field: contacts.id, direction: from}]}}
          - {name: phone, fides_meta: {identity: phone_number}}
";

#[rstest]
#[case::the_address_carries_what_else_is_in_the_row("ada@example.com", None, None, "own 1", "own 1, shared 2")]
#[case::whatever_number_was_given("ada@example.com", Some("+49301"), None, "own 1", "own 1, shared 2")]
#[case::a_number_finds_where_there_is_no_address("nobody@example.com", Some("+49302"), None, "own 2", "own 3")]
#[case::so_does_an_account("nobody@example.com", None, Some("0009"), "own 4, own 5", "")]
#[case::an_account_of_another_address_opens_nothing("nobody@example.com", None, Some("8"), "", "")]
fn several_identifiers_at_once(
    #[case] email: &str,
    #[case] phone: Option<&str>,
    #[case] account: Option<&str>,
    #[case] contacts: &str,
    #[case] calls: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = Company::new(engine, &[("contacts", CONTACTS_SQL, CONTACTS)]);
    let mut who = person(email);
    who.phone = phone.map(|p| Phone::parse_in(p, None).unwrap());
    who.account_id = account.map(|a| a.parse().unwrap());
    who.shown = [IdentityKind::Phone, IdentityKind::AccountId].into();
    let (seen, _) = company.export(&who, true);
    let ids = |collection: &str| {
        let id = |row: &&str| row.split(' ').next().unwrap_or_default().to_lowercase().replace(':', "");
        let rows = seen.of(collection);
        rows.iter()
            .map(|row| format!("{} {}", id(row), row.split("id=").nth(1).unwrap().split(' ').next().unwrap()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!((ids("contacts").as_str(), ids("calls").as_str()), (contacts, calls));
}

const TENANTS_SQL: &str = "
CREATE TABLE people (tenant INTEGER, id INTEGER, email TEXT, PRIMARY KEY (tenant, id));
CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant INTEGER, person INTEGER, body TEXT,
  FOREIGN KEY (tenant, person) REFERENCES people (tenant, id));
INSERT INTO people VALUES (1, 1, 'ada@example.com'), (1, 2, 'bob@example.com'), (2, 1, 'cid@example.com');
INSERT INTO notes VALUES (1, 1, 1, 'of Ada'), (2, 1, 2, 'of Bob'), (3, 2, 1, 'of Cid'), (4, 1, NULL, 'of nobody');
";

const TENANTS: &str = "
dataset:
  - fides_key: tenants
    data_categories: [user.content]
    collections:
      - name: people
        fields:
          - {name: tenant, fides_meta: {primary_key: true}}
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
      - name: notes
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: tenant, fides_meta: {references: [{dataset: tenants, field: people.tenant, direction: from}]}}
          - {name: person, fides_meta: {references: [{dataset: tenants, field: people.id, direction: from}]}}
          - {name: body}
";

/// A composite key is asked for whole, by whichever index serves it: rows of other tenants are not even read, neither by the
/// search nor by an erasure that asks who refers.
#[rstest]
fn rows_of_other_tenants_are_not_read(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("tenants", TENANTS_SQL, TENANTS)]);
    company.execute(
        "tenants",
        "INSERT INTO people WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
         SELECT n, 1, 'someone@example.com' FROM n;
         INSERT INTO notes SELECT tenant * 1000, tenant, id, 'of someone' FROM people WHERE tenant >= 10;
         INSERT INTO notes SELECT 900000 + tenant, 1, 2, 'of Bob' FROM people WHERE tenant >= 10;",
    );
    let ada = person("ada@example.com");
    let (seen, _) = company.export(&ada, false);
    assert_eq!(seen.of("notes"), ["Own: id=1 tenant=1 person=1 body=of Ada"]);
    let read = company.rows_read.swap(0, Ordering::Relaxed);
    assert!(read <= 6, "{read} rows were read for two");
    company.erase(&ada);
    let read = company.rows_read.load(Ordering::Relaxed);
    assert!(read <= 12, "{read} rows were read for two");
    assert_eq!(company.query("tenants", "SELECT count(*) FROM notes").trim(), "985");
}

#[rstest]
fn half_of_a_composite_key_leads_nowhere(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("tenants", TENANTS_SQL, TENANTS)]);
    let (seen, _) = company.export(&person("ada@example.com"), false);
    assert_eq!(seen.of("notes"), ["Own: id=1 tenant=1 person=1 body=of Ada"]);
    company.erase(&person("ada@example.com"));
    assert_eq!(company.query("tenants", "SELECT body FROM notes ORDER BY id"), "of Bob\nof Cid\nof nobody");
    assert_eq!(company.query("tenants", "SELECT email FROM people ORDER BY email"), "bob@example.com\ncid@example.com");
}

/// Each system lends one connection only: nobody may hold it while waiting for another, of this system or, in another
/// order, of the next.
#[rstest]
fn many_at_once_share_one_connection_a_system(#[values(Postgres, Mysql)] engine: Engine) {
    let company = &shop::company(engine);
    let (ada, alone) = (&person("ada@example.com"), company.export(&person("ada@example.com"), false).0.all());
    std::thread::scope(|scope| {
        let exports: Vec<_> = (0..6).map(|_| scope.spawn(move || company.export(ada, false).0.all())).collect();
        let plans: Vec<_> = (0..6).map(|_| scope.spawn(move || company.prepare(ada).1)).collect();
        assert!(exports.into_iter().all(|export| export.join().unwrap() == alone));
        assert!(plans.into_iter().all(|plan| plan.join().unwrap().collections.len() > 1));
    });
}

/// SQLite takes NULL in a primary key, any number of times: such rows are not one row.
#[test]
fn rows_with_null_in_their_key_are_each_delivered_once() {
    let sql = "CREATE TABLE logs (area TEXT, code TEXT, email TEXT, second TEXT, note TEXT, PRIMARY KEY (area, code));
        INSERT INTO logs VALUES (NULL, 'x', 'ada@example.com', 'ada@example.com', 'a'), (NULL, 'x', 'ada@example.com', NULL, 'b'),
          ('x', NULL, NULL, 'ada@example.com', 'c'), ('x', 'x', 'ada@example.com', 'ada@example.com', 'd'),
          (NULL, 'x', 'bob@example.com', NULL, 'e');";
    let yaml = "
dataset:
  - fides_key: base
    data_categories: [user]
    collections:
      - name: logs
        fields:
          - {name: area, fides_meta: {primary_key: true}}
          - {name: code, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: second, fides_meta: {identity: email}}
          - {name: note}
";
    let company = Company::new(Sqlite, &[("base", sql, yaml)]);
    let (seen, _) = company.export(&person("ada@example.com"), false);
    let mut notes: Vec<_> = seen.of("logs").iter().map(|row| row.rsplit('=').next().unwrap().to_owned()).collect();
    notes.sort();
    assert_eq!(notes, ["a", "b", "c", "d"]);
}

const FORUM_SQL: &str = "
CREATE TABLE threads (id integer PRIMARY KEY, owner varchar(80), topic varchar(20) NOT NULL);
CREATE TABLE posts (id integer PRIMARY KEY, author varchar(80) NOT NULL, topic varchar(20) NOT NULL);
INSERT INTO threads VALUES (1, 'ada@example.com', 'spoons'), (2, NULL, 'spoons'), (3, 'bob@example.com', 'forks'), (4, NULL, 'forks');
INSERT INTO posts VALUES (1, 'ada@example.com', 'spoons'), (2, 'bob@example.com', 'spoons');
";

const FORUM: &str = "
dataset:
  - fides_key: forum
    collections:
      - name: threads
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - {name: owner, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: topic, data_categories: [user.content]}
      - name: posts
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - {name: author, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - name: topic
            data_categories: [user.content]
            fides_meta: {references: [{dataset: forum, field: threads.topic, direction: to}]}
";

/// A key that a row of the person's has is not looked for again, unless other rows may have it too.
#[rstest]
fn a_key_that_is_not_unique_leads_to_every_row_that_has_it(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("forum", FORUM_SQL, FORUM)]);
    let (seen, _) = company.export(&person("ada@example.com"), false);
    let threads: Vec<_> = seen.of("threads").iter().map(|t| (*t).to_owned()).collect();
    assert_eq!(threads.len(), 2, "{threads:?}");
    assert!(threads.iter().any(|t| t.contains("Own: id=1")), "{threads:?}");
    assert!(threads.iter().any(|t| t.contains("Context: id=2")), "{threads:?}");
}

const PLACES_SQL: &str = "
    CREATE TABLE visits (note varchar(40), place varchar(20), field_2 int PRIMARY KEY, visitor varchar(40));
    INSERT INTO visits VALUES ('by train', 'Berlin', 1, 'ada@example.com'), (NULL, 'Bern', 2, 'ada@example.com'),
        ('card 4111 1111 1111 1111', '', 3, 'ada@example.com'), ('no', 'Rome', 4, 'eve@example.com');
";

const PLACES: &str = "dataset:
  - fides_key: visits
    collections:
      - name: visits
        fields:
          - {name: note, data_categories: [user.content]}
          - {name: place, data_categories: [user.behavior], fides_meta: {redact: name}}
          - {name: field_2, fides_meta: {primary_key: true}}
          - {name: visitor, fides_meta: {identity: email}, data_categories: [user.contact.email]}
";

/// What the search goes by may stand anywhere among the fields; a name that the dataset hides is another one,
/// and no other column's.
#[rstest]
fn values_stand_under_their_names_in_the_datasets_order(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("visits", PLACES_SQL, PLACES)]);
    let options = fulfilment::ExportOptions { forms: Forms::for_answer(&[]), ..Default::default() };
    let mut seen = Seen::default();
    let exported = fulfilment::export(&company.systems, &person("ada@example.com"), options, &mut seen).unwrap();
    insta::allow_duplicates! {
        insta::assert_snapshot!(seen.all().join("\n"), @r"
        visits: Own: note=NULL field_2_=Bern field_2=2 visitor=ada@example.com
        visits: Own: note=by train field_2_=Berlin field_2=1 visitor=ada@example.com
        visits: Own: note=card [held, not disclosed: payment card number] field_2_= field_2=3 visitor=ada@example.com
        ");
    }
    assert_eq!(exported.collections[0].not_disclosed, 1);
}
