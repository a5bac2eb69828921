-- Hooks: who may register which function, when each is called, in which order, with what, and what its answer or its error does.
\set superuser :USER
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
CREATE ROLE regress_app;
CREATE SCHEMA app AUTHORIZATION regress_app;
GRANT regress_app TO regress_admin;
SET ROLE regress_app;
CREATE TABLE app.calls (n int GENERATED ALWAYS AS IDENTITY, what text, payload jsonb, provider text, uid uuid, as_whom text);
-- a hook of each kind, which writes down that it was called
DO $do$
DECLARE
	e text;
BEGIN
	FOREACH e IN ARRAY ARRAY['on_signup', 'on_signout', 'on_token_refresh', 'on_email_verify', 'on_password_reset', 'on_magic_link_sent'] LOOP
		EXECUTE format($f$CREATE FUNCTION app.%1$s(u jsonb) RETURNS void LANGUAGE plpgsql AS $$
			BEGIN INSERT INTO calls (what, payload, uid, as_whom) VALUES (%1$L, u, fastauth.uid(), current_user); END $$$f$, e);
	END LOOP;
	FOREACH e IN ARRAY ARRAY['on_signin', 'on_oauth_link'] LOOP
		EXECUTE format($f$CREATE FUNCTION app.%1$s(u jsonb, p text) RETURNS void LANGUAGE sql AS $$
			INSERT INTO app.calls (what, payload, provider, as_whom) VALUES (%1$L, u, p, current_user) $$$f$, e);
	END LOOP;
END $do$;
CREATE FUNCTION app.allow(u jsonb, p text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO calls (what, payload, provider) VALUES ('allow_signin', u, p);
	RETURN (u -> 'app_metadata' ->> 'blocked') IS NULL;
END $$;
CREATE FUNCTION app.jwt(token jsonb, u jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO calls (what, payload) VALUES ('modify_jwt', token);
	RETURN token || jsonb_build_object('plan', coalesce(u -> 'app_metadata' ->> 'plan', 'none'));
END $$;
RESET ROLE;
GRANT USAGE ON SCHEMA fastauth TO regress_app;
GRANT EXECUTE ON FUNCTION fastauth.uid() TO regress_app;

--
-- Who may register what
--
CREATE ROLE regress_nobody;
SET ROLE regress_nobody;
SELECT fastauth.add_hook('on_signup', 'app.on_signup(jsonb)');
RESET ROLE;
SET ROLE regress_server;
SELECT fastauth.add_hook('on_signup', 0);
SELECT fastauth.remove_hook('on_signup', 'app.on_signup(jsonb)');
SELECT * FROM fastauth.hooks_overview;
SELECT * FROM fastauth.hooks;
RESET ROLE;
-- an administrator of fastauth does not reach a function whose owner they are no member of
CREATE FUNCTION app.of_superuser(u jsonb) RETURNS void LANGUAGE sql AS 'SELECT';
SET ROLE regress_admin;
SELECT fastauth.add_hook('on_signup', 'app.of_superuser(jsonb)');
SELECT fastauth.add_hook('allow_signin', 'pg_catalog.jsonb_exists(jsonb, text)');
RESET ROLE;
-- nor one that is a member without its rights
CREATE ROLE regress_aside NOINHERIT;
GRANT regress_app TO regress_aside;
GRANT USAGE ON SCHEMA app TO regress_aside;
SELECT fastauth.grant_api(NULL, NULL, NULL, 'regress_aside');
SET ROLE regress_aside;
SELECT fastauth.add_hook('on_signup', 'app.on_signup(jsonb)');
RESET ROLE;
DROP FUNCTION app.of_superuser(jsonb);
-- a group privilege alone, given by hand, is not enough either
GRANT regress_admin TO regress_nobody;
SET ROLE regress_nobody;
SELECT fastauth.add_hook('allow_signin', 'pg_catalog.jsonb_exists(jsonb, text)');
RESET ROLE;
REVOKE regress_admin FROM regress_nobody;

SET ROLE regress_app;
CREATE PROCEDURE app.procedure(u jsonb) LANGUAGE sql AS 'SELECT';
CREATE AGGREGATE app.aggregate(jsonb) (sfunc = jsonb_concat, stype = jsonb);
CREATE FUNCTION app.set(u jsonb) RETURNS SETOF void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION app.integer(u jsonb) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.json(u json) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION app.any(u anyelement) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION app.many(VARIADIC u jsonb[]) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION app.more(u jsonb, p text DEFAULT '') RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION app.event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION app.nothing() RETURNS void LANGUAGE sql AS 'SELECT';
RESET ROLE;
SET ROLE regress_admin;
SELECT event, function, regress_outcome(format('SELECT fastauth.add_hook(%L, %s)', event, function)) FROM (VALUES
	('on_signup', $$'app.procedure(jsonb)'$$), ('on_signup', $$'app.aggregate(jsonb)'$$), ('on_signup', $$'app.set(jsonb)'$$),
	('on_signup', $$'app.integer(jsonb)'$$), ('on_signup', $$'app.json(json)'$$), ('on_signup', $$'app.any(anyelement)'$$),
	('on_signup', $$'app.many(jsonb[])'$$), ('on_signup', $$'app.more(jsonb, text)'$$), ('on_signup', $$'app.nothing()'$$),
	('on_signup', $$'app.event()'$$), ('on_signin', $$'app.on_signup(jsonb)'$$), ('on_signup', $$'app.on_signin(jsonb, text)'$$),
	('allow_signin', $$'app.on_signin(jsonb, text)'$$), ('on_signin', $$'app.allow(jsonb, text)'$$), ('modify_jwt', $$'app.allow(jsonb, text)'$$),
	('modify_session', $$'app.on_signup(jsonb)'$$), ('signup', $$'app.on_signup(jsonb)'$$), ('*', $$'app.nothing()'$$),
	('on_sign', $$'app.on_signup(jsonb)'$$), ('ON_SIGNUP', $$'app.on_signup(jsonb)'$$), ('', $$'app.on_signup(jsonb)'$$), (repeat('x', 65), $$'app.on_signup(jsonb)'$$),
	('on_signup', 'NULL'), ('on_signup', $$'-'$$), ('on_signup', '4294967295'), (NULL, $$'app.on_signup(jsonb)'$$)) AS v (event, function);
-- what is wrong is told
SELECT fastauth.add_hook('allow_signin', 'app.on_signin(jsonb, text)');
SELECT fastauth.add_hook('on_login', 'app.on_signin(jsonb, text)');
SET ROLE regress_app;
CREATE FUNCTION pg_temp.temporary(u jsonb) RETURNS void LANGUAGE sql AS 'SELECT';
SET ROLE regress_admin;
SELECT fastauth.add_hook('on_signup', 'pg_temp.temporary(jsonb)');
SELECT count(*) FROM fastauth.hooks_overview;

SELECT fastauth.add_hook(f, ('app.' || f || '(jsonb)')::regprocedure) FROM unnest(ARRAY['on_signup', 'on_signout', 'on_token_refresh', 'on_email_verify', 'on_password_reset', 'on_magic_link_sent']) AS f;
SELECT fastauth.add_hook('on_signin', 'app.on_signin(jsonb, text)'), fastauth.add_hook('on_oauth_link', 'app.on_oauth_link(jsonb, text)'),
	fastauth.add_hook('allow_signin', 'app.allow(jsonb, text)'), fastauth.add_hook('modify_jwt', 'app.jwt(jsonb, jsonb)');
SELECT event, position, function, owner, problem FROM fastauth.hooks_overview;

--
-- When, in which order, as whom, with what
--
RESET ROLE;
CREATE FUNCTION told() RETURNS TABLE (what text, provider text, as_whom text, email text) LANGUAGE sql AS
	$$WITH gone AS (DELETE FROM app.calls RETURNING *) SELECT what, provider, as_whom, payload ->> 'email' FROM gone ORDER BY n$$;
GRANT SELECT, DELETE ON app.calls TO regress_server;
GRANT USAGE ON SCHEMA app TO regress_server;
SET ROLE regress_server;
SELECT access_token AS a1, refresh_token AS r1 FROM fastauth.signup('hook.ann@example.com', 'correct horse battery', 'Ann', metadata => '{"theme": "dark"}') \gset
SELECT payload ->> 'id' = fastauth.verify_token(:'a1') ->> 'sub' AS id, payload - 'id' - 'created_at' - 'updated_at' AS rest,
	payload ->> 'created_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$' AS created_at, payload -> 'created_at' = payload -> 'updated_at' AS updated_at, uid
	FROM app.calls WHERE what = 'on_signup';
-- the same as the user elsewhere has it, whatever the caller's time zone is
SET TimeZone = 'Asia/Kathmandu';
SELECT (SELECT to_jsonb(u) - 'created_at' - 'updated_at' FROM fastauth.get_user_by_email('hook.ann@example.com') u) = payload - 'created_at' - 'updated_at' AS same,
	(SELECT created_at FROM fastauth.get_user_by_email('hook.ann@example.com')) = (payload ->> 'created_at')::timestamptz AS at FROM app.calls WHERE what = 'on_signup';
RESET TimeZone;
-- what modify_jwt gets is the whole payload, and what it adds is signed
SELECT (SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(payload) k) AS claims FROM app.calls WHERE what = 'modify_jwt';
SELECT (SELECT payload FROM app.calls WHERE what = 'modify_jwt') || '{"plan": "none"}' = fastauth.verify_token(:'a1') AS as_signed;
SELECT * FROM told();
SELECT access_token AS a2, refresh_token AS r2 FROM fastauth.signin('hook.ann@example.com', 'correct horse battery') \gset
SELECT * FROM told();
SELECT access_token AS a3 FROM fastauth.refresh(:'r2') \gset
SELECT * FROM told();
-- the same token within the grace: tokens are issued, so it is asked, but nothing new is told
SELECT access_token AS a4 FROM fastauth.refresh(:'r2') \gset
SELECT * FROM told();
-- who is refused is not told of
SELECT regress_outcome($$SELECT fastauth.signin('hook.ann@example.com', 'wrong horse battery')$$), regress_outcome($$SELECT fastauth.signup('hook.ann@example.com', 'correct horse battery')$$),
	regress_outcome($$SELECT fastauth.refresh('fa_rt_0000000000000000000000000000000000000000000')$$);
SELECT * FROM told();
-- sign-out: with the identity still there
BEGIN;
SELECT fastauth.authenticate(:'a1') = (fastauth.verify_token(:'a1') ->> 'sub')::uuid AS ok;
SELECT fastauth.signout();
SELECT what, uid = (fastauth.get_user_by_email('hook.ann@example.com')).id AS uid FROM app.calls;
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;
SELECT * FROM told();
BEGIN;
SELECT fastauth.authenticate(:'a3') IS NOT NULL AS ok;
SELECT fastauth.signout('others');
SELECT * FROM told();
SELECT fastauth.revoke_session(fastauth.session_id());
SELECT * FROM told();
COMMIT;
SELECT access_token AS a5 FROM fastauth.signin('hook.ann@example.com', 'correct horse battery') \gset
BEGIN;
SELECT fastauth.authenticate(:'a5') IS NOT NULL AS ok;
SELECT fastauth.signout('global');
ROLLBACK;
-- issue_jwt is asked for its claims too; a server's own users and sessions are no sign-up and no sign-in
SELECT * FROM told();
SELECT fastauth.verify_token(fastauth.issue_jwt(id, '{"k": 1}')) -> 'plan' AS plan, fastauth.verify_token(fastauth.issue_jwt(id, '{"k": 1}')) -> 'k' AS k FROM fastauth.get_user_by_email('hook.ann@example.com');
SELECT (fastauth.create_session(id)).id IS NOT NULL AS session FROM fastauth.create_user('hook.server@example.com', 'correct horse battery');
SELECT * FROM told();
-- with require_verified_email nobody is signed in, and nobody asked; a known address is told of to nobody
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', 'on');
SET ROLE regress_server;
SELECT * FROM fastauth.signup('hook.unverified@example.com', 'correct horse battery');
SELECT * FROM fastauth.signup('hook.unverified@example.com', 'correct horse battery');
SELECT * FROM told();
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', NULL);

--
-- allow_signin: false and NULL refuse, everywhere, and leave nothing; several have to agree
--
SET ROLE regress_server;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('hook.ann@example.com', 'correct horse battery') \gset
SELECT count(*) AS sessions FROM fastauth.list_user_sessions((SELECT id FROM fastauth.get_user_by_email('hook.ann@example.com'))) \gset
SELECT app_metadata FROM fastauth.update_user((fastauth.get_user_by_email('hook.ann@example.com')).id, '{"app_metadata": {"blocked": true}}');
DELETE FROM app.calls;
SELECT fastauth.signin('hook.ann@example.com', 'correct horse battery');
SELECT fastauth.refresh(:'r');
-- told only after the right password
SELECT fastauth.signin('hook.ann@example.com', 'wrong horse battery');
SELECT count(*) FROM app.calls;
SELECT count(*) = :sessions AS no_more_sessions FROM fastauth.list_user_sessions((SELECT id FROM fastauth.get_user_by_email('hook.ann@example.com')));
-- a token that was out stays good until it ends or is revoked
SELECT fastauth.verify_token(:'a') ->> 'email' AS email;
-- the refresh token was not burned
SELECT is_active FROM fastauth.update_user((fastauth.get_user_by_email('hook.ann@example.com')).id, '{"app_metadata": {"plan": "gold"}}');
SELECT access_token AS a, refresh_token AS r FROM fastauth.refresh(:'r') \gset
SELECT fastauth.verify_token(:'a') ->> 'plan' AS plan;
SET ROLE regress_app;
CREATE FUNCTION app.second(u jsonb, p text) RETURNS boolean LANGUAGE sql AS $$SELECT CASE u ->> 'email' WHEN 'hook.null@example.com' THEN NULL WHEN 'hook.false@example.com' THEN false ELSE true END$$;
SET ROLE regress_admin;
SELECT fastauth.add_hook('allow_signin', 'app.second(jsonb, text)');
SET ROLE regress_server;
SELECT email, regress_outcome(format('SELECT fastauth.signup(%L, %L)', email, 'correct horse battery')) FROM unnest(ARRAY['hook.null@example.com', 'hook.false@example.com', 'hook.true@example.com']) AS email;
SELECT email, (fastauth.get_user_by_email(email)).id IS NOT NULL AS is_there FROM unnest(ARRAY['hook.null@example.com', 'hook.false@example.com', 'hook.true@example.com']) AS email;
SET ROLE regress_admin;
SELECT fastauth.remove_hook('allow_signin', 'app.second(jsonb, text)');
SELECT function FROM fastauth.hooks_overview WHERE event = 'allow_signin';

--
-- An error takes everything back, and reaches the caller as it is, with the name of the hook
--
SET ROLE regress_app;
CREATE FUNCTION app.fails(u jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'not on a Sunday' USING ERRCODE = 'ZZ123', DETAIL = 'closed', HINT = 'Come back tomorrow.';
END $$;
SET ROLE regress_admin;
SELECT fastauth.add_hook('on_signup', 'app.fails(jsonb)');
SET ROLE regress_server;
DELETE FROM app.calls;
\set SHOW_CONTEXT errors
SELECT fastauth.signup('hook.sunday@example.com', 'correct horse battery');
\set SHOW_CONTEXT never
SELECT regress_outcome($$SELECT fastauth.signup('hook.sunday@example.com', 'correct horse battery')$$);
SELECT (fastauth.get_user_by_email('hook.sunday@example.com')).id, (SELECT count(*) FROM app.calls) AS calls;
-- the application may catch it, and the one before it was taken back too
DO $$
BEGIN
	PERFORM fastauth.signup('hook.sunday@example.com', 'correct horse battery');
EXCEPTION WHEN SQLSTATE 'ZZ123' THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
-- PostgreSQL's own errors, of every class
SET ROLE regress_app;
CREATE TABLE app.one (n int CONSTRAINT only_one UNIQUE CHECK (n < 5));
INSERT INTO app.one VALUES (1);
CREATE FUNCTION app.raises(u jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE u ->> 'name'
		WHEN 'unique' THEN INSERT INTO app.one VALUES (1);
		WHEN 'check' THEN INSERT INTO app.one VALUES (7);
		WHEN 'division' THEN PERFORM 1 / (u ->> 'image')::int;
		WHEN 'syntax' THEN EXECUTE 'SELEC';
		WHEN 'privilege' THEN PERFORM FROM fastauth.users;
		WHEN 'ours' THEN PERFORM fastauth.signin('hook.ann@example.com', 'wrong horse battery');
		WHEN 'retry' THEN RAISE SQLSTATE '40001';
		WHEN 'internal' THEN RAISE SQLSTATE 'XX000';
		WHEN 'lock' THEN RAISE SQLSTATE '55P03';
	END CASE;
END $$;
RESET ROLE;
GRANT EXECUTE ON FUNCTION fastauth.signin(text, text, boolean), fastauth.update_user(uuid, jsonb), fastauth.signup(text, text, text, text, jsonb), fastauth.authenticate(text, boolean) TO regress_app;
SET ROLE regress_admin;
SELECT fastauth.remove_hook('on_signup', 'app.fails(jsonb)'), fastauth.add_hook('on_signup', 'app.raises(jsonb)');
SET ROLE regress_server;
SELECT name, regress_outcome(format('SELECT fastauth.signup(%L, %L, %L, %L)', 'hook.error@example.com', 'correct horse battery', name, '0'))
	FROM unnest(ARRAY['unique', 'check', 'division', 'syntax', 'privilege', 'ours', 'retry', 'internal', 'lock', 'no case']) AS name;
SELECT (fastauth.get_user_by_email('hook.error@example.com')).id;
SET ROLE regress_admin;
SELECT fastauth.remove_hook('on_signup', 'raises(jsonb)');

--
-- A hook that changes the user: what is issued knows it
--
SET ROLE regress_app;
CREATE FUNCTION app.gives_plan(u jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.update_user((u ->> 'id')::uuid, '{"app_metadata": {"plan": "trial"}, "email_verified": true, "name": "Renamed"}');
END $$;
CREATE FUNCTION app.deactivates(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF u ->> 'email' = 'hook.plan@example.com' THEN
		PERFORM fastauth.update_user((u ->> 'id')::uuid, '{"is_active": false}');
	END IF;
END $$;
SET ROLE regress_admin;
SELECT fastauth.add_hook('on_signup', 'app.gives_plan(jsonb)');
SET ROLE regress_server;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signup('hook.plan@example.com', 'correct horse battery', 'Name') \gset
SELECT c -> 'plan' AS plan, c -> 'email_verified' AS verified, c -> 'name' AS name FROM fastauth.verify_token(:'a') c;
SET ROLE regress_admin;
SELECT fastauth.remove_hook('on_signup', 'gives_plan(pg_catalog.jsonb)'), fastauth.add_hook('on_signin', 'app.deactivates(jsonb, text)');
SET ROLE regress_server;
SELECT regress_outcome($$SELECT fastauth.signin('hook.plan@example.com', 'correct horse battery')$$);
SELECT is_active FROM fastauth.get_user_by_email('hook.plan@example.com');
SET ROLE regress_admin;
SELECT fastauth.remove_hook('on_signin', 'app.deactivates(jsonb,text)');

--
-- Functions of C, and STRICT ones; registered anew, a hook keeps its place
--
RESET ROLE;
SELECT fastauth.add_hook('allow_signin', 'jsonb_exists(jsonb, text)');
SELECT regress_outcome($$SELECT fastauth.signin('hook.ann@example.com', 'correct horse battery')$$);
SELECT fastauth.remove_hook('allow_signin', 'pg_catalog.jsonb_exists(jsonb, text)');
SELECT fastauth.add_hook('modify_jwt', 'jsonb_concat(jsonb, jsonb)');
SELECT fastauth.verify_token(access_token) ->> 'is_active' AS added, fastauth.verify_token(access_token) ->> 'plan' AS plan FROM fastauth.signin('hook.ann@example.com', 'correct horse battery');
SELECT fastauth.remove_hook('modify_jwt', 'jsonb_concat(jsonb, jsonb)');
SET ROLE regress_admin;
SELECT fastauth.add_hook('modify_jwt', 'app.jwt(jsonb, jsonb)'), fastauth.add_hook('on_signup', 'app.on_signup(jsonb)');
SELECT event, position, function FROM fastauth.hooks_overview WHERE event IN ('modify_jwt', 'on_signup');
-- what cannot be removed
SELECT what, regress_outcome(format('SELECT fastauth.remove_hook(%L, %L)', what[1], what[2])) FROM unnest(ARRAY['{on_signup,app.on_signin(jsonb)}', '{on_signin,app.on_signup(jsonb)}', '{on_sign,app.on_signup(jsonb)}',
	'{on_signup,app.on_signup}', '{on_signup,""}', '{on_signup,"\"app.on_signup(jsonb)\""}']::text[]) WITH ORDINALITY AS t (a, n), LATERAL (SELECT a::text::text[] AS what) w;
RESET ROLE;
SELECT fastauth.remove_hook(event, function) IS NOT NULL AS removed FROM fastauth.hooks_overview;
SELECT count(*) FROM fastauth.hooks_overview;
SET client_min_messages = error;
DROP SCHEMA app CASCADE;
DROP FUNCTION told();
DROP OWNED BY regress_app, regress_aside, regress_nobody;
DROP ROLE regress_app, regress_aside, regress_nobody;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
