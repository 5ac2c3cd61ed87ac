-- The rows of a manifest that names very many, a part each, so that nobody has to hold all of them at once.
CREATE TABLE manifest_parts (
    request_id BLOB NOT NULL REFERENCES requests (id),
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (request_id, round, number)
);
