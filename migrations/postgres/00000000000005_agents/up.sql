-- What agents handed in: the files lie on a shelf, their keys in the seals of the requests they serve.
CREATE TABLE documents (
    id uuid PRIMARY KEY NOT NULL, -- the file's name
    bundle_id uuid NOT NULL REFERENCES bundles (id),
    stored_at timestamptz NOT NULL
);
CREATE INDEX documents_bundle ON documents (bundle_id);

-- Agents whom staff have listed as trusted, found by the keyed index of their address.
CREATE TABLE trusted_agents (
    id uuid PRIMARY KEY NOT NULL,
    email_index bytea NOT NULL UNIQUE,
    added_at timestamptz NOT NULL,
    added_by uuid NOT NULL,
    sealed bytea NOT NULL
);
