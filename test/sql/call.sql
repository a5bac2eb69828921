-- What stands before and after every function: READ ONLY transactions, arguments, and the
-- errors that leave (S18, S33, S41, S51).

-- An attempt, and all that the client gets to see of its error; ids of internal errors are not for tests.
CREATE FUNCTION public.outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; context text;
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN concat_ws(' | ', SQLSTATE, regexp_replace(message, '[0-9a-f]{8}$', 'ID'), nullif(detail, ''), nullif(hint, ''),
		CASE WHEN context ~* 'insert into|boom' THEN 'CONTEXT shows our SQL' END);
END $$;

-- Every function that changes something refuses in a READ ONLY transaction, before it looks at its arguments (S51).
BEGIN READ ONLY;
SELECT p.proname, e.ended
FROM pg_proc p, LATERAL public.outcome(format('SELECT fastauth.%I(%s)', p.proname,
	(SELECT string_agg('NULL::' || t::regtype, ', ') FROM unnest(p.proargtypes) t))) e (ended)
WHERE p.pronamespace = 'fastauth'::regnamespace AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype
	AND e.ended NOT LIKE '25006 | cannot execute fastauth.%() in a read-only transaction'
ORDER BY p.proname COLLATE "C";
SELECT public.outcome('SELECT fastauth.signin(''ann@example.com'', ''wrong'')');
ROLLBACK;

-- A trigger on our table stands for everything that can go wrong below us.
CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('regress.boom', true) = 'nested' THEN
		PERFORM fastauth.get_user_by_email(NULL);
	ELSIF current_setting('regress.boom', true) <> '' THEN
		RAISE EXCEPTION USING ERRCODE = current_setting('regress.boom'), MESSAGE = 'boom ' || NEW.email,
			DETAIL = 'the detail', HINT = 'the hint';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER boom BEFORE INSERT ON fastauth.users FOR EACH ROW EXECUTE FUNCTION public.boom();
PREPARE try(text) AS SELECT set_config('regress.boom', $1, false) AS raised, public.outcome($$
	SELECT fastauth.create_user('call@example.com',
		hashed_password => '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$HSoUDI4pEYGFSXRBJPMH8DNVi3ZBvR6VNuLpPbLLvAM')$$) AS outcome;
-- What is not in our table leaves as internal_error, without a word of the original (S33).
EXECUTE try('23505');
EXECUTE try('22023');
EXECUTE try('42P01');
EXECUTE try('P0001');
EXECUTE try('XX000');
EXECUTE try('08006');
-- What tells the caller to retry or to stop keeps its SQLSTATE.
EXECUTE try('25001');
EXECUTE try('40001');
EXECUTE try('40P01');
EXECUTE try('53200');
EXECUTE try('57014');
-- A lock that was not to be had is server_busy, and an error of ours stays what it is (S18).
EXECUTE try('55P03');
EXECUTE try('PT404');
-- A function of ours that is called below another one.
EXECUTE try('nested');
-- In an isolation level with one snapshot, a row that the snapshot cannot show means: start again.
BEGIN ISOLATION LEVEL REPEATABLE READ;
EXECUTE try('23505');
EXECUTE try('23503');
EXECUTE try('P0001');
ROLLBACK;
-- The caller's lock_timeout is the caller's again, after a success and after an error.
SET lock_timeout = '7s';
EXECUTE try('P0001');
SHOW lock_timeout;
EXECUTE try('');
SHOW lock_timeout;
RESET lock_timeout;

-- Arguments: the size counts before anything is unpacked, and before it is understood (S41).
\set VERBOSITY terse
SELECT fastauth.create_user(NULL);
SELECT fastauth.create_user('big@example.com', name => repeat('x', 10000000));
SELECT fastauth.create_user('big@example.com', metadata => jsonb_build_object('a', repeat('x', 1000000)));
SELECT fastauth.create_user('big@example.com', metadata => (repeat('[', 33) || repeat(']', 33))::jsonb);
SELECT fastauth.create_user('big@example.com', metadata => (SELECT jsonb_object_agg(i, i) FROM generate_series(1, 1001) i));
SELECT fastauth.create_user('big@example.com', metadata => '{"a": 1e100000}');
CREATE TABLE public.toasted (t text, j jsonb);
INSERT INTO public.toasted SELECT repeat('x', 10000000), jsonb_build_object('a', repeat('x', 10000000));
SELECT fastauth.create_user('big@example.com', name => t) FROM public.toasted;
SELECT fastauth.create_user('big@example.com', metadata => j) FROM public.toasted;

-- A library and SQL of different versions, as between a restart and ALTER EXTENSION UPDATE (S7).
\c -
BEGIN;
UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'fastauth';
SELECT replace(public.outcome('SELECT fastauth.signin(''call@example.com'', ''x'')'), default_version, 'V')
FROM pg_available_extensions WHERE name = 'fastauth';
DELETE FROM pg_extension WHERE extname = 'fastauth';
SELECT public.outcome('SELECT fastauth.get_user_by_email(''nobody@example.com'')');
ROLLBACK;
SELECT public.outcome('SELECT fastauth.get_user_by_email(''nobody@example.com'')');

DROP TABLE public.toasted;
DROP TRIGGER boom ON fastauth.users;
DROP FUNCTION public.boom(), public.outcome(text);
SELECT fastauth.delete_user((fastauth.get_user_by_email('call@example.com')).id, false);
