-- The instance: made by the first function that seals, adopted when it is a copy.
SELECT current_database() AS main \gset
CREATE DATABASE regress_instance TEMPLATE template0 ENCODING 'UTF8';
\c regress_instance
SET client_min_messages = warning;
CREATE EXTENSION fastauth CASCADE;
RESET client_min_messages;

-- reads make nothing
SELECT count(*) > 0 AS settings FROM fastauth.settings_overview;
SELECT count(*) FROM fastauth.instance;
-- a rollback leaves nothing, a commit one row
BEGIN;
SELECT fastauth.set_secret('a', 'regress');
SELECT count(*) FROM fastauth.instance;
ROLLBACK;
SELECT count(*) FROM fastauth.instance;
SELECT fastauth.set_secret('a', 'regress');
SELECT fastauth.set_secret('b', 'regress');
SELECT i.database_oid = d.oid AS of_this_database, i.system_identifier = s.system_identifier::text AS of_this_server
	FROM fastauth.instance i, pg_database d, pg_control_system() s WHERE d.datname = current_database();
\set VERBOSITY terse
INSERT INTO fastauth.instance SELECT true, id, '1', 1, now(), now() FROM fastauth.instance;
INSERT INTO fastauth.instance SELECT false, id, '1', 1, now(), now() FROM fastauth.instance;
\set VERBOSITY default

-- adopt(false) takes over as it is
SELECT fastauth.rotate_signing_key() IS NOT NULL AS key;
-- mails and webhooks, more than one batch, are there too, and an address of nobody, which its token alone opens
SELECT fastauth.send_email('regress@example.org', 'one', 'regress') AS mail \gset
SELECT count(fastauth.send_email('regress@example.org', 'more', 'regress')) FROM generate_series(1, 250);
INSERT INTO fastauth.outbox SELECT gen_random_uuid(), 'mail', 'sent', NULL, NULL, false, NULL, 'sent', 1, NULL, now(), now(), NULL, NULL, now();
SELECT count(*) FROM fastauth.add_webhook('https://hooks.example.com/x', '{signin}');
SELECT fastauth.configure_oauth_provider('github', 'id', 'regress'), fastauth.configure_oauth_provider('google', 'id', client_auth => 'none');
SELECT fastauth.send_magic_link('nobody@example.org') IS NOT NULL AS asked;
SELECT count(*) FILTER (WHERE sealed_address IS NOT NULL) AS addresses FROM fastauth.one_time_tokens;
CREATE TABLE sealed AS SELECT id::text, payload AS value FROM fastauth.outbox WHERE payload IS NOT NULL AND NOT decoy UNION ALL SELECT id::text, secret FROM fastauth.webhooks
	UNION ALL SELECT name, client_secret FROM fastauth.oauth_providers WHERE client_secret IS NOT NULL;
SELECT fastauth.rotate_master_key() IS NOT NULL AS rotated;
-- each was sealed anew, none that was delivered came back, and what it says is the same
SELECT count(*) AS sealed, count(*) FILTER (WHERE s.value = n.value) AS left_behind FROM sealed s LEFT JOIN (SELECT id::text, payload AS value FROM fastauth.outbox
	UNION ALL SELECT id::text, secret FROM fastauth.webhooks UNION ALL SELECT name, client_secret FROM fastauth.oauth_providers) n USING (id);
SELECT name, client_secret IS NOT NULL AS has_secret FROM fastauth.oauth_providers ORDER BY name;
SELECT count(*) FROM fastauth.outbox WHERE status = 'sent' AND payload IS NOT NULL;
SELECT * FROM fastauth.outbox_mail(:'mail');
-- one that was altered stops it
BEGIN;
UPDATE fastauth.outbox SET payload = set_byte(payload, octet_length(payload) - 1, get_byte(payload, octet_length(payload) - 1) # 1) WHERE id = :'mail';
SAVEPOINT s;
\set VERBOSITY sqlstate
SELECT fastauth.rotate_master_key();
ROLLBACK TO s;
SELECT fastauth.outbox_mail(:'mail');
ROLLBACK;
-- so does one that stands in another row's place
BEGIN;
UPDATE fastauth.outbox SET payload = (SELECT payload FROM fastauth.outbox WHERE id = :'mail') WHERE id <> :'mail' AND payload IS NOT NULL;
SELECT fastauth.rotate_master_key();
ROLLBACK;
\set VERBOSITY default
CREATE TABLE before AS SELECT i.id, s.value, (SELECT client_secret FROM fastauth.oauth_providers WHERE name = 'github') AS client_secret, (SELECT kid FROM fastauth.signing_keys WHERE private_key IS NOT NULL) AS kid FROM fastauth.instance i, fastauth.secrets s WHERE s.name = 'a';
UPDATE fastauth.instance SET system_identifier = '1', database_oid = 1;
SELECT fastauth.adopt(false);
SELECT i.id = b.id AS same_id, s.value = b.value AS same_value, i.database_oid = d.oid AS of_this_database, i.system_identifier = c.system_identifier::text AS of_this_server,
	(SELECT kid FROM fastauth.signing_keys WHERE private_key IS NOT NULL) = b.kid AS same_key
	FROM fastauth.instance i, before b, fastauth.secrets s, pg_database d, pg_control_system() c WHERE d.datname = current_database() AND s.name = 'a';
SELECT p.client_secret = b.client_secret AS same_client_secret FROM fastauth.oauth_providers p, before b WHERE p.name = 'github';
SELECT count(*) > 250 AS mails FROM fastauth.outbox_overview WHERE status = 'pending';
SELECT subject FROM fastauth.outbox_mail(:'mail');
SELECT count(*) > 0 AS tokens FROM fastauth.one_time_tokens;
-- adopt(true) makes a new instance, ends the sessions and seals the secrets anew
INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
	VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress@example.org', true, true, '{}', '{}', now(), now());
INSERT INTO fastauth.sessions (id, user_id, created_at, last_used_at, authenticated_at, expires_at, data)
	VALUES ('0195e2e0-0000-7000-8000-000000000002', '0195e2e0-0000-7000-8000-000000000001', now(), now(), now(), now() + interval '1 day', '{}');
INSERT INTO fastauth.refresh_tokens (token_hash, session_id, created_at, expires_at)
	VALUES ('\x01', '0195e2e0-0000-7000-8000-000000000002', now(), now() + interval '1 day');
SELECT fastauth.adopt(true);
SELECT i.id = b.id AS same_id, s.value = b.value AS same_value, i.database_oid = d.oid AS of_this_database
	FROM fastauth.instance i, before b, fastauth.secrets s, pg_database d WHERE d.datname = current_database() AND s.name = 'a';
SELECT (SELECT count(*) FROM fastauth.users) AS users, (SELECT count(*) FROM fastauth.sessions) AS sessions, (SELECT count(*) FROM fastauth.refresh_tokens) AS refresh_tokens,
	(SELECT count(*) FROM fastauth.secrets) AS secrets;
-- a provider stays configured, its secret sealed anew, and opens
SELECT p.name, p.client_secret = b.client_secret AS same_client_secret FROM fastauth.oauth_providers p, before b ORDER BY p.name;
SELECT count(*) AS complaints FROM fastauth.check() WHERE subject LIKE 'identity provider %';
SELECT (SELECT count(*) FROM fastauth.outbox) AS outbox, (SELECT count(*) FROM fastauth.one_time_tokens) AS tokens, (SELECT count(*) FROM fastauth.webhooks) AS webhooks;
SELECT s.kid = b.kid AS old_key, s.private_key IS NOT NULL AS has_private, s.public_jwk IS NOT NULL AS has_public, s.verifies_until FROM fastauth.signing_keys s, before b ORDER BY 1;
SELECT jsonb_array_length(fastauth.jwks() -> 'keys') AS keys, fastauth.jwks() -> 'keys' -> 0 ->> 'kid' = b.kid AS old_key FROM before b;
SELECT fastauth.rotate_master_key() IS NOT NULL AS opens;
-- what does not open stops adopt(false), and is removed by adopt(true), which says so
BEGIN;
UPDATE fastauth.secrets SET value = set_byte(value, octet_length(value) - 1, get_byte(value, octet_length(value) - 1) # 1) WHERE name = 'b';
SAVEPOINT s;
\set VERBOSITY sqlstate
SELECT fastauth.adopt(false);
\set VERBOSITY default
ROLLBACK TO s;
SELECT fastauth.adopt(true);
SELECT name FROM fastauth.secrets;
ROLLBACK;
-- of a provider the secret alone is removed, and check() says so
BEGIN;
UPDATE fastauth.oauth_providers SET client_secret = set_byte(client_secret, octet_length(client_secret) - 1, get_byte(client_secret, octet_length(client_secret) - 1) # 1) WHERE name = 'github';
SELECT problem FROM fastauth.check() WHERE subject LIKE 'identity provider %';
SELECT fastauth.adopt(true);
SELECT name, client_secret IS NOT NULL AS has_secret FROM fastauth.oauth_providers ORDER BY name;
SELECT problem FROM fastauth.check() WHERE subject LIKE 'identity provider %';
ROLLBACK;
-- without an instance it makes one
BEGIN;
TRUNCATE fastauth.instance, fastauth.secrets, fastauth.signing_keys;
SELECT fastauth.adopt(false);
SELECT count(*) FROM fastauth.instance;
ROLLBACK;

SELECT fastauth.adopt(NULL);
BEGIN READ ONLY;
SAVEPOINT s;
SELECT fastauth.adopt(true);
ROLLBACK TO s;
SELECT fastauth.rotate_master_key();
ROLLBACK;
CREATE ROLE regress_instance;
GRANT USAGE ON SCHEMA fastauth TO regress_instance;
\set VERBOSITY sqlstate
SET ROLE regress_instance;
SELECT fastauth.adopt(true);
SELECT fastauth.adopt(false);
SELECT fastauth.rotate_master_key();
SELECT * FROM fastauth.instance;
UPDATE fastauth.instance SET id = id;
RESET ROLE;
\set VERBOSITY default

\c :main
DROP DATABASE regress_instance;
DROP ROLE regress_instance;
