-- The counters of this database: which there are, that they move, and who may read them.
SELECT name, unit FROM fastauth.stats;
SELECT count(*) AS without_meaning FROM fastauth.stats WHERE meaning IS NULL OR length(meaning) < 10;

-- a password that is hashed counts, whether the transaction commits or not
CREATE FUNCTION regress_stat(wanted text) RETURNS bigint LANGUAGE sql AS 'SELECT value FROM fastauth.stats WHERE name = wanted';
SELECT regress_stat('hashes') AS hashes \gset
BEGIN;
SELECT id IS NOT NULL AS made FROM fastauth.create_user('regress-stats@example.org', 'correct horse battery staple');
ROLLBACK;
SELECT regress_stat('hashes') - :hashes AS more;
SELECT regress_stat('hashes') AS hashes \gset
SELECT regress_outcome($$SELECT fastauth.signin('regress-stats@example.org', 'regress wrong')$$);
SELECT regress_stat('hashes') - :hashes AS more;
SELECT regress_stat('hash_refusals');
SELECT count(DISTINCT since) AS since, bool_and(since <= clock_timestamp()) AS past FROM fastauth.stats;
-- a check of a token hashes nothing
SELECT regress_stat('hashes') AS hashes \gset
SELECT regress_outcome($$SELECT fastauth.verify_token('x.y.z')$$);
SELECT regress_stat('hashes') - :hashes AS more;

-- for the group admin alone
SET ROLE regress_admin;
SELECT count(*) > 0 AS readable FROM fastauth.stats;
SET ROLE regress_server;
SELECT count(*) FROM fastauth.stats;
SELECT count(*) FROM fastauth.list_stats();
SET ROLE regress_authenticated;
SELECT count(*) FROM fastauth.stats;
SELECT count(*) FROM fastauth.list_stats();
SET ROLE regress_anon;
SELECT count(*) FROM fastauth.stats;
SELECT count(*) FROM fastauth.list_stats();
RESET ROLE;
-- and nobody changes one
UPDATE fastauth.stats SET value = 0;
BEGIN READ ONLY;
SELECT count(*) > 0 AS readable FROM fastauth.stats;
COMMIT;
DROP FUNCTION regress_stat;
