-- Changing the address by a link to the new one: what is refused, what it ends, who is told, and that it tells nothing about who has an account.
\getenv abs_srcdir PG_ABS_SRCDIR
\set links :abs_srcdir '/lib/links.sql'
\i :links
-- How a call ends, and the rule that a refusal names
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE 'SELECT ' || statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN coalesce(nullif(word, ''), SQLSTATE);
END $$;
CREATE FUNCTION confirm(token text, password text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$SELECT outcome(format('fastauth.confirm_email_change(%L, %L)', token, password))$$;
CREATE FUNCTION signin(address text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT outcome(format('fastauth.signin(%L, %L)', address, password))$$;
CREATE FUNCTION alive(VARIADIC tokens text[]) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(CASE outcome(format('fastauth.verify_token(%L)', token)) WHEN 'accepted' THEN 'lives' ELSE 'ended' END, ' ' ORDER BY n) FROM unnest(tokens) WITH ORDINALITY AS t (token, n)$$;
-- How many rows a request makes, when none was asked for before
CREATE FUNCTION rows_of(token text, address text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	tokens bigint = (SELECT count(*) FROM fastauth.one_time_tokens);
	queued bigint = (SELECT count(*) FROM fastauth.outbox);
BEGIN
	DELETE FROM fastauth.one_time_tokens WHERE token_type = 'email_change';
	tokens = (SELECT count(*) FROM fastauth.one_time_tokens);
	PERFORM fastauth.authenticate(token);
	PERFORM fastauth.request_email_change(address);
	RETURN format('tokens %s, outbox %s', (SELECT count(*) FROM fastauth.one_time_tokens) - tokens, (SELECT count(*) FROM fastauth.outbox) - queued);
END $$;
\c - regress_server
SELECT id AS alice FROM fastauth.create_user('change.alice@example.com', 'correct horse battery', name => 'Alice', email_verified => true) \gset
SELECT id AS bob FROM fastauth.create_user('change.bob@example.com', 'correct horse battery', email_verified => true) \gset
SELECT id AS nopass FROM fastauth.create_user('change.nopass@example.com') \gset
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('change.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2 FROM fastauth.signin('change.alice@example.com', 'correct horse battery') \gset
SELECT fastauth.issue_jwt(:'alice') AS free \gset

--
-- The request
--
\c - regress_authenticated
SELECT outcome($$fastauth.request_email_change('change.new@example.com')$$), outcome($$fastauth.request_email_change('change.new@example.com', 'correct horse battery')$$);
BEGIN READ ONLY;
SELECT fastauth.request_email_change(NULL);
ROLLBACK;
SELECT expression, attempt(:'a1', expression) FROM unnest(ARRAY[
	'fastauth.request_email_change(NULL)', $$fastauth.request_email_change('')$$, $$fastauth.request_email_change('no address')$$,
	$$fastauth.request_email_change('change.alice@example.com')$$, $$fastauth.request_email_change(' Change.Alice@EXAMPLE.com', 'correct horse battery')$$,
	$$fastauth.request_email_change('change.new@example.com', 'wrong')$$, $$fastauth.request_email_change('change.new@example.com', '')$$,
	$$fastauth.request_email_change('change.bob@example.com', 'wrong')$$]) AS expression;
-- a sign-in that is not recent, and a token without one, need the password
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE user_id = :'alice';
\c - regress_authenticated
SELECT attempt(:'a1', $$fastauth.request_email_change('change.new@example.com')$$), attempt(:'free', $$fastauth.request_email_change('change.new@example.com')$$), mails('change.new@example.com');
SELECT attempt(:'free', $$fastauth.request_email_change('change.new@example.com', 'correct horse battery')$$), mails('change.new@example.com');
SELECT attempt(:'a1', $$fastauth.request_email_change(' Change.NEW@example.com', 'correct horse battery')$$), mails('change.new@example.com');
SELECT attempt(:'a1', $$fastauth.reauthenticate('correct horse battery')$$);
-- The address is somebody's: the same answer, the same rows; the owner is told, and nobody gets a link
\c - :superuser
SELECT rows_of(:'a1', 'change.free@example.com') AS free, rows_of(:'a1', 'change.bob@example.com') AS taken;
UPDATE fastauth.users SET is_active = false WHERE id = :'nopass';
SELECT rows_of(:'a1', 'change.nopass@example.com') AS inactive;
UPDATE fastauth.users SET is_active = true WHERE id = :'nopass';
SELECT mails('change.free@example.com') AS free, mails('change.bob@example.com') AS taken, mails('change.nopass@example.com') AS inactive;
SELECT fastauth.configure('rate_mail_per_day', '1/1d');
SELECT n, rows_of(:'a1', 'change.free2@example.com') AS free, rows_of(:'a1', 'change.bob@example.com') AS taken FROM generate_series(1, 2) AS n;
SELECT fastauth.configure('rate_mail_per_day', 'off');
SELECT fastauth.configure('email_transport', 'smtp');
SELECT attempt(:'a1', $$fastauth.request_email_change('change.new@example.com')$$);
SELECT fastauth.configure('email_transport', NULL);

--
-- The link
--
\c - regress_authenticated
SELECT attempt(:'a1', format('fastauth.request_email_change(%L)', address)) FROM unnest(ARRAY['change.new@example.com', 'change.free@example.com']) AS address;
\c - regress_anon
SELECT link('email_change', 'change.new@example.com') AS token \gset
SELECT case_, confirm(token) FROM (VALUES
	('NULL', NULL), ('empty', ''), ('never made', 'fa_ot_' || repeat('A', 43)), ('cut', left(:'token', -1)), ('more', :'token' || 'A'),
	('another prefix', 'fa_rt_' || substr(:'token', 7)), ('17 KiB', repeat('a', 17000)), ('an access token', :'a1')) AS v (case_, token);
SELECT fastauth.request_password_reset('change.alice@example.com');
SELECT link('password_reset', 'change.alice@example.com') AS reset \gset
SELECT confirm(:'reset') AS of_another_type;
SELECT confirm(:'token', 'wrong') AS wrong, confirm(:'token', '') AS empty, confirm(:'token', repeat('x', 70000)) AS no_password;
BEGIN READ ONLY;
SELECT fastauth.confirm_email_change(NULL);
ROLLBACK;
\c - :superuser
UPDATE fastauth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = :'alice' AND token_type = 'email_change';
SELECT confirm(:'token');
UPDATE fastauth.one_time_tokens SET expires_at = now() + interval '10 minutes' WHERE user_id = :'alice' AND token_type = 'email_change';
UPDATE fastauth.users SET is_active = false WHERE id = :'alice';
SELECT confirm(:'token'), confirm(:'token', 'correct horse battery');
UPDATE fastauth.users SET is_active = true WHERE id = :'alice';
-- taken by now: told to who reads the mailbox, and the link stays good
\c - regress_server
SELECT id AS other FROM fastauth.create_user('change.new@example.com', 'correct horse battery') \gset
SELECT confirm(:'token'), confirm(:'token', 'correct horse battery');
SELECT fastauth.delete_user(:'other', soft => false);
-- rolled back
BEGIN;
SELECT fastauth.confirm_email_change(:'token', 'correct horse battery');
SELECT email FROM fastauth.get_user(:'alice');
ROLLBACK;
SELECT email FROM fastauth.get_user(:'alice');
SELECT alive(:'a1', :'a2');
-- by the session of the user: that one stays, the others end, and so do the links to the old address
\c - regress_authenticated
SELECT attempt(:'a1', format('fastauth.confirm_email_change(%L)', :'token'));
SELECT verified('change.alice@example.com') AS old, verified('change.new@example.com') AS new, alive(:'a1', :'a2');
SELECT signin('change.new@example.com', 'correct horse battery') AS new_address, signin('change.alice@example.com', 'correct horse battery') AS old_address;
SELECT confirm(:'token') AS again, outcome(format('fastauth.reset_password(%L, %L)', :'reset', 'staple battery horse')) AS reset;
SELECT confirm(link('email_change', 'change.free@example.com')) AS another_pending;
-- the old address is told
SELECT mails('change.alice@example.com') AS old;
-- with the password, signed in nowhere: the password stays, all sessions end
SELECT attempt(:'a1', $$fastauth.request_email_change('change.third@example.com')$$);
SELECT confirm(link('email_change', 'change.third@example.com'), 'correct horse battery'), alive(:'a1');
SELECT signin('change.third@example.com', 'correct horse battery');
-- without either: whoever reads the new mailbox has the account, and nobody else
\c - regress_server
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('change.third@example.com', 'correct horse battery') \gset
SELECT attempt(:'a1', $$fastauth.request_email_change('change.fourth@example.com')$$);
SELECT confirm(link('email_change', 'change.fourth@example.com')), alive(:'a1'), verified('change.fourth@example.com');
SELECT signin('change.fourth@example.com', 'correct horse battery');
SELECT fastauth.request_password_reset('change.fourth@example.com');
SELECT outcome(format('fastauth.reset_password(%L, %L)', link('password_reset', 'change.fourth@example.com'), 'staple battery horse'));
-- somebody else's session is none of the user
SELECT access_token AS b1 FROM fastauth.signin('change.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS a1 FROM fastauth.signin('change.fourth@example.com', 'staple battery horse') \gset
SELECT attempt(:'a1', $$fastauth.request_email_change('change.fifth@example.com')$$);
SELECT attempt(:'b1', format('fastauth.confirm_email_change(%L)', link('email_change', 'change.fifth@example.com'))), alive(:'a1', :'b1'), verified('change.fifth@example.com'), verified('change.bob@example.com') AS bob;
-- a user without password; an address that was not verified is told nothing
SELECT fastauth.request_password_reset('change.fifth@example.com');
\c - :superuser
SELECT access_token AS n1 FROM fastauth.signup('change.un@example.com', 'correct horse battery') \gset
SELECT attempt(:'n1', $$fastauth.request_email_change('change.deux@example.com')$$);
CREATE TABLE told (n serial, hook text, email text, verified bool);
CREATE FUNCTION on_verify("user" jsonb) RETURNS void LANGUAGE sql AS
	$$INSERT INTO public.told (hook, email, verified) VALUES ('on_email_verify', "user"->>'email', ("user"->>'email_verified')::bool)$$;
SELECT fastauth.add_hook('on_email_verify', 'on_verify(jsonb)');
SELECT attempt(:'n1', format('fastauth.confirm_email_change(%L)', link('email_change', 'change.deux@example.com'))), verified('change.deux@example.com'), mails('change.un@example.com');
SELECT hook, email, verified FROM told ORDER BY n;
SELECT fastauth.remove_hook('on_email_verify', 'on_verify(jsonb)');
SELECT event, data, count(*) FROM fastauth.events e WHERE event IN ('email_change', 'email_verify') AND user_id IN (SELECT id FROM fastauth.users WHERE email LIKE 'change.%') GROUP BY 1, 2 ORDER BY 1;

-- What else ends a pending change: the server's change, a deactivation, another password, the end of other sessions
\c - regress_server
SELECT attempt(:'n1', $$fastauth.request_email_change('change.trois@example.com')$$);
SELECT n.email FROM fastauth.get_user_by_email('change.deux@example.com') u, fastauth.update_user(u.id, '{"email": "change.un@example.com"}') n;
SELECT confirm(link('email_change', 'change.trois@example.com'), 'correct horse battery');
SELECT attempt(:'n1', $$fastauth.request_email_change('change.quatre@example.com')$$);
SELECT attempt(:'n1', $$fastauth.change_password('correct horse battery', 'staple battery horse')$$);
SELECT confirm(link('email_change', 'change.quatre@example.com'), 'staple battery horse');
-- who throws a thief out is not robbed by what the thief has asked for
SELECT id AS un FROM fastauth.get_user_by_email('change.un@example.com') \gset
SELECT throw, attempt(thief.access_token, format('fastauth.request_email_change(%L)', 'change.' || throw || '@example.com')) AS asks, attempt(:'n1', format(call, thief.sid)) AS thrown,
	confirm(link('email_change', 'change.' || throw || '@example.com')) AS link
FROM (VALUES ('others', $$fastauth.signout('others')$$), ('revoked', 'fastauth.revoke_session(%L)'), ('server', format('fastauth.delete_user_sessions(%L)', :'un'))) AS v (throw, call),
	LATERAL (SELECT access_token, fastauth.verify_token(access_token)->>'sid' AS sid FROM fastauth.signin(left(throw, 0) || 'change.un@example.com', 'staple battery horse')) AS thief;
SELECT access_token AS n1 FROM fastauth.signin('change.un@example.com', 'staple battery horse') \gset
SELECT attempt(:'n1', $$fastauth.request_email_change('change.hash@example.com')$$);
SELECT fastauth.set_hashed_password(:'un', h) FROM fastauth.get_hashed_password(:'un') AS h;
SELECT confirm(link('email_change', 'change.hash@example.com')), verified('change.un@example.com');

--
-- The owner is told of what a thief of a session would do, at an address that is verified
--
\c - :superuser
DELETE FROM fastauth.outbox;
\c - regress_server
SELECT access_token AS b1 FROM fastauth.signin('change.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS b2 FROM fastauth.signin('change.bob@example.com', 'correct horse battery') \gset
SELECT attempt(:'b1', $$fastauth.signout('others')$$), mails('change.bob@example.com');
-- nothing ended, nothing told
SELECT attempt(:'b1', $$fastauth.signout('others')$$), mails('change.bob@example.com');
SELECT access_token AS b2, fastauth.verify_token(access_token)->>'sid' AS b2sid FROM fastauth.signin('change.bob@example.com', 'correct horse battery') \gset
SELECT attempt(:'b1', format('fastauth.revoke_session(%L)', :'b2sid')), mails('change.bob@example.com');
SELECT attempt(:'b1', $$fastauth.change_password('correct horse battery', 'staple battery horse')$$), mails('change.bob@example.com');
SELECT attempt(:'b1', $$fastauth.change_password('wrong', 'horse staple correct')$$), mails('change.bob@example.com');
-- the server's own changes are the application's to tell
SELECT fastauth.set_hashed_password(:'bob', NULL);
SELECT mails('change.bob@example.com');
SELECT attempt(:'b1', $$fastauth.set_first_password('staple battery horse')$$), mails('change.bob@example.com');
SELECT n.email FROM fastauth.update_user(:'bob', '{"email": "change.robert@example.com"}') n;
SELECT mails('change.bob@example.com') AS old, mails('change.robert@example.com') AS new;
-- not verified by that change: told nothing
SELECT attempt(:'b1', $$fastauth.change_password('staple battery horse', 'horse staple correct')$$), mails('change.robert@example.com');
SELECT n.email_verified FROM fastauth.update_user(:'bob', '{"email_verified": true}') n;
-- the last mail outlives the user, and it alone
SELECT attempt(:'b1', $$fastauth.delete_me('wrong')$$), mails('change.robert@example.com');
SELECT attempt(:'b1', $$fastauth.delete_me('horse staple correct')$$), mails('change.robert@example.com') AS new, mails('change.bob@example.com') AS old;
SELECT attempt(:'n1', 'fastauth.delete_me()'), mails('change.un@example.com');

\c - :superuser
SELECT fastauth.configure('rate_mail_per_day', NULL), fastauth.configure('rate_mail_per_hour', NULL), fastauth.configure('rate_mail_per_minute', NULL);
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
SET client_min_messages = warning;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.one_time_tokens;
DROP TABLE told;
DROP FUNCTION link, mails, verified, attempt, outcome, confirm, signin, alive, rows_of, on_verify;
