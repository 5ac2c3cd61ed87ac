-- How often one address had its name or its answers compared on one day (UTC); the address by its keyed index.
CREATE TABLE verification_tries (
    email_index bytea NOT NULL,
    what text COLLATE "C" NOT NULL,
    day date NOT NULL,
    tries integer NOT NULL,
    PRIMARY KEY (email_index, what, day)
);
CREATE INDEX verification_tries_day ON verification_tries (day);

-- A member of staff's one-time codes; the secret is sealed. `last_step` is the newest code taken, none older counts.
CREATE TABLE second_factors (
    staff_id uuid PRIMARY KEY NOT NULL REFERENCES staff (id),
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL
);

-- Evidence is matched in the company's systems, so that work is in the lane of fulfilments.
DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence');
