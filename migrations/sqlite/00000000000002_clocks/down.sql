DROP TABLE notices;
DROP INDEX requests_stopped;
DROP INDEX requests_open_received;
DROP INDEX requests_running;
DROP INDEX requests_look;
ALTER TABLE requests DROP COLUMN clock_stopped_at;
ALTER TABLE requests DROP COLUMN look_at;
