-- Identity providers: who may configure them, what is refused, what a preset fills in, that a secret is sealed, shown by nothing, and
-- kept only while it would be sent to the same place; where a provider may send the browser back to (redirect_urls).
-- No provider here has a discovery document, or its address is never asked for: nothing goes over the network.
CREATE FUNCTION pg_temp.try(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE 'SELECT fastauth.configure_oauth_provider(' || arguments || ')';
	RETURN 'configured';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, word) || ': ' || SQLERRM;
END $$;
-- Each try alone: what it configured is taken back.
CREATE FUNCTION pg_temp.tries(VARIADIC tries text[]) RETURNS TABLE (arguments text, answer text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH arguments IN ARRAY tries LOOP
		BEGIN
			answer := pg_temp.try(arguments);
			RAISE 'taken back' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
			arguments := left(arguments, 120);
			RETURN NEXT;
		END;
	END LOOP;
END $$;
\pset format unaligned

--
-- Who may
--
SET ROLE regress_anon;
SELECT regress_outcome($$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret')$$), regress_outcome($$SELECT fastauth.remove_oauth_provider('github')$$),
	regress_outcome('SELECT * FROM fastauth.oauth_providers_overview'), regress_outcome('SELECT * FROM fastauth.oauth_providers');
SET ROLE regress_authenticated;
SELECT regress_outcome($$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret')$$), regress_outcome($$SELECT fastauth.remove_oauth_provider('github')$$),
	regress_outcome('SELECT * FROM fastauth.oauth_providers_overview'), regress_outcome('SELECT * FROM fastauth.oauth_providers');
SET ROLE regress_server;
SELECT regress_outcome($$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret')$$), regress_outcome($$SELECT fastauth.remove_oauth_provider('github')$$),
	regress_outcome('SELECT * FROM fastauth.oauth_providers_overview'), regress_outcome('SELECT * FROM fastauth.oauth_accounts');
SET ROLE regress_admin;
SELECT regress_outcome('SELECT * FROM fastauth.oauth_providers'), regress_outcome('SELECT * FROM fastauth.oauth_accounts');
-- which group calls what
SELECT p.proname, has_function_privilege('regress_anon', p.oid, 'EXECUTE') AS anon, has_function_privilege('regress_authenticated', p.oid, 'EXECUTE') AS authenticated,
	has_function_privilege('regress_server', p.oid, 'EXECUTE') AS server, has_function_privilege('regress_admin', p.oid, 'EXECUTE') AS admin
FROM pg_proc p WHERE p.pronamespace = 'fastauth'::regnamespace AND (p.proname ~ 'oauth|id_token|provider_access') ORDER BY 1;
-- what writes is refused in READ ONLY before its arguments are looked at
BEGIN READ ONLY;
SELECT f, regress_outcome('SELECT fastauth.' || f) FROM unnest(ARRAY[
	'configure_oauth_provider(NULL, NULL)', 'remove_oauth_provider(NULL)', 'oauth_authorize_url(NULL, NULL)', 'oauth_callback(NULL, NULL, NULL, NULL)',
	'oauth_error(NULL, NULL, NULL)', 'signin_with_id_token(NULL, NULL, NULL)', 'oauth_link_url(NULL, NULL)', 'link_oauth_account(NULL, NULL, NULL, NULL)',
	'unlink_oauth_account(NULL)', 'create_oauth_account(NULL, NULL, NULL)', 'delete_oauth_account(NULL, NULL)', 'provider_access_token(NULL)']) AS f;
ROLLBACK;

--
-- What is refused
--
-- NULL
SELECT * FROM pg_temp.tries($$NULL, 'id', 'secret'$$, $$'github', NULL, 'secret'$$, $$'github', 'id'$$, $$'github', 'id', 'secret', trust_email => NULL$$,
	$$'github', 'id', 'secret', options => NULL$$, $$'github', 'id', 'secret', enabled => NULL$$, $$'github', 'id', 'secret', scopes => '{a,NULL}'$$);
SELECT fastauth.remove_oauth_provider(NULL);
-- names
SELECT * FROM pg_temp.tries($$'', 'id', 's', issuer => 'https://op.example'$$, $$'Own', 'id', 's', issuer => 'https://op.example'$$, $$'own one', 'id', 's', issuer => 'https://op.example'$$,
	$$'own.one', 'id', 's', issuer => 'https://op.example'$$, $$repeat('x', 65), 'id', 's', issuer => 'https://op.example'$$, $$repeat('x', 64), 'id', 's', issuer => 'https://op.example'$$,
	$$'own-1_a', 'id', 's', issuer => 'https://op.example'$$, $$'credentials', 'id', 's', issuer => 'https://op.example'$$, $$'magic_link', 'id', 's', issuer => 'https://op.example'$$,
	$$'otp', 'id', 's', issuer => 'https://op.example'$$);
-- neither preset nor issuer
SELECT * FROM pg_temp.tries($$'own', 'id', 's'$$, $$'own', 'id', 's', preset => 'own'$$, $$'own', 'id', 's', preset => ''$$, $$'own', 'id', 's', preset => 'github'$$);
-- an issuer, and endpoints: https and nothing that two parsers may read differently
SELECT * FROM pg_temp.tries(VARIADIC ARRAY(SELECT format('%L, %L, %L, issuer => %L', 'own', 'id', 's', issuer) FROM unnest(ARRAY['https://op.example', 'https://op.example/', 'https://op.example:8443/a/b',
	'http://localhost:9', 'http://127.0.0.1:9/op', 'http://op.example', 'op.example', '//op.example', 'ftp://op.example', 'javascript:alert(1)', 'https://', 'https://user@op.example', 'https://user:pw@op.example',
	'https://op.example#f', 'https://op.example\@evil.example', 'https://op .example', E'https://op.example\n', 'https://op.example:0', 'https://op.example:65536', 'https://op.example:x',
	'https://-op.example', 'https://op..example', 'https://[::1', 'https://' || repeat('x', 2050), '']) AS issuer));
SELECT * FROM pg_temp.tries(VARIADIC ARRAY(SELECT format('%L, %L, %L, issuer => %L, %s => %L', 'own', 'id', 's', 'https://op.example', endpoint, 'http://op.example/')
	FROM unnest(ARRAY['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri']) AS endpoint));
-- many tenants: named, and only where a preset knows the place of the configuration (S72)
SELECT * FROM pg_temp.tries($$'microsoft', 'id', 's'$$, $$'microsoft', 'id', 's', tenants => '{}'$$, $$'microsoft', 'id', 's', tenants => '{""}'$$, $$'microsoft', 'id', 's', tenants => '{9188040d-6c67-4c5b-b112-36a304b66dad}'$$,
	$$'microsoft', 'id', 's', issuer => 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0', preset => 'microsoft'$$,
	$$'own', 'id', 's', issuer => 'https://op.example/{tenantid}', tenants => '{a}'$$, $$'own', 'id', 's', issuer => 'http://op.example/{tenantid}', tenants => '{a}', preset => 'microsoft'$$,
	$$'own', 'id', 's', issuer => 'https://op.example/{tenantid}/{tenantid}', tenants => '{a}', preset => 'microsoft'$$);
-- another server of the make of a preset without discovery needs its own endpoints
SELECT * FROM pg_temp.tries($$'ghe', 'id', 's', preset => 'github', issuer => 'https://ghe.example'$$, $$'ghe', 'id', 's', preset => 'github', issuer => 'https://ghe.example', token_endpoint => 'https://ghe.example/t'$$,
	$$'ghe', 'id', 's', preset => 'github', issuer => 'https://ghe.example', authorization_endpoint => 'https://ghe.example/a', token_endpoint => 'https://ghe.example/t', userinfo_endpoint => 'https://ghe.example/u'$$,
	$$'lab', 'id', 's', preset => 'gitlab', issuer => 'https://gitlab.example'$$);
-- how we authenticate there, and the secret that fits
SELECT * FROM pg_temp.tries($$'google', 'id', 's', client_auth => 'BASIC'$$, $$'google', 'id', 's', client_auth => ''$$, $$'google', 'id', 's', client_auth => 'post'$$, $$'google', 'id', client_auth => 'none'$$,
	$$'google', 'id', 's', client_auth => 'none'$$, $$'google', 'id', ''$$, $$'google', '', 's'$$, $$'google', E'i\nd', 's'$$, $$'google', 'id', repeat('s', 20000)$$);
-- Apple's secret is a key, of P-256 and private
SELECT * FROM pg_temp.tries($$'apple', 'id', 'secret', options => '{"team_id": "T", "key_id": "K"}'$$, $$'apple', 'id', E'-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----', options => '{"team_id": "T", "key_id": "K"}'$$,
	$$'apple', 'id'$$, $$'google', 'id', 'secret', client_auth => 'apple'$$);
\set key 'E''-----BEGIN PRIVATE KEY-----\\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfBJslKFSIRS5m/KQ\\nK3zznCOk/fnt6Km5yF0UPgBkEZGhRANCAASQnLTVqrgZg9pjzJZTtANaCNKa888N\\nE+ihF87zLTsKnhDgzfiI2BBATg0f5LRJoF5KbezOqGPxaazp9I7V1tm6\\n-----END PRIVATE KEY-----'''
\set public_key 'E''-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkJy01aq4GYPaY8yWU7QDWgjSmvPP\\nDRPooRfO8y07Cp4Q4M34iNgQQE4NH+S0SaBeSm3szqhj8Wms6fSO1dbZug==\\n-----END PUBLIC KEY-----'''
\set p384_key 'E''-----BEGIN PRIVATE KEY-----\\nMIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBdQ3QH70bcp98f/vSK\\nsg5nDkBlC6PK1Grtu9AChoGvjh/DZblc2v5n6Bl2cTBiQGuhZANiAATipjhFdcAj\\nuMyT5cTPdkayc/c3TBp5EtvUsg9hriWpazJm2cdiZLZ0LqPnbtymQaUSjkd1JdKP\\n44FPy+fo8XtvQH2hhDL6hXAuMhY5yy8Ad/1SwSQnxT/0uI/p3aDB4PE=\\n-----END PRIVATE KEY-----'''
SELECT * FROM pg_temp.tries(VARIADIC ARRAY(SELECT format('%L, %L, %L, options => %L', 'apple', 'id', secret, options) FROM (VALUES (:key, '{"team_id": "T", "key_id": "K"}'), (:key, '{"team_id": "T"}'), (:key, '{"key_id": "K"}'), (:key, '{"team_id": "", "key_id": "K"}'),
	(:public_key, '{"team_id": "T", "key_id": "K"}'), (:p384_key, '{"team_id": "T", "key_id": "K"}')) AS v (secret, options)));
-- scopes
SELECT * FROM pg_temp.tries($$'google', 'id', 's', scopes => '{email}'$$, $$'google', 'id', 's', scopes => '{}'$$, $$'google', 'id', 's', scopes => '{openid}'$$, $$'google', 'id', 's', scopes => '{openid,""}'$$,
	$$'google', 'id', 's', scopes => E'{openid,"a\nb"}'$$, $$'google', 'id', 's', scopes => ARRAY[['openid','email']]$$, $$'github', 'id', 's', scopes => '{user:email}'$$, $$'github', 'id', 's', scopes => '{}'$$,
	$$'google', 'id', 's', scopes => array_fill('openid'::text, ARRAY[101])$$);
-- trust, as far as the preset says (S73)
SELECT * FROM pg_temp.tries(VARIADIC ARRAY(SELECT format('%L, %L, %L, trust_email => true', p, 'id', 's') FROM unnest(ARRAY['discord', 'facebook', 'github', 'gitlab', 'google', 'linkedin', 'slack', 'x']) AS p));
SELECT * FROM pg_temp.tries($$'microsoft', 'id', 's', trust_email => true, tenants => '{t}'$$, $$'own', 'id', 's', issuer => 'https://op.example', trust_email => true$$,
	$$'google', 'id', 's', trust_email => true, trust_domains => '{example.com}'$$, $$'google', 'id', 's', trust_email => true, trust_domains => '{}'$$, $$'google', 'id', 's', trust_email => true, trust_domains => '{@example.com}'$$,
	$$'google', 'id', 's', trust_email => true, trust_domains => '{""}'$$, $$'google', 'id', 's', trust_email => true, trust_domains => '{localhost}'$$, $$'google', 'id', 's', trust_email => true, trust_domains => '{*.example.com}'$$,
	$$'google', 'id', 's', id_token_audiences => '{""}'$$, $$'google', 'id', 's', id_token_audiences => '{app.example}'$$);
-- by its issuer too, whatever its name
SELECT * FROM pg_temp.tries($$'work', 'id', 's', issuer => 'https://www.facebook.com', trust_email => true$$, $$'google', 'id', 's', issuer => 'https://accounts.google.com', trust_email => true$$);
-- options: texts that mean something
SELECT * FROM pg_temp.tries(VARIADIC ARRAY(SELECT format('%L, %L, %L, options => %L', p, 'id', 's', o) FROM (VALUES ('github', '[]'), ('github', '"x"'), ('github', '1'), ('github', '{"subject": 1}'), ('github', '{"subject": null}'),
	('github', '{"subject": {"a": "b"}}'), ('github', '{"subject": ["a"]}'), ('github', '{"subject": ""}'), ('github', '{"subject": "id"}'), ('github', '{"unknown": "x"}'), ('github', '{"wrapper": "data", "email": "mail", "email_verified": "ok", "name": "n", "image": "i"}'),
	('github', '{"emails_endpoint": "http://op.example/"}'), ('github', '{"emails_endpoint": "https://op.example/"}'), ('github', '{"key_id": "K"}'),
	('google', '{"subject": "oid"}'), ('google', '{"wrapper": "data"}'), ('google', '{"emails_endpoint": "https://op.example/"}'), ('google', '{"email": "upn"}')) AS v (p, o)));
SELECT * FROM pg_temp.tries(format($$'github', 'id', 's', options => %L$$, jsonb_build_object('name', repeat('x', 20000))));
SELECT count(*) AS configured FROM fastauth.oauth_providers_overview;

--
-- What a preset fills in
--
SELECT fastauth.configure_oauth_provider(p, 'client-of-' || p, 'regress-secret-' || p) FROM unnest(ARRAY['discord', 'facebook', 'github', 'gitlab', 'google', 'linkedin', 'slack', 'x']) AS p;
SELECT fastauth.configure_oauth_provider('microsoft', 'client-of-microsoft', 'regress-secret-microsoft', tenants => '{one,two}');
\pset format aligned
SELECT name, preset, enabled, issuer, client_auth, oidc, trust_email, trust_domains, tenants FROM fastauth.oauth_providers_overview ORDER BY name;
SELECT name, scopes, id_token_audiences, options, has_secret, accounts FROM fastauth.oauth_providers_overview ORDER BY name;
SELECT name, authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri FROM fastauth.oauth_providers_overview WHERE NOT oidc ORDER BY name;
SELECT count(*) AS endpoints_of_discovery FROM fastauth.oauth_providers_overview WHERE oidc AND num_nonnulls(authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri) > 0;
-- Google vouches for gmail.com unless told otherwise
SELECT fastauth.configure_oauth_provider('google', 'id', 'regress-secret-google', trust_email => true), fastauth.configure_oauth_provider('github', 'id', 'regress-secret-github', trust_email => true);
SELECT name, trust_email, trust_domains FROM fastauth.oauth_providers_overview WHERE name IN ('google', 'github') ORDER BY name;
-- the preset of another name; what is given wins over it
SELECT fastauth.configure_oauth_provider('hub', 'id', 'regress-secret-hub', preset => 'github', scopes => '{user:email}', client_auth => 'basic', enabled => false);
SELECT name, preset, enabled, issuer, scopes, client_auth, token_endpoint FROM fastauth.oauth_providers_overview WHERE name = 'hub';
-- a name of a preset with an issuer is no preset
SELECT fastauth.configure_oauth_provider('slack', 'id', 'regress-secret-slack', issuer => 'https://op.example');
SELECT name, preset, issuer, oidc, scopes, client_auth FROM fastauth.oauth_providers_overview WHERE name = 'slack';
-- but the issuer of a preset is that preset
SELECT fastauth.configure_oauth_provider('work', 'id', 'regress-secret-work', issuer => 'https://accounts.google.com', trust_email => true);
SELECT name, preset, issuer, oidc, trust_email, trust_domains FROM fastauth.oauth_providers_overview WHERE name = 'work';
SELECT fastauth.remove_oauth_provider('work');
-- without a preset: all endpoints are plain OAuth 2.0, with keys OpenID Connect
SELECT fastauth.configure_oauth_provider('plain', 'id', 'regress-secret-plain', issuer => 'https://plain.example', authorization_endpoint => 'https://plain.example/a', token_endpoint => 'https://plain.example/t', userinfo_endpoint => 'https://plain.example/u', options => '{"subject": "uid"}');
SELECT fastauth.configure_oauth_provider('keys', 'id', NULL, issuer => 'https://keys.example', authorization_endpoint => 'https://keys.example/a', token_endpoint => 'https://keys.example/t', userinfo_endpoint => 'https://keys.example/u', jwks_uri => 'https://keys.example/k', client_auth => 'none');
SELECT name, preset, issuer, oidc, scopes, client_auth, has_secret, options FROM fastauth.oauth_providers_overview WHERE name IN ('plain', 'keys') ORDER BY name;

--
-- The secret
--
RESET ROLE;
SELECT count(*) AS sealed FROM fastauth.oauth_providers WHERE position('regress-secret'::bytea IN client_secret) = 0;
SELECT count(DISTINCT client_secret) = count(client_secret) AS different FROM fastauth.oauth_providers;
SELECT count(*) AS shown FROM fastauth.oauth_providers_overview o WHERE o::text LIKE '%regress-secret%';
SELECT count(*) AS told FROM fastauth.events WHERE data::text LIKE '%regress-secret%';
SELECT event, data FROM fastauth.events WHERE event = 'setting_changed' AND data ? 'provider' ORDER BY id DESC LIMIT 1;
-- NULL keeps it while it would be sent to the same place
CREATE FUNCTION pg_temp.kept(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before bytea := (SELECT client_secret FROM fastauth.oauth_providers WHERE name = 'plain');
	answer text;
BEGIN
	answer := pg_temp.try($a$'plain', 'id', issuer => 'https://plain.example', authorization_endpoint => 'https://plain.example/a', token_endpoint => 'https://plain.example/t', userinfo_endpoint => 'https://plain.example/u'$a$ || arguments);
	IF answer = 'configured' THEN
		answer := CASE WHEN client_secret = before THEN 'kept' WHEN client_secret IS NULL THEN 'gone' ELSE 'another' END FROM fastauth.oauth_providers WHERE name = 'plain';
	END IF;
	RETURN answer;
END $$;
SELECT pg_temp.kept('') AS the_same, pg_temp.kept($$, client_auth => 'post', scopes => '{a}', enabled => false$$) AS other_things;
SELECT pg_temp.try($$'plain', 'id', issuer => 'https://plain.example', authorization_endpoint => 'https://plain.example/a', token_endpoint => 'https://evil.example/t', userinfo_endpoint => 'https://plain.example/u'$$) AS token_endpoint,
	pg_temp.try($$'plain', 'id', issuer => 'https://evil.example', authorization_endpoint => 'https://plain.example/a', token_endpoint => 'https://plain.example/t', userinfo_endpoint => 'https://plain.example/u'$$) AS issuer,
	pg_temp.try($$'plain', 'id', issuer => 'https://plain.example'$$) AS discovered,
	pg_temp.kept($$, client_auth => 'apple', options => '{"team_id": "T", "key_id": "K"}'$$) AS as_a_key, pg_temp.try($$'plain', 'id', preset => 'github'$$) AS preset;
SELECT pg_temp.kept($$, client_auth => 'none'$$) AS public_client;
SELECT pg_temp.kept('') AS after_that;
-- sealed for this provider alone: in another's row it opens nothing
BEGIN;
UPDATE fastauth.oauth_providers SET client_secret = (SELECT client_secret FROM fastauth.oauth_providers WHERE name = 'google') WHERE name = 'github';
SELECT regress_outcome('SELECT fastauth.rotate_master_key()');
ROLLBACK;

--
-- Remove
--
SET ROLE regress_admin;
SELECT fastauth.remove_oauth_provider('plain'), fastauth.remove_oauth_provider('plain') AS again, fastauth.remove_oauth_provider('never');
SELECT fastauth.remove_oauth_provider(name) FROM fastauth.oauth_providers_overview WHERE name NOT IN ('github', 'hub');

--
-- redirect_urls: what may be in it
--
\pset format unaligned
CREATE FUNCTION pg_temp.redirect(entry text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.configure(''redirect_urls'', %L)', ARRAY[entry]::text))$$;
SELECT left(entry, 60) AS entry, pg_temp.redirect(entry) FROM unnest(ARRAY['https://app.example/callback', 'https://app.example', 'https://app.example/cb?a=b', 'https://app.example:8443/cb', 'http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://[::1]:3000/cb',
	'com.example.app:/callback', 'com.example.app:/', 'native:http://127.0.0.1/cb', 'native:http://localhost/', 'native:http://[::1]/cb',
	'http://app.example/cb', 'https://app.example/cb#x', 'https://user@app.example/cb', 'https://app.example/c b', 'https://*.app.example/cb', '*', '', '/callback', '//app.example/cb', 'javascript:alert(1)', 'javascript:/x', 'data:text/html,x',
	'myapp:/callback', 'com.example.app://callback', 'com.example.app:callback', 'Com.example.app:/callback', 'com.example.app:/cb#x', '.app:/cb', '1com.app:/cb',
	'native:http://127.0.0.1:8080/cb', 'native:https://127.0.0.1/cb', 'native:http://app.example/cb', 'native:com.example.app:/cb', 'native:', 'https://app.example/' || repeat('x', 2040)]) WITH ORDINALITY AS e (entry, n) ORDER BY n;
-- which entry is wrong, and why
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLERRM || coalesce(E'\n  HINT: ' || nullif(hint, ''), '');
END $$;
SELECT pg_temp.told(format('SELECT fastauth.configure(''redirect_urls'', %L)', ARRAY['https://app.example/cb', entry]::text)) FROM unnest(ARRAY['http://app.example/cb', 'https://app.example/cb#x', 'https://user@app.example/cb', 'https://*.app.example/cb', '', '/callback',
	'javascript:alert(1)', 'myapp:/callback', E'https://app.example/\ncb', 'https://app.example/é', 'native:http://127.0.0.1:8080/cb', 'native:http://app.example/cb', 'https://app.example/' || repeat('x', 2040)]) WITH ORDINALITY AS e (entry, n) ORDER BY n;
SELECT pg_temp.told($$SELECT fastauth.configure('redirect_urls', 'https://app.example/cb')$$);
-- what a newcomer is told: a provider that is not there, whose name is shown where nothing secret can stand; tenants
SELECT pg_temp.told('SELECT fastauth.' || f) FROM unnest(ARRAY[$$oauth_authorize_url('gogle', 'https://app.example/cb')$$, $$oauth_authorize_url('Not a name', 'https://app.example/cb')$$,
	$$oauth_callback('gogle', 'code', 'state', 'secret')$$, $$oauth_error('gogle', 'state', 'access_denied')$$, $$signin_with_id_token('gogle', 'a.b.c', 'nonce')$$, $$get_oauth_account('gogle', '1')$$,
	$$configure_oauth_provider('microsoft', 'id', 's')$$]) AS f;
SELECT regress_outcome($$SELECT fastauth.configure('redirect_urls', 'https://app.example/cb')$$) AS no_list, regress_outcome($$SELECT fastauth.configure('redirect_urls', '{NULL}')$$) AS has_null;

--
-- redirect_urls: what passes it (S71)
--
SELECT fastauth.configure('redirect_urls', '{https://app.example/cb,https://app.example/q?a=b,http://localhost:3000/cb,com.example.app:/cb,native:http://127.0.0.1/cb,"native:http://[::1]/cb"}');
SET ROLE regress_anon;
SELECT left(uri, 60) AS uri, regress_outcome(format('SELECT fastauth.oauth_authorize_url(''github'', %L)', uri)) FROM unnest(ARRAY['https://app.example/cb', 'https://app.example/q?a=b', 'http://localhost:3000/cb', 'com.example.app:/cb',
	'http://127.0.0.1:1/cb', 'http://127.0.0.1:65535/cb', 'http://[::1]:5000/cb',
	'https://app.example/cb/', 'https://app.example/cb?x', 'https://app.example/CB', 'https://APP.example/cb', 'https://app.example:443/cb', 'https://app.example/q', 'https://app.example/cb/../cb', 'https://app.example/%63b', 'https://app.example.evil.example/cb', 'https://app.example@evil.example/cb',
	'http://app.example/cb', 'http://localhost:3001/cb', 'http://localhost/cb', 'com.example.app:/cb2', 'com.example.app://cb',
	'http://127.0.0.1/cb', 'http://127.0.0.1:0/cb', 'http://127.0.0.1:65536/cb', 'http://127.0.0.1:1@evil.example/cb', 'http://127.0.0.1:1.evil.example/cb', 'http://127.0.0.2:1/cb', 'http://localhost:1/cb', 'https://127.0.0.1:1/cb', 'http://127.0.0.1:1/cb2', 'http://127.0.0.1:1/cb?x', 'http://127.0.0.1:1/cb#x',
	'native:http://127.0.0.1/cb', 'native:http://127.0.0.1:1/cb', '', NULL, repeat('x', 2049)]) WITH ORDINALITY AS u (uri, n) ORDER BY n;
-- who asks for no provider, or one that is disabled, learns nothing about redirects
SELECT name, regress_outcome(format('SELECT fastauth.oauth_authorize_url(%L, %L)', name, uri)) FROM (VALUES ('hub', 'https://app.example/cb'), ('hub', 'https://evil.example'), ('never', 'https://app.example/cb'), ('GitHub', 'https://app.example/cb'), ('', 'https://app.example/cb'), (NULL, 'https://app.example/cb')) AS v (name, uri);
SET ROLE regress_admin;
SELECT fastauth.configure('redirect_urls', NULL);
SELECT regress_outcome($$SELECT fastauth.oauth_authorize_url('github', 'https://app.example/cb')$$) AS nothing_is_allowed;
SELECT fastauth.remove_oauth_provider(name) FROM fastauth.oauth_providers_overview ORDER BY name;
RESET ROLE;
DELETE FROM fastauth.session_store;
