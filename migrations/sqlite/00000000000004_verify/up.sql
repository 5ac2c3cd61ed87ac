-- How often one address had its name or its answers compared on one day (UTC); the address by its keyed index.
CREATE TABLE verification_tries (
    email_index BLOB NOT NULL,
    what TEXT NOT NULL,
    day TEXT NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (email_index, what, day)
) WITHOUT ROWID;
CREATE INDEX verification_tries_day ON verification_tries (day);

-- A member of staff's one-time codes; the secret is sealed. `last_step` is the newest code taken, none older counts.
CREATE TABLE second_factors (
    staff_id BLOB PRIMARY KEY NOT NULL REFERENCES staff (id),
    sealed BLOB NOT NULL,
    created_at TEXT NOT NULL,
    confirmed_at TEXT,
    last_step BIGINT NOT NULL
) WITHOUT ROWID;

-- Evidence is matched in the company's systems, so that work is in the lane of fulfilments.
DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence');
