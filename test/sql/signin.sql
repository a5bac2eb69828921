-- signup, signin, refresh, as a stranger calls them.  Lifetimes are tested by moving times in the rows.
CREATE FUNCTION pg_temp.claim(token text, name text) RETURNS text LANGUAGE sql AS
	$$SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> name FROM split_part(token, '.', 2) AS p$$;
CREATE FUNCTION pg_temp.refresh(token text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', token))$$;
-- A replay ends its session (lockout.sql); to go on with its tokens, this brings it back.
CREATE FUNCTION pg_temp.bring_back(access_token text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
	$$WITH d AS (DELETE FROM fastauth.session_revocations WHERE session_id = pg_temp.claim(access_token, 'sid')::uuid RETURNING 1) SELECT count(*) FROM d$$;
-- Hashes that cost little make the test quick; there are many wrong passwords here, and no lockout.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure('max_login_attempts', '100'), fastauth.configure('max_account_attempts', '1000');
SET ROLE regress_anon;

--
-- signup signs in
--
SELECT access_token, refresh_token, token_type, expires_in FROM fastauth.signup(' Signin.Alice@Example.COM', 'correct horse battery', 'Alice', 'https://example.com/a.png', '{"theme": "dark"}') \gset
SELECT :'token_type' AS token_type, :'expires_in' AS expires_in, :'refresh_token' ~ '^fa_rt_[A-Za-z0-9_-]{43}$' AS refresh_token_form,
	:'access_token' ~ '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' AS access_token_form;
SELECT claims - ARRAY['sub', 'iat', 'exp', 'jti', 'iss', 'sid', 'auth_time'] AS claims,
		(claims->>'exp')::int - (claims->>'iat')::int AS lifetime, claims->'auth_time' = claims->'iat' AS just_now
	FROM fastauth.verify_token(:'access_token') AS claims;
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.get_user_by_email('signin.alice@example.com') \gset
SELECT email, name, image, email_verified, is_active, metadata, app_metadata FROM fastauth.get_user(:'alice');
SELECT provider, expires_at - created_at AS lifetime FROM fastauth.list_user_sessions(:'alice');
SELECT id::text = pg_temp.claim(:'access_token', 'sid') AS sid_is_the_session, :'alice' = pg_temp.claim(:'access_token', 'sub') AS sub_is_the_user FROM fastauth.list_user_sessions(:'alice');
SET ROLE regress_anon;
-- NULL and '' are nothing
SELECT access_token IS NOT NULL AS signed_up FROM fastauth.signup('signin.nulls@example.com', 'correct horse battery', NULL, NULL, NULL);
SELECT access_token IS NOT NULL AS signed_up FROM fastauth.signup('signin.empty@example.com', 'correct horse battery', '', '', '{}');
SET ROLE regress_server;
SELECT name, image, metadata FROM unnest(ARRAY['signin.nulls@example.com', 'signin.empty@example.com']) AS email, fastauth.get_user_by_email(email);
SET ROLE regress_anon;

-- What is refused
SELECT case_, regress_outcome('SELECT fastauth.signup(' || arguments || ')') FROM (VALUES
	('e-mail NULL', $$NULL, 'correct horse battery'$$),
	('password NULL', $$'signin.x@example.com', NULL$$),
	('known', $$'signin.alice@example.com', 'correct horse battery'$$),
	('known, other letters', $$'SIGNIN.ALICE@example.com ', 'correct horse battery'$$),
	('no e-mail', $$'', 'correct horse battery'$$),
	('bad e-mail', $$'signin.x@example', 'correct horse battery'$$),
	('two e-mails', $$'signin.x@example.com,signin.y@example.com', 'correct horse battery'$$),
	('long e-mail', $$repeat('a', 255), 'correct horse battery'$$),
	('huge e-mail', $$repeat('a', 10000000), 'correct horse battery'$$),
	('no password', $$'signin.x@example.com', ''$$),
	('7 characters', $$'signin.x@example.com', 'kX7#qz!'$$),
	('7 characters of 2 bytes', $$'signin.x@example.com', U&'\00e4\00f6\00fc\00df\00e9\00e8\00ea'$$),
	('129 characters', $$'signin.x@example.com', repeat('kX7#qz!y', 16) || '.'$$),
	('1025 bytes', $$'signin.x@example.com', repeat('k', 1025)$$),
	('huge password', $$'signin.x@example.com', repeat('k', 10000000)$$),
	('easy to guess', $$'signin.x@example.com', 'password1'$$),
	('the e-mail itself', $$'signin.xavier@example.com', 'signin.xavier@example.com'$$),
	('the name itself', $$'signin.x@example.com', 'Rumpelstilz', 'Rumpelstilz'$$),
	('name with link', $$'signin.x@example.com', 'correct horse battery', 'www.example.com'$$),
	('name with line break', $$'signin.x@example.com', 'correct horse battery', E'a\nBcc: b'$$),
	('name of 257', $$'signin.x@example.com', 'correct horse battery', repeat('a', 257)$$),
	('image with line break', $$'signin.x@example.com', 'correct horse battery', NULL, E'a\nb'$$),
	('image of 2049', $$'signin.x@example.com', 'correct horse battery', NULL, repeat('a', 2049)$$),
	('metadata is an array', $$'signin.x@example.com', 'correct horse battery', NULL, NULL, '[]'$$),
	('metadata of 65 KiB', $$'signin.x@example.com', 'correct horse battery', NULL, NULL, jsonb_build_object('a', repeat('x', 65536))$$),
	('metadata of 33 levels', $$'signin.x@example.com', 'correct horse battery', NULL, NULL, (repeat('{"a":', 33) || '1' || repeat('}', 33))::jsonb$$)) AS v (case_, arguments);
SET ROLE regress_server;
SELECT fastauth.get_user_by_email('signin.x@example.com') IS NULL AS none_was_made;
SET ROLE regress_anon;

--
-- signin
--
SELECT token_type, expires_in, access_token IS NOT NULL AS access, refresh_token IS NOT NULL AS refresh FROM fastauth.signin(' SIGNIN.alice@example.com', 'correct horse battery');
SELECT case_, regress_outcome('SELECT fastauth.signin(' || arguments || ')') FROM (VALUES
	('e-mail NULL', $$NULL, 'correct horse battery'$$),
	('password NULL', $$'signin.alice@example.com', NULL$$),
	('remember NULL', $$'signin.alice@example.com', 'correct horse battery', NULL$$),
	('wrong password', $$'signin.alice@example.com', 'correct horse batterz'$$),
	('in capitals', $$'signin.alice@example.com', 'CORRECT HORSE BATTERY'$$),
	('blank behind', $$'signin.alice@example.com', 'correct horse battery '$$),
	('prefix', $$'signin.alice@example.com', 'correct horse batter'$$),
	('empty password', $$'signin.alice@example.com', ''$$),
	('unknown e-mail', $$'signin.nobody@example.com', 'correct horse battery'$$),
	('no e-mail', $$'', 'correct horse battery'$$),
	('bad e-mail', $$'signin.alice', 'correct horse battery'$$),
	('e-mail with quotes', $$'"signin.alice"@example.com', 'correct horse battery'$$),
	('SQL', $$'signin.alice@example.com'' OR 1=1 --', 'correct horse battery'$$),
	('%', $$'signin.%@example.com', 'correct horse battery'$$),
	('long e-mail', $$repeat('a', 255), 'correct horse battery'$$),
	('1024 bytes', $$'signin.alice@example.com', repeat('k', 1024)$$),
	('1025 bytes', $$'signin.alice@example.com', repeat('k', 1025)$$),
	('huge password', $$'signin.alice@example.com', repeat('k', 10000000)$$)) AS v (case_, arguments);
-- the answers to a wrong password and to an unknown e-mail are the same in every word
SELECT fastauth.signin('signin.alice@example.com', 'wrong');
SELECT fastauth.signin('signin.nobody@example.com', 'wrong');
-- a password that was never set is none that fits
SET ROLE regress_server;
SELECT id AS nopass FROM fastauth.create_user('signin.nopass@example.com') \gset
SET ROLE regress_anon;
SELECT fastauth.signin('signin.nopass@example.com', '');
SELECT fastauth.signin('signin.nopass@example.com', 'correct horse battery');

-- inactive is told only after the right password
SET ROLE regress_server;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SET ROLE regress_anon;
SELECT fastauth.signin('signin.alice@example.com', 'wrong');
SELECT fastauth.signin('signin.alice@example.com', 'correct horse battery');
SET ROLE regress_server;
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');

--
-- require_verified_email
--
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', 'on');
SET ROLE regress_anon;
-- the same answer for a new and for a known address, whatever the case
SELECT * FROM fastauth.signup('signin.new@example.com', 'correct horse battery');
SELECT * FROM fastauth.signup('signin.new@example.com', 'correct horse battery');
SELECT * FROM fastauth.signup('SIGNIN.alice@example.com', 'another password 17');
-- and the same refusals
SELECT regress_outcome($$SELECT fastauth.signup('signin.new2@example.com', 'password')$$), regress_outcome($$SELECT fastauth.signup('signin.alice@example.com', 'password')$$);
-- told only after the right password, and the password of the second sign-up is not one
SELECT fastauth.signin('signin.new@example.com', 'wrong');
SELECT fastauth.signin('signin.new@example.com', 'correct horse battery');
SELECT fastauth.signin('signin.alice@example.com', 'another password 17');
SELECT fastauth.signin('signin.alice@example.com', 'correct horse battery');
SET ROLE regress_server;
SELECT count(*) AS sessions_of_the_new_one FROM fastauth.get_user_by_email('signin.new@example.com') AS u, fastauth.list_user_sessions(u.id);
SELECT email_verified FROM fastauth.update_user(:'alice', '{"email_verified": true}');
SET ROLE regress_anon;
SELECT refresh_token FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT pg_temp.claim(access_token, 'email_verified') AS email_verified FROM fastauth.refresh(:'refresh_token');
-- who is no longer verified does not go on, and the token is not spent
SELECT refresh_token FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SET ROLE regress_server;
SELECT email_verified FROM fastauth.update_user(:'alice', '{"email_verified": false}');
SET ROLE regress_anon;
SELECT fastauth.refresh(:'refresh_token');
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', NULL);
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS refreshed FROM fastauth.refresh(:'refresh_token');

--
-- refresh: one successor for each use
--
SELECT access_token AS a1, refresh_token AS r1 FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2, refresh_token AS r2, token_type, expires_in FROM fastauth.refresh(:'r1') \gset
SELECT :'token_type' AS token_type, :'expires_in' AS expires_in, :'r1' <> :'r2' AS another_refresh_token, :'a1' <> :'a2' AS another_access_token,
	:'r2' ~ '^fa_rt_[A-Za-z0-9_-]{43}$' AS form;
SELECT name, pg_temp.claim(:'a1', name) = pg_temp.claim(:'a2', name) AS same FROM unnest(ARRAY['sub', 'sid', 'auth_time', 'iss', 'aud', 'email', 'jti']) AS name;
-- both access tokens are good until they end
SELECT pg_temp.claim(:'a1', 'type') AS type, fastauth.verify_token(:'a1') IS NOT NULL AS first, fastauth.verify_token(:'a2') IS NOT NULL AS second;
-- within the grace the first one is answered with the same successor, and another access token
SELECT refresh_token = :'r2' AS same_successor, access_token <> :'a2' AS another_access_token, token_type, expires_in FROM fastauth.refresh(:'r1');
SELECT refresh_token = :'r2' AS same_successor FROM fastauth.refresh(:'r1');
-- once the successor is used, no more
SELECT refresh_token AS r3 FROM fastauth.refresh(:'r2') \gset
SELECT fastauth.refresh(:'r1');
SELECT pg_temp.bring_back(:'a1') AS revoked;
-- but the successor itself has its own grace
SELECT refresh_token = :'r3' AS same_successor FROM fastauth.refresh(:'r2');
-- the grace is over
RESET ROLE;
UPDATE fastauth.refresh_tokens SET used_at = used_at - interval '11 s' WHERE token_hash = sha256(:'r2'::bytea);
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r2');
SELECT pg_temp.bring_back(:'a1') AS revoked;
-- still within 10 s
RESET ROLE;
UPDATE fastauth.refresh_tokens SET used_at = clock_timestamp() - interval '8 s' WHERE token_hash = sha256(:'r2'::bytea);
SET ROLE regress_anon;
SELECT refresh_token = :'r3' AS same_successor FROM fastauth.refresh(:'r2');
-- a shorter grace counts at once
SET ROLE regress_admin;
SELECT fastauth.configure('refresh_reuse_grace', '5 s');
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r2');
SELECT pg_temp.bring_back(:'a1') AS revoked;
-- and 0 allows none
SET ROLE regress_admin;
SELECT fastauth.configure('refresh_reuse_grace', '0');
SET ROLE regress_anon;
SELECT refresh_token AS r4 FROM fastauth.refresh(:'r3') \gset
SELECT fastauth.refresh(:'r3');
SELECT pg_temp.bring_back(:'a1') AS revoked;
SET ROLE regress_admin;
SELECT fastauth.configure('refresh_reuse_grace', NULL);
SET ROLE regress_anon;
-- a chain that runs a while: one live token, and no earlier one lives again
SELECT refresh_token AS r5 FROM fastauth.refresh(:'r4') \gset
SELECT refresh_token AS r6 FROM fastauth.refresh(:'r5') \gset
SELECT token_number, pg_temp.refresh(token), pg_temp.bring_back(:'a1') AS revoked FROM unnest(ARRAY[:'r1', :'r2', :'r3', :'r4']) WITH ORDINALITY AS t (token, token_number);
RESET ROLE;
SELECT count(*) FILTER (WHERE used_at IS NULL) AS unused, count(*) FILTER (WHERE sealed_successor IS NOT NULL) AS sealed, count(*) AS tokens
	FROM fastauth.refresh_tokens WHERE session_id = pg_temp.claim(:'a1', 'sid')::uuid;
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS chain_goes_on FROM fastauth.refresh(:'r6');

-- What is no refresh token
SELECT case_, pg_temp.refresh(token) FROM (VALUES
	('NULL', NULL),
	('empty', ''),
	('blank', ' '),
	('prefix only', 'fa_rt_'),
	('an access token', :'a1'),
	('a JWT', 'eyJhbGciOiJub25lIn0.e30.'),
	('unknown', 'fa_rt_' || repeat('A', 43)),
	('without its prefix', substr(:'r6', 7)),
	('another prefix', 'fa_st_' || substr(:'r6', 7)),
	('prefix in capitals', 'FA_RT_' || substr(:'r6', 7)),
	('blank before', ' ' || :'r6'),
	('blank behind', :'r6' || ' '),
	('line feed behind', :'r6' || E'\n'),
	('padded', :'r6' || '='),
	('one less', left(:'r6', -1)),
	('one more', :'r6' || 'A'),
	('doubled', :'r6' || :'r6'),
	('bits behind the last byte', 'fa_rt_' || repeat('A', 42) || 'B'),
	('+ and /', 'fa_rt_' || repeat('+/', 21) || 'A'),
	('a byte that is no base64', 'fa_rt_' || repeat('A', 21) || '!' || repeat('A', 21)),
	('not ASCII', 'fa_rt_' || repeat(U&'\00e4', 21) || 'A'),
	('last character changed', left(:'r6', -1) || CASE right(:'r6', 1) WHEN 'A' THEN 'E' ELSE 'A' END),
	('the hash', (SELECT 'fa_rt_' || rtrim(translate(encode(sha256(:'r6'::bytea), 'base64'), '+/', '-_'), '='))),
	('16 KiB', 'fa_rt_' || repeat('A', 16378)),
	('16 KiB and 1', 'fa_rt_' || repeat('A', 16379)),
	('10 MB', repeat('A', 10000000))) AS v (case_, token);

--
-- What ends a refresh token
--
-- unused for refresh_token_ttl
SELECT refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
RESET ROLE;
SELECT expires_at - created_at AS ttl FROM fastauth.refresh_tokens WHERE token_hash = sha256(:'r'::bytea);
UPDATE fastauth.refresh_tokens SET expires_at = clock_timestamp() WHERE token_hash = sha256(:'r'::bytea);
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r');
-- a signed-out session
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SET ROLE regress_authenticated;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS authenticated;
SELECT fastauth.signout();
COMMIT;
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r');
-- a session that the server ended, also for a token within its grace
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SET ROLE regress_server;
SELECT fastauth.delete_session(pg_temp.claim(:'a', 'sid')::uuid);
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r');
SELECT fastauth.refresh(:'r2');
-- a user who was deactivated behind our back, also for a token within its grace
SELECT refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
RESET ROLE;
UPDATE fastauth.users SET is_active = false WHERE id = :'alice';
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r');
SELECT fastauth.refresh(:'r2');
RESET ROLE;
UPDATE fastauth.users SET is_active = true WHERE id = :'alice';
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS refused_is_not_spent FROM fastauth.refresh(:'r2');

-- The end of the session, whatever is refreshed: the successor and the access token end with it
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
RESET ROLE;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() + interval '5 min' WHERE id = pg_temp.claim(:'a', 'sid')::uuid;
SET ROLE regress_anon;
SELECT access_token AS a, refresh_token AS r, expires_in BETWEEN 290 AND 300 AS access_is_cut FROM fastauth.refresh(:'r') \gset
SELECT :'access_is_cut' AS access_is_cut;
RESET ROLE;
SELECT t.expires_at = s.expires_at AS successor_is_cut, pg_temp.claim(:'a', 'exp')::bigint <= extract(epoch FROM s.expires_at) AS exp_is_cut
	FROM fastauth.refresh_tokens t JOIN fastauth.sessions s ON s.id = t.session_id WHERE t.token_hash = sha256(:'r'::bytea);
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE id = pg_temp.claim(:'a', 'sid')::uuid;
SET ROLE regress_anon;
SELECT fastauth.refresh(:'r');
SELECT fastauth.verify_token(:'a');

-- Lifetimes are settings; remember has its own, and a refresh keeps it
SET ROLE regress_admin;
SELECT fastauth.configure('session_max_lifetime', '2 h'), fastauth.configure('remember_me_lifetime', '50 h'), fastauth.configure('refresh_token_ttl', '3 h'), fastauth.configure('access_token_ttl', '5 min');
SET ROLE regress_anon;
SELECT access_token AS a, refresh_token AS r, expires_in FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT :'expires_in' AS expires_in;
SELECT access_token AS ar, refresh_token AS rr FROM fastauth.signin('signin.alice@example.com', 'correct horse battery', remember => true) \gset
SELECT refresh_token AS rr2 FROM fastauth.refresh(:'rr') \gset
RESET ROLE;
SELECT which, s.expires_at - s.created_at AS session, t.expires_at - t.created_at AS token
	FROM (VALUES ('plain', :'r'), ('remember', :'rr'), ('remember, refreshed', :'rr2')) AS v (which, token_)
	JOIN fastauth.refresh_tokens t ON t.token_hash = sha256(token_::bytea) JOIN fastauth.sessions s ON s.id = t.session_id;
SET ROLE regress_admin;
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['session_max_lifetime', 'remember_me_lifetime', 'refresh_token_ttl', 'access_token_ttl']) AS name;
SET ROLE regress_anon;

--
-- Where the client is: set_client tells, a refresh keeps what it is not told
--
SET ROLE regress_server;
BEGIN;
SELECT fastauth.set_client('192.0.2.7', 'Phone/1');
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
COMMIT;
SELECT ip_address, user_agent FROM fastauth.get_session(pg_temp.claim(:'a', 'sid')::uuid);
SELECT refresh_token AS r FROM fastauth.refresh(:'r') \gset
SELECT ip_address, user_agent FROM fastauth.get_session(pg_temp.claim(:'a', 'sid')::uuid);
BEGIN;
SELECT fastauth.set_client('2001:db8::7', 'Phone/2');
SELECT refresh_token AS r FROM fastauth.refresh(:'r') \gset
COMMIT;
SELECT ip_address, user_agent, last_used_at > created_at AS used FROM fastauth.get_session(pg_temp.claim(:'a', 'sid')::uuid);
-- it ends with its transaction, and with its savepoint
BEGIN;
SELECT fastauth.set_client('192.0.2.8', 'Outer');
SAVEPOINT s;
SELECT fastauth.set_client('192.0.2.9', 'Inner');
ROLLBACK TO s;
SELECT access_token AS a FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT ip_address, user_agent FROM fastauth.get_session(pg_temp.claim(:'a', 'sid')::uuid);
SAVEPOINT t;
SELECT fastauth.set_client('192.0.2.10', 'Released');
RELEASE t;
SELECT access_token AS a FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT ip_address, user_agent FROM fastauth.get_session(pg_temp.claim(:'a', 'sid')::uuid);
ROLLBACK;
SELECT case_, regress_outcome('SELECT fastauth.set_client(' || arguments || ')') FROM (VALUES
	('nobody', 'NULL, NULL'),
	('513 bytes', $$NULL, repeat('a', 513)$$),
	('line break', $$'192.0.2.1', E'a\nb'$$)) AS v (case_, arguments);
SET ROLE regress_authenticated;
SELECT fastauth.set_client('192.0.2.7', 'Forged');
SET ROLE regress_anon;

--
-- A READ ONLY transaction is refused before the arguments are looked at (S51)
--
BEGIN READ ONLY;
SELECT case_, regress_outcome(statement) FROM (VALUES
	('right password', $$SELECT fastauth.signin('signin.alice@example.com', 'correct horse battery')$$),
	('wrong password', $$SELECT fastauth.signin('signin.alice@example.com', 'wrong')$$),
	('NULL', $$SELECT fastauth.signin(NULL, NULL)$$),
	('sign-up', $$SELECT fastauth.signup('signin.x@example.com', 'correct horse battery')$$),
	('weak sign-up', $$SELECT fastauth.signup('x', 'x')$$),
	('refresh', $$SELECT fastauth.refresh('fa_rt_')$$)) AS v (case_, statement);
COMMIT;

--
-- A rollback takes everything back; the caller's isolation level changes no decision
--
BEGIN;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signup('signin.rollback@example.com', 'correct horse battery') \gset
SELECT fastauth.verify_token(:'a') IS NOT NULL AS good;
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin('signin.rollback@example.com', 'correct horse battery');
ROLLBACK;
SELECT fastauth.verify_token(:'a');
SELECT fastauth.refresh(:'r');
SELECT fastauth.signin('signin.rollback@example.com', 'correct horse battery');
-- a refresh that is rolled back has not spent its token
SELECT refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
BEGIN;
SELECT refresh_token AS lost FROM fastauth.refresh(:'r') \gset
ROLLBACK;
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT :'lost' <> :'r2' AS another_successor;
SELECT fastauth.refresh(:'lost');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT refresh_token = :'r2' AS same_successor FROM fastauth.refresh(:'r');
SELECT refresh_token AS r3 FROM fastauth.refresh(:'r2') \gset
SELECT pg_temp.refresh(:'r'), regress_outcome($$SELECT fastauth.signup('signin.alice@example.com', 'correct horse battery')$$), regress_outcome($$SELECT fastauth.signin('signin.alice@example.com', 'wrong')$$);
COMMIT;
SELECT pg_temp.bring_back(:'a') AS revoked;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT refresh_token AS r4 FROM fastauth.refresh(:'r3') \gset
SELECT refresh_token = :'r4' AS same_successor FROM fastauth.refresh(:'r3');
SELECT pg_temp.refresh(:'r2'), regress_outcome($$SELECT fastauth.signup('signin.alice@example.com', 'correct horse battery')$$), regress_outcome($$SELECT fastauth.signin('signin.alice@example.com', 'wrong')$$);
COMMIT;

--
-- At rest there is a hash of a token only, and a successor that only its predecessor opens
--
SELECT refresh_token AS r FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a, refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
RESET ROLE;
SELECT token_hash = sha256(:'r2'::bytea) AS hash_only, used_at IS NULL AS unused FROM fastauth.refresh_tokens WHERE token_hash = sha256(:'r2'::bytea);
SELECT strpos(encode(sealed_successor, 'escape'), substr(:'r2', 7)) > 0 AS token_is_there,
		octet_length(sealed_successor) >= 49 + 16 AS authenticated
	FROM fastauth.refresh_tokens WHERE token_hash = sha256(:'r'::bytea);
CREATE FUNCTION pg_temp.tables_that_hold(needle text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	t regclass;
	n bigint;
	total bigint := 0;
BEGIN
	FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r' LOOP
		EXECUTE format('SELECT count(*) FROM %s x WHERE strpos(x::text, %L) > 0', t, needle) INTO n;
		total := total + n;
	END LOOP;
	RETURN total;
END $$;
SELECT what, pg_temp.tables_that_hold(needle) FROM (VALUES
	('the password', 'correct horse battery'), ('the first token', substr(:'r', 7)), ('its successor', substr(:'r2', 7)), ('the access token', :'a'), ('its signature', split_part(:'a', '.', 3)),
	('the successor in hexadecimal', encode(substr(:'r2', 7)::bytea, 'hex'))) AS v (what, needle);
-- a successor that was sealed for another token is not opened: no answer, and nothing that says why
SET ROLE regress_anon;
SELECT access_token AS a, refresh_token AS other FROM fastauth.signin('signin.alice@example.com', 'correct horse battery') \gset
SELECT refresh_token AS other2 FROM fastauth.refresh(:'other') \gset
RESET ROLE;
UPDATE fastauth.refresh_tokens SET sealed_successor = (SELECT sealed_successor FROM fastauth.refresh_tokens WHERE token_hash = sha256(:'r'::bytea)) WHERE token_hash = sha256(:'other'::bytea);
SET ROLE regress_anon;
SELECT fastauth.refresh(:'other');
SELECT pg_temp.bring_back(:'a') AS revoked;
RESET ROLE;
UPDATE fastauth.refresh_tokens SET sealed_successor = '\x00' WHERE token_hash = sha256(:'other'::bytea);
SET ROLE regress_anon;
SELECT fastauth.refresh(:'other');
SELECT pg_temp.bring_back(:'a') AS revoked;
SELECT access_token IS NOT NULL AS its_chain_goes_on FROM fastauth.refresh(:'other2');

--
-- A password hash of older parameters becomes a current one at the next sign-in, and only by the right password
--
RESET ROLE;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
SELECT fastauth.configure('max_login_attempts', NULL), fastauth.configure('max_account_attempts', NULL);
SET ROLE regress_server;
SELECT fastauth.get_hashed_password(:'alice') AS old \gset
SET ROLE regress_anon;
SELECT fastauth.signin('signin.alice@example.com', 'wrong');
SET ROLE regress_server;
SELECT fastauth.get_hashed_password(:'alice') = :'old' AS unchanged;
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin('signin.alice@example.com', 'correct horse battery');
SET ROLE regress_server;
SELECT fastauth.get_hashed_password(:'alice') ~ '^\$argon2id\$v=19\$m=19456,t=2,p=1\$' AS current_parameters;
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin('signin.alice@example.com', 'correct horse battery');
RESET ROLE;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
