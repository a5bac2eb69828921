-- has_role() and has_permission(): what they answer, for whom, and that an answer is never older than the
-- statement that asks (each weaker key of the cache has its test), nor another one in a parallel worker (S14).
\set superuser :USER
\set SHOW_CONTEXT never
\pset null '(null)'
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('permission.alice@example.com', 'correct horse battery') \gset
SELECT id AS bob FROM fastauth.create_user('permission.bob@example.com', 'correct horse battery') \gset
SELECT access_token AS a FROM fastauth.signin('permission.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS b FROM fastauth.signin('permission.bob@example.com', 'correct horse battery') \gset
SELECT (fastauth.create_role('reader', ARRAY['posts:read'])).name, (fastauth.create_role('editor', ARRAY['posts:write', 'media:*'])).name, (fastauth.create_role('root', ARRAY['*'])).name;
SELECT fastauth.include_role('editor', 'reader');
SELECT fastauth.grant_role(:'alice', 'editor'), fastauth.grant_role(:'bob', 'reader');
RESET ROLE;
-- What a statement of the owner changes, for tests that go on with the same identity.
CREATE FUNCTION regress_take(role text) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM fastauth.user_roles u WHERE u.role = $1';
CREATE FUNCTION regress_give(user_id uuid, role text) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO fastauth.user_roles VALUES ($1, $2)';
CREATE TABLE regress_ask (permission text, role text);
INSERT INTO regress_ask VALUES ('posts:read', 'reader'), ('posts:write', 'editor'), ('media:x', 'root'), ('media:x:y', 'nobody'), ('media', 'Reader'), ('media:*', 'reader.x'),
	('other:read', 'pg_read_all_data'), ('*', 'postgres');
GRANT SELECT ON regress_ask TO PUBLIC;

--
-- Nobody, then one, then another
--
\c - regress_anon
SELECT fastauth.has_role('reader'), fastauth.has_permission('posts:read'), fastauth.has_permission('*');
SELECT permission, fastauth.has_permission(permission), role, fastauth.has_role(role) FROM regress_ask;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT permission, fastauth.has_permission(permission), role, fastauth.has_role(role) FROM regress_ask;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
SELECT permission, fastauth.has_permission(permission), role, fastauth.has_role(role) FROM regress_ask;
SELECT fastauth.authenticate('x');
ROLLBACK;
SELECT fastauth.has_role('reader'), fastauth.has_permission('posts:read');
-- a failed authenticate() leaves who may nothing
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice, fastauth.has_permission('posts:read');
SELECT fastauth.has_permission('posts:read');
SELECT regress_outcome('SELECT fastauth.authenticate(''x'')');
SELECT fastauth.has_permission('posts:read'), fastauth.has_role('editor');
COMMIT;

--
-- Questions that are none, the same for nobody and for one who may everything
--
SELECT left(question, 12) AS question, regress_outcome(format('SELECT fastauth.has_permission(%L)', question)) AS permission, regress_outcome(format('SELECT fastauth.has_role(%L)', question)) AS role
FROM unnest(ARRAY[NULL, '', ' ', 'a b', 'a:', ':', 'a:*:b', '**', 'a*', 'é', E'a\n', 'a''', '%', '_', repeat('x', 128), repeat('x', 129), repeat('x', 10000000)]) AS question;
SELECT fastauth.has_permission('posts read');
SELECT fastauth.has_role('posts read');
\c - :superuser
SELECT regress_give(:'bob', 'root');
\c - regress_anon
BEGIN;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob, fastauth.has_permission('x');
SELECT left(question, 12) AS question, regress_outcome(format('SELECT fastauth.has_permission(%L)', question)) AS permission, regress_outcome(format('SELECT fastauth.has_role(%L)', question)) AS role
FROM unnest(ARRAY[NULL, '', 'a b', '**', repeat('x', 129)]) AS question;
SELECT fastauth.has_permission('x'), fastauth.has_permission('*'), fastauth.has_role('root'), fastauth.has_role('editor');
COMMIT;
\c - :superuser
SELECT regress_take('root');

--
-- The next statement sees what this transaction changed, each statement only one state
--
\c - regress_authenticated
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('media:x');
SELECT fastauth.has_permission('media:x') AS before, regress_take('editor'), fastauth.has_permission('media:x') AS same_statement;
SELECT fastauth.has_permission('media:x') AS next_statement;
SELECT regress_give(:'alice', 'editor');
SELECT fastauth.has_permission('media:x');
ROLLBACK;
-- fn_extra alone would keep: a simple expression of PL/pgSQL, after a change of its own and of the identity
CREATE FUNCTION pg_temp.ask(a text, b text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text := '';
BEGIN
	FOR i IN 1 .. 7 LOOP
		IF i = 3 THEN PERFORM fastauth.authenticate(b); END IF;
		IF i = 4 THEN PERFORM fastauth.authenticate(a); END IF;
		IF i = 5 THEN PERFORM regress_take('editor'); END IF;
		IF i = 6 THEN PERFORM regress_give(fastauth.uid(), 'editor'); END IF;
		IF i = 7 THEN PERFORM regress_outcome('SELECT fastauth.authenticate(''x'')'); END IF;
		answers := answers || ' ' || fastauth.has_permission('media:x');
	END LOOP;
	RETURN answers;
END $$;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT pg_temp.ask(:'a', :'b');
ROLLBACK;
-- nor is a question of another parameter answered by the last one's
CREATE FUNCTION pg_temp.ask_each() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text := '';
	question text;
BEGIN
	FOREACH question IN ARRAY ARRAY['media:x', 'other:x', 'posts:read', 'posts', 'media:x'] LOOP
		answers := answers || ' ' || fastauth.has_permission(question) || '/' || fastauth.has_permission('media:x');
	END LOOP;
	RETURN answers;
END $$;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT pg_temp.ask_each();
PREPARE ask(text) AS SELECT fastauth.has_permission($1), fastauth.has_permission('media:x') AS fixed;
SET LOCAL plan_cache_mode = force_generic_plan;
EXECUTE ask('media:x');
EXECUTE ask('other:x');
-- EXECUTE of a generic plan after a change
SELECT regress_take('editor');
EXECUTE ask('media:x');
ROLLBACK;
EXECUTE ask('media:x');
DEALLOCATE ask;
-- identity and command alone would keep: a grant in a savepoint that is rolled back
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
SELECT fastauth.has_permission('media:x');
SAVEPOINT s;
SELECT regress_give(:'bob', 'editor');
SELECT fastauth.has_permission('media:x');
ROLLBACK TO s;
SELECT fastauth.has_permission('media:x');
SAVEPOINT s;
SELECT regress_take('reader');
SELECT fastauth.has_permission('posts:read');
RELEASE s;
SELECT fastauth.has_permission('posts:read');
ROLLBACK;
-- the same in an exception block
CREATE FUNCTION pg_temp.ask_block(bob uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text := '';
BEGIN
	BEGIN
		PERFORM regress_give(bob, 'editor');
		answers := answers || ' ' || fastauth.has_permission('media:x');
		RAISE EXCEPTION 'undone';
	EXCEPTION WHEN raise_exception THEN
		answers := answers || ' ' || fastauth.has_permission('media:x');
	END;
	RETURN answers;
END $$;
BEGIN;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
SELECT pg_temp.ask_block(:'bob');
ROLLBACK;
-- an identity that a savepoint takes back
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('media:x');
SAVEPOINT s;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
SELECT fastauth.has_permission('media:x');
ROLLBACK TO s;
SELECT fastauth.has_permission('media:x');
COMMIT;
-- an old cursor goes on as it began, and its answers are not given to the statements between
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
DECLARE old CURSOR FOR SELECT i, fastauth.has_permission('media:x') FROM generate_series(1, 3) i;
FETCH old;
SELECT regress_take('editor');
SELECT fastauth.has_permission('media:x');
FETCH old;
SELECT fastauth.has_permission('media:x');
FETCH old;
ROLLBACK;
-- a procedure that commits, and the next transaction, have nobody
CREATE PROCEDURE pg_temp.ask_commit() LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '%', fastauth.has_permission('media:x');
	COMMIT;
	RAISE NOTICE '%', fastauth.has_permission('media:x');
END $$;
CALL pg_temp.ask_commit();
-- changes of what a role may and includes count as well
\c - :superuser
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('posts:read'), fastauth.has_permission('media:x'), fastauth.has_role('reader');
SELECT fastauth.exclude_role('editor', 'reader');
SELECT fastauth.has_permission('posts:read'), fastauth.has_permission('media:x'), fastauth.has_role('reader');
SELECT fastauth.remove_permissions('editor', ARRAY['media:*']);
SELECT fastauth.has_permission('media:x'), fastauth.has_role('editor');
SELECT fastauth.add_permissions('editor', ARRAY['media:x']);
SELECT fastauth.has_permission('media:x'), fastauth.has_permission('media:y');
SELECT fastauth.delete_role('editor');
SELECT fastauth.has_permission('media:x'), fastauth.has_role('editor');
ROLLBACK;
-- a user who is deactivated or deleted meanwhile may nothing more
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('media:x');
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT fastauth.has_permission('media:x'), fastauth.has_role('editor');
ROLLBACK;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.delete_user(:'alice', soft => false);
SELECT fastauth.has_permission('media:x');
ROLLBACK;
-- it reads in a READ ONLY transaction, as any role, and with row_security off
\c - regress_anon
BEGIN READ ONLY;
SET LOCAL row_security = off;
SET LOCAL search_path = pg_temp;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('media:x'), current_user, current_setting('search_path') AS search_path;
COMMIT;

--
-- Policies
--
\c - :superuser
CREATE TABLE regress_posts (id int PRIMARY KEY, owner uuid, need text);
INSERT INTO regress_posts SELECT i, CASE WHEN i % 2 = 0 THEN :'alice'::uuid ELSE :'bob'::uuid END, CASE i % 3 WHEN 0 THEN 'posts:read' WHEN 1 THEN 'media:' || i ELSE 'other:x' END FROM generate_series(1, 6000) i;
CREATE INDEX ON regress_posts (owner);
ANALYZE regress_posts;
CREATE VIEW regress_hidden WITH (security_invoker) AS SELECT * FROM regress_posts;
ALTER TABLE regress_posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_need ON regress_posts FOR SELECT USING (fastauth.has_permission(need));
CREATE POLICY writing ON regress_posts FOR INSERT WITH CHECK (fastauth.has_permission('posts:write') AND owner = fastauth.uid());
CREATE TABLE regress_negated (id int, owner uuid);
INSERT INTO regress_negated SELECT id, owner FROM regress_posts;
ANALYZE regress_negated;
ALTER TABLE regress_negated ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON regress_negated USING (true);
CREATE POLICY not_editors ON regress_negated AS RESTRICTIVE USING (NOT fastauth.has_permission('posts:write') OR fastauth.has_role('root'));
GRANT SELECT, INSERT ON regress_posts, regress_hidden TO regress_authenticated, regress_anon;
GRANT SELECT ON regress_negated TO regress_authenticated, regress_anon;
CREATE TABLE regress_owned (id int, owner uuid);
INSERT INTO regress_owned SELECT i, gen_random_uuid() FROM generate_series(1, 5000) i;
CREATE INDEX ON regress_owned (owner);
ANALYZE regress_owned;
ALTER TABLE regress_owned ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON regress_owned USING (owner = fastauth.uid());
GRANT SELECT ON regress_owned TO regress_authenticated;
\c - regress_authenticated
EXPLAIN (COSTS OFF) SELECT * FROM regress_owned;
-- the same counts as nobody, alice and bob, serially and in workers alone
CREATE FUNCTION pg_temp.counts() RETURNS TABLE (posts bigint, hidden bigint, negated bigint, asked bigint) LANGUAGE plpgsql AS $$
BEGIN
	SELECT count(*) INTO posts FROM regress_posts;
	SELECT count(*) INTO hidden FROM regress_hidden;
	SELECT count(*) INTO negated FROM regress_negated;
	SELECT count(*) INTO asked FROM regress_negated WHERE fastauth.has_permission('posts:read') AND fastauth.has_role('reader');
	RETURN NEXT;
END $$;
SELECT * FROM pg_temp.counts();
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT * FROM pg_temp.counts();
SELECT regress_outcome(format('INSERT INTO regress_posts VALUES (7001, %L, ''x'')', :'alice')) AS own, regress_outcome(format('INSERT INTO regress_posts VALUES (7002, %L, ''x'')', :'bob')) AS others;
ROLLBACK;
BEGIN;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
SELECT * FROM pg_temp.counts();
SELECT regress_outcome(format('INSERT INTO regress_posts VALUES (7001, %L, ''x'')', :'bob')) AS own;
ROLLBACK;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', false) AS forced;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
\set counts 'SELECT count(*) AS posts FROM regress_posts; SELECT count(*) AS negated FROM regress_negated; SELECT count(*) AS asked FROM regress_negated WHERE fastauth.has_permission(''posts:read'') AND fastauth.has_role(''reader'');'
CREATE FUNCTION pg_temp.workers(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ '"Workers Launched": [1-9]';
END $$;
:counts
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT pg_temp.workers('SELECT count(*) FROM regress_posts') AS posts, pg_temp.workers('SELECT count(*) FROM regress_negated') AS negated;
:counts
SAVEPOINT s;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS bob;
:counts
ROLLBACK TO s;
:counts
-- a change of this transaction, which workers see by its snapshot
SELECT regress_take('editor');
:counts
SELECT regress_outcome('SELECT fastauth.authenticate(''x'')');
:counts
-- a question that is none is an error of the worker, and of the query
SELECT regress_outcome('SELECT count(*) FROM regress_negated WHERE fastauth.has_permission(id || '' '')');
ROLLBACK;

--
-- What the load of the rows meets: a lock that is not given, a cancel; nothing old stays
--
\c - :superuser
SET client_min_messages = error;
BEGIN;
SELECT fastauth.authenticate(:'a') IS NOT NULL AS alice;
SELECT fastauth.has_permission('media:x');
SAVEPOINT s;
ALTER TABLE fastauth.user_roles RENAME TO gone;
SELECT regexp_replace(regress_outcome('SELECT fastauth.has_permission(''media:x'')'), '[0-9a-f]{8}', '...') AS internal;
ROLLBACK TO s;
SELECT fastauth.has_permission('media:x');
COMMIT;
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
DROP TABLE regress_negated, regress_owned, regress_ask;
DROP TABLE regress_posts CASCADE;
DROP FUNCTION regress_take(text), regress_give(uuid, text);
DELETE FROM fastauth.users;
DELETE FROM fastauth.roles;
DELETE FROM fastauth.session_revocations;
