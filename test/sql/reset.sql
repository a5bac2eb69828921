-- A new password by a link in a mail: what is refused, what it ends, and that it tells nothing about who has an account.
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
CREATE FUNCTION reset(token text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT outcome(format('fastauth.reset_password(%L, %L)', token, password))$$;
CREATE FUNCTION ask(address text) RETURNS text LANGUAGE sql AS
	$$SELECT outcome(format('fastauth.request_password_reset(%L)', address))$$;
CREATE FUNCTION signin(address text, password text) RETURNS text LANGUAGE sql AS
	$$SELECT outcome(format('fastauth.signin(%L, %L)', address, password))$$;
CREATE FUNCTION alive(token text) RETURNS text LANGUAGE sql AS
	$$SELECT CASE outcome(format('fastauth.verify_token(%L)', token)) WHEN 'accepted' THEN 'lives' ELSE 'ended' END$$;
-- How many rows a request makes, and whether somebody will get a mail
CREATE FUNCTION rows_of(address text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	tokens bigint = (SELECT count(*) FROM fastauth.one_time_tokens);
	queued bigint = (SELECT count(*) FROM fastauth.outbox);
	real bigint = (SELECT count(*) FROM fastauth.outbox WHERE NOT decoy);
BEGIN
	PERFORM fastauth.request_password_reset(address);
	RETURN format('tokens %s, outbox %s, mails %s', (SELECT count(*) FROM fastauth.one_time_tokens) - tokens,
		(SELECT count(*) FROM fastauth.outbox) - queued, (SELECT count(*) FROM fastauth.outbox WHERE NOT decoy) - real);
END $$;
\c - regress_server
SELECT id AS alice FROM fastauth.create_user('reset.alice@example.com', 'correct horse battery', name => 'Alice', email_verified => true) \gset
SELECT id AS bob FROM fastauth.create_user('reset.bob@example.com', email_verified => true) \gset
SELECT id AS carol FROM fastauth.create_user('reset.carol@example.com', 'correct horse battery', email_verified => true) \gset
SELECT id AS gone FROM fastauth.create_user('reset.gone@example.com', 'correct horse battery', email_verified => true) \gset
SELECT fastauth.delete_user(:'gone');

--
-- The request: the same for whoever it is for
--
\c - regress_anon
SELECT left(address, 20) AS address, ask(address) FROM unnest(ARRAY[NULL, '', 'no address', 'a@b', repeat('a', 65) || '@example.com', repeat('a', 245) || '@example.com']) AS address;
BEGIN READ ONLY;
SELECT fastauth.request_password_reset(NULL);
ROLLBACK;
SELECT rows_of('Reset.Alice@Example.COM') AS known, rows_of('reset.nobody@example.com') AS unknown, rows_of('reset.gone@example.com') AS deleted, rows_of('reset.bob@example.com') AS without_password;
\c - regress_server
SELECT n.is_active FROM fastauth.update_user(:'carol', '{"is_active": false}') n;
SELECT rows_of('reset.carol@example.com') AS deactivated;
SELECT n.is_active FROM fastauth.update_user(:'carol', '{"is_active": true}') n;
-- the mail goes to the stored address, and to nobody it was not asked for
SELECT address, mails('reset.' || address || '@example.com') FROM unnest(ARRAY['alice', 'nobody', 'gone', 'bob', 'carol']) AS address;
-- over the limit there are no rows, whoever it is for
\c - :superuser
SELECT fastauth.configure('rate_mail_per_day', '2/1d');
SELECT address, rows_of('reset.limit.' || address || '@example.com') FROM unnest(ARRAY['x', 'x', 'x', 'y', 'y', 'y']) AS address;
SELECT n, rows_of('reset.carol@example.com') FROM generate_series(1, 3) AS n;
SELECT fastauth.configure('rate_mail_per_day', 'off');
SELECT fastauth.configure('email_transport', 'smtp');
SELECT ask('reset.alice@example.com') AS known, ask('reset.nobody@example.com') AS unknown;
SELECT fastauth.configure('email_transport', NULL);

--
-- The link
--
\c - regress_anon
SELECT link('password_reset', 'reset.alice@example.com') AS token \gset
SELECT case_, reset(token, 'staple battery horse') FROM (VALUES
	('NULL', NULL), ('empty', ''), ('never made', 'fa_ot_' || repeat('A', 43)), ('cut', left(:'token', -1)), ('more', :'token' || 'A'),
	('a blank', :'token' || ' '), ('without prefix', substr(:'token', 7)), ('another prefix', 'fa_st_' || substr(:'token', 7)), ('17 KiB', repeat('a', 17000))) AS v (case_, token);
SELECT reset(:'token', NULL) AS null_password, reset(NULL, NULL) AS both;
-- a link of another type
SELECT access_token AS d1 FROM fastauth.signup('reset.dave@example.com', 'correct horse battery') \gset
SELECT reset(link('verification', 'reset.dave@example.com'), 'staple battery horse');
BEGIN READ ONLY;
SELECT fastauth.reset_password(NULL, NULL);
ROLLBACK;
-- A password that is refused spends nothing: short, of a dictionary, the address itself, the name
SELECT password, reset(:'token', password) FROM unnest(ARRAY['', 'short', 'password1', 'reset.alice@example.com']) AS password;
SELECT reset(:'token', repeat('x', 2000)) AS too_long, reset(:'token', repeat('x', 70000)) AS no_password;
-- and without a good token nobody learns whether a password is weak
SELECT reset('fa_ot_' || repeat('A', 43), 'short');
-- time over
\c - :superuser
UPDATE fastauth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = :'alice';
SELECT reset(:'token', 'staple battery horse'), reset(:'token', 'short');
UPDATE fastauth.one_time_tokens SET expires_at = now() + interval '10 minutes' WHERE user_id = :'alice';

-- Locked out, with sessions, links of every kind
\c - regress_server
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('reset.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2 FROM fastauth.signin('reset.alice@example.com', 'correct horse battery') \gset
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT fastauth.request_email_change('reset.thief@example.com', 'correct horse battery');
COMMIT;
SELECT link('email_change', 'reset.thief@example.com') AS thiefs \gset
SELECT ask('reset.alice@example.com');
SELECT link('password_reset', 'reset.alice@example.com') AS second \gset
SELECT signin('reset.alice@example.com', 'wrong') FROM generate_series(1, 6);
SELECT signin('reset.alice@example.com', 'correct horse battery') AS locked;
\c - :superuser
CREATE TABLE told (n serial, hook text, email text, verified bool);
GRANT ALL ON told, told_n_seq TO PUBLIC;
CREATE FUNCTION on_reset("user" jsonb) RETURNS void LANGUAGE sql AS
	$$INSERT INTO public.told (hook, email, verified) VALUES ('on_password_reset', "user"->>'email', ("user"->>'email_verified')::bool)$$;
CREATE FUNCTION on_verify("user" jsonb) RETURNS void LANGUAGE sql AS
	$$INSERT INTO public.told (hook, email, verified) VALUES ('on_email_verify', "user"->>'email', ("user"->>'email_verified')::bool)$$;
CREATE FUNCTION refuse("user" jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'U0001'; END $$;
SELECT fastauth.add_hook('on_password_reset', 'on_reset(jsonb)'), fastauth.add_hook('on_email_verify', 'on_verify(jsonb)'), fastauth.add_hook('on_password_reset', 'refuse(jsonb)');
\c - regress_anon
-- a hook that refuses takes everything back: password, sessions, the link, and the lock stays
SELECT reset(:'token', 'staple battery horse');
SELECT alive(:'a1') AS session, signin('reset.alice@example.com', 'correct horse battery') AS locked, signin('reset.alice@example.com', 'staple battery horse') AS new_one;
\c - :superuser
SELECT fastauth.remove_hook('on_password_reset', 'refuse(jsonb)');
\c - regress_anon
SELECT reset(:'token', 'staple battery horse');
SELECT signin('reset.alice@example.com', 'staple battery horse') AS new_password, signin('reset.alice@example.com', 'correct horse battery') AS old_password;
SELECT alive(:'a1') AS one, alive(:'a2') AS two, outcome(format('fastauth.refresh(%L)', :'a1r')) AS refresh;
SELECT reset(:'token', 'horse staple correct') AS again, reset(:'second', 'horse staple correct') AS second, outcome(format('fastauth.confirm_email_change(%L)', :'thiefs')) AS pending_change;
SELECT mails('reset.alice@example.com') AS alice, mails('reset.thief@example.com') AS thief;
-- who has no password gets one so; who is signed in is nobody afterwards
SELECT reset(link('password_reset', 'reset.bob@example.com'), 'staple battery horse');
SELECT access_token AS b1 FROM fastauth.signin('reset.bob@example.com', 'staple battery horse') \gset
SELECT ask('reset.bob@example.com');
BEGIN;
SELECT fastauth.authenticate(:'b1') IS NOT NULL AS ok;
SELECT fastauth.reset_password(link('password_reset', 'reset.bob@example.com'), 'horse staple correct');
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;
-- but somebody else stays who they are
SELECT access_token AS b1 FROM fastauth.signin('reset.bob@example.com', 'horse staple correct') \gset
SELECT ask('reset.dave@example.com');
BEGIN;
SELECT fastauth.authenticate(:'b1') IS NOT NULL AS ok;
SELECT fastauth.reset_password(link('password_reset', 'reset.dave@example.com'), 'horse staple correct');
SELECT fastauth.uid() = :'bob' AS bob;
COMMIT;
-- of one who was not verified: now so, in the answer of the hooks too, and told to be changed
SELECT verified('reset.dave@example.com'), alive(:'d1'), mails('reset.dave@example.com');
\c - :superuser
SELECT hook, email, verified FROM told ORDER BY n;
SELECT event, session_id IS NULL AS no_session, data, count(*) FROM fastauth.events WHERE event IN ('password_reset', 'email_verify') AND user_id IN (SELECT id FROM fastauth.users WHERE email LIKE 'reset.%') GROUP BY 1, 2, 3 ORDER BY 1;
SELECT fastauth.remove_hook('on_password_reset', 'on_reset(jsonb)'), fastauth.remove_hook('on_email_verify', 'on_verify(jsonb)');

-- What the server changes meanwhile ends the link
\c - regress_server
SELECT ask('reset.carol@example.com');
SELECT link('password_reset', 'reset.carol@example.com') AS token \gset
SELECT fastauth.set_hashed_password(:'carol', fastauth.get_hashed_password(:'alice'));
SELECT reset(:'token', 'horse staple correct') AS password_set;
SELECT ask('reset.carol@example.com');
SELECT link('password_reset', 'reset.carol@example.com') AS token \gset
SELECT n.email FROM fastauth.update_user(:'carol', '{"email": "reset.caroline@example.com"}') n;
SELECT reset(:'token', 'horse staple correct') AS address_changed;
SELECT ask('reset.caroline@example.com');
SELECT link('password_reset', 'reset.caroline@example.com') AS token \gset
SELECT n.is_active FROM fastauth.update_user(:'carol', '{"is_active": false}') n;
SELECT reset(:'token', 'horse staple correct') AS deactivated;
SELECT n.is_active FROM fastauth.update_user(:'carol', '{"is_active": true}') n;
SELECT reset(:'token', 'horse staple correct') AS back_again;
SELECT ask('reset.caroline@example.com');
SELECT link('password_reset', 'reset.caroline@example.com') AS token \gset
-- another change leaves it
SELECT n.name FROM fastauth.update_user(:'carol', '{"name": "Carol"}') n;
\c - :superuser
UPDATE fastauth.users SET is_active = false WHERE id = :'carol';
SELECT reset(:'token', 'horse staple correct') AS inactive_by_hand, reset(:'token', 'short') AS weak;
UPDATE fastauth.users SET is_active = true WHERE id = :'carol';
\c - regress_server
SELECT fastauth.delete_user(:'carol');
SELECT reset(:'token', 'horse staple correct') AS softly_deleted;
SELECT ask('reset.bob@example.com');
SELECT link('password_reset', 'reset.bob@example.com') AS token \gset
SELECT fastauth.delete_user(:'bob', soft => false);
SELECT reset(:'token', 'horse staple correct') AS deleted;

-- What the user changes: another password ends it
SELECT ask('reset.alice@example.com');
SELECT link('password_reset', 'reset.alice@example.com') AS token \gset
SELECT access_token AS a1 FROM fastauth.signin('reset.alice@example.com', 'staple battery horse') \gset
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT fastauth.change_password('staple battery horse', 'horse staple correct');
COMMIT;
SELECT reset(:'token', 'correct horse battery');

-- In a transaction with an old snapshot what others did counts: a link that was used, a user who was deactivated
\c - :superuser
SELECT ask('reset.alice@example.com');
SELECT link('password_reset', 'reset.alice@example.com') AS token \gset
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT reset(:'token', 'short'), reset(:'token', 'staple battery horse'), reset(:'token', 'correct horse battery'), signin('reset.alice@example.com', 'staple battery horse');
COMMIT;

SELECT count(*) FROM fastauth.one_time_tokens t WHERE t::text LIKE '%fa\_ot\_%';
SELECT fastauth.configure('rate_mail_per_day', NULL), fastauth.configure('rate_mail_per_hour', NULL), fastauth.configure('rate_mail_per_minute', NULL);
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
SET client_min_messages = warning;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.one_time_tokens;
DROP TABLE told;
DROP FUNCTION link, mails, verified, attempt, outcome, reset, ask, signin, alive, rows_of, on_reset, on_verify, refuse;
