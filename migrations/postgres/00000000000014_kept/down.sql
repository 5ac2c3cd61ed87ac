ALTER TABLE retained DROP COLUMN holds;
ALTER TABLE deliveries DROP COLUMN has_left;
