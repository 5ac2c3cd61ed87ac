-- Since when a system fails that a fulfilment needs, and how many attempts failed.
ALTER TABLE steps ADD COLUMN since TEXT;
ALTER TABLE steps ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
