-- The two strategies: what a sign-in answers under each, what goes on after a switch, how the end of a session of the
-- database strategy moves with its use, and that a session token is good for nothing else (DESIGN 5.1, S15, S16).
\set SHOW_CONTEXT never
SELECT id AS ada FROM fastauth.create_user('strategy.ada@example.com', 'correct horse battery', name => 'Ada') \gset
SELECT id AS bob FROM fastauth.create_user('strategy.bob@example.com', 'correct horse battery') \gset
-- The session of a token, found by its hash.
CREATE FUNCTION session_of(token text) RETURNS uuid LANGUAGE sql AS
	$$SELECT id FROM fastauth.sessions WHERE session_token_hash = sha256(convert_to(token, 'UTF8'))$$;
-- As if so much time had passed since a session was used.
CREATE FUNCTION pass_time(token text, passed interval) RETURNS bool LANGUAGE sql AS
	$$UPDATE fastauth.sessions SET created_at = created_at - passed, last_used_at = last_used_at - passed, authenticated_at = authenticated_at - passed,
		expires_at = expires_at - passed, max_expires_at = max_expires_at - passed WHERE id = session_of(token) RETURNING true$$;
-- In how many hours it ends, and how many ago it was used.
CREATE FUNCTION times(token text, OUT ends_in numeric, OUT used_before numeric) LANGUAGE sql AS
	$$SELECT round(extract(epoch FROM expires_at - clock_timestamp()) / 3600), round(extract(epoch FROM clock_timestamp() - last_used_at) / 3600) FROM fastauth.sessions WHERE id = session_of(token)$$;
-- authenticate() as an application would try a token: the word of the refusal, or who it is.
CREATE FUNCTION try_token(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM fastauth.authenticate(token);
	RETURN (SELECT split_part(email, '@', 1) FROM fastauth.me());
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word || CASE WHEN fastauth.uid() IS NULL THEN '' ELSE ', but somebody is there' END;
END $$;

--
-- The settings
--
SELECT name, value, allowed FROM fastauth.settings_overview WHERE name IN ('session_strategy', 'session_ttl');
SELECT v, regress_outcome(format('SELECT fastauth.configure(%L, %L)', 'session_strategy', v)) FROM unnest(ARRAY['DATABASE', 'cookie', '', 'jwt,database', ' database']) v;
SELECT v, regress_outcome(format('SELECT fastauth.configure(%L, %L)', 'session_ttl', v)) FROM unnest(ARRAY['59.999 s', '1 min', '400 d', '400 d 1 s', '0', '-1 d', '1 month']) v;
SELECT fastauth.configure('session_ttl', NULL), fastauth.configure('session_strategy', NULL);

--
-- What a sign-in answers
--
SELECT access_token AS jwt, refresh_token AS rt FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT fastauth.configure('session_strategy', 'database');
SELECT access_token AS st, refresh_token IS NULL AS no_refresh_token, token_type, expires_in FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT :'st' ~ '^fa_st_[A-Za-z0-9_-]{43}$' AS form, :'no_refresh_token' AS no_refresh_token, :'token_type' AS token_type, :'expires_in' AS expires_in;
SELECT left(access_token, 6), refresh_token, token_type, expires_in FROM fastauth.signup('strategy.new@example.com', 'correct horse battery staple');
SELECT count(*) AS refresh_tokens FROM fastauth.refresh_tokens WHERE session_id = session_of(:'st');
SELECT octet_length(session_token_hash) AS bytes, max_expires_at - created_at AS at_most, provider FROM fastauth.sessions WHERE id = session_of(:'st');
-- remember: the end that it can move to, not the one that stands there now
SELECT access_token AS remembered, expires_in FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery', remember => true) \gset
SELECT :'expires_in' AS expires_in, max_expires_at - created_at AS at_most FROM fastauth.sessions WHERE id = session_of(:'remembered');
-- a session_ttl beyond the life of a session
SELECT fastauth.configure('session_ttl', '100 d');
SELECT expires_in FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery');
SELECT fastauth.configure('session_ttl', NULL);
-- require_verified_email: no tokens at sign-up, and the tokens that were out are refused as refresh() refuses
SELECT fastauth.configure('require_verified_email', 'on');
SELECT * FROM fastauth.signup('strategy.unverified@example.com', 'correct horse battery staple');
SELECT fastauth.authenticate(:'st');
SELECT fastauth.introspect(:'st');
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'rt'));
SELECT fastauth.configure('require_verified_email', NULL);

--
-- What a session token does, and what it looks like
--
SET ROLE regress_authenticated;
BEGIN;
SELECT fastauth.authenticate(:'st') = :'ada' AS ada, fastauth.uid() = :'ada' AS uid;
SELECT fastauth.claims() ->> 'sub' = :'ada' AS sub, fastauth.claims() ->> 'sid' = fastauth.session_id()::text AS sid,
	fastauth.claims() - ARRAY['iss', 'sub', 'sid', 'iat', 'exp', 'auth_time'] AS others,
	(fastauth.claims() ->> 'exp')::bigint - (fastauth.claims() ->> 'iat')::bigint AS life, fastauth.claims() ->> 'auth_time' = fastauth.claims() ->> 'iat' AS auth_time;
SELECT name FROM fastauth.me();
SELECT count(*) FILTER (WHERE current) AS current, count(*) AS sessions FROM fastauth.list_sessions();
COMMIT;
RESET ROLE;
SELECT fastauth.uid() IS NULL AS nobody;
-- the same members as an access token, but jti
SELECT string_agg(k, ' ' ORDER BY k) AS only_in_access_token FROM jsonb_object_keys(fastauth.verify_token(:'jwt')) k
	WHERE NOT (SELECT fastauth.claims() ? k FROM fastauth.authenticate(:'st'));
SELECT fastauth.claims() ->> 'iss' = fastauth.verify_token(:'jwt') ->> 'iss' AS iss, fastauth.claims() -> 'aud' = fastauth.verify_token(:'jwt') -> 'aud' AS aud FROM fastauth.authenticate(:'st');
-- the role of the user, checked again each time
CREATE ROLE regress_strategy;
SELECT fastauth.configure('allowed_roles', '{regress_strategy}');
SELECT fastauth.set_user_dbrole(:'ada', 'regress_strategy');
SELECT fastauth.claims() ->> 'role' AS role FROM fastauth.authenticate(:'st');
ALTER ROLE regress_strategy CREATEROLE;
SELECT fastauth.authenticate(:'st');
SELECT fastauth.introspect(:'st') -> 'active' AS active;
SELECT fastauth.signin('strategy.ada@example.com', 'correct horse battery');
DROP ROLE regress_strategy;
SELECT fastauth.set_user_dbrole(:'ada', NULL);
SELECT fastauth.configure('allowed_roles', NULL);
-- introspect: a look, and no use
SELECT pass_time(:'st', '3 days');
SELECT i - ARRAY['sub', 'sid', 'exp'] AS introspect, i ->> 'sub' = :'ada' AS sub, i ->> 'sid' = session_of(:'st')::text AS sid,
	to_timestamp((i ->> 'exp')::bigint) - clock_timestamp() BETWEEN '3 days 23:59' AND '4 days' AS exp FROM fastauth.introspect(:'st') i;
SELECT * FROM times(:'st');

--
-- Its end moves with its use: a step of a tenth after the last that was written, never beyond its most
--
SELECT try_token(:'st'), t.* FROM times(:'st') t;
SELECT t.* FROM times(:'st') t;
SELECT pass_time(:'st', '16 hours');
SELECT try_token(:'st');
SELECT * FROM times(:'st');
SELECT pass_time(:'st', '1 hour');
SELECT try_token(:'st');
SELECT * FROM times(:'st');
-- the claims tell the new end
SELECT pass_time(:'st', '2 days');
SELECT to_timestamp((fastauth.claims() ->> 'exp')::bigint) - clock_timestamp() BETWEEN '6 days 23:59' AND '7 days' AS seven_days FROM fastauth.authenticate(:'st');
-- the address and the user agent of the use, when they are known
BEGIN;
SELECT pass_time(:'st', '1 day'), fastauth.set_client('203.0.113.9', 'Strategy/1.0');
SELECT try_token(:'st');
COMMIT;
SELECT ip_address, user_agent FROM fastauth.get_session(session_of(:'st'));
-- READ ONLY: checked, and not written
SELECT pass_time(:'st', '1 day');
BEGIN READ ONLY;
SELECT try_token(:'st');
COMMIT;
SELECT * FROM times(:'st');
-- it is written by the commit, so that until then no row is locked; the claims tell it before
BEGIN;
SELECT to_timestamp((fastauth.claims() ->> 'exp')::bigint) - clock_timestamp() BETWEEN '6 days 23:59' AND '7 days' AS seven_days FROM fastauth.authenticate(:'st');
SELECT * FROM times(:'st');
SELECT count(*) AS locked FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'transactionid' OR relation = 'fastauth.sessions'::regclass AND mode <> 'AccessShareLock');
-- a use that is rolled back was none
ROLLBACK;
SELECT * FROM times(:'st');
-- nor is one of a savepoint that is rolled back; one of a savepoint that is released counts, as does one after it
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SELECT try_token(:'st');
RELEASE b;
ROLLBACK TO a;
COMMIT;
SELECT * FROM times(:'st');
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SELECT try_token(:'st');
RELEASE b;
SAVEPOINT c;
SELECT try_token(:'st');
ROLLBACK TO c;
RELEASE a;
COMMIT;
SELECT * FROM times(:'st');
-- nor does one write that became READ ONLY
SELECT pass_time(:'st', '1 day');
BEGIN;
SELECT try_token(:'st');
SET TRANSACTION READ ONLY;
COMMIT;
SELECT * FROM times(:'st');
-- a procedure commits it
CREATE PROCEDURE use_it(token text) LANGUAGE plpgsql AS $$ BEGIN PERFORM try_token(token); COMMIT; END $$;
CALL use_it(:'st');
SELECT * FROM times(:'st');
-- a use in a transaction that has its snapshot, and in a serializable one
SELECT pass_time(:'st', '1 day');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT try_token(:'st');
SELECT try_token(:'st');
COMMIT;
SELECT * FROM times(:'st');
SELECT pass_time(:'st', '1 day');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT try_token(:'st');
COMMIT;
SELECT * FROM times(:'st');
-- the most: 30 days after the sign-in
SELECT pass_time(:'st', '6 days'), try_token(:'st');
SELECT pass_time(:'st', '6 days'), try_token(:'st');
SELECT pass_time(:'st', '6 days'), try_token(:'st');
SELECT * FROM times(:'st');
SELECT expires_at = max_expires_at AS at_its_end FROM fastauth.sessions WHERE id = session_of(:'st');
SELECT pass_time(:'st', '5 days'), try_token(:'st');
SELECT expires_at = max_expires_at AS at_its_end FROM fastauth.sessions WHERE id = session_of(:'st');
SELECT pass_time(:'st', '1 day');
SELECT fastauth.authenticate(:'st');
SELECT fastauth.introspect(:'st');
SELECT fastauth.get_session(session_of(:'st')) IS NULL AS over;
-- a small session_ttl: a step of a minute, and of a half when that is less
SELECT fastauth.configure('session_ttl', '5 min');
SELECT access_token AS st, expires_in FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT :'expires_in' AS expires_in;
SELECT pass_time(:'st', '50 s'), try_token(:'st');
SELECT last_used_at < clock_timestamp() - interval '49 s' AS not_written FROM fastauth.sessions WHERE id = session_of(:'st');
SELECT pass_time(:'st', '11 s'), try_token(:'st');
SELECT last_used_at < clock_timestamp() - interval '49 s' AS not_written FROM fastauth.sessions WHERE id = session_of(:'st');
SELECT fastauth.configure('session_ttl', '1 min');
SELECT access_token AS st FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT pass_time(:'st', '31 s'), try_token(:'st');
SELECT last_used_at < clock_timestamp() - interval '30 s' AS not_written FROM fastauth.sessions WHERE id = session_of(:'st');
SELECT pass_time(:'st', '1 min'), try_token(:'st');
-- a session_ttl that was lowered counts from the next use on
SELECT fastauth.configure('session_ttl', '7 d');
SELECT access_token AS st FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT fastauth.configure('session_ttl', '1 h');
SELECT pass_time(:'st', '10 min'), try_token(:'st');
SELECT * FROM times(:'st');
SELECT fastauth.configure('session_ttl', NULL);

--
-- A session that is over stays over, whoever uses it
--
SELECT access_token AS st FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT pass_time(:'st', '7 days'), try_token(:'st');
SELECT last_used_at < clock_timestamp() - interval '6 days' AS not_written FROM fastauth.sessions WHERE id = session_of(:'st');

--
-- Ending it: the same as with access tokens
--
SELECT access_token AS one FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS two FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS three FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS bobs FROM fastauth.signin('strategy.bob@example.com', 'correct horse battery') \gset
-- a replay after signout, also within the transaction, and by a use that was due
BEGIN;
SELECT fastauth.authenticate(:'one') IS NOT NULL AS ok;
SELECT fastauth.signout();
SELECT try_token(:'one');
COMMIT;
SELECT pass_time(:'one', '1 day'), try_token(:'one');
SELECT fastauth.authenticate(:'one');
SELECT fastauth.introspect(:'one');
SELECT last_used_at < clock_timestamp() - interval '23 h' AS not_written FROM fastauth.sessions WHERE id = session_of(:'one');
-- another's session is not found; one's own other needs a recent sign-in
SELECT pass_time(:'two', '1 hour');
BEGIN;
SELECT fastauth.authenticate(:'two') IS NOT NULL AS ok;
SELECT regress_outcome(format('SELECT fastauth.revoke_session(%L)', session_of(:'bobs')));
SELECT regress_outcome(format('SELECT fastauth.revoke_session(%L)', session_of(:'three')));
SELECT regress_outcome('SELECT fastauth.reauthenticate(''wrong'')');
SELECT fastauth.reauthenticate('correct horse battery');
SELECT fastauth.revoke_session(session_of(:'three'));
COMMIT;
SELECT try_token(:'two'), try_token(:'three'), try_token(:'bobs');
SELECT (fastauth.claims() ->> 'auth_time')::bigint > (fastauth.claims() ->> 'iat')::bigint AS auth_time_moved FROM fastauth.authenticate(:'two');
-- change_password ends the others, of both strategies
SELECT access_token AS four FROM fastauth.signin('strategy.ada@example.com', 'correct horse battery') \gset
SELECT try_token(:'jwt');
BEGIN;
SELECT fastauth.authenticate(:'two') IS NOT NULL AS ok;
SELECT fastauth.change_password('correct horse battery', 'staple battery horse');
COMMIT;
SELECT try_token(:'two'), try_token(:'four'), try_token(:'jwt'), try_token(:'bobs');
-- deactivated, and active again; the server ends it; deleted
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": false}');
SELECT try_token(:'bobs');
DELETE FROM fastauth.session_revocations WHERE session_id = session_of(:'bobs');
SELECT try_token(:'bobs');
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": true}');
SELECT try_token(:'bobs');
SELECT fastauth.delete_session(session_of(:'bobs')), try_token(:'bobs');
SELECT access_token AS bobs FROM fastauth.signin('strategy.bob@example.com', 'correct horse battery') \gset
SELECT fastauth.delete_user(:'bob', soft => false);
SELECT try_token(:'bobs');
-- the oldest of more than 50 goes
SELECT access_token AS oldest FROM fastauth.signup('strategy.many@example.com', 'correct horse battery staple') \gset
SELECT count(fastauth.create_session(id)) FROM generate_series(1, 49), fastauth.get_user_by_email('strategy.many@example.com') u;
SELECT try_token(:'oldest');
SELECT access_token AS newest FROM fastauth.signin('strategy.many@example.com', 'correct horse battery staple') \gset
SELECT try_token(:'oldest'), try_token(:'newest');
-- the cleanup takes what has ended, and nothing that lives on
SELECT pass_time(:'newest', '5 days'), try_token(:'newest');
SELECT pass_time(:'newest', '5 days');
SELECT fastauth.cleanup_expired() > 0 AS removed_some;
SELECT session_of(:'oldest') IS NULL AS gone, try_token(:'newest');

--
-- A switch: what was given out goes on working
--
SELECT access_token AS jwt, refresh_token AS rt FROM fastauth.configure('session_strategy', NULL), fastauth.signin('strategy.ada@example.com', 'staple battery horse') \gset
SELECT fastauth.configure('session_strategy', 'database');
SELECT access_token AS st FROM fastauth.signin('strategy.ada@example.com', 'staple battery horse') \gset
SELECT token_type, left(refresh_token, 6) AS refresh, expires_in, access_token AS jwt, refresh_token AS rt FROM fastauth.refresh(:'rt') \gset
SELECT :'token_type' AS token_type, :'refresh' AS refresh, :'expires_in' AS expires_in, try_token(:'jwt');
SELECT fastauth.configure('session_strategy', NULL);
SELECT token_type FROM fastauth.signin('strategy.ada@example.com', 'staple battery horse');
SELECT pass_time(:'st', '2 days'), try_token(:'st');
SELECT * FROM times(:'st');

--
-- Attacks.  A session token is nothing but that; another token is no session token; only the exact text counts.
--
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'st')) AS refresh, regress_outcome(format('SELECT fastauth.verify_token(%L)', :'st')) AS verify_token;
SELECT case_, try_token(token) FROM (VALUES
	('a refresh token', :'rt'),
	('a refresh token with our prefix', 'fa_st_' || substr(:'rt', 7)),
	('a session token with the prefix of refresh tokens', 'fa_rt_' || substr(:'st', 7)),
	('without a prefix', substr(:'st', 7)),
	('the prefix alone', 'fa_st_'),
	('the prefix twice', 'fa_st_' || :'st'),
	('another case of the prefix', 'FA_ST_' || substr(:'st', 7)),
	('a JWT behind the prefix', 'fa_st_' || :'jwt'),
	('a JWT behind the token', :'st' || '.' || :'jwt'),
	('unknown', 'fa_st_' || repeat('A', 43)),
	('one character less', left(:'st', -1)),
	('one character more', :'st' || 'A'),
	('padded', :'st' || '='),
	('a blank before', ' ' || :'st'),
	('a blank behind', :'st' || ' '),
	('a line end behind', :'st' || E'\n'),
	('in the other alphabet of base64', 'fa_st_' || repeat('+', 42) || 'A'),
	('a character outside', 'fa_st_' || repeat('A', 42) || '*'),
	('a NUL as text', 'fa_st_' || repeat('A', 39) || '\x00'),
	('a multibyte character', 'fa_st_' || repeat('A', 41) || 'é'),
	('16 KiB and 1', 'fa_st_' || repeat('A', 16379)),
	('10 MB', 'fa_st_' || repeat('A', 10000000)),
	('its own hash', (SELECT 'fa_st_' || translate(encode(session_token_hash, 'base64'), '+/=', '-_') FROM fastauth.sessions WHERE id = session_of(:'st'))),
	('the id of its session', session_of(:'st')::text)) AS v (case_, token);
-- base64url that is not canonical: the last of the 43 characters has four bits to say, so four spellings decode to the same bytes
WITH spelling AS (SELECT left(:'st', -1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', i, 1) AS token FROM generate_series(1, 64) i)
SELECT count(*) FILTER (WHERE try_token(token) = 'strategy.ada') AS accepted, count(*) AS tried FROM spelling;
-- nobody can have a JWT signed whose sid is of another's session, and one that names one is refused
SELECT regress_outcome(format('SELECT fastauth.issue_jwt(%L, jsonb_build_object(''sid'', %L))', :'ada', session_of(:'st')));
SELECT fastauth.verify_token(:'jwt') ->> 'sid' AS jwt_sid \gset
BEGIN;
UPDATE fastauth.sessions SET user_id = (SELECT id FROM fastauth.users WHERE email = 'strategy.many@example.com') WHERE id = :'jwt_sid';
SELECT try_token(:'jwt');
-- of a session token the row decides who it is
UPDATE fastauth.sessions SET user_id = (SELECT id FROM fastauth.users WHERE email = 'strategy.many@example.com') WHERE id = session_of(:'st');
SELECT try_token(:'st');
ROLLBACK;
-- the hash is unique
SELECT regress_outcome(format('UPDATE fastauth.sessions SET session_token_hash = (SELECT session_token_hash FROM fastauth.sessions WHERE id = %L) WHERE id = %L', session_of(:'st'), session_of(:'two')));

--
-- is_local = false: checked again in each transaction, each of which is a use
--
SELECT fastauth.authenticate(:'st', is_local => false);
SELECT fastauth.configure('allow_session_identity', 'on');
SELECT fastauth.authenticate(:'st', is_local => false) = :'ada' AS ada;
SELECT fastauth.uid() = :'ada' AS still;
SELECT pass_time(:'st', '3 days');
BEGIN READ ONLY;
SELECT fastauth.uid() = :'ada' AS still;
SELECT * FROM times(:'st');
COMMIT;
SELECT fastauth.uid() = :'ada' AS still;
SELECT * FROM times(:'st');
SELECT pass_time(:'st', '3 days');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.uid() = :'ada' AS still;
COMMIT;
SELECT * FROM times(:'st');
-- beyond the end that stood there when it was set
SELECT pass_time(:'st', '4 days');
SELECT fastauth.uid() = :'ada' AS still;
SELECT pass_time(:'st', '4 days');
SELECT fastauth.uid() = :'ada' AS still;
SELECT fastauth.delete_session(session_of(:'st'));
SELECT fastauth.uid() IS NULL AS nobody;
SELECT fastauth.authenticate(:'two', is_local => false) = :'ada' AS ada;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE id = session_of(:'two');
SELECT fastauth.uid() IS NULL AS nobody;
DISCARD ALL;
-- and asked all that authenticate() asks: that the address is verified, if it has to be, and that the role is one that tokens may name
SELECT fastauth.configure('session_strategy', 'database');
SELECT access_token AS st FROM fastauth.signin('strategy.ada@example.com', 'staple battery horse') \gset
SELECT fastauth.configure('session_strategy', NULL);
SELECT fastauth.authenticate(:'st', is_local => false) = :'ada' AS ada;
BEGIN;
SELECT fastauth.configure('require_verified_email', 'on');
COMMIT;
SELECT fastauth.uid() IS NULL AS nobody;
-- which is for good
SELECT fastauth.configure('require_verified_email', NULL);
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'st');
SELECT fastauth.authenticate(:'st', is_local => false) = :'ada' AS ada;
SELECT fastauth.configure('require_verified_email', 'on'), email_verified FROM fastauth.update_user(:'ada', '{"email_verified": true}');
SELECT fastauth.uid() = :'ada' AS still;
SELECT email_verified FROM fastauth.update_user(:'ada', '{"email_verified": false}');
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'st');
SELECT fastauth.configure('require_verified_email', NULL);
CREATE ROLE regress_strategy;
SELECT fastauth.configure('allowed_roles', '{regress_strategy}');
SELECT fastauth.set_user_dbrole(:'ada', 'regress_strategy');
SELECT fastauth.authenticate(:'st', is_local => false) = :'ada' AS ada;
SELECT fastauth.uid() = :'ada' AS still;
ALTER ROLE regress_strategy CREATEROLE;
SELECT fastauth.uid() IS NULL AS nobody;
SELECT fastauth.authenticate(:'st', is_local => false);
SELECT fastauth.set_user_dbrole(:'ada', NULL);
SELECT fastauth.configure('allowed_roles', NULL);
DROP ROLE regress_strategy;
SELECT fastauth.authenticate(:'st', is_local => false) = :'ada' AS ada;
SELECT fastauth.uid() = :'ada' AS still;
-- the same for an access token: its issuer, its audience and its key are still ours; but require_verified_email, which authenticate() does not ask of one, is not asked
DISCARD ALL;
SELECT access_token AS jwt, fastauth.issue_jwt(:'ada') AS free FROM fastauth.signin('strategy.ada@example.com', 'staple battery horse') \gset
SELECT fastauth.configure('require_verified_email', 'on');
SELECT fastauth.authenticate(:'jwt', is_local => false) = :'ada' AS ada;
SELECT fastauth.uid() = :'ada' AS still, fastauth.claims() = fastauth.verify_token(:'jwt') AS claims;
SELECT fastauth.configure('require_verified_email', NULL);
SELECT fastauth.configure('audience', 'others');
SELECT fastauth.uid() IS NULL AS nobody;
SELECT fastauth.configure('audience', NULL);
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'jwt');
SELECT fastauth.authenticate(:'jwt', is_local => false) = :'ada' AS ada;
SELECT fastauth.configure('issuer', 'https://others.example.com');
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'jwt');
SELECT fastauth.configure('issuer', NULL);
-- a token of the retired key is good until its end, one of a compromised key no more; with a session and without
SELECT fastauth.authenticate(:'jwt', is_local => false) = :'ada' AS ada;
SELECT convert_from(decode(translate(split_part(:'jwt', '.', 1), '-_', '+/') || repeat('=', (4 - length(split_part(:'jwt', '.', 1)) % 4) % 4), 'base64'), 'UTF8')::jsonb ->> 'kid' AS kid \gset
SELECT fastauth.retire_signing_key(:'kid');
SELECT fastauth.uid() = :'ada' AS still, try_token(:'jwt'), try_token(:'free');
SELECT fastauth.authenticate(:'jwt', is_local => false) = :'ada' AS ada;
SELECT fastauth.compromised_signing_key(:'kid');
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'jwt'), try_token(:'free');
SELECT fastauth.issue_jwt(:'ada') AS free \gset
SELECT fastauth.authenticate(:'free', is_local => false) = :'ada' AS ada;
SELECT fastauth.uid() = :'ada' AS still, fastauth.session_id() IS NULL AS no_session;
SELECT convert_from(decode(translate(split_part(:'free', '.', 1), '-_', '+/') || repeat('=', (4 - length(split_part(:'free', '.', 1)) % 4) % 4), 'base64'), 'UTF8')::jsonb ->> 'kid' AS kid \gset
SELECT fastauth.compromised_signing_key(:'kid');
SELECT fastauth.uid() IS NULL AS nobody, try_token(:'free');
DISCARD ALL;
SELECT fastauth.configure('allow_session_identity', NULL);

DROP PROCEDURE use_it;
DROP FUNCTION try_token, times, pass_time, session_of;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
