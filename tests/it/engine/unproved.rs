//! Somebody gives a number that may be another person's: what only that number leads to is neither shown nor touched, nor
//! is it told that there is anything, until something shows the number to be theirs.

use std::collections::BTreeSet;

use habeas::domain::identity::{Identities, IdentityKind};
use habeas::fulfilment::{self, ExportOptions};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

const SQL: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(40), account VARCHAR(20));
CREATE TABLE phones (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), phone VARCHAR(40));
CREATE TABLE devices (id INTEGER PRIMARY KEY, account VARCHAR(20), phone VARCHAR(40));
CREATE TABLE calls (id INTEGER PRIMARY KEY, phone VARCHAR(40), body VARCHAR(40));
CREATE TABLE bills (id INTEGER PRIMARY KEY, account VARCHAR(20), sum VARCHAR(40));
INSERT INTO customers VALUES (1, 'ada@example.com', '+49 30 111', 'A-1'), (2, 'bob@example.com', '+4930222', 'B-2');
INSERT INTO phones VALUES (1, 1, '030 / 112'), (2, 2, '030 223');
INSERT INTO devices VALUES (1, 'A-1', '+4930113'), (2, 'B-2', '+4930224');
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
#[case::hers_by_her_own_row(ada(Some("+4930111"), Some("A-1"), &[]), "1", "1", 0, &[])]
#[case::hers_by_a_row_that_belongs_to_hers(ada(Some("+4930112"), None, &[]), "2", "", 0, &[])]
#[case::hers_by_the_account_that_is_hers(ada(Some("+4930113"), Some("A-1"), &[]), "3", "1", 0, &[])]
#[case::hers_by_an_account_that_she_did_not_give(ada(Some("+4930113"), None, &[]), "3", "", 0, &[])]
#[case::a_row_with_nothing_of_hers(ada(Some("+4930224"), None, &[]), "", "", 2, &[IdentityKind::Phone])]
#[case::bobs(
    ada(Some("+4930222"), Some("B-2"), &[]), "", "", 4, &[IdentityKind::Phone, IdentityKind::AccountId]
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
    let who = ada(Some("+4930112"), None, &[]);
    let (manifest, _) = company.prepare(&who);
    company.execute_manifest(&manifest);
    company.execute("firm", "INSERT INTO calls VALUES (7, '030 112', 'Ada''s')");
    let remaining = fulfilment::verify(&company.systems, &who, std::slice::from_ref(&manifest)).unwrap();
    assert_eq!(remaining.rows.iter().map(|r| (r.collection.as_str(), r.rows)).collect::<Vec<_>>(), [("calls", 1)]);
    let stranger = fulfilment::verify(&company.systems, &who, &[]).unwrap();
    assert_eq!(stranger.rows, [], "for a request of its own it is anybody's");
}

/// Staff looked and found no harm.
#[rstest]
fn disclosed_it_is_shown_whole(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (seen, exported) = company(engine).export(&ada(Some("+4930999"), None, &[]), true);
    assert_eq!(seen.of("calls"), ["Shared: id=6 phone=+4930999 body=who knows"]);
    assert_eq!(exported.collections.iter().map(|c| c.unproved).sum::<u64>(), 0);
}
