-- Whether a message may have reached its service. Of older ones nobody knows, so they count as if it had.
ALTER TABLE deliveries ADD COLUMN has_left BOOLEAN NOT NULL DEFAULT TRUE;
