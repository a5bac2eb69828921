-- The state of an OAuth flow (S70): what the URL holds, that what is kept is no secret, who may use a state and how often, and what
-- a refusal leaves. The endpoints of the providers are private addresses, which are refused: nothing goes over the network.
SELECT fastauth.configure('redirect_urls', '{https://app.example/cb,https://app.example/other?a=b}'), fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure_oauth_provider('plain', 'client & id', 'secret', issuer => 'https://plain.example', authorization_endpoint => 'https://127.0.0.1:9/authorize', token_endpoint => 'https://127.0.0.1:9/token', userinfo_endpoint => 'https://127.0.0.1:9/userinfo', scopes => '{read:user,user:email}'),
	fastauth.configure_oauth_provider('other', 'other', 'secret', issuer => 'https://other.example', authorization_endpoint => 'https://127.0.0.1:9/authorize?tenant=a', token_endpoint => 'https://127.0.0.1:9/token', userinfo_endpoint => 'https://127.0.0.1:9/userinfo'),
	fastauth.configure_oauth_provider('keys', 'keys', issuer => 'https://keys.example', authorization_endpoint => 'https://127.0.0.1:9/authorize', token_endpoint => 'https://127.0.0.1:9/token', jwks_uri => 'https://127.0.0.1:9/keys', client_auth => 'none'),
	fastauth.configure_oauth_provider('discovered', 'discovered', 'secret', issuer => 'https://127.0.0.1:9');
DELETE FROM fastauth.session_store;
CREATE TABLE regress_begun (name text, url text, state text, browser_secret text);
GRANT ALL ON regress_begun TO PUBLIC;
-- Begin, and remember it under a name.
CREATE FUNCTION pg_temp.start(name text, provider text, redirect_uri text DEFAULT 'https://app.example/cb') RETURNS text LANGUAGE sql AS
	$$INSERT INTO regress_begun SELECT name, u.* FROM fastauth.oauth_authorize_url(provider, redirect_uri) AS u RETURNING 'begun'$$;
CREATE FUNCTION pg_temp.start_link(name text, provider text) RETURNS text LANGUAGE sql AS
	$$INSERT INTO regress_begun SELECT name, u.* FROM fastauth.oauth_link_url(provider, 'https://app.example/cb') AS u RETURNING 'begun'$$;
CREATE FUNCTION pg_temp.member(url text, name text) RETURNS text LANGUAGE sql AS $$SELECT (regexp_match(url, '[?&]' || name || '=([^&]*)'))[1]$$;
-- How a callback ends: of the state begun under a name, at a provider, with another's browser secret if one is given.
CREATE FUNCTION pg_temp.callback(begun text, provider text, browser text DEFAULT NULL, iss text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.oauth_callback(%L, %L, %L, %L, %L)', provider, 'code', s.state, b.browser_secret, iss)) FROM regress_begun s, regress_begun b WHERE s.name = begun AND b.name = coalesce(browser, begun)$$;

--
-- The URL
--
SET ROLE regress_anon;
SELECT pg_temp.start('plain', 'plain'), pg_temp.start('plain2', 'plain', 'https://app.example/other?a=b'), pg_temp.start('other', 'other'), pg_temp.start('keys', 'keys');
SELECT name, regexp_replace(url, '((state|code_challenge|nonce)=)([A-Za-z0-9_-]{43}|fa_os_[A-Za-z0-9_-]{43})(?=&|$)', '\1...', 'g') AS url FROM regress_begun ORDER BY name COLLATE "C";
SELECT count(*) AS begun, count(DISTINCT state) AS states, count(DISTINCT browser_secret) AS secrets, count(DISTINCT pg_temp.member(url, 'code_challenge')) AS challenges,
	bool_and(pg_temp.member(url, 'state') = state) AS state_is_in_the_url, bool_or(position(substr(browser_secret, 7) IN url) > 0) AS secret_is FROM regress_begun;
SELECT DISTINCT regexp_replace(state, '[A-Za-z0-9_-]{43}$', '...') AS state, regexp_replace(browser_secret, '[A-Za-z0-9_-]{43}$', '...') AS browser_secret FROM regress_begun;

--
-- What is kept: nothing that a dump would give away
--
RESET ROLE;
SELECT kind, jsonb_object_agg(k, CASE WHEN k IN ('browser') THEN to_jsonb(length(v)) ELSE to_jsonb(v) END) AS value, expires_at - now() BETWEEN interval '9 min' AND interval '10 min' AS ten_minutes
	FROM fastauth.session_store s, jsonb_each_text(s.value) AS e (k, v) GROUP BY s.kind, s.key_hash, s.expires_at, s.value ORDER BY s.value ->> 'provider', s.value ->> 'redirect_uri';
SELECT count(*) AS kept_in_clear FROM fastauth.session_store s, regress_begun b
	WHERE position(substr(b.state, 7) IN s::text) > 0 OR position(substr(b.browser_secret, 7) IN s::text) > 0 OR position(pg_temp.member(b.url, 'nonce') IN s::text) > 0;
-- it is no value of the application's
SET ROLE regress_server;
SELECT bool_or(fastauth.session_exists(state)) AS of_the_application FROM regress_begun;
RESET ROLE;

--
-- Who may not use a state: refused before the network, and it is not used up by that
--
SET ROLE regress_anon;
SELECT pg_temp.callback('plain', 'other') AS other_provider, pg_temp.callback('plain', 'plain', 'other') AS other_browser, pg_temp.callback('plain', 'never') AS no_provider;
SELECT case_, regress_outcome(format('SELECT fastauth.oauth_callback(%L, %L, %L, %L)', 'plain', 'code', s, b)) FROM regress_begun AS r, LATERAL (VALUES
	('state is none', 'x', browser_secret), ('state cut', left(state, -1), browser_secret), ('state longer', state || 'A', browser_secret), ('state of nobody', 'fa_os_' || repeat('A', 43), browser_secret), ('state empty', '', browser_secret),
	('browser none', state, 'x'), ('browser empty', state, ''), ('browser is the state', state, state), ('changed about', browser_secret, state), ('browser of nobody', state, 'fa_ob_' || repeat('A', 43))) AS v (case_, s, b) WHERE r.name = 'plain';
SELECT f, regress_outcome('SELECT fastauth.' || f) FROM unnest(ARRAY['oauth_callback(NULL, ''c'', ''s'', ''b'')', 'oauth_callback(''plain'', NULL, ''s'', ''b'')', 'oauth_callback(''plain'', ''c'', NULL, ''b'')', 'oauth_callback(''plain'', ''c'', ''s'', NULL)',
	'oauth_callback(''plain'', repeat(''c'', 4097), ''s'', ''b'')', 'oauth_callback(''plain'', ''c'', repeat(''s'', 257), ''b'')', 'oauth_error(NULL, ''s'', ''e'')', 'oauth_error(''plain'', NULL, ''e'')', 'oauth_error(''plain'', ''s'', NULL)',
	'signin_with_id_token(NULL, ''t'', ''n'')', 'signin_with_id_token(''keys'', NULL, ''n'')', 'signin_with_id_token(''keys'', ''t'', NULL)', 'signin_with_id_token(''keys'', ''t'', '''')', 'signin_with_id_token(''plain'', ''t'', ''n'')', 'signin_with_id_token(''never'', ''t'', ''n'')',
	'signin_with_id_token(''keys'', ''t'', ''n'')', 'signin_with_id_token(''keys'', repeat(''t'', 17000), ''n'')', 'oauth_authorize_url(''plain'', NULL)']) AS f;
RESET ROLE;
-- one that is over
BEGIN;
UPDATE fastauth.session_store SET expires_at = now() - interval '1 s';
SELECT pg_temp.callback('plain', 'plain') AS expired;
ROLLBACK;
-- a provider that is gone meanwhile
BEGIN;
SELECT fastauth.remove_oauth_provider('plain');
SELECT pg_temp.callback('plain', 'plain') AS removed;
ROLLBACK;

--
-- An error of the provider uses it up
--
SET ROLE regress_anon;
SELECT fastauth.oauth_error('plain', state, 'access_denied') FROM regress_begun WHERE name = 'plain2';
SELECT pg_temp.callback('plain2', 'plain') AS after_that;
SELECT fastauth.oauth_error('plain', state, 'access_denied') AS again FROM regress_begun WHERE name = 'plain2';
SELECT regress_outcome($$SELECT fastauth.oauth_error('never', 's', 'e')$$) AS no_provider, regress_outcome($$SELECT fastauth.oauth_error('plain', 'x', '')$$) AS no_state;

--
-- The network refused: provider_error, and the state is used up although the transaction is rolled back
--
RESET ROLE;
SELECT count(*) AS failures FROM fastauth.failures WHERE kind = 'state' \gset before_
SET ROLE regress_anon;
SELECT fastauth.oauth_callback('plain', 'regress-secret-code', state, browser_secret) FROM regress_begun WHERE name = 'plain';
SELECT pg_temp.callback('plain', 'plain') AS again;
SELECT pg_temp.callback('plain', 'plain', 'other') AS other_browser;
-- of another issuer it is not even tried (RFC 9207)
SELECT pg_temp.callback('keys', 'keys', iss => 'https://evil.example') AS other_issuer, pg_temp.callback('keys', 'keys', iss => 'https://keys.example') AS again;
RESET ROLE;
SELECT count(*) = :before_failures + 2 AS recorded, bool_or(is_user) AS of_a_user FROM fastauth.failures WHERE kind = 'state';
SELECT count(*) AS rows_that_stay FROM fastauth.session_store WHERE kind = 'oauth_state';
-- the event comes from a worker
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM fastauth.events WHERE event = 'signin_failed' AND data ->> 'kind' = 'oauth') = 2;
		PERFORM pg_sleep(0.1);
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
END $$;
SELECT user_id, session_id, data FROM fastauth.events WHERE event = 'signin_failed' AND data ->> 'kind' = 'oauth';
-- in a subtransaction that is rolled back, too
SET ROLE regress_anon;
SELECT pg_temp.start('sub', 'plain');
BEGIN;
SAVEPOINT s;
SELECT fastauth.oauth_callback('plain', 'code', state, browser_secret) FROM regress_begun WHERE name = 'sub';
ROLLBACK TO s;
SELECT pg_temp.callback('sub', 'plain') AS again;
ROLLBACK;
SELECT pg_temp.callback('sub', 'plain') AS after_the_rollback;
-- a snapshot from before does not bring it back
SELECT pg_temp.start('repeatable', 'plain');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.callback('repeatable', 'plain') AS once, pg_temp.callback('repeatable', 'plain') AS twice;
ROLLBACK;
-- what the provider tells about itself is asked for at a private address
SELECT regress_outcome($$SELECT fastauth.oauth_authorize_url('discovered', 'https://app.example/cb')$$) AS discovery, regress_outcome($$SELECT fastauth.signin_with_id_token('discovered', 'a.b.c', 'n')$$) AS id_token;
RESET ROLE;

--
-- The flow that links belongs to the session that began it
--
SELECT id AS ada FROM fastauth.create_user('state.ada@example.com', 'correct horse battery', email_verified => true) \gset
SELECT access_token AS ada1 FROM fastauth.signin('state.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS ada2 FROM fastauth.signin('state.ada@example.com', 'correct horse battery') \gset
SELECT id AS bob FROM fastauth.create_user('state.bob@example.com', 'correct horse battery', email_verified => true) \gset
SELECT access_token AS bob1 FROM fastauth.signin('state.bob@example.com', 'correct horse battery') \gset
CREATE FUNCTION pg_temp.link(token text, begun text, provider text DEFAULT 'plain') RETURNS text LANGUAGE sql AS
	$$SELECT fastauth.authenticate(token); SELECT regress_outcome(format('SELECT fastauth.link_oauth_account(%L, %L, %L, %L)', provider, 'code', state, browser_secret)) FROM regress_begun WHERE name = begun$$;
SET ROLE regress_authenticated;
SELECT pg_temp.start('signin', 'plain');
BEGIN;
SELECT fastauth.authenticate(:'ada1') = :'ada' AS ada;
SELECT pg_temp.start_link('link', 'plain'), pg_temp.start_link('link2', 'plain');
SELECT regress_outcome($$SELECT fastauth.oauth_link_url('never', 'https://app.example/cb')$$) AS no_provider, regress_outcome($$SELECT fastauth.oauth_link_url('plain', 'https://app.example/CB')$$) AS no_redirect,
	regress_outcome($$SELECT fastauth.oauth_link_url(NULL, 'https://app.example/cb')$$) AS null_;
COMMIT;
RESET ROLE;
SELECT value ->> 'flow' AS flow, value ->> 'user_id' = :'ada' AS ada, value ->> 'session_id' = fastauth.verify_token(:'ada1') ->> 'sid' AS session FROM fastauth.session_store WHERE kind = 'oauth_state' AND value ->> 'flow' = 'link';
SET ROLE regress_authenticated;
SELECT pg_temp.callback('link', 'plain') AS link_state_signs_in;
BEGIN;
SELECT pg_temp.link(:'ada1', 'signin') AS signin_state_links, pg_temp.link(:'ada1', 'link', 'other') AS other_provider;
SELECT pg_temp.link(:'bob1', 'link') AS another_user, pg_temp.link(:'ada2', 'link') AS another_session;
COMMIT;
-- the right session gets as far as the network, and that uses it up
BEGIN;
SELECT pg_temp.link(:'ada1', 'link') AS right_session, pg_temp.link(:'ada1', 'link') AS again;
COMMIT;
-- a session that ended meanwhile
BEGIN;
SELECT fastauth.authenticate(:'ada1') = :'ada' AS ada;
SELECT fastauth.signout();
COMMIT;
SELECT regress_outcome(format('SELECT fastauth.authenticate(%L)', :'ada1')) AS ended;
SELECT pg_temp.callback('signin', 'plain') AS the_other_flow_goes_on;
RESET ROLE;
SELECT count(*) AS linked FROM fastauth.oauth_accounts;

--
-- Rate limits
--
CREATE FUNCTION pg_temp.calls(address inet, statement text, times int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcomes text[] := '{}';
BEGIN
	PERFORM fastauth.set_client(address);
	FOR n IN 1 .. times LOOP
		outcomes := outcomes || regress_outcome(statement);
	END LOOP;
	RETURN (SELECT string_agg(outcome || ' x' || count, ', ' ORDER BY first) FROM (
		SELECT outcome, count(*), min(ordinality) AS first FROM unnest(outcomes) WITH ORDINALITY AS o (outcome, ordinality) GROUP BY outcome) AS o);
END $$;
SELECT fastauth.configure('rate_oauth_address', '3/1h'), fastauth.configure('rate_oauth_total', 'off');
SELECT pg_temp.calls('192.0.2.91', $$SELECT fastauth.oauth_authorize_url('plain', 'https://app.example/cb')$$, 5) AS begin;
SELECT pg_temp.calls('192.0.2.92', $$SELECT fastauth.oauth_authorize_url('never', 'https://app.example/cb')$$, 5) AS begin_in_vain;
SELECT pg_temp.calls('192.0.2.93', $$SELECT fastauth.signin_with_id_token('keys', 'a.b.c', 'n')$$, 5) AS id_token;
SELECT pg_temp.calls('192.0.2.94', $$SELECT fastauth.oauth_error('plain', 'x', 'e')$$, 5) AS error;
SELECT pg_temp.calls('192.0.2.91', $$SELECT fastauth.oauth_error('plain', 'x', 'e')$$, 1) AS counted_together;
SELECT pg_temp.calls(NULL, $$SELECT fastauth.oauth_authorize_url('plain', 'https://app.example/cb')$$, 5) AS unknown_address;
SELECT fastauth.configure('rate_oauth_address', NULL), fastauth.configure('rate_oauth_total', '4/57min');
SELECT pg_temp.calls('192.0.2.95', $$SELECT fastauth.oauth_authorize_url('plain', 'https://app.example/cb')$$, 3) AS one, pg_temp.calls('192.0.2.96', $$SELECT fastauth.oauth_authorize_url('plain', 'https://app.example/cb')$$, 3) AS two;
SELECT fastauth.configure('rate_oauth_total', NULL), fastauth.configure('rate_signin_address', '3/59min');
SELECT pg_temp.calls('192.0.2.97', $$SELECT fastauth.oauth_callback('plain', 'c', 's', 'b')$$, 5) AS callbacks_are_sign_ins;
SELECT fastauth.configure('rate_signin_address', NULL), fastauth.configure('redirect_urls', NULL);

SELECT fastauth.remove_oauth_provider(name) FROM fastauth.oauth_providers_overview ORDER BY name;
DROP TABLE regress_begun;
DELETE FROM fastauth.session_store;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.failures;
