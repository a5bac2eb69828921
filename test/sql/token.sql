-- Access tokens: issue_jwt, verify_token, introspect.  What is wrong with a token's form and signature is in
-- jws.sql and key.sql; here it is its claims, its session and its user.
\set superuser :USER
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('token.alice@example.com', 'correct horse battery', name => 'Alice "A" \ /', email_verified => true,
	metadata => '{"secret": "not in a token"}', app_metadata => '{"secret": "not in a token"}') \gset
SELECT id AS bob FROM fastauth.create_user('token.bob@example.com', 'correct horse battery', is_active => false) \gset

--
-- issue_jwt: a token without session
--
SELECT fastauth.issue_jwt(:'alice') AS t \gset
SELECT c - ARRAY['sub', 'iat', 'exp', 'jti', 'iss'] AS claims, c->>'sub' = :'alice' AS sub, (c->>'exp')::bigint - (c->>'iat')::bigint AS lifetime,
	abs((c->>'iat')::bigint - extract(epoch FROM clock_timestamp())) < 60 AS iat_is_now, c->>'iss' ~ '^urn:uuid:[0-9a-f-]{36}$' AS default_issuer,
	jsonb_typeof(c->'iat') || ' ' || jsonb_typeof(c->'exp') AS times FROM fastauth.verify_token(:'t') AS c;
SELECT fastauth.verify_token(:'t')->>'jti' <> fastauth.verify_token(fastauth.issue_jwt(:'alice'))->>'jti' AS another_jti;
-- more claims: any JSON, as it is; name is the only one of ours that may be another
SELECT c - ARRAY['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'type', 'email', 'email_verified'] AS claims
	FROM fastauth.verify_token(fastauth.issue_jwt(:'alice', '{"name": "Somebody", "n": 12345678901234567890.5, "deep": {"a": [1, null, true, {"b": "\u00e4\n\u0001"}]}, "": "empty", "quo\"te": 1}')) AS c;
SELECT fastauth.verify_token(fastauth.issue_jwt(:'alice', '{}')) ? 'scope' AS nothing_more, fastauth.verify_token(fastauth.issue_jwt(:'alice', ttl => '2 h')) IS NOT NULL AS ttl;
SELECT (c->>'exp')::bigint - (c->>'iat')::bigint AS lifetime FROM unnest(ARRAY['1 s', '90 min', '1 day', '1 day 1 s', '365 days']::interval[]) AS ttl, fastauth.verify_token(fastauth.issue_jwt(:'alice', ttl => ttl)) AS c;
SELECT case_, regress_outcome(format('SELECT fastauth.issue_jwt(%s)', replace(arguments, 'ALICE', quote_literal(:'alice')))) FROM (VALUES
	('user NULL', 'NULL'), ('claims NULL', 'ALICE, NULL'), ('unknown user', $$'00000000-0000-0000-0000-000000000000'$$),
	('claims are an array', $$ALICE, '[]'$$), ('claims are a string', $$ALICE, '"sub"'$$), ('claims are null', $$ALICE, 'null'$$), ('claims are a number', $$ALICE, '1'$$),
	('ttl 0', $$ALICE, '{}', '0'$$), ('ttl negative', $$ALICE, '{}', '-1 s'$$), ('ttl below a second', $$ALICE, '{}', '0.5 s'$$), ('ttl of a month', $$ALICE, '{}', '1 month'$$),
	('ttl of a year', $$ALICE, '{}', '1 year'$$), ('ttl too long', $$ALICE, '{}', '100000 days'$$), ('ttl in hours, too long', $$ALICE, '{}', '2400000 h'$$),
	('8 KiB', format('ALICE, jsonb_build_object(%L, repeat(%L, 8000))', 'a', 'x')), ('more than 8 KiB', format('ALICE, jsonb_build_object(%L, repeat(%L, 8192))', 'a', 'x')),
	('1 MB', format('ALICE, jsonb_build_object(%L, repeat(%L, 1000000))', 'a', 'x')), ('a number of 100000 digits', $$ALICE, '{"a": 1e100000}'$$),
	('33 levels', $$ALICE, (repeat('{"a":', 33) || '1' || repeat('}', 33))::jsonb$$), ('1001 keys', $$ALICE, (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1001) i)$$)) AS v (case_, arguments);
SELECT claim, regress_outcome(format('SELECT fastauth.issue_jwt(%L, %L)', :'alice', jsonb_build_object(claim, value))) FROM unnest(ARRAY['sub', 'sid', 'iat', 'nbf', 'exp', 'jti', 'iss', 'aud', 'type', 'role', 'email', 'email_verified', 'auth_time', 'Sub', 'roles', 'scope']) AS claim,
	(VALUES ('x')) AS v (value);
SELECT regress_outcome(format('SELECT fastauth.issue_jwt(%L)', :'bob')) AS inactive;
SELECT regress_outcome(format('SELECT fastauth.issue_jwt(%L, %L)', :'alice', '{"ok": 1, "role": "postgres"}')) AS one_of_two;

--
-- A token of a session
--
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT c - ARRAY['sub', 'iat', 'exp', 'jti', 'iss', 'sid', 'auth_time'] AS claims, c ?& ARRAY['sid', 'auth_time'] AS of_a_session, jsonb_typeof(c->'auth_time') AS auth_time FROM fastauth.verify_token(:'a') AS c;
-- its session ends: refused at once, also as it was verified a moment ago
SELECT fastauth.verify_token(:'a') IS NOT NULL AS good;
SELECT fastauth.delete_session((fastauth.verify_token(:'a')->>'sid')::uuid);
SELECT fastauth.verify_token(:'a');
-- its user is deactivated: also a token without session
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.verify_token(:'a') IS NOT NULL AND fastauth.verify_token(:'t') IS NOT NULL AS good;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'a')) AS of_the_session, regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t')) AS without;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'a')) AS of_the_session, regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t')) AS without;
-- its session row is gone
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
RESET ROLE;
SELECT fastauth.verify_token(:'a')->>'sid' AS sid \gset
DELETE FROM fastauth.sessions WHERE id = :'sid';
SELECT fastauth.verify_token(:'a');
-- its session is over
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.verify_token(:'a')->>'sid' AS sid \gset
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE id = :'sid';
SELECT fastauth.verify_token(:'a');

--
-- Issuer and audience: a change counts at once, also for what was verified a moment ago
--
SET ROLE regress_anon;
SELECT fastauth.verify_token(:'t') IS NOT NULL AS good;
SET ROLE regress_admin;
SELECT fastauth.configure('audience', 'another');
SET ROLE regress_anon;
SELECT fastauth.verify_token(:'t');
SET ROLE regress_admin;
SELECT fastauth.configure('audience', NULL), fastauth.configure('issuer', 'https://auth.example.com');
SET ROLE regress_anon;
SELECT fastauth.verify_token(:'t');
SET ROLE regress_server;
SELECT fastauth.issue_jwt(:'alice') AS t2 \gset
SELECT fastauth.verify_token(:'t2')->>'iss' AS iss, fastauth.verify_token(:'t2')->>'aud' AS aud;
SET ROLE regress_admin;
SELECT fastauth.configure('issuer', NULL);
SET ROLE regress_anon;
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t')) AS first, regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t2')) AS second;
-- in one transaction, and taken back with it
BEGIN;
SET LOCAL ROLE regress_admin;
SELECT fastauth.configure('audience', 'another');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t'));
ROLLBACK;
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'t'));

--
-- A token ends at its exp
--
SET ROLE regress_server;
SELECT fastauth.issue_jwt(:'alice', ttl => '1 s') AS short \gset
SELECT set_config('regress.short', :'short', false) = :'short' AS kept;
DO $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	WHILE regress_outcome(format('SELECT fastauth.verify_token(%L)', current_setting('regress.short'))) = 'accepted' AND clock_timestamp() < started + interval '30 s' LOOP
		PERFORM pg_sleep(0.05);
	END LOOP;
	RAISE NOTICE '%, not before its time: %', regress_outcome(format('SELECT fastauth.verify_token(%L)', current_setting('regress.short'))), clock_timestamp() - started < interval '20 s';
END $$;
RESET regress.short;

--
-- Claims that another one signed with our key: each refusal by itself
--
RESET ROLE;
SELECT fastauth.configure('key_publish_delay', '0');
SELECT fastauth.import_signing_key('{"kty": "oct", "alg": "HS256", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}') AS kid \gset
CREATE FUNCTION base64url(b bytea) RETURNS text LANGUAGE sql AS $$SELECT rtrim(translate(encode(b, 'base64'), E'+/\n', '-_'), '=')$$;
CREATE FUNCTION sign_bytes(kid text, payload bytea) RETURNS text LANGUAGE sql AS $$
	SELECT input || '.' || base64url(hmac(input::bytea, CASE kid WHEN 'regress-other' THEN '\x202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f'::bytea
		ELSE '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f' END, 'sha256'))
	FROM (SELECT base64url(convert_to(jsonb_build_object('alg', 'HS256', 'typ', 'JWT', 'kid', kid)::text, 'UTF8')) || '.' || base64url(payload)) AS s (input)$$;
CREATE FUNCTION sign(kid text, payload text) RETURNS text LANGUAGE sql AS $$SELECT sign_bytes(kid, convert_to(payload, 'UTF8'))$$;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.verify_token(:'a')::text AS base \gset
SELECT id AS carol FROM fastauth.create_user('token.carol@example.com') \gset
SELECT id AS carols FROM fastauth.create_session(:'carol') \gset
-- NOW+n stands for a time; null takes the claim out
CREATE FUNCTION changed(base jsonb, change jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls((SELECT jsonb_object_agg(key, CASE WHEN value #>> '{}' ~ '^NOW' THEN to_jsonb(extract(epoch FROM clock_timestamp())::bigint + substr(value #>> '{}', 4)::bigint) ELSE value END)
		FROM jsonb_each(base || change)))::text$$;
SELECT case_, regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', changed(:'base', change::jsonb)))) FROM (VALUES
	('unchanged', '{}'),
	('more claims', '{"x": 1, "nonce": "y"}'),
	('no iss', '{"iss": null}'), ('another iss', '{"iss": "https://evil.example"}'), ('empty iss', '{"iss": ""}'), ('iss is a number', '{"iss": 1}'), ('iss is an array', '{"iss": ["x"]}'),
	('no aud', '{"aud": null}'), ('another aud', '{"aud": "other"}'), ('aud begins like ours', '{"aud": "fastauth2"}'), ('aud in capitals', '{"aud": "FASTAUTH"}'), ('aud array with ours', '{"aud": ["other", "fastauth"]}'),
	('aud array without', '{"aud": ["other"]}'), ('aud empty array', '{"aud": []}'), ('aud is a number', '{"aud": 1}'), ('aud is an object', '{"aud": {"fastauth": 1}}'), ('aud in an inner array', '{"aud": [["fastauth"]]}'),
	('no sub', '{"sub": null}'), ('sub is no uuid', '{"sub": "alice"}'), ('sub is empty', '{"sub": ""}'), ('sub is a number', '{"sub": 1}'), ('sub with braces', '{"sub": "{00000000-0000-0000-0000-000000000000}"}'),
	('sub of nobody', '{"sub": "00000000-0000-0000-0000-000000000000"}'), ('sub of nobody, no sid', '{"sub": "00000000-0000-0000-0000-000000000000", "sid": null}'), ('no sid', '{"sid": null}'),
	('sid of no session', '{"sid": "00000000-0000-0000-0000-000000000000"}'), ('sid is no uuid', '{"sid": "x"}'), ('sid is a number', '{"sid": 1}'), ('sid is false', '{"sid": false}'), ('sid is empty', '{"sid": ""}'),
	('no exp', '{"exp": null}'), ('exp now', '{"exp": "NOW+0"}'), ('exp a second ago', '{"exp": "NOW-1"}'), ('exp long ago', '{"exp": 1}'), ('exp 0', '{"exp": 0}'), ('exp negative', '{"exp": -1}'),
	('exp is a string', '{"exp": "9999999999"}'), ('exp with fraction', '{"exp": 9999999999.5}'), ('exp with fraction 0', '{"exp": 9999999999.0}'), ('exp 9e9', '{"exp": 9e9}'), ('exp too large', '{"exp": 999999999999}'), ('exp huge', '{"exp": 1e300}'), ('exp is true', '{"exp": true}'), ('exp is an array', '{"exp": [9999999999]}'),
	('no iat', '{"iat": null}'), ('iat in 20 s', '{"iat": "NOW+20"}'), ('iat in 60 s', '{"iat": "NOW+60"}'), ('iat is a string', '{"iat": "1"}'), ('iat with fraction', '{"iat": 1.5}'), ('iat negative', '{"iat": -5}'), ('iat huge', '{"iat": 1e300}'),
	('nbf past', '{"nbf": "NOW-1"}'), ('nbf in 20 s', '{"nbf": "NOW+20"}'), ('nbf in 60 s', '{"nbf": "NOW+60"}'), ('nbf is a string', '{"nbf": "1"}'), ('nbf negative', '{"nbf": -5}'), ('nbf huge', '{"nbf": 1e300}'),
	('no type', '{"type": null}'), ('type refresh', '{"type": "refresh"}'), ('type Access', '{"type": "Access"}'), ('type is a number', '{"type": 1}'), ('type is an array', '{"type": ["access"]}'),
	('no jti, e-mail or name', '{"jti": null, "email": null, "name": null}')) AS v (case_, change);
-- a session of another user
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', changed(:'base', jsonb_build_object('sid', :'carols'))))) AS anothers_session;
-- what is no object, or no strict JSON
SELECT case_, regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', payload))) FROM (VALUES
	('empty', ''), ('array', '[]'), ('string', '"x"'), ('null', 'null'), ('number', '1'), ('empty object', '{}'),
	('an array around it', '[' || :'base' || ']'), ('twice', :'base' || :'base'), ('garbage behind', :'base' || 'x'), ('NUL behind', :'base' || '\u0000'), ('comma behind', :'base' || ','), ('cut off', left(:'base', -1)),
	('blanks around it', E' \t\r\n' || :'base' || E'\n '),
	('sub twice', '{"sub": "00000000-0000-0000-0000-000000000000", ' || substr(:'base', 2)), ('exp twice', '{"exp": 1, ' || substr(:'base', 2)), ('exp twice, the second good', left(:'base', -1) || ', "\u0065xp": 9999999999}'),
	('unknown claim twice', '{"x": 1, "x": 1, ' || substr(:'base', 2)), ('twice inside', '{"x": {"y": 1, "y": 2}, ' || substr(:'base', 2)),
	('comment', '/**/' || :'base'), ('single quotes', replace(:'base', '"', '''')), ('byte order mark', U&'\feff' || :'base'), ('NUL in a string', '{"x": "\u0000", ' || substr(:'base', 2)), ('lone surrogate', '{"x": "\ud800", ' || substr(:'base', 2)),
	('NaN', '{"x": NaN, ' || substr(:'base', 2)), ('1e999999', '{"x": 1e999999, ' || substr(:'base', 2)),
	('1e4294967296', '{"x": 1e4294967296, ' || substr(:'base', 2)), ('1e-4294967296', '{"x": 1e-4294967296, ' || substr(:'base', 2)), ('1e308', '{"x": 1e308, ' || substr(:'base', 2)), ('leading zero', '{"x": 01, ' || substr(:'base', 2)),
	('31 levels below', '{"x": ' || repeat('[', 31) || repeat(']', 31) || ', ' || substr(:'base', 2)), ('32 levels below', '{"x": ' || repeat('[', 32) || repeat(']', 32) || ', ' || substr(:'base', 2)), ('5000 levels below', '{"x": ' || repeat('[', 5000) || repeat(']', 5000) || ', ' || substr(:'base', 2)),
	('1001 members', '{' || (SELECT string_agg(format('"k%s": 1', i), ', ') FROM generate_series(1, 1000) i) || ', ' || substr(:'base', 2)),
	('more than 16 KiB', '{"x": "' || repeat('x', 13000) || '", ' || substr(:'base', 2)), ('8 KiB', '{"x": "' || repeat('x', 8000) || '", ' || substr(:'base', 2))) AS v (case_, payload);
SELECT case_, regress_outcome(format('SELECT fastauth.verify_token(%L)', sign_bytes(:'kid', payload))) FROM (VALUES
	('invalid UTF-8', '\x7b2278223a2022ff222c20'::bytea || substr(convert_to(:'base', 'UTF8'), 2)), ('overlong UTF-8', '\x7b2278223a2022c080222c20'::bytea || substr(convert_to(:'base', 'UTF8'), 2)),
	('surrogates in UTF-8', '\x7b2278223a2022eda080222c20'::bytea || substr(convert_to(:'base', 'UTF8'), 2)), ('a NUL byte behind', convert_to(:'base', 'UTF8') || '\x00'::bytea), ('a NUL byte before', '\x00'::bytea || convert_to(:'base', 'UTF8')), ('UTF-16', '\x7b002200'::bytea)) AS v (case_, payload);
-- the clock skew is a setting
SELECT fastauth.configure('clock_skew', '0');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', changed(:'base', '{"iat": "NOW+20"}'))));
SELECT fastauth.configure('clock_skew', '2 min');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', changed(:'base', '{"iat": "NOW+60"}')))) AS iat, regress_outcome(format('SELECT fastauth.verify_token(%L)', sign(:'kid', changed(:'base', '{"nbf": "NOW+60"}')))) AS nbf;
SELECT fastauth.configure('clock_skew', NULL);

-- Another issuer's key is good for verify_token and introspect, never to act; its tokens say nothing about our users
SELECT fastauth.import_signing_key('{"kty": "oct", "alg": "HS256", "k": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8", "kid": "regress-other"}', 'https://partner.example') AS other \gset
SELECT case_, regress_outcome(format('SELECT fastauth.verify_token(%L)', token)) AS verify_token, regress_outcome(format('SELECT fastauth.authenticate(%L)', token)) AS authenticate,
	fastauth.introspect(token)->'active' AS active FROM (VALUES
	('of the other one', sign(:'other', changed(:'base', '{"iss": "https://partner.example", "sub": "x|1", "sid": null, "type": null}'))),
	('about our user', sign(:'other', changed(:'base', '{"iss": "https://partner.example"}'))),
	('in our name', sign(:'other', :'base')),
	('by us in its name', sign(:'kid', changed(:'base', '{"iss": "https://partner.example"}'))),
	('another audience', sign(:'other', changed(:'base', '{"iss": "https://partner.example", "aud": "x"}'))),
	('expired', sign(:'other', changed(:'base', '{"iss": "https://partner.example", "exp": 1}'))),
	('no exp', sign(:'other', changed(:'base', '{"iss": "https://partner.example", "exp": null}'))),
	('type refresh', sign(:'other', changed(:'base', '{"iss": "https://partner.example", "type": "refresh"}')))) AS v (case_, token);

--
-- introspect (RFC 7662): what a token is, or only that it is not good; it never raises
--
\c - regress_server
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT i - ARRAY['sub', 'iat', 'exp', 'jti', 'iss', 'sid', 'auth_time'] AS answer, i->>'sub' = :'alice' AS sub, i - 'active' - 'token_type' = fastauth.verify_token(:'a') AS the_claims FROM fastauth.introspect(:'a') AS i;
SELECT i - ARRAY['sub', 'exp', 'sid'] AS answer, i->>'sub' = :'alice' AS sub, i->'sid' = fastauth.verify_token(:'a')->'sid' AS sid, (i->>'exp')::bigint - extract(epoch FROM now())::bigint BETWEEN 14 * 86400 - 60 AND 14 * 86400 + 60 AS exp FROM fastauth.introspect(:'r') AS i;
-- looking at a refresh token does not spend it
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT case_, fastauth.introspect(token) FROM (VALUES
	('NULL', NULL), ('empty', ''), ('garbage', 'x'), ('dots', '..'), ('a refresh token that was used', :'r'), ('half a refresh token', left(:'r2', 20)), ('prefix', 'fa_rt_'), ('an unknown refresh token', 'fa_rt_' || repeat('A', 43)),
	('a signature cut off', left(:'a', -1)), ('a blank behind', :'a' || ' '), ('16 KiB', repeat('a', 16384)), ('1 MB', repeat('a', 1048576)), ('1 MB of dots', repeat('.', 1048576)), ('1 MB behind the prefix', 'fa_rt_' || repeat('A', 1048576)),
	('another character set', U&'\00e4\00f6'), ('control characters', E'\x01\x02'), ('a token that is over', :'short')) AS v (case_, token);
-- a member of the token cannot say that it is active
SELECT fastauth.introspect(fastauth.issue_jwt(:'alice', '{"active": false, "token_type": "x"}'))->>'active' AS active;
SELECT fastauth.delete_session((fastauth.verify_token(:'a')->>'sid')::uuid);
SELECT fastauth.introspect(:'a') AS access, fastauth.introspect(:'r2') AS refresh;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT fastauth.introspect(:'a') AS access, fastauth.introspect(:'r') AS refresh, fastauth.introspect(:'t') AS without_session;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('token.alice@example.com', 'correct horse battery') \gset
\c - regress_admin
SELECT fastauth.configure('require_verified_email', 'on');
SELECT fastauth.introspect(:'r')->'active' AS verified;
SELECT email_verified FROM fastauth.update_user(:'alice', '{"email_verified": false}');
SELECT fastauth.introspect(:'r') AS no_longer_verified;
SELECT fastauth.configure('require_verified_email', NULL);

--
-- READ ONLY, and who may
--
BEGIN READ ONLY;
SELECT fastauth.verify_token(:'a') IS NOT NULL AS verify_token, fastauth.introspect(:'a')->'active' AS introspect, fastauth.authenticate(:'a') IS NOT NULL AS authenticate, fastauth.uid() = :'alice' AS uid;
SELECT regress_outcome('SELECT fastauth.issue_jwt(NULL)');
COMMIT;
\c - :superuser
SET ROLE regress_anon;
SELECT fastauth.verify_token(:'a') IS NOT NULL AS verify_token;
SET ROLE regress_authenticated;
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY['fastauth.issue_jwt(NULL)', 'fastauth.introspect(NULL)', 'fastauth.verify_token(NULL)', $$fastauth.verify_token('')$$]) AS expression;

\c - :superuser
SELECT fastauth.compromised_signing_key(:'kid'), fastauth.compromised_signing_key(:'other');
-- a key that is gone takes along what was verified with it
SELECT fastauth.verify_token(:'a');
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['password_hash_memory', 'password_hash_iterations', 'key_publish_delay']) AS name;
DROP FUNCTION base64url(bytea), sign_bytes(text, bytea), sign(text, text), changed(jsonb, jsonb);
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
