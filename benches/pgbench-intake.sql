-- What taking in one request writes, as plain pgbench does it: the yardstick for the server's own rate.
-- TO BE COMPLETED when migrations/postgres has its tables: the same INSERTs as the store makes for one submission of one
-- right (bundle, request, audit entry, mail job), each with values of the same size, and nothing else. Until then this
-- file fails on purpose, so that nobody compares the server with an empty transaction.
BEGIN;
SELECT 1 / 0 AS "benches/pgbench-intake.sql has no INSERTs yet";
COMMIT;
