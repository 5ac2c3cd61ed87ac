DROP INDEX requests_email;
CREATE INDEX requests_email ON requests (email_index) WHERE email_index IS NOT NULL;
DROP INDEX requests_appeal;
ALTER TABLE requests DROP COLUMN appeal_settled_at;
ALTER TABLE requests DROP COLUMN appeal_due;
ALTER TABLE requests DROP COLUMN appeal_filed_at;
ALTER TABLE requests DROP COLUMN appeal_state;
ALTER TABLE requests DROP COLUMN answer_due;
