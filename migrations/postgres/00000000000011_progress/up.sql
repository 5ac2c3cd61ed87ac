-- How much of a package is written, while it is: counts only.
ALTER TABLE steps ADD COLUMN byte_count bigint NOT NULL DEFAULT 0;

-- The queue by every filter in either order, each page from an index: a sort of a million rows takes seconds.
CREATE INDEX requests_right_due ON requests (right_name, due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_right_received ON requests (right_name, received_at, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_state_received ON requests (state, received_at, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_controller_received ON requests (controller, received_at, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_assignee_received ON requests (assignee, received_at, id)
    WHERE assignee IS NOT NULL AND wrapped_key IS NOT NULL;
