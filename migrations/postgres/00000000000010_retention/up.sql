-- Legal holds on a person's data in the company's systems, found by the keyed indexes of their identifiers.
CREATE TABLE legal_holds (
    id uuid PRIMARY KEY NOT NULL,
    controller text NOT NULL,
    email_index bytea,
    phone_index bytea,
    account_index bytea,
    placed_at timestamptz NOT NULL,
    placed_by uuid NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX legal_holds_email ON legal_holds (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX legal_holds_phone ON legal_holds (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX legal_holds_account ON legal_holds (account_index) WHERE account_index IS NOT NULL;

-- Deletions of which something is kept for a time: looked at again after `due`, or when no hold is in force any more.
CREATE TABLE retained (
    request_id uuid PRIMARY KEY NOT NULL REFERENCES requests (id),
    due date, -- the last day of the rows whose time is over first
    held boolean NOT NULL, -- some rows are under a legal hold
    queued boolean NOT NULL, -- the job that erases what may go is on its way
    rounds integer NOT NULL -- how many manifests the person was told of
);
CREATE INDEX retained_due ON retained (due) WHERE queued = FALSE;
CREATE INDEX retained_held ON retained (request_id) WHERE held = TRUE AND queued = FALSE;

DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained');
