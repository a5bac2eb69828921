-- What it tests: a template is taken or refused when it is set, by what it names, its form and its size; which one a
-- locale gets; the built-in ones are complete and use nothing that their mail does not have; who may do what.
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
CREATE FUNCTION pg_temp.set(name text, locale text, subject text, html text DEFAULT 'h', body text DEFAULT 't') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format('SELECT fastauth.set_email_template(%L, %L, %L, %L, %L)', name, locale, subject, html, body)) $$;

-- the built-in ones: every one has its three texts, says which application it is, and has a link or a code that suits it
CREATE TEMP TABLE kinds (n int GENERATED ALWAYS AS IDENTITY, name text);
INSERT INTO kinds (name) VALUES ('verification'), ('password_reset'), ('email_change'), ('magic_link_login'), ('otp'), ('welcome'), ('already_registered'),
	('password_changed'), ('email_changed'), ('new_device_signin'), ('account_linked'), ('account_unlinked'), ('sessions_ended'), ('account_deleted');
SELECT k.name, t.subject, t.built_in, length(t.locale) AS locale FROM kinds k, fastauth.get_email_template(k.name) t ORDER BY k.n;
SELECT k.name, string_agg(DISTINCT v[1], ' ' ORDER BY v[1]) AS in_html, (SELECT string_agg(DISTINCT w[1], ' ' ORDER BY w[1]) FROM regexp_matches(t.body_text, '\{\{([^}]*)\}\}', 'g') w) AS in_text
FROM kinds k, fastauth.get_email_template(k.name) t, regexp_matches(t.body_html, '\{\{([^}]*)\}\}', 'g') v GROUP BY k.n, k.name, t.body_text ORDER BY k.n;
-- nothing is loaded from anywhere, nothing runs, and a link stands in full below its button
SELECT k.name FROM kinds k, fastauth.get_email_template(k.name) t WHERE t.body_html ~* '<(img|script|link|iframe|object|form)|\ssrc=|url\(|\son[a-z]+=|http:' OR t.body_text ~ '<|&[a-z]+;' OR
	(t.body_html ~ 'href' AND t.body_html !~ '>\{\{url\}\}</a>');
-- each can be set as what it is, and is then no longer built in
SELECT k.name, pg_temp.set(k.name, '', t.subject, t.body_html, t.body_text) AS answer FROM kinds k, fastauth.get_email_template(k.name) t ORDER BY k.n;
SELECT count(*), bool_or(t.built_in) FROM kinds k, fastauth.get_email_template(k.name) t;
SELECT k.name, pg_temp.set(k.name, '', NULL, NULL, NULL) AS answer FROM kinds k WHERE n < 3;
SELECT count(*) FILTER (WHERE t.built_in) FROM kinds k, fastauth.get_email_template(k.name) t;
DELETE FROM fastauth.email_templates;

-- which variables: every one in every mail
SELECT v AS variable, string_agg(k.name, ' ' ORDER BY k.n) FILTER (WHERE pg_temp.set(k.name, 'xx', 'a {{' || v || '}}', b, b) = 'ok') AS taken_by
FROM kinds k, LATERAL (SELECT CASE k.name WHEN 'otp' THEN '{{code}}' ELSE '{{url}}' END) bodies (b), unnest(ARRAY['app_name', 'code', 'email', 'expires_in', 'expires_in_minutes', 'ip_address', 'name', 'new_email', 'provider', 'time', 'url', 'user_agent',
	'password', 'token', 'metadata', 'app_metadata', 'id']) v GROUP BY v ORDER BY v;
DELETE FROM fastauth.email_templates;

-- how a variable is written
SELECT v AS text, pg_temp.set('verification', '', v, '{{url}}', '{{url}}') AS subject, pg_temp.set('verification', '', 's', '{{url}}' || v, '{{url}}') AS html,
	pg_temp.set('verification', '', 's', '{{url}}', '{{url}}' || v) AS body
FROM unnest(ARRAY['{{name}}', '{{ name }}', '{{name|url}}', '{{ name | url }}', 'a { b } }} c', 'a {b}', '{{', '{{name', '{{name}', '{{name }x}', '{{}}', '{{ }}', '{{Name}}', '{{name|html}}', '{{name|}}',
	'{{{name}}}', '{{name.x}}', '{{#name}}', '{{name}} {{code}}', '{{name}} {{nam}}', '{{nämé}}', '{{name|url|url}}', '{{' || repeat('n', 100) || '}}', '{{a {{name}}', E'{{na\nme}}', '{{url}}{{url}}']) WITH ORDINALITY u (v, n) ORDER BY n;

-- a mail whose link or code is missing would be of no use
SELECT n, pg_temp.set(name, '', s, h, t) AS answer FROM (VALUES
	(1, 'verification', '{{url}}', 'h', '{{url}}'), (2, 'verification', '{{url}}', '{{url}}', 't'), (3, 'password_reset', 's', '{{name}}', '{{url}}'), (4, 'email_change', 's', '{{url|url}}', '{{url}}'),
	(5, 'magic_link_login', 's', 'url', 'url'), (6, 'otp', '{{code}}', 'h', '{{code}}'), (7, 'otp', 's', '{{code}}', '{{email}}'), (8, 'otp', 's', '{{ code }}', '{{code}}')) v (n, name, s, h, t) ORDER BY n;
DELETE FROM fastauth.email_templates;

-- names, locales, sizes, characters
SELECT v AS name, pg_temp.set(v, '', 's') AS answer FROM unnest(ARRAY['', 'Verification', 'welcome ', 'x''; drop', repeat('n', 65), 'application', 'é']) WITH ORDINALITY u (v, n) ORDER BY n;
SELECT v AS locale, pg_temp.set('welcome', v, 's') AS answer, (SELECT string_agg(locale, ' ') FROM fastauth.email_templates) AS stored
FROM unnest(ARRAY['de', 'DE', 'de-at', 'DE_AT', 'zh-hant-tw', 'sr-latn', 'es-419', 'x', 'd', '1a', 'de-', '-de', 'de--at', 'de at', 'de/at', 'deutschland', E'de\n', 'de-abcdefghi', 'dé',
	'../../etc', 'de-aaaaaaaa-bbbbbbbb-cccccccc-ddddd', 'de-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd']) WITH ORDINALITY u (v, n) ORDER BY n;
SELECT locale FROM fastauth.email_templates ORDER BY locale;
DELETE FROM fastauth.email_templates;
SELECT n, pg_temp.set('welcome', '', s, h, t) AS answer FROM (VALUES
	(1, repeat('s', 251), 'h', 't'), (2, repeat('s', 250), 'h', 't'), (3, 's', repeat('h', 102401), 't'), (4, 's', 'h', repeat('t', 102401)), (5, 's', repeat('h', 102400), repeat('t', 102400)),
	(6, '', 'h', 't'), (7, 's', '', 't'), (8, 's', 'h', ''), (9, NULL, 'h', 't'), (10, 's', NULL, 't'), (11, 's', 'h', NULL), (12, NULL, NULL, 't'),
	(13, E's\nBcc: x@example.com', 'h', 't'), (14, E's\u202e', 'h', 't'), (15, 's', E'h\x01', 't'), (16, 's', 'h', E't\x7f'), (17, 's', E'h\r\n\t', E't\r\n\t')) v (n, s, h, t) ORDER BY n;
SELECT pg_temp.try($$SELECT fastauth.set_email_template(NULL, '', 's', 'h', 't')$$), pg_temp.try($$SELECT fastauth.set_email_template('welcome', NULL, 's', 'h', 't')$$),
	pg_temp.try($$SELECT fastauth.get_email_template(NULL)$$), pg_temp.try($$SELECT fastauth.get_email_template('welcome', NULL)$$),
	pg_temp.try($$SELECT fastauth.get_email_template('nothing')$$), pg_temp.try($$SELECT fastauth.get_email_template('welcome', 'x y')$$);
DELETE FROM fastauth.email_templates;

-- which one a locale gets: its own, then that of its language, then the one for everybody, then ours
SELECT l AS locale, pg_temp.set('welcome', l, 'for ' || l) AS answer FROM unnest(ARRAY['de-AT', 'de', 'zh-Hant', 'den']) l;
SELECT l AS asked, t.locale AS found, t.subject, t.built_in FROM unnest(ARRAY['de-AT', 'de_at', 'de-CH', 'de', 'den', 'zh', 'zh-Hant-TW', 'zh-Hans', 'fr', '']) WITH ORDINALITY u (l, n),
	fastauth.get_email_template('welcome', l) t ORDER BY n;
SELECT pg_temp.set('welcome', '', 'for all');
SELECT l AS asked, t.locale AS found, t.subject, t.built_in FROM unnest(ARRAY['de-AT', 'de-CH', 'zh', 'fr', '']) WITH ORDINALITY u (l, n), fastauth.get_email_template('welcome', l) t ORDER BY n;
SELECT pg_temp.set('welcome', 'de', NULL, NULL, NULL);
SELECT t.locale AS found FROM fastauth.get_email_template('welcome', 'de-CH') t;
SELECT t.locale AS found FROM fastauth.get_email_template('otp', 'de-AT') t;
-- each change is an event, without the texts
DELETE FROM fastauth.events;
SELECT pg_temp.set('welcome', 'de', 'secret subject'), pg_temp.set('welcome', 'de', NULL, NULL, NULL);
SELECT event, user_id, data FROM fastauth.events ORDER BY id;

-- who may
SET ROLE regress_server;
SELECT fastauth.set_email_template('welcome', '', 's', 'h', 't');
SELECT fastauth.get_email_template('welcome');
SET ROLE regress_admin;
SELECT fastauth.set_email_template('welcome', '', 's', 'h', 't');
SELECT * FROM fastauth.get_email_template('welcome');
SELECT * FROM fastauth.email_templates;
RESET ROLE;
DELETE FROM fastauth.email_templates;
DELETE FROM fastauth.events;
