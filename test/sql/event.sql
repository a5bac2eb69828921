-- Events: each flow leaves its rows, in its transaction and with nothing secret; who may read and write them; what
-- is left of a deleted user.  Announcing, order and retention are in test/t/080_events.pl and test/specs/event_order.spec.
SET client_min_messages = warning;
DELETE FROM fastauth.users;
DELETE FROM fastauth.events;

-- list_events() shows a row when no older transaction runs any more, such as one of autovacuum: wait for that.
CREATE FUNCTION regress_settled() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		IF (SELECT count(*) FROM fastauth.events) = (SELECT count(*) FROM fastauth.list_events(max => 1000)) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
	RETURN false;
END $$;
-- What happened since the last call.
CREATE FUNCTION regress_happened() RETURNS TABLE (event text, whose text, of_session boolean, ip_address inet, data jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM regress_settled();
	RETURN QUERY SELECT e.event, u.email, e.session_id IS NOT NULL, e.ip_address, CASE WHEN e.data ->> 'kid' IS NOT NULL THEN e.data || '{"kid": "one"}' ELSE e.data END
		FROM fastauth.list_events(max => 1000) WITH ORDINALITY e LEFT JOIN fastauth.users u ON u.id = e.user_id ORDER BY e.ordinality;
	DELETE FROM fastauth.events;
END $$;

-- Sign-up, sign-in, refresh, sign-out.  The session is that of the token.
SELECT access_token AS at, refresh_token AS rt FROM fastauth.signup('ada@example.com', 'correct horse battery staple', name => 'Ada') \gset
SELECT regress_settled();
SELECT e.event, e.user_id::text = c ->> 'sub' AS hers, e.session_id::text = c ->> 'sid' AS of_the_session, e.created_at BETWEEN now() - interval '1 min' AND clock_timestamp() AS now,
	substr(e.id::text, 15, 1) AS version
FROM fastauth.list_events() e, fastauth.verify_token(:'at') c;
SELECT * FROM regress_happened();
SELECT access_token AS at, refresh_token AS rt FROM fastauth.signin('ada@example.com', 'correct horse battery staple') \gset
SELECT access_token AS at2, refresh_token AS rt2 FROM fastauth.refresh(:'rt') \gset
-- the same token again, within the grace: nothing changed, so nothing happened
SELECT token_type FROM fastauth.refresh(:'rt');
BEGIN;
SELECT fastauth.set_client('192.0.2.7', 'a browser');
SELECT FROM fastauth.authenticate(:'at2');
SELECT fastauth.signout();
COMMIT;
SELECT * FROM regress_happened();

-- Every session that is ended before its time is told once, with the reason.
SELECT token_type, access_token AS at3 FROM fastauth.signin('ada@example.com', 'correct horse battery staple') \gset
SELECT token_type FROM fastauth.signin('ada@example.com', 'correct horse battery staple');
BEGIN;
SELECT FROM fastauth.authenticate(:'at3');
SELECT fastauth.signout('others');
SELECT fastauth.change_password('correct horse battery staple', 'another horse battery staple');
SELECT fastauth.revoke_session(fastauth.session_id());
COMMIT;
SELECT * FROM regress_happened();
SELECT fastauth.delete_session((fastauth.create_session(id)).id), fastauth.delete_user_sessions(id) FROM fastauth.get_user_by_email('ada@example.com');
SELECT fastauth.delete_session('018f0000-0000-7000-8000-000000000000');
SELECT * FROM regress_happened();
SELECT token_type, access_token AS at3 FROM fastauth.signin('ada@example.com', 'another horse battery staple') \gset
BEGIN;
SELECT FROM fastauth.authenticate(:'at3');
SELECT fastauth.signout('global');
COMMIT;
SELECT * FROM regress_happened();

-- What a server changes.
SELECT token_type FROM fastauth.signin('ada@example.com', 'another horse battery staple');
SELECT id FROM fastauth.get_user_by_email('ada@example.com') \gset
SELECT (fastauth.update_user(:'id', '{"email": "ada@example.org"}')).email;
SELECT (fastauth.update_user(:'id', '{"email": "ada@example.org", "name": "Countess"}')).name;
SELECT fastauth.set_hashed_password(:'id', NULL);
SELECT (fastauth.update_user(:'id', '{"is_active": false}')).is_active;
SELECT (fastauth.update_user(:'id', '{"is_active": true}')).is_active;
SELECT * FROM regress_happened();
SELECT access_token AS at3 FROM fastauth.issue_jwt(:'id') AS access_token \gset
BEGIN;
SELECT FROM fastauth.authenticate(:'at3');
SELECT regress_outcome($$SELECT fastauth.set_first_password('correct horse battery staple')$$);
ROLLBACK;
SELECT * FROM regress_happened();

-- Settings, secrets, keys: names and what was done, never a secret.
SELECT fastauth.configure('clock_skew', '00:00:20'), fastauth.configure('clock_skew', NULL), fastauth.configure('key_publish_delay', '0');
SELECT fastauth.set_secret('smtp_password', 'never shown'), fastauth.set_secret('smtp_password', NULL);
SELECT fastauth.rotate_signing_key() AS kid \gset
SELECT fastauth.retire_signing_key(:'kid');
SELECT fastauth.rotate_signing_key() AS kid \gset
SELECT fastauth.compromised_signing_key(:'kid');
SELECT fastauth.import_signing_key('a secret of forty bytes for HMAC SHA-256') IS NOT NULL AS imported;
SELECT count(*) AS shows_the_secret FROM fastauth.events WHERE events::text ~ 'never shown|forty bytes';
SELECT * FROM regress_happened();
SELECT fastauth.configure('key_publish_delay', NULL);
-- each change with its kid
SELECT fastauth.rotate_signing_key() AS kid \gset
SELECT data ->> 'kid' = :'kid' AS the_kid FROM fastauth.events WHERE event = 'key_rotated';
SELECT event FROM regress_happened();

-- Soft deletion is told with the id; a hard one leaves nothing of the user, not even in the events that were there.
SELECT token_type FROM fastauth.signup('bela@example.com', 'correct horse battery staple');
SELECT id AS bela FROM fastauth.get_user_by_email('bela@example.com') \gset
SELECT fastauth.delete_user(:'bela');
SELECT event, user_id = :'bela' AS his, data FROM fastauth.events ORDER BY id;
BEGIN;
SELECT fastauth.set_client('192.0.2.8', 'a browser');
SELECT fastauth.delete_user(:'bela', soft => false);
COMMIT;
SELECT event, user_id, session_id, ip_address, data FROM fastauth.events ORDER BY id;
SELECT access_token AS at3 FROM fastauth.signup('cyd@example.com', 'correct horse battery staple') \gset
BEGIN;
SELECT fastauth.set_client('192.0.2.9', 'a browser');
SELECT FROM fastauth.authenticate(:'at3');
SELECT fastauth.delete_me('correct horse battery staple');
COMMIT;
SELECT event, user_id, session_id, ip_address, data FROM fastauth.events ORDER BY id DESC LIMIT 2;
DELETE FROM fastauth.events;

-- A refusal, a rollback and a savepoint that is rolled back leave none.
SELECT regress_outcome($$SELECT fastauth.signup('ada@example.org', 'correct horse battery staple')$$);
SELECT regress_outcome($$SELECT fastauth.configure('clock_skew', 'never')$$);
SELECT regress_outcome(format('SELECT fastauth.delete_user(%L)', :'bela'));
BEGIN;
SELECT fastauth.configure('clock_skew', '1 s');
SAVEPOINT s;
SELECT fastauth.configure('clock_skew', '2 s');
ROLLBACK TO s;
SELECT fastauth.configure('clock_skew', '3 s');
SAVEPOINT t;
SELECT fastauth.configure('clock_skew', NULL);
RELEASE t;
COMMIT;
BEGIN;
SELECT fastauth.configure('clock_skew', '4 s');
ROLLBACK;
SELECT * FROM regress_happened();

-- Both settings count at the next use; what is no value is refused.
SELECT fastauth.configure(name, value) FROM (VALUES ('event_retention', '1 d'), ('notify_channel', 'events of ours')) v (name, value);
SELECT name, value FROM fastauth.settings_overview WHERE name IN ('event_retention', 'notify_channel') ORDER BY 1;
SELECT name, value, regress_outcome(format('SELECT fastauth.configure(%L, %L)', name, value)) FROM (VALUES ('event_retention', '23 h'), ('event_retention', '401 d'),
	('notify_channel', ''), ('notify_channel', repeat('x', 64)), ('notify_channel', E'a\nb'), ('notify_channel', repeat('x', 63))) v (name, value);
SELECT fastauth.configure('event_retention', NULL), fastauth.configure('notify_channel', NULL);
SELECT count(*) FROM regress_happened();

-- The partition follows from the clock and event_retention, and holds every row.
SELECT fastauth.configure('clock_skew', NULL);
SELECT ring = floor((extract(epoch FROM created_at) - 946684800) / (15 * 86400))::bigint % 8 AS by_the_clock, tableoid::regclass::text = 'fastauth.events_' || ring AS there FROM fastauth.events;
DELETE FROM fastauth.events;

-- list_events: pages, and what it refuses.
SELECT fastauth.configure('clock_skew', i || ' s') FROM generate_series(1, 5) i \g (format=unaligned tuples_only=on) /dev/null
SELECT regress_settled();
SELECT count(*) FROM fastauth.list_events();
SELECT id AS second FROM fastauth.list_events(max => 2) OFFSET 1 \gset
SELECT data ->> 'value' AS value FROM fastauth.list_events(:'second');
SELECT data ->> 'value' AS value FROM fastauth.list_events(:'second', 2);
SELECT count(*) AS from_the_oldest FROM fastauth.list_events('018f0000-0000-7000-8000-000000000000');
SELECT max, regress_outcome(format('SELECT fastauth.list_events(max => %L)', max)) FROM (VALUES (0), (-1), (1001), (NULL), (1000)) v (max);
-- not what this transaction did itself: it may still go
BEGIN;
SELECT fastauth.configure('clock_skew', '6 s');
SELECT count(*) FROM fastauth.list_events();
ROLLBACK;
-- nor does an old snapshot hide what others did
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM fastauth.list_events();
COMMIT;
SELECT count(*) FROM regress_happened();
SELECT fastauth.configure('clock_skew', NULL);
DELETE FROM fastauth.events;

-- What a restore brings along keeps its order, before everything that happens here.  Twice restored is before once.
INSERT INTO fastauth.events (id, ring, era, xid, event, data, created_at) VALUES
	('018f0000-0000-7000-8000-000000000003', 0, 0, '9000000000', 'third', '{}', now()),
	('018f0000-0000-7000-8000-000000000001', 5, 0, '9000000001', 'fourth', '{}', now()),
	('018f0000-0000-7000-8000-000000000002', 7, -1, '9000000009', 'second', '{}', now()),
	('018f0000-0000-7000-8000-000000000004', 7, -32768, '9000000009', 'first', '{}', now());
SELECT fastauth.configure('clock_skew', NULL);
SELECT event, era, xid::text::bigint >= 9000000000 AS xid_of_then FROM fastauth.events ORDER BY fastauth.events.era, fastauth.events.xid, id;
SELECT regress_settled();
SELECT event FROM fastauth.list_events('018f0000-0000-7000-8000-000000000003');
SELECT event FROM regress_happened();

-- Attacks.  Nobody but fastauth_events inserts, and that role can do nothing else, not even log in.
CREATE ROLE regress_mallory LOGIN;
GRANT regress_server TO regress_mallory;
SET ROLE regress_anon;
SELECT regress_outcome('SELECT fastauth.list_events()');
SET ROLE regress_authenticated;
SELECT regress_outcome('SELECT fastauth.list_events()');
SET SESSION AUTHORIZATION regress_mallory;
SELECT count(*) FROM fastauth.list_events();
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$INSERT INTO fastauth.events (id, ring, era, event, data, created_at) VALUES (gen_random_uuid(), 0, 0, 'signup', '{}', now())$$,
	$$INSERT INTO fastauth.events_0 (id, ring, era, event, data, created_at) VALUES (gen_random_uuid(), 0, 0, 'signup', '{}', now())$$,
	$$UPDATE fastauth.events SET event = 'signup'$$,
	$$DELETE FROM fastauth.events$$,
	$$TRUNCATE fastauth.events$$,
	$$TRUNCATE fastauth.events_3$$,
	$$SELECT FROM fastauth.events$$,
	$$SELECT FROM fastauth.events_3$$,
	$$LOCK fastauth.events IN ACCESS SHARE MODE$$,
	$$CREATE TRIGGER t BEFORE INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()$$,
	$$CREATE TRIGGER t BEFORE INSERT ON fastauth.events_3 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()$$,
	$$CREATE POLICY p ON fastauth.events USING (true)$$,
	$$CREATE RULE r AS ON INSERT TO fastauth.events DO ALSO NOTIFY x$$,
	$$ALTER TABLE fastauth.events DETACH PARTITION fastauth.events_0$$,
	$$ALTER TABLE fastauth.events DISABLE TRIGGER events_stamp$$,
	$$CREATE TABLE public.events_8 PARTITION OF fastauth.events FOR VALUES IN (8)$$,
	$$CREATE TABLE public.mine (LIKE fastauth.events)$$,
	$$CREATE TEMP TABLE mine (a uuid, era smallint, xid xid8); CREATE TRIGGER t BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION fastauth.events_stamp()$$,
	$$SELECT fastauth.events_stamp()$$,
	$$SET ROLE fastauth_events$$,
	$$GRANT fastauth_events TO regress_mallory$$,
	$$CREATE POLICY p ON fastauth.events FOR INSERT TO fastauth_events WITH CHECK (false)$$
]) statement;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION fastauth_events;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT FROM fastauth.events$$,
	$$SELECT FROM fastauth.users$$,
	$$SELECT fastauth.list_events()$$,
	$$UPDATE fastauth.events SET event = 'signup'$$,
	$$DELETE FROM fastauth.events$$,
	$$INSERT INTO fastauth.failures SELECT FROM fastauth.failures$$,
	$$INSERT INTO fastauth.events_0 (id, ring, era, event, data, created_at) VALUES (gen_random_uuid(), 0, 0, 'signup', '{}', now())$$,
	$$CREATE TABLE fastauth.mine (a int)$$,
	$$CREATE TRIGGER t BEFORE INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()$$
]) statement;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_mallory;

-- A trigger of the owner's runs as fastauth_events and not as the owner (S3).
CREATE TABLE regress_seen (who text, acting text);
GRANT INSERT ON regress_seen TO fastauth_events;
CREATE FUNCTION regress_spy() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.regress_seen VALUES (NEW.event, current_user); RETURN NULL; END$$;
CREATE TRIGGER spy AFTER INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION regress_spy();
SELECT fastauth.configure('clock_skew', NULL);
DROP TRIGGER spy ON fastauth.events;
SELECT * FROM regress_seen;
DROP TABLE regress_seen;
DROP FUNCTION regress_spy;
-- and the caller is again who they were, also after an error in it
CREATE FUNCTION regress_spy() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$;
CREATE TRIGGER spy AFTER INSERT ON fastauth.events FOR EACH ROW EXECUTE FUNCTION regress_spy();
SET ROLE regress_admin;
SELECT split_part(regress_outcome($$SELECT fastauth.configure('clock_skew', NULL)$$), ' ', 2) AS outcome, current_user;
RESET ROLE;
DROP TRIGGER spy ON fastauth.events;
DROP FUNCTION regress_spy;

DELETE FROM fastauth.users;
DELETE FROM fastauth.events;
DROP FUNCTION regress_happened, regress_settled;
