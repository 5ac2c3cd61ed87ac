-- `due` is the next date owed, an open appeal's included; `answer_due` stays the answer's.
ALTER TABLE requests
    ADD COLUMN answer_due date,
    ADD COLUMN appeal_state text COLLATE "C",
    ADD COLUMN appeal_filed_at timestamptz,
    ADD COLUMN appeal_due date,
    ADD COLUMN appeal_settled_at timestamptz;
UPDATE requests SET answer_due = due WHERE due <> '9999-12-31';

CREATE INDEX requests_appeal ON requests (appeal_state, due, id)
    WHERE appeal_state IS NOT NULL AND wrapped_key IS NOT NULL;

-- What the same person asked before: counted for free requests and looked through for repeats.
DROP INDEX requests_email;
CREATE INDEX requests_email ON requests (email_index, controller, right_name, received_at)
    WHERE email_index IS NOT NULL;
