-- Standing marks: restriction, objection, limited sensitive data, withdrawn consent. Each request sets its own, so that
-- lifting one leaves the others.
CREATE TABLE marks (
    email_index bytea NOT NULL,
    controller text COLLATE "C" NOT NULL,
    what text COLLATE "C" NOT NULL,
    request_id uuid NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (email_index, controller, what, request_id)
);
