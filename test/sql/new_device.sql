-- The mail that tells the owner of an account of a sign-in from a new device: who gets it, and who does not.
CREATE FUNCTION pg_temp.signin(address inet, program text, email text DEFAULT 'device.ada@example.com') RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	before bigint = (SELECT count(*) FROM fastauth.outbox WHERE name = 'new_device_signin');
BEGIN
	IF address IS NOT NULL OR program IS NOT NULL THEN
		PERFORM fastauth.set_client(address, program);
	END IF;
	PERFORM fastauth.signin(email, 'correct horse battery');
	RETURN CASE (SELECT count(*) FROM fastauth.outbox WHERE name = 'new_device_signin') - before WHEN 0 THEN 'no mail' WHEN 1 THEN 'a mail' ELSE 'mails' END;
END $$;
CREATE FUNCTION pg_temp.refused(address inet, program text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	PERFORM fastauth.set_client(address, program);
	RETURN regress_outcome($q$SELECT fastauth.signin('device.ada@example.com', 'wrong')$q$);
END $$;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
RESET ROLE;
SELECT id AS ada FROM fastauth.create_user('device.ada@example.com', 'correct horse battery', email_verified => true) \gset
SELECT FROM fastauth.create_user('device.bob@example.com', 'correct horse battery');
-- the first sign-in is from no other device than the one before
SELECT pg_temp.signin('192.0.2.1', 'Phone/1.0') AS first;
-- an address or a program that was there before
SELECT pg_temp.signin('192.0.2.1', 'Phone/1.0') AS same, pg_temp.signin('192.0.2.1', 'Laptop/1.0') AS known_address, pg_temp.signin('192.0.2.2', 'Phone/1.0') AS known_program;
-- neither; and once
SELECT pg_temp.signin('192.0.2.3', 'Thief/1.0') AS new, pg_temp.signin('192.0.2.3', 'Thief/1.0') AS again, pg_temp.signin('192.0.2.3', 'Thief/2.0') AS from_there, pg_temp.signin('192.0.2.4', 'Thief/1.0') AS with_it;
SELECT to_jsonb(o)->>'name' AS name, user_id = :'ada' AS of_ada, decoy, status FROM fastauth.outbox AS o WHERE name = 'new_device_signin';
-- an IPv6 client is its /64
SELECT pg_temp.signin('2001:db8::1', 'Tablet/1.0') AS new, pg_temp.signin('2001:db8::2', 'Tablet/2.0') AS same_client, pg_temp.signin('2001:db8:0:1::1', 'Tablet/3.0') AS other_client;
-- one of them alone is what is known, then; nothing tells nothing
SELECT pg_temp.signin('192.0.2.5', NULL) AS new_address, pg_temp.signin('192.0.2.5', NULL) AS again;
BEGIN;
SELECT pg_temp.signin(NULL, NULL) AS nothing_known;
COMMIT;
BEGIN;
SELECT pg_temp.signin(NULL, 'Fridge/1.0') AS new_program, pg_temp.signin(NULL, 'Fridge/1.0') AS again, pg_temp.signin(NULL, 'Fridge/2.0') AS another;
COMMIT;
-- the address outlives the session
DELETE FROM fastauth.sessions WHERE user_id = :'ada';
SELECT pg_temp.signin('192.0.2.1', 'New/1.0') AS known_address, pg_temp.signin('192.0.2.6', 'New/2.0') AS new;
-- a wrong password is no sign-in
SELECT pg_temp.refused('192.0.2.7', 'Thief/3.0'), count(*) AS mails FROM fastauth.outbox WHERE name = 'new_device_signin' AND created_at = now();
-- who did not prove the address hears nothing there
SELECT pg_temp.signin('192.0.2.1', 'Phone/1.0', 'device.bob@example.com') AS first, pg_temp.signin('192.0.2.2', 'Phone/2.0', 'device.bob@example.com') AS second;
-- nor of the sign-in that proved it
SELECT id AS bob FROM fastauth.get_user_by_email('device.bob@example.com') \gset
BEGIN;
SELECT FROM fastauth.set_client('192.0.2.8', 'Owner/1.0');
SELECT fastauth.send_otp('device.bob@example.com') AS challenge \gset
SELECT substring(fastauth.outbox_mail(id)::text FROM '\m(\d{8})\M') AS code FROM fastauth.outbox WHERE name = 'otp' \gset
SELECT token_type FROM fastauth.signin_with_otp('device.bob@example.com', :'code', :'challenge');
COMMIT;
SELECT count(*) AS mails FROM fastauth.outbox WHERE name = 'new_device_signin' AND user_id = :'bob';
-- links and codes are sign-ins like any other
BEGIN;
SELECT FROM fastauth.set_client('192.0.2.9', 'Owner/2.0');
SELECT fastauth.send_magic_link('device.bob@example.com') AS challenge \gset
SELECT substring(fastauth.outbox_mail(id)::text FROM 'fa_ot_[A-Za-z0-9_-]{43}') AS link FROM fastauth.outbox WHERE name = 'magic_link_login' \gset
SELECT token_type FROM fastauth.signin_with_magic_link(:'link', :'challenge');
COMMIT;
SELECT count(*) AS mails FROM fastauth.outbox WHERE name = 'new_device_signin' AND user_id = :'bob';
-- off
SET ROLE regress_admin;
SELECT fastauth.configure('email_new_device', 'off');
RESET ROLE;
SELECT pg_temp.signin('192.0.2.100', 'Off/1.0');
SET ROLE regress_admin;
SELECT fastauth.configure('email_new_device', NULL);
-- a sign-in does not fail because a mail cannot be written
SELECT fastauth.configure('email_transport', 'smtp');
RESET ROLE;
SELECT pg_temp.signin('192.0.2.101', 'Smtp/1.0');

DELETE FROM fastauth.users;
DELETE FROM fastauth.one_time_tokens;
DELETE FROM fastauth.outbox;
DELETE FROM fastauth.session_revocations;
DELETE FROM fastauth.failures;
SELECT count(*) > 0 AS reset FROM (SELECT fastauth.configure(name, NULL) FROM fastauth.settings) AS s;
