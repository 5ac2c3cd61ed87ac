-- Standing marks: restriction, objection, limited sensitive data, withdrawn consent. Each request sets its own, so that
-- lifting one leaves the others.
CREATE TABLE marks (
    email_index BLOB NOT NULL,
    controller TEXT NOT NULL,
    what TEXT NOT NULL,
    request_id BLOB NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (email_index, controller, what, request_id)
) WITHOUT ROWID;
