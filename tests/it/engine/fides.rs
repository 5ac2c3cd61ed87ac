//! A dataset written for Fides, and the database that belongs to it, are taken as they are: the example that every
//! introduction to Fides begins with.

use habeas::datamap;
use rstest::rstest;

use super::Engine::Postgres;
use super::{Company, person};

const EXAMPLE: &str = include_str!("fides/postgres_example.yml");

const SQL: &str = "
CREATE TABLE product (id INT PRIMARY KEY, name VARCHAR(100), price MONEY);
CREATE TABLE address (id BIGINT PRIMARY KEY, house INT, street VARCHAR(100), city VARCHAR(100), state VARCHAR(100), zip VARCHAR(100));
CREATE TABLE customer (id INT PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), created TIMESTAMP, address_id BIGINT);
CREATE TABLE employee (id INT PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), address_id BIGINT);
CREATE TABLE payment_card (id VARCHAR(100) PRIMARY KEY, name VARCHAR(100), ccn BIGINT, code INT, preferred BOOLEAN,
  customer_id INT, billing_address_id BIGINT);
CREATE TABLE orders (id VARCHAR(100) PRIMARY KEY, customer_id INT, shipping_address_id BIGINT, payment_card_id VARCHAR(100));
CREATE TABLE order_item (order_id VARCHAR(100), item_no INT, product_id INT, quantity INT, PRIMARY KEY (order_id, item_no));
CREATE TABLE visit (email VARCHAR(100), last_visit TIMESTAMP, PRIMARY KEY (email, last_visit));
CREATE TABLE login (id INT PRIMARY KEY, customer_id INT, time TIMESTAMP);
CREATE TABLE service_request (id VARCHAR(100) PRIMARY KEY, email VARCHAR(100), alt_email VARCHAR(100), opened DATE, closed DATE,
  employee_id INT);
CREATE TABLE report (id INT PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), year INT, month INT, total_visits INT);
INSERT INTO product VALUES (1, 'Example Product 1', '$10.00'), (2, 'Example Product 2', '$20.00'), (3, 'Example Product 3', '$50.00');
INSERT INTO address VALUES (1, 123, 'Example Street', 'Exampletown', 'NY', '12345'), (2, 4, 'Example Lane', 'Exampletown', 'NY', '12321'),
  (3, 555, 'Example Ave', 'Example City', 'NY', '12000'), (4, 1111, 'Example Place', 'Example Mountain', 'TX', '54321');
INSERT INTO customer VALUES (1, 'customer-1@example.com', 'John Customer', '2020-04-01 11:47:42', 1),
  (2, 'customer-2@example.com', 'Jill Customer', '2020-04-01 11:47:42', 2);
INSERT INTO employee VALUES (1, 'employee-1@example.com', 'Jack Employee', 3), (2, 'employee-2@example.com', 'Jane Employee', 3);
INSERT INTO payment_card VALUES ('pay_aaa-aaa', 'Example Card 1', 123456789, 321, true, 1, 1),
  ('pay_bbb-bbb', 'Example Card 2', 987654321, 123, false, 2, 1);
INSERT INTO orders VALUES ('ord_aaa-aaa', 1, 2, 'pay_aaa-aaa'), ('ord_bbb-bbb', 2, 1, 'pay_bbb-bbb'), ('ord_ccc-ccc', 1, 1, 'pay_aaa-aaa');
INSERT INTO order_item VALUES ('ord_aaa-aaa', 1, 1, 1), ('ord_bbb-bbb', 1, 1, 1), ('ord_ccc-ccc', 1, 1, 1), ('ord_ccc-ccc', 2, 2, 1);
INSERT INTO visit VALUES ('customer-1@example.com', '2021-01-06 01:00:00'), ('customer-2@example.com', '2021-01-06 01:00:00');
INSERT INTO login VALUES (1, 1, '2021-01-01 01:00:00'), (2, 1, '2021-01-02 01:00:00'), (3, 2, '2021-01-06 01:00:00');
INSERT INTO service_request VALUES ('ser_aaa-aaa', 'customer-1@example.com', 'customer-1-alt@example.com', '2021-01-01', '2021-01-03', 1),
  ('ser_bbb-bbb', 'customer-2@example.com', NULL, '2021-01-04', NULL, 1), ('ser_ccc-ccc', 'customer-1@example.com', NULL, '2021-01-05', NULL, 1);
INSERT INTO report VALUES (1, 'admin-account@example.com', 'Monthly Report', 2021, 8, 100);
";

/// The same file of the time before fideslang 1.4.
fn of_former_times() -> String {
    EXAMPLE.replace("fides_meta", "fidesops_meta").replace("[user.", "[user.provided.identifiable.")
}

#[rstest]
#[case::today(EXAMPLE.to_owned())]
#[case::of_former_times(of_former_times())]
fn the_well_known_example_is_read_searched_and_erased(#[case] dataset: String) {
    let read = datamap::load(&dataset, "postgres_example.yml").unwrap();
    assert_eq!(read.warnings, [], "there is nothing odd in it");
    let company = Company::new(Postgres, &[("app", SQL, &dataset)]);
    let who = person("Customer-1@example.com");
    let (seen, _) = company.export(&who, false);
    insta::assert_snapshot!("the_example_s_first_customer", seen.all().join("\n"));

    company.erase(&who);
    let count = |table: &str| company.query("app", &format!("SELECT count(*) FROM {table}"));
    let left = ["customer", "payment_card", "orders", "order_item", "visit", "login", "employee", "product", "report"];
    assert_eq!(left.map(count), ["1", "1", "1", "1", "1", "1", "2", "3", "1"]);
    let left = company.query("app", "SELECT id, email, alt_email, employee_id FROM service_request ORDER BY id");
    assert!(!left.contains("customer-1@"), "{left}");
}
