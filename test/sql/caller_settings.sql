-- The settings of the caller change no answer: the main job, with everything set that any role may set and that
-- bends how SQL is read, planned or printed, and with names of the caller's that look like ours.
\set superuser :USER
\c - regress_server
SET search_path = pg_temp, public, fastauth, pg_catalog;
SET transform_null_equals = on;
SET array_nulls = off;
SET quote_all_identifiers = on;
SET backslash_quote = off;
SET escape_string_warning = off;
SET bytea_output = 'escape';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET timezone = 'Pacific/Kiritimati';
SET extra_float_digits = -15;
SET xmloption = document;
SET default_transaction_isolation = 'serializable';
SET default_transaction_deferrable = on;
SET plan_cache_mode = 'force_generic_plan';
SET enable_seqscan = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SET enable_nestloop = off;
SET enable_hashjoin = off;
SET work_mem = '64kB';
SET from_collapse_limit = 1;
SET join_collapse_limit = 1;
SET constraint_exclusion = on;
SET row_security = off;
SET check_function_bodies = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'regress', false) AS forced;
SET lock_timeout = 1000;
SET jit = off;
SET idle_in_transaction_session_timeout = '1h';
SET client_encoding = 'UTF8';
CREATE TABLE pg_temp.users (id uuid, email text, is_active bool, hashed_password text, deleted_at timestamptz);
CREATE TABLE pg_temp.sessions (id uuid);
CREATE TABLE pg_temp.session_revocations (session_id uuid);
CREATE TABLE pg_temp.refresh_tokens (token_hash bytea);
CREATE TABLE pg_temp.settings (name text, value text);
CREATE FUNCTION pg_temp.always(uuid, uuid) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR pg_temp.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = pg_temp.always);
CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '2000-01-01'$$;

SELECT access_token IS NOT NULL AS signed_up FROM fastauth.signup('settings.alice@example.com', 'correct horse battery', 'Alice');
SELECT access_token AS a, refresh_token AS r, token_type, expires_in FROM fastauth.signin('settings.alice@example.com', 'correct horse battery') \gset
SELECT :'token_type' AS token_type, :'expires_in' AS expires_in;
SELECT regress_outcome($$SELECT fastauth.signin('settings.alice@example.com', 'wrong')$$), regress_outcome($$SELECT fastauth.signin('settings.nobody@example.com', 'wrong')$$),
	regress_outcome($$SELECT fastauth.signup('settings.alice@example.com', 'correct horse battery')$$);
SELECT id AS alice, email FROM fastauth.get_user_by_email('settings.alice@example.com') \gset
SELECT email, name, is_active FROM fastauth.get_user(:'alice');
SELECT fastauth.get_user('00000000-0000-0000-0000-000000000000') IS NULL AS nobody;
SELECT id AS bob FROM fastauth.create_user('settings.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS b, refresh_token AS br FROM fastauth.signin('settings.bob@example.com', 'correct horse battery') \gset
SELECT name, metadata FROM fastauth.update_user(:'alice', '{"name": "Alicia", "metadata": {"a": "b"}}');
SELECT name FROM fastauth.get_user(:'bob');
SELECT expires_at - created_at = interval '30 days' AS lifetime, provider FROM fastauth.list_user_sessions(:'alice');
SELECT refresh_token AS r2 FROM fastauth.refresh(:'r') \gset
SELECT refresh_token = :'r2' AS same_successor FROM fastauth.refresh(:'r');
SELECT refresh_token AS r3 FROM fastauth.refresh(:'r2') \gset
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'r'));
-- which has ended that session
SELECT access_token AS a, refresh_token AS r3 FROM fastauth.signin('settings.alice@example.com', 'correct horse battery') \gset
BEGIN;
SELECT fastauth.authenticate(:'a') = CAST(:'alice' AS uuid) AS ok, (fastauth.me()).email, fastauth.claims()->>'email' AS claims;
SELECT count(*), count(*) FILTER (WHERE current) AS current FROM fastauth.list_sessions();
SELECT regress_outcome($$SELECT fastauth.change_password('wrong', 'staple battery horse')$$), regress_outcome($$SELECT fastauth.change_password('correct horse battery', 'staple battery horse')$$);
SELECT regress_outcome(format('SELECT fastauth.revoke_session(%L)', fastauth.verify_token(:'b')->>'sid'));
SELECT count(*) FROM fastauth.list_sessions();
SELECT fastauth.signout('global');
COMMIT;
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'a')), regress_outcome(format('SELECT fastauth.refresh(%L)', :'r3')), regress_outcome(format('SELECT fastauth.verify_token(%L)', :'b'));
SELECT fastauth.introspect(:'a') AS alice, fastauth.introspect(:'br')->'token_type' AS bob;
SELECT regress_outcome($$SELECT fastauth.signin('settings.alice@example.com', 'correct horse battery')$$) AS old, regress_outcome($$SELECT fastauth.signin('settings.alice@example.com', 'staple battery horse')$$) AS new;
SELECT id AS session FROM fastauth.create_session(:'alice', '90 min', '192.0.2.1', 'Agent', '{"a": 1}') \gset
SELECT expires_at - created_at = interval '90 min' AS lifetime, ip_address, user_agent, data FROM fastauth.get_session(:'session');
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');
SELECT count(*) FROM fastauth.list_user_sessions(:'bob');
SELECT fastauth.cleanup_expired() > 0 AS cleaned;
SELECT fastauth.delete_user(:'alice', soft => false);
SELECT fastauth.get_user(:'alice') IS NULL AS alice_is_gone, (fastauth.get_user(:'bob')).email AS bob;
-- nothing of it went into the caller's tables, and the settings are as they were
SELECT (SELECT count(*) FROM pg_temp.users) + (SELECT count(*) FROM pg_temp.sessions) + (SELECT count(*) FROM pg_temp.session_revocations) + (SELECT count(*) FROM pg_temp.refresh_tokens) AS rows_of_ours;
SHOW search_path;
SHOW lock_timeout;
SHOW transform_null_equals;
\c - :superuser
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
