-- Signing keys: their states, what may be imported and what is refused (S43).
-- It has a database of its own, because it looks at the first key.
\set before :DBNAME
CREATE DATABASE regress_key TEMPLATE template0 ENCODING 'UTF8';
\c regress_key
CREATE EXTENSION fastauth CASCADE;
CREATE TABLE kids (name text PRIMARY KEY, kid text);
CREATE FUNCTION kid(name text) RETURNS text LANGUAGE sql AS 'SELECT k.kid FROM kids k WHERE k.name = $1';
-- What a call answers: fine, or the error's word and message.
CREATE FUNCTION answer(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
	message text;
BEGIN
	EXECUTE command;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN word || ': ' || message;
END $$;
CREATE FUNCTION import(key text, issuer text = NULL) RETURNS text LANGUAGE sql AS
	$$SELECT answer(format('SELECT fastauth.import_signing_key(%L, %L)', key, issuer))$$;
-- The keys by the names that we gave them, without a time.
CREATE VIEW keys AS SELECT k.name, o.algorithm, o.state, o.signs_until IS NOT NULL AS followed, o.verifies_until IS NOT NULL AS ends
	FROM kids k JOIN fastauth.signing_keys_overview o USING (kid) ORDER BY o.created_at, k.name;
CREATE VIEW published AS SELECT k.name FROM jsonb_array_elements(fastauth.jwks() -> 'keys') j JOIN kids k ON k.kid = j ->> 'kid' ORDER BY k.name;
CREATE FUNCTION token() RETURNS text LANGUAGE sql AS $$SELECT fastauth.issue_jwt((SELECT id FROM fastauth.users))$$;
CREATE FUNCTION header(token text) RETURNS jsonb LANGUAGE sql AS
	$$SELECT convert_from(decode(translate(h, '-_', '+/') || repeat('=', (4 - length(h) % 4) % 4), 'base64'), 'UTF8')::jsonb FROM split_part(token, '.', 1) h$$;
CREATE FUNCTION signer() RETURNS text LANGUAGE sql AS $$SELECT k.name FROM kids k WHERE k.kid = header(token()) ->> 'kid'$$;

-- Nothing is made by a read.
SELECT fastauth.jwks();
SELECT count(*) FROM fastauth.signing_keys_overview;
SELECT (fastauth.create_user('someone@example.com')).email;

-- The first function that signs makes the first key, which signs at once.
INSERT INTO kids SELECT 'first', header(token()) ->> 'kid';
SELECT * FROM keys;
SELECT jsonb_object_keys(fastauth.jwks() -> 'keys' -> 0);
SELECT k ->> 'kty' AS kty, k ->> 'crv' AS crv, k ->> 'alg' AS alg, k ->> 'use' AS use, length(k ->> 'kid') AS kid FROM jsonb_array_elements(fastauth.jwks() -> 'keys') k;
SELECT header(token()) - 'kid' AS header;

-- A rotation publishes, and signs after key_publish_delay (that PostgREST is told is in key_rotate.spec).
INSERT INTO kids SELECT 'second', fastauth.rotate_signing_key();
SELECT * FROM keys;
SELECT * FROM published;
SELECT signer();
SELECT signs_at - created_at = '10 min' AS delayed FROM fastauth.signing_keys_overview WHERE kid = kid('second');
-- The one before verifies for as long as its last token lives: access_token_ttl and clock_skew after it.
SELECT a.signs_until = b.signs_at AS until_the_next, a.verifies_until - b.signs_at AS and_its_last_token
	FROM fastauth.signing_keys_overview a, fastauth.signing_keys_overview b WHERE a.kid = kid('first') AND b.kid = kid('second');
-- Another one stands behind it.
INSERT INTO kids SELECT 'third', fastauth.rotate_signing_key('EdDSA');
SELECT * FROM keys;
-- One that is withdrawn while it waits gives its time back.
SELECT fastauth.retire_signing_key(kid('second'));
SELECT * FROM keys;
SELECT * FROM published;
SELECT a.signs_until = b.signs_at AS until_the_next FROM fastauth.signing_keys_overview a, fastauth.signing_keys_overview b WHERE a.kid = kid('first') AND b.kid = kid('third');
SELECT fastauth.compromised_signing_key(kid('third'));
SELECT * FROM keys;
SELECT signer();

-- Without delay a new key signs at once, and withdraws one that would begin later.
INSERT INTO kids SELECT 'fourth', fastauth.rotate_signing_key();
CREATE TABLE tokens AS SELECT 'first' AS name, token() AS token;
SELECT fastauth.configure('key_publish_delay', '0');
INSERT INTO kids SELECT 'fifth', fastauth.rotate_signing_key('RS256');
SELECT * FROM keys;
SELECT signer(), header(token()) - 'kid' AS header;
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens;

-- The cleanup wipes the private parts of keys that are gone, and of no other.  (The dispatcher may have been faster.)
SELECT fastauth.cleanup_expired();
SELECT name, private_key IS NOT NULL AS private FROM kids JOIN fastauth.signing_keys USING (kid) ORDER BY name;

-- Every algorithm signs and verifies.
CREATE TABLE algorithms (id serial, algorithm text);
INSERT INTO algorithms (algorithm) VALUES ('HS256'), ('HS384'), ('HS512'), ('RS512'), ('PS384'), ('ES256'), ('ES384'), ('ES512'), ('EdDSA');
DO $$
DECLARE
	a text;
	t text;
BEGIN
	FOR a IN SELECT algorithm FROM algorithms ORDER BY id LOOP
		INSERT INTO kids VALUES (a, fastauth.rotate_signing_key(a));
		t := token();
		INSERT INTO tokens VALUES (a, t);
		RAISE NOTICE '% %', header(t) ->> 'alg', answer(format('SELECT fastauth.verify_token(%L)', t));
	END LOOP;
END $$;
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens;
SELECT * FROM keys;
-- HMAC keys are in no set, nor is anything private.
SELECT * FROM published;
SELECT string_agg(DISTINCT m, ' ' ORDER BY m) AS members FROM jsonb_array_elements(fastauth.jwks() -> 'keys') k, jsonb_object_keys(k) m;
-- verify_jws takes what is published.
SELECT name, answer(format('SELECT fastauth.verify_jws(%L, fastauth.jwks())', token)) FROM tokens WHERE name IN ('first', 'ES256', 'HS256');
SELECT * FROM unnest(ARRAY['none', 'es256', '', 'RS1', 'HS1', 'ES256K', 'RSA-OAEP']) a, answer(format('SELECT fastauth.rotate_signing_key(%L)', a));

-- Retired: signs no more, and verifies until its tokens are over; the only signer is replaced at once.
SELECT fastauth.retire_signing_key(kid('EdDSA'));
SELECT * FROM keys WHERE name IN ('EdDSA', 'ES512');
SELECT count(*) FROM fastauth.signing_keys_overview WHERE state = 'signing';
INSERT INTO kids SELECT 'sixth', header(token()) ->> 'kid' WHERE header(token()) ->> 'kid' NOT IN (SELECT kid FROM kids);
SELECT signer();
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'EdDSA';
-- Compromised: none of its tokens is good any more, its material is wiped, and it never comes back.
INSERT INTO tokens SELECT 'sixth', token();
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'sixth';
CREATE TABLE jwk AS SELECT k FROM jsonb_array_elements(fastauth.jwks() -> 'keys') k WHERE k ->> 'kid' = kid('sixth');
SELECT fastauth.compromised_signing_key(kid('sixth'));
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'sixth';
SELECT * FROM keys WHERE name = 'sixth';
SELECT public_jwk IS NULL AND private_key IS NULL AS wiped FROM fastauth.signing_keys WHERE kid = kid('sixth');
SELECT import(k::text), import((k || '{"kid":"renamed"}')::text), import((k || '{"kid":"renamed"}')::text, 'https://other.example') FROM jwk;
SELECT count(*) FROM fastauth.signing_keys_overview WHERE state = 'signing';
SELECT answer(format('SELECT fastauth.retire_signing_key(%L)', kid('sixth'))) AS retire_gone,
	answer(format('SELECT fastauth.compromised_signing_key(%L)', kid('sixth'))) AS compromised_again,
	answer('SELECT fastauth.retire_signing_key(''nobody'')') AS retire_unknown,
	answer('SELECT fastauth.compromised_signing_key(''nobody'')') AS compromised_unknown;
-- A rollback takes a key back, also from this backend's memory.
BEGIN;
SAVEPOINT a;
INSERT INTO kids SELECT 'undone', fastauth.rotate_signing_key();
SELECT signer();
ROLLBACK TO a;
SELECT signer(), count(*) FROM kids WHERE name = 'undone';
COMMIT;
BEGIN;
SELECT fastauth.compromised_signing_key(kid('first'));
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'first';
ROLLBACK;
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'first';

-- A key verifies until its last token is over: raised or lowered settings and long tokens are covered.
SELECT fastauth.configure('access_token_ttl', '1 hour');
INSERT INTO kids SELECT 'before', fastauth.rotate_signing_key();
SELECT signer();
SELECT fastauth.configure('access_token_ttl', '1 min');
INSERT INTO kids SELECT 'after', fastauth.rotate_signing_key();
SELECT verifies_until - signs_until > '59 min' AS lowered FROM fastauth.signing_keys_overview WHERE kid = kid('before');
SELECT fastauth.configure('key_publish_delay', '1 hour');
INSERT INTO kids SELECT 'later', fastauth.rotate_signing_key();
SELECT verifies_until - signs_until AS as_is FROM fastauth.signing_keys_overview WHERE kid = kid('after');
SELECT fastauth.configure('access_token_ttl', '2 hours');
SELECT signer();
SELECT verifies_until > now() + '2 hours' AS raised FROM fastauth.signing_keys_overview WHERE kid = kid('after');
INSERT INTO tokens SELECT 'long', fastauth.issue_jwt((SELECT id FROM fastauth.users LIMIT 1), '{}', '6 days');
SELECT verifies_until > now() + '6 days' AS long FROM fastauth.signing_keys_overview WHERE kid = kid('after');
SELECT fastauth.configure('key_publish_delay', '0');
INSERT INTO kids SELECT 'last', fastauth.rotate_signing_key();
SELECT * FROM keys WHERE name IN ('before', 'after', 'later', 'last');
SELECT verifies_until > now() + '6 days' AS long FROM fastauth.signing_keys_overview WHERE kid = kid('after');
SELECT fastauth.retire_signing_key(kid('after'));
SELECT verifies_until > now() + '6 days' AS long FROM fastauth.signing_keys_overview WHERE kid = kid('after');
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'long';
-- The clock alone ends it, also for a token that was verified a moment ago (S44).
UPDATE fastauth.signing_keys SET verifies_until = clock_timestamp() + interval '2 s' WHERE kid = kid('after');
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'long';
DO $$
BEGIN
	WHILE clock_timestamp() <= (SELECT verifies_until FROM fastauth.signing_keys WHERE kid = kid('after')) LOOP
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
SELECT answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name = 'long';
SELECT fastauth.configure('access_token_ttl', NULL);

-- Thumbprints: RFC 7638 3.1 (RSA), RFC 8037 A.3 (Ed25519), RFC 7517 A.1 (EC, computed by others).
SELECT fastauth.import_signing_key('{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256"}') AS rfc7638;
SELECT fastauth.import_signing_key('{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}', 'https://other.example') AS rfc8037;
SELECT fastauth.import_signing_key('{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig"}', 'https://other.example') AS rfc7517;
SELECT kid, algorithm, state, issuer FROM fastauth.signing_keys_overview WHERE state = 'verify_only' ORDER BY kid;

\c :before
DROP DATABASE regress_key;
