-- The lockout: which attempts at a password are looked at, what a lock refuses and how long, what clears it, and
-- that nothing the caller does to its transaction changes a decision.  (Parallel guesses: test/t/070_lockout.pl.)
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
-- What other tests left is not counted here.
TRUNCATE fastauth.failures;
CREATE FUNCTION pg_temp.signin(email text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.signin(%L, %L)', email, password))$$;
-- From an address, as the application's server tells it.
CREATE FUNCTION pg_temp.signin_from(address inet, email text, password text) RETURNS text LANGUAGE plpgsql AS
	$$BEGIN PERFORM fastauth.set_client(address); RETURN pg_temp.signin(email, password); END$$;
-- So many wrong passwords, one after the other; how they ended, each answer with how often.
CREATE FUNCTION pg_temp.wrong(email text, n int, address inet DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(outcome || ' ' || c, ', ' ORDER BY outcome) FROM
		(SELECT outcome, count(*) AS c FROM generate_series(1, n) AS i, LATERAL (SELECT pg_temp.signin_from(address, email, 'wrong ' || i) AS outcome) AS o GROUP BY outcome) AS t$$;
-- The rows of an account, without what differs each time.
CREATE FUNCTION pg_temp.rows(account uuid) RETURNS TABLE (kind text, address inet, is_user bool, lock interval, address_lock bool, both_locks bool, n bigint) LANGUAGE sql SECURITY DEFINER AS
	$$SELECT f.kind, f.address, f.is_user, f.locked_until - f.failed_at, f.address_lock, f.both_locks, count(*) FROM fastauth.failures f WHERE f.account = $1
		GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY min(f.failed_at)$$;
-- The message of a refusal, and whether the seconds in it are in that range.
CREATE FUNCTION pg_temp.told(email text, password text, low int, high int) RETURNS TABLE (message text, in_range bool) LANGUAGE plpgsql AS $$
DECLARE
	m text;
BEGIN
	PERFORM fastauth.signin(email, password);
EXCEPTION WHEN SQLSTATE 'PT429' THEN
	GET STACKED DIAGNOSTICS m = MESSAGE_TEXT;
	RETURN QUERY SELECT regexp_replace(m, '[0-9]+', 'N'), substring(m FROM '[0-9]+')::int BETWEEN low AND high;
END $$;
-- Does it come to that within ten seconds?
CREATE FUNCTION pg_temp.becomes(email text, password text, wanted text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		IF pg_temp.signin(email, password) = wanted THEN RETURN true; END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
	RETURN false;
END $$;
SET ROLE regress_server;
SELECT id AS ann FROM fastauth.create_user('lockout.ann@example.com', 'correct horse battery') \gset
SELECT id AS bob FROM fastauth.create_user('lockout.bob@example.com', 'correct horse battery') \gset
SELECT id AS cid FROM fastauth.create_user('lockout.cid@example.com', 'correct horse battery') \gset
SELECT id AS dan FROM fastauth.create_user('lockout.dan@example.com', 'correct horse battery') \gset

--
-- The fifth wrong password locks; then the right one is refused too, and no row is written
--
SELECT pg_temp.wrong('lockout.ann@example.com', 4);
SELECT pg_temp.signin('lockout.ann@example.com', 'correct horse battery') AS four_do_not_lock;
SELECT pg_temp.wrong('lockout.ann@example.com', 4) AS success_cleared;
SELECT pg_temp.wrong('lockout.ann@example.com', 3);
SELECT * FROM pg_temp.told('lockout.ann@example.com', 'correct horse battery', 290, 300);
SELECT pg_temp.signin(' LOCKOUT.Ann@example.com', 'correct horse battery') AS other_spelling;
SELECT * FROM pg_temp.rows(:'ann');
-- others are not locked
SELECT pg_temp.signin('lockout.bob@example.com', 'correct horse battery');

-- An address that is nobody's, and what is no address at all: the same answers, and no word of what was typed
SELECT pg_temp.wrong('lockout.nobody@example.com', 7), pg_temp.wrong('hunter2 is my password', 7), pg_temp.wrong('lockout: no address', 7);
SELECT * FROM pg_temp.told('lockout.nobody@example.com', 'wrong', 290, 300);
SELECT pg_temp.signin('LOCKOUT.nobody@example.com ', 'wrong') AS other_spelling;
RESET ROLE;
SELECT is_user, address_lock, locked_until - failed_at AS lock, count(*), count(DISTINCT account) AS accounts FROM fastauth.failures
	WHERE kind = 'signin' AND NOT is_user GROUP BY 1, 2, 3 ORDER BY 3 NULLS FIRST;
SELECT count(*) AS told FROM fastauth.failures f WHERE f::text LIKE '%hunter%' OR f::text LIKE '%nobody%';
SET ROLE regress_server;

-- The lock blocks neither a refresh nor a session that is there
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('lockout.bob@example.com', 'correct horse battery') \gset
SELECT pg_temp.wrong('lockout.bob@example.com', 6);
SELECT regress_outcome(format('SELECT fastauth.authenticate(%L)', :'a')), regress_outcome(format('SELECT fastauth.refresh(%L)', :'r'));

-- An administrator who sets the hash unlocks
SELECT fastauth.set_hashed_password(:'bob', fastauth.get_hashed_password(:'bob'));
SELECT pg_temp.signin('lockout.bob@example.com', 'correct horse battery');
SELECT kind, address, n FROM pg_temp.rows(:'bob');

--
-- Each further lock is twice as long, up to an hour; counting starts anew with each
--
RESET ROLE;
SELECT fastauth.configure('lockout_duration', '1 s'), fastauth.configure('max_login_attempts', '2');
SET ROLE regress_server;
SELECT pg_temp.wrong('lockout.cid@example.com', 2), pg_temp.signin('lockout.cid@example.com', 'correct horse battery');
SELECT pg_temp.becomes('lockout.cid@example.com', 'wrong', 'PT401 invalid_credentials') AS the_lock_ends;
SELECT pg_temp.wrong('lockout.cid@example.com', 2) AS one_more_locks_again;
SELECT * FROM pg_temp.told('lockout.cid@example.com', 'correct horse battery', 1, 2);
SELECT pg_temp.becomes('lockout.cid@example.com', 'correct horse battery', 'accepted') AS it_ends_too;
SELECT pg_temp.wrong('lockout.cid@example.com', 3) AS the_first_again;
SELECT kind, lock, address_lock, n FROM pg_temp.rows(:'cid');
RESET ROLE;
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['lockout_duration', 'max_login_attempts']) AS name;
-- a limit that is lowered below what was counted refuses, and one that is raised lets in
SELECT fastauth.set_hashed_password(:'cid', fastauth.get_hashed_password(:'cid'));
SET ROLE regress_server;
SELECT pg_temp.wrong('lockout.cid@example.com', 3);
RESET ROLE;
SELECT fastauth.configure('max_login_attempts', '3');
SELECT pg_temp.signin('lockout.cid@example.com', 'correct horse battery') AS lowered;
SELECT fastauth.configure('max_login_attempts', NULL);
SELECT pg_temp.signin('lockout.cid@example.com', 'correct horse battery') AS as_before;
SET ROLE regress_server;

--
-- By address: a lock is of the account and the address; 20 over all lock it for addresses that never signed in
--
SELECT pg_temp.signin_from('192.0.2.1', 'lockout.dan@example.com', 'correct horse battery');
SELECT pg_temp.wrong('lockout.dan@example.com', 6, '192.0.2.66');
SELECT pg_temp.signin_from('192.0.2.67', 'lockout.dan@example.com', 'correct horse battery') AS another_address;
SELECT pg_temp.wrong('lockout.dan@example.com', 6, '2001:db8::1');
SELECT pg_temp.signin_from('2001:db8::2', 'lockout.dan@example.com', 'correct horse battery') AS same_64,
	pg_temp.signin_from('2001:db8:0:1::2', 'lockout.dan@example.com', 'wrong') AS another_64;
SELECT pg_temp.wrong('lockout.dan@example.com', 6, '::ffff:198.51.100.1');
SELECT pg_temp.signin_from('198.51.100.1', 'lockout.dan@example.com', 'correct horse battery') AS the_same_as_ipv4;
-- 16 so far that count over all; four more
SELECT pg_temp.wrong('lockout.dan@example.com', 5, '198.51.100.2');
SELECT pg_temp.signin_from('198.51.100.3', 'lockout.dan@example.com', 'correct horse battery') AS never_signed_in,
	pg_temp.signin('lockout.dan@example.com', 'correct horse battery') AS not_known,
	pg_temp.signin_from('192.0.2.1', 'lockout.dan@example.com', 'correct horse battery') AS signed_in_before,
	pg_temp.signin_from('::ffff:192.0.2.67', 'lockout.dan@example.com', 'correct horse battery') AS signed_in_before_too;
-- a success from there does not let the strangers on
SELECT pg_temp.signin_from('198.51.100.3', 'lockout.dan@example.com', 'correct horse battery') AS never_signed_in;
-- an address is known though its session is over and gone
RESET ROLE;
DELETE FROM fastauth.sessions;
SET ROLE regress_server;
SELECT pg_temp.signin_from('192.0.2.1', 'lockout.dan@example.com', 'correct horse battery') AS signed_in_before;
-- or because there is a session from it
SELECT ip_address FROM fastauth.create_session(:'dan', '1 h', '203.0.113.0/24');
SELECT ip_address FROM fastauth.create_session(:'dan', '1 h', '::ffff:203.0.113.7');
SELECT pg_temp.signin_from('203.0.113.7', 'lockout.dan@example.com', 'wrong') AS looked_at, pg_temp.signin_from('203.0.113.8', 'lockout.dan@example.com', 'wrong') AS not_looked_at;
SELECT kind, address, lock, address_lock, both_locks, n FROM pg_temp.rows(:'dan');

--
-- change_password, reauthenticate and delete_me count, in one count with sign-in
--
SELECT fastauth.set_hashed_password(:'ann', fastauth.get_hashed_password(:'ann'));
SELECT access_token AS a FROM fastauth.signin('lockout.ann@example.com', 'correct horse battery') \gset
BEGIN;
SELECT fastauth.authenticate(:'a') = :'ann' AS authenticated;
SELECT regress_outcome($$SELECT fastauth.change_password('wrong', 'staple battery horse')$$), regress_outcome($$SELECT fastauth.reauthenticate('wrong')$$),
	regress_outcome($$SELECT fastauth.delete_me('wrong')$$), pg_temp.signin('lockout.ann@example.com', 'wrong');
SELECT regress_outcome($$SELECT fastauth.reauthenticate('wrong')$$);
SELECT regress_outcome($$SELECT fastauth.change_password('correct horse battery', 'staple battery horse')$$), regress_outcome($$SELECT fastauth.reauthenticate('correct horse battery')$$),
	regress_outcome($$SELECT fastauth.delete_me('correct horse battery')$$), pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
-- what needs no password goes on
SELECT email FROM fastauth.me();
ROLLBACK;
-- the rollback has undone none of it
SELECT pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
RESET ROLE;
SELECT kind, session_id = (fastauth.verify_token(:'a')->>'sid')::uuid AS of_the_session, address_lock, count(*) FROM fastauth.failures f
	WHERE account = :'ann' AND failed_at > (SELECT max(failed_at) FROM fastauth.failures WHERE account = :'ann' AND kind = 'forgiven') AND kind <> 'known'
	GROUP BY 1, 2, 3 ORDER BY 1, 3;
SET ROLE regress_server;

--
-- What the caller does to its transaction changes nothing
--
SELECT fastauth.set_hashed_password(:'ann', fastauth.get_hashed_password(:'ann'));
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT pg_temp.wrong('lockout.ann@example.com', 3);
SAVEPOINT s;
SELECT pg_temp.wrong('lockout.ann@example.com', 1);
ROLLBACK TO s;
SELECT pg_temp.wrong('lockout.ann@example.com', 3), pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
ROLLBACK;
SELECT pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
SELECT fastauth.set_hashed_password(:'ann', fastauth.get_hashed_password(:'ann'));
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT pg_temp.wrong('lockout.ann@example.com', 7);
ROLLBACK;
SELECT pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
-- a user who is locked when a snapshot is taken, and unlocked after: seen at once
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT fastauth.set_hashed_password(:'ann', fastauth.get_hashed_password(:'ann'));
SELECT pg_temp.signin('lockout.ann@example.com', 'correct horse battery');
COMMIT;
-- in a READ ONLY transaction nothing is tried
BEGIN READ ONLY;
SELECT pg_temp.signin('lockout.ann@example.com', 'wrong');
ROLLBACK;
-- every advisory lock taken, and no setting of a session helps
BEGIN;
SELECT count(pg_advisory_xact_lock(1, i)) FROM generate_series(1, 100) AS i;
SET LOCAL synchronous_commit = off;
SET LOCAL lock_timeout = 1;
SELECT pg_temp.wrong('lockout.ann@example.com', 7);
COMMIT;
SET fastauth.max_login_attempts = 1000;

--
-- A hard delete leaves no row; a soft one keeps them
--
SELECT count(*) > 0 AS there_are FROM pg_temp.rows(:'dan');
SELECT fastauth.delete_user(:'dan', soft => false);
SELECT count(*) AS left_over FROM pg_temp.rows(:'dan');
SELECT fastauth.delete_user(:'cid');
SELECT count(*) > 0 AS there_are FROM pg_temp.rows(:'cid');

-- The cleanup removes what is older than failure_retention
RESET ROLE;
UPDATE fastauth.failures SET failed_at = failed_at - interval '31 days' WHERE account = :'cid';
SELECT count(*) AS before FROM fastauth.failures WHERE account = :'cid' \gset
SET ROLE regress_server;
SELECT fastauth.cleanup_expired() >= :before AS cleaned;
SELECT count(*) AS left_over FROM pg_temp.rows(:'cid');
SELECT count(*) > 0 AS there_are FROM pg_temp.rows(:'ann');

-- Nobody else reads or writes the rows
SET ROLE regress_admin;
SELECT count(*) FROM fastauth.failures;
INSERT INTO fastauth.failures SELECT;
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['password_hash_memory', 'password_hash_iterations']) AS name;
SELECT name, regress_outcome(format('SELECT fastauth.configure(%L, %L)', name, value)) AS outcome FROM (VALUES
	('max_login_attempts', '0'), ('max_login_attempts', '101'), ('max_account_attempts', '0'), ('max_account_attempts', '1001'),
	('login_attempt_window', '999 ms'), ('login_attempt_window', '25 h'), ('lockout_duration', '0'), ('lockout_duration', '61 min'),
	('failure_retention', '23 h'), ('failure_retention', '401 d')) AS v (name, value);
RESET ROLE;
DELETE FROM fastauth.users;
DELETE FROM fastauth.failures;
