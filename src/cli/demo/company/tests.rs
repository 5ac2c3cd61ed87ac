use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::Connection;
use serde::Deserialize;

use super::*;
use crate::cli::demo::DATASET;
use crate::domain::identity::{Email, Phone};

/// Made once; each test that changes nothing about the making gets a copy.
static MADE: LazyLock<Vec<u8>> = LazyLock::new(make);

fn make() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    create(&path).unwrap();
    fs::read(path).unwrap()
}

fn company() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    fs::write(&path, &*MADE).unwrap();
    (dir, path)
}

fn count(database: &Connection, what: &str) -> i64 {
    database.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn the_shop_is_as_big_as_promised() {
    let (_dir, path) = company();
    let database = Connection::open(path).unwrap();
    assert_eq!(count(&database, "customers"), 5_000);
    assert_eq!(count(&database, "employees"), 24);
    assert_eq!(count(&database, "tickets"), 4_003);
    assert_eq!(count(&database, "page_views"), 20_003);
    let about = |what: &str, least: i64, most: i64| {
        let n = count(&database, what);
        assert!((least..=most).contains(&n), "{n} rows in {what}");
    };
    about("orders", 14_000, 16_000);
    about("order_items", 28_000, 32_000);
    about("payments", 11_000, 14_000);
    about("ticket_messages", 8_000, 11_000);
    about("newsletter", 1_700, 2_300);
    about("newsletter WHERE email <> lower(email)", 500, 1_200);
    about("customers WHERE name GLOB '*[А-Яа-я]*'", 200, 600);
    about("orders WHERE note LIKE '=%'", 200, 800);
    about("(SELECT 1 FROM customers GROUP BY address_id HAVING count(*) > 1)", 400, 600);
}

#[test]
fn its_references_and_its_sums_hold() {
    let (_dir, path) = company();
    let database = Connection::open(path).unwrap();
    assert_eq!(count(&database, "pragma_foreign_key_check"), 0);
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let wrong = "orders o WHERE CAST(round(o.total * 100) AS INTEGER) <>
        (SELECT sum(CAST(round(unit_price * 100) AS INTEGER) * quantity) FROM order_items WHERE order_id = o.id)";
    assert_eq!(count(&database, wrong), 0);
    assert_eq!(count(&database, "(SELECT 1 FROM customers WHERE phone > '' GROUP BY phone HAVING count(*) > 1)"), 0);
    assert_eq!(count(&database, "(SELECT 1 FROM newsletter GROUP BY lower(email) HAVING count(*) > 1)"), 0);
}

#[test]
fn its_people_can_be_asked_for_by_their_identities() {
    let (_dir, path) = company();
    let database = Connection::open(path).unwrap();
    let mut people = database.prepare("SELECT email, phone FROM customers").unwrap();
    let mut rows = people.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (email, phone): (String, Option<String>) = (row.get(0).unwrap(), row.get(1).unwrap());
        assert!(email.parse::<Email>().is_ok(), "{email}");
        assert!(phone.as_ref().is_none_or(|p| p.parse::<Phone>().is_ok()), "{phone:?}");
    }
}

#[test]
fn two_makings_give_the_same_bytes() {
    assert!(make() == *MADE, "the second making differs from the first");
}

#[test]
fn a_file_that_is_there_is_left_alone_and_a_half_made_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    fs::write(dir.path().join("shop.db.part"), "half a database").unwrap();
    create(&path).unwrap();
    assert!(!dir.path().join("shop.db.part").exists());
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert!(matches!(create(&path), Err(CompanyError::Exists(at)) if at == path));
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[test]
fn ada_and_eve_are_who_the_readme_says() {
    let (_dir, path) = company();
    let database = Connection::open(path).unwrap();
    let (name, phone, account): (String, String, String) = database
        .query_row("SELECT name, phone, account_number FROM customers WHERE email = ?1", [ADA.email], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!((name.as_str(), Some(account.as_str())), (ADA.name, ADA.account_number));
    assert_eq!(Some(phone.parse::<Phone>().unwrap().expose()), ADA.phone);
    assert_eq!(count(&database, "orders WHERE customer_id = 1"), 3);
    assert_eq!(count(&database, "payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_id = 1"), 3);
    assert_eq!(count(&database, "tickets WHERE customer_id = 1"), 2);
    assert_eq!(count(&database, "newsletter WHERE lower(email) = 'ada@example.com' AND email <> 'ada@example.com'"), 1);
    assert_eq!(count(&database, "customers WHERE address_id = 1"), 2);
    let eve = format!("tickets t JOIN employees e ON e.id = t.handled_by WHERE e.email = '{}'", EVE.email);
    assert!(count(&database, &eve) > 100);
}

#[derive(Deserialize)]
struct File {
    dataset: Vec<Dataset>,
}

#[derive(Deserialize)]
struct Dataset {
    collections: Vec<Collection>,
}

#[derive(Deserialize)]
struct Collection {
    name: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    data_categories: Vec<String>,
}

#[test]
fn the_dataset_names_every_table_and_column_in_order() {
    let (_dir, path) = company();
    let database = Connection::open(path).unwrap();
    let mut columns = database
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
        )
        .unwrap();
    let mut live: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rows = columns.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        live.entry(row.get(0).unwrap()).or_default().push(row.get(1).unwrap());
    }
    let file: File = serde_saphyr::from_str(DATASET).unwrap();
    let described: BTreeMap<String, Vec<String>> = file.dataset[0]
        .collections
        .iter()
        .map(|c| (c.name.clone(), c.fields.iter().map(|f| f.name.clone()).collect()))
        .collect();
    assert_eq!(described, live);
    let uncategorised =
        file.dataset[0].collections.iter().flat_map(|c| &c.fields).find(|f| f.data_categories.is_empty());
    assert!(uncategorised.is_none());
}
