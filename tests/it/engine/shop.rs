//! Two databases of a made-up company: chain, cycle, self-reference, composite key, shared rows, context, and a
//! reference from one database into the other.

use super::{Company, Engine};

pub fn company(engine: Engine) -> Company {
    Company::new(engine, &[("shop", SHOP_SQL, SHOP), ("desk", DESK_SQL, DESK)])
}

pub const SHOP_SQL: &str = "
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT NOT NULL);
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, phone TEXT, name TEXT, password TEXT,
  address_id INTEGER REFERENCES addresses (id), last_order_id INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
  ship_to INTEGER REFERENCES addresses (id), note TEXT);
CREATE TABLE order_items (order_id INTEGER NOT NULL REFERENCES orders (id), line INTEGER NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products (id), PRIMARY KEY (order_id, line));
CREATE TABLE employees (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT,
  manager_id INTEGER REFERENCES employees (id));
CREATE TABLE newsletter (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
CREATE TABLE page_views (id INTEGER PRIMARY KEY, customer_id INTEGER, path TEXT NOT NULL, ip TEXT);
CREATE INDEX orders_customer ON orders (customer_id);
INSERT INTO addresses VALUES (1, 'Alone Street 1'), (2, 'Shared Street 2'), (3, 'Bob Street 3');
INSERT INTO products VALUES (1, 'Spoon'), (2, 'Fork'), (3, 'Knife');
INSERT INTO customers VALUES (1, 'Ada@Example.com', '+49 30 901820', 'Ada', 'secret', 1, 11),
  (2, 'bob@example.com', '+49 30 901821', 'Bob', 'secret', 2, 20), (3, 'cid@example.com', NULL, 'Cid', 'secret', 2, NULL);
INSERT INTO orders VALUES (10, 1, 1, 'ring twice'), (11, 1, 2, ''), (20, 2, 3, NULL);
INSERT INTO order_items VALUES (10, 1, 1), (10, 2, 2), (11, 1, 1), (20, 1, 1), (20, 2, 3);
INSERT INTO employees VALUES (1, 'eve@example.com', 'Eve', NULL), (2, 'fay@example.com', 'Fay', 1);
INSERT INTO newsletter VALUES (1, 'ada@EXAMPLE.com'), (2, 'bob@example.com'), (3, 'ada@example.com');
INSERT INTO page_views VALUES (1, 1, '/', '192.0.2.1'), (2, 2, '/', '192.0.2.2'), (3, 1, '/spoon', NULL);
";

/// When the orders were placed.
pub const DATED_SQL: &str = "
ALTER TABLE orders ADD COLUMN placed_on DATE;
UPDATE orders SET placed_on = '2020-05-05' WHERE id = 10;
UPDATE orders SET placed_on = '2022-03-03' WHERE id <> 10;
";

/// The dataset of a shop that has to keep its orders for a time, though not the notes in them.
pub fn dated() -> String {
    let orders = "      - name: orders\n        fields:\n";
    assert!(SHOP.contains(orders));
    let retain = "      - name: orders
        fides_meta:
          retain:
            ground: we must keep our books
            citation: AO section 147
            for: 6 years
            from: placed_on
            counted_from: end_of_year
            mask: [note]
        fields:
          - {name: placed_on, data_categories: [user.financial]}\n";
    SHOP.replace(orders, retain)
}

pub const DESK_SQL: &str = "
CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, handled_by INTEGER, subject TEXT NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL REFERENCES tickets (id),
  reply_to INTEGER REFERENCES messages (id), body TEXT NOT NULL);
INSERT INTO tickets VALUES (1, 1, 1, 'Spoon bent'), (2, 2, 1, 'Knife blunt'), (3, 2, NULL, 'Fork lost');
INSERT INTO messages VALUES (1, 1, NULL, 'It bent'), (2, 1, 1, 'Sorry'), (3, 2, NULL, 'Blunt'), (4, 3, NULL, 'Lost');
";

pub const SHOP: &str = "
dataset:
  - fides_key: shop
    collections:
      - name: customers
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: name, data_categories: [user.name]}
          - {name: password, data_categories: [user.authorization.password]}
          - name: address_id
            data_categories: [user.contact.address]
            fides_meta: {references: [{dataset: shop, field: addresses.id, direction: to}]}
          - name: last_order_id
            data_categories: [user.behavior]
            fides_meta: {references: [{dataset: shop, field: orders.id}]}
      - name: addresses
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: street, data_categories: [user.contact.address.street]}
      - name: orders
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}
          - name: ship_to
            data_categories: [user.contact.address]
            fides_meta: {references: [{dataset: shop, field: addresses.id, direction: to}]}
          - {name: note, data_categories: [user.content]}
      - name: order_items
        fields:
          - name: order_id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, references: [{dataset: shop, field: orders.id, direction: from}]}
          - {name: line, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: product_id
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: shop, field: products.id, direction: to}]}
      - name: products
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: name, data_categories: [system.operations]}
      - name: employees
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
          - name: manager_id
            data_categories: [user.workplace]
            fides_meta: {references: [{dataset: shop, field: employees.id}]}
      - name: newsletter
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: page_views
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              masking_strategy_override: {strategy: null_rewrite}
              references: [{dataset: shop, field: customers.id, direction: from}]
          - {name: path, data_categories: [system.operations]}
          - name: ip
            data_categories: [user.device.ip_address]
            fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: gone}}}
";

pub const DESK: &str = "
dataset:
  - fides_key: desk
    collections:
      - name: tickets
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}
          - name: handled_by
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: employees.id, direction: from}]}
          - {name: subject, data_categories: [user.content]}
      - name: messages
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: ticket_id
            data_categories: [user.content]
            fides_meta: {references: [{dataset: desk, field: tickets.id, direction: from}]}
          - {name: reply_to, data_categories: [user.content], fides_meta: {references: [{dataset: desk, field: messages.id}]}}
          - {name: body, data_categories: [user.content]}
";
