-- Identifiers are 16 bytes, times RFC 3339 in UTC with microseconds and dates ISO 8601: all sort as bytes do.

CREATE TABLE bundles (
    id BLOB PRIMARY KEY NOT NULL,
    controller TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    challenge TEXT
) WITHOUT ROWID;

CREATE TABLE requests (
    id BLOB PRIMARY KEY NOT NULL,
    bundle_id BLOB NOT NULL REFERENCES bundles (id),
    controller TEXT NOT NULL,
    right_name TEXT NOT NULL,
    regime TEXT NOT NULL,
    channel TEXT NOT NULL,
    entered_by BLOB,
    received_at TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    assignee BLOB,
    closed_at TEXT,
    ground TEXT,
    reference TEXT NOT NULL,
    email_index BLOB,
    phone_index BLOB,
    wrapped_key BLOB, -- NULL: purged
    sealed BLOB NOT NULL,
    version BIGINT NOT NULL
);

-- The queue shows what is not purged; what was purged long ago must not be walked over to get there.
CREATE INDEX requests_state_due ON requests (state, due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_due ON requests (due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_controller_due ON requests (controller, due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_controller_state_due ON requests (controller, state, due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_received ON requests (received_at, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_assignee ON requests (assignee, due, id)
    WHERE assignee IS NOT NULL AND wrapped_key IS NOT NULL;
CREATE INDEX requests_reference ON requests (reference);
CREATE INDEX requests_email ON requests (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX requests_phone ON requests (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX requests_bundle ON requests (bundle_id);
CREATE INDEX requests_unproved ON requests (received_at, id)
    WHERE state IN ('awaiting_verification', 'awaiting_authorization');

CREATE TABLE messages (
    id BLOB PRIMARY KEY NOT NULL,
    request_id BLOB NOT NULL REFERENCES requests (id),
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX messages_request ON messages (request_id, at, id);

CREATE TABLE steps (
    request_id BLOB NOT NULL REFERENCES requests (id),
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    system TEXT NOT NULL,
    dataset TEXT NOT NULL,
    collection TEXT NOT NULL,
    state TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    error TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (request_id, ordinal)
) WITHOUT ROWID;

CREATE TABLE manifests (
    request_id BLOB NOT NULL REFERENCES requests (id),
    round INTEGER NOT NULL,
    system TEXT NOT NULL,
    sealed BLOB NOT NULL,
    executed BOOLEAN NOT NULL,
    PRIMARY KEY (request_id, round, system)
);

CREATE TABLE jobs (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    request_id BLOB,
    sole BLOB UNIQUE, -- what there may be one such job for
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    run_at TEXT NOT NULL,
    owner BLOB,
    leased_until TEXT,
    last_error TEXT,
    given_up BOOLEAN NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind <> 'fulfil';
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind = 'fulfil';
CREATE INDEX jobs_request ON jobs (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (owner) WHERE owner IS NOT NULL;

CREATE TABLE chain_heads (
    controller TEXT PRIMARY KEY NOT NULL,
    seq BIGINT NOT NULL,
    hash BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE entries (
    controller TEXT NOT NULL,
    seq BIGINT NOT NULL,
    request_id BLOB,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    facts TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (controller, seq)
) WITHOUT ROWID;
CREATE INDEX entries_request ON entries (request_id, seq) WHERE request_id IS NOT NULL;

CREATE TRIGGER entries_unchanged BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;
CREATE TRIGGER entries_undeleted BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only appended to');
END;

CREATE TABLE suppressions (
    email_index BLOB NOT NULL,
    controller TEXT NOT NULL,
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    request_id BLOB,
    PRIMARY KEY (email_index, controller, what)
) WITHOUT ROWID;

CREATE TABLE staff (
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE, -- in lower case
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    failures INTEGER NOT NULL,
    locked_until TEXT,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    staff_id BLOB NOT NULL REFERENCES staff (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
) WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    controller TEXT,
    hash BLOB NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    revoked_at TEXT
) WITHOUT ROWID;

CREATE TABLE answers (
    scope BLOB PRIMARY KEY NOT NULL,
    body_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX answers_at ON answers (at);
