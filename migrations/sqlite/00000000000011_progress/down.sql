DROP INDEX requests_assignee_received;
DROP INDEX requests_controller_received;
DROP INDEX requests_state_received;
DROP INDEX requests_right_received;
DROP INDEX requests_right_due;
ALTER TABLE steps DROP COLUMN byte_count;
