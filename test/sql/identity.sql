-- Who the current transaction acts as: authenticate, uid, claims, session_id; how an identity ends, and that
-- nothing but a good token sets one (S14, S15).
\set superuser :USER
\set SHOW_CONTEXT never
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('identity.alice@example.com', 'correct horse battery', name => 'Alice') \gset
SELECT id AS bob FROM fastauth.create_user('identity.bob@example.com', 'correct horse battery') \gset
SELECT id AS carol FROM fastauth.create_user('identity.carol@example.com', 'correct horse battery') \gset
SELECT access_token AS a, refresh_token AS ar FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS b FROM fastauth.signin('identity.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS c FROM fastauth.signin('identity.carol@example.com', 'correct horse battery') \gset
SELECT access_token AS ended FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.delete_session((fastauth.verify_token(:'ended')->>'sid')::uuid);
SELECT fastauth.issue_jwt(:'alice', '{"purpose": "test"}') AS free \gset
RESET ROLE;
-- Who acts, by name; authenticate() in an exception block, as an application would try a token
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql STABLE AS
	$$BEGIN RETURN coalesce((SELECT name FROM regress_names WHERE id = fastauth.uid()), fastauth.uid()::text, 'nobody'); END$$;
CREATE TABLE regress_names (id uuid, name text);
INSERT INTO regress_names VALUES (:'alice', 'alice'), (:'bob', 'bob'), (:'carol', 'carol');
GRANT SELECT ON regress_names TO PUBLIC;
CREATE FUNCTION try_token(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM fastauth.authenticate(token);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word;
END $$;
\c - regress_authenticated

--
-- Nobody at first; then who the token says; nobody again after the transaction
--
SELECT fastauth.uid() IS NULL AS nobody;
SELECT regress_outcome('SELECT fastauth.claims()'), regress_outcome('SELECT fastauth.session_id()');
BEGIN;
SELECT fastauth.authenticate(:'a') = :'alice' AS answers_the_user;
SELECT fastauth.uid() = :'alice' AS uid, fastauth.claims() = fastauth.verify_token(:'a') AS claims,
	fastauth.session_id()::text = fastauth.verify_token(:'a')->>'sid' AS session_id, fastauth.claims()->>'name' AS name;
COMMIT;
SELECT who();
BEGIN; SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok; ROLLBACK;
SELECT who();
-- a transaction of one statement
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT who();
-- a token without session
BEGIN;
SELECT fastauth.authenticate(:'free') = :'alice' AS ok;
SELECT who(), fastauth.session_id() IS NULL AS no_session, fastauth.claims()->>'purpose' AS purpose;
-- the next one replaces it
SELECT fastauth.authenticate(:'b') = :'bob' AS ok;
SELECT who(), fastauth.session_id() IS NULL AS no_session, fastauth.claims() ? 'purpose' AS purpose;
COMMIT;
-- the role does not matter, and a function of another owner sees the same
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SET LOCAL work_mem = '1MB';
SELECT who(), fastauth.uid() = :'alice' AS uid;
COMMIT;

--
-- A failed authenticate() leaves nobody, also in an exception block
--
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT case_, (SELECT fastauth.authenticate(:'a') IS NOT NULL) AS before, try_token(token) AS attempt, who() AS after FROM (VALUES
	('NULL', NULL),
	('empty', ''),
	('no token', 'x'),
	('three dots', '...'),
	('a refresh token', :'ar'),
	('signature cut off', left(:'a', -1)),
	('signature of another', split_part(:'a', '.', 1) || '.' || split_part(:'a', '.', 2) || '.' || split_part(:'b', '.', 3)),
	('payload of another', split_part(:'a', '.', 1) || '.' || split_part(:'b', '.', 2) || '.' || split_part(:'a', '.', 3)),
	('no signature', split_part(:'a', '.', 1) || '.' || split_part(:'a', '.', 2) || '.'),
	('blank behind', :'a' || ' '),
	('its session has ended', :'ended'),
	('16 KiB and 1', repeat('a', 16385)),
	('10 MB', repeat('a', 10000000))) AS v (case_, token);
SELECT who();
COMMIT;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT try_token('x'), who();
-- and a savepoint does not bring it back
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SAVEPOINT s;
SELECT fastauth.authenticate('x');
ROLLBACK TO s;
SELECT who();
SAVEPOINT t;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SELECT who();
ROLLBACK TO t;
SELECT who();
-- is_local NULL or false is a failure too
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SAVEPOINT u;
SELECT fastauth.authenticate(:'b', NULL);
ROLLBACK TO u;
SELECT who();
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SAVEPOINT u;
SELECT fastauth.authenticate(:'b', false);
ROLLBACK TO u;
SELECT who();
COMMIT;
-- the same in one block
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
DO $$
BEGIN
	RAISE NOTICE '%', who();
	BEGIN
		PERFORM fastauth.authenticate(NULL);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	RAISE NOTICE '%', who();
END $$;
COMMIT;

--
-- Savepoints bring back what was before them
--
BEGIN;
SAVEPOINT s1;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SAVEPOINT s2;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SAVEPOINT s3;
SELECT fastauth.authenticate(:'c') IS NOT NULL AS ok;
SELECT who();
ROLLBACK TO s3;
SELECT who();
SELECT fastauth.authenticate(:'c') IS NOT NULL AS ok;
RELEASE s3;
SELECT who();
ROLLBACK TO s2;
SELECT who();
ROLLBACK TO s1;
SELECT who();
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
RELEASE s1;
SELECT who();
COMMIT;
-- the same in plpgsql: the identity of a block that fails goes with it
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
CREATE FUNCTION pg_temp.act_and_fail(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	inside text;
BEGIN
	BEGIN
		PERFORM fastauth.authenticate(token);
		inside := who();
		RAISE EXCEPTION 'fails';
	EXCEPTION WHEN raise_exception THEN
		RETURN inside || ', then ' || who();
	END;
END $$;
SELECT pg_temp.act_and_fail(:'b'), who();
CREATE FUNCTION pg_temp.act(token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.authenticate(token);
	RETURN who();
END $$;
SELECT pg_temp.act(:'b');
SELECT who();
ROLLBACK;
-- a statement that fails takes it along, with its transaction
BEGIN;
SELECT fastauth.authenticate(:'a'), 1/0;
ROLLBACK;
SELECT who();

--
-- A function of the application, with settings and an owner of its own, may be who calls authenticate()
--
\c - :superuser
CREATE FUNCTION regress_begin(token text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET work_mem = '1MB' AS $$
BEGIN
	PERFORM fastauth.authenticate(token);
	RETURN who();
END $$;
CREATE FUNCTION regress_begin_twice(token text) RETURNS text LANGUAGE plpgsql SET search_path = public SET statement_timeout = '1h' AS
	'BEGIN RETURN regress_begin(token); END';
-- what is deferred to the end of the transaction still knows who acts
CREATE TABLE regress_deferred (n int);
GRANT INSERT ON regress_deferred TO regress_authenticated;
CREATE FUNCTION regress_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'deferred: %', who();
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON regress_deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION regress_tell();
\c - regress_authenticated
BEGIN;
SELECT regress_begin(:'a');
SELECT who();
SELECT regress_begin_twice(:'b');
SELECT who();
INSERT INTO regress_deferred VALUES (1);
COMMIT;
SELECT who();
BEGIN;
SELECT regress_begin(:'a');
INSERT INTO regress_deferred VALUES (1);
PREPARE TRANSACTION 'regress_deferred';
SELECT who();
ROLLBACK PREPARED 'regress_deferred';
-- a prepared statement and a cursor ask again
PREPARE me AS SELECT who(), fastauth.uid() IS NULL AS nobody;
EXECUTE me;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
EXECUTE me;
DECLARE c CURSOR FOR SELECT who() FROM generate_series(1, 3);
FETCH c;
SELECT try_token('x');
EXECUTE me;
FETCH c;
COMMIT;
EXECUTE me;
DEALLOCATE me;

--
-- COMMIT and ROLLBACK in a procedure, AND CHAIN, PREPARE TRANSACTION
--
CREATE PROCEDURE pg_temp.walk(token text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.authenticate(token);
	RAISE NOTICE 'after authenticate: %', who();
	COMMIT;
	RAISE NOTICE 'after COMMIT: %', who();
	PERFORM fastauth.authenticate(token);
	COMMIT AND CHAIN;
	RAISE NOTICE 'after COMMIT AND CHAIN: %', who();
	PERFORM fastauth.authenticate(token);
	ROLLBACK;
	RAISE NOTICE 'after ROLLBACK: %', who();
	PERFORM fastauth.authenticate(token);
	ROLLBACK AND CHAIN;
	RAISE NOTICE 'after ROLLBACK AND CHAIN: %', who();
END $$;
CALL pg_temp.walk(:'a');
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
COMMIT AND CHAIN;
SELECT who();
ROLLBACK AND CHAIN;
SELECT who();
COMMIT;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
PREPARE TRANSACTION 'regress_identity';
SELECT who();
BEGIN;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SELECT who();
COMMIT;
COMMIT PREPARED 'regress_identity';
SELECT who();

--
-- RESET ALL, SET SESSION AUTHORIZATION, DISCARD
--
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SAVEPOINT s;
RESET ALL;
SELECT who();
ROLLBACK TO s;
SELECT who();
COMMIT;
\c - :superuser
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SET LOCAL ROLE regress_authenticated;
SELECT who();
RESET ROLE;
SET LOCAL SESSION AUTHORIZATION regress_authenticated;
SELECT who();
RESET SESSION AUTHORIZATION;
ROLLBACK;
SELECT who();

--
-- is_local = false: only where it is allowed, checked again in every transaction
--
\c - regress_authenticated
SELECT fastauth.authenticate(:'a', false);
SELECT who();
\c - regress_admin
SELECT fastauth.configure('allow_session_identity', 'on');
\c - regress_authenticated
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT who();
BEGIN;
SELECT who();
-- a local one comes before it, and it comes back
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SELECT who();
COMMIT;
SELECT who();
-- a transaction that is rolled back does not set it
BEGIN;
SELECT fastauth.authenticate(:'b', false) IS NOT NULL AS ok;
SELECT who();
ROLLBACK;
SELECT who();
BEGIN;
SAVEPOINT s;
SELECT fastauth.authenticate(:'b', false) IS NOT NULL AS ok;
ROLLBACK TO s;
SELECT who();
SELECT fastauth.authenticate(:'c', false) IS NOT NULL AS ok;
COMMIT;
SELECT who();
-- a failure leaves nobody, for good
SELECT fastauth.authenticate('x');
SELECT who();
SELECT fastauth.authenticate(:'c', false) IS NOT NULL AS ok;
SELECT try_token('x');
SELECT who();
-- DISCARD ALL, as the next client of a pooler does
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT who();
DISCARD ALL;
SELECT who();
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
RESET ALL;
SELECT who();
-- a procedure: checked again after each COMMIT
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
CREATE PROCEDURE pg_temp.commits() LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '%', who();
	COMMIT;
	RAISE NOTICE '%', who();
	ROLLBACK;
	RAISE NOTICE '%', who();
END $$;
CALL pg_temp.commits();
-- its session ends
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
BEGIN;
SELECT who();
SELECT fastauth.signout('local');
SELECT who();
COMMIT;
SELECT who();
SELECT regress_outcome('SELECT fastauth.me()');
\c - regress_server
SELECT access_token AS a FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT who();
SELECT fastauth.delete_session(fastauth.session_id());
SELECT who();
SELECT regress_outcome('SELECT fastauth.claims()'), regress_outcome('SELECT fastauth.session_id()'), regress_outcome('SELECT fastauth.me()');
-- its user is deactivated
SELECT access_token AS a FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT who();
-- and does not come back when they are active again
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT who();
-- a token without session: its user is asked
SELECT fastauth.issue_jwt(:'alice') AS free \gset
SELECT fastauth.authenticate(:'free', false) IS NOT NULL AS ok;
SELECT who();
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT who();
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT who();
-- or the user is deleted
SELECT id AS dora FROM fastauth.create_user('identity.dora@example.com') \gset
SELECT fastauth.issue_jwt(:'dora') AS dora_token \gset
SELECT fastauth.authenticate(:'dora_token', false) = fastauth.uid() AS ok;
SELECT fastauth.delete_user(:'dora', soft => false);
SELECT who();
BEGIN;
SELECT id AS dora FROM fastauth.create_user('identity.dora@example.com') \gset
SELECT fastauth.issue_jwt(:'dora') AS dora_token \gset
SELECT fastauth.authenticate(:'dora_token') = :'dora' AS ok;
SELECT fastauth.delete_user(:'dora', soft => false);
SELECT regress_outcome('SELECT fastauth.me()');
ROLLBACK;
-- the setting is turned off
\c - :superuser
SELECT access_token AS a FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT who();
SELECT fastauth.configure('allow_session_identity', 'off');
SELECT who();
SELECT fastauth.configure('allow_session_identity', 'on');
SELECT who();
-- the token expires
SELECT fastauth.configure('access_token_ttl', '4 s');
SELECT access_token AS short FROM fastauth.signin('identity.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.configure('access_token_ttl', NULL);
SELECT fastauth.authenticate(:'short', false) IS NOT NULL AS ok;
CREATE PROCEDURE pg_temp.until_nobody() LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	WHILE who() <> 'nobody' AND clock_timestamp() < started + interval '30 s' LOOP
		PERFORM pg_sleep(0.05);
		COMMIT;
	END LOOP;
	RAISE NOTICE '%', who();
END $$;
CALL pg_temp.until_nobody();
-- SET SESSION AUTHORIZATION, as a pooler that changes users does
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SET SESSION AUTHORIZATION regress_authenticated;
SELECT who();
RESET SESSION AUTHORIZATION;
SELECT fastauth.configure('allow_session_identity', NULL);

--
-- Nobody sets it by hand, not even a superuser
--
SELECT fastauth.uid() IS NULL AS nobody;
SELECT rpad(:'alice', 37) || '------------------------------------ L 0000000a 7fffffffffffffff {"sub": "' || :'alice' || '"}' AS forged \gset
SET fastauth.identity = :'forged';
SET LOCAL fastauth.identity = :'forged';
SET SESSION fastauth.identity TO :'forged';
SELECT set_config('fastauth.identity', :'forged', false);
SELECT set_config('fastauth.identity', :'forged', true);
UPDATE pg_settings SET setting = :'forged' WHERE name = 'fastauth.identity';
ALTER ROLE regress_authenticated SET fastauth.identity = :'forged';
ALTER DATABASE :"DBNAME" SET fastauth.identity = :'forged';
ALTER ROLE ALL SET fastauth.identity = :'forged';
ALTER ROLE regress_authenticated IN DATABASE :"DBNAME" SET fastauth.identity = :'forged';
ALTER SYSTEM SET fastauth.identity = :'forged';
CREATE FUNCTION pg_temp.forged() RETURNS uuid LANGUAGE sql SET fastauth.identity = 'x' AS 'SELECT fastauth.uid()';
SELECT format('CREATE FUNCTION pg_temp.forged() RETURNS uuid LANGUAGE sql SET fastauth.identity = %L AS %L', :'forged', 'SELECT fastauth.uid()') AS statement \gset
SELECT regress_outcome(:'statement');
SELECT who();
-- what SHOW tells cannot be set again, nor kept for later
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SHOW fastauth.identity;
SELECT current_setting('fastauth.identity'), (SELECT count(*) FROM pg_settings WHERE name = 'fastauth.identity') AS in_pg_settings;
SAVEPOINT s;
SELECT set_config('fastauth.identity', current_setting('fastauth.identity'), false);
ROLLBACK TO s;
CREATE FUNCTION pg_temp.kept() RETURNS uuid LANGUAGE sql SET fastauth.identity FROM CURRENT AS 'SELECT fastauth.uid()';
ROLLBACK;
-- an unprivileged role may not even clear it
GRANT SET ON PARAMETER fastauth.identity TO regress_authenticated;
\c - regress_authenticated
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT n, regress_outcome(statement), who() FROM unnest(ARRAY[
	format('SET fastauth.identity = %L', :'forged'), format('SET LOCAL fastauth.identity = %L', :'forged'),
	format('SELECT set_config(%L, %L, true)', 'fastauth.identity', :'forged'),
	format('ALTER ROLE regress_authenticated SET fastauth.identity = %L', :'forged')]) WITH ORDINALITY AS s (statement, n);
-- (16 and later say more; the SQLSTATE is the same)
SELECT left(regress_outcome('SHOW fastauth.identity'), 5) AS outcome;
COMMIT;
\c - :superuser
REVOKE SET ON PARAMETER fastauth.identity FROM regress_authenticated;
\c - regress_authenticated
SELECT regress_outcome('SET fastauth.identity = ''x'''), regress_outcome('RESET fastauth.identity'), left(regress_outcome('SHOW fastauth.identity'), 5) AS outcome;
-- other names of the prefix are reserved
SELECT regress_outcome('SET fastauth.uid = ''x'''), regress_outcome('SET fastauth.user_id = ''x''');
-- nor by shadowing what uid() is made of
CREATE FUNCTION pg_temp.uid() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
SET search_path = pg_temp, fastauth, public;
SELECT who();
RESET search_path;

--
-- Policies: bare uid() uses an index, and parallel workers see the same identity
--
\c - :superuser
CREATE TABLE regress_notes (owner uuid, body text);
INSERT INTO regress_notes SELECT CASE WHEN i % 100 = 0 THEN :'alice'::uuid WHEN i % 100 = 1 THEN :'bob'::uuid ELSE gen_random_uuid() END, 'note ' || i FROM generate_series(1, 10000) AS i;
CREATE INDEX ON regress_notes (owner);
ANALYZE regress_notes;
ALTER TABLE regress_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON regress_notes USING (owner = fastauth.uid());
GRANT SELECT, INSERT, UPDATE, DELETE ON regress_notes TO regress_authenticated, regress_anon;
-- a negated policy, restrictive, that would show everything to a worker that knows nobody
CREATE TABLE regress_others (owner uuid, body text);
INSERT INTO regress_others SELECT * FROM regress_notes;
ANALYZE regress_others;
ALTER TABLE regress_others ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON regress_others USING (true);
CREATE POLICY not_mine ON regress_others AS RESTRICTIVE USING (owner IS DISTINCT FROM fastauth.uid());
GRANT SELECT ON regress_others TO regress_authenticated, regress_anon;
\c - regress_authenticated
EXPLAIN (COSTS OFF) SELECT body FROM regress_notes;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT count(*), count(DISTINCT owner) FROM regress_notes;
SELECT count(*) FROM regress_others;
-- what one writes is one's own
SELECT regress_outcome(format('INSERT INTO regress_notes VALUES (%L, %L)', :'bob', 'forged')), regress_outcome(format('INSERT INTO regress_notes VALUES (%L, %L)', :'alice', 'mine'));
SELECT regress_outcome(format('UPDATE regress_notes SET owner = %L', :'bob'));
DELETE FROM regress_notes WHERE body = 'mine';
COMMIT;
SELECT count(*) FROM regress_notes;
SELECT count(*) FROM regress_others;

-- Forced parallel query
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', false) AS forced;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
CREATE FUNCTION pg_temp.workers(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ '"Workers Launched": [1-9]';
END $$;
BEGIN;
SELECT pg_temp.workers('SELECT count(*) FROM regress_notes') AS workers_without_identity;
SELECT count(*) FROM regress_notes;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS ok;
SELECT pg_temp.workers('SELECT count(*) FROM regress_notes') AS workers_own, pg_temp.workers('SELECT count(*) FROM regress_others') AS workers_others;
SELECT count(*), count(DISTINCT owner), bool_and(fastauth.uid() = :'alice') AS all_alice, bool_and(fastauth.claims()->>'sub' = :'alice') AS all_claims,
	count(DISTINCT fastauth.session_id()) AS sessions FROM regress_notes;
SELECT count(*), bool_or(owner = :'alice') AS own_one_seen FROM regress_others;
SAVEPOINT s;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SELECT count(*), bool_and(owner = :'bob') AS all_bobs FROM regress_notes;
ROLLBACK TO s;
SELECT count(*), bool_and(owner = :'alice') AS all_alices FROM regress_notes;
-- an identity that died in this transaction is dead in the workers too
SELECT try_token('x');
SELECT count(*) FROM regress_notes;
SELECT count(*) FROM regress_others;
COMMIT;
SELECT count(*) FROM regress_notes;
-- uid() says the same in leader and workers when nobody is signed in
SELECT count(*), count(fastauth.uid()) AS somebody FROM regress_names;
-- claims() raises, not NULL
SELECT count(fastauth.claims()) FROM regress_names;
-- a worker does not authenticate
CREATE FUNCTION pg_temp.unsafe(token text) RETURNS uuid LANGUAGE plpgsql PARALLEL SAFE AS 'BEGIN RETURN fastauth.authenticate(token); END';
SELECT regress_outcome(format('SELECT count(pg_temp.unsafe(%L)) FROM regress_names', :'a')) LIKE '25%' AS refused;
-- an identity of the whole session, and one that ended
\c - :superuser
SELECT fastauth.configure('allow_session_identity', 'on');
GRANT SELECT ON regress_notes, regress_others TO regress_server;
\c - regress_server
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', false) AS forced;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT fastauth.authenticate(:'a', false) IS NOT NULL AS ok;
SELECT count(*), bool_and(fastauth.uid() = :'alice') AS all_alice FROM regress_notes;
SELECT fastauth.delete_session((fastauth.verify_token(:'a')->>'sid')::uuid);
SELECT count(*) FROM regress_notes;
SELECT count(*) FROM regress_others;

\c - :superuser
SELECT fastauth.configure('allow_session_identity', NULL), fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
DROP TABLE regress_notes, regress_others, regress_names;
DROP TABLE regress_deferred;
DROP FUNCTION who(), try_token(text), regress_begin(text), regress_begin_twice(text), regress_tell();
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
