-- What a company's service was asked, under an id that stays the same at each attempt, and what it answered.
CREATE TABLE deliveries (
    id uuid PRIMARY KEY NOT NULL,
    request_id uuid NOT NULL REFERENCES requests (id),
    system text NOT NULL,
    operation text NOT NULL,
    occasion timestamptz NOT NULL,
    round integer NOT NULL,
    state text NOT NULL,
    wait_until timestamptz,
    file uuid,
    sealed bytea NOT NULL,
    sealed_answer bytea,
    UNIQUE (request_id, system, operation, occasion, round)
);
CREATE INDEX deliveries_file ON deliveries (file) WHERE file IS NOT NULL;

-- Who does a task, and the rows that were found by hand.
ALTER TABLE tasks ADD COLUMN assignee uuid;
ALTER TABLE tasks ADD COLUMN file uuid;
ALTER TABLE tasks ADD COLUMN sealed_upload bytea;
CREATE INDEX tasks_file ON tasks (file) WHERE file IS NOT NULL;

DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence', 'tell_service');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence', 'tell_service');
