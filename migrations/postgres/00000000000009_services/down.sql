DROP INDEX jobs_mail;
DROP INDEX jobs_fulfil;
CREATE INDEX jobs_mail ON jobs (run_at, id) WHERE kind NOT IN ('fulfil', 'match_evidence');
CREATE INDEX jobs_fulfil ON jobs (run_at, id) WHERE kind IN ('fulfil', 'match_evidence');
DROP INDEX tasks_file;
ALTER TABLE tasks DROP COLUMN sealed_upload;
ALTER TABLE tasks DROP COLUMN file;
ALTER TABLE tasks DROP COLUMN assignee;
DROP TABLE deliveries;
