-- Texts that are sorted or searched by their beginning compare as bytes do (COLLATE "C"), as they do in SQLite.

CREATE TABLE bundles (
    id uuid PRIMARY KEY NOT NULL,
    controller text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    challenge text
);

CREATE TABLE requests (
    id uuid PRIMARY KEY NOT NULL,
    bundle_id uuid NOT NULL REFERENCES bundles (id),
    controller text COLLATE "C" NOT NULL,
    right_name text NOT NULL,
    regime text NOT NULL,
    channel text NOT NULL,
    entered_by uuid,
    received_at timestamptz NOT NULL,
    due date NOT NULL,
    state text COLLATE "C" NOT NULL,
    assignee uuid,
    closed_at timestamptz,
    ground text,
    reference text COLLATE "C" NOT NULL,
    email_index bytea,
    phone_index bytea,
    wrapped_key bytea, -- NULL: purged
    sealed bytea NOT NULL,
    version bigint NOT NULL
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
    id uuid PRIMARY KEY NOT NULL,
    request_id uuid NOT NULL REFERENCES requests (id),
    at timestamptz NOT NULL,
    author text NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX messages_request ON messages (request_id, at, id);

CREATE TABLE steps (
    request_id uuid NOT NULL REFERENCES requests (id),
    ordinal integer NOT NULL,
    name text NOT NULL,
    system text COLLATE "C" NOT NULL,
    dataset text NOT NULL,
    collection text NOT NULL,
    state text COLLATE "C" NOT NULL,
    row_count bigint NOT NULL,
    error text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, ordinal)
);

CREATE TABLE manifests (
    request_id uuid NOT NULL REFERENCES requests (id),
    round integer NOT NULL,
    system text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    executed boolean NOT NULL,
    PRIMARY KEY (request_id, round, system)
);

CREATE TABLE jobs (
    id uuid PRIMARY KEY NOT NULL,
    kind text NOT NULL,
    request_id uuid,
    sole uuid UNIQUE, -- what there may be one such job for
    payload text NOT NULL,
    attempts integer NOT NULL,
    run_at timestamptz NOT NULL,
    owner uuid,
    leased_until timestamptz,
    last_error text,
    given_up boolean NOT NULL
);
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind <> 'fulfil';
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind = 'fulfil';
CREATE INDEX jobs_request ON jobs (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (owner) WHERE owner IS NOT NULL;

CREATE TABLE chain_heads (
    controller text COLLATE "C" PRIMARY KEY NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE entries (
    controller text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    request_id uuid,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    event text NOT NULL,
    facts text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (controller, seq)
);
CREATE INDEX entries_request ON entries (request_id, seq) WHERE request_id IS NOT NULL;

CREATE FUNCTION habeas_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only appended to';
END
$$;
CREATE TRIGGER entries_unchanged BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION habeas_refuse_change();

CREATE TABLE suppressions (
    email_index bytea NOT NULL,
    controller text COLLATE "C" NOT NULL,
    what text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    request_id uuid,
    PRIMARY KEY (email_index, controller, what)
);

CREATE TABLE staff (
    id uuid PRIMARY KEY NOT NULL,
    email text NOT NULL UNIQUE, -- in lower case
    name text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    active boolean NOT NULL,
    failures integer NOT NULL,
    locked_until timestamptz,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY NOT NULL,
    staff_id uuid NOT NULL REFERENCES staff (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY NOT NULL,
    name text NOT NULL,
    controller text COLLATE "C",
    hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE answers (
    scope bytea PRIMARY KEY NOT NULL,
    body_hash bytea NOT NULL,
    status integer NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX answers_at ON answers (at);
