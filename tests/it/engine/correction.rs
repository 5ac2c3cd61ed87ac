//! A value is put right where it is wrong, in the person's own rows.

use habeas::domain::personal::Personal;
use habeas::fulfilment::{self, Correction, Preview};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person, shop};

fn correction(dataset: &str, collection: &str, field: &str, current: Option<&str>, requested: &str) -> Correction {
    Correction {
        dataset: dataset.to_owned(),
        collection: collection.to_owned(),
        field: field.to_owned(),
        current: current.map(|c| Personal::new(c.to_owned())),
        requested: Personal::new(requested.to_owned()),
    }
}

fn look(company: &Company, who: &str, correction: Correction) -> Preview {
    fulfilment::preview(&company.systems, &person(who), &[correction]).unwrap()
}

fn made(company: &Company, who: &str, preview: &Preview) -> Vec<(u64, Option<String>)> {
    // Once over JSON, as the store keeps it.
    let preview: Preview = serde_json::from_str(&serde_json::to_string(preview).unwrap()).unwrap();
    let outcomes = fulfilment::apply(&company.systems, &person(who), &preview).unwrap();
    outcomes.into_iter().map(|o| (o.made, o.reason)).collect()
}

#[rstest]
fn the_old_value_is_shown_and_the_new_one_written(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let preview = look(&company, "ada@example.com", correction("shop", "customers", "name", Some("Ada"), "Ada L."));
    let [item] = preview.items.as_slice() else { panic!() };
    assert_eq!((item.rows.len(), item.refusal.as_deref()), (1, None));
    assert_eq!(item.rows[0].old.as_ref().unwrap().expose(), "Ada");
    assert_eq!(made(&company, "ada@example.com", &preview), [(1, None)]);
    assert_eq!(company.query("shop", "SELECT name FROM customers ORDER BY id"), "Ada L.\nBob\nCid");
    // Again, after a crash: nothing more to do.
    assert_eq!(made(&company, "ada@example.com", &preview), [(1, None)]);
}

/// The address by which the person is found is itself corrected; applying again still tells that it was made.
#[rstest]
fn the_identity_itself_can_be_corrected(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let preview = look(&company, "ada@example.com", correction("shop", "customers", "email", None, "ada@new.example"));
    assert_eq!(made(&company, "ada@example.com", &preview), [(1, None)]);
    assert_eq!(made(&company, "ada@example.com", &preview), [(1, None)]);
    assert_eq!(company.query("shop", "SELECT email FROM customers WHERE id = 1"), "ada@new.example");
}

#[rstest]
#[case::no_collection(correction("shop", "shoes", "size", None, "38"), "there is no collection shop.shoes")]
#[case::no_field(correction("shop", "customers", "size", None, "38"), "customers has no field size")]
#[case::a_key(correction("shop", "customers", "id", None, "38"), "customers.id is a key: other rows are found by it")]
#[case::a_pointer(
    correction("shop", "orders", "customer_id", None, "2"),
    "orders.customer_id is a key: other rows are found by it"
)]
#[case::somebody_elses_address(
    correction("shop", "customers", "email", None, "BOB@example.com"),
    "another row of customers holds the requested email already"
)]
#[case::no_address(
    correction("shop", "customers", "email", None, "ada at example"),
    "the requested email is not of its form"
)]
#[case::not_the_value(
    correction("shop", "customers", "name", Some("Eda"), "Ada"),
    "no row of customers that is the person's holds the current value"
)]
#[case::nothing_there(correction("shop", "employees", "name", None, "Ada"), "no row of employees is the person's")]
fn what_cannot_be_made_says_why(
    #[case] asked: Correction,
    #[case] expected: &str,
    #[values(Sqlite, Postgres, Mysql)] engine: Engine,
) {
    let company = shop::company(engine);
    let preview = look(&company, "ada@example.com", asked);
    assert_eq!(preview.items[0].refusal.as_deref(), Some(expected));
    assert_eq!(made(&company, "ada@example.com", &preview), [(0, Some(expected.to_owned()))]);
}

#[rstest]
fn a_row_of_somebody_elses_is_not_corrected(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let preview = look(&company, "eve@example.com", correction("desk", "tickets", "subject", None, "Nothing"));
    let expected = "the rows of tickets that name the person are somebody else's";
    assert_eq!(preview.items[0].refusal.as_deref(), Some(expected));
}

#[rstest]
fn a_value_changed_since_staff_looked_is_left(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let preview = look(&company, "ada@example.com", correction("shop", "orders", "note", None, "ring once"));
    assert_eq!(preview.items[0].rows.len(), 2);
    company.execute("shop", "UPDATE orders SET note = 'do not ring' WHERE id = 10");
    let reason = "1 of 2 rows were changed by others since, and left";
    assert_eq!(made(&company, "ada@example.com", &preview), [(1, Some(reason.to_owned()))]);
    let notes = company.query("shop", "SELECT note FROM orders WHERE customer_id = 1 ORDER BY id");
    assert_eq!(notes, "do not ring\nring once");
}

#[rstest]
fn a_constraint_stops_one_correction_and_not_the_other(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let company = shop::company(engine);
    let asked = [
        correction("shop", "customers", "email", None, "taken@example.com"),
        correction("shop", "customers", "name", None, "Ada L."),
    ];
    let preview = fulfilment::preview(&company.systems, &person("ada@example.com"), &asked).unwrap();
    company.execute("shop", "INSERT INTO customers (id, email) VALUES (9, 'taken@example.com')");
    let made = made(&company, "ada@example.com", &preview);
    assert_eq!((made[0].0, made[1].0), (0, 1), "{made:?}");
    assert!(made[0].1.is_some());
    assert_eq!(company.query("shop", "SELECT email, name FROM customers WHERE id = 1"), "Ada@Example.com|Ada L.");
}
