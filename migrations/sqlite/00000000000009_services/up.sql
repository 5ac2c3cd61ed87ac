-- What a company's service was asked, under an id that stays the same at each attempt, and what it answered.
CREATE TABLE deliveries (
    id BLOB PRIMARY KEY NOT NULL,
    request_id BLOB NOT NULL REFERENCES requests (id),
    system TEXT NOT NULL,
    operation TEXT NOT NULL,
    occasion TEXT NOT NULL,
    round INTEGER NOT NULL,
    state TEXT NOT NULL,
    wait_until TEXT,
    file BLOB,
    sealed BLOB NOT NULL,
    sealed_answer BLOB,
    UNIQUE (request_id, system, operation, occasion, round)
) WITHOUT ROWID;
CREATE INDEX deliveries_file ON deliveries (file) WHERE file IS NOT NULL;

-- Who does a task, and the rows that were found by hand.
ALTER TABLE tasks ADD COLUMN assignee BLOB;
ALTER TABLE tasks ADD COLUMN file BLOB;
ALTER TABLE tasks ADD COLUMN sealed_upload BLOB;
CREATE INDEX tasks_file ON tasks (file) WHERE file IS NOT NULL;

DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence', 'tell_service');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence', 'tell_service');
