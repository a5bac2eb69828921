-- A hook runs as the owner of its function and confined (S20 to S22): neither it nor who signs in gets the other's powers.
\set superuser :USER
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
CREATE ROLE regress_app LOGIN;
CREATE ROLE regress_thief LOGIN;
CREATE SCHEMA app AUTHORIZATION regress_app;
GRANT regress_app TO regress_admin;
SELECT fastauth.grant_api('regress_thief', NULL);
SELECT fastauth.grant_api(NULL, NULL, 'regress_app');
SELECT (fastauth.create_user('hook.confined@example.com', 'correct horse battery')).email, (fastauth.create_user('hook.other@example.com', 'correct horse battery')).email;
SELECT id AS victim FROM fastauth.get_user_by_email('hook.confined@example.com') \gset
SELECT fastauth.issue_jwt(id) AS other FROM fastauth.get_user_by_email('hook.other@example.com') \gset
SELECT fastauth.issue_jwt(:'victim') AS mine \gset
-- what only the superuser who signs in may do
CREATE TABLE secret AS SELECT 'of the superuser' AS s;

--
-- The hook attacks who signs in: a superuser
--
SET ROLE regress_app;
CREATE TABLE app.attack (n int GENERATED ALWAYS AS IDENTITY, statement text);
CREATE TABLE app.went (n int GENERATED ALWAYS AS IDENTITY, statement text, how text);
CREATE TABLE app.target (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE app.stolen (s text, by text);
CREATE FUNCTION app.steal() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.stolen SELECT s, current_user FROM public.secret;
	RETURN current_user;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'not allowed to ' || current_user;
END $$;
CREATE FUNCTION app.steal_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM app.steal(); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON app.went DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.statement = 'deferred') EXECUTE FUNCTION app.steal_trigger();
CREATE FUNCTION app.attacks(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a text;
	went text;
BEGIN
	FOR a IN SELECT statement FROM app.attack ORDER BY n LOOP
		BEGIN
			EXECUTE a;
			went := 'done as ' || current_user;
		EXCEPTION WHEN OTHERS THEN
			went := SQLSTATE;
		END;
		INSERT INTO app.went (statement, how) VALUES (a, went);
	END LOOP;
END $$;
RESET ROLE;
SELECT fastauth.add_hook('on_signin', 'app.attacks(jsonb, text)');
-- one attack at a time: how it went for the hook
CREATE FUNCTION attacked(VARIADIC attack text[]) RETURNS TABLE (statement text, how text) LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM app.went;
	DELETE FROM app.attack;
	INSERT INTO app.attack (statement) SELECT a FROM unnest(attack) AS a;
	PERFORM fastauth.signin('hook.confined@example.com', 'correct horse battery');
	RETURN QUERY SELECT w.statement, w.how FROM app.went w ORDER BY n;
END $$;
-- becoming somebody else
SELECT * FROM attacked('RESET ROLE', 'SET ROLE NONE', 'SET LOCAL ROLE regress_admin', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET SESSION AUTHORIZATION', $$SELECT set_config('role', 'none', true)$$,
	$$SELECT set_config('session_authorization', 'default', true)$$, 'RESET ALL', 'DISCARD ALL', $$ALTER FUNCTION app.steal() SET role = 'regress_admin'$$, 'SELECT * FROM secret', 'ALTER ROLE regress_app SUPERUSER', 'GRANT fastauth_owner TO regress_app');
SELECT current_user = session_user AS still_us, current_setting('role') AS role;
-- leaving something that would run later as us
SELECT * FROM attacked($$INSERT INTO app.went (statement) VALUES ('deferred')$$, 'INSERT INTO app.target VALUES (1)', 'DECLARE c CURSOR WITH HOLD FOR SELECT app.steal()', 'PREPARE p AS SELECT app.steal()', 'LISTEN fastauth', 'UNLISTEN *', 'CREATE TEMP TABLE t ()',
	'CREATE TEMP VIEW v AS SELECT app.steal()', 'CREATE TEMP SEQUENCE s', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', $$PREPARE TRANSACTION 'x'$$, 'DEALLOCATE ALL', 'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION app.steal_trigger()', 'SET CONSTRAINTS ALL DEFERRED');
BEGIN;
SELECT count(*) FROM attacked($$INSERT INTO app.went (statement) VALUES ('deferred')$$, 'DECLARE c CURSOR WITH HOLD FOR SELECT app.steal()');
COMMIT;
SELECT * FROM app.stolen;
-- SET CONSTRAINTS would run the caller's deferred triggers there and then, as the hook's owner, or put off what the caller wants at once
CREATE TABLE ours (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION ours_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'deferred trigger of the caller, as the caller: %', current_user = session_user; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER ours AFTER INSERT ON ours DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ours_trigger();
BEGIN;
INSERT INTO ours VALUES (1);
SELECT * FROM attacked('SET CONSTRAINTS ALL IMMEDIATE', 'SET CONSTRAINTS public.ours IMMEDIATE', 'DO $$BEGIN SET CONSTRAINTS ALL IMMEDIATE; END$$', 'SET CONSTRAINTS ALL DEFERRED');
SELECT 'the hook has returned' AS "then";
COMMIT;
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(*) FROM attacked('SET CONSTRAINTS ALL DEFERRED');
INSERT INTO ours VALUES (1);
ROLLBACK;
-- advisory locks of the session: none is left behind, and the caller's are not the hook's to release; those of the transaction end with it
SELECT pg_advisory_lock(20), pg_advisory_lock_shared(20, 1);
SELECT * FROM attacked('SELECT pg_advisory_lock(21)', 'SELECT pg_advisory_lock(21, 1)', 'SELECT pg_advisory_lock_shared(21)', 'SELECT pg_advisory_lock_shared(21, 1)', 'SELECT pg_try_advisory_lock(21)', 'SELECT pg_try_advisory_lock(21, 1)',
	'SELECT pg_try_advisory_lock_shared(21)', 'SELECT pg_try_advisory_lock_shared(21, 1)', 'SELECT pg_advisory_unlock(20)', 'SELECT pg_advisory_unlock(20, 1)', 'SELECT pg_advisory_unlock_shared(20)', 'SELECT pg_advisory_unlock_shared(20, 1)',
	'SELECT pg_advisory_unlock_all()', 'DO $$DECLARE x boolean; BEGIN x := pg_try_advisory_lock(21); END$$', 'SELECT pg_advisory_xact_lock(22)', 'SELECT pg_try_advisory_xact_lock_shared(22, 1)');
SELECT classid, objid, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY classid, objid;
SELECT pg_advisory_unlock(20), pg_advisory_unlock_shared(20, 1);
DROP TABLE ours;
DROP FUNCTION ours_trigger();
-- a function in pg_temp is made, and never found
CREATE FUNCTION now_(text) RETURNS text LANGUAGE sql AS $$SELECT 'ours'$$;
SELECT * FROM attacked($$CREATE FUNCTION pg_temp.now_(text) RETURNS text LANGUAGE sql AS 'SELECT app.steal()'$$, $$CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT app.steal()'$$);
SELECT now_('x'), lower('X');
DROP FUNCTION public.now_(text);
SELECT * FROM app.stolen;
-- settings: all are ours again, and those that only a superuser sets are not the hook's to set
SET search_path = public, app;
SET statement_timeout = '77s';
SELECT * FROM attacked('SET search_path = evil', 'SET statement_timeout = 1', 'SET row_security = off', 'SET TimeZone = ''Asia/Kathmandu''', 'SET transaction_read_only = on', 'SET lock_timeout = 1', 'SET default_transaction_read_only = on', 'SET work_mem = ''64kB''',
	$$SELECT set_config('app.identity', 'forged', false)$$, $$SELECT set_config('request.jwt.claims', '{"role": "postgres"}', false)$$, 'SET session_replication_role = replica', 'SET fastauth.allow_drop = on', 'SET fastauth.identity = ''x''',
	$$SELECT set_config('fastauth.identity', '0195e2e0-0000-7000-8000-000000000001', false)$$, 'SET log_statement = ''all''', $$ALTER SYSTEM SET work_mem = '1MB'$$);
SELECT name, setting FROM pg_settings WHERE name IN ('search_path', 'statement_timeout', 'row_security', 'transaction_read_only', 'lock_timeout', 'default_transaction_read_only', 'session_replication_role') ORDER BY name;
SELECT current_setting('TimeZone') <> 'Asia/Kathmandu' AS time_zone, nullif(current_setting('app.identity', true), '') AS identity, nullif(current_setting('request.jwt.claims', true), '') AS claims;
RESET search_path;
RESET statement_timeout;
-- the identity: the hook has the caller's, whatever it does to it the caller keeps theirs
BEGIN;
SELECT fastauth.authenticate(:'mine') = :'victim' AS ok;
SELECT * FROM attacked('DO $$BEGIN ASSERT fastauth.uid() = ' || quote_literal(:'victim') || '; END$$') WHERE how NOT LIKE 'done%';
SELECT count(*) FROM attacked(format('SELECT fastauth.authenticate(%L)', :'other')) WHERE how LIKE 'done%';
SELECT fastauth.uid() = :'victim' AS still_us, fastauth.claims() ->> 'email' AS email;
SELECT how FROM attacked('SELECT fastauth.authenticate(''nonsense'')');
SELECT fastauth.uid() = :'victim' AS still_us;
SELECT how FROM attacked('SELECT fastauth.authenticate(''nonsense'')', format('SELECT fastauth.authenticate(%L)', :'other'), 'SELECT fastauth.authenticate(NULL)', 'SELECT fastauth.set_client(''203.0.113.1'', ''Forged'')');
SELECT fastauth.uid() = :'victim' AS still_us;
-- also when its error is caught outside
SAVEPOINT s;
INSERT INTO app.attack (statement) VALUES ('x');
ROLLBACK TO s;
SELECT fastauth.uid() = :'victim' AS still_us;
COMMIT;
-- a password in the caller's statement, CONTEXT or cursor is not for the hook
SET ROLE regress_app;
CREATE TABLE app.spied (query text, context text, exception text, cursors text);
CREATE FUNCTION app.spies(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c text;
	e text;
BEGIN
	GET DIAGNOSTICS c = PG_CONTEXT;
	BEGIN
		PERFORM 1 / 0;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS e = PG_EXCEPTION_CONTEXT;
	END;
	INSERT INTO app.spied VALUES (current_query(), c, e, (SELECT string_agg(statement, ' ') FROM pg_cursors));
END $$;
RESET ROLE;
SELECT fastauth.add_hook('on_signin', 'app.spies(jsonb, text)');
DO $$ BEGIN EXECUTE 'SELECT fastauth.signin(''hook.confined@example.com'', ''correct horse battery'')'; END $$;
BEGIN;
DECLARE s CURSOR FOR SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin('hook.confined@example.com', 'correct horse battery');
FETCH s;
COMMIT;
SELECT query, count(*), count(*) FILTER (WHERE s::text LIKE '%correct horse%') AS secrets FROM app.spied s GROUP BY query;
SELECT fastauth.remove_hook('on_signin', 'app.spies(jsonb, text)');
-- the caller's cursors stay the caller's: none is closed or replaced, and none is left behind
BEGIN;
DECLARE mine CURSOR FOR SELECT 'of the caller' AS fetched;
SELECT * FROM attacked('CLOSE mine', 'CLOSE ALL', 'DECLARE mine CURSOR FOR SELECT app.steal()', $$DO 'DECLARE r refcursor := ''mine''; BEGIN CLOSE r; OPEN r FOR SELECT app.steal(); END'$$, $$DO 'DECLARE r refcursor := ''mine''; x text; BEGIN FETCH r INTO x; END'$$, $$DO 'DECLARE r refcursor := ''left''; BEGIN OPEN r FOR SELECT app.steal(); END'$$, 'DECLARE theirs CURSOR FOR SELECT app.steal()');
SELECT name FROM pg_cursors;
FETCH mine;
CLOSE mine;
FETCH theirs;
ROLLBACK;
SELECT * FROM app.stolen;
-- nobody stays nobody
SELECT how ~ '^done' AS signed_in FROM attacked(format('SELECT fastauth.authenticate(%L)', :'other'));
BEGIN;
SELECT count(*) FROM attacked(format('SELECT fastauth.authenticate(%L)', :'other'));
SELECT fastauth.uid() IS NULL AS nobody, (SELECT ip_address IS NULL AND user_agent IS NULL FROM fastauth.list_user_sessions(:'victim') ORDER BY created_at DESC LIMIT 1) AS no_client;
COMMIT;
-- the same for a hook that fails: the error is caught, and nothing of the hook's is left
SET ROLE regress_app;
CREATE FUNCTION app.becomes_other(u jsonb, p text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	SET search_path = evil;
	PERFORM fastauth.authenticate(current_setting('app.other'));
	IF fastauth.uid() = (u ->> 'id')::uuid THEN RAISE 'authenticate did nothing'; END IF;
	BEGIN
		PERFORM fastauth.authenticate('nonsense');
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	RAISE 'failed as another';
END $$;
RESET ROLE;
SELECT fastauth.add_hook('allow_signin', 'app.becomes_other(jsonb, text)');
SELECT set_config('app.other', :'other', false) IS NOT NULL AS ok;
BEGIN;
SELECT fastauth.authenticate(:'mine') = :'victim' AS ok;
DO $$
BEGIN
	PERFORM fastauth.signin('hook.confined@example.com', 'correct horse battery');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '%, %', SQLERRM, current_user = session_user;
END $$;
SELECT fastauth.uid() = :'victim' AS still_us, current_setting('search_path') <> 'evil' AS search_path, current_user = session_user AS role;
-- nor are we taken for a hook
SET CONSTRAINTS ALL DEFERRED;
SELECT pg_advisory_lock(23), pg_advisory_unlock(23);
COMMIT;
SELECT fastauth.remove_hook('allow_signin', 'app.becomes_other(jsonb, text)'), fastauth.remove_hook('on_signin', 'app.attacks(jsonb, text)');

--
-- Hooks that lead to hooks: at most four deep
--
SET ROLE regress_app;
CREATE TABLE app.depth (n int);
CREATE FUNCTION app.again(u jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO depth VALUES ((u ->> 'name')::int);
	IF (u ->> 'name')::int < (u ->> 'image')::int THEN
		PERFORM fastauth.signup(format('hook.depth%s@example.com', u ->> 'name'), 'correct horse battery', ((u ->> 'name')::int + 1)::text, u ->> 'image');
	END IF;
END $$;
RESET ROLE;
SELECT fastauth.add_hook('on_signup', 'app.again(jsonb)');
SELECT deep, regress_outcome(format('SELECT fastauth.signup(%L, %L, %L, %L)', 'hook.depth@example.com', 'correct horse battery', '1', deep)), (SELECT count(*) FROM app.depth) FROM unnest(ARRAY[5, 6, 100]) AS deep;
SELECT count(*) FROM app.depth;
SELECT fastauth.signup('hook.depth@example.com', 'correct horse battery', '1', '4') IS NOT NULL AS "in";
SELECT array_agg(n ORDER BY n) FROM app.depth;
SELECT fastauth.remove_hook('on_signup', 'app.again(jsonb)');

--
-- Who signs in attacks the hook
--
SET ROLE regress_app;
CREATE TABLE app.banned (email text);
INSERT INTO app.banned VALUES ('hook.other@example.com');
CREATE TABLE app.log (who text, v text);
CREATE FUNCTION app.norm(t text) RETURNS text LANGUAGE sql AS $$SELECT lower(t)$$;
-- written by somebody who qualifies nothing
CREATE FUNCTION app.gate(u jsonb, p text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log VALUES (current_user, norm(p));
	RETURN NOT EXISTS (SELECT FROM banned WHERE email = norm(u ->> 'email')) AND (u -> 'app_metadata' ->> 'none' = NULL) IS NULL AND ('{NULL}'::text[])[1] IS NULL;
END $$;
RESET ROLE;
SELECT fastauth.add_hook('allow_signin', 'app.gate(jsonb, text)');
GRANT SELECT ON app.log TO regress_thief;
GRANT CREATE ON SCHEMA public TO regress_thief;
\c - regress_thief
SELECT regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$);
-- temporary tables, functions, operators and types of the same names; and all of it first in the search_path
CREATE TEMP TABLE banned (email text);
CREATE TEMP TABLE log (who text, v text);
CREATE FUNCTION pg_temp.thief() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'the trigger of the thief runs as %', current_user; RETURN NULL; END $$;
CREATE TRIGGER t BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION pg_temp.thief();
CREATE FUNCTION pg_temp.norm(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'the function of the thief runs as %', current_user; RETURN 'nobody'; END $$;
CREATE FUNCTION public.norm(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'the function of the thief runs as %', current_user; RETURN 'nobody'; END $$;
CREATE FUNCTION public.differs(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'the operator of the thief runs as %', current_user; RETURN false; END $$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.differs);
CREATE DOMAIN pg_temp.jsonb AS text;
SET search_path = pg_temp, public, pg_catalog;
SELECT pg_catalog.count(*) FROM (SELECT public.regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$) AS o) AS v WHERE o OPERATOR(pg_catalog.=) 'PT403 signin_not_allowed';
RESET search_path;
-- settings that change what an expression means, or what it may see
SET transform_null_equals = on;
SET array_nulls = off;
SET row_security = off;
SET quote_all_identifiers = on;
SET TimeZone = 'Asia/Kathmandu';
SET default_transaction_read_only = off;
SELECT regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$), regress_outcome($$SELECT fastauth.signin('hook.confined@example.com', 'correct horse battery')$$);
SET session_replication_role = replica;
-- a short time makes it fail, and then there is no sign-in
\set VERBOSITY sqlstate
SET statement_timeout = '1ms';
SELECT regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$);
RESET statement_timeout;
\set VERBOSITY default
-- neither the function nor its tables are theirs to call
SELECT regress_outcome($$SELECT app.gate('{}', 'x')$$), regress_outcome($$SELECT fastauth.add_hook('on_signin', 'pg_temp.norm(text)')$$);
-- one's own function in the place of a hook
SELECT regress_outcome($$CREATE OR REPLACE FUNCTION app.gate(u jsonb, p text) RETURNS boolean LANGUAGE sql AS 'SELECT true'$$), regress_outcome($$ALTER FUNCTION app.gate(jsonb, text) OWNER TO regress_thief$$),
	regress_outcome($$INSERT INTO fastauth.hooks SELECT 'allow_signin', 0, 'public', 'norm', 'regress_thief', '', now()$$), regress_outcome('DELETE FROM fastauth.hooks'), regress_outcome('TRUNCATE fastauth.hooks');
\c - :superuser
SELECT who, count(*) > 0 AS called FROM app.log GROUP BY who;

-- a function that pins its own search_path has that one; one of another owner runs as that one
RESET ROLE;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.banned (email text);
GRANT USAGE ON SCHEMA elsewhere TO regress_app;
GRANT SELECT ON elsewhere.banned TO regress_app;
ALTER FUNCTION app.gate(jsonb, text) SET search_path = elsewhere, app;
SELECT regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$);
ALTER FUNCTION app.gate(jsonb, text) RESET search_path;
ALTER FUNCTION app.gate(jsonb, text) OWNER TO regress_thief;
SELECT regress_outcome($$SELECT fastauth.signin('hook.other@example.com', 'correct horse battery')$$);
SELECT function, owner, problem FROM fastauth.hooks_overview;
SELECT fastauth.remove_hook('allow_signin', 'app.gate(jsonb, text)');
SET client_min_messages = error;
DROP OPERATOR public.= (text, text);
DROP SCHEMA app, elsewhere CASCADE;
DROP TABLE secret;
DROP FUNCTION attacked(text[]);
DROP OWNED BY regress_app, regress_thief CASCADE;
DROP ROLE regress_app, regress_thief;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
