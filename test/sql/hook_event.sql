-- Functions that return trigger are called with each event, as AFTER INSERT row triggers with NEW the row of fastauth.events, and as their owner.
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
CREATE ROLE regress_app;
CREATE SCHEMA app AUTHORIZATION regress_app;
GRANT regress_app TO regress_admin;
GRANT USAGE ON SCHEMA app TO regress_server;
SET ROLE regress_app;
CREATE TABLE app.seen (n int GENERATED ALWAYS AS IDENTITY, event text, user_id uuid, session_id uuid, ip_address inet, data jsonb, as_whom text, how text, one_row boolean);
GRANT SELECT, DELETE ON app.seen TO regress_server;
CREATE FUNCTION app.sees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen (event, user_id, session_id, ip_address, data, as_whom, how, one_row) VALUES (NEW.event, NEW.user_id, NEW.session_id, NEW.ip_address, NEW.data, current_user,
		concat_ws(' ', TG_WHEN, TG_LEVEL, TG_OP, TG_TABLE_SCHEMA, regexp_replace(TG_TABLE_NAME, '[0-7]$', 'N'), TG_NARGS), NEW.id IS NOT NULL AND NEW.created_at <= clock_timestamp() AND to_jsonb(NEW) ? 'ring');
	RETURN NULL;
END $$;
CREATE FUNCTION app.counts() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO seen (event, how) VALUES (NEW.event, 'any'); RETURN NEW; END $$;
RESET ROLE;
SET ROLE regress_admin;
-- not by another's name, nor another kind of function
SELECT event, regress_outcome(format('SELECT fastauth.add_hook(%L, %L)', event, 'app.sees()')) FROM unnest(ARRAY['on_signup', 'allow_signin', 'sign', 'Signup', '%']) AS event;
SELECT fastauth.add_hook(event, 'app.sees()') FROM unnest(ARRAY['signup', 'signin', 'signout', 'token_refresh', 'password_change', 'user_deleted', 'key_rotated', 'setting_changed', 'signin_failed', 'account_locked', 'refresh_reused', 'email_change']) AS event;
SELECT event, position, function, owner, problem FROM fastauth.hooks_overview;

SET ROLE regress_server;
BEGIN;
SELECT fastauth.set_client('192.0.2.9', 'Test/1.0');
SELECT access_token AS a, refresh_token AS r FROM fastauth.signup('hook.event@example.com', 'correct horse battery') \gset
COMMIT;
SELECT access_token AS a, refresh_token AS r FROM fastauth.signin('hook.event@example.com', 'correct horse battery') \gset
SELECT access_token AS a FROM fastauth.refresh(:'r') \gset
SELECT id AS user_id FROM fastauth.get_user_by_email('hook.event@example.com') \gset
SELECT fastauth.set_hashed_password(:'user_id', '$2b$05$wxAQKiTAABRkBn4RMk2BzuE4VAyZgDdeiUb.zuVd4TZkWgIaGBWxW');
BEGIN;
SELECT fastauth.authenticate(:'a') = :'user_id' AS ok;
SELECT fastauth.signout();
COMMIT;
SELECT event, user_id = :'user_id' AS user, session_id IS NOT NULL AS session, ip_address, data, as_whom, how, one_row FROM app.seen ORDER BY n;
DELETE FROM app.seen;
-- every event, after those of its own name
SET ROLE regress_admin;
SELECT fastauth.add_hook('*', 'app.counts()');
SELECT fastauth.configure('access_token_ttl', '20 min');
SELECT fastauth.configure('access_token_ttl', NULL);
SET ROLE regress_server;
SELECT event, data, left(how, 9) AS how FROM app.seen ORDER BY n;
DELETE FROM app.seen;
-- a rollback takes what it wrote
BEGIN;
SELECT fastauth.delete_user(:'user_id', false);
SELECT event, how IS NOT NULL AS how FROM app.seen ORDER BY n;
ROLLBACK;
SELECT count(*) FROM app.seen;
-- an error is the flow's, and leaves neither the change nor the event
SET ROLE regress_app;
CREATE FUNCTION app.refuses() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION '% is not wanted', NEW.event USING ERRCODE = 'ZZ124', HINT = 'stay'; END $$;
SET ROLE regress_admin;
SELECT fastauth.add_hook('user_deleted', 'app.refuses()');
SET ROLE regress_server;
\set SHOW_CONTEXT errors
SELECT fastauth.delete_user(:'user_id', false);
\set SHOW_CONTEXT never
SELECT (fastauth.get_user(:'user_id')).is_active, (SELECT count(*) FROM app.seen) AS seen, (SELECT count(*) FROM fastauth.list_events(NULL, 1000) WHERE event = 'user_deleted' AND user_id = :'user_id') AS events;
SET ROLE regress_admin;
SELECT fastauth.remove_hook('user_deleted', 'app.refuses()');

--
-- Attacks by a trigger function: each tells how it went, and after it we are who we were
--
RESET ROLE;
CREATE TABLE app.attack (statement text);
CREATE TABLE app.went (statement text, how text);
ALTER TABLE app.attack OWNER TO regress_app;
ALTER TABLE app.went OWNER TO regress_app;
GRANT SELECT, INSERT, DELETE ON app.attack, app.went TO regress_server;
SET ROLE regress_app;
CREATE FUNCTION app.attacks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	a text;
	how text;
BEGIN
	FOR a IN SELECT statement FROM attack LOOP
		BEGIN
			EXECUTE a;
			how := 'done as ' || current_user;
		EXCEPTION WHEN OTHERS THEN
			how := SQLSTATE;
		END;
		INSERT INTO went VALUES (a, how);
	END LOOP;
	RETURN NULL;
END $$;
SET ROLE regress_admin;
SELECT fastauth.add_hook('signin', 'app.attacks()');
SET ROLE regress_server;
INSERT INTO app.attack VALUES
	('RESET ROLE'), ('SET ROLE NONE'), ('SET SESSION AUTHORIZATION DEFAULT'), ($$SELECT set_config('role', 'none', false)$$), ($$SELECT set_config('session_authorization', 'default', false)$$),
	('SELECT * FROM fastauth.events'), ($$INSERT INTO fastauth.events (id) VALUES ('00000000-0000-0000-0000-000000000000')$$), ('SELECT * FROM fastauth.users'), ('DELETE FROM fastauth.session_revocations'),
	('SET ROLE fastauth_events'), ('SET ROLE fastauth_owner'), ('CREATE TRIGGER t AFTER INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION app.sees()'), ('CREATE TEMP TABLE t ()'), ('LISTEN x'), ('COMMIT');
SELECT (fastauth.create_user('hook.event2@example.com', 'correct horse battery')).email;
SELECT (fastauth.signin('hook.event2@example.com', 'correct horse battery')).token_type;
SELECT statement, how, count(*) FROM app.went GROUP BY statement, how ORDER BY statement;
SELECT current_user, session_user = current_user AS same;
RESET ROLE;
SELECT count(fastauth.remove_hook(event, function)) FROM fastauth.hooks_overview;

-- the relation is the partition, which holds the row; the row has its ctid: what a function of C would look for in the storage is there
CREATE FUNCTION app.looks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	stored fastauth.events;
	kind "char";
BEGIN
	SELECT relkind INTO kind FROM pg_class WHERE oid = TG_RELID;
	EXECUTE format('SELECT e.* FROM %s e WHERE e.ctid = %L', TG_RELID::regclass, NEW.ctid) INTO stored;
	INSERT INTO app.went VALUES (NEW.event, concat_ws(' ', kind, NEW.tableoid = TG_RELID, TG_TABLE_NAME = format('events_%s', NEW.ring), to_jsonb(stored) = to_jsonb(NEW), stored.id = NEW.id));
	RETURN NULL;
END $$;
SELECT fastauth.add_hook('*', 'app.looks()');
DELETE FROM app.went;
SELECT (fastauth.signin('hook.event2@example.com', 'correct horse battery')).token_type;
-- a user who deletes a user in a hook changes the row of the event, which the next hook gets as it is then
CREATE FUNCTION app.deletes() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM fastauth.delete_user(NEW.user_id, false); RETURN NULL; END $$;
SELECT fastauth.add_hook('role_granted', 'app.deletes()');
SELECT (fastauth.create_role('hook.role')).name;
SELECT fastauth.grant_role(id, 'hook.role') FROM fastauth.create_user('hook.event3@example.com');
SELECT * FROM app.went;
SELECT fastauth.delete_role('hook.role');
SELECT fastauth.remove_hook('role_granted', 'app.deletes()'), fastauth.remove_hook('*', 'app.looks()');

-- trigger functions of PostgreSQL's own need a real trigger, and a row of a real table
SELECT fastauth.add_hook('signin', 'suppress_redundant_updates_trigger()');
SELECT fastauth.add_hook('signin', 'pg_catalog.unique_key_recheck()');
SET client_min_messages = error;
DROP SCHEMA app CASCADE;
DROP ROLE regress_app;
SELECT count(fastauth.delete_user(id, false)) FROM fastauth.users WHERE email LIKE 'hook.%';
