-- Cells of free text that staff look at before an answer leaves; gone once it left.
CREATE TABLE free_texts (
    request_id BLOB NOT NULL REFERENCES requests (id),
    cell BLOB NOT NULL,
    ordinal BIGINT NOT NULL,
    run BLOB NOT NULL,
    sealed BLOB NOT NULL,
    sealed_decision BLOB,
    PRIMARY KEY (request_id, cell)
) WITHOUT ROWID;
CREATE INDEX free_texts_order ON free_texts (request_id, ordinal, cell);
