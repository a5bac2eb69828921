-- Attempts of an unprivileged role to read, to write, to run code as the owner, or to change
-- an answer.  All of them fail.  The role has what an application's role has: the groups anon
-- and authenticated, TEMP, and CREATE on the schema public.
\set VERBOSITY terse
CREATE ROLE regress_mallory LOGIN;
SELECT current_user AS super, current_database() AS home \gset
\setenv PGDATABASE :home
GRANT CREATE ON SCHEMA public TO regress_mallory;
SELECT fastauth.grant_api('regress_mallory', 'regress_mallory');
SELECT email FROM fastauth.create_user('ann@example.com', 'correct horse battery staple 4711', email_verified => true);
SELECT email FROM fastauth.create_user('old@example.com', hashed_password => '$2y$04$dS/GIg0.blVpxi.WOgoLsuqvseNLqJzDogkk7hdytr/RM/IilKOAK');
-- Where planted code tells that it ran, and as whom.
CREATE TABLE public.loot (what text, ran_as name);
GRANT ALL ON public.loot TO PUBLIC;
ANALYZE fastauth.users;
\c - regress_mallory

-- An attempt, and how it ended.
CREATE FUNCTION public.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'IT WORKED: ' || command;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || CASE WHEN SQLSTATE = '42501' THEN '' ELSE ' ' || SQLERRM END;
END $$;

-- 1. Every table and view, every statement that takes one (S1, S2).
SELECT command, count(*) > 0 AS tried, string_agg(DISTINCT public.attempt(format(command, c.oid::regclass)), ', ') AS ended
FROM pg_class c, (VALUES
	('SELECT * FROM %s'), ('SELECT count(*) FROM %s'), ('SELECT FROM %s FOR UPDATE'),
	 ('INSERT INTO %s DEFAULT VALUES'), ('DELETE FROM %s'), ('TRUNCATE %s'), ('LOCK TABLE %s'),
	('LOCK TABLE %s IN ACCESS SHARE MODE'), ('ALTER TABLE %s OWNER TO regress_mallory'), ('DROP TABLE %s CASCADE'),
	('GRANT SELECT ON %s TO regress_mallory'), ('COMMENT ON TABLE %s IS ''mine''')) v (command)
WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r'
GROUP BY command ORDER BY command COLLATE "C";
SELECT command, string_agg(DISTINCT public.attempt(format(command, c.oid::regclass)), ', ') AS ended
FROM pg_class c, (VALUES ('SELECT * FROM %s'), ('CREATE OR REPLACE VIEW %s AS SELECT 1')) v (command)
WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'v'
GROUP BY command ORDER BY command COLLATE "C";

COPY fastauth.users TO STDOUT;
SELECT public.attempt('COPY fastauth.users (email) FROM PROGRAM ''true''');
SELECT public.attempt('COPY fastauth.users TO PROGRAM ''cat''');

-- 2. A column, a row at a time, by statements that read in another way (S2).
UPDATE fastauth.users SET is_active = true WHERE email = 'ann@example.com';
MERGE INTO fastauth.users u USING (VALUES (1)) v ON false WHEN MATCHED THEN DO NOTHING;
SELECT hashed_password FROM fastauth.users TABLESAMPLE SYSTEM (100);
SELECT query_to_xml('SELECT * FROM fastauth.users', true, true, '');
SELECT table_to_xml('fastauth.users', true, true, '');
SELECT ts_stat('SELECT to_tsvector(hashed_password) FROM fastauth.users');

-- 3. The statistics, which hold values of the columns (S2).
SELECT count(*) FROM pg_stats WHERE schemaname = 'fastauth';
SELECT count(*) FROM pg_statistic;
CREATE STATISTICS public.mine ON email, name FROM fastauth.users;

-- 4. Somebody else's eyes: a view, a function of one's own, a rule on one's own table (S1).
CREATE VIEW public.peek AS SELECT * FROM fastauth.users;
SELECT count(*) FROM public.peek;
CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM fastauth.users';
SELECT public.peek();
SELECT public.attempt('ALTER FUNCTION public.peek() OWNER TO fastauth_owner');
SELECT public.attempt('ALTER VIEW public.peek OWNER TO fastauth_owner');
CREATE TABLE public.mine (id int);
CREATE RULE peek AS ON INSERT TO public.mine DO ALSO DELETE FROM fastauth.users;
INSERT INTO public.mine VALUES (1);

-- 5. To be the owner (S1).
SET ROLE fastauth_owner;
SET SESSION AUTHORIZATION fastauth_owner;
SELECT public.attempt('GRANT fastauth_owner TO regress_mallory');
SELECT public.attempt('ALTER ROLE fastauth_owner LOGIN PASSWORD ''x''');
SELECT public.attempt('REASSIGN OWNED BY fastauth_owner TO regress_mallory');
SELECT public.attempt('DROP OWNED BY fastauth_owner');
SELECT public.attempt('ALTER DEFAULT PRIVILEGES FOR ROLE fastauth_owner GRANT ALL ON TABLES TO regress_mallory');

-- 6. Code that runs when the owner touches a table (S1).
CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO public.loot VALUES ('trigger', current_user); RETURN NEW; END $$;
CREATE TRIGGER spy BEFORE INSERT OR UPDATE ON fastauth.users FOR EACH ROW EXECUTE FUNCTION public.spy();
CREATE RULE spy AS ON UPDATE TO fastauth.users DO INSTEAD NOTHING;
CREATE POLICY spy ON fastauth.users USING (true);
ALTER TABLE fastauth.users DISABLE ROW LEVEL SECURITY;
CREATE FUNCTION public.spy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN INSERT INTO public.loot VALUES ('index', current_user); RETURN $1; END $$;
CREATE INDEX spy ON fastauth.users (public.spy(email));
ALTER TABLE fastauth.users ADD CHECK (public.spy(email) IS NOT NULL);
ALTER TABLE fastauth.users ALTER name SET DEFAULT public.spy('x');
CREATE TABLE public.child () INHERITS (fastauth.users);
CREATE TABLE public.child (user_id uuid REFERENCES fastauth.users);
CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION public.spy();
SELECT public.attempt('CREATE PUBLICATION spy FOR TABLE fastauth.users');

-- 7. A type of ours in a table or function of one's own, which would pin it for ever (S2, S54).
CREATE TABLE public.pin (u fastauth.users);
CREATE FUNCTION public.pin(fastauth.sessions) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE CAST (fastauth.token_pair AS text) WITH INOUT AS IMPLICIT;

-- What functions answer may be answered by functions of one's own.
CREATE FUNCTION public.login(email text, password text) RETURNS fastauth.token_pair LANGUAGE sql
	AS 'SELECT fastauth.signin(email, password)';
SELECT token_type FROM public.login('ann@example.com', 'correct horse battery staple 4711');

-- 8. Something of one's own in our schema (S4).
CREATE FUNCTION fastauth.signin(varchar, varchar) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE TABLE fastauth.mine (id int);
CREATE TYPE fastauth.mine AS ENUM ('x');
CREATE OPERATOR fastauth.= (FUNCTION = pg_catalog.texteq, LEFTARG = text, RIGHTARG = text);
ALTER FUNCTION public.spy(text) SET SCHEMA fastauth;
DROP SCHEMA fastauth CASCADE;
ALTER SCHEMA fastauth RENAME TO gone;

-- 9. The functions themselves (S1, S5, S7).
CREATE OR REPLACE FUNCTION fastauth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
ALTER FUNCTION fastauth.uid() STRICT;
ALTER FUNCTION fastauth.signin(text, text, bool) RESET search_path;
ALTER FUNCTION fastauth.signin(text, text, bool) SECURITY INVOKER;
DROP FUNCTION fastauth.uid() CASCADE;
CREATE FUNCTION public.mine(text) RETURNS text LANGUAGE c AS '$libdir/fastauth', 'fastauth_get_hashed_password';
CREATE FUNCTION public.mine(text) RETURNS text LANGUAGE internal AS 'textin';
CREATE TRIGGER mine BEFORE INSERT ON public.mine EXECUTE FUNCTION fastauth.uid();

-- 10. The extension (S1, S4).
DROP EXTENSION fastauth;
ALTER EXTENSION fastauth UPDATE;
ALTER EXTENSION fastauth SET SCHEMA public;
ALTER EXTENSION fastauth ADD FUNCTION public.peek();
ALTER EXTENSION fastauth DROP FUNCTION fastauth.uid();
SELECT public.attempt('CREATE EXTENSION pageinspect');

-- 11. Functions of the groups server and admin, and grant_api: none can be called (S1, S2).
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace = 'fastauth'::regnamespace AND has_function_privilege(p.oid, 'EXECUTE')
ORDER BY p.proname COLLATE "C";
SELECT t.typname FROM pg_type t
WHERE t.typnamespace = 'fastauth'::regnamespace AND t.typelem = 0 AND has_type_privilege(t.oid, 'USAGE')
ORDER BY t.typname COLLATE "C";
SELECT fastauth.get_hashed_password('00000000-0000-0000-0000-000000000000');
SELECT fastauth.issue_jwt('00000000-0000-0000-0000-000000000000');
SELECT fastauth.configure('issuer', 'https://mallory.example');
SELECT fastauth.grant_api('regress_mallory', 'regress_mallory', 'regress_mallory', 'regress_mallory');
GRANT EXECUTE ON FUNCTION fastauth.get_hashed_password(uuid) TO regress_mallory;
CREATE OPERATOR public.### (FUNCTION = fastauth.get_hashed_password, RIGHTARG = uuid);

-- 12. The identity by a setting (S14).
SET fastauth.identity = 'x';
SET LOCAL fastauth.identity TO DEFAULT;
SELECT set_config('fastauth.identity', '00000000-0000-0000-0000-000000000000', false);
ALTER ROLE regress_mallory SET fastauth.identity = 'x';
CREATE FUNCTION public.as_ann() RETURNS uuid LANGUAGE sql SET fastauth.identity = 'x' AS 'SELECT fastauth.uid()';
SET fastauth.anything = 'x';
\c - :super
SET fastauth.identity = 'x';
SELECT set_config('fastauth.identity', 'x', true);
ALTER SYSTEM SET fastauth.identity = 'x';
ALTER DATABASE :"home" SET fastauth.identity = 'x';
ALTER ROLE regress_mallory SET fastauth.identity = 'x';
CREATE FUNCTION public.as_ann() RETURNS uuid LANGUAGE sql SET fastauth.identity = 'x' AS 'SELECT fastauth.uid()';
GRANT SET ON PARAMETER fastauth.identity TO regress_mallory;
\c - regress_mallory
SET fastauth.identity = '00000000-0000-0000-0000-000000000000';
SELECT fastauth.uid() IS NULL AS nobody;
\c - :super
REVOKE SET ON PARAMETER fastauth.identity FROM regress_mallory;
\setenv PGOPTIONS '-c fastauth.identity=x'
\! psql -X -c 'SELECT fastauth.uid()' 2>&1 | grep -o 'parameter "fastauth.*'
\setenv PGOPTIONS

-- 13. An identity does not outlive what ends it (S15).
SELECT access_token AS ann FROM fastauth.signin('ann@example.com', 'correct horse battery staple 4711') \gset
\c - regress_mallory
BEGIN;
SELECT fastauth.authenticate(:'ann') IS NOT NULL AS somebody;
PREPARE TRANSACTION 'regress_mallory';
SELECT fastauth.uid() IS NULL AS nobody;
ROLLBACK PREPARED 'regress_mallory';
BEGIN;
SELECT fastauth.authenticate(:'ann') IS NOT NULL AS somebody;
RESET ALL;
SELECT fastauth.uid() IS NULL AS nobody;
ROLLBACK;
SELECT fastauth.authenticate(:'ann', false);
SELECT fastauth.uid() IS NULL AS nobody;

-- 14. Functions, operators, types and tables that stand before ours in the search_path (S5).
\c - :super
CREATE SCHEMA regress_mallory AUTHORIZATION regress_mallory;
\c - regress_mallory
SET search_path = regress_mallory, pg_catalog, public;
CREATE FUNCTION spy(what text) RETURNS bool LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO public.loot VALUES (what, current_user); RETURN true; END $$;
CREATE FUNCTION always(text, text) RETURNS bool LANGUAGE sql AS $$ SELECT regress_mallory.spy('texteq') $$;
CREATE FUNCTION always(uuid, uuid) RETURNS bool LANGUAGE sql AS $$ SELECT regress_mallory.spy('uuid_eq') $$;
CREATE FUNCTION always(bytea, bytea) RETURNS bool LANGUAGE sql AS $$ SELECT regress_mallory.spy('byteaeq') $$;
CREATE FUNCTION always(timestamptz, timestamptz) RETURNS bool LANGUAGE sql AS $$ SELECT regress_mallory.spy('timestamptz') $$;
CREATE OPERATOR = (FUNCTION = always, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR = (FUNCTION = always, LEFTARG = uuid, RIGHTARG = uuid);
CREATE OPERATOR = (FUNCTION = always, LEFTARG = bytea, RIGHTARG = bytea);
CREATE OPERATOR > (FUNCTION = always, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR <= (FUNCTION = always, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE FUNCTION now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() FROM regress_mallory.spy('now') $$;
CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() FROM regress_mallory.spy('clock') $$;
CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS $$ SELECT $1 FROM regress_mallory.spy('lower') $$;
CREATE FUNCTION count(text) RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint FROM regress_mallory.spy('count') $$;
CREATE FUNCTION crypt(text, text) RETURNS text LANGUAGE sql AS $$ SELECT $2 FROM regress_mallory.spy('crypt') $$;
CREATE FUNCTION gen_random_uuid() RETURNS uuid LANGUAGE sql AS $$ SELECT NULL::uuid FROM regress_mallory.spy('random') $$;
CREATE DOMAIN uuid AS pg_catalog.text CHECK (regress_mallory.spy('domain'));
CREATE DOMAIN jsonb AS pg_catalog.text CHECK (regress_mallory.spy('domain'));
CREATE TABLE users (id pg_catalog.uuid, email text, hashed_password text, is_active bool);
CREATE TEMP TABLE users (id pg_catalog.uuid, email text, hashed_password text, is_active bool);
CREATE TEMP TABLE sessions (id pg_catalog.uuid, user_id pg_catalog.uuid);
CREATE TEMP TABLE pg_class (oid oid, relname name);
CREATE TEMP TABLE settings (name text, value text);
INSERT INTO pg_temp.users VALUES ('00000000-0000-0000-0000-000000000000', 'mallory@example.com',
	'$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$3mPxM2mVUJ8vwS6Hzy2pCg', true);
INSERT INTO pg_temp.settings VALUES ('password_min_length', '1');
SET search_path = pg_temp, regress_mallory, public, fastauth, pg_catalog;
SELECT fastauth.signin('mallory@example.com', 'password');
SELECT fastauth.signin('ann@example.com', 'wrong');
SELECT fastauth.signin('old@example.com', 'wrong');
SELECT fastauth.signup('mallory@example.com', 'x');
SELECT fastauth.refresh('fa_rt_0000000000000000000000000000000000000000000');
SELECT fastauth.verify_token('x.y.z');
SELECT fastauth.authenticate('x.y.z');
SELECT token_type FROM fastauth.signin('ann@example.com', 'correct horse battery staple 4711');
RESET search_path;
SELECT what, ran_as FROM public.loot WHERE ran_as <> 'regress_mallory';

-- 15. Settings that change what SQL means (S5): the answers are the same.
SET row_security = off;
SET transform_null_equals = on;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_indexscan = off;
SET default_transaction_isolation = 'serializable';
SET bytea_output = 'escape';
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'iso_8601';
SET TimeZone = 'Asia/Kathmandu';
SET extra_float_digits = -15;
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
SET session_replication_role = replica;
SET zero_damaged_pages = on;
SELECT fastauth.signin('ann@example.com', 'wrong');
SELECT fastauth.signin('ann@example.com', NULL);
SELECT count(*) FROM fastauth.users;
SELECT token_type FROM fastauth.signin('ann@example.com', 'correct horse battery staple 4711');
RESET ALL;

-- 16. Advisory locks: anybody can take any, and none of ours is one (S16).
BEGIN;
SELECT count(pg_advisory_lock(i)) FROM generate_series(-200, 200) i;
SELECT count(pg_advisory_lock(i, j)) FROM generate_series(-5, 5) i, generate_series(-5, 5) j;
SELECT token_type FROM fastauth.signin('ann@example.com', 'correct horse battery staple 4711');
ROLLBACK;
\! psql -X -At -U regress_mallory -c "SELECT token_type FROM fastauth.signin('ann@example.com', 'correct horse battery staple 4711')"
SELECT pg_advisory_unlock_all();

-- 17. Files and programs (PostgreSQL's own rules; nothing of ours opens a way).
SELECT public.attempt('COPY (SELECT 1) TO PROGRAM ''cat''');
SELECT pg_read_file('fastauth.key');
SELECT lo_import('fastauth.key');
SELECT count(*) FROM pg_ls_dir('.');

-- 18. A dump (S2).
\! pg_dump -U regress_mallory 2>&1 | grep -o 'permission denied' | head -n 1

\c - :super

-- 19. What the catalogs say: nothing of ours runs as a superuser, every function that changes
-- hands has a pinned search_path, every table has row-level security (S1, S2, S5).
CREATE VIEW pg_temp.members AS
	SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'fastauth';
SELECT p.oid::regprocedure, r.rolname FROM pg_temp.members m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
JOIN pg_roles r ON r.oid = p.proowner WHERE r.rolsuper OR r.rolname <> 'fastauth_owner';
SELECT c.oid::regclass, r.rolname FROM pg_temp.members m JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass
JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname <> 'fastauth_owner';
SELECT n.nspname, r.rolname FROM pg_temp.members m JOIN pg_namespace n ON n.oid = m.objid AND m.classid = 'pg_namespace'::regclass
JOIN pg_roles r ON r.oid = n.nspowner;
SELECT rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname IN ('fastauth_owner', 'fastauth_events');
SELECT p.oid::regprocedure FROM pg_temp.members m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
WHERE p.prosecdef AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false);
SELECT c.oid::regclass FROM pg_temp.members m JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity;
-- one policy, for the one thing that fastauth_events may do (S3)
SELECT polrelid::regclass, polname, polcmd, polroles::regrole[], pg_get_expr(polwithcheck, polrelid) AS with_check, polqual FROM pg_policy WHERE polrelid IN (SELECT objid FROM pg_temp.members);
-- No row type of a table goes in or out (S54).
SELECT p.oid::regprocedure FROM pg_temp.members m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
JOIN pg_type t ON t.oid = ANY (p.proargtypes::oid[] || p.prorettype) JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c';

-- 20. A database where ALTER DEFAULT PRIVILEGES gives everything to everybody (S2).
CREATE DATABASE regress_privilege TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_privilege
SET client_min_messages = error;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO regress_mallory, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO regress_mallory, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_mallory, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO regress_mallory, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO regress_mallory, PUBLIC;
-- 21. A schema that was there before, made by whom? (S4)
CREATE SCHEMA fastauth AUTHORIZATION regress_mallory;
CREATE EXTENSION fastauth CASCADE;
DROP SCHEMA fastauth;
CREATE EXTENSION fastauth SCHEMA public;
-- 22. An owner with powers, or with members (S1).
ALTER ROLE fastauth_owner LOGIN;
CREATE EXTENSION fastauth CASCADE;
ALTER ROLE fastauth_owner NOLOGIN BYPASSRLS;
CREATE EXTENSION fastauth CASCADE;
ALTER ROLE fastauth_owner NOBYPASSRLS;
GRANT pg_read_all_data TO fastauth_owner;
CREATE EXTENSION fastauth CASCADE;
REVOKE pg_read_all_data FROM fastauth_owner;
GRANT fastauth_owner TO regress_mallory;
CREATE EXTENSION fastauth CASCADE;
REVOKE fastauth_owner FROM regress_mallory;
\c - regress_mallory
CREATE EXTENSION fastauth CASCADE;
\c - :super
SET client_min_messages = error;
CREATE EXTENSION fastauth CASCADE;
RESET client_min_messages;
-- Nobody but the owner has a privilege on anything, PUBLIC included.
WITH acl AS (
	SELECT c.oid::regclass::text AS object, relowner AS owner, aclexplode(coalesce(relacl, acldefault('r', relowner))) AS a
	FROM pg_class c WHERE relnamespace = 'fastauth'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
	UNION ALL
	SELECT p.oid::regprocedure::text, proowner, aclexplode(coalesce(proacl, acldefault('f', proowner)))
	FROM pg_proc p WHERE pronamespace = 'fastauth'::regnamespace
	UNION ALL
	SELECT t.oid::regtype::text, typowner, aclexplode(coalesce(typacl, acldefault('T', typowner)))
	FROM pg_type t WHERE typnamespace = 'fastauth'::regnamespace AND typelem = 0
	UNION ALL
	SELECT nspname, nspowner, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
	FROM pg_namespace WHERE nspname = 'fastauth'
	UNION ALL
	SELECT attrelid::regclass::text, 0, aclexplode(attacl)
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'fastauth'::regnamespace AND attacl IS NOT NULL
)
SELECT object, (a).privilege_type, (a).grantee::regrole FROM acl WHERE (a).grantee <> owner OR owner <> 'fastauth_owner'::regrole;
\c - regress_mallory
SELECT count(*) FROM fastauth.users;
SELECT fastauth.signin('a', 'b');
SELECT fastauth.uid();
\c :home :super
DROP DATABASE regress_privilege;

-- 23. The views are for the group admin alone, and it can read them.
CREATE ROLE regress_overseer LOGIN;
SELECT fastauth.grant_api(NULL, NULL, NULL, 'regress_overseer');
\c - regress_overseer
SELECT c.relname, public.attempt(format('SELECT * FROM %s', c.oid::regclass)) LIKE 'IT WORKED%' AS readable
FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'v' ORDER BY c.relname COLLATE "C";
SELECT public.attempt('SELECT count(*) FROM fastauth.users');
\c - :super
DROP OWNED BY regress_overseer;
DROP ROLE regress_overseer;

-- Nothing that was planted ran as somebody else.
SELECT what, ran_as FROM public.loot WHERE ran_as <> 'regress_mallory';
SET client_min_messages = warning;
DROP OWNED BY regress_mallory CASCADE;
DROP ROLE regress_mallory;
DROP TABLE public.loot;
SELECT fastauth.delete_user(u.id, false) FROM (VALUES ('ann@example.com'), ('old@example.com')) v (email), fastauth.get_user_by_email(v.email) u;
