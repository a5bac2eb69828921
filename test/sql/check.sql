-- check(): each fault that can be planted here is told, and only while it is there.
-- What a server of its own is needed for is in test/t/073_check.pl.
SET client_min_messages = error;
\pset format unaligned

/*
 * Make the changes, tell the findings whose subject is like the pattern, and take the changes back.  What was
 * there before is not told, and what stays afterwards is.
 */
CREATE FUNCTION regress_fault(pattern text, VARIADIC changes text[]) RETURNS TABLE (severity text, subject text, problem text) LANGUAGE plpgsql AS $$
DECLARE
	change text;
	before text[];
	found text[];
BEGIN
	before := ARRAY(SELECT c.severity || '|' || c.subject || '|' || c.problem FROM fastauth.check() c WHERE c.subject LIKE pattern);
	BEGIN
		FOREACH change IN ARRAY changes LOOP
			EXECUTE change;
		END LOOP;
		found := ARRAY(SELECT c.severity || '|' || c.subject || '|' || c.problem FROM fastauth.check() c WHERE c.subject LIKE pattern);
		RAISE 'taken back' USING ERRCODE = 'ZZ000';
	EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
		NULL;
	END;
	RETURN QUERY SELECT split_part(f, '|', 1), split_part(f, '|', 2), split_part(f, '|', 3)
		FROM unnest(found) WITH ORDINALITY AS u (f, n) WHERE f <> ALL (before) ORDER BY n;
	RETURN QUERY SELECT 'STILL', c.subject, c.problem FROM fastauth.check() c
		WHERE c.subject LIKE pattern AND c.severity || '|' || c.subject || '|' || c.problem <> ALL (before);
END $$;

-- foreign keys that stop a deletion (S6), and some that do not
SELECT * FROM regress_fault('foreign key%',
	'CREATE TABLE public.regress_a (id uuid REFERENCES fastauth.users)',
	'CREATE TABLE public."regress B" (id uuid CONSTRAINT "odd name" REFERENCES fastauth.users ON DELETE RESTRICT)',
	'CREATE TABLE public.regress_c (id uuid NOT NULL REFERENCES fastauth.sessions ON DELETE SET NULL)',
	'CREATE TABLE public.regress_d (id uuid NOT NULL REFERENCES fastauth.users ON DELETE CASCADE)',
	'CREATE TABLE public.regress_e (id uuid REFERENCES fastauth.users ON DELETE SET NULL)',
	'CREATE TABLE public.regress_f (id uuid PRIMARY KEY)',
	'CREATE TABLE public.regress_g (id uuid REFERENCES public.regress_f)');
SELECT * FROM regress_fault('foreign key%',
	'CREATE TABLE public.regress_p (id uuid REFERENCES fastauth.users) PARTITION BY HASH (id)',
	'CREATE TABLE public.regress_p0 PARTITION OF public.regress_p FOR VALUES WITH (MODULUS 1, REMAINDER 0)');

-- publications
SELECT severity, subject, problem LIKE '%users%' AS users FROM regress_fault('publication%', 'CREATE PUBLICATION regress_all FOR ALL TABLES');
SELECT severity, subject, problem LIKE '%users%' AS users FROM regress_fault('publication%', 'CREATE PUBLICATION regress_schema FOR TABLES IN SCHEMA fastauth');
SELECT * FROM regress_fault('publication%', 'CREATE PUBLICATION regress_two FOR TABLE fastauth.users (id), TABLE fastauth.secrets');
SELECT * FROM regress_fault('publication%', 'CREATE TABLE public.regress_a (id int)', 'CREATE PUBLICATION regress_other FOR TABLE public.regress_a');

-- triggers, rules, policies
SELECT * FROM regress_fault('trigger%',
	'CREATE FUNCTION public.regress_trigger() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END''',
	'CREATE TRIGGER regress_trigger BEFORE INSERT ON fastauth.users FOR EACH ROW EXECUTE FUNCTION public.regress_trigger()');
SELECT DISTINCT regexp_replace(subject, 'events.*', 'events') AS subject, problem FROM regress_fault('trigger%',
	'CREATE FUNCTION public.regress_trigger() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NEW; END''',
	'CREATE CONSTRAINT TRIGGER regress_trigger AFTER INSERT ON fastauth.events DEFERRABLE FOR EACH ROW EXECUTE FUNCTION public.regress_trigger()');
SELECT * FROM regress_fault('trigger%', 'ALTER TABLE fastauth.settings DISABLE TRIGGER USER');
SELECT * FROM regress_fault('trigger%', 'ALTER TABLE fastauth.settings ENABLE TRIGGER cache_truncated');
SELECT * FROM regress_fault('trigger%', 'ALTER TABLE fastauth.events DISABLE TRIGGER events_stamp');
SELECT severity, subject, problem ~ 'RI_ConstraintTrigger' AS of_foreign_keys FROM regress_fault('trigger%', 'ALTER TABLE fastauth.sessions DISABLE TRIGGER ALL');
SELECT * FROM regress_fault('rule%', 'CREATE RULE regress_rule AS ON DELETE TO fastauth.sessions DO INSTEAD NOTHING');
SELECT * FROM regress_fault('policy%', 'CREATE POLICY regress_policy ON fastauth.users USING (true)');
SELECT * FROM regress_fault('row security%', 'ALTER TABLE fastauth.users DISABLE ROW LEVEL SECURITY', 'ALTER TABLE fastauth.secrets FORCE ROW LEVEL SECURITY');

-- what is not ours in our schema (S4)
SELECT * FROM regress_fault('%fastauth.%',
	'CREATE TABLE fastauth.regress_table (id int)', 'CREATE VIEW fastauth.regress_view AS SELECT 1 AS one', 'CREATE TYPE fastauth.regress_row AS (a int)',
	'CREATE DOMAIN fastauth.regress_domain AS int', 'CREATE FUNCTION fastauth.signin(a varchar, b varchar) RETURNS text LANGUAGE sql AS ''SELECT $2''',
	'CREATE OPERATOR fastauth.= (FUNCTION = pg_catalog.texteq, LEFTARG = text, RIGHTARG = text)');

-- owners (S1); what the owner cannot read then is told too
SELECT * FROM regress_fault('%', 'ALTER FUNCTION fastauth.signin(text, text, bool) OWNER TO regress_server', 'ALTER TYPE fastauth.token_pair OWNER TO regress_anon');
SELECT * FROM regress_fault('%', 'ALTER TABLE fastauth.users OWNER TO regress_server') WHERE subject !~ '^table fastauth.users|^type fastauth.users';
SELECT * FROM regress_fault('schema fastauth', 'ALTER SCHEMA fastauth OWNER TO regress_admin') WHERE problem ~ 'belongs';

-- privileges beyond grant_api (S2)
SELECT * FROM regress_fault('%',
	'GRANT SELECT, INSERT ON fastauth.users TO regress_anon', 'GRANT SELECT (id, email) ON fastauth.users TO regress_authenticated',
	'GRANT SELECT ON fastauth.stats TO PUBLIC', 'GRANT INSERT ON fastauth.stats TO regress_admin',
	'GRANT EXECUTE ON FUNCTION fastauth.signin(text, text, bool) TO PUBLIC',
	'GRANT EXECUTE ON FUNCTION fastauth.uid() TO regress_anon WITH GRANT OPTION',
	'GRANT EXECUTE ON FUNCTION fastauth.grant_api(regrole, regrole, regrole, regrole, regrole) TO regress_admin',
	'GRANT CREATE ON SCHEMA fastauth TO regress_server', 'GRANT USAGE ON TYPE fastauth.users TO regress_server', 'GRANT USAGE ON TYPE fastauth.token_pair TO PUBLIC');
SELECT * FROM regress_fault('%', 'CREATE ROLE regress_new', $$SELECT fastauth.grant_api(NULL, NULL, NULL, 'regress_new')$$, 'GRANT EXECUTE ON FUNCTION fastauth.jwks() TO regress_anon');

-- functions and tables
SELECT * FROM regress_fault('function%', 'ALTER FUNCTION fastauth.signin(text, text, bool) RESET search_path', 'ALTER FUNCTION fastauth.jwks() SET search_path = public');
SELECT * FROM regress_fault('autovacuum%', 'ALTER TABLE fastauth.refresh_tokens SET (autovacuum_enabled = off)', 'ALTER TABLE fastauth.users SET (autovacuum_enabled = true)');
SELECT * FROM regress_fault('expired sessions', 'DELETE FROM fastauth.sessions WHERE expires_at < now()',
	$$INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
		VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress-check@example.org', true, true, '{}', '{}', now(), now())$$,
	$$INSERT INTO fastauth.sessions (id, user_id, created_at, last_used_at, authenticated_at, expires_at, data)
		SELECT gen_random_uuid(), '0195e2e0-0000-7000-8000-000000000001', now(), now(), now(), now() - d * interval '1 day', '{}' FROM unnest(ARRAY[1, 6, 8, 9]) d$$);
SELECT * FROM regress_fault('old failures', 'DELETE FROM fastauth.failures',
	$$INSERT INTO fastauth.failures (id, failed_at, kind, account, is_user, address_lock, both_locks)
		SELECT gen_random_uuid(), now() - d * interval '1 day', 'signin', gen_random_uuid(), false, false, false FROM unnest(ARRAY[1, 29, 36, 38, 39]) d$$);
-- mails that nobody delivers; while the transport is outbox they wait for somebody who reads them
SELECT * FROM regress_fault('outbox', 'DELETE FROM fastauth.outbox', $$SELECT fastauth.send_email('regress-check@example.org', 'late', '<p>late</p>')$$,
	$$UPDATE fastauth.outbox SET due_at = now() - interval '1 hour'$$);
SELECT * FROM regress_fault('outbox', 'DELETE FROM fastauth.outbox', $$SELECT fastauth.send_email('regress-check@example.org', 'late', '<p>late</p>')$$,
	$$UPDATE fastauth.outbox SET due_at = now() - interval '14 min'$$, $$SELECT fastauth.configure('email_transport', 'smtp')$$);
SELECT * FROM regress_fault('outbox', 'DELETE FROM fastauth.outbox', $$SELECT fastauth.send_email('regress-check@example.org', 'late', '<p>late</p>')$$,
	$$UPDATE fastauth.outbox SET due_at = now() - interval '16 min'$$, $$SELECT fastauth.configure('email_transport', 'smtp')$$);

-- identity providers that cannot work, or are trusted far; one that is disabled is nobody's trouble
SELECT * FROM regress_fault('%', $$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret')$$, $$SELECT fastauth.configure('redirect_urls', '{https://app.example/cb}')$$);
SELECT * FROM regress_fault('%', $$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret', enabled => false)$$, 'UPDATE fastauth.oauth_providers SET client_secret = NULL');
SELECT * FROM regress_fault('%', $$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret')$$);
SELECT * FROM regress_fault('identity provider%', $$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret'), fastauth.configure_oauth_provider('google', 'id', client_auth => 'none')$$, 'UPDATE fastauth.oauth_providers SET client_secret = NULL');
SELECT * FROM regress_fault('identity provider%', $$SELECT fastauth.configure_oauth_provider('github', 'id', 'secret'), fastauth.configure_oauth_provider('google', 'id', 'secret')$$,
	$$UPDATE fastauth.oauth_providers SET client_secret = (SELECT client_secret FROM fastauth.oauth_providers WHERE name = 'google') WHERE name = 'github'$$);
SELECT * FROM regress_fault('identity provider%', $$SELECT fastauth.configure_oauth_provider('own', 'id', 'secret', issuer => 'https://op.example', trust_email => true)$$);
SELECT * FROM regress_fault('identity provider%', $$SELECT fastauth.configure_oauth_provider('own', 'id', 'secret', issuer => 'https://op.example', trust_email => true, trust_domains => '{op.example}'), fastauth.configure_oauth_provider('github', 'id', 'secret', trust_email => true)$$);

-- hooks whose function somebody changed
SELECT * FROM regress_fault('hook%', 'CREATE FUNCTION public.regress_hook(u jsonb) RETURNS void LANGUAGE sql AS $h$SELECT$h$',
	$$SELECT fastauth.add_hook('on_signup', 'public.regress_hook(jsonb)')$$);
SELECT * FROM regress_fault('hook%', 'CREATE FUNCTION public.regress_hook(u jsonb) RETURNS void LANGUAGE sql AS $h$SELECT$h$',
	$$SELECT fastauth.add_hook('on_signup', 'public.regress_hook(jsonb)')$$,
	'CREATE OR REPLACE FUNCTION public.regress_hook(u jsonb) RETURNS void LANGUAGE sql AS $h$SELECT pg_sleep(0)$h$');
SELECT * FROM regress_fault('hook%', 'CREATE FUNCTION public.regress_hook(u jsonb) RETURNS void LANGUAGE sql AS $h$SELECT$h$',
	$$SELECT fastauth.add_hook('on_signup', 'public.regress_hook(jsonb)')$$,
	'ALTER FUNCTION public.regress_hook(jsonb) OWNER TO regress_admin');

-- bcrypt without crypt()
SELECT * FROM regress_fault('pgcrypto', 'ALTER EXTENSION pgcrypto DROP FUNCTION crypt(text, text)', $$UPDATE fastauth.users SET hashed_password = NULL WHERE hashed_password LIKE '$2%'$$);
SELECT * FROM regress_fault('pgcrypto', 'ALTER EXTENSION pgcrypto DROP FUNCTION crypt(text, text)',
	$$INSERT INTO fastauth.users (id, email, email_verified, is_active, hashed_password, metadata, app_metadata, created_at, updated_at)
		VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress-check@example.org', true, true, '$2b$04$regress', '{}', '{}', now(), now())$$);

-- roles of ours (S1, S3)
SELECT * FROM regress_fault('role%', 'ALTER ROLE fastauth_owner LOGIN SUPERUSER CREATEROLE CREATEDB REPLICATION BYPASSRLS') WHERE problem !~ 'this version';
SELECT * FROM regress_fault('role%', 'GRANT fastauth_owner TO regress_server', 'GRANT pg_read_all_data TO fastauth_owner');
-- roles of tokens (S55)
SELECT * FROM regress_fault('setting authenticated_role', 'CREATE ROLE "regress Gone"', $$SELECT fastauth.configure('authenticated_role', 'regress Gone')$$, 'DROP ROLE "regress Gone"');
SELECT * FROM regress_fault('setting authenticated_role', $$SELECT fastauth.configure('authenticated_role', 'regress_authenticated')$$, 'ALTER ROLE regress_authenticated BYPASSRLS');
SELECT * FROM regress_fault('setting a%role%', $$SELECT fastauth.configure('authenticated_role', 'regress_authenticated')$$);
SELECT * FROM regress_fault('setting allowed_roles', 'CREATE ROLE regress_new', 'CREATE ROLE regress_fine', $$SELECT fastauth.configure('allowed_roles', '{regress_new,regress_fine}')$$, 'DROP ROLE regress_new');
SELECT * FROM regress_fault('role %', 'CREATE ROLE regress_new', 'CREATE ROLE regress_fine', $$SELECT fastauth.configure('allowed_roles', '{regress_fine,regress_new}')$$,
	$$INSERT INTO fastauth.users (id, email, email_verified, is_active, dbrole, metadata, app_metadata, created_at, updated_at)
		SELECT gen_random_uuid(), n || 'regress-check@example.org', true, true, r, '{}', '{}', now(), now() FROM (VALUES (1, 'regress_new'), (2, 'regress_new'), (3, 'regress_fine'), (4, 'regress_none')) v (n, r)$$,
	'ALTER ROLE regress_new SUPERUSER');
-- groups of roles that end users' requests run as, their own or lent ones
SELECT * FROM regress_fault('role %', $$SELECT fastauth.configure('authenticated_role', 'regress_server')$$);
SELECT * FROM regress_fault('role %', $$SELECT fastauth.configure('authenticated_role', 'regress_authenticated')$$, 'GRANT regress_admin TO regress_authenticated');
SELECT * FROM regress_fault('role %', $$SELECT fastauth.configure('allowed_roles', '{regress_anon}')$$, 'GRANT EXECUTE ON FUNCTION fastauth.get_user(uuid) TO regress_anon');
SELECT * FROM regress_fault('role %', 'CREATE ROLE web_anon', $$SELECT fastauth.grant_api('web_anon', NULL)$$);
SELECT * FROM regress_fault('role %', 'CREATE ROLE web_anon', $$SELECT fastauth.grant_api(NULL, NULL, 'web_anon')$$);
-- a hole of PostgreSQL 15
SELECT (count(*) = 1) = (current_setting('server_version_num')::int < 160000) AS as_expected FROM regress_fault('role %', 'CREATE ROLE regress_new CREATEROLE');

-- settings that make no sense, together or alone
SELECT * FROM regress_fault('setting %', $$INSERT INTO fastauth.settings VALUES ('regress_unknown', '1', now()), ('password_min_score', '7', now()), ('clock_skew', '20 s', now())$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('access_token_ttl', '2 h'), fastauth.configure('refresh_token_ttl', '1 h')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('session_max_lifetime', '10 min')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('remember_me_lifetime', '5 d')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('refresh_token_ttl', '100 d')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('access_token_ttl', '8 s')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('session_max_lifetime', '1 h'), fastauth.configure('reauth_window', '2 h')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('password_min_length', '6'), fastauth.configure('password_min_score', '0')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('require_verified_email', 'on')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('require_verified_email', 'on'), fastauth.configure('email_transport', 'smtp'), fastauth.configure('smtp_tls', 'none')$$);
SELECT * FROM regress_fault('setting %', $$SELECT fastauth.configure('email_transport', 'webhook'), fastauth.configure('email_from', 'a@example.com'), fastauth.configure('base_url', 'https://app.example.com')$$);
-- mails that nobody gets, or that were given up
SELECT * FROM regress_fault('mails', $$SELECT fastauth.send_email('a@example.com', 's', 'h')$$);
SELECT * FROM regress_fault('mails', $$WITH one AS (SELECT fastauth.send_email('a@example.com', 's', 'h') AS id)
	INSERT INTO fastauth.outbox SELECT gen_random_uuid(), 'mail', 'x', NULL, NULL, d, NULL, s, 1, e, now(), now(), NULL, NULL, f
	FROM one, (VALUES (false, 'failed', 'older', now() - interval '2 hours'), (false, 'failed', '550', now() - interval '1 hour'), (false, 'failed', 'oldest', now() - interval '2 days'),
	(false, 'sent', NULL, now()), (true, 'pending', NULL, NULL)) v (d, s, e, f)$$);
BEGIN;
SELECT fastauth.configure('issuer', 'https://regress.example');
SELECT count(*) FROM fastauth.check() WHERE subject = 'setting issuer';
SELECT * FROM regress_fault('setting issuer', $$SELECT fastauth.configure('issuer', NULL)$$);
ROLLBACK;

-- the instance, sealed values and signing keys; key ids differ each time
BEGIN;
SELECT fastauth.set_secret('regress', 'regress secret');
SELECT * FROM regress_fault('instance', $$UPDATE fastauth.instance SET system_identifier = '1'$$);
SELECT severity, regexp_replace(subject, '".*"', '"…"') AS subject, regexp_replace(problem, '\d+ of \d+', 'some') AS problem
	FROM regress_fault('master key "%', $$UPDATE fastauth.secrets SET value = set_byte(value, octet_length(value) - 1, get_byte(value, octet_length(value) - 1) # 1) WHERE name = 'regress'$$);
SELECT * FROM regress_fault('sealed values', $$UPDATE fastauth.secrets SET value = '\x' WHERE name = 'regress'$$);
SELECT severity, regexp_replace(subject, '".*"', '"…"') AS subject, regexp_replace(problem, '^\d+|fastauth.key.*', '…', 'g') AS problem
	FROM regress_fault('master key "%', $$UPDATE fastauth.secrets SET value = overlay(value PLACING '\x58' FROM 4 FOR 1) WHERE name = 'regress'$$);
ROLLBACK;
SELECT * FROM regress_fault('sign%', $$SELECT fastauth.rotate_signing_key()$$);
SELECT * FROM regress_fault('sign%', $$SELECT fastauth.rotate_signing_key()$$, $$UPDATE fastauth.signing_keys SET signs_at = clock_timestamp() + interval '1 h' WHERE signs_at IS NOT NULL$$);
SELECT * FROM regress_fault('setting jwt_algorithm', $$SELECT fastauth.configure('key_publish_delay', '0'), fastauth.configure('jwt_algorithm', 'ES256')$$,
	'SELECT fastauth.rotate_signing_key()', $$SELECT fastauth.configure('jwt_algorithm', 'EdDSA')$$);
SELECT * FROM regress_fault('setting key%', $$SELECT fastauth.configure('key_publish_delay', '0')$$, 'SELECT fastauth.rotate_signing_key()', 'SELECT fastauth.rotate_signing_key()');

-- what the server writes down
SELECT * FROM regress_fault('log%', 'SET LOCAL log_statement = ''all''', 'SET LOCAL log_parameter_max_length = 0');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_statement = ''mod''');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_statement = ''ddl''');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_min_duration_statement = ''1 h''');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_min_duration_sample = ''1 h''', 'SET LOCAL log_parameter_max_length = 100');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_transaction_sample_rate = 0.0000001');
SELECT * FROM regress_fault('log%', 'SET LOCAL log_parameter_max_length_on_error = 10');
SELECT * FROM regress_fault('auto_explain', 'LOAD ''auto_explain''');
SELECT * FROM regress_fault('auto_explain', 'SET LOCAL auto_explain.log_min_duration = ''1 h''');
BEGIN;
SET LOCAL pg_stat_statements.track_utility = off;
SELECT * FROM regress_fault('pg_stat_statements', 'SET LOCAL pg_stat_statements.track_utility = on');
SET LOCAL pg_stat_statements.track = 'none';
SELECT * FROM regress_fault('pg_stat_statements', 'SET LOCAL pg_stat_statements.track_utility = on');
ROLLBACK;

-- the worst first, then by subject
SELECT bool_and(rank >= before OR before IS NULL) AND bool_and((rank, subject) >= (before, subject_before) OR before IS NULL) AS in_order, count(*) > 1 AS several
FROM (
	SELECT rank, subject, lag(rank) OVER (ORDER BY n) AS before, lag(subject) OVER (ORDER BY n) AS subject_before
	FROM (SELECT n, array_position(ARRAY['error', 'warning', 'notice'], severity) AS rank, subject COLLATE "C" FROM fastauth.check() WITH ORDINALITY AS c (severity, subject, problem, advice, n)) x
) y;
SELECT count(*) FROM fastauth.check() WHERE severity IS NULL OR subject IS NULL OR length(problem) < 10 OR length(advice) < 3;

SELECT count(*) FROM fastauth.check() WHERE problem LIKE '%could not be checked%';
-- it writes nothing, and is for the group admin alone
BEGIN READ ONLY;
SELECT count(*) >= 0 AS answers FROM fastauth.check();
COMMIT;
SET ROLE regress_admin;
SELECT count(*) >= 0 AS answers FROM fastauth.check();
SET ROLE regress_server;
SELECT * FROM fastauth.check();
SET ROLE regress_authenticated;
SELECT * FROM fastauth.check();
SET ROLE regress_anon;
SELECT * FROM fastauth.check();
RESET ROLE;
DROP FUNCTION regress_fault;
