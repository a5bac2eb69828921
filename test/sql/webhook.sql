-- Webhooks: who may register which, what is refused, which events are queued for whom, and that a secret is shown once and never again.
-- The addresses are of this machine, which is not in fastauth.allow_private_networks: nothing is ever sent.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;

--
-- Who may
--
SET ROLE regress_server;
SELECT fastauth.add_webhook('https://127.0.0.1:9/server');
SELECT fastauth.remove_webhook('00000000-0000-7000-8000-000000000000');
SELECT * FROM fastauth.webhooks_overview;
SELECT * FROM fastauth.webhooks;
SELECT * FROM fastauth.outbox;
RESET ROLE;
SET ROLE regress_admin;
SELECT * FROM fastauth.webhooks;
SELECT secret FROM fastauth.webhooks;
BEGIN READ ONLY;
SELECT fastauth.add_webhook('no url');
ROLLBACK;
BEGIN READ ONLY;
SELECT fastauth.remove_webhook(NULL);
ROLLBACK;

--
-- What is refused
--
CREATE FUNCTION pg_temp.try(url text, events text[] DEFAULT NULL, secret text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer record;
	word text;
BEGIN
	answer := fastauth.add_webhook(url, events, secret);
	PERFORM fastauth.remove_webhook(answer.id);
	RETURN 'added' || CASE WHEN answer.new_secret IS NOT NULL THEN ' with a new secret' ELSE '' END;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || word || ': ' || SQLERRM;
END $$;
\pset format unaligned
SELECT translate(left(u, 60), E'\r\n', '^$') AS url, pg_temp.try(u) FROM unnest(ARRAY[
	'https://hooks.example.invalid', 'https://hooks.example.invalid/path?key=value', 'HTTPS://Hooks.Example.Invalid:8443/', 'https://127.0.0.1:9/x', 'https://[::1]/x', 'https://10.0.0.1/',
	'http://localhost:9/x', 'http://127.0.0.1:9/x', 'http://[::1]:9/x', 'http://127.1.2.3/',
	NULL, '', ' ', 'hooks', '/hooks', '//hooks.example.invalid', 'http://hooks.example.invalid/', 'http://localhost.example.invalid/', 'http://10.0.0.1/', 'http://127.0.0.1.example.invalid/',
	'ftp://hooks.example.invalid/', 'file:///etc/passwd', 'gopher://127.0.0.1:9/x', 'javascript:alert(1)', 'smtp://hooks.example.invalid',
	'https://', 'https:///x', 'https://user@hooks.example.invalid/', 'https://user:pass@hooks.example.invalid/', 'https://hooks.example.invalid#fragment', 'https://hooks.example.invalid/#fragment',
	'https://hooks.example.invalid/a b', E'https://hooks.example.invalid/\n', E'https://hooks.example.invalid/\r\nHost: other', 'https://hooks.example.invalid\x', 'https://hooks.example.invalid:0/', 'https://hooks.example.invalid:65536/', 'https://hooks.example.invalid:/',
	'https://hööks.example.invalid/', 'https://.example.invalid/', 'https://a..b/', 'https://[127.0.0.1]/', 'https://[::1/', 'https://[fe80::1%25eth0]/']) WITH ORDINALITY AS t (u, n) ORDER BY n;
SELECT pg_temp.try('https://h.example.invalid/' || repeat('x', 2048 - 26)) AS longest, pg_temp.try('https://h.example.invalid/' || repeat('x', 2049 - 26)) AS too_long, pg_temp.try(repeat('x', 100000)) AS much_too_long;
SELECT e AS events, pg_temp.try('https://127.0.0.1:9/', e::text[]) FROM unnest(ARRAY[
	'{signup}', '{signup,signin,user_deleted}', '{signup,signup}', '{}', '{Signup}', '{signup,nothing}', '{*}', '{on_signup}', '{""}', '{NULL}', '{signup,NULL}', '{{signup},{signin}}', '{" signup"}']) WITH ORDINALITY AS t (e, n) ORDER BY n;
SELECT pg_temp.try('https://127.0.0.1:9/', array_fill('signup'::text, ARRAY[1000])) AS many, pg_temp.try('https://127.0.0.1:9/', ARRAY[repeat('x', 100)]) AS long;
SELECT left(s, 40) AS secret, pg_temp.try('https://127.0.0.1:9/', NULL, s) FROM unnest(ARRAY[
	'whsec_' || encode(decode(repeat('ab', 24), 'hex'), 'base64'), 'whsec_' || encode(decode(repeat('ab', 32), 'hex'), 'base64'), 'whsec_' || replace(encode(decode(repeat('ab', 64), 'hex'), 'base64'), E'\n', ''),
	'', 'whsec_', 'secret', repeat('x', 32), encode(decode(repeat('ab', 32), 'hex'), 'base64'), 'WHSEC_' || encode(decode(repeat('ab', 32), 'hex'), 'base64'),
	'whsec_' || encode(decode(repeat('ab', 23), 'hex'), 'base64'), 'whsec_' || replace(encode(decode(repeat('ab', 65), 'hex'), 'base64'), E'\n', ''),
	'whsec_' || rtrim(encode(decode(repeat('ab', 32), 'hex'), 'base64'), '='), 'whsec_' || encode(decode(repeat('ab', 32), 'hex'), 'base64') || E'\n', 'whsec_' || translate(encode(decode(repeat('fb', 33), 'hex'), 'base64'), '+/', '-_'),
	'whsec_' || repeat('A', 42) || 'B=', ' whsec_' || encode(decode(repeat('ab', 32), 'hex'), 'base64'), 'whsec_' || repeat('A', 1000)]) WITH ORDINALITY AS t (s, n) ORDER BY n;
\pset format aligned
SELECT fastauth.add_webhook(NULL);
SELECT fastauth.remove_webhook(NULL);
SELECT fastauth.remove_webhook('00000000-0000-7000-8000-000000000000');
SELECT count(*) FROM fastauth.webhooks_overview;

--
-- A secret is shown once; a given one never
--
SELECT id AS all_id, new_secret FROM fastauth.add_webhook('https://127.0.0.1:9/all?key=regress-url-secret') \gset
SELECT :'new_secret' ~ '^whsec_[A-Za-z0-9+/]{43}=$' AS good_form, octet_length(decode(substr(:'new_secret', 7), 'base64')) AS bytes;
\set given whsec_cmVncmVzcy1zZWNyZXQtb2YtYS13ZWJob29rLTMyYg==
SELECT id AS some_id, new_secret IS NULL AS not_shown FROM fastauth.add_webhook(url => 'https://[::1]:9/some', events => '{signin,user_deleted}', secret => :'given') \gset
SELECT url, events, pending, failed FROM fastauth.webhooks_overview ORDER BY created_at;
SELECT id = :'all_id' AS the_same FROM fastauth.webhooks_overview ORDER BY created_at;
RESET ROLE;
SELECT count(*) AS rows, bool_and(octet_length(secret) > 80) AS sealed,
	bool_or(position(convert_to(:'given', 'UTF8') IN secret) > 0 OR position(decode(substr(:'given', 7), 'base64') IN secret) > 0 OR position(convert_to(:'new_secret', 'UTF8') IN secret) > 0) AS clear
FROM fastauth.webhooks;
SELECT event, data - 'webhook' AS data, data ->> 'webhook' IN (:'all_id', :'some_id') AS named FROM fastauth.events WHERE data ? 'webhook' AND created_at > now() - interval '1 min' AND data ->> 'webhook' IN (:'all_id', :'some_id') ORDER BY xid, id;
SELECT bool_or(data::text ~ 'regress-url-secret|whsec') AS leaks FROM fastauth.events WHERE event = 'setting_changed';

--
-- What is queued for whom.  A webhook hears of itself, as of the others.
--
CREATE VIEW pg_temp.queued AS
	SELECT o.name, CASE WHEN w.url ~ 'some' THEN 'some' ELSE 'all' END AS of, u.email FROM fastauth.outbox o JOIN fastauth.webhooks w ON w.id = o.webhook_id
	LEFT JOIN fastauth.users u ON u.id = o.user_id ORDER BY o.id;
SELECT * FROM pg_temp.queued;
DELETE FROM fastauth.outbox;
SELECT FROM fastauth.signup('ada@example.com', 'zebra Quilt 7 harbour');
SELECT FROM fastauth.signin('ada@example.com', 'zebra Quilt 7 harbour');
SELECT * FROM pg_temp.queued;
-- all values are sealed
SELECT bool_or(position('signup'::bytea IN payload) > 0 OR position('ada@example'::bytea IN payload) > 0) AS clear FROM fastauth.outbox;
-- what is rolled back is told to nobody
DELETE FROM fastauth.outbox;
BEGIN;
SELECT FROM fastauth.signin('ada@example.com', 'zebra Quilt 7 harbour');
SELECT count(*) FROM pg_temp.queued;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT FROM fastauth.signin('ada@example.com', 'zebra Quilt 7 harbour');
ROLLBACK TO s;
SELECT FROM fastauth.create_role('webhook_test', '{}');
COMMIT;
SELECT count(*) FROM pg_temp.queued;
-- nor is a webhook that was added in what is rolled back
BEGIN;
SELECT FROM fastauth.add_webhook('https://127.0.0.1:9/never');
SELECT FROM fastauth.signin('ada@example.com', 'zebra Quilt 7 harbour');
SELECT count(*), count(*) FILTER (WHERE url ~ 'never') AS never FROM fastauth.outbox o JOIN fastauth.webhooks w ON w.id = o.webhook_id;
ROLLBACK;
SELECT FROM fastauth.signin('ada@example.com', 'zebra Quilt 7 harbour');
SELECT * FROM pg_temp.queued;
-- a refusal: the worker queues it, in the transaction of its event
DELETE FROM fastauth.outbox;
SELECT FROM fastauth.signin('ada@example.com', 'wrong');
CREATE FUNCTION pg_temp.wait_for(sql text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	good boolean := false;
BEGIN
	FOR i IN 1 .. 1000 LOOP
		EXECUTE sql INTO good;
		EXIT WHEN good;
		PERFORM pg_sleep(0.02);
	END LOOP;
	RETURN good;
END $$;
SELECT pg_temp.wait_for($$SELECT count(*) > 0 FROM fastauth.outbox WHERE name = 'signin_failed'$$);
SELECT * FROM pg_temp.queued;
-- a user who is deleted for good leaves nothing but that somebody was
SELECT fastauth.delete_user(id, false) FROM fastauth.get_user_by_email('ada@example.com');
SELECT * FROM pg_temp.queued;
SELECT count(*) FILTER (WHERE user_id IS NOT NULL) AS of_somebody FROM fastauth.outbox WHERE kind = 'webhook';

--
-- The end of one: what waits for it goes, and an event tells
--
SET ROLE regress_admin;
SELECT fastauth.remove_webhook(:'all_id');
SELECT fastauth.remove_webhook(:'all_id');
RESET ROLE;
SELECT * FROM pg_temp.queued;
SELECT data - 'webhook' AS data FROM fastauth.events WHERE event = 'setting_changed' AND data ->> 'webhook' = :'all_id' ORDER BY xid, id;
SELECT FROM fastauth.create_role('webhook_test_2', '{}');
SELECT FROM fastauth.create_user('bob@example.com');
SELECT fastauth.grant_role(id, 'webhook_test_2') FROM fastauth.get_user_by_email('bob@example.com');
SELECT * FROM pg_temp.queued;
-- a row that changes by another way than our functions is seen too
UPDATE fastauth.webhooks SET events = '{role_revoked}';
SELECT fastauth.revoke_role(id, 'webhook_test_2') FROM fastauth.get_user_by_email('bob@example.com');
SELECT * FROM pg_temp.queued;

--
-- At most 100
--
SELECT count(*) FROM generate_series(2, 100) n, fastauth.add_webhook('https://127.0.0.1:9/' || n, '{oauth_link}');
SELECT fastauth.add_webhook('https://127.0.0.1:9/101');
SELECT count(fastauth.remove_webhook(id)) FROM fastauth.webhooks_overview WHERE id <> :'some_id';

--
-- check() and the view tell of what was given up; without the address, which may hold a secret
--
DELETE FROM fastauth.outbox;
SELECT fastauth.grant_role(id, 'webhook_test_2') FROM fastauth.get_user_by_email('bob@example.com');
SELECT fastauth.revoke_role(id, 'webhook_test_2') FROM fastauth.get_user_by_email('bob@example.com');
SELECT severity, subject, problem FROM fastauth.check() WHERE subject LIKE 'webhook%';
UPDATE fastauth.outbox SET status = 'failed', last_error = 'it answered 500', finished_at = now();
SELECT severity, replace(subject, :'some_id', '...') AS subject, problem, advice FROM fastauth.check() WHERE subject LIKE 'webhook%';
SELECT url, events, pending, failed, last_error FROM fastauth.webhooks_overview;
UPDATE fastauth.outbox SET finished_at = now() - interval '2 days';
SELECT severity, subject, problem FROM fastauth.check() WHERE subject LIKE 'webhook%';

--
-- The master key rotates with them; adopt(true), which makes a copy another instance, removes them
--
SELECT secret AS before FROM fastauth.webhooks \gset
SELECT FROM fastauth.rotate_master_key();
SELECT secret <> :'before'::bytea AS sealed_anew FROM fastauth.webhooks;
SELECT count(*) FROM fastauth.check() WHERE subject IN ('sealed values', 'master key') AND severity = 'error';
BEGIN;
SELECT FROM fastauth.adopt(false);
SELECT count(*) FROM fastauth.webhooks_overview;
SELECT FROM fastauth.adopt(true);
SELECT count(*) FROM fastauth.webhooks_overview;
ROLLBACK;
SELECT count(*) FROM fastauth.webhooks_overview;

SELECT fastauth.remove_webhook(:'some_id');
SELECT fastauth.delete_user(id, false) FROM fastauth.get_user_by_email('bob@example.com');
SELECT fastauth.delete_role('webhook_test'), fastauth.delete_role('webhook_test_2');
SELECT count(*) FROM fastauth.outbox WHERE kind = 'webhook';
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
