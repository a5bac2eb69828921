-- send_otp and signin_with_otp, as a stranger calls them: who gets in by a code, what it changes, and all that is refused.
-- Codes are read from the outbox, as an administrator may while mails wait there. Lifetimes are tested by moving times in the rows.
CREATE FUNCTION pg_temp.claim(token text, name text) RETURNS text LANGUAGE sql AS
	$$SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> name FROM split_part(token, '.', 2) AS p$$;
CREATE FUNCTION pg_temp.code() RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT substring(fastauth.outbox_mail(o.id)::text FROM '\m(\d{6,10})\M') FROM (SELECT id FROM fastauth.outbox WHERE name = 'otp' AND NOT decoy ORDER BY id DESC LIMIT 1) AS o$$;
CREATE FUNCTION pg_temp.signin(email text, code text, challenge text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.signin_with_otp(%L, %L, %L)', email, code, challenge))$$;
-- Another code than this one: each of its digits is.
CREATE FUNCTION pg_temp.wrong(code text) RETURNS text LANGUAGE sql AS $$SELECT translate(code, '0123456789', '1234567890')$$;
CREATE FUNCTION pg_temp.password(email text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.signin(%L, %L)', email, password))$$;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure('rate_mail_per_minute', 'off'), fastauth.configure('rate_mail_per_hour', 'off'), fastauth.configure('rate_mail_per_day', 'off'), fastauth.configure('rate_mail_address', 'off');
RESET ROLE;
SELECT id AS ada FROM fastauth.create_user('otp.ada@example.com', 'correct horse battery', name => 'Ada', email_verified => true) \gset
SELECT id AS bob FROM fastauth.create_user('otp.bob@example.com', 'correct horse battery', name => 'Bob', email_verified => true) \gset

--
-- A user signs in by a code
--
SET ROLE regress_anon;
SELECT fastauth.send_otp(' OTP.ada@example.com') AS challenge \gset
SELECT :'challenge' ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS challenge_form;
SELECT pg_temp.code() AS code \gset
SELECT length(:'code') AS digits;
SELECT fastauth.send_otp('otp.bob@example.com') AS bobs \gset
SELECT pg_temp.code() AS bobs_code \gset
-- without its own challenge it is no try either
SELECT case_, pg_temp.signin(email, code, challenge) FROM (VALUES
	('email NULL', NULL, :'code', :'challenge'),
	('code NULL', 'otp.ada@example.com', NULL, :'challenge'),
	('challenge NULL', 'otp.ada@example.com', :'code', NULL),
	('no address', 'otp.ada', :'code', :'challenge'),
	('email of 300', repeat('a', 300), :'code', :'challenge'),
	('code of 65', 'otp.ada@example.com', repeat('1', 65), :'challenge'),
	('challenge empty', 'otp.ada@example.com', :'code', ''),
	('challenge cut', 'otp.ada@example.com', :'code', left(:'challenge', -1)),
	('challenge of 20 kB', 'otp.ada@example.com', :'code', repeat('x', 20000)),
	('a challenge of nothing', 'otp.ada@example.com', :'code', 'fa_ch_' || repeat('A', 43)),
	('challenge of another code', 'otp.ada@example.com', :'code', :'bobs')) AS v (case_, email, code, challenge);
SELECT access_token AS access, refresh_token AS refresh, token_type, expires_in FROM fastauth.signin_with_otp('otp.ADA@example.com ', :'code', :'challenge') \gset
SELECT :'token_type' AS token_type, :'expires_in' AS expires_in, pg_temp.claim(:'access', 'sub') = :'ada' AS of_ada, pg_temp.claim(:'access', 'email_verified') AS verified;
SELECT access_token IS NOT NULL AS goes_on FROM fastauth.refresh(:'refresh');
-- once
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge');
SELECT fastauth.signin_with_otp('otp.ada@example.com', :'code', :'challenge');
RESET ROLE;
SELECT provider FROM fastauth.sessions WHERE user_id = :'ada';
SELECT event, data, session_id IS NOT NULL AS session FROM fastauth.events WHERE user_id = :'ada' AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;
SELECT pg_temp.password('otp.ada@example.com', 'correct horse battery');

--
-- What is refused when it is asked for, and what is not told then
--
SET ROLE regress_anon;
SELECT case_, regress_outcome(format('SELECT fastauth.send_otp(%L)', email)) FROM (VALUES
	('NULL', NULL), ('empty', ''), ('no address', 'otp.ada'), ('line break', E'otp.ada@example.com\r\nBcc: x@example.com'), ('300 bytes', repeat('a', 300))) AS v (case_, email);
BEGIN READ ONLY;
SELECT fastauth.send_otp('otp.ada@example.com');
ROLLBACK;
BEGIN READ ONLY;
SELECT fastauth.signin_with_otp(NULL, NULL, NULL);
ROLLBACK;
RESET ROLE;
SELECT FROM fastauth.create_user('otp.off@example.com', email_verified => true, is_active => false);
BEGIN;
SET LOCAL ROLE regress_anon;
SELECT fastauth.send_otp('otp.nobody@example.com') AS nobodys \gset
SELECT fastauth.send_otp('otp.off@example.com') AS offs \gset
RESET ROLE;
SELECT count(*) AS decoys FROM fastauth.outbox WHERE name = 'otp' AND decoy AND created_at >= now();
COMMIT;
SET ROLE regress_anon;
SELECT :'nobodys' ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS nobodys_form, :'offs' ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS offs_form;
-- three tries there end in the same words
SELECT pg_temp.signin('otp.nobody@example.com', '12345678', :'nobodys') AS nobody, pg_temp.signin('otp.off@example.com', '12345678', :'offs') AS off FROM generate_series(1, 4);

--
-- Wrong codes: three end it, whatever the caller rolls back
--
SET ROLE regress_anon;
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT pg_temp.signin('otp.ada@example.com', pg_temp.wrong(:'code'), :'challenge') AS first, pg_temp.signin('otp.ada@example.com', pg_temp.wrong(:'code'), :'challenge') AS second,
	pg_temp.signin('otp.ada@example.com', :'code', :'challenge') AS right_at_the_third;
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
BEGIN;
SELECT fastauth.signin_with_otp('otp.ada@example.com', pg_temp.wrong(:'code'), :'challenge');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.signin('otp.ada@example.com', pg_temp.wrong(:'code'), :'challenge');
SELECT pg_temp.signin('otp.ada@example.com', pg_temp.wrong(:'code'), :'challenge');
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge') AS fourth;
ROLLBACK;
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge') AS fourth;
-- it is not the account that is locked
SELECT pg_temp.password('otp.ada@example.com', 'correct horse battery');
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.signin('otp.ada@example.com', pg_temp.code(), :'challenge');
-- the right code for another address is a wrong one
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT pg_temp.signin('otp.bob@example.com', :'code', :'challenge') AS known, pg_temp.signin('otp.nobody@example.com', :'code', :'challenge') AS unknown,
	pg_temp.signin('otp.ada@example.com', :'code', :'challenge') AS own;
-- and what is no code at all
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT pg_temp.signin('otp.ada@example.com', '', :'challenge') AS empty, pg_temp.signin('otp.ada@example.com', left(:'code', -1), :'challenge') AS cut;
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge');

--
-- What ends a code
--
-- its time
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
RESET ROLE;
UPDATE fastauth.one_time_tokens SET expires_at = now() - interval '1 s' WHERE user_id = :'ada';
SET ROLE regress_anon;
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge');
-- the use of another one
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge1 \gset
SELECT pg_temp.code() AS code1 \gset
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge2 \gset
SELECT pg_temp.code() AS code2 \gset
SELECT pg_temp.signin('otp.ada@example.com', :'code1', :'challenge2') AS crossed, pg_temp.signin('otp.ada@example.com', :'code2', :'challenge2') AS second, pg_temp.signin('otp.ada@example.com', :'code1', :'challenge1') AS first;
-- another address
SELECT fastauth.send_otp('otp.bob@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SET ROLE regress_server;
SELECT email FROM fastauth.update_user(:'bob', '{"email": "otp.robert@example.com", "email_verified": true}');
SET ROLE regress_anon;
SELECT pg_temp.signin('otp.bob@example.com', :'code', :'challenge') AS old_address, pg_temp.signin('otp.robert@example.com', :'code', :'challenge') AS new_address;
-- a challenge is no link, and a link no code
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT fastauth.send_magic_link('otp.ada@example.com') AS links \gset
SELECT regress_outcome(format('SELECT fastauth.signin_with_magic_link(%L, %1$L)', :'challenge')) AS challenge_as_link, pg_temp.signin('otp.ada@example.com', :'code', :'links') AS with_the_links;
SELECT pg_temp.signin('otp.ada@example.com', :'code', :'challenge');

--
-- Gates burn nothing, and count as no try
--
RESET ROLE;
SELECT id AS cora FROM fastauth.create_user('otp.cora@example.com', 'correct horse battery') \gset
SELECT refresh_token AS refresh FROM fastauth.signin('otp.cora@example.com', 'correct horse battery') \gset cora_
SET ROLE regress_anon;
SELECT fastauth.send_otp('otp.cora@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
RESET ROLE;
UPDATE fastauth.users SET is_active = false WHERE id = :'cora';
SET ROLE regress_anon;
SELECT pg_temp.signin('otp.cora@example.com', :'code', :'challenge') FROM generate_series(1, 4);
RESET ROLE;
UPDATE fastauth.users SET is_active = true WHERE id = :'cora';
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin_with_otp('otp.cora@example.com', :'code', :'challenge');
-- who proves the address for the first time shares the account with nobody
SELECT pg_temp.password('otp.cora@example.com', 'correct horse battery') AS old_password, regress_outcome(format('SELECT fastauth.refresh(%L)', :'cora_refresh')) AS old_session;
RESET ROLE;
SELECT email_verified, hashed_password IS NOT NULL AS password FROM fastauth.users WHERE id = :'cora';
SELECT event, data FROM fastauth.events WHERE user_id = :'cora' AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;

--
-- An address of nobody, with magic_link_signup
--
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', 'on');
SET ROLE regress_anon;
SELECT fastauth.send_otp('otp.new@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SET ROLE regress_server;
SELECT fastauth.get_user_by_email('otp.new@example.com') IS NULL AS nobody_yet;
SET ROLE regress_anon;
SELECT pg_temp.signin('otp.new@example.com', pg_temp.wrong(:'code'), :'challenge') AS wrong, pg_temp.signin('otp.ada@example.com', :'code', :'challenge') AS other_address;
SELECT access_token AS access FROM fastauth.signin_with_otp('otp.new@example.com', :'code', :'challenge') \gset new_
SELECT pg_temp.claim(:'new_access', 'email') AS email, pg_temp.claim(:'new_access', 'email_verified') AS verified, pg_temp.signin('otp.new@example.com', :'code', :'challenge') AS again;
RESET ROLE;
SELECT event, data, session_id IS NOT NULL AS session FROM fastauth.events WHERE user_id = pg_temp.claim(:'new_access', 'sub')::uuid AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;
-- somebody signs up with the address before the code is used
SET ROLE regress_anon;
SELECT fastauth.send_otp('otp.taken@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT access_token AS access, refresh_token AS refresh FROM fastauth.signup('otp.taken@example.com', 'the thief was first', 'Thief') \gset thief_
SELECT access_token AS access FROM fastauth.signin_with_otp('otp.taken@example.com', :'code', :'challenge') \gset owner_
SELECT pg_temp.claim(:'owner_access', 'sub') = pg_temp.claim(:'thief_access', 'sub') AS same_account, pg_temp.password('otp.taken@example.com', 'the thief was first') AS thiefs_password,
	regress_outcome(format('SELECT fastauth.refresh(%L)', :'thief_refresh')) AS thiefs_session;
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', NULL);

--
-- Settings
--
SELECT fastauth.configure('otp_length', '6'), fastauth.configure('session_strategy', 'database');
SET ROLE regress_anon;
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT length(:'code') AS digits;
SELECT token_type, access_token ~ '^fa_st_' AS form, refresh_token, fastauth.authenticate(access_token) = :'ada' AS of_ada FROM fastauth.signin_with_otp('otp.ada@example.com', :'code', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('otp_length', NULL), fastauth.configure('session_strategy', NULL), fastauth.configure('require_verified_email', 'on');
SET ROLE regress_server;
SELECT FROM fastauth.create_user('otp.dora@example.com', 'correct horse battery');
SET ROLE regress_anon;
SELECT pg_temp.password('otp.dora@example.com', 'correct horse battery');
SELECT fastauth.send_otp('otp.dora@example.com') AS challenge \gset
SELECT pg_temp.signin('otp.dora@example.com', pg_temp.code(), :'challenge');
-- a lock by wrong passwords does not hold a code up
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', NULL), fastauth.configure('max_login_attempts', '2');
SET ROLE regress_anon;
SELECT pg_temp.password('otp.ada@example.com', 'wrong') FROM generate_series(1, 2);
SELECT pg_temp.password('otp.ada@example.com', 'correct horse battery');
SELECT fastauth.send_otp('otp.ada@example.com') AS challenge \gset
SELECT pg_temp.signin('otp.ada@example.com', pg_temp.code(), :'challenge'), pg_temp.password('otp.ada@example.com', 'correct horse battery');

--
-- A stranger who asks all day, and tries, neither ends the owner's code nor keeps the owner from asking
--
SET ROLE regress_admin;
SELECT fastauth.configure(name, NULL) FROM unnest(ARRAY['rate_mail_per_minute', 'rate_mail_per_hour', 'rate_mail_per_day', 'rate_mail_address', 'max_login_attempts']) AS name;
RESET ROLE;
SELECT id AS emma FROM fastauth.create_user('otp.emma@example.com', email_verified => true) \gset
CREATE FUNCTION pg_temp.ask(address inet) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN PERFORM fastauth.set_client(address); RETURN fastauth.send_otp('otp.emma@example.com'); END$$;
SELECT pg_temp.ask('198.51.100.1') AS challenge \gset
SELECT pg_temp.code() AS code \gset
SELECT DISTINCT pg_temp.signin('otp.emma@example.com', '0' || i, pg_temp.ask('203.0.113.0'::inet + i % 60)) FROM generate_series(1, 150) AS i;
SELECT pg_temp.signin('otp.emma@example.com', :'code', :'challenge') AS owner;

DROP FUNCTION pg_temp.ask(inet);
RESET ROLE;
DELETE FROM fastauth.users;
DELETE FROM fastauth.one_time_tokens;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.failures;
SELECT count(*) > 0 AS reset FROM (SELECT fastauth.configure(name, NULL) FROM fastauth.settings) AS s;
