-- A refresh token that comes again after its grace ends its session, durably though the statement fails, and no other.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'), fastauth.configure('refresh_reuse_grace', '0');
RESET ROLE;
CREATE FUNCTION pg_temp.refresh(token text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', token))$$;
CREATE FUNCTION pg_temp.state(access text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.authenticate(%L)', access))$$;
SET ROLE regress_server;
SELECT access_token AS other, refresh_token AS other_r FROM fastauth.signup('replay.ann@example.com', 'correct horse battery') \gset

-- The thief's chain ends too, whoever comes second
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('replay.ann@example.com', 'correct horse battery') \gset
SELECT access_token AS a2, refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT fastauth.set_client('192.0.2.9');
SELECT fastauth.refresh(:'r');
SELECT pg_temp.state(:'a') AS first_access_token, pg_temp.state(:'a2') AS second, pg_temp.refresh(:'r2') AS successor, pg_temp.refresh(:'r') AS again;
SELECT pg_temp.state(:'other') AS other_session, pg_temp.refresh(:'other_r') AS its_refresh;
RESET ROLE;
SELECT f.kind, f.is_user, u.email, f.session_id = r.session_id AS of_the_session, r.reason FROM fastauth.failures f
	JOIN fastauth.users u ON u.id = f.account JOIN fastauth.session_revocations r USING (session_id) WHERE f.kind = 'replay';
-- It is no wrong password
SELECT regress_outcome($$SELECT fastauth.signin('replay.ann@example.com', 'correct horse battery')$$) AS not_locked;
SET ROLE regress_server;

-- In a transaction that goes on, and in one that is rolled back; with an old snapshot
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('replay.ann@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT pg_temp.state(:'a') AS before, pg_temp.refresh(:'r'), pg_temp.state(:'a') AS after;
ROLLBACK;
SELECT pg_temp.state(:'a') AS after_the_rollback;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('replay.ann@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
BEGIN ISOLATION LEVEL SERIALIZABLE;
SAVEPOINT s;
SELECT fastauth.refresh(:'r');
ROLLBACK TO s;
SELECT pg_temp.state(:'a') AS after_the_savepoint;
COMMIT;

-- The end of a session that its transaction has not committed yet stays, through a cleanup too (and those of the three before,
-- whose sessions that cleanup removes)
BEGIN;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('replay.ann@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT pg_temp.refresh(:'r');
\c -
SET ROLE regress_server;
SELECT fastauth.cleanup_expired() >= 0 AS cleaned;
RESET ROLE;
SELECT reason, count(*) FROM fastauth.session_revocations r WHERE NOT EXISTS (SELECT FROM fastauth.sessions s WHERE s.id = r.session_id) GROUP BY 1;
-- (its transaction was lost with the connection); after a day it goes
UPDATE fastauth.session_revocations SET revoked_at = revoked_at - interval '25 h';
SELECT fastauth.cleanup_expired() > 0 AS cleaned;
SELECT count(*) FROM fastauth.session_revocations;

SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['password_hash_memory', 'password_hash_iterations', 'refresh_reuse_grace']) AS name;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.failures;
