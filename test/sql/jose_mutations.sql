-- Keys and JWS with bytes changed at random: each is refused with one of the two errors that they may have,
-- and a JWS that was changed never verifies.  The seed makes the same changes every time.
CREATE SCHEMA regress_mutations;
SET search_path = regress_mutations, public;
SELECT setseed(0.7515);
-- One to four changes: a character or a byte's neighbour for another, a piece cut out, a piece doubled.
CREATE FUNCTION mutate(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	pieces text[] := ARRAY['"', '{', '}', '[', ']', ',', ':', '.', '\u0000', '\ud800', '\', E'\n', ' ', '=', '-', '_', '0', 'e9', 'A', 'null', 'é', '"alg":"none",', '"crit":[],', '-----'];
	at int;
	len int;
BEGIN
	FOR i IN 1 .. 1 + floor(random() * 4)::int LOOP
		at := 1 + floor(random() * length(t))::int;
		len := floor(random() * 8)::int;
		t := CASE floor(random() * 4)::int
			WHEN 0 THEN overlay(t PLACING pieces[1 + floor(random() * array_length(pieces, 1))::int] FROM at FOR 1)
			WHEN 1 THEN overlay(t PLACING '' FROM at FOR len)
			WHEN 2 THEN overlay(t PLACING substr(t, at, len) FROM at FOR 0)
			ELSE overlay(t PLACING chr(33 + floor(random() * 94)::int) FROM at FOR 1)
		END;
	END LOOP;
	RETURN t;
END $$;
CREATE FUNCTION answer(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	EXECUTE command;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word;
END $$;
CREATE TABLE given (name text, jws text, key text);
CREATE FUNCTION b64(data text) RETURNS text LANGUAGE sql AS $$SELECT translate(encode(convert_to(data, 'UTF8'), 'base64'), E'+/=\n', '-_')$$;
INSERT INTO given
	SELECT name, jws, '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s","use":"sig","key_ops":["verify"],"alg":"HS256"}' FROM
	(SELECT h, p, translate(encode(hmac(h || '.' || p, repeat('k', 32), 'sha256'), 'base64'), E'+/=\n', '-_')
		FROM (SELECT b64('{"alg":"HS256","typ":"JWT","x":[1,{"y":null}]}'), b64('{"sub":"somebody"}')) AS x (h, p)) AS y (h, p, s),
	LATERAL (VALUES ('compact', h || '.' || p || '.' || s),
		('flattened', format('{"payload":"%s","protected":"%s","header":{"kid":"k"},"signature":"%s"}', p, h, s)),
		('general', format('{"payload":"%s","signatures":[{"protected":"%s","header":{"kid":"k"},"signature":"%s"},{"protected":"%s","signature":"AAAA"}]}', p, h, s, h))) AS z (name, jws);
INSERT INTO given VALUES
	('ES256', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
		'{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'),
	('EdDSA', 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
		'{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}');
SELECT name, answer(format('SELECT fastauth.verify_jws(%L, %L)', jws, key)) FROM given;

-- The JWS is changed.  (In JSON a change can leave it the same, as in a blank or in the unprotected kid.)
SELECT name, count(*) FILTER (WHERE a NOT IN ('fine', 'invalid_token')) AS other,
	count(*) FILTER (WHERE a = 'fine' AND (name IN ('compact', 'ES256', 'EdDSA'))) AS forged
	FROM (SELECT name, m, answer(format('SELECT fastauth.verify_jws(%L, %L)', m, key)) FROM given, LATERAL (SELECT mutate(jws) FROM generate_series(1, 1000)) AS x (m) WHERE m <> jws) AS y (name, m, a)
	GROUP BY name ORDER BY name;
-- What was signed is what is answered, whatever is changed around it.
SELECT count(*) FILTER (WHERE a = 'fine' AND convert_from(fastauth.verify_jws(m, key::jsonb), 'UTF8') <> '{"sub":"somebody"}') AS forged
	FROM (SELECT m, key, answer(format('SELECT fastauth.verify_jws(%L, %L)', m, key)) FROM given, LATERAL (SELECT mutate(jws) FROM generate_series(1, 1000)) AS x (m) WHERE name IN ('flattened', 'general')) AS y (m, key, a);
-- The key is changed; what is no longer jsonb does not come so far.
SELECT name, count(*) > 300 AS tried, count(*) FILTER (WHERE a NOT IN ('fine', 'invalid_token', 'invalid_argument')) AS other
	FROM (SELECT name, answer(format('SELECT fastauth.verify_jws(%L, %L)', jws, m)) FROM given, LATERAL (SELECT mutate(key) FROM generate_series(1, 1500)) AS x (m)
		WHERE answer(format('SELECT %L::jsonb', m)) = 'fine') AS y (name, a)
	GROUP BY name ORDER BY name;
-- Keys to import, as text: JWK and PEM.
CREATE TABLE import (name text, key text);
INSERT INTO import VALUES ('EC', '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","use":"sig","kid":"k"}'),
	('PKCS 8', E'-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeUxrnKAdgHg28BdN\niEVRlFh8HA9XIryEdcDareIatv2hRANCAASRDoPSB0tcbX2IXBeaBlcRTQh547RV\nUQAkBRD24Y2hhDnmgObd8ByUyQyGAnI+uyVyc5uX1P0Vd1tN/knbyIpK\n-----END PRIVATE KEY-----\n'),
	('SPKI', E'-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n');
-- Each import is undone.
CREATE FUNCTION import(key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM fastauth.import_signing_key(key, 'https://other.example');
	RAISE EXCEPTION USING DETAIL = 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN word;
END $$;
SELECT name, import(key) FROM import;
SELECT name, count(*) FILTER (WHERE a NOT IN ('fine', 'invalid_argument')) AS other
	FROM (SELECT name, import(m) FROM import, LATERAL (SELECT mutate(key) FROM generate_series(1, 1000)) AS x (m)
		WHERE m ~ '^\s*(\{|-----BEGIN)') AS y (name, a)
	GROUP BY name HAVING count(*) > 800 ORDER BY name;
SELECT count(*) FROM fastauth.signing_keys_overview WHERE issuer = 'https://other.example';
SET client_min_messages = warning;
DROP SCHEMA regress_mutations CASCADE;
