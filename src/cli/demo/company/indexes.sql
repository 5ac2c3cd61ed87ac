-- Made after the rows, which is faster than keeping them up to date row by row. Each reference and each identity has
-- one, so that no search reads a whole table.

CREATE INDEX customers_by_email ON customers (lower(email));
CREATE INDEX customers_by_phone ON customers (phone);
CREATE INDEX customers_by_address ON customers (address_id);
CREATE INDEX employees_by_email ON employees (lower(email));
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX orders_by_address ON orders (shipping_address_id);
CREATE INDEX order_items_by_product ON order_items (product_id);
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX tickets_by_customer ON tickets (customer_id);
CREATE INDEX tickets_by_employee ON tickets (handled_by);
CREATE INDEX ticket_messages_by_ticket ON ticket_messages (ticket_id);
CREATE INDEX newsletter_by_email ON newsletter (lower(email));
CREATE INDEX page_views_by_customer ON page_views (customer_id);
