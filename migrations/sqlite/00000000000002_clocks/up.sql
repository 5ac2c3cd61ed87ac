-- The day on which somebody may have to be reminded; what was there before is looked at once, at the first start.
ALTER TABLE requests ADD COLUMN look_at TEXT;
ALTER TABLE requests ADD COLUMN clock_stopped_at TEXT;
UPDATE requests SET look_at = substr(received_at, 1, 10) WHERE closed_at IS NULL AND wrapped_key IS NOT NULL;

CREATE INDEX requests_look ON requests (look_at, id) WHERE look_at IS NOT NULL;
CREATE INDEX requests_running ON requests (controller, due) WHERE closed_at IS NULL AND clock_stopped_at IS NULL;
CREATE INDEX requests_open_received ON requests (received_at) WHERE closed_at IS NULL;
CREATE INDEX requests_stopped ON requests (clock_stopped_at) WHERE clock_stopped_at IS NOT NULL;

-- Who was told what about which date: one line each, so that no process says it twice.
CREATE TABLE notices (
    request_id BLOB NOT NULL REFERENCES requests (id),
    notice TEXT NOT NULL,
    due TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (request_id, notice, due)
) WITHOUT ROWID;
