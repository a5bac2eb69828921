-- Attempts of a signed-in user, with what an application's role has (the groups anon and authenticated, TEMP, and
-- CREATE on public), to get a role, a permission, or a row that a policy hides.  All of them fail.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\set superuser :USER
SET client_min_messages = warning;
CREATE ROLE regress_mallory LOGIN;
GRANT CREATE ON SCHEMA public TO regress_mallory;
SELECT fastauth.grant_api('regress_mallory', 'regress_mallory');
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT id AS mallory FROM fastauth.create_user('attack.mallory@example.com', 'correct horse battery') \gset
SELECT id AS ann FROM fastauth.create_user('attack.ann@example.com', 'correct horse battery') \gset
SELECT access_token AS m FROM fastauth.signin('attack.mallory@example.com', 'correct horse battery') \gset
SELECT (fastauth.create_role('admin', ARRAY['*'])).name, (fastauth.create_role('member', ARRAY['posts:read'])).name;
SELECT fastauth.grant_role(:'ann', 'admin'), fastauth.grant_role(:'mallory', 'member');
CREATE TABLE public.secrets (id int, owner uuid, body text);
INSERT INTO public.secrets SELECT i, :'ann', 'secret ' || i FROM generate_series(1, 100) i;
ALTER TABLE public.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY admins ON public.secrets USING (fastauth.has_permission('secrets:read') OR owner = fastauth.uid());
CREATE POLICY no_members ON public.secrets AS RESTRICTIVE USING (NOT fastauth.has_role('member'));
GRANT SELECT, INSERT, UPDATE, DELETE ON public.secrets TO regress_mallory;
-- What ran as whom, and the rows that somebody's code saw.
CREATE TABLE public.loot (what text, ran_as name);
GRANT ALL ON public.loot TO PUBLIC;
\c - regress_mallory
SET client_min_messages = warning;
CREATE FUNCTION public.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE command;
	RETURN 'IT WORKED: ' || command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, CASE WHEN SQLSTATE LIKE 'PT%' THEN word ELSE '' END);
END $$;
-- Am I more than I am?  Asked after each attempt.
CREATE FUNCTION public.gain() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN concat_ws(' ', CASE WHEN fastauth.has_role('admin') THEN 'ADMIN' END, CASE WHEN fastauth.has_permission('secrets:read') THEN 'PERMITTED' END,
		(SELECT 'SAW ' || count(*) FROM public.secrets HAVING count(*) > 0), 'that was all');
END $$;

-- 1. To grant oneself a role, by every function that changes roles; what they read is not for users either.
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT command, public.attempt(format(command, :'mallory')) FROM unnest(ARRAY['SELECT fastauth.grant_role(%L, ''admin'')', 'SELECT fastauth.revoke_role(%L, ''member'')',
	'SELECT fastauth.create_role(''mine'', ARRAY[''*''])', 'SELECT fastauth.delete_role(''member'')', 'SELECT fastauth.add_permissions(''member'', ARRAY[''*''])',
	'SELECT fastauth.remove_permissions(''member'', ARRAY[''posts:read''])', 'SELECT fastauth.include_role(''member'', ''admin'')', 'SELECT fastauth.exclude_role(''admin'', ''member'')',
	'SELECT fastauth.get_role(''admin'')', 'SELECT fastauth.list_roles()', 'SELECT fastauth.get_user_roles(%L)', 'SELECT fastauth.get_user_permissions(%L)',
	'SELECT fastauth.user_has_permission(%L, ''*'')', 'SELECT fastauth.configure(''default_role'', ''admin'')']) AS command;
-- 2. By the tables.
SELECT command, string_agg(DISTINCT public.attempt(format(command, t)), ', ') FROM unnest(ARRAY['fastauth.roles', 'fastauth.role_permissions', 'fastauth.role_members', 'fastauth.user_roles']) t,
	unnest(ARRAY['SELECT * FROM %s', 'INSERT INTO %s DEFAULT VALUES', 'UPDATE %s SET role = ''admin''', 'DELETE FROM %s', 'TRUNCATE %s', 'LOCK TABLE %s IN ACCESS SHARE MODE', 'LOCK TABLE %s',
	'CREATE TABLE public.child () INHERITS (%s)', 'CREATE POLICY p ON %s USING (true)', 'ALTER TABLE %s DISABLE ROW LEVEL SECURITY', 'CREATE INDEX ON %s ((1))']) command GROUP BY command ORDER BY command COLLATE "C";
-- 3. By what the user writes about themselves: metadata and name are no roles.
SELECT email FROM fastauth.update_me('admin', NULL, '{"role": "admin", "roles": ["admin"], "permissions": ["*"]}');
SELECT public.gain();
ROLLBACK;

-- 4. By settings: the identity, others of the prefix, what PostgREST would set, and what SQL means.
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT public.attempt(format('SET LOCAL fastauth.identity = %L', :'ann')), public.attempt('SET LOCAL fastauth.roles = ''admin'''), public.attempt('SET LOCAL fastauth.permissions = ''*''');
SELECT set_config('request.jwt.claims', format('{"sub": "%s", "role": "admin"}', :'ann'), true) <> '' AS set_by_hand;
SET LOCAL row_security = off;
SELECT public.attempt('SELECT * FROM public.secrets');
SET LOCAL row_security = on;
SET LOCAL transform_null_equals = on;
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = off;
SET LOCAL standard_conforming_strings = off;
SET LOCAL search_path = pg_temp;
SELECT public.gain();
SELECT public.attempt('SET LOCAL session_replication_role = replica'), public.attempt('SET LOCAL allow_system_table_mods = on');
ROLLBACK;

-- 5. By the token of another kind of role: PostgreSQL's roles are none of the application's, and the other way round.
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT r, fastauth.has_role(r) FROM unnest(ARRAY[current_user::text, 'regress_mallory', 'fastauth_owner', 'pg_read_all_data', 'pg_database_owner', 'postgres', 'public', 'none', 'ADMIN', 'Admin', 'member.', 'members']) r WHERE fastauth.has_role(r);
SELECT public.attempt('SET LOCAL ROLE admin'), public.attempt('SET LOCAL ROLE member'), public.attempt('SET LOCAL ROLE fastauth_owner');
ROLLBACK;

-- 6. By tables, functions, operators and types that stand before ours (S5).
\c - :superuser
SET client_min_messages = warning;
CREATE SCHEMA regress_planted AUTHORIZATION regress_mallory;
\c - regress_mallory
SET client_min_messages = warning;
SET search_path = regress_planted, pg_catalog, public;
CREATE FUNCTION spy(what text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES (what, current_user); RETURN true; END $$;
CREATE FUNCTION always(text, text) RETURNS bool LANGUAGE sql AS $$ SELECT regress_planted.spy('texteq') $$;
CREATE FUNCTION always(uuid, uuid) RETURNS bool LANGUAGE sql AS $$ SELECT regress_planted.spy('uuid_eq') $$;
CREATE OPERATOR = (FUNCTION = always, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR = (FUNCTION = always, LEFTARG = uuid, RIGHTARG = uuid);
CREATE FUNCTION has_permission(text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION has_role(text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'admin' FROM regress_planted.spy('unnest') $$;
CREATE DOMAIN text AS pg_catalog.text CHECK (regress_planted.spy('domain'));
CREATE TEMP TABLE user_roles (user_id pg_catalog.uuid, role pg_catalog.text);
CREATE TEMP TABLE role_permissions (role pg_catalog.text, permission pg_catalog.text);
CREATE TEMP TABLE role_members (role pg_catalog.text, included pg_catalog.text);
CREATE TEMP TABLE users (id pg_catalog.uuid, is_active bool);
CREATE TEMP TABLE mine (role pg_catalog.text);
INSERT INTO pg_temp.mine VALUES ('admin');
INSERT INTO pg_temp.user_roles VALUES (:'mallory', 'admin');
INSERT INTO pg_temp.role_permissions VALUES ('admin', '*'), ('member', '*');
INSERT INTO pg_temp.users VALUES (:'mallory', true);
BEGIN;
SET LOCAL search_path = pg_temp, regress_planted, public, fastauth, pg_catalog;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT public.gain();
COMMIT;
RESET search_path;
SELECT what, ran_as FROM public.loot WHERE ran_as <> 'regress_mallory';

-- 7. By questions: nothing but a granted permission is one, and a question cannot end early or carry a pattern.
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT left(q, 24) AS question, public.attempt(format('DO $do$ BEGIN IF NOT fastauth.has_permission(%L) THEN RAISE EXCEPTION ''refused''; END IF; END $do$', q)) AS permission,
	public.attempt(format('DO $do$ BEGIN IF NOT fastauth.has_role(%L) THEN RAISE EXCEPTION ''refused''; END IF; END $do$', q)) AS role
FROM unnest(ARRAY[NULL, '', '*', '%', '_', 'posts:', 'posts:*', 'posts', 'posts:rea', 'posts:readx', 'posts:read ', 'posts:read:x', 'POSTS:READ', 'posts:read'' OR ''1', E'posts:read\n', 'posts:ｒead', 'admin', 'admin*', 'adm',
	'member,admin', '{admin}', repeat('posts:', 21) || '*', repeat('*', 1000000)]) q;
COMMIT;

-- 8. By a function of one's own in the query, which would see rows before the policy decides (a leaky one), by errors,
-- and by a question made of the row.
CREATE FUNCTION public.leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN INSERT INTO public.loot VALUES ('leak ' || $1, current_user); RETURN true; END $$;
CREATE OPERATOR public.~~~ (FUNCTION = public.leak, RIGHTARG = text);
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT count(*) FROM public.secrets WHERE public.leak(body);
SELECT count(*) FROM public.secrets WHERE OPERATOR(public.~~~) body;
SELECT count(*) FROM public.secrets WHERE fastauth.has_permission(body) OR public.leak(body);
SELECT count(*) FROM public.secrets WHERE fastauth.has_role(body) OR 1 / (id - id) > 0;
UPDATE public.secrets SET body = 'mine' WHERE public.leak(body);
DELETE FROM public.secrets WHERE public.leak(body);
SELECT public.attempt(format('INSERT INTO public.secrets VALUES (1, %L, ''x'')', :'ann')), public.attempt('INSERT INTO public.secrets VALUES (1, fastauth.uid(), ''x'')');
COMMIT;
SELECT what FROM public.loot WHERE what LIKE 'leak%';
SELECT public.attempt('CREATE FUNCTION public.trusted(text) RETURNS bool LANGUAGE sql LEAKPROOF AS ''SELECT true''');

-- 9. By a function or a view of somebody else's rights: it asks for the caller's permissions, whoever owns it.
\c - :superuser
SET client_min_messages = warning;
CREATE FUNCTION public.asked_as_superuser() RETURNS bool LANGUAGE sql SECURITY DEFINER AS $$ SELECT fastauth.has_permission('secrets:read') OR fastauth.has_role('admin') $$;
CREATE VIEW public.asked_as_owner AS SELECT fastauth.has_permission('secrets:read') OR fastauth.has_role('admin') AS answer;
GRANT SELECT ON public.asked_as_owner TO regress_mallory;
\c - regress_mallory
SET client_min_messages = warning;
CREATE FUNCTION public.mine() RETURNS bool LANGUAGE sql SECURITY DEFINER AS $$ SELECT fastauth.has_permission('secrets:read') $$;
BEGIN;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT public.asked_as_superuser(), answer, public.mine() FROM public.asked_as_owner;
-- the switch to the owner, to read the rows, does not outlast the call, nor an error in it
SELECT fastauth.has_role('member'), current_user, current_setting('search_path') AS search_path;
SELECT public.attempt('SELECT fastauth.has_role(repeat(''x'', 65))'), current_user;
SELECT public.attempt('SELECT * FROM fastauth.user_roles');
COMMIT;

-- 10. By the functions themselves.
SELECT command, public.attempt(command) FROM unnest(ARRAY['CREATE OR REPLACE FUNCTION fastauth.has_permission(permission text) RETURNS bool LANGUAGE sql AS ''SELECT true''',
	'CREATE FUNCTION fastauth.has_permission(varchar) RETURNS bool LANGUAGE sql AS ''SELECT true''', 'ALTER FUNCTION fastauth.has_permission(text) STRICT', 'ALTER FUNCTION fastauth.has_permission(text) LEAKPROOF',
	'DROP FUNCTION fastauth.has_permission(text) CASCADE', 'ALTER FUNCTION fastauth.has_role(text) OWNER TO regress_mallory', 'ALTER FUNCTION fastauth.has_role(text) SET search_path = pg_temp',
	'CREATE FUNCTION public.c(text) RETURNS bool LANGUAGE c AS ''$libdir/fastauth'', ''fastauth_grant_role''', 'CREATE RULE r AS ON SELECT TO public.secrets DO INSTEAD SELECT 1',
	'CREATE POLICY mine ON public.secrets USING (true)', 'ALTER TABLE public.secrets DISABLE ROW LEVEL SECURITY']) command;

-- 11. By a savepoint, an exception, a failed authenticate() or a cursor that keeps what was.
\c - :superuser
SET client_min_messages = warning;
SELECT fastauth.grant_role(:'mallory', 'admin'), fastauth.revoke_role(:'mallory', 'member');
\c - regress_mallory
SET client_min_messages = warning;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT s;
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SELECT count(*) AS permitted FROM public.secrets;
DECLARE rows CURSOR FOR SELECT id FROM public.secrets;
ROLLBACK TO s;
SELECT public.gain(), public.attempt('FETCH rows');
SELECT fastauth.authenticate(:'m') IS NOT NULL AS mallory;
SAVEPOINT t;
SELECT fastauth.authenticate('x');
ROLLBACK TO t;
SELECT public.gain();
COMMIT;
SELECT public.gain();
-- 12. By a session that was ended, or an account that was, with a token that is still in its time.
\c - :superuser
SET client_min_messages = warning;
SELECT is_active FROM fastauth.update_user(:'mallory', '{"is_active": false}');
\c - regress_mallory
SELECT public.attempt(format('SELECT fastauth.authenticate(%L)', :'m')), public.gain();

\c - :superuser
SET client_min_messages = warning;
SELECT count(*) AS secrets, count(DISTINCT owner) AS owners, bool_and(body LIKE 'secret %') AS untouched FROM public.secrets;
DROP TABLE public.secrets;
DROP FUNCTION public.asked_as_superuser();
DROP VIEW public.asked_as_owner;
DROP SCHEMA regress_planted CASCADE;
DROP OWNED BY regress_mallory CASCADE;
DROP ROLE regress_mallory;
DROP TABLE public.loot;
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
DELETE FROM fastauth.users;
DELETE FROM fastauth.roles;
DELETE FROM fastauth.session_revocations;
