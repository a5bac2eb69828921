-- While there are users, the extension is not dropped by accident.
SELECT current_database() AS main \gset
CREATE DATABASE regress_drop_guard TEMPLATE template0 ENCODING 'UTF8';
\c regress_drop_guard
SET client_min_messages = warning;
CREATE EXTENSION fastauth CASCADE;
CREATE ROLE regress_guard LOGIN;
-- without users it is dropped and made again, as often as you like
DROP EXTENSION fastauth;
SELECT to_regnamespace('fastauth') IS NULL AS gone;
CREATE EXTENSION fastauth;
DROP EXTENSION pgcrypto CASCADE;
CREATE EXTENSION fastauth CASCADE;

INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
	VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress@example.org', true, true, '{}', '{}', now(), now());
DROP EXTENSION fastauth;
DROP EXTENSION fastauth CASCADE;
DROP EXTENSION pgcrypto CASCADE;
-- these PostgreSQL refuses itself, or they come to the same
\set VERBOSITY sqlstate
DROP OWNED BY fastauth_owner;
DROP OWNED BY fastauth_owner CASCADE;
DROP SCHEMA fastauth;
DROP SCHEMA fastauth CASCADE;
DROP TABLE fastauth.users CASCADE;
DROP ROLE fastauth_owner;
ALTER EXTENSION fastauth DROP TABLE fastauth.users;
DROP TABLE fastauth.users CASCADE;
ALTER EXTENSION fastauth ADD TABLE fastauth.users;
\set VERBOSITY default
-- a user of the same transaction counts, in REPEATABLE READ too
DELETE FROM fastauth.users;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM fastauth.users;
INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
	VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress@example.org', true, true, '{}', '{}', now(), now());
SAVEPOINT s;
DROP EXTENSION fastauth;
ROLLBACK TO s;
COMMIT;
-- who owns pgcrypto, a trusted extension, is no superuser: CASCADE is refused them, and a privilege on the setting does not help
SET fastauth.allow_drop = on;
DROP EXTENSION pgcrypto CASCADE;
RESET fastauth.allow_drop;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_guard', current_database()) \gexec
SET ROLE regress_guard;
CREATE EXTENSION pgcrypto;
RESET ROLE;
CREATE EXTENSION fastauth;
INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
	VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress@example.org', true, true, '{}', '{}', now(), now());
SET SESSION AUTHORIZATION regress_guard;
SET fastauth.allow_drop = on;
DROP EXTENSION fastauth;
DROP EXTENSION pgcrypto CASCADE;
RESET SESSION AUTHORIZATION;
GRANT SET ON PARAMETER fastauth.allow_drop TO regress_guard;
SET SESSION AUTHORIZATION regress_guard;
SET fastauth.allow_drop = on;
DROP EXTENSION pgcrypto CASCADE;
RESET SESSION AUTHORIZATION;
RESET fastauth.allow_drop;
REVOKE SET ON PARAMETER fastauth.allow_drop FROM regress_guard;
SELECT count(*) FROM fastauth.users;
-- a superuser's session may
SET fastauth.allow_drop = on;
DROP EXTENSION fastauth;
SELECT to_regnamespace('fastauth') IS NULL AS gone;
RESET fastauth.allow_drop;
-- the same name elsewhere is nobody's business
CREATE SCHEMA fastauth;
CREATE TABLE users AS SELECT 1 AS id;
DROP TABLE users;
DROP SCHEMA fastauth;
-- a database is dropped with its users
CREATE EXTENSION fastauth CASCADE;
INSERT INTO fastauth.users (id, email, email_verified, is_active, metadata, app_metadata, created_at, updated_at)
	VALUES ('0195e2e0-0000-7000-8000-000000000001', 'regress@example.org', true, true, '{}', '{}', now(), now());
\c :main
DROP DATABASE regress_drop_guard;
DROP ROLE regress_guard;
