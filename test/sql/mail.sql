-- What it tests: mails of the application are taken or refused by their address, subject and bodies, and wait in the
-- outbox sealed; only an administrator sees one, only while no mail leaves, and each look is an event; who may do what.
CREATE FUNCTION pg_temp.try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || CASE WHEN SQLSTATE LIKE 'PT%' THEN word || ': ' ELSE '' END || SQLERRM;
END $$;

-- one that is good
SET ROLE regress_server;
SELECT fastauth.send_email(' Ann@Example.COM ', 'Grüße: 50 % "off"', '<p>{{name}} é</p>', E'line 1\nline 2\t{{x}}') AS mail \gset
RESET ROLE;
SELECT kind, name, user_id, status, attempts, last_error, finished_at FROM fastauth.outbox_overview WHERE id = :'mail';
SET ROLE regress_admin;
SELECT * FROM fastauth.outbox_mail(:'mail');
SELECT fastauth.outbox_mail(gen_random_uuid()) IS NULL AS nothing_there;
RESET ROLE;
SELECT event, user_id, data ->> 'outbox' = :'mail' AS its_id, data ->> 'template' AS template FROM fastauth.events WHERE event = 'outbox_read';

-- without a text, the text part says why it is empty
SET ROLE regress_server;
SELECT fastauth.send_email('bob@example.com', 'Html', '<b>x</b>') AS mail \gset
SET ROLE regress_admin;
SELECT body_html, body_text FROM fastauth.outbox_mail(:'mail');
RESET ROLE;

-- what is a user's belongs to the user, and goes with them
SELECT id AS ann FROM fastauth.create_user('ann@example.com') \gset
SELECT fastauth.send_email('ANN@example.com', 'Yours', 'x') AS mail \gset
SELECT user_id = :'ann' AS of_ann FROM fastauth.outbox_overview WHERE id = :'mail';
SELECT fastauth.delete_user(:'ann', soft => false);
SELECT count(*) FROM fastauth.outbox_overview WHERE id = :'mail';

-- refused: addresses that are two, or hold a header or a command
SELECT replace(left(a, 45), E'\n', '|') AS address, pg_temp.try(format('SELECT fastauth.send_email(%L, ''s'', ''h'')', a)) AS answer
FROM unnest(ARRAY['', 'x', 'a@example', 'a@example.com, b@example.com', 'a@example.com;b@example.com', 'Ann <a@example.com>', '"a b"@example.com',
	E'a@example.com\nBcc: b@example.com', E'a@example.com\r\nRCPT TO:<b@example.com>', 'a@example.com>', E'a\u00e4@example.com', repeat('a', 65) || '@example.com',
	repeat('a', 600) || '@example.com']) WITH ORDINALITY u (a, n) ORDER BY n;

-- refused: subjects of more than a line, or that change how they are read
SELECT n, pg_temp.try(format('SELECT fastauth.send_email(''a@example.com'', %L, ''h'')', s)) AS answer
FROM unnest(ARRAY['', E'x\nBcc: b@example.com', E'x\rBcc: b@example.com', E'x\r\n\r\nbody', E'x\x01', E'x\x7f', E'x\u0085y', E'x\u2028y', E'x\u202ey', E'x\u200by',
	repeat('s', 251), repeat('s', 250), repeat('ä', 126), repeat('ä', 125)]) WITH ORDINALITY u (s, n) ORDER BY n;

-- refused: bodies that are too long, or hold what is no text
SELECT n, pg_temp.try(format('SELECT fastauth.send_email(''a@example.com'', ''s'', %L, %L)', h, t)) AS answer
FROM (VALUES (1, repeat('h', 102401), 't'), (2, 'h', repeat('t', 102401)), (3, E'h\x01', 't'), (4, 'h', E't\x1b[31m'), (5, 'h', E't\x7f'),
	(6, repeat('"', 102400), repeat(E'\n', 102400))) v (n, h, t) ORDER BY n;
SELECT pg_temp.try($$SELECT fastauth.send_email(NULL, 's', 'h')$$), pg_temp.try($$SELECT fastauth.send_email('a@example.com', NULL, 'h')$$),
	pg_temp.try($$SELECT fastauth.send_email('a@example.com', 's', NULL)$$);
-- the longest comes back as it was
SELECT length(m.body_html), length(m.body_text) FROM fastauth.outbox_overview o, fastauth.outbox_mail(o.id) m ORDER BY o.id DESC LIMIT 1;

-- sealed: no row holds what a mail says, or to whom
SELECT count(*) > 0 AS there_are, count(*) FILTER (WHERE position('example'::bytea IN o.payload) > 0 OR o.name ~ '@') AS readable FROM fastauth.outbox o;

-- in a transaction that is not to write, nothing is looked at
BEGIN READ ONLY;
SELECT pg_temp.try($$SELECT fastauth.send_email('x', 's', 'h')$$);
SELECT pg_temp.try(format('SELECT fastauth.outbox_mail(%L)', :'mail'));
SELECT pg_temp.try($$SELECT fastauth.set_email_template('x', '', 's', 'h', 't')$$);
ROLLBACK;

-- a rollback takes the mail back
SELECT count(*) AS before FROM fastauth.outbox \gset
BEGIN;
SELECT fastauth.send_email('a@example.com', 's', 'h') IS NULL AS none;
ROLLBACK;
BEGIN;
SAVEPOINT one;
SELECT fastauth.send_email('a@example.com', 's', 'h') IS NULL AS none;
ROLLBACK TO one;
COMMIT;
SELECT count(*) - :before AS more FROM fastauth.outbox;

-- when mails leave, nobody looks at one, and what is missing is named
SELECT fastauth.send_email('late@example.com', 's', 'h') AS mail \gset
SELECT fastauth.configure('email_transport', 'smtp');
SELECT pg_temp.try(format('SELECT fastauth.outbox_mail(%L)', :'mail'));
SELECT pg_temp.try($$SELECT fastauth.send_email('a@example.com', 's', 'h')$$);
SELECT fastauth.configure('email_from', 'App <app@example.com>');
SELECT pg_temp.try($$SELECT fastauth.send_email('a@example.com', 's', 'h')$$);
SELECT fastauth.configure('email_transport', 'webhook');
SELECT pg_temp.try($$SELECT fastauth.send_email('a@example.com', 's', 'h')$$);
SELECT pg_temp.try(format('SELECT fastauth.outbox_mail(%L)', :'mail'));
SELECT fastauth.configure('email_transport', NULL), fastauth.configure('email_from', NULL);
SELECT (fastauth.outbox_mail(:'mail'))."to";

-- who may
SELECT r AS role, f AS function, has_function_privilege(r, p.oid, 'execute') AS may
FROM unnest(ARRAY['regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin']) WITH ORDINALITY r (r, n),
	unnest(ARRAY['send_email', 'outbox_mail', 'retry_outbox', 'set_email_template', 'get_email_template']) WITH ORDINALITY f (f, m), pg_proc p
WHERE p.pronamespace = 'fastauth'::regnamespace AND p.proname = f ORDER BY r.n, f.m;
SELECT r AS role, has_table_privilege(r, 'fastauth.outbox_overview', 'select') AS overview, has_table_privilege(r, 'fastauth.outbox', 'select') AS outbox,
	has_table_privilege(r, 'fastauth.email_templates', 'select') AS templates
FROM unnest(ARRAY['regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin']) r ORDER BY r;
SELECT relname, relrowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies FROM pg_class c
WHERE oid IN ('fastauth.outbox'::regclass, 'fastauth.email_templates'::regclass) ORDER BY 1;
SELECT string_agg(attname, ' ' ORDER BY attnum) AS what_the_overview_shows FROM pg_attribute WHERE attrelid = 'fastauth.outbox_overview'::regclass AND attnum > 0;
SET ROLE regress_admin;
SELECT count(*) > 0 AS some FROM fastauth.outbox_overview;
SELECT pg_temp.try('SELECT payload FROM fastauth.outbox');
SET ROLE regress_server;
SELECT pg_temp.try('SELECT * FROM fastauth.outbox_overview');
RESET ROLE;

DELETE FROM fastauth.outbox;
DELETE FROM fastauth.events WHERE event IN ('outbox_read', 'setting_changed');
