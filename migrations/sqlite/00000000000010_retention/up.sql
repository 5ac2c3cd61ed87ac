-- Legal holds on a person's data in the company's systems, found by the keyed indexes of their identifiers.
CREATE TABLE legal_holds (
    id BLOB PRIMARY KEY NOT NULL,
    controller TEXT NOT NULL,
    email_index BLOB,
    phone_index BLOB,
    account_index BLOB,
    placed_at TEXT NOT NULL,
    placed_by BLOB NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX legal_holds_email ON legal_holds (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX legal_holds_phone ON legal_holds (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX legal_holds_account ON legal_holds (account_index) WHERE account_index IS NOT NULL;

-- Deletions of which something is kept for a time: looked at again after `due`, or when no hold is in force any more.
CREATE TABLE retained (
    request_id BLOB PRIMARY KEY NOT NULL REFERENCES requests (id),
    due TEXT, -- the last day of the rows whose time is over first
    held BOOLEAN NOT NULL, -- some rows are under a legal hold
    queued BOOLEAN NOT NULL, -- the job that erases what may go is on its way
    rounds INTEGER NOT NULL -- how many manifests the person was told of
) WITHOUT ROWID;
CREATE INDEX retained_due ON retained (due) WHERE queued = FALSE;
CREATE INDEX retained_held ON retained (request_id) WHERE held = TRUE AND queued = FALSE;

DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence', 'tell_service', 'erase_retained');
