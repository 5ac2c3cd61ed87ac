-- What agents handed in: the files lie on a shelf, their keys in the seals of the requests they serve.
CREATE TABLE documents (
    id BLOB PRIMARY KEY NOT NULL, -- the file's name
    bundle_id BLOB NOT NULL REFERENCES bundles (id),
    stored_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX documents_bundle ON documents (bundle_id);

-- Agents whom staff have listed as trusted, found by the keyed index of their address.
CREATE TABLE trusted_agents (
    id BLOB PRIMARY KEY NOT NULL,
    email_index BLOB NOT NULL UNIQUE,
    added_at TEXT NOT NULL,
    added_by BLOB NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;
