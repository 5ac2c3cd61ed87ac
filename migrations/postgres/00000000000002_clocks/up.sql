-- The day on which somebody may have to be reminded; what was there before is looked at once, at the first start.
ALTER TABLE requests ADD COLUMN look_at date;
ALTER TABLE requests ADD COLUMN clock_stopped_at timestamptz;
UPDATE requests SET look_at = (received_at AT TIME ZONE 'UTC')::date WHERE closed_at IS NULL AND wrapped_key IS NOT NULL;

CREATE INDEX requests_look ON requests (look_at, id) WHERE look_at IS NOT NULL;
CREATE INDEX requests_running ON requests (controller, due) WHERE closed_at IS NULL AND clock_stopped_at IS NULL;
CREATE INDEX requests_open_received ON requests (received_at) WHERE closed_at IS NULL;
CREATE INDEX requests_stopped ON requests (clock_stopped_at) WHERE clock_stopped_at IS NOT NULL;

-- Who was told what about which date: one line each, so that no process says it twice.
CREATE TABLE notices (
    request_id uuid NOT NULL REFERENCES requests (id),
    notice text COLLATE "C" NOT NULL,
    due date NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (request_id, notice, due)
);
