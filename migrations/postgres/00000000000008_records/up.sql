-- What the figures of a year and the request log are counted from: it outlives the purge.
ALTER TABLE requests ADD COLUMN outcome text;
UPDATE requests SET outcome = CASE WHEN closed_at IS NULL THEN NULL ELSE state END;
CREATE INDEX requests_regime_received ON requests (regime, received_at, id);

-- What is to be purged, found without looking at what was purged before.
CREATE INDEX requests_closed ON requests (controller, regime, closed_at, id)
    WHERE closed_at IS NOT NULL AND wrapped_key IS NOT NULL;

CREATE TABLE record_holds (
    request_id uuid PRIMARY KEY NOT NULL REFERENCES requests (id),
    until date NOT NULL,
    at timestamptz NOT NULL,
    held_by uuid NOT NULL,
    sealed bytea NOT NULL
);

-- A letter's id is its job's; one about a whole submission is kept with each of its requests.
CREATE TABLE communications (
    id uuid NOT NULL,
    request_id uuid NOT NULL REFERENCES requests (id),
    at timestamptz NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    kind text NOT NULL,
    delivery text NOT NULL,
    recorded_by uuid,
    sealed bytea NOT NULL,
    PRIMARY KEY (id, request_id)
);
CREATE INDEX communications_request ON communications (request_id, at, id);

CREATE TABLE tasks (
    id uuid PRIMARY KEY NOT NULL,
    request_id uuid NOT NULL REFERENCES requests (id),
    ordinal integer NOT NULL,
    name text NOT NULL,
    instruction text NOT NULL,
    arose_at timestamptz NOT NULL,
    due date NOT NULL,
    result text,
    row_count bigint NOT NULL,
    ground text,
    done_at timestamptz,
    done_by uuid,
    sealed_note bytea,
    UNIQUE (request_id, ordinal)
);
CREATE INDEX tasks_due ON tasks (due, id);
CREATE INDEX tasks_open ON tasks (due, id) WHERE done_at IS NULL;

-- The request that a kept answer speaks of, so that the purge takes it along.
ALTER TABLE answers ADD COLUMN request_id uuid;
CREATE INDEX answers_request ON answers (request_id) WHERE request_id IS NOT NULL;
