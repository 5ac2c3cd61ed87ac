DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind <> 'fulfil';
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind = 'fulfil';
DROP TABLE second_factors;
DROP TABLE verification_tries;
