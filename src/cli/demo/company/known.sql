-- The people of the README's journey: Ada, her household, and the employee who answered her.

INSERT INTO addresses (id, street, city, postal_code, state, country) VALUES
    (1, 'Lindenweg 7', 'Berlin', '10115', NULL, 'DE'),
    (2, 'Gartenstraße 12, c/o Lovelace', 'Hamburg', '20095', NULL, 'DE');

INSERT INTO customers (id, account_number, email, name, phone, birthdate, password_hash, address_id, state, country,
    marketing, created_at) VALUES
    (1, 'C-100001', 'ada@example.com', 'Ada Example', '+49 (30) 231 25-000', '1990-12-10',
        '$argon2id$v=19$m=19456,t=2,p=1$bWFkZSB1cCBzYWx0MDAwMQ$bm90IGEgaGFzaCBvZiBhbnkgcGFzc3dvcmQgMDAwMQ',
        1, NULL, 'DE', 1, '2023-02-14T09:30:00+01:00'),
    (2, 'C-100002', 'grace@example.com', 'Grace Example', NULL, '1988-12-09',
        '$argon2id$v=19$m=19456,t=2,p=1$bWFkZSB1cCBzYWx0MDAwMg$bm90IGEgaGFzaCBvZiBhbnkgcGFzc3dvcmQgMDAwMg',
        1, NULL, 'DE', 0, '2023-03-01T18:05:00+01:00');

INSERT INTO employees (id, email, name, job_title, hired_on) VALUES
    (1, 'eve@shop.example', 'Eve Agent', 'Customer service', '2023-01-16'),
    (2, 'mallory@shop.example', 'Mallory Meyer', 'Customer service', '2024-04-01');

INSERT INTO orders (id, customer_id, shipping_address_id, status, total, currency, note, placed_at) VALUES
    (1, 1, 1, 'delivered', '24.80', 'EUR', NULL, '2024-05-03T20:15:31+02:00'),
    (2, 1, 2, 'delivered', '12.40', 'EUR', '=1+1', '2025-11-28T08:02:10+01:00'),
    (3, 1, 1, 'returned', '99.90', 'EUR', 'Ring twice, please,
the "new" bell is quiet 🔔', '2026-09-17T12:45:00+02:00'),
    (4, 2, 1, 'delivered', '12.40', 'EUR', NULL, '2026-02-02T10:00:00+01:00');

INSERT INTO order_items (order_id, line, product_id, quantity, unit_price) VALUES
    (1, 1, 1, 2, '12.40'),
    (2, 1, 1, 1, '12.40'),
    (3, 1, 2, 1, '99.90'),
    (4, 1, 1, 1, '12.40');

INSERT INTO payments (id, order_id, method, card_holder, card_number, amount, currency, paid_at) VALUES
    (1, 1, 'card', 'ADA EXAMPLE', '9999000000000042', '24.80', 'EUR', '2024-05-03T20:16:02+02:00'),
    (2, 2, 'card', 'ADA EXAMPLE', '9999000000000042', '12.40', 'EUR', '2025-11-28T08:02:44+01:00'),
    (3, 3, 'transfer', NULL, NULL, '99.90', 'EUR', '2026-09-18T06:00:00+02:00'),
    (4, 4, 'card', 'GRACE EXAMPLE', '9999000000000043', '12.40', 'EUR', '2026-02-02T10:00:30+01:00');

INSERT INTO tickets (id, customer_id, handled_by, subject, status, opened_at) VALUES
    (1, 1, 1, 'The kettle whistles off-key', 'closed', '2026-09-20T09:00:00+02:00'),
    (2, 1, NULL, 'Where is my refund?', 'open', '2026-10-12T17:40:00+02:00'),
    (3, 2, 1, 'Invoice for February', 'closed', '2026-02-10T11:00:00+01:00');

INSERT INTO ticket_messages (id, ticket_id, side, body, sent_at) VALUES
    (1, 1, 'customer', 'It should be an A. It is a G sharp.', '2026-09-20T09:00:00+02:00'),
    (2, 1, 'shop', 'Dear Ada, please send it back; we pay the postage.', '2026-09-21T10:12:00+02:00'),
    (3, 2, 'customer', 'Four weeks, and no refund yet.', '2026-10-12T17:40:00+02:00'),
    (4, 3, 'customer', 'Could you send the invoice again?', '2026-02-10T11:00:00+01:00'),
    (5, 3, 'shop', 'Attached.', '2026-02-10T14:30:00+01:00');

-- The spelling differs from the account's on purpose: it is the same person all the same.
INSERT INTO newsletter (id, email, source, subscribed_at, unsubscribed_at) VALUES
    (1, 'Ada@Example.COM', 'checkout', '2023-02-14T09:31:00+01:00', NULL);

INSERT INTO page_views (id, customer_id, path, ip_address, user_agent, viewed_at) VALUES
    (1, 1, '/kettles', '203.0.113.42', 'Mozilla/5.0 (X11; Linux x86_64)', '2026-09-17T12:40:00+02:00'),
    (2, 1, '/cart', '203.0.113.42', 'Mozilla/5.0 (X11; Linux x86_64)', '2026-09-17T12:43:00+02:00'),
    (3, 2, '/account/invoices', '203.0.113.42', 'Mozilla/5.0 (Android 16; Mobile)', '2026-02-10T10:58:00+01:00');
