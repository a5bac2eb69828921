-- SessionAdapter, as the application's server calls it: create_session, get_session, delete_session,
-- delete_user_sessions, list_user_sessions, cleanup_expired.
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('session.alice@example.com', 'correct horse battery') \gset
SELECT id AS bob FROM fastauth.create_user('session.bob@example.com') \gset

--
-- create_session answers what get_session answers
--
SELECT id AS first, user_id = :'alice' AS of_alice, created_at = last_used_at AS times_are_equal, expires_at - created_at AS ttl,
	ip_address, user_agent, provider, data FROM fastauth.create_session(:'alice') \gset first_
SELECT :'first_of_alice' AS of_alice, :'first_times_are_equal' AS times_are_equal, :'first_ttl' AS ttl, :'first_data' AS data;
SELECT ip_address, user_agent, provider, data, user_id = :'alice' AS of_alice, expires_at - created_at AS ttl FROM fastauth.get_session(:'first_first');
SELECT id AS second, expires_at - created_at AS ttl, ip_address, user_agent, data
	FROM fastauth.create_session(:'alice', '90 min', '2001:db8::1', 'Agent/1.0', '{"cart": [1, 2]}') \gset
SELECT expires_at - created_at AS ttl, ip_address, user_agent, data FROM fastauth.get_session(:'second');
SELECT substr(:'second', 15, 1) AS uuid_version;
-- NULLs are the defaults
SELECT expires_at - created_at AS ttl, ip_address, user_agent, data FROM fastauth.create_session(:'bob', NULL, NULL, NULL, NULL);

-- What is refused
SELECT case_, regress_outcome(format('SELECT fastauth.create_session(%L, %s)', CASE case_ WHEN 'unknown user' THEN '00000000-0000-0000-0000-000000000000' ELSE :'alice' END, argument)) FROM (VALUES
	('unknown user', $$ttl => '1 day'$$),
	('1 second', $$ttl => '1 s'$$),
	('less than a second', $$ttl => '0.999999 s'$$),
	('0', $$ttl => '0'$$),
	('negative', $$ttl => '-1 hour'$$),
	('a day less an hour is fine', $$ttl => '1 day -1 hour'$$),
	('days that cancel out', $$ttl => '1 day -24 hours'$$),
	('a month', $$ttl => '1 month'$$),
	('a year', $$ttl => '1 year'$$),
	('minus a month and 60 days', $$ttl => '60 days -1 month'$$),
	('too long', $$ttl => '100000 days'$$),
	('hours beyond', $$ttl => '2400000 hours'$$),
	('user agent of 512', $$user_agent => repeat('a', 512)$$),
	('user agent of 513', $$user_agent => repeat('a', 513)$$),
	('user agent with line break', $$user_agent => E'a\r\nb'$$),
	('user agent with bidi', $$user_agent => U&'a\202eb'$$),
	('data is an array', $$data => '[]'$$),
	('data is a string', $$data => '"x"'$$),
	('data is null', $$data => 'null'$$),
	('data of 65 KiB', $$data => jsonb_build_object('a', repeat('x', 65536))$$),
	('data of 33 levels', $$data => (repeat('{"a":', 33) || '1' || repeat('}', 33))::jsonb$$),
	('data of 1001 keys', $$data => (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1001) i)$$)) AS v (case_, argument);
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	'SELECT fastauth.create_session(NULL)', 'SELECT fastauth.get_session(NULL)', 'SELECT fastauth.delete_session(NULL)',
	'SELECT fastauth.delete_user_sessions(NULL)', 'SELECT * FROM fastauth.list_user_sessions(NULL)']) AS statement;
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": false}');
SELECT fastauth.create_session(:'bob');
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": true}');
SELECT count(*) FROM fastauth.list_user_sessions(:'bob');

--
-- get, delete and list: nothing there is no error
--
SELECT fastauth.get_session('00000000-0000-0000-0000-000000000000') IS NULL AS none;
SELECT fastauth.delete_session('00000000-0000-0000-0000-000000000000');
SELECT fastauth.delete_user_sessions('00000000-0000-0000-0000-000000000000');
SELECT count(*) FROM fastauth.list_user_sessions('00000000-0000-0000-0000-000000000000');
SELECT fastauth.delete_session(:'second');
SELECT fastauth.delete_session(:'second');
SELECT fastauth.get_session(:'second') IS NULL AS gone;
SELECT fastauth.delete_user_sessions(:'alice');
SELECT fastauth.delete_user_sessions(:'alice');
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');

-- oldest first
SELECT fastauth.create_session(:'alice', data => jsonb_build_object('n', n)) IS NULL AS failed FROM generate_series(1, 5) AS n;
SELECT data FROM fastauth.list_user_sessions(:'alice');
SELECT id AS third FROM fastauth.list_user_sessions(:'alice') WHERE data = '{"n": 3}' \gset
SELECT fastauth.delete_session(:'third');
SELECT data FROM fastauth.list_user_sessions(:'alice');
-- another's stay
SELECT id AS bobs FROM fastauth.create_session(:'bob') \gset
SELECT fastauth.delete_user_sessions(:'alice');
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');
SELECT count(*) FROM fastauth.list_user_sessions(:'bob');

--
-- A session ends at expires_at, not after it
--
SELECT id AS ending FROM fastauth.create_session(:'alice') \gset
RESET ROLE;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE id = :'ending';
SET ROLE regress_server;
SELECT fastauth.get_session(:'ending') IS NULL AS over;
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');
RESET ROLE;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() + interval '1 min' WHERE id = :'ending';
SET ROLE regress_server;
SELECT fastauth.get_session(:'ending') IS NULL AS over;
-- the time is the clock's, not the transaction's
BEGIN;
SELECT id AS ending FROM fastauth.create_session(:'alice', '1 s') \gset
RESET ROLE;
UPDATE fastauth.sessions SET expires_at = now() + (clock_timestamp() - now()) / 2 WHERE id = :'ending';
SET ROLE regress_server;
SELECT fastauth.get_session(:'ending') IS NULL AS over;
ROLLBACK;

--
-- 50 live sessions a user: the oldest ends; sessions that are over take no room
--
SELECT fastauth.delete_user_sessions(:'alice');
SELECT id AS laptop FROM fastauth.create_session(:'alice', data => '{"laptop": true}') \gset
DO $$
DECLARE
	alice uuid := (SELECT id FROM fastauth.get_user_by_email('session.alice@example.com'));
BEGIN
	FOR n IN 1 .. 60 LOOP
		PERFORM fastauth.delete_session((fastauth.create_session(alice)).id);
	END LOOP;
END $$;
SELECT fastauth.get_session(:'laptop') IS NULL AS gone;
DO $$
DECLARE
	alice uuid := (SELECT id FROM fastauth.get_user_by_email('session.alice@example.com'));
BEGIN
	FOR n IN 1 .. 49 LOOP
		PERFORM fastauth.create_session(alice, data => jsonb_build_object('n', n));
	END LOOP;
END $$;
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');
SELECT fastauth.get_session(:'laptop') IS NULL AS gone;
SELECT data FROM fastauth.create_session(:'alice', data => '{"n": 50}');
SELECT count(*) FROM fastauth.list_user_sessions(:'alice');
SELECT fastauth.get_session(:'laptop') IS NULL AS gone;
SELECT data FROM fastauth.list_user_sessions(:'alice') LIMIT 1;
-- signing in takes part
SELECT access_token IS NOT NULL AS signed_in FROM fastauth.signin('session.alice@example.com', 'correct horse battery');
SELECT count(*), min((data->>'n')::int) AS oldest, count(*) FILTER (WHERE provider = 'credentials') AS by_password FROM fastauth.list_user_sessions(:'alice');
SELECT count(*) FROM fastauth.list_user_sessions(:'bob');

--
-- cleanup_expired: sessions that are over or revoked, their revocations, and refresh tokens past their time
--
SELECT fastauth.delete_user_sessions(:'alice');
SELECT fastauth.cleanup_expired() > 0 AS removed_some;
SELECT fastauth.cleanup_expired() AS nothing_left_to_remove;
SELECT id AS live FROM fastauth.create_session(:'alice') \gset
SELECT id AS over FROM fastauth.create_session(:'alice') \gset
SELECT id AS revoked FROM fastauth.create_session(:'alice') \gset
SELECT refresh_token AS refresh FROM fastauth.signin('session.alice@example.com', 'correct horse battery') \gset
SELECT refresh_token AS refresh2 FROM fastauth.refresh(:'refresh') \gset
SELECT fastauth.delete_session(:'revoked');
RESET ROLE;
SELECT fastauth.cleanup_expired();
-- one session that is over; a used token past its time beside its good successor
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE id = :'over';
UPDATE fastauth.refresh_tokens SET expires_at = clock_timestamp() WHERE token_hash = sha256(:'refresh'::bytea);
-- a revocation of a session that is no more
INSERT INTO fastauth.session_revocations VALUES ('00000000-0000-0000-0000-000000000000', now(), 'left over');
SET ROLE regress_server;
SELECT fastauth.cleanup_expired();
SELECT fastauth.cleanup_expired();
RESET ROLE;
SELECT count(*) AS revocations FROM fastauth.session_revocations;
SELECT count(*) AS tokens, bool_and(token_hash = sha256(:'refresh2'::bytea)) AS the_good_one FROM fastauth.refresh_tokens t JOIN fastauth.sessions s ON s.id = t.session_id WHERE s.user_id = :'alice';
SET ROLE regress_server;
SELECT fastauth.get_session(:'live') IS NULL AS gone;
SELECT access_token IS NOT NULL AS refreshed FROM fastauth.refresh(:'refresh2');
-- a token that was removed is no longer known, and its session goes on
SELECT fastauth.refresh(:'refresh');
-- a session takes its tokens along
RESET ROLE;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE user_id = :'alice' AND provider = 'credentials';
SET ROLE regress_server;
SELECT fastauth.cleanup_expired();
RESET ROLE;
SELECT count(*) AS tokens FROM fastauth.refresh_tokens t JOIN fastauth.sessions s ON s.id = t.session_id WHERE s.user_id = :'alice';
-- more than one batch; in one transaction, or the dispatcher may be there first
BEGIN;
INSERT INTO fastauth.sessions SELECT gen_random_uuid(), :'bob', now(), now(), now(), now() - interval '1 day', NULL, NULL, NULL, '{}' FROM generate_series(1, 2500);
INSERT INTO fastauth.session_revocations SELECT gen_random_uuid(), now(), 'left over' FROM generate_series(1, 1500);
SET LOCAL ROLE regress_server;
SELECT fastauth.cleanup_expired();
COMMIT;
SET ROLE regress_server;
SELECT fastauth.cleanup_expired();
SELECT count(*) FROM fastauth.list_user_sessions(:'bob');

--
-- In every isolation level a transaction sees its own sessions, and the ones that ended
--
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT id AS mine FROM fastauth.create_session(:'bob') \gset
SELECT fastauth.get_session(:'mine') IS NULL AS gone;
SELECT fastauth.delete_session(:'mine');
SELECT fastauth.get_session(:'mine') IS NULL AS gone;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT fastauth.delete_session(:'bobs');
SELECT fastauth.get_session(:'bobs') IS NULL AS gone;
ROLLBACK;
SELECT fastauth.get_session(:'bobs') IS NULL AS gone;

--
-- What is another group's, and what writes
--
SET ROLE regress_authenticated;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.create_session('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.get_session('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.delete_session('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.delete_user_sessions('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT * FROM fastauth.list_user_sessions('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.cleanup_expired()$$,
	$$SELECT * FROM fastauth.sessions$$, $$SELECT * FROM fastauth.session_revocations$$, $$SELECT * FROM fastauth.refresh_tokens$$]) AS statement;
SET ROLE regress_server;
BEGIN READ ONLY;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.create_session(NULL)$$,
	$$SELECT fastauth.delete_session(NULL)$$,
	$$SELECT fastauth.delete_user_sessions(NULL)$$,
	$$SELECT fastauth.cleanup_expired()$$,
	$$SELECT fastauth.get_session('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT * FROM fastauth.list_user_sessions('11111111-2222-7333-8444-555555555555')$$]) AS statement;
COMMIT;
RESET ROLE;

--
-- The cleanup forgets the successor of a token whose grace is over, and of no other
--
SELECT refresh_token AS first FROM fastauth.signup('grace@example.com', 'correct horse battery staple') \gset
SELECT refresh_token AS second FROM fastauth.refresh(:'first') \gset
SELECT fastauth.cleanup_expired();
SELECT count(*) AS kept FROM fastauth.refresh_tokens WHERE sealed_successor IS NOT NULL;
UPDATE fastauth.refresh_tokens SET used_at = used_at - interval '11 s' WHERE used_at IS NOT NULL;
SELECT fastauth.cleanup_expired();
SELECT count(*) AS kept FROM fastauth.refresh_tokens WHERE sealed_successor IS NOT NULL;
SELECT refresh_token IS NOT NULL AS goes_on FROM fastauth.refresh(:'second');
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
