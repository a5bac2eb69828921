-- Database settings: configure(), the view, and what they refuse.
\pset null '(null)'
SELECT name, value, default_value, unit, allowed FROM fastauth.settings_overview;
SELECT count(*) AS without_meaning FROM fastauth.settings_overview WHERE meaning IS NULL OR length(meaning) < 20;

-- Tries each value, and tells what is then shown, or why it was refused.
CREATE FUNCTION regress_try(setting text, tries text[]) RETURNS TABLE (shown text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	try text;
	word text;
BEGIN
	FOREACH try IN ARRAY tries LOOP
		BEGIN
			PERFORM fastauth.configure(setting, try);
			SELECT coalesce(value, '(null)') INTO answer FROM fastauth.settings_overview WHERE name = setting;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
			answer := SQLSTATE || ' ' || word || ': ' || SQLERRM;
		END;
		shown := left(try, 60);
		RETURN NEXT;
	END LOOP;
	PERFORM fastauth.configure(setting, NULL);
END $$;

\pset format unaligned
-- a duration is shown in one form, however it was written and whatever IntervalStyle says
SELECT * FROM regress_try('access_token_ttl', ARRAY['15 min', '00:20:00', '1200', '1.5 h', 'PT5M', '1 day 2 hours', '@ 3 mins', '90 s', '1500 ms', '1 s', '7 d', '168 h']);
SET IntervalStyle = sql_standard;
SELECT * FROM regress_try('access_token_ttl', ARRAY['1 2:03:04', '00:20:00']);
RESET IntervalStyle;
-- a duration out of its range, with months, or that is none
SELECT * FROM regress_try('access_token_ttl', ARRAY['0', '999 ms', '7 d 1 us', '-15 min', '15 min ago', '1 month', '1 year', 'P1M', 'infinity', '-infinity', 'soon', '', ' ',
	'1 d 1 d 1 x', '15 min; drop table', '9999999999999999999 s', '2147483647 d', '-2147483648 d', '106751991 d', 'today', '2026-01-01', 'é', repeat('1', 300)]);
SELECT * FROM regress_try('refresh_reuse_grace', ARRAY['0', '0 s', '5 min', '301 s', '-1 us']);
-- whole numbers
SELECT * FROM regress_try('password_min_length', ARRAY['6', '064', '64', '65', '5', '0', '-8', '8.0', '8e0', '0x8', ' 8', '8 ', '', '99999999999', 'eight']);
SELECT * FROM regress_try('password_min_score', ARRAY['0', '4', '5', '-1']);
-- sizes
SELECT * FROM regress_try('password_hash_memory', ARRAY['19MB', '19 MB', '19456kB', '20000', '20001 kB', '7MB', '256MB', '7167kB', '257MB', '1GB', '0', '-19MB', '19 mb', '19 MiB', '', 'MB', '99999999999999999999 GB']);
-- on and off
SELECT * FROM regress_try('require_verified_email', ARRAY['on', 'OFF', 'true', 'f', 'yes', '0', '1', 'y', 'o', '', 'maybe', 'null']);
-- one of some words
SELECT * FROM regress_try('jwt_algorithm', ARRAY['EdDSA', 'eddsa', 'HS256', 'none', '', 'ES256, ES384', 'ES25', 'ES2567', ',', 'PS384']);
-- rates: off, or a count and a duration
SELECT * FROM regress_try('rate_signin_address', ARRAY['10/1h', '100/1min', '5/15 min', '1/1 s', '1000000/1d', '7/00:01:30', '7/PT1M', '7/1500ms', '7/24 h', '7/ 1 h ', '7/90', '007/60 min', 'off', 'OFF']);
SELECT * FROM regress_try('rate_signin_address', ARRAY['0/1h', '1000001/1h', '-1/1h', '+1/1h', '1.5/1h', '1e3/1h', ' 1/1h', '1 /1h', '/1h', '1/', '1', '1/1h/1h', '/', '', 'on', 'none', 'off/1h', ' off', '0',
	'1/0', '1/999ms', '1/24:00:01', '1/1d 1us', '1/-1h', '1/1 month', '1/1 year', '1/infinity', '1/soon', '10 per 1h', '10,1h', '99999999999/1h', '1/99999999999999999999 s', 'é/1h', '1/' || repeat('1', 300)]);
-- text
SELECT * FROM regress_try('issuer', ARRAY['https://auth.example', 'ü', '', E'two\nlines', E'tab\t', repeat('x', 255), repeat('x', 256), E'bidi\u202e']);
-- roles
CREATE ROLE regress_plain;
CREATE ROLE "regress Odd, ""role\" NOLOGIN;
CREATE ROLE regress_super SUPERUSER;
CREATE ROLE regress_bypass BYPASSRLS;
CREATE ROLE regress_creator CREATEROLE;
CREATE ROLE regress_replicator REPLICATION;
CREATE ROLE regress_member IN ROLE fastauth_owner;
CREATE ROLE regress_front;
SELECT fastauth.configure('authenticator_roles', '{regress_front}');
SELECT * FROM regress_try('allowed_roles', ARRAY['{}', '{ }', '{regress_plain}', ' { regress_plain , "regress_plain" } ', E'{"regress Odd, \\"role\\\\"}',
	'{regress_super}', '{regress_bypass}', '{regress_creator}', '{regress_replicator}', '{regress_member}', '{regress_front}', '{fastauth_owner}',
	'{pg_read_all_data}', '{pg_nobody}', '{regress_nobody}', '{none}', '{public}', '{regress_plain,regress_super}']);
SELECT * FROM regress_try('allowed_roles', ARRAY['', 'regress_plain', '{', '}', '{regress_plain', 'regress_plain}', '{regress_plain}}', '{regress_plain,}', '{,regress_plain}', '{,}',
	'{""}', '{null}', '{NULL}', '{{regress_plain}}', '{"regress_plain}', '{regress_plain}x', '{re"gress_plain}', '[1:1]={regress_plain}', E'{regress_plain\\', E'{"a\nb"}',
	'{' || repeat('a', 64) || '}', '{' || repeat('regress_plain,', 100) || 'regress_plain}', repeat('{', 16385)]);
SELECT * FROM regress_try('authenticated_role', ARRAY['regress_plain', 'authenticated', 'regress_super', 'regress_front', 'regress_nobody', 'pg_monitor', 'fastauth_owner', '']);
SELECT * FROM regress_try('authenticator_roles', ARRAY['{}', '{regress_nobody}', '{regress_front,regress_super}']);
SELECT fastauth.configure('authenticator_roles', NULL);

\pset format aligned

-- names
SELECT fastauth.configure('no_such_setting', '1');
SELECT fastauth.configure('Access_Token_TTL', '1 h');
SELECT fastauth.configure(E'access\ntoken_é', '1 h');
SELECT fastauth.configure(repeat('x', 65), '1 h');
SELECT fastauth.configure(NULL, '1 h');
SELECT fastauth.configure('', NULL);

-- NULL resets; a value that is the default is kept as it is
SELECT fastauth.configure('audience', 'shop');
SELECT name, value FROM fastauth.settings;
SELECT fastauth.configure('audience', NULL);
SELECT fastauth.configure('audience', NULL);
SELECT count(*) FROM fastauth.settings;

-- NULL is the default, not off
SELECT fastauth.configure('rate_signup_address', 'off');
SELECT name, value, default_value FROM fastauth.settings_overview WHERE name = 'rate_signup_address';
SELECT fastauth.configure('rate_signup_address', NULL);
SELECT name, value, default_value FROM fastauth.settings_overview WHERE name = 'rate_signup_address';

-- a change counts at the next statement, and a rollback takes it back
BEGIN;
SELECT fastauth.configure('audience', 'one');
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
SAVEPOINT s;
SELECT fastauth.configure('audience', 'two');
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
ROLLBACK TO s;
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
ROLLBACK;
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
BEGIN;
SELECT fastauth.configure('audience', 'prepared');
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
PREPARE TRANSACTION 'regress_settings';
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
COMMIT PREPARED 'regress_settings';
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';

-- rows that came by another way than configure() count as well, and nonsense in them does not
UPDATE fastauth.settings SET value = 'repaired';
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
SET session_replication_role = replica;
UPDATE fastauth.settings SET value = 'replicated';
RESET session_replication_role;
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';
INSERT INTO fastauth.settings VALUES ('of_a_newer_version', '1', now()), ('access_token_ttl', '1 month', now()), ('jwt_algorithm', 'none', now()), ('allowed_roles', '{{{', now());
SELECT name, value FROM fastauth.settings_overview WHERE name IN ('access_token_ttl', 'jwt_algorithm', 'allowed_roles', 'audience');
TRUNCATE fastauth.settings;
SELECT value FROM fastauth.settings_overview WHERE name = 'audience';

-- a READ ONLY transaction refuses before it looks at the arguments
BEGIN READ ONLY;
SELECT fastauth.configure('no_such_setting', NULL);
ROLLBACK;

-- who is not an administrator changes and sees nothing
CREATE ROLE regress_settings;
GRANT USAGE ON SCHEMA fastauth TO regress_settings;
\set VERBOSITY sqlstate
SET ROLE regress_settings;
SELECT fastauth.configure('audience', 'mine');
SELECT * FROM fastauth.settings_overview;
SELECT * FROM fastauth.list_settings();
SELECT * FROM fastauth.settings;
INSERT INTO fastauth.settings VALUES ('audience', 'mine', now());
UPDATE fastauth.settings SET value = 'mine';
DELETE FROM fastauth.settings;
SELECT fastauth.cache_changed();
CREATE TRIGGER t AFTER INSERT ON fastauth.settings FOR EACH ROW EXECUTE FUNCTION fastauth.cache_changed();
RESET ROLE;
\set VERBOSITY default
SELECT count(*) FROM fastauth.settings;

-- server settings cannot be set in a session
SET fastauth.master_key_file = '/tmp/x';
SET fastauth.master_key_command = 'true';
SET fastauth.max_concurrent_hashes = 1000;
SET fastauth.no_such = 1;
\set VERBOSITY sqlstate
SET ROLE regress_settings;
SET fastauth.allow_drop = on;
SHOW fastauth.master_key_file;
SHOW fastauth.master_key_command;
RESET ROLE;
\set VERBOSITY default

DROP FUNCTION regress_try;
REVOKE USAGE ON SCHEMA fastauth FROM regress_settings;
DROP ROLE regress_plain, "regress Odd, ""role\", regress_super, regress_bypass, regress_creator, regress_replicator, regress_member, regress_front, regress_settings;
