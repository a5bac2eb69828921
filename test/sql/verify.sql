-- Verifying an address by a link in a mail: what is refused, what a link is good for, and what it leaves of the account.
\getenv abs_srcdir PG_ABS_SRCDIR
\set links :abs_srcdir '/lib/links.sql'
\i :links
CREATE FUNCTION use(token text, password text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$SELECT regress_outcome(format('SELECT fastauth.verify_email(%L, %L)', token, password))$$;
\c - regress_anon
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signup('verify.alice@example.com', 'correct horse battery', 'Alice') \gset
SELECT access_token AS b1 FROM fastauth.signup('verify.bob@example.com', 'correct horse battery') \gset

-- A sign-up mails a link; one that is rolled back mails nothing; a user whom the server makes gets none
SELECT mails('verify.alice@example.com'), verified('verify.alice@example.com');
BEGIN;
SELECT access_token IS NOT NULL AS signed_up FROM fastauth.signup('verify.undone@example.com', 'correct horse battery');
ROLLBACK;
SELECT mails('verify.undone@example.com');
\c - regress_server
SELECT id AS alice FROM fastauth.get_user_by_email('verify.alice@example.com') \gset
SELECT email FROM fastauth.create_user('verify.made@example.com', 'correct horse battery');
SELECT mails('verify.made@example.com');
SELECT fastauth.issue_jwt(:'alice') AS free \gset

--
-- What is refused
--
\c - regress_anon
SELECT link('verification', 'verify.alice@example.com') AS first \gset
SELECT :'first' ~ '^fa_ot_' AS there_is_one;
SELECT case_, use(token) FROM (VALUES
	('NULL', NULL), ('empty', ''), ('never made', 'fa_ot_' || repeat('A', 43)), ('cut', left(:'first', -1)), ('more', :'first' || 'A'),
	('a blank', ' ' || :'first'), ('without prefix', substr(:'first', 7)), ('upper case', upper(:'first')),
	('another prefix', 'fa_rt_' || substr(:'first', 7)), ('17 KiB', repeat('a', 17000)), ('an access token', :'a1'), ('a refresh token', :'a1r')) AS v (case_, token);
-- a link of another type
SELECT fastauth.request_password_reset('verify.alice@example.com');
SELECT use(link('password_reset', 'verify.alice@example.com'));
-- a password that is wrong, too long to be one, or of somebody who has none: the link stays good
SELECT use(:'first', 'wrong'), use(:'first', repeat('x', 2000)), use(:'first', ''), use(:'first', repeat('x', 70000));
SELECT verified('verify.alice@example.com');
-- GET of PostgREST is READ ONLY; that is said before the arguments are looked at
BEGIN READ ONLY;
SELECT fastauth.verify_email(NULL);
ROLLBACK;
BEGIN READ ONLY;
SELECT fastauth.verify_email(:'first', 'wrong');
ROLLBACK;
-- time over; with its time back it is good, so nothing was spent
\c - :superuser
UPDATE fastauth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE token_type = 'verification' AND user_id = :'alice';
SELECT use(:'first');
UPDATE fastauth.one_time_tokens SET expires_at = now() + interval '1 hour' WHERE token_type = 'verification' AND user_id = :'alice';
-- a deactivated user: the link is dead, and is so when the user comes back
\c - regress_server
SELECT link('verification', 'verify.bob@example.com') AS bobs \gset
SELECT n.is_active FROM fastauth.get_user_by_email('verify.bob@example.com') u, fastauth.update_user(u.id, '{"is_active": false}') n;
SELECT use(:'bobs');
SELECT n.is_active FROM fastauth.get_user_by_email('verify.bob@example.com') u, fastauth.update_user(u.id, '{"is_active": true}') n;
SELECT use(:'bobs');
-- one whose row was deactivated by hand is told so: who holds the link reads the mailbox
SELECT access_token AS b2 FROM fastauth.signin('verify.bob@example.com', 'correct horse battery') \gset
SELECT attempt(:'b2', 'fastauth.request_email_verification()');
SELECT link('verification', 'verify.bob@example.com') AS bobs \gset
\c - :superuser
UPDATE fastauth.users SET is_active = false WHERE email = 'verify.bob@example.com';
SELECT use(:'bobs');
UPDATE fastauth.users SET is_active = true WHERE email = 'verify.bob@example.com';
-- the address was changed meanwhile
\c - regress_server
SELECT n.email FROM fastauth.get_user_by_email('verify.bob@example.com') u, fastauth.update_user(u.id, '{"email": "verify.robert@example.com"}') n;
SELECT use(:'bobs'), verified('verify.robert@example.com');
SELECT n.email FROM fastauth.get_user_by_email('verify.robert@example.com') u, fastauth.update_user(u.id, '{"email": "verify.bob@example.com"}') n;
SELECT use(:'bobs'), verified('verify.bob@example.com');

--
-- request_email_verification
--
\c - regress_authenticated
SELECT regress_outcome('SELECT fastauth.request_email_verification()');
BEGIN READ ONLY;
SELECT fastauth.request_email_verification();
ROLLBACK;
-- a token without a session may ask
SELECT attempt(:'free', 'fastauth.request_email_verification()'), mails('verify.alice@example.com');
SELECT attempt(:'a1', 'fastauth.request_email_verification()') FROM generate_series(1, 2);
SELECT mails('verify.alice@example.com');
-- three are live, and the first was one of four
SELECT use(:'first', 'correct horse battery');
\c - :superuser
SELECT count(*) FROM fastauth.one_time_tokens WHERE token_type = 'verification' AND user_id = :'alice' AND expires_at > now();
-- over the limit the answer is the same, and there is no mail and no row
SELECT fastauth.configure('rate_mail_per_day', '2/1d');
\c - regress_authenticated
SELECT attempt(:'a1', 'fastauth.request_email_verification()') FROM generate_series(1, 4);
SELECT mails('verify.alice@example.com');
\c - :superuser
SELECT fastauth.configure('rate_mail_per_day', 'off');
SELECT count(*) FROM fastauth.one_time_tokens WHERE token_type = 'verification' AND user_id = :'alice' AND expires_at > now();
-- without a way to write links nothing is done, by a sign-up neither
SELECT fastauth.configure('email_transport', 'smtp');
\c - regress_authenticated
SELECT attempt(:'a1', 'fastauth.request_email_verification()');
SELECT regress_outcome($$SELECT fastauth.signup('verify.mailless@example.com', 'correct horse battery')$$);
\c - :superuser
SELECT count(*) FROM fastauth.users WHERE email = 'verify.mailless@example.com';
SELECT fastauth.configure('email_transport', NULL);

--
-- The link is used
--
\c - :superuser
CREATE TABLE told (n serial, hook text, email text, verified bool);
CREATE FUNCTION on_verify("user" jsonb) RETURNS void LANGUAGE sql AS
	$$INSERT INTO public.told (hook, email, verified) VALUES ('on_email_verify', "user"->>'email', ("user"->>'email_verified')::bool)$$;
SELECT fastauth.add_hook('on_email_verify', 'on_verify(jsonb)');
SELECT fastauth.configure('email_welcome', 'on');
\c - regress_authenticated
SELECT link('verification', 'verify.alice@example.com') AS last \gset
-- rolled back, it stays good
BEGIN;
SELECT fastauth.verify_email(:'last', 'correct horse battery');
ROLLBACK;
SELECT verified('verify.alice@example.com');
-- with the right password everything stays
SELECT use(:'last', 'correct horse battery'), verified('verify.alice@example.com'), mails('verify.alice@example.com');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'a1')) AS session, regress_outcome($$SELECT fastauth.signin('verify.alice@example.com', 'correct horse battery')$$) AS password;
-- once
SELECT use(:'last'), use(:'last', 'correct horse battery');
-- who is verified gets nothing more
SELECT attempt(:'a1', 'fastauth.request_email_verification()'), mails('verify.alice@example.com');
-- with the session of the user, too, and for nobody else's
SELECT attempt(:'b2', 'fastauth.request_email_verification()');
SELECT link('verification', 'verify.bob@example.com') AS bobs \gset
SELECT attempt(:'b2', format('fastauth.verify_email(%L)', :'bobs')), verified('verify.bob@example.com');
\c - regress_anon
SELECT access_token AS c1 FROM fastauth.signup('verify.carol@example.com', 'correct horse battery') \gset
SELECT link('verification', 'verify.carol@example.com') AS carols \gset
SELECT attempt(:'a1', format('fastauth.verify_email(%L)', :'carols')) AS by_alice, verified('verify.carol@example.com');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'c1')) AS session, regress_outcome($$SELECT fastauth.signin('verify.carol@example.com', 'correct horse battery')$$) AS password;
-- a token without a session is no session of the user
SELECT access_token AS d1 FROM fastauth.signup('verify.dave@example.com', 'correct horse battery') \gset
\c - regress_server
SELECT fastauth.issue_jwt(id) AS free FROM fastauth.get_user_by_email('verify.dave@example.com') \gset
SELECT attempt(:'free', format('fastauth.verify_email(%L)', link('verification', 'verify.dave@example.com'))), verified('verify.dave@example.com');
-- nor is one that has ended
SELECT access_token AS e1 FROM fastauth.signup('verify.eve@example.com', 'correct horse battery') \gset
BEGIN;
SELECT fastauth.authenticate(:'e1') IS NOT NULL AS ok;
SELECT count(fastauth.delete_session(s.id)) FROM fastauth.get_user_by_email('verify.eve@example.com') u, fastauth.list_user_sessions(u.id) s;
SELECT use(link('verification', 'verify.eve@example.com'));
COMMIT;
SELECT verified('verify.eve@example.com');
-- what the hook was told, and the events
\c - :superuser
SELECT hook, email, verified FROM told ORDER BY n;
SELECT event, count(*) FROM fastauth.events WHERE event = 'email_verify' AND user_id IN (SELECT id FROM fastauth.users WHERE email LIKE 'verify.%') GROUP BY event;

-- A hook that refuses takes it all back, and the link stays good
CREATE OR REPLACE FUNCTION on_verify("user" jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'U0001'; END $$;
\c - regress_anon
SELECT link('verification', 'verify.eve@example.com') AS eves \gset
SELECT use(:'eves', 'correct horse battery'), verified('verify.eve@example.com');
\c - :superuser
SELECT fastauth.remove_hook('on_email_verify', 'on_verify(jsonb)');
SELECT use(:'eves', 'correct horse battery'), verified('verify.eve@example.com');

--
-- With require_verified_email: a sign-up of an address that is known is answered like any other
--
SELECT fastauth.configure('require_verified_email', 'on');
\c - regress_anon
SELECT * FROM fastauth.signup('verify.new@example.com', 'correct horse battery');
SELECT * FROM fastauth.signup('verify.alice@example.com', 'staple battery horse');
SELECT mails('verify.new@example.com') AS new, mails('verify.alice@example.com') AS alice;
-- her password is what it was, and she has no new session
SELECT regress_outcome($$SELECT fastauth.signin('verify.alice@example.com', 'staple battery horse')$$) AS theirs, regress_outcome($$SELECT fastauth.signin('verify.alice@example.com', 'correct horse battery')$$) AS hers;
-- who lost the first link gets another one so, since nobody who is not verified is signed in
SELECT regress_outcome($$SELECT fastauth.signin('verify.new@example.com', 'correct horse battery')$$) AS before;
SELECT * FROM fastauth.signup('verify.new@example.com', 'horse staple correct');
SELECT mails('verify.new@example.com') AS new;
SELECT use(link('verification', 'verify.new@example.com'), 'correct horse battery');
SELECT regress_outcome($$SELECT fastauth.signin('verify.new@example.com', 'correct horse battery')$$) AS password, regress_outcome($$SELECT fastauth.signin('verify.new@example.com', 'horse staple correct')$$) AS other;
-- as many rows for one as for the other; and none of either over the limit
\c - :superuser
SELECT fastauth.configure('rate_mail_per_day', '1/1d');
CREATE FUNCTION rows_of(address text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tokens bigint = (SELECT count(*) FROM fastauth.one_time_tokens);
	mails bigint = (SELECT count(*) FROM fastauth.outbox);
BEGIN
	PERFORM fastauth.signup(address, 'correct horse battery');
	RETURN format('tokens %s, mails %s', (SELECT count(*) FROM fastauth.one_time_tokens) - tokens, (SELECT count(*) FROM fastauth.outbox) - mails);
END $$;
SELECT address, rows_of('verify.' || address || '@example.com') FROM unnest(ARRAY['unknown', 'alice', 'alice', 'bob', 'bob']) AS address;
UPDATE fastauth.users SET is_active = false WHERE email = 'verify.carol@example.com';
SELECT rows_of('verify.carol@example.com') AS inactive, mails('verify.carol@example.com');
SELECT fastauth.configure('require_verified_email', NULL), fastauth.configure('rate_mail_per_day', NULL), fastauth.configure('rate_mail_per_hour', NULL), fastauth.configure('rate_mail_per_minute', NULL), fastauth.configure('email_welcome', NULL);
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
-- No token of ours stands in clear in a table
SELECT count(*) FROM fastauth.one_time_tokens t WHERE t::text LIKE '%fa\_ot\_%';

SET client_min_messages = warning;
DELETE FROM fastauth.users WHERE email LIKE 'verify.%';
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.one_time_tokens;
DROP TABLE told;
DROP FUNCTION link, mails, verified, attempt, use, rows_of, on_verify;
