-- Pre-hijacking: a stranger signs up with the address of somebody else, or has an account moved to it, and waits.  When the owner
-- of the mailbox comes, by whatever way, nothing of the stranger's works any more; who only proves who they are keeps everything.
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
-- What the stranger sets up with an address of the victim
CREATE TABLE planted (address text, access text, refresh text, change text, invitation text);
CREATE FUNCTION plant(victim text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	pair fastauth.token_pair = fastauth.signup(victim, 'stranger danger 17');
	"user" uuid = (fastauth.verify_token(pair.access_token)->>'sub')::uuid;
BEGIN
	PERFORM fastauth.authenticate(pair.access_token);
	PERFORM fastauth.request_email_change('thief.' || victim, 'stranger danger 17');
	INSERT INTO planted VALUES (victim, pair.access_token, pair.refresh_token, link('email_change', 'thief.' || victim),
		fastauth.create_token("user", 'invitation', '1 day'));
	RETURN 'planted';
END $$;
-- What of it works
CREATE FUNCTION works(victim text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(what, ', ' ORDER BY n), 'nothing') FROM planted p, LATERAL (VALUES
		(1, 'session', outcome(format('fastauth.verify_token(%L)', p.access))),
		(2, 'identity', attempt(p.access, 'fastauth.me()')),
		(3, 'refresh', outcome(format('fastauth.refresh(%L)', p.refresh))),
		(4, 'invitation', CASE WHEN (SELECT t.user_id FROM fastauth.consume_token(p.invitation, 'invitation') t) IS NOT NULL THEN 'accepted' END),
		(5, 'password', outcome(format('fastauth.signin(%L, %L)', p.address, 'stranger danger 17'))),
		(6, 'change of address', outcome(format('fastauth.confirm_email_change(%L, %L)', p.change, 'stranger danger 17'))))
		AS v (n, what, answer) WHERE answer = 'accepted' AND p.address = victim $$;
SELECT plant('hijack.' || way || '@example.com') FROM unnest(ARRAY['untouched', 'link', 'wrong', 'other', 'reset', 'magic', 'code', 'late']) AS way;
-- As long as nobody comes, all of it does
BEGIN;
SELECT works('hijack.untouched@example.com');
ROLLBACK;

-- The owner clicks on the link of the mail that the stranger's sign-up sent, signed in nowhere
SELECT outcome(format('fastauth.verify_email(%L)', link('verification', 'hijack.link@example.com')));
SELECT works('hijack.link@example.com'), verified('hijack.link@example.com');

-- The page asks for a password; the owner types one of theirs, is refused, and goes on without
SELECT outcome(format('fastauth.verify_email(%L, %L)', link('verification', 'hijack.wrong@example.com'), 'my own password 42'));
BEGIN;
SELECT works('hijack.wrong@example.com');
ROLLBACK;
SELECT outcome(format('fastauth.verify_email(%L)', link('verification', 'hijack.wrong@example.com')));
SELECT works('hijack.wrong@example.com'), verified('hijack.wrong@example.com');

-- Signed in with another account of theirs, which says nothing about this one
SELECT access_token AS other FROM fastauth.signup('hijack.owner@example.com', 'my own password 42') \gset
SELECT attempt(:'other', format('fastauth.verify_email(%L)', link('verification', 'hijack.other@example.com')));
SELECT works('hijack.other@example.com'), verified('hijack.other@example.com');

-- The owner finds that there is an account, and resets the password
SELECT fastauth.request_password_reset('hijack.reset@example.com');
SELECT outcome(format('fastauth.reset_password(%L, %L)', link('password_reset', 'hijack.reset@example.com'), 'my own password 42'));
SELECT works('hijack.reset@example.com'), verified('hijack.reset@example.com'), outcome($$fastauth.signin('hijack.reset@example.com', 'my own password 42')$$) AS owner;

-- The owner signs in by a link, and by a code
SELECT fastauth.send_magic_link('hijack.magic@example.com') AS challenge \gset
SELECT outcome(format('fastauth.signin_with_magic_link(%L, %L)', link('magic_link_login', 'hijack.magic@example.com'), :'challenge'));
SELECT works('hijack.magic@example.com'), verified('hijack.magic@example.com');
SELECT fastauth.send_otp('hijack.code@example.com') AS challenge \gset
SELECT substring(m::text FROM '[^0-9]([0-9]{8})[^0-9]') AS code FROM fastauth.outbox o, fastauth.outbox_mail(o.id) m
	WHERE o.name = 'otp' AND position('hijack.code@example.com' IN m::text) > 0 ORDER BY o.id DESC LIMIT 1 \gset
SELECT outcome(format('fastauth.signin_with_otp(%L, %L, %L)', 'hijack.code@example.com', :'code', :'challenge'));
SELECT works('hijack.code@example.com'), verified('hijack.code@example.com');

-- The stranger has an own account, verified, and has it moved to the victim's address; the owner clicks on the link
SELECT access_token AS thief FROM fastauth.signup('hijack.thief@example.com', 'stranger danger 17') \gset
SELECT outcome(format('fastauth.verify_email(%L, %L)', link('verification', 'hijack.thief@example.com'), 'stranger danger 17'));
SELECT attempt(:'thief', $$fastauth.request_email_change('hijack.moved@example.com', 'stranger danger 17')$$);
SELECT outcome(format('fastauth.confirm_email_change(%L)', link('email_change', 'hijack.moved@example.com')));
SELECT outcome(format('fastauth.verify_token(%L)', :'thief')) AS session, outcome($$fastauth.signin('hijack.moved@example.com', 'stranger danger 17')$$) AS password,
	verified('hijack.moved@example.com'), verified('hijack.thief@example.com') AS thief;

-- What the stranger asks for afterwards is refused, and a mail that comes late to the stranger opens nothing
SELECT outcome(format('fastauth.verify_email(%L)', link('verification', 'hijack.late@example.com')));
SELECT expression, attempt(access, expression) FROM planted, unnest(ARRAY[
	'fastauth.request_email_verification()', $$fastauth.request_email_change('thief2.hijack.late@example.com')$$,
	$$fastauth.set_first_password('stranger danger 18')$$, $$fastauth.change_password('stranger danger 17', 'stranger danger 18')$$,
	$$fastauth.reauthenticate('stranger danger 17')$$, 'fastauth.delete_me()', $$fastauth.delete_me('stranger danger 17')$$]) AS expression
	WHERE address = 'hijack.late@example.com';
SELECT works('hijack.late@example.com');

-- Who is the same person keeps everything: by the password, and by the session
SELECT plant('hijack.' || way || '@example.com') FROM unnest(ARRAY['mine', 'mine2']) AS way;
SELECT outcome(format('fastauth.verify_email(%L, %L)', link('verification', 'hijack.mine@example.com'), 'stranger danger 17'));
BEGIN;
SELECT verified('hijack.mine@example.com'), works('hijack.mine@example.com');
ROLLBACK;
SELECT attempt(access, format('fastauth.verify_email(%L)', link('verification', address))) FROM planted WHERE address = 'hijack.mine2@example.com';
BEGIN;
SELECT verified('hijack.mine2@example.com'), works('hijack.mine2@example.com');
ROLLBACK;
-- and an address that was verified before is not proved again: a later proof takes nothing away but what a reset does
SELECT fastauth.send_magic_link('hijack.mine@example.com') AS challenge \gset
SELECT outcome(format('fastauth.signin_with_magic_link(%L, %L)', link('magic_link_login', 'hijack.mine@example.com'), :'challenge'));
BEGIN;
SELECT works('hijack.mine@example.com');
ROLLBACK;

-- With require_verified_email the stranger cannot even sign in; the owner's own sign-up leads to the account, and to it alone
SELECT fastauth.configure('require_verified_email', 'on');
SELECT * FROM fastauth.signup('hijack.required@example.com', 'stranger danger 17');
SELECT * FROM fastauth.signup('hijack.required@example.com', 'my own password 42');
SELECT outcome(format('fastauth.verify_email(%L)', link('verification', 'hijack.required@example.com')));
SELECT outcome($$fastauth.signin('hijack.required@example.com', 'stranger danger 17')$$) AS stranger, verified('hijack.required@example.com');
SELECT fastauth.configure('require_verified_email', NULL);

SELECT fastauth.configure('rate_mail_per_day', NULL), fastauth.configure('rate_mail_per_hour', NULL), fastauth.configure('rate_mail_per_minute', NULL);
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
SET client_min_messages = warning;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.one_time_tokens;
DROP TABLE planted;
DROP FUNCTION link, mails, verified, attempt, outcome, plant, works;
