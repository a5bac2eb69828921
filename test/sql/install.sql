-- The first test: the extension is made, and the roles that the other tests act as.
-- Each test may count on: the roles regress_anon, regress_authenticated, regress_server and
-- regress_admin, which hold the group of their name and nothing else.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_anon, regress_authenticated, regress_server, regress_admin;
RESET client_min_messages;
CREATE ROLE regress_anon LOGIN;
CREATE ROLE regress_authenticated LOGIN;
CREATE ROLE regress_server LOGIN;
CREATE ROLE regress_admin LOGIN;
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin');

-- How a statement ends: the SQLSTATE and the word of its refusal, or "accepted".
CREATE FUNCTION regress_outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	word text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, word = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', state, CASE WHEN state LIKE 'PT%' THEN word ELSE '' END);
END $$;

-- A server's first cleanup comes by itself, and between two are ten minutes: it is over before other tests look at what has ended
SELECT fastauth.session_write('cleaned', '{}', '1 second');
DO $$ BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN NOT EXISTS (SELECT FROM fastauth.session_store);
		PERFORM pg_sleep(0.1);
	END LOOP;
END $$;
SELECT count(*) AS left_over FROM fastauth.session_store;
