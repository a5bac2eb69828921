-- A request as PostgREST makes it: setup_postgrest(), pre_request(), pre_config() and the exposed schema.
-- Who a request acts as (S50), where it came from (S53), what the schema shows (S54); forged settings, tokens that are
-- not good any more, READ ONLY transactions.
\set superuser :USER
\set SHOW_CONTEXT never
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;

--
-- setup_postgrest(): what it refuses
--
CREATE ROLE regress_pgrst_super SUPERUSER;
CREATE ROLE regress_pgrst_member IN ROLE regress_pgrst_super;
SELECT regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst_super', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS superuser_connects,
	regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst_member', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS its_member_connects,
	regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_super', 'regress_pgrst_user', 'regress_api')$$) AS superuser_is_anon,
	regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_member', 'regress_api')$$) AS its_member_signs_in;
SELECT regress_outcome($$SELECT fastauth.configure('anon_role', 'regress_pgrst_super')$$) AS superuser, regress_outcome($$SELECT fastauth.configure('anon_role', 'regress_pgrst_none')$$) AS no_such_role,
	regress_outcome($$SELECT fastauth.configure('anon_role', 'fastauth_owner')$$) AS our_owner, regress_outcome($$SELECT fastauth.configure('anon_role', 'anon')$$) AS the_default_need_not_be_there;
SELECT regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_anon', 'regress_api')$$) AS two_roles,
	regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst_anon', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS other_two,
	regress_outcome($$SELECT fastauth.setup_postgrest('fastauth_owner', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS our_owner,
	regress_outcome($$SELECT fastauth.setup_postgrest('pg_monitor', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS postgres_own,
	regress_outcome($$SELECT fastauth.setup_postgrest('public', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS no_role,
	regress_outcome($$SELECT fastauth.setup_postgrest('', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS no_name,
	regress_outcome($$SELECT fastauth.setup_postgrest(repeat('x', 64), 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS too_long,
	regress_outcome($$SELECT fastauth.setup_postgrest(NULL, 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$) AS null_role;
SELECT s AS schema, regress_outcome(format('SELECT fastauth.setup_postgrest(%L, %L, %L, %L)', 'regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', s))
	FROM unnest(ARRAY['fastauth', 'pg_catalog', 'pg_temp', '$user', 'information_schema', '', repeat('x', 64)]) AS s;
-- an application's own function is neither replaced nor overloaded
CREATE SCHEMA regress_taken;
CREATE FUNCTION regress_taken.signin(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_taken');
DROP FUNCTION regress_taken.signin;
CREATE FUNCTION regress_taken.signup(email text, password text, name text DEFAULT NULL, image text DEFAULT NULL, metadata jsonb DEFAULT '{}') RETURNS fastauth.token_pair
	LANGUAGE sql AS $$SELECT 1 / (length(name) - 3); SELECT fastauth.signup($1, $2, $3, $4, $5)$$;
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_taken');
DROP SCHEMA regress_taken CASCADE;
-- nor is what somebody planted adopted, whose owner could put in another function later: a schema, or one function that looks like ours
CREATE ROLE regress_pgrst_planter;
CREATE SCHEMA regress_planted AUTHORIZATION regress_pgrst_planter;
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_planted');
DROP SCHEMA regress_planted;
CREATE SCHEMA regress_shared;
GRANT CREATE ON SCHEMA regress_shared TO regress_pgrst_planter;
GRANT USAGE ON SCHEMA regress_shared, fastauth TO regress_pgrst_planter;
GRANT EXECUTE ON FUNCTION fastauth.uid TO regress_pgrst_planter;
SET ROLE regress_pgrst_planter;
CREATE FUNCTION regress_shared.uid() RETURNS uuid LANGUAGE sql AS 'SELECT fastauth.uid()';
RESET ROLE;
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_shared');
-- also when it would only be an overload
SET ROLE regress_pgrst_planter;
DROP FUNCTION regress_shared.uid;
CREATE FUNCTION regress_shared.uid(x int) RETURNS uuid LANGUAGE sql AS 'SELECT fastauth.uid()';
RESET ROLE;
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_shared');
DROP SCHEMA regress_shared CASCADE;
DROP OWNED BY regress_pgrst_planter;
DROP ROLE regress_pgrst_planter;
-- nothing of all that is left
SELECT count(*) AS roles FROM pg_roles WHERE rolname IN ('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user');
DROP ROLE regress_pgrst_member, regress_pgrst_super;
-- who may not make roles is told so, and who has no group of ours does not get that far
SET ROLE regress_admin;
SELECT regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$);
SET ROLE regress_server;
SELECT regress_outcome($$SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api')$$);
RESET ROLE;

--
-- What it makes; and again is fine
--
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api');
SELECT fastauth.setup_postgrest('regress_pgrst', 'regress_pgrst_anon', 'regress_pgrst_user', 'regress_api');
SELECT rolname, rolcanlogin, rolinherit, rolsuper FROM pg_roles WHERE rolname LIKE 'regress\_pgrst%' ORDER BY rolname;
SELECT r.rolname AS role, m.rolname AS member FROM pg_auth_members a
	JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname LIKE 'regress\_pgrst%' ORDER BY 1, 2;
SELECT name, value FROM fastauth.settings_overview WHERE name IN ('anon_role', 'authenticated_role', 'authenticator_roles') ORDER BY name;
-- the role that PostgREST connects as may call one function of ours
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname IN ('fastauth', 'regress_api') AND has_function_privilege('regress_pgrst', p.oid, 'EXECUTE') ORDER BY 1;

-- S54: all that the schema shows, to whom; of ours it differs in nothing but in what a cookie can hold, and authenticate
SELECT p.oid::regprocedure AS function, split_part(pg_get_function_result(p.oid), '(', 1) AS result, p.provolatile AS volatile,
	has_function_privilege('regress_pgrst_anon', p.oid, 'EXECUTE') AS anon, has_function_privilege('regress_pgrst_user', p.oid, 'EXECUTE') AS user
	FROM pg_proc p WHERE p.pronamespace = 'regress_api'::regnamespace ORDER BY p.proname COLLATE "C";
SELECT p.proname, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_arguments(o.oid) AS of_ours
	FROM pg_proc p JOIN pg_proc o ON o.proname = p.proname AND o.pronamespace = 'fastauth'::regnamespace
	WHERE p.pronamespace = 'regress_api'::regnamespace
		AND (pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.proparallel, obj_description(p.oid, 'pg_proc'))
			IS DISTINCT FROM (pg_get_function_arguments(o.oid), pg_get_function_result(o.oid), o.provolatile, o.proparallel, obj_description(o.oid, 'pg_proc'))
	ORDER BY 1;
-- nothing of ours is missing, and nothing else is there: no table, view or type, nobody else's privilege, no definer
SELECT l.name FROM fastauth.list_api() l WHERE l.kind = 'function' AND l.api_group IN ('anon', 'authenticated')
	AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'regress_api'::regnamespace AND p.proname = l.name);
SELECT count(*) AS relations FROM pg_class WHERE relnamespace = 'regress_api'::regnamespace;
SELECT count(*) AS types FROM pg_type WHERE typnamespace = 'regress_api'::regnamespace;
SELECT count(*) AS definers FROM pg_proc WHERE pronamespace = 'regress_api'::regnamespace AND prosecdef;
SELECT count(*) AS row_types_of_tables FROM pg_proc p JOIN pg_type t ON t.oid = ANY (p.prorettype || p.proargtypes::oid[] || coalesce(p.proallargtypes, '{}'))
	JOIN pg_class c ON c.oid = t.typrelid WHERE p.pronamespace = 'regress_api'::regnamespace AND c.relkind <> 'c';
SELECT DISTINCT a.grantee::regrole FROM pg_proc p, aclexplode(p.proacl) a
	WHERE p.pronamespace = 'regress_api'::regnamespace AND a.grantee <> p.proowner ORDER BY 1;

--
-- Requests.  Everything in PostgREST's order; what the statement answers, or how it was refused.
--
CREATE FUNCTION regress_claims(token text) RETURNS jsonb LANGUAGE sql AS
	$$SELECT convert_from(decode(rpad(translate(split_part(token, '.', 2), '-_', '+/'), (length(split_part(token, '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb$$;
CREATE FUNCTION regress_request(token text, statement text DEFAULT 'SELECT coalesce(fastauth.uid()::text, ''nobody'')',
	role text DEFAULT NULL, claims text DEFAULT NULL, headers text DEFAULT NULL, method text DEFAULT 'POST', path text DEFAULT '/rpc/me',
	cookies text DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	word text;
	message text;
	answer text;
BEGIN
	role := coalesce(role, regress_claims(token)->>'role', 'regress_pgrst_anon');
	PERFORM set_config('search_path', '"regress_api", "public"', true), set_config('role', role, true),
		set_config('request.jwt.claims', coalesce(claims, (coalesce(regress_claims(token), '{}') || jsonb_build_object('role', role))::text), true),
		set_config('request.method', method, true), set_config('request.path', path, true),
		set_config('request.headers', coalesce(headers, jsonb_strip_nulls(jsonb_build_object('accept', '*/*', 'authorization', 'Bearer ' || token))::text), true),
		set_config('request.cookies', cookies, true);
	PERFORM fastauth.pre_request();
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, word = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN concat_ws(' ', state, CASE WHEN state LIKE 'PT%' THEN word || ': ' || message ELSE message END);
END $$;
CREATE VIEW regress_last_client AS SELECT ip_address, user_agent FROM fastauth.sessions ORDER BY id DESC LIMIT 1;
GRANT SELECT ON regress_last_client TO PUBLIC;

SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('postgrest.alice@example.com', 'correct horse battery', name => 'Alice') \gset
SELECT id AS bob FROM fastauth.create_user('postgrest.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS a FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2 FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS b FROM fastauth.signin('postgrest.bob@example.com', 'correct horse battery') \gset
SELECT fastauth.issue_jwt(:'alice') AS free, fastauth.issue_jwt(:'bob') AS free_bob \gset
RESET ROLE;
SET SESSION AUTHORIZATION regress_pgrst;

SELECT regress_request(NULL) AS no_token, regress_request(:'a') = :'alice' AS alice, regress_request(:'b') = :'bob' AS bob,
	regress_request(:'free') = :'alice' AS without_session;
SELECT regress_request(:'a', 'SELECT current_user') AS role, regress_request(NULL, 'SELECT current_user') AS role_of_nobody;
SELECT regress_request(:'a', 'SELECT name FROM me()') AS name, regress_request(NULL, 'SELECT me()') AS nobody_calls_me;
-- the scheme as PostgREST reads it; another one is no token of ours
SELECT h AS header, regress_request(NULL, role => 'regress_pgrst_user', claims => regress_claims(:'a')::text,
	headers => jsonb_build_object('authorization', h || ' ' || :'a')::text) = :'alice' AS alice
	FROM unnest(ARRAY['Bearer', 'bearer', 'Bearer ']) AS h;
SELECT h AS header, regress_request(NULL, headers => jsonb_build_object('authorization', h)::text)
	FROM unnest(ARRAY['Basic YWxpY2U6eA==', 'Bearer', '', 'BEARER x', 'Token Bearer x', 'Bearer ', 'Bearer x', 'Bearer null', 'bearer a.b.c']) AS h;
SELECT regress_request(NULL, headers => jsonb_build_object('authorization', 'Bearer ' || repeat('x', 17 * 1024))::text) AS too_long,
	regress_request(NULL, headers => jsonb_build_object('authorization', 'Bearer fa_st_' || repeat('x', 43))::text) AS session_token;
-- it is anybody's function, but only for who connects as PostgREST
\c - regress_anon
SELECT set_config('request.headers', json_build_object('authorization', 'Bearer ' || :'a')::text, false) IS NOT NULL AS forged,
	set_config('request.jwt.claims', regress_claims(:'a')::text, false) IS NOT NULL AS forged_claims;
SELECT fastauth.pre_request();
SELECT fastauth.uid();
\c - regress_authenticated
SELECT regress_outcome('SELECT fastauth.pre_request()'), regress_outcome('SELECT fastauth.pre_config()');
\c - :superuser
SELECT regress_outcome('SELECT fastauth.pre_request()') AS superuser;
SET ROLE regress_pgrst;
SELECT regress_outcome('SELECT fastauth.pre_request()') AS not_by_set_role;
RESET ROLE;

--
-- S50: every combination of the token that PostgREST took (role, claims) and the one that it shows
--
SET SESSION AUTHORIZATION regress_pgrst;
SELECT took, shows, role, CASE r WHEN :'alice' THEN 'alice' WHEN :'bob' THEN 'bob' ELSE r END AS acts_as
	FROM (VALUES (1, 'nobody', NULL), (2, 'alice', :'a'), (3, 'alice, another session', :'a2'), (4, 'bob', :'b')) AS t (n, took, t_token),
		(VALUES (1, 'nobody', NULL), (2, 'alice', :'a'), (3, 'bob', :'b')) AS s (n, shows, s_token),
		unnest(ARRAY['regress_pgrst_anon', 'regress_pgrst_user']) AS role,
		regress_request(s_token, role => role, claims => (coalesce(regress_claims(t_token), '{}') || jsonb_build_object('role', role))::text) AS r
	ORDER BY t.n, s.n, role;
-- a claim that is missing, is another's, or is no text
SELECT c AS claim, regress_request(:'a', claims => (regress_claims(:'a') - c)::text) AS missing,
	regress_request(:'a', claims => jsonb_set(regress_claims(:'a'), ARRAY[c], regress_claims(:'b')->c)::text) AS of_bob,
	regress_request(:'a', claims => jsonb_set(regress_claims(:'a'), ARRAY[c], 'null')::text) AS json_null,
	regress_request(NULL, claims => jsonb_build_object('role', 'regress_pgrst_anon', c, regress_claims(:'a')->c)::text) AS alone
	FROM unnest(ARRAY['sub', 'sid', 'jti']) AS c;
-- a token of a session, shown with the claims of one without, and the other way round
SELECT regress_request(:'free', claims => regress_claims(:'a')::text) AS with_sid, regress_request(:'a', claims => regress_claims(:'free')::text) AS without_sid;
-- no claims at all, or a role that the token does not name
SELECT regress_request(:'a', claims => '') AS no_claims, regress_request(:'a', role => 'regress_pgrst') AS as_authenticator, regress_request(NULL, role => 'regress_pgrst') AS nobody_as_it,
	regress_request(NULL, role => 'regress_pgrst_user', claims => '{"role": "regress_pgrst_user", "iss": "another"}') AS token_of_another;
RESET SESSION AUTHORIZATION;

--
-- What is not good any more is refused at the next request; what failed leaves nobody
--
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'a', $$SELECT signout()$$, path => '/rpc/signout') AS signed_out, regress_request(:'a') AS revoked, regress_request(:'a2') = :'alice' AS the_other_is_good;
RESET SESSION AUTHORIZATION;
SET ROLE regress_server;
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": false}');
RESET ROLE;
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'b') AS its_session, regress_request(:'free_bob') AS without_session;
RESET SESSION AUTHORIZATION;
SET ROLE regress_server;
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": true}');
RESET ROLE;
-- another role: the token of the old one is over, one of the new one is good
CREATE ROLE regress_pgrst_editor;
GRANT regress_pgrst_editor TO regress_pgrst;
SELECT fastauth.configure('allowed_roles', '{regress_pgrst_editor}');
SELECT fastauth.grant_api(NULL, 'regress_pgrst_editor');
SELECT fastauth.set_user_dbrole(:'alice', 'regress_pgrst_editor');
SELECT access_token AS e FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'a2') AS old_role, regress_request(:'free') AS without_session, regress_request(:'e') = :'alice' AS new_role, regress_request(:'e', 'SELECT current_user') AS runs_as;
RESET SESSION AUTHORIZATION;
-- a role that no token may name any more
SELECT fastauth.configure('allowed_roles', NULL);
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'e') AS not_allowed;
RESET SESSION AUTHORIZATION;
SELECT fastauth.set_user_dbrole(:'alice', NULL);
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'e') AS role_taken_back, regress_request(:'a2') = :'alice' AS the_first_is_good_again;
RESET SESSION AUTHORIZATION;
-- expired
SELECT fastauth.issue_jwt(:'alice', ttl => '1 s') AS short \gset
SELECT fastauth.configure('clock_skew', '0');
DO $$BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN clock_timestamp() > (SELECT max(created_at) FROM fastauth.events) + interval '1100 ms';
		PERFORM pg_sleep(0.05);
	END LOOP;
END$$;
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(:'short') AS expired;
-- an identity does not outlive a request that fails
BEGIN;
SELECT set_config('role', 'regress_pgrst_user', true), set_config('request.headers', json_build_object('authorization', 'Bearer ' || :'a2')::text, true) IS NOT NULL AS headers,
	set_config('request.jwt.claims', regress_claims(:'a2')::text, true) IS NOT NULL AS claims;
SELECT fastauth.pre_request();
SELECT fastauth.uid() = :'alice' AS alice;
SAVEPOINT s;
SELECT set_config('request.headers', '{"authorization": "Bearer x"}', true);
SELECT fastauth.pre_request();
ROLLBACK TO s;
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;

--
-- READ ONLY, as a GET is: everything is checked, nothing is written
--
BEGIN READ ONLY;
SELECT regress_request(:'a2', method => 'GET') = :'alice' AS alice;
COMMIT;
BEGIN READ ONLY;
SELECT regress_request(:'a', method => 'GET') AS revoked;
COMMIT;
BEGIN READ ONLY;
SELECT regress_request(NULL, $$SELECT signin('postgrest.alice@example.com', 'correct horse battery')$$, method => 'GET') AS right_password;
COMMIT;
BEGIN READ ONLY;
SELECT regress_request(NULL, $$SELECT signin('postgrest.alice@example.com', 'wrong')$$, method => 'GET') AS wrong_password;
COMMIT;
-- and in the isolation levels that PostgREST can be told to use
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT regress_request(:'a') AS revoked;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT regress_request(:'a2') = :'alice' AS alice;
COMMIT;

--
-- Settings that are no request
--
SELECT h AS headers, regress_request(NULL, headers => h) FROM unnest(ARRAY[
	'', '{}', 'null', '[]', '"x"', 'x', '{', '{"a": "b"', '{"a": "b",}', '{"a": 1}', '{"a": {"b": "c"}}', '{"a": null}',
	'{"a": "b", "a": "c"}', '{"a": "b", "\u0061": "c"}', '{"authorization": "Bearer x", "authorization": "Bearer y"}',
	'{"a": "\u0000"}', '{"a": "\ud800"}', '{"a": "b"} {}']) AS h;
SELECT regress_request(NULL, headers => json_build_object('a', repeat('x', 256 * 1024))::text) AS too_long,
	regress_request(NULL, headers => (SELECT json_object_agg('h' || i, 'x') FROM generate_series(1, 1001) i)::text) AS too_many,
	regress_request(NULL, headers => '{"a": ' || repeat('[', 40) || repeat(']', 40) || '}') AS too_deep;
SELECT c AS claims, regress_request(NULL, claims => c) FROM unnest(ARRAY['{}', '[]', 'x', '{"role": "a", "role": "b"}', '{"sub": null}', '{"sub": "x"}']) AS c;
-- without any of them: nobody
BEGIN;
SELECT set_config('role', 'regress_pgrst_anon', true);
SELECT fastauth.pre_request();
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;
-- cookies are not looked at while tokens are delivered as JSON
SELECT regress_request(NULL, cookies => json_build_object('__Host-fastauth-access', :'a2')::text) AS cookie, regress_request(NULL, cookies => 'x') AS no_cookies;
RESET SESSION AUTHORIZATION;

-- a pre-request of the application may call ours, but not as somebody else; nor may a hook
CREATE FUNCTION regress_definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT fastauth.pre_request()';
CREATE FUNCTION regress_invoker() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM fastauth.pre_request(); END';
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(NULL, 'SELECT regress_definer()') AS definer;
SELECT regress_request(:'a2', 'SELECT regress_invoker()') AS invoker;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION regress_hook(u jsonb, p text) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM fastauth.pre_request(); END';
SELECT fastauth.add_hook('on_signin', 'regress_hook(jsonb, text)');
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(NULL, $$SELECT signin('postgrest.alice@example.com', 'correct horse battery')$$, path => '/rpc/signin') AS hook;
RESET SESSION AUTHORIZATION;
SELECT fastauth.remove_hook('on_signin', 'regress_hook(jsonb, text)');
DROP FUNCTION regress_definer, regress_invoker, regress_hook;

--
-- S53: where the request came from, as a session keeps it
--
CREATE FUNCTION regress_client() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.signin('postgrest.bob@example.com', 'correct horse battery');
	RETURN (SELECT concat_ws(' ', coalesce(host(ip_address), 'unknown'), user_agent) FROM regress_last_client);
END $$;
CREATE FUNCTION regress_address(headers jsonb) RETURNS text LANGUAGE sql AS
	$$SELECT regress_request(NULL, 'SELECT regress_client()', headers => headers::text, path => '/rpc/signin')$$;
CREATE FUNCTION regress_forwarded(VARIADIC lists text[]) RETURNS TABLE (x_forwarded_for text, client text) LANGUAGE sql AS
	$$SELECT left(l, 60), regress_address(jsonb_build_object('x-forwarded-for', l)) FROM unnest(lists) l$$;
SELECT fastauth.configure('rate_signin_account', NULL), fastauth.configure('rate_signin_address', NULL);
SET SESSION AUTHORIZATION regress_pgrst;
-- nothing is set: nothing is believed
SELECT regress_address('{"x-forwarded-for": "192.0.2.1", "x-real-ip": "192.0.2.2", "forwarded": "for=192.0.2.3", "user-agent": "agent"}');
RESET SESSION AUTHORIZATION;
SELECT n AS network, regress_outcome(format('SELECT fastauth.configure(%L, %L)', 'trusted_proxies', '{' || n || '}'))
	FROM unnest(ARRAY['x', '10.0.0.0/33', '::ffff:10.0.0.0/104', '::ffff:a00:0/104', '::ffff:10.0.0.1', '::/0', 'fe80::1%eth0']) AS n;
SELECT fastauth.configure('trusted_proxies', '{10.0.0.0/8,2001:db8:f::/48}');
SET SESSION AUTHORIZATION regress_pgrst;
SELECT * FROM regress_forwarded('192.0.2.1', ' 192.0.2.1 ', '2001:db8::1', '::ffff:192.0.2.1',
	'1.1.1.1, 192.0.2.1', '1.1.1.1,192.0.2.1,10.0.0.1', '1.1.1.1, 10.9.9.9, 192.0.2.1, 10.0.0.1, 2001:db8:f::7', '192.0.2.1, ::ffff:10.0.0.1',
	'10.0.0.3, 10.0.0.2, 10.0.0.1', '10.0.0.1', '11.0.0.1, 10.0.0.1');
-- what is no address ends the walk; what stands left of who is no proxy does not matter
SELECT * FROM regress_forwarded('', 'unknown', 'x, 192.0.2.1', '192.0.2.1, x', '192.0.2.1, x, 10.0.0.1', '192.0.2.1,', ',192.0.2.1', '192.0.2.1,,10.0.0.1',
	'192.0.2.1:80', '[2001:db8::1]', '192.0.2.0/24', '192.0.2', '192.0.2.256', '0xC0.0.2.1', '192.0.2.1 10.0.0.1', 'fe80::1%eth0', repeat('1', 100), repeat('192.0.2.1,', 5000) || '192.0.2.1');
SELECT regress_address('{"x-real-ip": "192.0.2.2"}') AS another_header, regress_address('{}') AS none;
RESET SESSION AUTHORIZATION;
SELECT fastauth.configure('client_address_header', 'X-Real-IP');
SET SESSION AUTHORIZATION regress_pgrst;
-- one address, whatever the other header says
SELECT regress_address('{"x-forwarded-for": "192.0.2.1", "x-real-ip": "192.0.2.2"}') AS real_ip, regress_address('{"x-forwarded-for": "192.0.2.1"}') AS without,
	regress_address('{"x-real-ip": "192.0.2.1, 192.0.2.2"}') AS two, regress_address('{"x-real-ip": "10.0.0.1"}') AS a_proxy;
RESET SESSION AUTHORIZATION;
SELECT fastauth.configure('client_address_header', 'x-forwarded-for');
SET SESSION AUTHORIZATION regress_pgrst;
SELECT * FROM regress_forwarded('1.1.1.1, 192.0.2.1, 10.0.0.1');
-- the user agent: cut, and only a line
SELECT length(regress_address(jsonb_build_object('user-agent', repeat('x', 600)))) - length('unknown ') AS cut,
	octet_length(regress_address(jsonb_build_object('user-agent', 'x' || repeat('é', 300)))) - length('unknown ') AS cut_between_characters,
	regress_address(jsonb_build_object('user-agent', E'a\nb')) AS two_lines, regress_address(jsonb_build_object('user-agent', '')) AS empty,
	regress_address(jsonb_build_object('user-agent', E'a\u202eb')) AS bidirectional;
RESET SESSION AUTHORIZATION;
SELECT fastauth.configure('client_address_header', NULL), fastauth.configure('trusted_proxies', NULL);

--
-- trust_request_claims: behind something else that checks tokens
--
SELECT fastauth.configure('trust_request_claims', 'on');
SELECT access_token AS b FROM fastauth.signin('postgrest.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS c FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_request(NULL, role => 'regress_pgrst_user', claims => regress_claims(:'c')::text) = :'alice' AS alice,
	regress_request(NULL, 'SELECT name FROM me()', role => 'regress_pgrst_user', claims => regress_claims(:'c')::text) AS me;
SELECT what, regress_request(NULL, role => role, claims => claims::text) FROM (VALUES
	('revoked', 'regress_pgrst_user', regress_claims(:'a')),
	('nobody', 'regress_pgrst_anon', '{"role": "regress_pgrst_anon"}'),
	('another role', 'regress_pgrst', regress_claims(:'c')),
	('another issuer', 'regress_pgrst_user', regress_claims(:'c') || '{"iss": "x"}'),
	('another audience', 'regress_pgrst_user', regress_claims(:'c') || '{"aud": "x"}'),
	('another type', 'regress_pgrst_user', regress_claims(:'c') || '{"type": "session"}'),
	('expired', 'regress_pgrst_user', regress_claims(:'c') || '{"exp": 1}'),
	('no exp', 'regress_pgrst_user', regress_claims(:'c') - 'exp'),
	('another user', 'regress_pgrst_user', regress_claims(:'c') || jsonb_build_object('sub', :'bob')),
	('no user', 'regress_pgrst_user', regress_claims(:'c') - 'sub'),
	('no text', 'regress_pgrst_user', regress_claims(:'c') || '{"sub": 1}')) AS t (what, role, claims);
-- a token wins, and does not fall back
SELECT regress_request(:'b', claims => regress_claims(:'c')::text) AS claims_of_another, regress_request('x', role => 'regress_pgrst_user', claims => regress_claims(:'c')::text) AS bad_token;
RESET SESSION AUTHORIZATION;
SELECT fastauth.configure('trust_request_claims', NULL);

--
-- pre_config(): the public keys, in a READ ONLY transaction, and never an error
--
SET SESSION AUTHORIZATION regress_pgrst;
BEGIN READ ONLY;
SELECT fastauth.pre_config();
SELECT current_setting('pgrst.jwt_secret')::jsonb = fastauth_keys.keys AS keys, current_setting('pgrst.jwt_secret_is_base64') AS base64,
	current_setting('pgrst.jwt_secret')::jsonb @? '$.keys[*] ? (exists(@.d) || exists(@.k))' AS private
	FROM (SELECT regress_request(NULL, 'SELECT jwks()')::jsonb AS keys) AS fastauth_keys;
COMMIT;
SELECT current_setting('pgrst.jwt_secret') AS only_in_the_transaction;
RESET SESSION AUTHORIZATION;
-- a key that cannot be read, and none at all
BEGIN;
ALTER TABLE fastauth.signing_keys RENAME TO regress_away;
SET LOCAL SESSION AUTHORIZATION regress_pgrst;
SELECT fastauth.pre_config();
SELECT current_setting('pgrst.jwt_secret', true) AS none;
ROLLBACK;
BEGIN;
DELETE FROM fastauth.signing_keys;
SET LOCAL SESSION AUTHORIZATION regress_pgrst;
SELECT fastauth.pre_config();
SELECT current_setting('pgrst.jwt_secret', true) AS none;
ROLLBACK;
-- HMAC keys are nobody's to read
BEGIN;
DELETE FROM fastauth.signing_keys;
SELECT fastauth.rotate_signing_key('HS256') IS NOT NULL AS hmac;
SET LOCAL SESSION AUTHORIZATION regress_pgrst;
SELECT fastauth.pre_config();
SELECT current_setting('pgrst.jwt_secret', true) AS none;
ROLLBACK;

--
-- A cookie: PostgREST runs the request as nobody, pre_request() switches the role.  (Requests that change something: cookie.sql)
--
CREATE FUNCTION regress_get(cookie text, statement text DEFAULT 'SELECT coalesce(fastauth.uid()::text, ''nobody'')', path text DEFAULT '/rpc/me',
	role text DEFAULT 'regress_pgrst_anon', claims text DEFAULT NULL, headers text DEFAULT '{}') RETURNS text LANGUAGE sql AS
	$$SELECT regress_request(NULL, statement, role => role, claims => claims, headers => headers, method => 'GET', path => path,
		cookies => jsonb_strip_nulls(jsonb_build_object('__Host-fastauth-access', cookie, 'other', 'x'))::text)$$;
SELECT access_token AS c FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS ended FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.delete_session((fastauth.verify_token(:'ended')->>'sid')::uuid);
SELECT fastauth.configure('session_strategy', 'database');
SELECT access_token AS s FROM fastauth.signin('postgrest.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.configure('session_strategy', NULL);
SELECT fastauth.configure('token_delivery', 'cookie');
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_get(:'c') = :'alice' AS alice, regress_get(:'c', 'SELECT current_user') AS runs_as, regress_get(:'c', 'SELECT name FROM me()') AS me,
	regress_get(:'s') = :'alice' AS by_session_token, regress_get(:'s', 'SELECT current_user') AS runs_as, regress_get(NULL) AS no_cookie, regress_get('') AS empty;
-- a browser that runs as the role already (as its own pre-request of an application might do it)
SELECT regress_get(:'c', role => 'regress_pgrst_user') = :'alice' AS role_is_there, regress_get(NULL, role => 'regress_pgrst_user') AS nobody_with_it;
SELECT regress_get('x') AS garbage, regress_get(:'ended') AS ended, regress_get(:'free') AS without_session, regress_get('fa_st_' || repeat('A', 43)) AS no_session,
	regress_get(repeat('x', 17000)) AS too_long;
-- claims of somebody, and a bearer token, which counts alone
SELECT regress_get(:'c', claims => regress_claims(:'b')::text) AS claims_of_bob, regress_get(:'c', claims => regress_claims(:'c')::text) AS own_claims,
	regress_get(:'c', headers => '{"authorization": "Bearer x"}') AS bad_bearer,
	regress_get(:'c', role => 'regress_pgrst_user', claims => regress_claims(:'b')::text, headers => jsonb_build_object('authorization', 'Bearer ' || :'b')::text) = :'bob' AS bearer_of_bob;
-- a browser gets in whatever cookie it has; signing out never fails for a cookie that is over
SELECT f AS function, regress_get('x', path => f) AS garbage, regress_get(:'c', path => f) = :'alice' AS good_cookie_counts
	FROM unnest(ARRAY['/rpc/signup', '/rpc/signin', '/rpc/signin_with_magic_link', '/rpc/signin_with_otp', '/rpc/signin_with_id_token', '/rpc/send_magic_link', '/rpc/send_otp',
		'/rpc/oauth_authorize_url', '/rpc/oauth_callback', '/rpc/oauth_error', '/rpc/request_password_reset', '/rpc/reset_password', '/rpc/refresh', '/rpc/signout',
		'/rpc/signin/', '/rpc/xsignin', '/rpc/sign%69n', '/rpc/Signin', '/', '', 'signin', '/signin', '/rpc/x/signin', '/rpc/signin/x', '/rpc/']) AS f;
SELECT regress_request(NULL, method => 'GET', cookies => c) AS cookies FROM unnest(ARRAY['', '{}', '[]', 'x', '{"a": 1}', '{"a": "b", "a": "c"}']) AS c;
RESET SESSION AUTHORIZATION;
-- the role of the token must be one that PostgREST may switch to, and the user's by now
REVOKE regress_pgrst_user FROM regress_pgrst;
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_get(:'c') AS not_a_member;
RESET SESSION AUTHORIZATION;
GRANT regress_pgrst_user TO regress_pgrst;
SELECT fastauth.configure('allowed_roles', '{regress_pgrst_editor}');
SELECT fastauth.set_user_dbrole(:'alice', 'regress_pgrst_editor');
SET SESSION AUTHORIZATION regress_pgrst;
SELECT regress_get(:'c') AS old_role, regress_get(:'c', path => '/rpc/signout') AS signs_out, regress_get(:'s', 'SELECT current_user') AS session_token_has_the_new_one;
RESET SESSION AUTHORIZATION;
SELECT fastauth.set_user_dbrole(:'alice', NULL);
SELECT fastauth.configure('allowed_roles', NULL), fastauth.configure('token_delivery', NULL);

--
-- check(): what stands between PostgREST and its requests
--
CREATE FUNCTION regress_told(VARIADIC changes text[]) RETURNS TABLE (severity text, subject text, problem text) LANGUAGE plpgsql AS $$
DECLARE
	change text;
	found text[];
BEGIN
	FOREACH change IN ARRAY changes LOOP
		EXECUTE change;
	END LOOP;
	found := ARRAY(SELECT concat_ws('|', c.severity, c.subject, c.problem) FROM fastauth.check() c
		WHERE c.subject ~ 'pgrst|regress_api|anon_role|allowed_origins|session_strategy|trusted_proxies|jwt_algorithm|trust_request|token_delivery');
	RAISE 'taken back' USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	RETURN QUERY SELECT split_part(f, '|', 1), split_part(f, '|', 2), split_part(f, '|', 3) FROM unnest(found) f;
END $$;
\pset format unaligned
-- as setup_postgrest() leaves it, one thing is the administrator's
SELECT * FROM regress_told('SELECT 1');
SELECT fastauth.configure('client_address_header', 'x-real-ip');
SELECT * FROM regress_told('SELECT 1');
SELECT * FROM regress_told('ALTER ROLE regress_pgrst REPLICATION');
SELECT * FROM regress_told('REVOKE regress_pgrst_user FROM regress_pgrst', $$SELECT fastauth.configure('allowed_roles', '{regress_pgrst_editor}')$$, 'REVOKE regress_pgrst_editor FROM regress_pgrst');
SELECT * FROM regress_told('ALTER ROLE regress_pgrst INHERIT', 'REVOKE regress_pgrst_anon, regress_pgrst_user FROM regress_pgrst', 'GRANT regress_pgrst_anon, regress_pgrst_user TO regress_pgrst');
SELECT * FROM regress_told('REVOKE EXECUTE ON FUNCTION fastauth.pre_config() FROM regress_pgrst', 'REVOKE EXECUTE ON FUNCTION fastauth.pre_request() FROM regress_pgrst_anon, regress_pgrst_user');
SELECT * FROM regress_told('ALTER ROLE regress_pgrst_anon BYPASSRLS');
SELECT * FROM regress_told('ALTER ROLE regress_pgrst_anon RENAME TO regress_pgrst_other');
SELECT * FROM regress_told($$SELECT fastauth.grant_api(NULL, NULL, 'regress_pgrst_anon')$$);
SELECT * FROM regress_told('DROP FUNCTION regress_api.me(), regress_api.refresh(text)');
SELECT * FROM regress_told($$SELECT fastauth.configure('session_strategy', 'database'), fastauth.configure('jwt_algorithm', 'HS256'), fastauth.configure('trust_request_claims', 'on')$$);
SELECT * FROM regress_told($$SELECT fastauth.configure('session_strategy', 'database'), fastauth.configure('token_delivery', 'cookie'), fastauth.configure('base_url', 'https://app.example.com'),
	fastauth.configure('allowed_origins', '{https://www.example.com,https://example.com:8443,https://example.org}')$$);
SELECT * FROM regress_told($$SELECT fastauth.configure('token_delivery', 'cookie'), fastauth.configure('base_url', 'http://localhost:8080')$$);
\pset format aligned
SELECT fastauth.configure('client_address_header', NULL);

-- clean up
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['anon_role', 'authenticated_role', 'authenticator_roles', 'clock_skew', 'rate_signin_account', 'rate_signin_address']) AS name;
SELECT fastauth.delete_user(u.id, false) FROM fastauth.users u WHERE u.email LIKE 'postgrest.%';
SET client_min_messages = warning;
DROP SCHEMA regress_api CASCADE;
RESET client_min_messages;
DROP VIEW regress_last_client;
DROP FUNCTION regress_request, regress_get, regress_claims, regress_client, regress_address, regress_forwarded, regress_told;
DROP OWNED BY regress_pgrst, regress_pgrst_anon, regress_pgrst_user, regress_pgrst_editor;
DROP ROLE regress_pgrst, regress_pgrst_anon, regress_pgrst_user, regress_pgrst_editor;
