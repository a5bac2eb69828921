-- send_magic_link and signin_with_magic_link, as a stranger calls them: who gets in, what it changes, and all that is refused.
-- Links are read from the outbox, as an administrator may while mails wait there. Lifetimes are tested by moving times in the rows.
CREATE FUNCTION pg_temp.claim(token text, name text) RETURNS text LANGUAGE sql AS
	$$SELECT convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> name FROM split_part(token, '.', 2) AS p$$;
CREATE FUNCTION pg_temp.last_token(mail text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$SELECT substring(fastauth.outbox_mail(o.id)::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') FROM (SELECT id FROM fastauth.outbox WHERE name = mail AND NOT decoy ORDER BY id DESC LIMIT 1) AS o$$;
CREATE FUNCTION pg_temp.link() RETURNS text LANGUAGE sql AS $$SELECT pg_temp.last_token('magic_link_login')$$;
CREATE FUNCTION pg_temp.signin(token text, challenge text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.signin_with_magic_link(%L, %L)', token, challenge))$$;
CREATE FUNCTION pg_temp.password(email text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.signin(%L, %L)', email, password))$$;
-- What this transaction has put into the outbox and among the tokens; a decoy is removed soon after the commit.
CREATE FUNCTION pg_temp.rows() RETURNS TABLE (mails bigint, decoys bigint, tokens bigint) LANGUAGE sql SECURITY DEFINER AS
	$$SELECT (SELECT count(*) FROM fastauth.outbox WHERE created_at >= now()), (SELECT count(*) FROM fastauth.outbox WHERE decoy AND created_at >= now()), (SELECT count(*) FROM fastauth.one_time_tokens WHERE created_at >= now())$$;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SELECT fastauth.configure('rate_mail_per_minute', 'off'), fastauth.configure('rate_mail_per_hour', 'off'), fastauth.configure('rate_mail_per_day', 'off'), fastauth.configure('rate_mail_address', 'off');
RESET ROLE;
CREATE ROLE regress_mailer;
CREATE SCHEMA mailer AUTHORIZATION regress_mailer;
SET ROLE regress_mailer;
CREATE TABLE mailer.calls (n int GENERATED ALWAYS AS IDENTITY, what text, email text, verified boolean, provider text);
CREATE TABLE mailer.denied (email text);
CREATE FUNCTION mailer.note(what text, u jsonb, provider text) RETURNS void LANGUAGE sql AS
	$$INSERT INTO mailer.calls (what, email, verified, provider) VALUES (what, u->>'email', (u->>'email_verified')::boolean, provider)$$;
CREATE FUNCTION mailer.on_signup(u jsonb) RETURNS void LANGUAGE sql AS $$SELECT mailer.note('on_signup', u, NULL)$$;
CREATE FUNCTION mailer.on_email_verify(u jsonb) RETURNS void LANGUAGE sql AS $$SELECT mailer.note('on_email_verify', u, NULL)$$;
CREATE FUNCTION mailer.on_magic_link_sent(u jsonb) RETURNS void LANGUAGE sql AS $$SELECT mailer.note('on_magic_link_sent', u, NULL)$$;
CREATE FUNCTION mailer.on_signin(u jsonb, p text) RETURNS void LANGUAGE sql AS $$SELECT mailer.note('on_signin', u, p)$$;
CREATE FUNCTION mailer.allow(u jsonb, p text) RETURNS boolean LANGUAGE sql AS
	$$SELECT mailer.note('allow_signin', u, p); SELECT NOT EXISTS (SELECT FROM mailer.denied d WHERE d.email = u->>'email')$$;
CREATE FUNCTION mailer.jwt(token jsonb, u jsonb) RETURNS jsonb LANGUAGE sql AS $$SELECT mailer.note('modify_jwt', u, NULL); SELECT token$$;
RESET ROLE;

--
-- A user signs in by a link
--
SELECT id AS ada FROM fastauth.create_user('magic.ada@example.com', 'correct horse battery', name => 'Ada', email_verified => true) \gset
SELECT id AS bob FROM fastauth.create_user('magic.bob@example.com', 'correct horse battery', name => 'Bob', email_verified => true) \gset
SET ROLE regress_anon;
SELECT fastauth.send_magic_link(' Magic.ADA@example.com') AS challenge \gset
SELECT :'challenge' ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS challenge_form;
SELECT pg_temp.link() AS link \gset
-- the link alone is good for nobody, nor with what belongs to another link or is no challenge
SELECT fastauth.send_magic_link('magic.bob@example.com') AS bobs \gset
SELECT pg_temp.link() AS bobs_link \gset
SELECT case_, pg_temp.signin(:'link', challenge) FROM (VALUES
	('none', NULL),
	('empty', ''),
	('of another link', :'bobs'),
	('the link', :'link'),
	('cut', left(:'challenge', -1)),
	('longer', :'challenge' || 'A'),
	('other prefix', 'fa_ot_' || substr(:'challenge', 7)),
	('20 kB', repeat('x', 20000))) AS v (case_, challenge);
SELECT case_, regress_outcome(statement) FROM (VALUES
	('token NULL', format('SELECT fastauth.signin_with_magic_link(NULL, %L)', :'challenge')),
	('token empty', format('SELECT fastauth.signin_with_magic_link('''', %L)', :'challenge')),
	('challenge as token', format('SELECT fastauth.signin_with_magic_link(%L, %1$L)', :'challenge')),
	('another token', format('SELECT fastauth.signin_with_magic_link(%L, %L)', 'fa_ot_' || repeat('A', 43), :'challenge')),
	('20 kB', format('SELECT fastauth.signin_with_magic_link(%L, %L)', repeat('x', 20000), :'challenge')),
	('another''s link', format('SELECT fastauth.signin_with_magic_link(%L, %L)', :'bobs_link', :'challenge'))) AS v (case_, statement);
-- and none of that has burned it
SELECT access_token AS access, refresh_token AS refresh, token_type, expires_in FROM fastauth.signin_with_magic_link(:'link', :'challenge') \gset
SELECT :'token_type' AS token_type, :'expires_in' AS expires_in, pg_temp.claim(:'access', 'sub') = :'ada' AS of_ada, pg_temp.claim(:'access', 'email_verified') AS verified;
SELECT access_token IS NOT NULL AS goes_on FROM fastauth.refresh(:'refresh');
-- once
SELECT pg_temp.signin(:'link', :'challenge');
SELECT fastauth.signin_with_magic_link(:'link', :'challenge');
SELECT pg_temp.signin(:'bobs_link', :'bobs');
RESET ROLE;
SELECT provider FROM fastauth.sessions WHERE user_id = :'ada';
SELECT event, data, session_id IS NOT NULL AS session FROM fastauth.events WHERE user_id = :'ada' AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;
-- what was verified keeps its password
SELECT pg_temp.password('magic.ada@example.com', 'correct horse battery');

--
-- What is refused when it is asked for, and what is not told then
--
SET ROLE regress_anon;
SELECT case_, regress_outcome(format('SELECT fastauth.send_magic_link(%L)', email)) FROM (VALUES
	('NULL', NULL), ('empty', ''), ('no address', 'magic.ada'), ('two', 'magic.ada@example.com,magic.bob@example.com'),
	('line break', E'magic.ada@example.com\r\nBcc: x@example.com'), ('255 bytes', repeat('a', 243) || '@example.com'), ('300 bytes', repeat('a', 300))) AS v (case_, email);
BEGIN READ ONLY;
SELECT fastauth.send_magic_link('magic.ada@example.com');
ROLLBACK;
BEGIN READ ONLY;
SELECT fastauth.signin_with_magic_link(NULL);
ROLLBACK;
-- an address of nobody, and one of somebody who may not sign in, get an answer of the same form; rows are made, and nothing is sent
RESET ROLE;
SELECT FROM fastauth.create_user('magic.off@example.com', email_verified => true, is_active => false);
SELECT FROM fastauth.create_user('magic.gone@example.com', email_verified => true);
SELECT fastauth.delete_user(id, true) FROM fastauth.get_user_by_email('magic.gone@example.com');
SET ROLE regress_anon;
BEGIN;
SELECT email, fastauth.send_magic_link(email) ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS challenge_form FROM unnest(ARRAY['magic.nobody@example.com', 'magic.off@example.com', 'magic.gone@example.com']) AS email;
SELECT * FROM pg_temp.rows();
COMMIT;
RESET ROLE;
SELECT count(*) AS users FROM fastauth.users WHERE email = 'magic.nobody@example.com';

--
-- What ends a link
--
-- its time
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
RESET ROLE;
UPDATE fastauth.one_time_tokens SET expires_at = now() - interval '1 s' WHERE user_id = :'ada';
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link', :'challenge');
-- the use of another one
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge1 \gset
SELECT pg_temp.link() AS link1 \gset
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge2 \gset
SELECT pg_temp.link() AS link2 \gset
SELECT pg_temp.signin(:'link1', :'challenge2') AS crossed, pg_temp.signin(:'link2', :'challenge2') AS second, pg_temp.signin(:'link1', :'challenge1') AS first;
-- three more of the same client
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge1 \gset
SELECT pg_temp.link() AS link1 \gset
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge2 \gset
SELECT pg_temp.link() AS link2 \gset
SELECT count(fastauth.send_magic_link('magic.ada@example.com')) FROM generate_series(1, 2);
SELECT pg_temp.signin(:'link1', :'challenge1') AS first, pg_temp.signin(:'link2', :'challenge2') AS second;
-- another address
SELECT fastauth.send_magic_link('magic.bob@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SET ROLE regress_server;
SELECT email FROM fastauth.update_user(:'bob', '{"email": "magic.robert@example.com", "email_verified": true}');
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link', :'challenge');
-- tokens of other kinds are no links, and stay what they are
SELECT fastauth.request_password_reset('magic.ada@example.com');
SELECT pg_temp.last_token('password_reset') AS reset \gset
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'reset', :'challenge') AS reset_as_link, pg_temp.signin(:'access', :'challenge') AS access_token, pg_temp.signin(:'refresh', :'challenge') AS refresh_token,
	regress_outcome(format('SELECT fastauth.reset_password(%L, %L)', :'link', 'another horse battery')) AS link_as_reset,
	regress_outcome(format('SELECT fastauth.verify_email(%L)', :'link')) AS link_as_verification,
	regress_outcome(format('SELECT fastauth.authenticate(%L)', :'link')) AS link_as_identity;
SELECT pg_temp.signin(:'link', :'challenge');

--
-- Gates: asked before anything changes, and they burn nothing
--
RESET ROLE;
SELECT fastauth.add_hook('allow_signin', 'mailer.allow(jsonb, text)'), fastauth.add_hook('on_signin', 'mailer.on_signin(jsonb, text)'), fastauth.add_hook('on_signup', 'mailer.on_signup(jsonb)'),
	fastauth.add_hook('on_email_verify', 'mailer.on_email_verify(jsonb)'), fastauth.add_hook('modify_jwt', 'mailer.jwt(jsonb, jsonb)');
SELECT id AS cora FROM fastauth.create_user('magic.cora@example.com', 'correct horse battery') \gset
SELECT access_token AS access, refresh_token AS refresh FROM fastauth.signin('magic.cora@example.com', 'correct horse battery') \gset cora_
TRUNCATE mailer.calls;
INSERT INTO mailer.denied VALUES ('magic.cora@example.com');
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.cora@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT fastauth.signin_with_magic_link(:'link', :'challenge');
RESET ROLE;
SELECT email_verified, hashed_password IS NOT NULL AS password FROM fastauth.users WHERE id = :'cora';
DELETE FROM mailer.denied;
UPDATE fastauth.users SET is_active = false WHERE id = :'cora';
SET ROLE regress_anon;
SELECT fastauth.signin_with_magic_link(:'link', :'challenge');
RESET ROLE;
UPDATE fastauth.users SET is_active = true WHERE id = :'cora';
-- the gate's own rows went with the refusal
SELECT count(*) FROM mailer.calls;
SET ROLE regress_anon;
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin_with_magic_link(:'link', :'challenge');
RESET ROLE;
SELECT what, email, verified, provider FROM mailer.calls ORDER BY n;
-- who proves the address for the first time shares the account with nobody
SELECT email_verified, hashed_password IS NOT NULL AS password FROM fastauth.users WHERE id = :'cora';
SELECT pg_temp.password('magic.cora@example.com', 'correct horse battery') AS old_password, regress_outcome(format('SELECT fastauth.refresh(%L)', :'cora_refresh')) AS old_refresh_token,
	regress_outcome(format('SELECT fastauth.authenticate(%L)', :'cora_access')) AS old_access_token;
SELECT provider, session_revocations.session_id IS NOT NULL AS ended FROM fastauth.sessions LEFT JOIN fastauth.session_revocations ON session_id = id WHERE user_id = :'cora' ORDER BY sessions.created_at;
SELECT event, data FROM fastauth.events WHERE user_id = :'cora' AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;

--
-- An address of nobody, with magic_link_signup
--
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', 'on'), fastauth.create_role('magic.member', ARRAY['read']), fastauth.configure('default_role', 'magic.member');
RESET ROLE;
TRUNCATE mailer.calls;
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.new@example.com') AS challenge1 \gset
SELECT pg_temp.link() AS link1 \gset
SELECT fastauth.send_magic_link('MAGIC.new@example.com') AS challenge2 \gset
SELECT pg_temp.link() AS link2 \gset
-- nobody is made by asking
SET ROLE regress_server;
SELECT fastauth.get_user_by_email('magic.new@example.com') IS NULL AS nobody_yet;
RESET ROLE;
INSERT INTO mailer.denied VALUES ('magic.new@example.com');
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link1', :'challenge2') AS crossed, pg_temp.signin(:'link1', NULL) AS without, pg_temp.signin(:'link1', :'challenge1') AS denied;
RESET ROLE;
SELECT count(*) AS users, (SELECT count(*) FROM mailer.calls) AS calls FROM fastauth.users WHERE email = 'magic.new@example.com';
DELETE FROM mailer.denied;
SET ROLE regress_anon;
SELECT access_token AS access FROM fastauth.signin_with_magic_link(:'link1', :'challenge1') \gset new_
SELECT pg_temp.claim(:'new_access', 'email') AS email, pg_temp.claim(:'new_access', 'email_verified') AS verified;
-- the other link of the address went with it
SELECT pg_temp.signin(:'link1', :'challenge1') AS again, pg_temp.signin(:'link2', :'challenge2') AS other;
SET ROLE regress_server;
SELECT email, name, email_verified, is_active, metadata, (SELECT array_agg(r.name) FROM fastauth.get_user_roles(u.id) AS r) AS roles FROM fastauth.get_user_by_email('magic.new@example.com') AS u;
RESET ROLE;
SELECT what, email, verified, provider FROM mailer.calls ORDER BY n;
SELECT event, data, session_id IS NOT NULL AS session FROM fastauth.events WHERE user_id = pg_temp.claim(:'new_access', 'sub')::uuid AND event NOT IN ('outbox_read', 'signin_failed') ORDER BY id;
-- somebody signs up with the address before the link is used: it signs its owner in there, and the other one out
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.taken@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT access_token AS access, refresh_token AS refresh FROM fastauth.signup('magic.taken@example.com', 'the thief was first', 'Thief') \gset thief_
SELECT access_token AS access FROM fastauth.signin_with_magic_link(:'link', :'challenge') \gset owner_
SELECT pg_temp.claim(:'owner_access', 'sub') = pg_temp.claim(:'thief_access', 'sub') AS same_account, pg_temp.password('magic.taken@example.com', 'the thief was first') AS thiefs_password,
	regress_outcome(format('SELECT fastauth.refresh(%L)', :'thief_refresh')) AS thiefs_refresh_token, regress_outcome(format('SELECT fastauth.authenticate(%L)', :'thief_access')) AS thiefs_access_token,
	regress_outcome(format('SELECT fastauth.authenticate(%L)', :'owner_access')) AS owners;
-- the setting counts when the link is used, too
SELECT fastauth.send_magic_link('magic.late@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', 'off');
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', 'on');
-- a default role that is missing is told before a user is made, and burns nothing
SELECT fastauth.delete_role('magic.member');
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('default_role', NULL);
-- a sign-up by a link is one for the limits of sign-ups
SELECT fastauth.configure('rate_signup_total', '1/1h');
SET ROLE regress_anon;
SELECT regress_outcome($$SELECT fastauth.signup('magic.other@example.com', 'correct horse battery')$$) AS signup, pg_temp.signin(:'link', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('rate_signup_total', NULL);
SET ROLE regress_anon;
SELECT pg_temp.signin(:'link', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_signup', NULL);
RESET ROLE;
SELECT fastauth.remove_hook('allow_signin', 'mailer.allow(jsonb, text)'), fastauth.remove_hook('on_signin', 'mailer.on_signin(jsonb, text)'), fastauth.remove_hook('on_signup', 'mailer.on_signup(jsonb)'),
	fastauth.remove_hook('on_email_verify', 'mailer.on_email_verify(jsonb)'), fastauth.remove_hook('modify_jwt', 'mailer.jwt(jsonb, jsonb)');

--
-- Settings
--
-- another browser, when that is allowed; a wrong challenge is no better than none
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_same_browser', 'off');
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.ada@example.com') \gset
SELECT pg_temp.link() AS link \gset
SELECT token_type FROM fastauth.signin_with_magic_link(:'link');
SELECT pg_temp.signin(:'link', NULL);
SELECT fastauth.send_magic_link('magic.ada@example.com') \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', 'nonsense');
SET ROLE regress_admin;
SELECT fastauth.configure('magic_link_same_browser', NULL);
-- the proof is what require_verified_email waits for
SELECT fastauth.configure('require_verified_email', 'on');
SET ROLE regress_server;
SELECT FROM fastauth.create_user('magic.dora@example.com', 'correct horse battery');
SET ROLE regress_anon;
SELECT pg_temp.password('magic.dora@example.com', 'correct horse battery');
SELECT fastauth.send_magic_link('magic.dora@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT refresh_token AS refresh FROM fastauth.signin_with_magic_link(:'link', :'challenge') \gset
SELECT pg_temp.claim(access_token, 'email_verified') AS verified FROM fastauth.refresh(:'refresh');
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', NULL);
-- session tokens
SELECT fastauth.configure('session_strategy', 'database');
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT token_type, access_token ~ '^fa_st_' AS form, refresh_token, fastauth.authenticate(access_token) = :'ada' AS of_ada FROM fastauth.signin_with_magic_link(:'link', :'challenge');
SET ROLE regress_admin;
SELECT fastauth.configure('session_strategy', NULL);
-- whatever the isolation level, a link that was asked for after the transaction's snapshot is good, and once
SET ROLE regress_anon;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', NULL) AS without, pg_temp.signin(:'link', :'challenge') AS right, pg_temp.signin(:'link', :'challenge') AS again;
COMMIT;
SELECT pg_temp.signin(:'link', :'challenge');
-- a rollback takes back the mail, and the use
BEGIN;
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
ROLLBACK;
SELECT pg_temp.link() = :'link' AS mail, pg_temp.signin(:'link', :'challenge');
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
BEGIN;
SELECT token_type FROM fastauth.signin_with_magic_link(:'link', :'challenge');
ROLLBACK;
SELECT pg_temp.signin(:'link', :'challenge');

--
-- A lock by wrong passwords does not hold a link up, which clears it where it was used
--
SET ROLE regress_admin;
SELECT fastauth.configure('max_login_attempts', '2');
SET ROLE regress_anon;
SELECT pg_temp.password('magic.ada@example.com', 'wrong') FROM generate_series(1, 2);
SELECT pg_temp.password('magic.ada@example.com', 'correct horse battery');
SELECT fastauth.send_magic_link('magic.ada@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', :'challenge'), pg_temp.password('magic.ada@example.com', 'correct horse battery');
RESET ROLE;
SELECT kind, count(*) FROM fastauth.failures WHERE account = :'ada' AND kind <> 'known' GROUP BY kind ORDER BY kind;
-- one that failed nowhere leaves no row
SET ROLE regress_anon;
SELECT fastauth.send_magic_link('magic.dora@example.com') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', :'challenge');
RESET ROLE;
SELECT count(*) AS cleared FROM fastauth.failures JOIN fastauth.users ON users.id = account WHERE email = 'magic.dora@example.com' AND kind = 'cleared';
SET ROLE regress_admin;
SELECT fastauth.configure('max_login_attempts', NULL);

--
-- on_magic_link_sent is called when the mail is queued, where mails wait; for nobody it is not
--
RESET ROLE;
TRUNCATE mailer.calls;
SELECT fastauth.add_hook('on_magic_link_sent', 'mailer.on_magic_link_sent(jsonb)');
SET ROLE regress_anon;
SELECT count(fastauth.send_magic_link(email)) FROM unnest(ARRAY['magic.ada@example.com', 'magic.nobody@example.com', 'magic.off@example.com']) AS email;
SELECT count(fastauth.send_otp('magic.ada@example.com'));
RESET ROLE;
SELECT what, email FROM mailer.calls ORDER BY n;
SELECT fastauth.remove_hook('on_magic_link_sent', 'mailer.on_magic_link_sent(jsonb)');

--
-- Limits: over them the answer is the same, and it is an answer to nothing
--
SET ROLE regress_admin;
SELECT fastauth.configure('rate_mail_per_minute', '2/1min');
RESET ROLE;
BEGIN;
SELECT FROM fastauth.set_client('192.0.2.1');
SELECT fastauth.send_magic_link('magic.cora@example.com') AS challenge1, fastauth.send_magic_link('magic.cora@example.com') AS challenge2, fastauth.send_magic_link('magic.cora@example.com') AS challenge3 \gset
SELECT count(fastauth.send_magic_link('magic.none@example.com')) FROM generate_series(1, 3);
SELECT * FROM pg_temp.rows();
COMMIT;
SELECT :'challenge3' ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS challenge_form;
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', :'challenge3') AS over, pg_temp.signin(:'link', :'challenge2') AS second;
-- codes are counted apart
BEGIN;
SELECT FROM fastauth.set_client('192.0.2.1');
SELECT count(fastauth.send_otp('magic.cora@example.com'));
COMMIT;
SELECT name FROM fastauth.outbox ORDER BY id DESC LIMIT 1;

--
-- A stranger who asks all day, from many addresses, neither ends the owner's link nor keeps the owner from asking
--
SET ROLE regress_admin;
SELECT fastauth.configure('rate_mail_per_minute', NULL), fastauth.configure('rate_mail_per_hour', NULL), fastauth.configure('rate_mail_per_day', NULL), fastauth.configure('rate_mail_address', NULL);
RESET ROLE;
SELECT id AS emma FROM fastauth.create_user('magic.emma@example.com', email_verified => true) \gset
CREATE FUNCTION pg_temp.ask(address inet) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN PERFORM fastauth.set_client(address); RETURN fastauth.send_magic_link('magic.emma@example.com'); END$$;
SELECT pg_temp.ask('198.51.100.1') AS challenge \gset
SELECT pg_temp.link() AS link \gset
-- 300 from 60 addresses of one kind and of the other, in one day
SELECT count(pg_temp.ask('203.0.113.0'::inet + i % 60)), count(pg_temp.ask(format('2001:db8:0:%s::1', i % 60)::inet)) FROM generate_series(1, 150) AS i;
SELECT count(*) AS of_the_owner FROM fastauth.one_time_tokens WHERE user_id = :'emma' AND client = '198.51.100.1';
SELECT count(*) <= 101 AS no_more_than_a_hundred_a_day FROM fastauth.one_time_tokens WHERE user_id = :'emma';
SELECT pg_temp.signin(:'link', :'challenge') AS owner;
-- from where the owner has signed in, that goes on
UPDATE fastauth.failures SET address = '198.51.100.2' WHERE account = :'emma' AND kind = 'known';
SELECT pg_temp.ask('198.51.100.2') AS challenge \gset
SELECT pg_temp.link() AS link \gset
SELECT pg_temp.signin(:'link', :'challenge') AS owner_again;

DROP FUNCTION pg_temp.ask(inet);
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA mailer CASCADE;
DROP ROLE regress_mailer;
DELETE FROM fastauth.users;
DELETE FROM fastauth.one_time_tokens;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.failures;
SELECT count(*) > 0 AS reset FROM (SELECT fastauth.configure(name, NULL) FROM fastauth.settings) AS s;
