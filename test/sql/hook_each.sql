-- Each hook whose flow is there, one by one: what it is told, that it comes in its place among the others, that an
-- error of it takes back the whole flow, and that a NULL, or an answer of another type, lets nobody in.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
CREATE ROLE regress_app;
CREATE SCHEMA app AUTHORIZATION regress_app;
GRANT USAGE ON SCHEMA app TO regress_server;
SET ROLE regress_app;
-- who fails, and who answers what
CREATE TABLE app.turn (who text, how text);
CREATE TABLE app.calls (n int GENERATED ALWAYS AS IDENTITY, who text, keys text, email text, provider text, answered text);
GRANT SELECT, INSERT, DELETE ON app.turn, app.calls TO regress_server;
CREATE FUNCTION app.called(who text, u jsonb, provider text, other jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	how text := (SELECT t.how FROM turn t WHERE t.who = called.who);
BEGIN
	INSERT INTO calls (who, keys, email, provider) VALUES (who, (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(coalesce(other, u)) k), u ->> 'email', provider);
	IF how = 'error' THEN
		RAISE EXCEPTION '% fails', who USING ERRCODE = 'ZZ125', DETAIL = 'detail of ' || who, HINT = 'hint of ' || who;
	END IF;
	RETURN how;
END $$;
DO $do$
DECLARE
	e text;
	i int;
BEGIN
	FOR i IN 1 .. 2 LOOP
		FOREACH e IN ARRAY ARRAY['on_signup', 'on_signout', 'on_token_refresh'] LOOP
			EXECUTE format('CREATE FUNCTION app.%1$s_%2$s(u jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM called(%3$L, u, NULL, NULL); END $$', e, i, e || ' ' || i);
		END LOOP;
		EXECUTE format('CREATE FUNCTION app.on_signin_%1$s(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM called(%2$L, u, p, NULL); END $$', i, 'on_signin ' || i);
		EXECUTE format('CREATE FUNCTION app.allow_signin_%1$s(u jsonb, p text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN CASE called(%2$L, u, p, NULL) WHEN ''null'' THEN NULL WHEN ''false'' THEN false ELSE true END; END $$', i, 'allow_signin ' || i);
		FOREACH e IN ARRAY ARRAY['modify_jwt', 'modify_session'] LOOP
			EXECUTE format('CREATE FUNCTION app.%1$s_%2$s(t jsonb, u jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RETURN CASE called(%3$L, u, NULL, t) WHEN ''null'' THEN NULL WHEN ''json null'' THEN ''null'' WHEN ''array'' THEN ''[]'' WHEN ''string'' THEN ''"t"'' ELSE t END; END $$', e, i, e || ' ' || i);
		END LOOP;
	END LOOP;
END $do$;
RESET ROLE;
SELECT count(fastauth.add_hook(e, format('app.%s_%s(%s)', e, i, args)::regprocedure)) FROM generate_series(1, 2) AS i, (VALUES
	('on_signup', 'jsonb'), ('on_signout', 'jsonb'), ('on_token_refresh', 'jsonb'), ('on_signin', 'jsonb, text'), ('allow_signin', 'jsonb, text'), ('modify_jwt', 'jsonb, jsonb'), ('modify_session', 'jsonb, jsonb')) AS v (e, args);
-- What a flow does to whom: the calls of it, in their order, and what is left of it: users, sessions, spent tokens, revocations, events.
CREATE FUNCTION flow(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(', ', SQLSTATE, message, detail, CASE SQLSTATE WHEN 'ZZ125' THEN hint END);
END $$;
CREATE FUNCTION rows_of() RETURNS int[] LANGUAGE sql SECURITY DEFINER AS $$
	SELECT ARRAY[(SELECT count(*) FROM fastauth.users), (SELECT count(*) FROM fastauth.sessions), (SELECT count(*) FROM fastauth.refresh_tokens WHERE used_at IS NOT NULL), (SELECT count(*) FROM fastauth.session_revocations), (SELECT count(*) FROM fastauth.events)]::int[]
$$;
CREATE FUNCTION signs_out(token text, scope text) RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM fastauth.authenticate(token); PERFORM fastauth.signout(scope); END $$;
CREATE FUNCTION fails(who text, how text, statement text) RETURNS TABLE (outcome text, rows_left boolean, calls bigint) LANGUAGE plpgsql AS $$
DECLARE
	before int[] := rows_of();
BEGIN
	DELETE FROM app.turn;
	INSERT INTO app.turn VALUES (who, how);
	outcome := flow(statement);
	rows_left := rows_of() <> before;
	calls := (SELECT count(*) FROM app.calls);
	DELETE FROM app.turn;
	RETURN NEXT;
END $$;
SET ROLE regress_server;

--
-- What each is told, in the order of the calls
--
SELECT flow($$SELECT fastauth.signup('hook.each@example.com', 'correct horse battery', 'Each')$$);
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('hook.each@example.com', 'correct horse battery') \gset
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
SELECT access_token AS a, refresh_token AS r FROM fastauth.refresh(:'r') \gset
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
SELECT flow(format('SELECT signs_out(%L, %L)', :'a', 'local'));
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
RESET ROLE;
SELECT fastauth.configure('session_strategy', 'database');
SET ROLE regress_server;
SELECT access_token AS st FROM fastauth.signin('hook.each@example.com', 'correct horse battery') \gset
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
SELECT flow(format('SELECT signs_out(%L, %L)', :'st', 'global'));
SELECT who, keys, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
SELECT flow($$SELECT fastauth.signup('hook.each2@example.com', 'correct horse battery')$$);
SELECT who, email, provider FROM app.calls ORDER BY n;
DELETE FROM app.calls;
RESET ROLE;
SELECT fastauth.configure('session_strategy', NULL);
SET ROLE regress_server;

--
-- An error of each, the first and the second of its event, in each flow that calls it: as it was raised, and nothing is left
--
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('hook.each@example.com', 'correct horse battery') \gset
DELETE FROM app.calls;
SELECT w || ' ' || i AS who, flow, f.* FROM generate_series(1, 2) AS i, (VALUES
	(1, 'on_signup', 'signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$), (2, 'allow_signin', 'signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$),
	(3, 'modify_jwt', 'signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$), (4, 'allow_signin', 'signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$),
	(5, 'on_signin', 'signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$), (6, 'modify_jwt', 'signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$),
	(7, 'allow_signin', 'refresh', format('SELECT fastauth.refresh(%L)', :'r')), (8, 'on_token_refresh', 'refresh', format('SELECT fastauth.refresh(%L)', :'r')), (9, 'modify_jwt', 'refresh', format('SELECT fastauth.refresh(%L)', :'r')),
	(10, 'on_signout', 'signout', format('SELECT signs_out(%L, %L)', :'a', 'local')), (11, 'on_signout', 'signout of all', format('SELECT signs_out(%L, %L)', :'a', 'global')),
	(12, 'modify_jwt', 'issue_jwt', format('SELECT fastauth.issue_jwt(%L)', (fastauth.get_user_by_email('hook.each@example.com')).id))) AS v (n, w, flow, statement), LATERAL fails(w || ' ' || i, 'error', statement) AS f ORDER BY n, i;
-- the tokens are what they were: neither spent nor ended
SELECT flow(format('SELECT fastauth.verify_token(%L)', :'a')), flow(format('SELECT fastauth.refresh(%L)', :'r'));
DELETE FROM app.calls;

--
-- An answer that is none
--
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('hook.each@example.com', 'correct horse battery') \gset
DELETE FROM app.calls;
SELECT w || ' ' || i AS who, how, flow, f.* FROM generate_series(1, 2) AS i, (VALUES
	(1, 'signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$), (2, 'signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$),
	(3, 'refresh', format('SELECT fastauth.refresh(%L)', :'r'))) AS v (n, flow, statement), (VALUES (1, 'allow_signin', 'null'), (2, 'allow_signin', 'false'), (3, 'modify_jwt', 'null'), (4, 'modify_jwt', 'json null'), (5, 'modify_jwt', 'array'), (6, 'modify_jwt', 'string')) AS x (m, w, how),
	LATERAL fails(w || ' ' || i, how, statement) AS f ORDER BY n, m, i;
DELETE FROM app.calls;
RESET ROLE;
SELECT fastauth.configure('session_strategy', 'database');
SET ROLE regress_server;
SELECT 'modify_session ' || i AS who, how, flow, f.* FROM generate_series(1, 2) AS i, (VALUES (1, 'signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$), (2, 'signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$)) AS v (n, flow, statement),
	(VALUES (1, 'error'), (2, 'null'), (3, 'json null'), (4, 'array'), (5, 'string')) AS x (m, how), LATERAL fails('modify_session ' || i, how, statement) AS f ORDER BY n, m, i;
DELETE FROM app.calls;
RESET ROLE;
SELECT fastauth.configure('session_strategy', NULL);

--
-- A function that is not any more what was registered: nobody gets past it
--
SELECT count(fastauth.remove_hook(event, function)) FROM fastauth.hooks_overview WHERE function LIKE '%\_2(%';
CREATE FUNCTION replaced(statement text, flow text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE statement;
	BEGIN
		EXECUTE flow;
		word := 'done';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS word = MESSAGE_TEXT;
	END;
	RAISE EXCEPTION '%', word;
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END $$;
-- what the guard keeps from happening, done to the catalog itself: the result, the name, the kind
SELECT e, what, replaced(format('UPDATE pg_catalog.pg_proc SET %s WHERE oid = (SELECT function::regprocedure FROM fastauth.hooks_overview WHERE event = %L)', what, e), f) FROM (VALUES
	(1, 'on_signup', $$SELECT fastauth.signup('hook.none@example.com', 'correct horse battery')$$), (2, 'allow_signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$), (3, 'on_signin', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$),
	(4, 'on_token_refresh', format('SELECT fastauth.refresh(%L)', :'r')), (5, 'on_signout', format('SELECT signs_out(%L, %L)', :'a', 'local')), (6, 'modify_jwt', $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$)) AS v (n, e, f),
	unnest(ARRAY['prorettype = ''text''::regtype', 'proretset = true', 'proname = ''gone''', 'prokind = ''p''']) AS what ORDER BY n, what;
SELECT fastauth.configure('session_strategy', 'database');
SELECT what, replaced(format('UPDATE pg_catalog.pg_proc SET %s WHERE oid = (SELECT function::regprocedure FROM fastauth.hooks_overview WHERE event = %L)', what, 'modify_session'), $$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$)
	FROM unnest(ARRAY['prorettype = ''text''::regtype', 'proretset = true', 'proname = ''gone''', 'prokind = ''p''']) AS what ORDER BY what;
SELECT fastauth.configure('session_strategy', NULL);
SELECT flow($$SELECT fastauth.signin('hook.each@example.com', 'correct horse battery')$$);
SELECT count(fastauth.remove_hook(event, function)) FROM fastauth.hooks_overview;
SET client_min_messages = error;
DROP FUNCTION flow(text), rows_of(), signs_out(text, text), fails(text, text, text), replaced(text, text);
DROP SCHEMA app CASCADE;
DROP ROLE regress_app;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
