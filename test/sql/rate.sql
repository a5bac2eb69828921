-- Rate limits of signup, signin and refresh: what is counted, for whom, and how a refusal looks.
-- What is counted stays in shared memory, so each case has addresses and e-mails of its own; where all callers
-- count together, an interval that was not used before begins with nothing counted.
-- t/071_rates.pl asks the same of real clients: by TCP, at the same time, in several databases, in a full table.

-- Calls statement so many times for a client at address, %s being the number of the call, and tells how they ended.
CREATE FUNCTION regress_calls(address inet, statement text, times int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcomes text[] := '{}';
BEGIN
	PERFORM fastauth.set_client(address);
	FOR n IN 1 .. times LOOP
		outcomes := outcomes || regress_outcome(replace(statement, '%s', n::text));
	END LOOP;
	RETURN (SELECT string_agg(outcome || ' x' || count, ', ' ORDER BY first) FROM (
		SELECT outcome, count(*), min(ordinality) AS first FROM unnest(outcomes) WITH ORDINALITY AS o (outcome, ordinality) GROUP BY outcome) AS o);
END $$;

-- All that a refusal says; the seconds to wait are wait, which must be a whole number.
CREATE FUNCTION regress_refusal(address inet, statement text, OUT answer text, OUT wait int) LANGUAGE plpgsql AS $$
DECLARE
	word text;
	hint text;
BEGIN
	PERFORM fastauth.set_client(address);
	EXECUTE statement;
	answer := 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	answer := concat_ws(' | ', SQLSTATE, word, regexp_replace(SQLERRM, '\d+', 'N'), hint);
	wait := (regexp_match(SQLERRM, 'try again in (\d+) seconds$'))[1];
END $$;

SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
CREATE PROCEDURE regress_limit(limits jsonb) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT s.name FROM fastauth.settings_overview s WHERE s.name LIKE 'rate\_%' LOOP
		PERFORM fastauth.configure(name, coalesce(limits ->> name, 'off'));
	END LOOP;
END $$;
CALL regress_limit('{}');
SELECT access_token IS NOT NULL AS signed_up FROM fastauth.signup('rate.known@example.com', 'correct horse battery');
\pset format unaligned

--
-- signup
--
-- by address: whatever becomes of the call counts
CALL regress_limit('{"rate_signup_address": "3/1h"}');
SELECT regress_calls('192.0.2.1', $$SELECT fastauth.signup('rate.a%s@example.com', 'correct horse battery')$$, 5);
SELECT regress_calls('192.0.2.2', $$SELECT fastauth.signup('rate.b%s@example.com', 'weak')$$, 5);
SELECT regress_calls('192.0.2.3', $$SELECT fastauth.signup('no address', 'correct horse battery')$$, 5);
SELECT regress_calls('192.0.2.4', $$SELECT fastauth.signup('rate.known@example.com', 'correct horse battery')$$, 5);
-- an account that is known is not told when the limit is reached
SELECT regress_calls('192.0.2.4', $$SELECT fastauth.signup('rate.known@example.com', 'correct horse battery'), fastauth.signup('rate.new@example.com', 'correct horse battery')$$, 1);
SELECT answer, wait BETWEEN 1 AND 3600 * 9 / 8 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT fastauth.signup('rate.known@example.com', 'weak')$$);
-- who is not known by address is not limited by it
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.c%s@example.com', 'weak')$$, 5);
-- by account: known or not, however it is written
CALL regress_limit('{"rate_signup_account": "3/1h"}');
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.known@example.com', 'correct horse battery')$$, 5);
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.unknown@example.com', 'weak')$$, 3);
SELECT regress_calls('192.0.2.5', $$SELECT fastauth.signup(' Rate.UNKNOWN@example.com ', 'weak')$$, 1);
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.other@example.com', 'weak')$$, 1);
SELECT answer, wait BETWEEN 1 AND 3600 * 9 / 8 AS within_reason FROM regress_refusal(NULL, $$SELECT fastauth.signup('rate.known@example.com', 'weak')$$);
-- what is no e-mail address is nobody's account
SELECT regress_calls(NULL, $$SELECT fastauth.signup('no address', 'correct horse battery')$$, 5);
-- in all
CALL regress_limit('{"rate_signup_total": "3/1h1s"}');
SELECT regress_calls('192.0.2.6', $$SELECT fastauth.signup('rate.d%s@example.com', 'correct horse battery')$$, 2);
-- rubbish, which costs the server nothing, does not close it for others
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.e%s@example.com', 'weak')$$, 9);
SELECT regress_calls(NULL, $$SELECT fastauth.signup('no address', 'correct horse battery')$$, 9);
SELECT regress_calls(NULL, $$SELECT fastauth.signup('rate.e%s@example.com', 'correct horse battery')$$, 2);
SELECT regress_calls('192.0.2.7', $$SELECT fastauth.signup('rate.f%s@example.com', 'correct horse battery')$$, 1);
SELECT answer, wait BETWEEN 1 AND 3600 * 9 / 8 + 2 AS within_reason FROM regress_refusal('192.0.2.7', $$SELECT fastauth.signup('rate.f@example.com', 'correct horse battery')$$);

--
-- signin
--
-- by address: right or wrong, known or unknown
CALL regress_limit('{"rate_signin_address": "3/1min"}');
SELECT regress_calls('192.0.2.1', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 5);
SELECT regress_calls('192.0.2.2', $$SELECT fastauth.signin('rate.known@example.com', 'wrong')$$, 5);
SELECT regress_calls('192.0.2.3', $$SELECT fastauth.signin('rate.nobody%s@example.com', 'wrong')$$, 5);
SELECT regress_calls('192.0.2.4', $$SELECT fastauth.signin('no address', 'wrong')$$, 5);
-- the refusal is the same in every word for a right password, a wrong one, and nobody's e-mail
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT fastauth.signin('rate.known@example.com', 'wrong')$$);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT fastauth.signin('rate.nobody@example.com', 'wrong')$$);
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.nobody%s@example.com', 'wrong')$$, 5);
-- sign-ups are counted apart
SELECT regress_calls('192.0.2.1', $$SELECT fastauth.signup('rate.g%s@example.com', 'correct horse battery')$$, 1);
-- by account
-- strangers do not keep the owner out: an address that the account signed in from before is not limited by it
CALL regress_limit('{}');
SELECT regress_calls('198.51.100.1', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 1);
CALL regress_limit('{"rate_signin_account": "2/3h"}');
SELECT regress_calls('198.51.100.2', $$SELECT fastauth.signin('rate.known@example.com', 'wrong')$$, 4);
SELECT regress_calls('198.51.100.1', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 4);
-- of clients whose address is not known none is known to anybody
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 1);
CALL regress_limit('{"rate_signin_account": "3/1min"}');
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 5);
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.nobody@example.com', 'correct horse battery')$$, 2);
SELECT regress_calls('192.0.2.5', $$SELECT fastauth.signin(' Rate.NOBODY@example.com ', 'correct horse battery')$$, 3);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.6', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.6', $$SELECT fastauth.signin('rate.nobody@example.com', 'correct horse battery')$$);
SELECT regress_calls(NULL, $$SELECT fastauth.signin('no address', 'wrong')$$, 5);
-- in all
CALL regress_limit('{"rate_signin_total": "3/1h1s"}');
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.nobody%s@example.com', 'wrong')$$, 2);
-- the first sign-in from there makes the address known to the account: what others do keeps it out no more
SELECT regress_calls('192.0.2.7', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 3);
SELECT regress_calls('192.0.2.7', $$SELECT fastauth.signin('rate.nobody@example.com', 'correct horse battery')$$, 1);
SELECT answer, wait BETWEEN 1 AND 3600 * 9 / 8 + 2 AS within_reason FROM regress_refusal('192.0.2.8', $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$);

--
-- refresh
--
CALL regress_limit('{}');
CREATE TABLE regress_token (name text, token text);
INSERT INTO regress_token SELECT 'one', refresh_token FROM fastauth.signin('rate.known@example.com', 'correct horse battery');
INSERT INTO regress_token SELECT 'two', refresh_token FROM fastauth.signin('rate.known@example.com', 'correct horse battery');
INSERT INTO regress_token SELECT 'other', refresh_token FROM fastauth.signup('rate.refresh@example.com', 'correct horse battery');
CREATE FUNCTION regress_refresh(wanted text) RETURNS void LANGUAGE sql AS
	$$UPDATE regress_token SET token = (fastauth.refresh(token)).refresh_token WHERE name = wanted$$;
-- by address: good tokens and bad ones, before anybody looks for them
CALL regress_limit('{"rate_refresh_address": "3/1min"}');
SELECT regress_calls('192.0.2.1', $$SELECT regress_refresh('one')$$, 5);
SELECT regress_calls('192.0.2.2', $$SELECT fastauth.refresh('x')$$, 5);
SELECT regress_calls('192.0.2.3', $$SELECT fastauth.refresh('fa_rt_' || repeat('A', 43))$$, 5);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT regress_refresh('one')$$);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.1', $$SELECT fastauth.refresh('x')$$);
SELECT regress_calls(NULL, $$SELECT regress_refresh('one')$$, 5);
-- by account: all sessions of a user together; a token that nobody has is nobody's
CALL regress_limit('{"rate_refresh_account": "3/1min"}');
SELECT regress_calls('192.0.2.4', $$SELECT regress_refresh('one')$$, 2);
SELECT regress_calls('192.0.2.5', $$SELECT regress_refresh('two')$$, 3);
SELECT regress_calls('192.0.2.6', $$SELECT fastauth.refresh('fa_rt_' || repeat('A', 43))$$, 5);
SELECT regress_calls('192.0.2.6', $$SELECT regress_refresh('other')$$, 1);
SELECT answer, wait BETWEEN 1 AND 68 AS within_reason FROM regress_refusal('192.0.2.7', $$SELECT regress_refresh('two')$$);
-- a refusal does not spend the token
CALL regress_limit('{}');
SELECT regress_calls(NULL, $$SELECT regress_refresh('two')$$, 1);
-- nor does the answer of the same successor within the grace come around the limit
SELECT token AS spent FROM regress_token WHERE name = 'other' \gset
SELECT fastauth.refresh(:'spent') IS NULL AS refused;
CALL regress_limit('{"rate_refresh_account": "3/59s"}');
SELECT regress_calls(NULL, format('SELECT fastauth.refresh(%L)', :'spent'), 5);
-- in all
CALL regress_limit('{"rate_refresh_total": "3/1h1s"}');
SELECT regress_calls('192.0.2.8', $$SELECT fastauth.refresh('x')$$, 2);
SELECT regress_calls(NULL, $$SELECT regress_refresh('two')$$, 2);
SELECT answer, wait BETWEEN 1 AND 3600 * 9 / 8 + 2 AS within_reason FROM regress_refusal('192.0.2.8', $$SELECT regress_refresh('two')$$);

--
-- Whose address it is
--
-- IPv6 by its /64
CALL regress_limit('{"rate_refresh_address": "2/1h"}');
SELECT regress_calls('2001:db8:1:1::1', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('2001:db8:1:1:ffff:ffff:ffff:ffff', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('2001:db8:1:1:2::', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('2001:db8:1:2::1', $$SELECT fastauth.refresh('x')$$, 1);
-- and by its /48, with 8 times the limit: 3 were counted above, 13 more are let through
SELECT string_agg(regress_calls(format('2001:db8:1:%s::1', n)::inet, $$SELECT fastauth.refresh('x')$$, 1), '; ' ORDER BY n) FROM generate_series(3, 19) AS n;
SELECT answer FROM regress_refusal('2001:db8:1:99::1', $$SELECT fastauth.refresh('x')$$);
SELECT regress_calls('2001:db8:2:1::1', $$SELECT fastauth.refresh('x')$$, 1);
-- an IPv4 address is one client, in whatever form and with whatever netmask it is told
SELECT regress_calls('198.51.100.1', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('::ffff:198.51.100.1', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('198.51.100.1/8', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('::ffff:198.51.100.1/64', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('198.51.100.2', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('198.51.100.3/0', $$SELECT fastauth.refresh('x')$$, 1);
SELECT regress_calls('0.0.0.0/0', $$SELECT fastauth.refresh('x')$$, 3);
SELECT regress_calls('::/0', $$SELECT fastauth.refresh('x')$$, 3);
-- a savepoint that is rolled back brings the address before it back, and refunds nothing
BEGIN;
SELECT fastauth.set_client('198.51.100.10');
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);
SAVEPOINT s;
SELECT fastauth.set_client('198.51.100.11');
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);
ROLLBACK TO s;
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);
SELECT fastauth.set_client(NULL);
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);
ROLLBACK;
SELECT regress_calls('198.51.100.11', $$SELECT fastauth.refresh('x')$$, 2);
-- the address is that of one transaction
SELECT regress_outcome($$SELECT fastauth.refresh('x')$$);

--
-- What is refused is not counted: it neither makes the wait longer nor uses up what others may do
--
CALL regress_limit('{"rate_refresh_address": "2/1d"}');
SELECT regress_calls('198.51.100.20', $$SELECT fastauth.refresh('x')$$, 2);
SELECT wait AS before FROM regress_refusal('198.51.100.20', $$SELECT fastauth.refresh('x')$$) \gset
SELECT regress_calls('198.51.100.20', $$SELECT fastauth.refresh('x')$$, 500);
SELECT wait <= :before AS not_longer FROM regress_refusal('198.51.100.20', $$SELECT fastauth.refresh('x')$$);
CALL regress_limit('{"rate_signin_address": "2/1d", "rate_signin_account": "3/1d", "rate_signin_total": "6/23h"}');
SELECT regress_calls('198.51.100.21', $$SELECT fastauth.signin('rate.x@example.com', 'wrong')$$, 20);
SELECT regress_calls('198.51.100.22', $$SELECT fastauth.signin('rate.x@example.com', 'wrong')$$, 20);
SELECT regress_calls('198.51.100.22', $$SELECT fastauth.signin('rate.y@example.com', 'wrong')$$, 20);
SELECT regress_calls('198.51.100.23', $$SELECT fastauth.signin('rate.y@example.com', 'wrong')$$, 20);
SELECT answer FROM regress_refusal('198.51.100.22', $$SELECT fastauth.signin('rate.x@example.com', 'wrong')$$);

--
-- No rollback takes a count back
--
CALL regress_limit('{"rate_signin_account": "4/1d"}');
BEGIN;
SELECT regress_outcome($$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$);
SAVEPOINT s;
SELECT regress_outcome($$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$);
ROLLBACK TO s;
ROLLBACK;
BEGIN;
SELECT fastauth.signin('rate.known@example.com', 'wrong');
ROLLBACK;
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.known@example.com', 'correct horse battery')$$, 2);
-- nor does a snapshot that is older than the calls see fewer of them
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.rr@example.com', 'wrong')$$, 6);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.serializable@example.com', 'wrong')$$, 6);
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.rr@example.com', 'wrong')$$, 1);
ROLLBACK;
-- a READ ONLY transaction is refused before anything is counted
BEGIN READ ONLY;
SELECT string_agg(regress_outcome($$SELECT fastauth.signin('rate.readonly@example.com', 'wrong')$$), '; ') FROM generate_series(1, 6);
COMMIT;
SELECT regress_calls(NULL, $$SELECT fastauth.signin('rate.readonly@example.com', 'wrong')$$, 5);
-- and so is an argument that is none
SELECT regress_calls('198.51.100.30', $$SELECT fastauth.signin('rate.null@example.com', NULL)$$, 6);
SELECT regress_calls('198.51.100.30', $$SELECT fastauth.signin('rate.null@example.com', 'wrong')$$, 1);

--
-- A change of a limit counts at the next statement
--
CALL regress_limit('{"rate_refresh_address": "5/1h"}');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 3);
CALL regress_limit('{"rate_refresh_address": "3/1h"}');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 1);
CALL regress_limit('{"rate_refresh_address": "4/1h"}');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 2);
CALL regress_limit('{"rate_refresh_address": "1/1h"}');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 1);
CALL regress_limit('{"rate_refresh_address": "off"}');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 1);
BEGIN;
SELECT fastauth.configure('rate_refresh_address', '1/1h');
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 1);
ROLLBACK;
SELECT regress_calls('198.51.100.40', $$SELECT fastauth.refresh('x')$$, 1);
-- NULL is the default
SELECT fastauth.configure('rate_signup_address', NULL);
SELECT regress_calls('198.51.100.41', $$SELECT fastauth.signup('rate.h%s@example.com', 'weak')$$, 12);

--
-- The time: no span of an interval has more calls than the limit, and who waits as long as was said is let through
--
CALL regress_limit('{"rate_refresh_address": "20/1s"}');
CREATE TABLE regress_time (n int, started timestamptz, ended timestamptz, outcome text);
DO $$
DECLARE
	started timestamptz;
	outcome text;
BEGIN
	PERFORM fastauth.set_client('198.51.100.50');
	FOR n IN 1 .. 1000000 LOOP
		started := clock_timestamp();
		outcome := regress_outcome($s$SELECT fastauth.refresh('x')$s$);
		INSERT INTO regress_time VALUES (n, started, clock_timestamp(), outcome);
		EXIT WHEN started > transaction_timestamp() + interval '4 s';
	END LOOP;
END $$;
SELECT outcome, count(*) > CASE WHEN outcome LIKE 'PT429%' THEN 100 ELSE 40 END AS many FROM regress_time GROUP BY outcome ORDER BY outcome;
SELECT count(*) FILTER (WHERE ended - twenty_before < interval '1 s') AS over_the_limit, min(started - twenty_before) < interval '2 s' AS goes_on_soon
	FROM (SELECT started, ended, lag(started, 20) OVER (ORDER BY n) AS twenty_before FROM regress_time WHERE outcome LIKE 'PT401%') AS c;
CALL regress_limit('{"rate_refresh_address": "20/2s"}');
SELECT regress_calls('198.51.100.51', $$SELECT fastauth.refresh('x')$$, 21);
CREATE FUNCTION regress_wait() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	wait int := (SELECT r.wait FROM regress_refusal('198.51.100.51', $s$SELECT fastauth.refresh('x')$s$) AS r);
	over timestamptz := clock_timestamp() + make_interval(secs => wait);
	started timestamptz;
BEGIN
	LOOP
		started := clock_timestamp();
		IF regress_outcome($s$SELECT fastauth.refresh('x')$s$) NOT LIKE 'PT429%' THEN
			RETURN 'let through';
		END IF;
		IF started > over THEN
			RETURN 'still refused';
		END IF;
	END LOOP;
END $$;
SELECT regress_wait();

DROP TABLE regress_time, regress_token;
DROP FUNCTION regress_calls, regress_refusal, regress_refresh, regress_wait;
DROP PROCEDURE regress_limit;
TRUNCATE fastauth.settings;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
