-- What the figures of a year and the request log are counted from: it outlives the purge.
ALTER TABLE requests ADD COLUMN outcome TEXT;
UPDATE requests SET outcome = CASE WHEN closed_at IS NULL THEN NULL ELSE state END;
CREATE INDEX requests_regime_received ON requests (regime, received_at, id);

-- What is to be purged, found without looking at what was purged before.
CREATE INDEX requests_closed ON requests (controller, regime, closed_at, id)
    WHERE closed_at IS NOT NULL AND wrapped_key IS NOT NULL;

CREATE TABLE record_holds (
    request_id BLOB PRIMARY KEY NOT NULL REFERENCES requests (id),
    until TEXT NOT NULL,
    at TEXT NOT NULL,
    held_by BLOB NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

-- A letter's id is its job's; one about a whole submission is kept with each of its requests.
CREATE TABLE communications (
    id BLOB NOT NULL,
    request_id BLOB NOT NULL REFERENCES requests (id),
    at TEXT NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    delivery TEXT NOT NULL,
    recorded_by BLOB,
    sealed BLOB NOT NULL,
    PRIMARY KEY (id, request_id)
);
CREATE INDEX communications_request ON communications (request_id, at, id);

CREATE TABLE tasks (
    id BLOB PRIMARY KEY NOT NULL,
    request_id BLOB NOT NULL REFERENCES requests (id),
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    instruction TEXT NOT NULL,
    arose_at TEXT NOT NULL,
    due TEXT NOT NULL,
    result TEXT,
    row_count BIGINT NOT NULL,
    ground TEXT,
    done_at TEXT,
    done_by BLOB,
    sealed_note BLOB,
    UNIQUE (request_id, ordinal)
);
CREATE INDEX tasks_due ON tasks (due, id);
CREATE INDEX tasks_open ON tasks (due, id) WHERE done_at IS NULL;

-- The request that a kept answer speaks of, so that the purge takes it along.
ALTER TABLE answers ADD COLUMN request_id BLOB;
CREATE INDEX answers_request ON answers (request_id) WHERE request_id IS NOT NULL;
