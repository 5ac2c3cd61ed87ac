DROP INDEX answers_request;
ALTER TABLE answers DROP COLUMN request_id;
DROP TABLE tasks;
DROP TABLE communications;
DROP TABLE record_holds;
DROP INDEX requests_closed;
DROP INDEX requests_regime_received;
ALTER TABLE requests DROP COLUMN outcome;
