-- The rows of a manifest that names very many, a part each, so that nobody has to hold all of them at once.
CREATE TABLE manifest_parts (
    request_id uuid NOT NULL REFERENCES requests (id),
    round integer NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (request_id, round, number)
);
