-- The database of the made-up shop. Amounts are decimal text and moments are RFC 3339 text with their offset, because
-- SQLite has a type for neither.

CREATE TABLE addresses (
    id          INTEGER PRIMARY KEY,
    street      TEXT NOT NULL,
    city        TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    state       TEXT,
    country     TEXT NOT NULL
);

CREATE TABLE customers (
    id             INTEGER PRIMARY KEY,
    account_number TEXT NOT NULL UNIQUE,
    email          TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    phone          TEXT,
    birthdate      TEXT,
    password_hash  TEXT NOT NULL,
    address_id     INTEGER REFERENCES addresses (id),
    state          TEXT,
    country        TEXT NOT NULL,
    marketing      INTEGER NOT NULL CHECK (marketing IN (0, 1)),
    created_at     TEXT NOT NULL
);

CREATE TABLE employees (
    id         INTEGER PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    job_title  TEXT NOT NULL,
    hired_on   TEXT NOT NULL
);

CREATE TABLE products (
    id    INTEGER PRIMARY KEY,
    sku   TEXT NOT NULL UNIQUE,
    name  TEXT NOT NULL,
    price TEXT NOT NULL
);

CREATE TABLE orders (
    id                  INTEGER PRIMARY KEY,
    customer_id         INTEGER NOT NULL REFERENCES customers (id),
    shipping_address_id INTEGER REFERENCES addresses (id),
    status              TEXT NOT NULL,
    total               TEXT NOT NULL,
    currency            TEXT NOT NULL,
    note                TEXT,
    placed_at           TEXT NOT NULL
);

CREATE TABLE order_items (
    order_id   INTEGER NOT NULL REFERENCES orders (id),
    line       INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    unit_price TEXT NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
    id          INTEGER PRIMARY KEY,
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    method      TEXT NOT NULL,
    card_holder TEXT,
    card_number TEXT,
    amount      TEXT NOT NULL,
    currency    TEXT NOT NULL,
    paid_at     TEXT NOT NULL
);

CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    handled_by  INTEGER REFERENCES employees (id),
    subject     TEXT NOT NULL,
    status      TEXT NOT NULL,
    opened_at   TEXT NOT NULL
);

CREATE TABLE ticket_messages (
    id        INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    side      TEXT NOT NULL CHECK (side IN ('customer', 'shop')),
    body      TEXT NOT NULL,
    sent_at   TEXT NOT NULL
);

CREATE TABLE newsletter (
    id              INTEGER PRIMARY KEY,
    email           TEXT NOT NULL UNIQUE,
    source          TEXT NOT NULL,
    subscribed_at   TEXT NOT NULL,
    unsubscribed_at TEXT
);

CREATE TABLE page_views (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER REFERENCES customers (id),
    path        TEXT NOT NULL,
    ip_address  TEXT,
    user_agent  TEXT,
    viewed_at   TEXT NOT NULL
);
