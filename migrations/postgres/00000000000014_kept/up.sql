-- Whether a message may have reached its service. Of older ones nobody knows, so they count as if it had.
ALTER TABLE deliveries ADD COLUMN has_left boolean NOT NULL DEFAULT TRUE;

-- Which holds were in force when what is kept was looked at last; of older lines nobody knows, so they are looked at again.
ALTER TABLE retained ADD COLUMN holds bigint NOT NULL DEFAULT 0;
