-- What modify_jwt and modify_session may answer: a token or a session that is theirs to change, and nothing else.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
CREATE ROLE regress_app;
CREATE SCHEMA app AUTHORIZATION regress_app;
-- the hook does what stands here
CREATE TABLE app.answer (expression text);
INSERT INTO app.answer VALUES ('token');
GRANT SELECT ON app.answer TO regress_app;
GRANT UPDATE, SELECT ON app.answer TO regress_server;
GRANT USAGE ON SCHEMA app TO regress_server;
CREATE FUNCTION app.jwt(token jsonb, u jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT %s FROM (SELECT $1 AS token, $2 AS u) AS v', (SELECT expression FROM app.answer)) INTO answer USING token, u;
	RETURN answer;
END $$;
CREATE FUNCTION app.plan(token jsonb, u jsonb) RETURNS jsonb STRICT LANGUAGE sql AS $$SELECT token || jsonb_build_object('plans', 1 + coalesce((token ->> 'plans')::int, 0))$$;
-- what the answer leads to: what was added and what is gone, or the refusal
CREATE FUNCTION tried(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	signed jsonb;
	plain jsonb;
	word text;
BEGIN
	UPDATE app.answer SET expression = 'token';
	plain := fastauth.verify_token((fastauth.signin('hook.answer@example.com', 'correct horse battery')).access_token);
	UPDATE app.answer SET expression = tried.expression;
	signed := fastauth.verify_token((fastauth.signin('hook.answer@example.com', 'correct horse battery')).access_token);
	RETURN left(format('added %s, gone %s', (SELECT jsonb_object_agg(key, value) FROM jsonb_each(signed) WHERE NOT plain ? key), (SELECT jsonb_agg(key) FROM jsonb_object_keys(plain) AS key WHERE NOT signed ? key)), 100);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN format('%s %s: %s', SQLSTATE, word, SQLERRM);
END $$;
SELECT fastauth.add_hook('modify_jwt', 'app.jwt(jsonb, jsonb)');
SELECT (fastauth.create_user('hook.answer@example.com', 'correct horse battery', name => 'Answer')).email;
SET ROLE regress_server;
-- what it may
SELECT expression, tried(expression) FROM unnest(ARRAY[
	'token', $$token || '{"roles": ["a", "b"], "org": {"id": 1}}'$$, $$token || '{"name": "Another"}'$$, $$token - 'name'$$,
	$$token || jsonb_build_object('of', u ->> 'email')$$]) AS expression;
-- the protected claims: changed, removed, added, given another type or form
SELECT claim, tried(format('token || %L', json_build_object(claim, 'x'))) AS changed, tried(format('token - %L', claim)) AS removed FROM unnest(ARRAY[
	'sub', 'sid', 'iat', 'nbf', 'exp', 'jti', 'iss', 'aud', 'type', 'role', 'email', 'email_verified', 'auth_time']) AS claim;
-- the role that PostgREST switches to
SET ROLE regress_admin;
SELECT fastauth.configure('authenticated_role', 'regress_authenticated');
SET ROLE regress_server;
SELECT expression, tried(expression) FROM unnest(ARRAY[$$token || '{"role": "regress_server"}'$$, $$token - 'role'$$, $$token || '{"k": "v"}'$$]) AS expression;
SET ROLE regress_admin;
SELECT fastauth.configure('authenticated_role', NULL);
SET ROLE regress_server;
SELECT expression, tried(expression) FROM unnest(ARRAY[
	$$jsonb_set(token, '{exp}', to_jsonb((token ->> 'exp')::numeric(20, 1)))$$, $$jsonb_set(token, '{exp}', to_jsonb(token ->> 'exp'))$$, $$jsonb_set(token, '{exp}', to_jsonb((token ->> 'exp')::bigint + 1))$$,
	$$jsonb_set(token, '{email_verified}', 'true')$$, $$jsonb_set(token, '{email_verified}', '"false"')$$, $$jsonb_set(token, '{aud}', '["fastauth"]')$$, $$jsonb_set(token, '{sub}', 'null')$$,
	$$token || '{"role": null}'$$, $$token || '{"role": ["postgres"]}'$$, $$jsonb_set(token, '{sub}', to_jsonb(upper(token ->> 'sub')))$$]) AS expression;
-- what is no token
SELECT expression, tried(expression) FROM unnest(ARRAY[
	'NULL', $$'null'::jsonb$$, $$'[]'::jsonb$$, $$'"token"'::jsonb$$, '''1''::jsonb', $$'true'::jsonb$$, $$'{}'::jsonb$$, 'jsonb_build_array(token)', 'u']) AS expression;
-- bounds: 8 KiB of text, 32 levels, 1000 keys, and no number that is short in binary and endless as text
SELECT expression, tried(expression) FROM unnest(ARRAY[
	$$token || jsonb_build_object('x', repeat('x', 7500))$$, $$token || jsonb_build_object('x', repeat('x', 8192))$$, $$token || jsonb_build_object('x', repeat('x', 1000000))$$,
	$$token || jsonb_build_object('x', repeat('"', 4000))$$,
	$$token || jsonb_build_object('x', (repeat('[', 31) || repeat(']', 31))::jsonb)$$, $$token || jsonb_build_object('x', (repeat('[', 32) || repeat(']', 32))::jsonb)$$,
	$$token || (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 900) i)$$, $$token || (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1000) i)$$,
	$$token || '{"x": 1e4000}'$$, $$token || '{"x": 1e100000}'$$, $$token || (SELECT jsonb_object_agg(i, 1e100000) FROM generate_series(1, 900) i)$$]) AS expression;
-- several: each gets what the one before made, and each is checked
RESET ROLE;
SELECT fastauth.add_hook('modify_jwt', 'app.plan(jsonb, jsonb)');
SET ROLE regress_server;
SELECT expression, tried(expression) FROM unnest(ARRAY[$$token || '{"plans": 41}'$$, 'NULL', $$token - 'sub'$$]) AS expression;
SELECT fastauth.verify_token((fastauth.signin('hook.answer@example.com', 'correct horse battery')).access_token) -> 'sub' IS NULL;
UPDATE app.answer SET expression = 'token';
-- issue_jwt: the same hooks, the same claims that nobody sets
SELECT fastauth.verify_token(fastauth.issue_jwt(id, '{"plans": 1, "k": "v"}')) ->> 'plans' AS plans FROM fastauth.get_user_by_email('hook.answer@example.com');
SELECT claim, regress_outcome(format('SELECT fastauth.issue_jwt(id, %L) FROM fastauth.get_user_by_email(%L)', json_build_object(claim, 'x'), 'hook.answer@example.com')) FROM unnest(ARRAY['role', 'sid', 'exp', 'aud', 'email_verified', 'plans']) AS claim;
RESET ROLE;
SELECT fastauth.remove_hook('modify_jwt', 'app.plan(jsonb, jsonb)'), fastauth.remove_hook('modify_jwt', 'app.jwt(jsonb, jsonb)');

--
-- modify_session: only with the database strategy
--
CREATE FUNCTION app.session(session jsonb, u jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE format('SELECT %s FROM (SELECT $1 AS session, $2 AS u) AS v', (SELECT expression FROM app.answer)) INTO answer USING session, u;
	RETURN answer;
END $$;
CREATE FUNCTION tried_session(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s fastauth.session_data;
	word text;
BEGIN
	UPDATE app.answer SET expression = tried_session.expression;
	PERFORM fastauth.delete_user_sessions((fastauth.get_user_by_email('hook.answer@example.com')).id);
	PERFORM fastauth.set_client('192.0.2.7', 'Test/1.0');
	PERFORM fastauth.signin('hook.answer@example.com', 'correct horse battery');
	SELECT * INTO STRICT s FROM fastauth.list_user_sessions((fastauth.get_user_by_email('hook.answer@example.com')).id);
	RETURN left(format('%s, %s, %s', s.ip_address, s.user_agent, s.data), 100);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN format('%s %s: %s', SQLSTATE, word, SQLERRM);
END $$;
SELECT fastauth.add_hook('modify_session', 'app.session(jsonb, jsonb)');
SET ROLE regress_server;
SELECT tried_session('NULL') AS strategy_jwt;
SET ROLE regress_admin;
SELECT fastauth.configure('session_strategy', 'database');
SET ROLE regress_server;
-- what it gets
SELECT tried_session($$jsonb_set(session, '{data}', jsonb_build_object('keys', (SELECT jsonb_agg(k) FROM jsonb_object_keys(session) k)))$$);
SELECT tried_session($$jsonb_set(session, '{data}', jsonb_build_object('user', u ->> 'email', 'ip', session -> 'ip_address', 'ua', session -> 'user_agent', 'p', session -> 'provider'))$$);
-- what it may
SELECT expression, tried_session(expression) FROM unnest(ARRAY[
	'session', $$session || '{"data": {"cart": [1, 2]}}'$$, $$session || '{"ip_address": null}'$$, $$session - 'ip_address' - 'user_agent'$$, $$session || '{"user_agent": "hidden"}'$$]) AS expression;
-- what it may not
SELECT expression, tried_session(expression) FROM unnest(ARRAY[
	'NULL', $$'[]'::jsonb$$, $$'{}'::jsonb$$, $$session || '{"ip_address": "192.0.2.8"}'$$, $$session || '{"ip_address": 5}'$$, $$session || '{"user_agent": 5}'$$, $$session || jsonb_build_object('user_agent', repeat('x', 513))$$,
	$$session || '{"user_agent": "a\nb"}'$$, $$session || '{"data": null}'$$, $$session || '{"data": []}'$$, $$session - 'data'$$, $$session || '{"device": "phone"}'$$, $$(session - 'user_agent') || '{"token_hash": "x"}'$$,
	$$session || jsonb_build_object('data', jsonb_build_object('x', repeat('x', 65536)))$$, $$jsonb_set(session, '{data}', (repeat('{"a":', 33) || '1' || repeat('}', 33))::jsonb)$$,
	$$session || jsonb_build_object('data', (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1001) i))$$]) AS expression;
SELECT member, tried_session(format('session || %L', json_build_object(member, '0195e2e0-0000-7000-8000-000000000001'))) AS changed, tried_session(format('session - %L', member)) AS removed
	FROM unnest(ARRAY['id', 'user_id', 'created_at', 'last_used_at', 'expires_at', 'provider']) AS member;
-- a server's own session is its own
UPDATE app.answer SET expression = 'NULL';
SELECT (fastauth.create_session(id, data => '{"mine": true}')).data FROM fastauth.get_user_by_email('hook.answer@example.com');
SET ROLE regress_admin;
SELECT fastauth.configure('session_strategy', NULL);
RESET ROLE;
SELECT fastauth.remove_hook('modify_session', 'app.session(jsonb, jsonb)');
DROP FUNCTION tried(text), tried_session(text);
SET client_min_messages = error;
DROP SCHEMA app CASCADE;
DROP ROLE regress_app;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
