-- What it tests: what mails say to whom: names, locales, links and escaping, whatever a user wrote; decoys, which nobody
-- sees; what is needed to queue one; trying again; what goes with a user and what does not; hooks of a magic link.
SELECT count(fastauth.configure(r, 'off')) FROM unnest(ARRAY['rate_mail_per_minute', 'rate_mail_per_hour', 'rate_mail_per_day', 'rate_mail_mailbox', 'rate_mail_address', 'rate_mail_total']) r;
CREATE FUNCTION pg_temp.try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN SQLSTATE LIKE 'PT%' THEN word || ': ' ELSE SQLSTATE || ' ' END || SQLERRM;
END $$;
-- the newest mail of a template, without what differs each time
CREATE FUNCTION pg_temp.newest(template text, OUT "to" text, OUT subject text, OUT html text, OUT body text) LANGUAGE sql AS $$
	SELECT m."to", regexp_replace(m.subject, 'fa_ot_[A-Za-z0-9_-]+', 'TOKEN', 'g'), regexp_replace(m.body_html, 'fa_ot_[A-Za-z0-9_-]+', 'TOKEN', 'g'),
		regexp_replace(m.body_text, 'fa_ot_[A-Za-z0-9_-]+', 'TOKEN', 'g')
	FROM (SELECT id FROM fastauth.outbox_overview WHERE kind = 'mail' AND name = template ORDER BY id DESC LIMIT 1) o, fastauth.outbox_mail(o.id) m $$;
-- a mail with all that a mail can hold, to a user
SELECT fastauth.set_email_template('verification', '', '{{app_name}}: {{name}} {{email}}',
	'<a href="{{url}}">{{name}}</a> {{name|url}} {{ip_address}} {{user_agent}} {{expires_in}} {{expires_in_minutes}}', '{{name}} {{name|url}} {{url}} {{user_agent}}');
CREATE FUNCTION pg_temp.mail(name text, verified boolean, metadata jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	one uuid;
BEGIN
	DELETE FROM fastauth.users WHERE email = 'ann@example.com';
	one := (fastauth.create_user('ann@example.com', name => name, metadata => metadata)).id;
	PERFORM fastauth.authenticate(fastauth.issue_jwt(one));
	PERFORM fastauth.request_email_verification();
	IF verified THEN
		DELETE FROM fastauth.outbox;
		PERFORM fastauth.update_user(one, '{"email_verified": true}');
		PERFORM fastauth.send_magic_link('ann@example.com');
	END IF;
END $$;
SELECT fastauth.set_email_template('magic_link_login', '', subject, body_html, body_text) FROM fastauth.get_email_template('verification');

-- a name is used only for who has proved the address, and is never markup (S61)
SELECT pg_temp.mail('Ann "A" & Co''s', false);
SELECT * FROM pg_temp.newest('verification');
SELECT pg_temp.mail('Ann "A" & Co''s', true);
SELECT * FROM pg_temp.newest('magic_link_login');
SELECT pg_temp.mail('{{url}} {{x}}', true);
SELECT subject, body FROM pg_temp.newest('magic_link_login');
SELECT pg_temp.mail(NULL, true);
SELECT subject FROM pg_temp.newest('magic_link_login');
-- one that came in before it would be refused
SELECT pg_temp.mail('Ann', true);
UPDATE fastauth.users SET name = E'evil\r\nBcc: x@example.com <a href="https://evil.example">' WHERE email = 'ann@example.com';
SELECT length(fastauth.send_magic_link('ann@example.com')) > 0 AS asked;
SELECT "to", subject, html FROM pg_temp.newest('magic_link_login');

-- nothing of a user agent but what we know
BEGIN;
SELECT fastauth.set_client('203.0.113.7', 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0 visit https://evil.example');
SELECT pg_temp.mail('Ann', false);
SELECT html, body FROM pg_temp.newest('verification');
ROLLBACK;
BEGIN;
SELECT fastauth.set_client('2001:db8::7', 'https://evil.example <b>');
SELECT pg_temp.mail('Ann', false);
SELECT html, body FROM pg_temp.newest('verification');
ROLLBACK;

-- where links lead, and what the application is called
BEGIN;
SELECT fastauth.configure('base_url', 'https://app.example.com/base/'), fastauth.configure('path_verification', '/v');
SELECT pg_temp.mail('Ann', false);
SELECT subject, html FROM pg_temp.newest('verification');
SELECT fastauth.configure('email_app_name', 'Ann & Bob''s'), fastauth.configure('verification_ttl', '3 d');
SELECT pg_temp.mail('Ann', false);
SELECT subject, html FROM pg_temp.newest('verification');
ROLLBACK;

-- the locale is what the user wrote into the metadata, if it is one
SELECT fastauth.set_email_template('verification', 'de', 'Deutsch', '{{url}}', '{{url}}'), fastauth.set_email_template('verification', 'de-AT', 'Servus', '{{url}}', '{{url}}'),
	fastauth.set_email_template('verification', '', 'for all', '{{url}}', '{{url}}');
CREATE FUNCTION pg_temp.subject(metadata jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.mail('Ann', false, metadata); SELECT subject FROM pg_temp.newest('verification') $$;
SELECT m AS metadata, pg_temp.subject(m) FROM unnest(ARRAY['{"locale": "de"}', '{"locale": "de-AT"}', '{"locale": "DE_at"}', '{"locale": "de-CH-1996"}', '{"locale": "fr"}', '{"locale": ""}', '{"locale": null}',
	'{"locale": 1}', '{"locale": true}', '{"locale": ["de"]}', '{"locale": {"de": "de"}}', '{"locale": "de''; DROP TABLE x"}', '{"locale": "../de"}', '{"locale": "%"}', '{"locale": "d_"}', '{"locale": "de\u000a"}',
	'{"locale": "deutsch ü"}', '{"Locale": "de"}', '{"x": {"locale": "de"}}', '{}']::jsonb[]) WITH ORDINALITY u (m, n) ORDER BY n;
SELECT pg_temp.subject(jsonb_build_object('locale', repeat('d', 1000)));
SELECT fastauth.set_email_template('verification', l, NULL, NULL, NULL) FROM unnest(ARRAY['', 'de', 'de-AT']) l;
SELECT fastauth.set_email_template('magic_link_login', '', NULL, NULL, NULL);

-- an address of nobody: a row that nobody sees, and that is never tried (not committed, as the dispatcher removes it)
DELETE FROM fastauth.outbox;
BEGIN;
SELECT fastauth.request_password_reset('nobody@example.com');
SELECT kind, name, decoy, user_id, payload IS NOT NULL AS payload, expires_at > now() AS expires FROM fastauth.outbox;
SELECT count(*) FROM fastauth.outbox_overview;
SELECT fastauth.outbox_mail(id) IS NULL AS hidden, fastauth.retry_outbox(id) AS retried FROM fastauth.outbox;
ROLLBACK;
-- as long as that of somebody, but for their address
SELECT (fastauth.create_user('somebod@example.com', email_verified => true)).email;
BEGIN;
SELECT fastauth.request_password_reset('nobodyx@example.com'), fastauth.request_password_reset('somebod@example.com');
SELECT count(DISTINCT length(payload)) AS lengths, count(*), count(*) FILTER (WHERE decoy) AS decoys FROM fastauth.outbox;
ROLLBACK;

-- what mails need is asked for before anything is done, and the same for everybody
SELECT fastauth.configure('email_transport', 'smtp'), fastauth.configure('smtp_url', 'smtp://localhost:1'), fastauth.configure('email_from', 'a@example.com');
SELECT pg_temp.try($$SELECT fastauth.request_password_reset('nobodyx@example.com')$$), pg_temp.try($$SELECT fastauth.request_password_reset('somebod@example.com')$$),
	pg_temp.try($$SELECT fastauth.send_otp('somebod@example.com')$$);
SELECT fastauth.configure('email_transport', NULL), fastauth.configure('smtp_url', NULL), fastauth.configure('email_from', NULL);

-- trying again: what waits or failed, but nothing that was sent, is being tried, or is too late
CREATE FUNCTION pg_temp.retry(change text) RETURNS TABLE (done boolean, status text, attempts int, due boolean, finished boolean) LANGUAGE plpgsql AS $$
DECLARE
	one uuid := fastauth.send_email('ann@example.com', 's', 'h');
BEGIN
	EXECUTE 'UPDATE fastauth.outbox SET attempts = 10, due_at = now() + interval ''1 hour'', ' || change || ' WHERE id = $1' USING one;
	done := fastauth.retry_outbox(one);
	RETURN QUERY SELECT done, o.status, o.attempts, o.due_at <= clock_timestamp(), o.finished_at IS NOT NULL FROM fastauth.outbox o WHERE o.id = one;
END $$;
SELECT c AS change, r.* FROM unnest(ARRAY['status = ''failed'', finished_at = now(), last_error = ''no''', 'last_error = ''no''', 'status = ''sent'', payload = NULL, finished_at = now()', 'leased_until = now() + interval ''1 minute''',
	'expires_at = now()', 'expires_at = now() + interval ''1 hour''', 'decoy = true']) WITH ORDINALITY u (c, n), pg_temp.retry(c) r ORDER BY n;
SELECT fastauth.retry_outbox(gen_random_uuid());
SELECT pg_temp.try('SELECT fastauth.retry_outbox(NULL)');
BEGIN READ ONLY;
SELECT pg_temp.try('SELECT fastauth.retry_outbox(gen_random_uuid())');
ROLLBACK;

-- what belongs to a user goes with them; that they are gone is told
DELETE FROM fastauth.outbox;
SELECT pg_temp.mail('Ann', true);
SELECT count(*) FROM fastauth.outbox_overview;
SELECT fastauth.delete_user(id, soft => false) FROM fastauth.users WHERE email = 'ann@example.com';
SELECT count(*) FROM fastauth.outbox_overview;
SELECT (fastauth.signup('zoe@example.com', 'correct horse battery staple 4711')).access_token AS token \gset
UPDATE fastauth.users SET email_verified = true WHERE email = 'zoe@example.com';
BEGIN;
SELECT fastauth.authenticate(:'token') IS NOT NULL AS authenticated;
SELECT fastauth.delete_me('correct horse battery staple 4711');
COMMIT;
SELECT name, user_id IS NULL AS of_nobody, (fastauth.outbox_mail(id))."to" FROM fastauth.outbox_overview WHERE name IN ('account_deleted', 'verification');

-- a magic link that nobody delivers counts as sent when it is queued: its event, its hooks, and their errors
DELETE FROM fastauth.outbox;
CREATE TABLE public.told (email text);
CREATE FUNCTION public.on_sent(u jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.told VALUES (u ->> 'email'); END$$;
SELECT fastauth.add_hook('on_magic_link_sent', 'public.on_sent(jsonb)');
SELECT (fastauth.create_user('ann@example.com')).email;
DELETE FROM fastauth.events;
BEGIN;
SELECT length(fastauth.send_magic_link('ann@example.com')) = length(fastauth.send_magic_link('nobody@example.com')) AS same;
SELECT * FROM public.told;
SELECT e.event, u.email FROM fastauth.events e LEFT JOIN fastauth.users u ON u.id = e.user_id;
SELECT name, decoy FROM fastauth.outbox ORDER BY decoy;
ROLLBACK;
CREATE OR REPLACE FUNCTION public.on_sent(u jsonb) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
SELECT pg_temp.try($$SELECT fastauth.send_magic_link('ann@example.com')$$);
SELECT count(*) FROM fastauth.outbox;
SELECT fastauth.remove_hook('on_magic_link_sent', 'public.on_sent(jsonb)');
DROP FUNCTION public.on_sent(jsonb);
DROP TABLE public.told;

DELETE FROM fastauth.outbox;
DELETE FROM fastauth.users;
DELETE FROM fastauth.one_time_tokens;
SELECT count(fastauth.configure(name, NULL)) FROM fastauth.settings WHERE name ~ '^rate_mail';
DELETE FROM fastauth.events;
