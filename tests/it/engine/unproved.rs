//! Somebody gives a number that may be another person's: what only that number leads to is neither shown nor touched, nor
//! is it told that there is anything, until something shows the number to be theirs.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use habeas::domain::identity::{Identities, IdentityKind};
use habeas::domain::ids::SystemId;
use habeas::domain::personal::Personal;
use habeas::domain::request::DateRange;
use habeas::fulfilment::services::Asked;
use habeas::fulfilment::{self, Correction, ExportOptions, LeftOut};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, Seen, person};

const SQL: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(40), account VARCHAR(20));
CREATE TABLE phones (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), phone VARCHAR(40));
CREATE TABLE payments (id INTEGER PRIMARY KEY, payee INTEGER REFERENCES customers (id), account VARCHAR(20));
CREATE TABLE handled (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(40), handler INTEGER REFERENCES customers (id));
CREATE TABLE devices (id INTEGER PRIMARY KEY, account VARCHAR(20), phone VARCHAR(40));
CREATE TABLE calls (id INTEGER PRIMARY KEY, phone VARCHAR(40), body VARCHAR(40));
CREATE TABLE bills (id INTEGER PRIMARY KEY, account VARCHAR(20), sum VARCHAR(40));
INSERT INTO customers VALUES (1, 'ada@example.com', '+49 30 111', 'A-1'), (2, 'bob@example.com', '+4930222', 'B-2');
INSERT INTO phones VALUES (1, 1, '030 / 112'), (2, 2, '030 223');
INSERT INTO payments VALUES (1, 1, 'B-2');
INSERT INTO handled VALUES (1, 'bob@example.com', '+4930222', 1), (2, NULL, '+4930222', 1);
INSERT INTO devices VALUES (1, 'A-1', '+4930113'), (2, 'B-2', '+4930224'), (3, 'B-2', '+4930111');
INSERT INTO calls VALUES (1, '+4930111', 'Ada''s'), (2, '+4930112', 'Ada''s'), (3, '+4930113', 'Ada''s'),
  (4, '+4930222', 'Bob''s'), (5, '+4930224', 'Bob''s'), (6, '+4930999', 'who knows');
INSERT INTO bills VALUES (1, 'A-1', 'Ada''s'), (2, 'B-2', 'Bob''s'), (3, 'C-3', 'who knows');
";

const YAML: &str = "
dataset:
  - fides_key: firm
    data_categories: [user.contact]
    collections:
      - name: calls
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: body, data_categories: [user.content]}
      - name: bills
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account, fides_meta: {identity: account_id}}
          - {name: sum}
      - name: devices
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account, fides_meta: {identity: account_id}}
          - {name: phone, fides_meta: {identity: phone_number}}
      - name: phones
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: customer, fides_meta: {references: [{dataset: firm, field: customers.id, direction: from}]}}
          - {name: phone, fides_meta: {identity: phone_number}}
      - name: payments
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: payee, fides_meta: {references: [{dataset: firm, field: customers.id}]}}
          - {name: account, fides_meta: {identity: account_id}}
      - name: handled
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: handler, fides_meta: {references: [{dataset: firm, field: customers.id}]}}
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: account, fides_meta: {identity: account_id}}
";

fn company(engine: Engine) -> Company {
    let mut company = Company::new(engine, &[("firm", SQL, YAML)]);
    company.systems = company.systems.in_country("DE");
    company
}

fn ada(phone: Option<&str>, account: Option<&str>, shown: &[IdentityKind]) -> Identities {
    Identities {
        phone: phone.map(|phone| phone.parse().unwrap()),
        account_id: account.map(|account| account.parse().unwrap()),
        shown: shown.iter().copied().collect(),
        ..person("ada@example.com")
    }
}

/// What is given, what is shown of it; the calls and bills that are delivered, how many rows are left out, and the
/// identifiers that nothing shows to be hers.
#[rstest]
#[case::nothing_but_the_address(ada(None, None, &[]), "", "", 0, &[])]
#[case::hers_by_her_own_row(ada(Some("+4930111"), Some("A-1"), &[]), "1", "1", 1, &[])]
#[case::her_number_shows_nobodys_account(ada(Some("+4930111"), Some("B-2"), &[]), "1", "", 3, &[IdentityKind::AccountId])]
#[case::beside_a_pointer_at_her_it_may_be_anybodys(ada(Some("+4930112"), None, &[]), "", "", 1, &[IdentityKind::Phone])]
#[case::hers_by_the_account_that_is_hers(ada(Some("+4930113"), Some("A-1"), &[]), "3", "1", 0, &[])]
#[case::hers_by_an_account_that_she_did_not_give(ada(Some("+4930113"), None, &[]), "3", "", 0, &[])]
#[case::a_row_with_nothing_of_hers(ada(Some("+4930224"), None, &[]), "", "", 2, &[IdentityKind::Phone])]
#[case::bobs(
    ada(Some("+4930222"), Some("B-2"), &[]), "", "", 5, &[IdentityKind::Phone, IdentityKind::AccountId]
)]
#[case::nobodys(
    ada(Some("+4930999"), Some("C-3"), &[]), "", "", 2, &[IdentityKind::Phone, IdentityKind::AccountId]
)]
#[case::checked(ada(Some("+4930999"), Some("C-3"), &[IdentityKind::Phone]), "6", "", 1, &[IdentityKind::AccountId])]
#[case::signed_in_to(ada(Some("+4930999"), Some("C-3"), &[IdentityKind::AccountId]), "", "3", 1, &[IdentityKind::Phone])]
#[case::none_there(ada(Some("+4930777"), Some("D-4"), &[]), "", "", 0, &[IdentityKind::Phone, IdentityKind::AccountId])]
fn a_number_that_was_typed_opens_nothing(
    #[case] who: Identities,
    #[case] calls: &str,
    #[case] bills: &str,
    #[case] left_out: u64,
    #[case] unproved: &[IdentityKind],
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = company(engine);
    let (seen, exported) = company.export(&who, false);
    let ids = |collection: &str| {
        let rows = seen.of(collection);
        let id = |row: &&str| row.split("id=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        rows.iter().map(id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((ids("calls").as_str(), ids("bills").as_str()), (calls, bills));
    let counted: u64 = exported.collections.iter().map(|c| c.unproved).sum();
    let unproved: BTreeSet<IdentityKind> = unproved.iter().copied().collect();
    assert_eq!((counted, &exported.unproved_identifiers), (left_out, &unproved));
    let plan = fulfilment::plan_access(&company.systems, &who, ExportOptions::default()).unwrap();
    let planned: u64 = plan.collections.iter().map(|c| c.unproved).sum();
    assert_eq!((planned, &plan.unproved_identifiers), (left_out, &unproved), "the plan says the same");
    let before =
        (company.query("firm", "SELECT count(*) FROM calls"), company.query("firm", "SELECT count(*) FROM bills"));
    let plan = company.erase(&who);
    assert_eq!(plan.unproved_identifiers, unproved);
    let gone = |ids: &str| ids.split_whitespace().count();
    let rest = |before: &str, ids: &str| (before.trim().parse::<usize>().unwrap() - gone(ids)).to_string();
    assert_eq!(company.query("firm", "SELECT count(*) FROM calls").trim(), rest(&before.0, calls));
    assert_eq!(company.query("firm", "SELECT count(*) FROM bills").trim(), rest(&before.1, bills));
    assert_eq!(company.query("firm", "SELECT email FROM customers").trim(), "bob@example.com");
}

/// After an erasure nothing shows any more that the number was hers; what comes in under it is hers all the same.
#[rstest]
fn what_showed_it_may_be_gone(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine);
    let who = ada(Some("+4930111"), None, &[]);
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    company.execute("firm", "INSERT INTO calls VALUES (7, '030 111', 'Ada''s')");
    let remaining = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(remaining.rows.iter().map(|r| (r.collection.as_str(), r.rows)).collect::<Vec<_>>(), [("calls", 1)]);
    let stranger = fulfilment::verify(&company.systems, &who, &[]).unwrap();
    assert_eq!(stranger.rows, [], "for a request of its own it is anybody's");
}

/// Not even where staff disclose what names others in rows of hers: whether it is hers nobody has looked at.
#[rstest]
fn it_is_not_disclosed_with_others(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (seen, exported) = company(engine).export(&ada(Some("+4930999"), None, &[]), true);
    assert_eq!(seen.of("calls"), Vec::<&str>::new());
    assert_eq!(exported.collections.iter().map(|c| c.unproved).sum::<u64>(), 1);
}

/// A row of Bob's in which she is named besides: what names her goes, and his number stays.
#[rstest]
fn his_number_stays_in_his_row(#[values(Sqlite, Postgres, Mysql)] engine: Engine, #[values(false, true)] shown: bool) {
    let company = company(engine);
    let shown: &[IdentityKind] = if shown { &[IdentityKind::Phone] } else { &[] };
    company.erase(&ada(Some("+4930222"), None, shown));
    let rest = company.query("firm", "SELECT phone FROM handled WHERE id = 1 AND handler IS NULL");
    assert_eq!(rest.trim(), "+4930222");
}

const TWO_ACCOUNTS: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80), account VARCHAR(20), phone VARCHAR(40));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id));
CREATE TABLE tickets (id INTEGER PRIMARY KEY, handler INTEGER REFERENCES customers (id), phone VARCHAR(40), body VARCHAR(40));
";

const TWO_ACCOUNTS_YAML: &str = "
dataset:
  - fides_key: firm
    data_categories: [user.contact]
    collections:
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: account, fides_meta: {identity: account_id}}
          - {name: phone, fides_meta: {identity: phone_number}}
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: customer, fides_meta: {references: [{dataset: firm, field: customers.id, direction: from}]}}
      - name: tickets
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: handler, fides_meta: {references: [{dataset: firm, field: customers.id, direction: to}]}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: body, data_categories: [user.content]}
";

/// The address carries whatever else stands in the row, a second account of hers with the same number too, in whichever order the
/// rows come.
#[rstest]
fn a_second_account_of_hers_is_hers(
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
    #[values(
        "(1, 'ada@example.com', 'A-7', '+4930111'), (2, 'ada@example.com', 'A-8', '+4930111')",
        "(1, 'ada@example.com', 'A-8', '+4930111'), (2, 'ada@example.com', 'A-7', '+4930111')"
    )]
    rows: &str,
    #[values(false, true)] shown: bool,
) {
    let company = Company::new(engine, &[("firm", TWO_ACCOUNTS, TWO_ACCOUNTS_YAML)]);
    company.execute(
        "firm",
        &format!("INSERT INTO customers VALUES {rows}; INSERT INTO orders SELECT id, id FROM customers"),
    );
    let shown: &[IdentityKind] = if shown { &[IdentityKind::Phone, IdentityKind::AccountId] } else { &[] };
    let who = ada(Some("+4930111"), Some("A-7"), shown);
    let (seen, _) = company.export(&who, false);
    assert_eq!((seen.of("customers").len(), seen.of("orders").len()), (2, 2));
    assert!(seen.all().iter().all(|row| row.contains("Own") && !row.contains("withheld")), "{:?}", seen.all());
    company.erase(&who);
    assert_eq!(company.query("firm", "SELECT count(*) FROM customers").trim(), "0");
}

/// She handled the ticket of somebody whose number she types: a pointer that leads nowhere makes it no more hers.
#[rstest]
fn a_ticket_that_she_handled_is_not_opened_by_its_number(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = Company::new(engine, &[("firm", TWO_ACCOUNTS, TWO_ACCOUNTS_YAML)]);
    company.execute(
        "firm",
        "INSERT INTO customers VALUES (1, 'ada@example.com', 'A-7', '+4930111');
         INSERT INTO tickets VALUES (1, NULL, '+4930222', 'his'), (2, 1, '+4930222', 'his')",
    );
    let (seen, exported) = company.export(&ada(Some("+4930222"), None, &[]), false);
    assert_eq!(seen.of("tickets"), Vec::<&str>::new());
    assert_eq!(exported.collections.iter().map(|c| c.unproved).sum::<u64>(), 2);
}

/// Whoever is paid is not whoever pays, though the row is the payee's by its only key that may not be NULL.
#[rstest]
fn a_payment_to_her_shows_no_account_to_be_hers(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine);
    company.execute(
        "firm",
        "DROP TABLE payments;
         CREATE TABLE payments (id INTEGER PRIMARY KEY, payee INTEGER NOT NULL REFERENCES customers (id), account VARCHAR(20));
         INSERT INTO payments VALUES (1, 1, 'B-2')",
    );
    let (seen, exported) = company.export(&ada(None, Some("B-2"), &[]), false);
    assert_eq!(seen.of("bills"), Vec::<&str>::new());
    assert_eq!(seen.of("payments").len(), 1, "she is told of the payment");
    assert!(!seen.of("payments")[0].contains("B-2"), "and not by whom: {:?}", seen.of("payments"));
    assert_eq!(exported.unproved_identifiers, [IdentityKind::AccountId].into());
}

/// The person corrects what is theirs, and is not told that there is a row of another's.
#[rstest]
fn a_correction_tells_nothing_of_it(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = company(engine);
    let correction = Correction {
        dataset: "firm".to_owned(),
        collection: "calls".to_owned(),
        field: "body".to_owned(),
        current: None,
        requested: Personal::new("x".to_owned()),
    };
    let told = |number: &str| {
        let who = ada(Some(number), None, &[]);
        let preview = fulfilment::preview(&company.systems, &who, std::slice::from_ref(&correction)).unwrap();
        preview.items[0].refusal.clone()
    };
    let words = "no row of calls is the person's; rows under the telephone number that was given do not count until it is \
                 shown to be theirs";
    assert_eq!(told("+4930777").as_deref(), Some(words));
    assert_eq!(told("+4930222"), told("+4930777"));
}

/// Nor by how many rows a range of days leaves out.
#[rstest]
fn a_range_tells_nothing_of_it(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let mut company = Company::new(
        engine,
        &[(
            "firm",
            "CREATE TABLE calls (id INTEGER PRIMARY KEY, phone VARCHAR(40), day DATE);
             INSERT INTO calls VALUES (1, '+4930222', '2020-01-01')",
            "
dataset:
  - fides_key: firm
    data_categories: [user.contact]
    collections:
      - name: calls
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: day, fides_meta: {collected_at: true}}
",
        )],
    );
    company.systems = company.systems.in_country("DE");
    let range = Some(DateRange { from: NaiveDate::from_ymd_opt(2026, 1, 1), to: None });
    let options = ExportOptions { range, ..ExportOptions::default() };
    let who = ada(Some("+4930222"), None, &[]);
    let exported = fulfilment::export(&company.systems, &who, options, &mut Seen::default()).unwrap();
    assert_eq!((exported.collections[0].outside, exported.collections[0].unproved), (0, 1));
    let plan = fulfilment::plan_access(&company.systems, &who, options).unwrap();
    assert_eq!(plan.collections[0].range.as_ref().map(|step| step.outside), Some(0));
}

/// A service of the company's that knows people by all three, and one that knows them by their number alone.
const SERVICES: [(&str, &str); 2] = [
    (
        "club",
        "
dataset:
  - fides_key: club
    data_categories: [user.contact]
    collections:
      - name: members
        fields:
          - {name: email, fides_meta: {identity: email}}
          - {name: phone, fides_meta: {identity: phone_number}}
          - {name: account, fides_meta: {identity: account_id}}
",
    ),
    (
        "texts",
        "
dataset:
  - fides_key: texts
    data_categories: [user.contact]
    collections:
      - name: texts
        fields:
          - {name: phone, fides_meta: {identity: phone_number}}
",
    ),
];

/// Which identifiers each service is told.
#[rstest]
#[case::hers_by_her_own_row(ada(Some("+4930111"), Some("A-1"), &[]), "club: email phone account; texts: phone")]
#[case::one_of_them_bobs(ada(Some("+4930111"), Some("B-2"), &[]), "club: email phone; texts: phone")]
#[case::bobs(ada(Some("+4930222"), Some("B-2"), &[]), "club: email")]
#[case::checked(ada(Some("+4930222"), Some("B-2"), &[IdentityKind::Phone]), "club: email phone; texts: phone")]
#[case::the_address_alone(ada(None, None, &[]), "club: email")]
fn services_are_asked_by_what_is_shown(
    #[case] who: Identities,
    #[case] expected: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = Company::beside(&[(engine, "firm", SQL, YAML)], &SERVICES);
    let of = SERVICES.iter().map(|(name, _)| SystemId::from(*name)).collect();
    let asked =
        fulfilment::services::questions(&company.systems, &who, <&LeftOut>::default(), false, None, &[], &of).unwrap();
    let told = |asked: &Asked| {
        let person = &asked.find.person;
        let given = [("email", &person.email), ("phone", &person.phone), ("account", &person.account_id)];
        let given = given.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect::<Vec<_>>();
        format!("{}: {}", asked.system, given.join(" "))
    };
    assert_eq!(asked.iter().map(told).collect::<Vec<_>>().join("; "), expected);
}
