-- Two filters that together match little were answered by walking over everything that one of them matches. In the order of
-- due dates, which is the queue's own.
CREATE INDEX requests_controller_right_due ON requests (controller, right_name, due, id) WHERE wrapped_key IS NOT NULL;
CREATE INDEX requests_assignee_state_due ON requests (assignee, state, due, id)
    WHERE assignee IS NOT NULL AND wrapped_key IS NOT NULL;
