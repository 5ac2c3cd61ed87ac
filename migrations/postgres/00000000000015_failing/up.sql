-- Since when a system fails that a fulfilment needs, and how many attempts failed.
ALTER TABLE steps ADD COLUMN since timestamptz;
ALTER TABLE steps ADD COLUMN attempts integer NOT NULL DEFAULT 0;
