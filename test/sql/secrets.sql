-- Secrets: sealed as they come in, answered by nothing.
\set VERBOSITY default
SELECT fastauth.set_secret('smtp_password', 'regress-secret-one');
SELECT fastauth.set_secret('smtp_password', 'regress-secret-two');
SELECT fastauth.set_secret('other', 'regress-secret-two');
SELECT name, octet_length(value) > octet_length('regress-secret-two') + 40 AS sealed,
	position('regress-secret'::bytea IN value) AS clear_at FROM fastauth.secrets ORDER BY name;
SELECT count(DISTINCT value) AS different FROM fastauth.secrets;
-- only one function has to do with secrets, and it answers nothing
SELECT p.oid::regprocedure, p.prorettype::regtype FROM pg_proc p WHERE p.pronamespace = 'fastauth'::regnamespace AND p.proname LIKE '%secret%';

-- names and values
CREATE FUNCTION regress_try(tries text[]) RETURNS TABLE (shown text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	try text;
	word text;
BEGIN
	FOREACH try IN ARRAY tries LOOP
		BEGIN
			PERFORM fastauth.set_secret(try, 'x');
			answer := 'set';
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
			answer := SQLSTATE || ' ' || word || ': ' || SQLERRM;
		END;
		shown := left(try, 60);
		RETURN NEXT;
	END LOOP;
END $$;
\pset format unaligned
BEGIN;
SELECT * FROM regress_try(ARRAY['a', 'a-b_9', repeat('n', 64), repeat('n', 65), '', ' ', 'A', 'a b', 'a.b', 'é', E'a\n', 'a;', NULL]);
ROLLBACK;
\pset format aligned
SELECT fastauth.set_secret('empty', '');
SELECT fastauth.set_secret('long', repeat('x', 4097));
BEGIN;
SELECT fastauth.set_secret('long', repeat('x', 4096));
ROLLBACK;
SELECT fastauth.set_secret('email_webhook_secret', 'not of its form');
SELECT fastauth.configure('smtp_password', 'never shown');

-- a value opens only where it was sealed and as it was sealed: rotation, which opens all of them, says so
CREATE FUNCTION regress_altered(what text, change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE change;
	PERFORM fastauth.rotate_master_key();
	RETURN what || ': opened';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN what || ': ' || SQLSTATE || ' ' || word || ' ' || regexp_replace(SQLERRM, '"[^"]{5,}"', '"..."');
END $$;
CREATE FUNCTION regress_flip(at int) RETURNS text LANGUAGE sql AS $$
	SELECT format('UPDATE fastauth.secrets SET value = set_byte(value, %s, get_byte(value, %s) # 1) WHERE name = %L', at, at, 'other')
$$;
SELECT octet_length(value) AS len, get_byte(value, 1) AS id_len FROM fastauth.secrets WHERE name = 'other' \gset
SELECT regress_altered('version', regress_flip(0));
SELECT regress_altered('length of the key id', regress_flip(1));
SELECT regress_altered('key id', regress_flip(2));
SELECT regress_altered('nonce', regress_flip(2 + :id_len));
SELECT regress_altered('ciphertext', regress_flip(2 + :id_len + 24));
SELECT regress_altered('tag', regress_flip(:len - 1));
SELECT regress_altered('cut', $$UPDATE fastauth.secrets SET value = substr(value, 1, octet_length(value) - 1) WHERE name = 'other'$$);
SELECT regress_altered('longer', $$UPDATE fastauth.secrets SET value = value || '\x00' WHERE name = 'other'$$);
SELECT regress_altered('empty', $$UPDATE fastauth.secrets SET value = '' WHERE name = 'other'$$);
SELECT regress_altered('one byte', $$UPDATE fastauth.secrets SET value = '\x01' WHERE name = 'other'$$);
SELECT regress_altered('another name', $$UPDATE fastauth.secrets SET name = 'another' WHERE name = 'other'$$);
SELECT regress_altered('swapped', $$UPDATE fastauth.secrets a SET value = b.value FROM fastauth.secrets b WHERE a.name <> b.name$$);
SELECT regress_altered('another instance', $$UPDATE fastauth.instance SET id = gen_random_uuid()$$);
SELECT regress_altered('no instance', $$DELETE FROM fastauth.instance$$);
SELECT regress_altered('as it was', 'SELECT');

-- NULL removes
SELECT fastauth.set_secret('other', NULL);
SELECT fastauth.set_secret('other', NULL);
SELECT fastauth.set_secret(NULL, NULL);
SELECT name FROM fastauth.secrets;

-- a READ ONLY transaction refuses; so do missing privileges
BEGIN READ ONLY;
SELECT fastauth.set_secret('other', 'regress-secret');
ROLLBACK;
CREATE ROLE regress_secrets;
GRANT USAGE ON SCHEMA fastauth TO regress_secrets;
\set VERBOSITY sqlstate
SET ROLE regress_secrets;
SELECT fastauth.set_secret('smtp_password', 'mine');
SELECT fastauth.rotate_master_key();
SELECT * FROM fastauth.secrets;
UPDATE fastauth.secrets SET value = '';
DELETE FROM fastauth.secrets;
COPY fastauth.secrets TO STDOUT;
RESET ROLE;
\set VERBOSITY default
SELECT fastauth.set_secret('smtp_password', NULL);

DROP FUNCTION regress_try, regress_altered, regress_flip;
REVOKE USAGE ON SCHEMA fastauth FROM regress_secrets;
DROP ROLE regress_secrets;
