-- A function that is a hook is not dropped, renamed or moved by accident; what is replaced is told; and a hook whose function is gone lets nobody in.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_admin', current_database()) \gexec
CREATE ROLE regress_app;
CREATE SCHEMA "the App" AUTHORIZATION regress_app;
GRANT regress_app TO regress_admin;
SET ROLE regress_app;
CREATE FUNCTION "the App"."on (it)"(u jsonb) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION "the App"."on (it)"(u jsonb, p text) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION "the App".free(u jsonb) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION "the App".sees() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SET ROLE regress_admin;
SELECT fastauth.add_hook('on_signup', '"the App"."on (it)"(jsonb)'), fastauth.add_hook('signup', '"the App".sees()');
SELECT event, function, problem FROM fastauth.hooks_overview;
\set VERBOSITY terse
RESET ROLE;
-- by whomever, superusers too, and in whatever words
DROP FUNCTION "the App"."on (it)"(jsonb);
DROP ROUTINE IF EXISTS "the App"."on (it)"(jsonb) CASCADE;
DROP FUNCTION "the App".free(jsonb), "the App".sees();
\set VERBOSITY sqlstate
SET client_min_messages = error;
DROP SCHEMA "the App" CASCADE;
RESET client_min_messages;
DROP OWNED BY regress_app;
\set VERBOSITY terse
ALTER FUNCTION "the App"."on (it)"(jsonb) RENAME TO another;
ALTER FUNCTION "the App".sees() SET SCHEMA public;
ALTER SCHEMA "the App" RENAME TO another;
SET ROLE regress_app;
DROP FUNCTION "the App"."on (it)"(jsonb);
ALTER ROUTINE "the App"."on (it)"(jsonb) RENAME TO another;
-- settings of the caller change nothing
SET quote_all_identifiers = on;
SET search_path = "the App";
DROP FUNCTION "on (it)"(jsonb);
RESET quote_all_identifiers;
RESET search_path;
-- nor does a transaction that began before the hook was added
RESET ROLE;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DROP FUNCTION "the App".sees();
ROLLBACK;
\set VERBOSITY default
DROP FUNCTION "the App".sees();
-- others are free: another of the same name, and what is no hook
SET ROLE regress_app;
DROP FUNCTION "the App"."on (it)"(jsonb, text);
ALTER FUNCTION "the App".free(jsonb) RENAME TO freed;
DROP FUNCTION "the App".freed(jsonb);
RESET ROLE;
CREATE SCHEMA other_app;
ALTER SCHEMA other_app RENAME TO other_app2;
ALTER SCHEMA "the App" OWNER TO regress_admin;
ALTER SCHEMA "the App" OWNER TO regress_app;
DROP SCHEMA other_app2;

-- what changes what it does passes, and is told; registering it once more says that it is meant
SET ROLE regress_app;
ALTER FUNCTION "the App"."on (it)"(jsonb) STABLE;
RESET ROLE;
SELECT function, problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
ALTER FUNCTION "the App"."on (it)"(jsonb) SET work_mem = '1MB';
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
ALTER FUNCTION "the App"."on (it)"(jsonb) RESET work_mem;
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
CREATE OR REPLACE FUNCTION "the App"."on (it)"(u jsonb) RETURNS void LANGUAGE sql AS 'SELECT 1; SELECT';
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
SELECT fastauth.add_hook('on_signup', '"the App"."on (it)"(jsonb)');
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
CREATE OR REPLACE FUNCTION "the App"."on (it)"(u jsonb) RETURNS void BEGIN ATOMIC SELECT; END;
SELECT fastauth.add_hook('on_signup', '"the App"."on (it)"(jsonb)');
SET quote_all_identifiers = on;
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
RESET quote_all_identifiers;
CREATE OR REPLACE FUNCTION "the App"."on (it)"(u jsonb) RETURNS void BEGIN ATOMIC SELECT 1; SELECT; END;
SELECT problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
ALTER FUNCTION "the App"."on (it)"(jsonb) OWNER TO regress_admin;
SELECT owner, problem FROM fastauth.hooks_overview WHERE event = 'on_signup';
ALTER FUNCTION "the App"."on (it)"(jsonb) OWNER TO regress_app;
-- a change is not seen before it is committed, and not after it is rolled back
BEGIN;
SELECT fastauth.remove_hook('signup', '"the App".sees()');
SAVEPOINT s;
DROP FUNCTION "the App".sees();
ROLLBACK TO s;
ROLLBACK;
SELECT event, function FROM fastauth.hooks_overview;
-- what was removed may go
SELECT fastauth.remove_hook('signup', '"the App".sees()'), fastauth.remove_hook('on_signup', '"on (it)"(jsonb)');
DROP FUNCTION "the App".sees(), "the App"."on (it)"(jsonb);
SELECT count(*) FROM fastauth.hooks_overview;

--
-- Rows that a restore brought without their functions, or that name what is no hook: nobody is let through
--
CREATE FUNCTION hook_row(event text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	INSERT INTO fastauth.hooks VALUES (event, 1, 'the App', name, 'regress_app', '\x00', now());
	BEGIN
		PERFORM fastauth.signup('hook.guard@example.com', 'correct horse battery');
		RAISE EXCEPTION 'accepted';
	EXCEPTION WHEN OTHERS THEN
		outcome := SQLERRM;
	END;
	DELETE FROM fastauth.hooks;
	RETURN outcome;
END $$;
CREATE FUNCTION "the App".set(u jsonb, p text) RETURNS SETOF boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION "the App".wrong(u jsonb, p text) RETURNS text LANGUAGE sql AS $$SELECT 'yes'$$;
CREATE PROCEDURE "the App".procedure(u jsonb, p text) LANGUAGE sql AS 'SELECT';
CREATE FUNCTION "the App".right(u jsonb, p text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT event, name, hook_row(event, name) FROM (VALUES ('on_signup', 'gone'), ('allow_signin', 'gone'), ('modify_jwt', 'gone'), ('signup', 'gone'), ('*', 'gone'), ('allow_signin', 'set'), ('allow_signin', 'wrong'),
	('allow_signin', 'procedure'), ('allow_signin', 'right'), ('modify_jwt', 'right'), ('on_signin', 'gone'), ('no such event', 'gone'), ('allow_signin', repeat('x', 100)), ('allow_signin', '')) AS v (event, name);
INSERT INTO fastauth.hooks VALUES ('allow_signin', 1, 'no such schema', 'gone', 'regress_app', '\x00', now());
SELECT fastauth.signup('hook.guard@example.com', 'correct horse battery');
SELECT event, function, owner, problem FROM fastauth.hooks_overview;
SELECT fastauth.remove_hook('allow_signin', '"no such schema".gone(jsonb, text)');
SELECT (fastauth.signup('hook.guard@example.com', 'correct horse battery')).token_type;

-- the extension can be dropped with its hooks, and then nothing is guarded
DROP FUNCTION hook_row(text, text);
SET client_min_messages = error;
DROP OWNED BY regress_app CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_admin', current_database()) \gexec
DROP ROLE regress_app;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
