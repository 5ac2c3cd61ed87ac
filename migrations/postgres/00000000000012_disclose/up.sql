-- Cells of free text that staff look at before an answer leaves; gone once it left.
CREATE TABLE free_texts (
    request_id uuid NOT NULL REFERENCES requests (id),
    cell uuid NOT NULL,
    ordinal bigint NOT NULL,
    run uuid NOT NULL,
    sealed bytea NOT NULL,
    sealed_decision bytea,
    PRIMARY KEY (request_id, cell)
);
CREATE INDEX free_texts_order ON free_texts (request_id, ordinal, cell);
