ALTER TABLE deliveries DROP COLUMN has_left;
