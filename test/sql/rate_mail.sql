-- Rate limits of mails that somebody asks for (S42): per mailbox and client, per client, per mailbox over all clients,
-- and in all; each kind of mail apart; over a limit the answer is the same, and there is no row and no mail.
-- What is counted stays in shared memory, so each case has addresses and e-mails of its own; where all callers count
-- together, an interval that was not used before begins with nothing counted.
\set SHOW_CONTEXT never
-- Calls statement so many times for a client at address, %s being the number of the call, and tells how they ended, and
-- how many mails (or decoys) and one-time tokens they made.  Those of earlier calls may go meanwhile: a decoy does, soon.
CREATE FUNCTION pg_temp.ask(address inet, statement text, times int DEFAULT 1) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcomes text[] := '{}';
	start timestamptz := clock_timestamp();
BEGIN
	PERFORM fastauth.set_client(address);
	FOR n IN 1 .. times LOOP
		outcomes := outcomes || regress_outcome(replace(statement, '%s', n::text));
	END LOOP;
	RETURN (SELECT string_agg(DISTINCT outcome, ', ') FROM unnest(outcomes) AS outcome) ||
		format(': %s mails, %s tokens', (SELECT count(*) FROM fastauth.outbox WHERE created_at >= start), (SELECT count(*) FROM fastauth.one_time_tokens WHERE created_at >= start));
END $$;
CREATE PROCEDURE pg_temp.limits(limits jsonb) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT s.name FROM fastauth.settings_overview s WHERE s.name LIKE 'rate\_%' LOOP
		PERFORM fastauth.configure(name, coalesce(limits ->> name, 'off'));
	END LOOP;
END $$;
SELECT FROM fastauth.create_user('ratemail.known@example.com', email_verified => true);
SELECT id AS owner FROM fastauth.create_user('ratemail.owner@example.com', email_verified => true) \gset
\pset format unaligned

--
-- The limits that hold when nobody configured any
--
SELECT name, default_value FROM fastauth.settings_overview WHERE name LIKE 'rate\_mail%' ORDER BY name;
SELECT count(fastauth.configure(name, NULL)) > 0 AS as_by_default FROM fastauth.settings_overview WHERE name LIKE 'rate\_%';
SELECT pg_temp.ask('192.0.2.100', $$SELECT fastauth.request_password_reset('ratemail.default@example.com')$$, 3) AS one_a_minute;

--
-- Per mailbox and client
--
CALL pg_temp.limits('{"rate_mail_per_minute": "2/1min"}');
-- somebody's and nobody's alike
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 4) AS known;
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.request_password_reset('ratemail.nobody@example.com')$$, 4) AS unknown;
-- however it is written
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.request_password_reset(' RateMail.KNOWN@example.com ')$$) AS written_otherwise;
-- another mailbox, another client, and another kind of mail are counted apart
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.request_password_reset('ratemail.other%s@example.com')$$, 4) AS other_mailboxes;
SELECT pg_temp.ask('192.0.2.102', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 4) AS other_client;
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.send_otp('ratemail.known@example.com')$$, 4) AS code;
SELECT pg_temp.ask('192.0.2.101', $$SELECT fastauth.send_magic_link('ratemail.known@example.com')$$, 4) AS link;
-- one client is a /64
SELECT pg_temp.ask('2001:db8:1:1::1', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 2) AS first,
	pg_temp.ask('2001:db8:1:1:ffff::2', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$) AS same_64,
	pg_temp.ask('2001:db8:1:2::1', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$) AS other_64;
-- clients that are not known are one
SELECT pg_temp.ask(NULL, $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 4) AS not_known;
-- what is refused for itself does not count
SELECT pg_temp.ask('192.0.2.103', $$SELECT fastauth.request_password_reset('no address')$$, 4) AS no_address;
-- over the limit a challenge is answered, in the same form, which fits nothing
SELECT regress_outcome(format('SELECT fastauth.signin_with_otp(%L, %L, %L)', 'ratemail.known@example.com', '12345678', challenge)), challenge ~ '^fa_ch_[A-Za-z0-9_-]{43}$' AS form
	FROM (SELECT fastauth.set_client('192.0.2.101'), fastauth.send_otp('ratemail.known@example.com') AS challenge) AS s;
SELECT count(*) FROM fastauth.failures WHERE kind = 'code' AND address = '192.0.2.101';
-- a rollback does not take it back
BEGIN;
SELECT pg_temp.ask('192.0.2.104', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 2);
ROLLBACK;
SELECT pg_temp.ask('192.0.2.104', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$) AS after_rollback;
-- the three spans of time hold together
CALL pg_temp.limits('{"rate_mail_per_minute": "4/1min", "rate_mail_per_hour": "3/1h", "rate_mail_per_day": "2/1d"}');
SELECT pg_temp.ask('192.0.2.105', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 5) AS day;
CALL pg_temp.limits('{"rate_mail_per_minute": "4/1min", "rate_mail_per_hour": "3/1h", "rate_mail_per_day": "9/1d"}');
SELECT pg_temp.ask('192.0.2.106', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 5) AS hour;
CALL pg_temp.limits('{"rate_mail_per_minute": "4/1min", "rate_mail_per_hour": "9/1h", "rate_mail_per_day": "9/1d"}');
SELECT pg_temp.ask('192.0.2.107', $$SELECT fastauth.request_password_reset('ratemail.known@example.com')$$, 5) AS minute;

--
-- Per client
--
CALL pg_temp.limits('{"rate_mail_address": "3/1h"}');
SELECT pg_temp.ask('192.0.2.108', $$SELECT fastauth.request_password_reset('ratemail.a%s@example.com')$$, 5) AS mailboxes;
SELECT pg_temp.ask('192.0.2.109', $$SELECT fastauth.request_password_reset('ratemail.a%s@example.com')$$) AS other_client;
SELECT pg_temp.ask(NULL, $$SELECT fastauth.request_password_reset('ratemail.b%s@example.com')$$, 5) AS not_known;
-- of a /48 eight times as many
SELECT string_agg(pg_temp.ask(('2001:db8:2:' || n || '::1')::inet, $$SELECT fastauth.request_password_reset('ratemail.c%s@example.com')$$, 4), E'\n' ORDER BY n) FROM generate_series(1, 10) AS n;

--
-- Per mailbox, over all clients: not for a client that the account knows
--
CALL pg_temp.limits('{"rate_mail_mailbox": "3/1h"}');
BEGIN;
SELECT fastauth.set_client('192.0.2.120');
SELECT FROM fastauth.create_session(:'owner', ip_address => '192.0.2.120');
COMMIT;
SELECT string_agg(pg_temp.ask(('192.0.2.' || 120 + n)::inet, $$SELECT fastauth.request_password_reset('ratemail.owner@example.com')$$), E'\n' ORDER BY n) FROM generate_series(1, 5) AS n;
SELECT pg_temp.ask('192.0.2.120', $$SELECT fastauth.request_password_reset('ratemail.owner@example.com')$$, 2) AS owner;
SELECT pg_temp.ask('192.0.2.126', $$SELECT fastauth.request_password_reset('ratemail.owner@example.com')$$) AS stranger;
SELECT pg_temp.ask('192.0.2.120', $$SELECT fastauth.request_password_reset('ratemail.nobodys@example.com')$$, 5) AS nobodys;
-- but its own share holds there too
CALL pg_temp.limits('{"rate_mail_mailbox": "3/1h", "rate_mail_per_hour": "1/1h"}');
SELECT pg_temp.ask('192.0.2.120', $$SELECT fastauth.request_password_reset('ratemail.owner@example.com')$$, 3) AS owner;

--
-- In all, each kind apart
--
CALL pg_temp.limits('{"rate_mail_total": "3/1h7s"}');
SELECT pg_temp.ask(NULL, $$SELECT fastauth.request_password_reset('ratemail.d%s@example.com')$$, 5) AS resets, pg_temp.ask(NULL, $$SELECT fastauth.send_otp('ratemail.d%s@example.com')$$, 5) AS codes;
SELECT pg_temp.ask('192.0.2.120', $$SELECT fastauth.request_password_reset('ratemail.owner@example.com')$$) AS owner;

--
-- A refusal is counted
--
SELECT value AS before FROM fastauth.stats WHERE name = 'rate_limited' \gset
SELECT pg_temp.ask(NULL, $$SELECT fastauth.request_password_reset('ratemail.e%s@example.com')$$, 2) AS resets;
SELECT value - :before AS refused FROM fastauth.stats WHERE name = 'rate_limited';

TRUNCATE fastauth.settings;
TRUNCATE fastauth.one_time_tokens, fastauth.outbox;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
