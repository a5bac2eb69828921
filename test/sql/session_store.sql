-- SessionBackend: session_read, session_write, session_delete, session_exists (DESIGN 5.3, S36).
\set SHOW_CONTEXT never
SET ROLE regress_server;
SELECT fastauth.session_read('one') IS NULL AS nothing, fastauth.session_exists('one') AS there;
SELECT fastauth.session_delete('one');
SELECT fastauth.session_write('one', '{"user": 1, "cart": [1, 2]}', '1 h');
SELECT fastauth.session_read('one'), fastauth.session_exists('one');
-- a write takes the place of the one before, its time too
SELECT fastauth.session_write('one', '{"user": 2}', '2 d');
SELECT fastauth.session_read('one');
RESET ROLE;
SELECT kind, key_hash = sha256('one') AS hashed, value, expires_at - clock_timestamp() BETWEEN '1 d 23:59' AND '2 d' AS two_days FROM fastauth.session_store;
SET ROLE regress_server;
SELECT fastauth.session_delete('one');
SELECT fastauth.session_delete('one');
SELECT fastauth.session_read('one') IS NULL AS nothing, fastauth.session_exists('one') AS there;
-- any JSON is a value; JSON null is one too, and not nothing
SELECT fastauth.session_write('v', v, '1 h'), fastauth.session_read('v') FROM unnest(ARRAY['null', 'true', '"text"', '12.50', '[]', '{}']::jsonb[]) v;
SELECT fastauth.session_write('v', 'null', '1 h');
SELECT fastauth.session_read('v') IS NULL AS sql_null, fastauth.session_exists('v');
-- ids are bytes: nothing is trimmed, folded or normalised
SELECT fastauth.session_write(id, to_jsonb(n), '1 h') FROM unnest(ARRAY['a', 'A', ' a', 'a ', E'a\n', 'é', U&'e\0301', repeat('x', 512), repeat('é', 256)]) WITH ORDINALITY AS t (id, n);
SELECT n, fastauth.session_read(id) FROM unnest(ARRAY['a', 'A', ' a', 'a ', E'a\n', 'é', U&'e\0301', repeat('x', 512), repeat('é', 256)]) WITH ORDINALITY AS t (id, n);

--
-- What is refused
--
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.session_read(NULL)$$, $$SELECT fastauth.session_read('')$$, $$SELECT fastauth.session_read(repeat('x', 513))$$, $$SELECT fastauth.session_read(repeat('é', 257))$$,
	$$SELECT fastauth.session_exists(NULL)$$, $$SELECT fastauth.session_exists('')$$, $$SELECT fastauth.session_exists(repeat('x', 513))$$,
	$$SELECT fastauth.session_delete(NULL)$$, $$SELECT fastauth.session_delete('')$$, $$SELECT fastauth.session_delete(repeat('x', 513))$$,
	$$SELECT fastauth.session_write(NULL, '1', '1 h')$$, $$SELECT fastauth.session_write('', '1', '1 h')$$, $$SELECT fastauth.session_write(repeat('x', 513), '1', '1 h')$$,
	$$SELECT fastauth.session_write('x', NULL, '1 h')$$, $$SELECT fastauth.session_write('x', '1', NULL)$$,
	$$SELECT fastauth.session_write('x', '1', '0.999999 s')$$, $$SELECT fastauth.session_write('x', '1', '1 s')$$, $$SELECT fastauth.session_write('x', '1', '0')$$,
	$$SELECT fastauth.session_write('x', '1', '-1 h')$$, $$SELECT fastauth.session_write('x', '1', '365 d')$$, $$SELECT fastauth.session_write('x', '1', '365 d 1 us')$$,
	$$SELECT fastauth.session_write('x', '1', '1 month')$$, $$SELECT fastauth.session_write('x', '1', '2400000 h')$$,
	$$SELECT fastauth.session_write('x', to_jsonb(repeat('x', 65000)), '1 h')$$,
	$$SELECT fastauth.session_write('x', to_jsonb(repeat('x', 65536)), '1 h')$$,
	$$SELECT fastauth.session_write('x', to_jsonb(repeat('x', 10000000)), '1 h')$$,
	$$SELECT fastauth.session_write('x', '1e100000', '1 h')$$,
	$$SELECT fastauth.session_write('x', (repeat('[', 32) || repeat(']', 32))::jsonb, '1 h')$$,
	$$SELECT fastauth.session_write('x', (repeat('[', 33) || repeat(']', 33))::jsonb, '1 h')$$,
	$$SELECT fastauth.session_write('x', (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1001) i), '1 h')$$]) AS statement;
-- a refused write leaves what was there
SELECT fastauth.session_write('x', '"kept"', '1 h');
SELECT regress_outcome($$SELECT fastauth.session_write('x', '1', '0')$$), fastauth.session_read('x');

--
-- A value ends at its time, by the clock and not by the transaction's, whether its row is there or not
--
SELECT fastauth.session_write('ending', '1', '1 h');
RESET ROLE;
UPDATE fastauth.session_store SET expires_at = clock_timestamp() WHERE key_hash = sha256('ending');
SET ROLE regress_server;
SELECT fastauth.session_read('ending') IS NULL AS over, fastauth.session_exists('ending') AS there;
-- what is over can be written again, and removed
SELECT fastauth.session_write('ending', '2', '1 h');
SELECT fastauth.session_read('ending');
BEGIN;
SELECT fastauth.session_write('ending', '3', '1 s');
RESET ROLE;
UPDATE fastauth.session_store SET expires_at = now() + (clock_timestamp() - now()) / 2 WHERE key_hash = sha256('ending');
SET ROLE regress_server;
SELECT fastauth.session_read('ending') IS NULL AS over, fastauth.session_exists('ending') AS there;
SELECT fastauth.session_delete('ending');
RESET ROLE;
SELECT count(*) AS rows FROM fastauth.session_store WHERE key_hash = sha256('ending');
ROLLBACK;
SET ROLE regress_server;
SELECT fastauth.session_read('ending');
-- in every isolation level, and in a subtransaction
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.session_write('iso', '1', '1 h');
SAVEPOINT s;
SELECT fastauth.session_write('iso', '2', '1 h');
SELECT fastauth.session_read('iso');
ROLLBACK TO s;
SELECT fastauth.session_read('iso');
SELECT fastauth.session_delete('iso');
SELECT fastauth.session_exists('iso');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT fastauth.session_write('iso', '1', '1 h');
SELECT fastauth.session_read('iso');
ROLLBACK;
SELECT fastauth.session_exists('iso');

--
-- Only the kind of the application is seen (S36): neither its keys nor its values reach what we keep
--
RESET ROLE;
INSERT INTO fastauth.session_store VALUES ('oauth_state', sha256('state'), '{"code_verifier": "secret"}', now() + interval '10 min');
SET ROLE regress_server;
SELECT fastauth.session_read('state') IS NULL AS nothing, fastauth.session_exists('state') AS there, fastauth.session_read('oauth_state') IS NULL AS by_kind;
SELECT fastauth.session_delete('state');
SELECT fastauth.session_write('state', '"mine"', '1 h');
SELECT fastauth.session_read('state');
RESET ROLE;
SELECT kind, value FROM fastauth.session_store WHERE key_hash = sha256('state') ORDER BY kind;
DELETE FROM fastauth.session_store WHERE kind = 'oauth_state';

--
-- cleanup_expired: what is over, in batches, of every kind
--
DELETE FROM fastauth.session_store;
SELECT fastauth.cleanup_expired() >= 0 AS begun;
INSERT INTO fastauth.session_store SELECT 'app', sha256(int4send(i)), '1', now() - interval '1 day' FROM generate_series(1, 2500) i;
INSERT INTO fastauth.session_store VALUES ('oauth_state', sha256('state'), '1', now());
SET ROLE regress_server;
SELECT fastauth.session_write('live', '1', '1 h');
SELECT fastauth.cleanup_expired();
SELECT fastauth.cleanup_expired();
SELECT fastauth.session_read('live');
RESET ROLE;
SELECT count(*) AS rows FROM fastauth.session_store;

--
-- Who may, what writes, and what a copy keeps
--
SET ROLE regress_authenticated;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.session_read('live')$$, $$SELECT fastauth.session_write('live', '1', '1 h')$$, $$SELECT fastauth.session_delete('live')$$,
	$$SELECT fastauth.session_exists('live')$$, $$SELECT * FROM fastauth.session_store$$]) AS statement;
SET ROLE regress_server;
SELECT regress_outcome('SELECT * FROM fastauth.session_store');
BEGIN READ ONLY;
SELECT fastauth.session_read('live'), fastauth.session_exists('live');
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[$$SELECT fastauth.session_write(NULL, NULL, NULL)$$, $$SELECT fastauth.session_delete(NULL)$$]) AS statement;
COMMIT;
RESET ROLE;
BEGIN;
SELECT fastauth.adopt(true);
SELECT fastauth.session_exists('live') AS there_in_a_staging_copy;
ROLLBACK;
SELECT relpersistence FROM pg_class WHERE oid = 'fastauth.session_store'::regclass;
DELETE FROM fastauth.session_store;
