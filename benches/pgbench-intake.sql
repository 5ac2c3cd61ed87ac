-- One access request as the store writes it (src/store): bundle, request, the job that mails the code, and one audit entry at
-- the end of its controller's chain, in one transaction, with the same statements. Values have the sizes of real ones, and
-- ids sort by time as the store's do. Run it prepared, with
--   chain=1   the head of the chain is locked, read and moved on, as the store does; whoever holds it holds up everybody else
--             until the commit. The server does so once for a whole group of requests, pgbench cannot.
--   chain=0   without the head: the INSERTs alone, which nothing holds up
--   blocks=N  a request's sealed part has 16 times N bytes; benches/run takes that from the server's own rows
\set r1 random(1, 9223372036854775806)
\set r2 random(1, 9223372036854775806)
\set r3 random(1, 9223372036854775806)
BEGIN;
INSERT INTO bundles (id, controller, token_hash, created_at, challenge) VALUES (
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r1::bigint), 16, '0'))::uuid,
    'shop', sha256(:r1::text::bytea), now(),
    '{"serial": 12345678901234567890, "expires_at": "' || now() || '", "tries_left": 5, "sent": ["' || now() || '"], "confirmed_at": null}'
);
INSERT INTO requests (id, bundle_id, controller, right_name, regime, channel, entered_by, received_at, due, state, assignee,
    closed_at, ground, reference, email_index, phone_index, wrapped_key, sealed, version) VALUES (
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r2::bigint), 16, '0'))::uuid,
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r1::bigint), 16, '0'))::uuid,
    'shop', 'access', 'gdpr', 'web', NULL, now(), current_date + 21, 'awaiting_verification', NULL,
    NULL, NULL, 'DSR-' || upper(substr(md5(:r2::text), 1, 4)) || '-' || upper(substr(md5(:r2::text), 5, 4)),
    sha256(:r2::text::bytea), NULL, decode(repeat('ab', 60), 'hex'),
    decode(repeat(md5(:r3::text), :blocks::int), 'hex'), 1
);
INSERT INTO jobs (id, kind, request_id, sole, payload, attempts, run_at, owner, leased_until, last_error, given_up) VALUES (
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r3::bigint), 16, '0'))::uuid,
    'mail_code', NULL, NULL,
    '{"kind": "mail_code", "bundle": "00000000-0000-7000-8000-000000000000", "serial": 12345678901234567890}',
    0, now(), NULL, NULL, NULL, false
) ON CONFLICT (sole) DO UPDATE SET
    run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END,
    attempts = CASE WHEN jobs.given_up THEN 0 ELSE jobs.attempts END,
    given_up = false;
\if :chain
SELECT seq + 1 AS seq FROM chain_heads WHERE controller = 'shop' FOR UPDATE \gset
UPDATE chain_heads SET seq = :seq, hash = sha256(:r2::text::bytea) WHERE controller = 'shop';
INSERT INTO entries (controller, seq, request_id, at, actor, event, facts, hash) VALUES (
    'shop', :seq, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r2::bigint), 16, '0'))::uuid,
    now(), 'requester', 'request.submitted', '{"right": "access", "regime": "gdpr", "channel": "web", "due": "2026-12-13"}',
    sha256(:r2::text::bytea)
);
\else
-- A place of its own at the end of the chain: the microsecond and the client.
INSERT INTO entries (controller, seq, request_id, at, actor, event, facts, hash) VALUES (
    'shop', (extract(epoch FROM now()) * 1000000)::bigint * 4096 + :client_id::bigint, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(:r2::bigint), 16, '0'))::uuid,
    now(), 'requester', 'request.submitted', '{"right": "access", "regime": "gdpr", "channel": "web", "due": "2026-12-13"}',
    sha256(:r2::text::bytea)
);
\endif
COMMIT;
