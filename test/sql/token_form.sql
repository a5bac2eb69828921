-- verify_token and authenticate take one form of token: a compact JWS with a protected header that names one of our
-- keys and its own algorithm.  Everything else is invalid_token, whoever signed it (RFC 8725).  The key here is
-- known to the test, so that each header is signed rightly and is refused for what it says.
SELECT fastauth.configure('key_publish_delay', '0');
SELECT id AS alice FROM fastauth.create_user('form.alice@example.com') \gset
SELECT fastauth.issue_jwt(:'alice') AS es256 \gset
SELECT fastauth.import_signing_key('{"kty": "oct", "alg": "HS256", "k": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"}') AS kid \gset
SELECT fastauth.issue_jwt(:'alice') AS t \gset
CREATE FUNCTION base64url(b bytea) RETURNS text LANGUAGE sql AS $$SELECT rtrim(translate(encode(b, 'base64'), E'+/\n', '-_'), '=')$$;
CREATE FUNCTION unbase64url(t text) RETURNS bytea LANGUAGE sql AS $$SELECT decode(rpad(translate(t, '-_', '+/'), (length(t) + 3) / 4 * 4, '='), 'base64')$$;
CREATE FUNCTION mac(input text, hash text = 'sha256', secret bytea = '\x404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f') RETURNS bytea LANGUAGE sql AS 'SELECT hmac(input::bytea, secret, hash)';
CREATE FUNCTION sign(header text, token text, hash text = 'sha256') RETURNS text LANGUAGE sql AS
	$$SELECT i || '.' || base64url(mac(i, hash)) FROM (SELECT base64url(convert_to(header, 'UTF8')) || '.' || split_part(token, '.', 2)) AS s (i)$$;
CREATE FUNCTION outcome(token text) RETURNS text LANGUAGE sql AS
	$$SELECT CASE WHEN v = a THEN v ELSE v || ', but authenticate: ' || a END FROM regress_outcome(format('SELECT fastauth.verify_token(%L)', token)) AS v, regress_outcome(format('SELECT fastauth.authenticate(%L)', token)) AS a$$;
SET ROLE regress_anon;

--
-- The header: KID stands for the right kid
--
SELECT header, outcome(sign(replace(header, 'KID', :'kid'), :'t')) FROM unnest(ARRAY[
	'{"alg":"HS256","kid":"KID"}', '{"kid":"KID","typ":"JWT","alg":"HS256"}', E' {\t"alg" :\r\n"HS256", "kid":"KID"} ', '{"\u0061lg":"HS256","kid":"KID"}',
	'{"alg":"HS256","kid":"KID","cty":"JWT"}', '{"alg":"HS256","kid":"KID","x":"unknown members are not for us"}',
	'{"alg":"HS256","kid":"KID","typ":"jwt"}', '{"alg":"HS256","kid":"KID","typ":"at+jwt"}', '{"alg":"HS256","kid":"KID","typ":"JOSE"}', '{"alg":"HS256","kid":"KID","typ":1}',
	-- kid
	'{"alg":"HS256"}', '{"alg":"HS256","kid":null}', '{"alg":"HS256","kid":""}', '{"alg":"HS256","kid":1}', '{"alg":"HS256","kid":["KID"]}', '{"alg":"HS256","kid":"KID "}', '{"alg":"HS256","kid":" KID"}',
	'{"alg":"HS256","kid":"KIDx"}', '{"alg":"HS256","kid":"KID\u0000"}', '{"alg":"HS256","kid":"unknown"}', '{"alg":"HS256","KID":"KID"}', '{"alg":"HS256","Kid":"KID"}', '{"alg":"HS256","kid":"%"}', '{"alg":"HS256","kid":"../KID"}',
	'{"alg":"HS256","kid":"'' OR true --"}',
	-- alg
	'{"kid":"KID"}', '{"alg":"none","kid":"KID"}', '{"alg":"None","kid":"KID"}', '{"alg":"","kid":"KID"}', '{"alg":null,"kid":"KID"}', '{"alg":256,"kid":"KID"}', '{"alg":["HS256"],"kid":"KID"}', '{"alg":"hs256","kid":"KID"}', '{"alg":"HS256 ","kid":"KID"}',
	'{"alg":"HS256\u0000","kid":"KID"}', '{"alg":"HS384","kid":"KID"}', '{"alg":"HS512","kid":"KID"}', '{"alg":"RS256","kid":"KID"}', '{"alg":"ES256","kid":"KID"}', '{"alg":"EdDSA","kid":"KID"}', '{"alg":"PS256","kid":"KID"}', '{"alg":"dir","kid":"KID"}',
	'{"ALG":"HS256","kid":"KID"}',
	-- members that are refused or not understood
	'{"alg":"HS256","kid":"KID","crit":["exp"]}', '{"alg":"HS256","kid":"KID","crit":[]}', '{"alg":"HS256","kid":"KID","crit":["x"],"x":1}', '{"alg":"HS256","kid":"KID","crit":["b64"],"b64":false}', '{"alg":"HS256","kid":"KID","crit":["b64"],"b64":true}',
	'{"alg":"HS256","kid":"KID","crit":null}', '{"alg":"HS256","kid":"KID","crit":"exp"}', '{"alg":"HS256","kid":"KID","b64":false}', '{"alg":"HS256","kid":"KID","b64":true}',
	'{"alg":"HS256","kid":"KID","jku":"https://evil.example/keys"}', '{"alg":"HS256","kid":"KID","jwk":{"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"}}', '{"alg":"HS256","jwk":{"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"}}', '{"alg":"HS256","kid":"KID","x5u":"https://evil.example/c"}',
	'{"alg":"HS256","kid":"KID","x5c":["AAAA"]}', '{"alg":"HS256","kid":"KID","jku":null}', '{"alg":"HS256","kid":"KID","enc":"A256GCM"}', '{"alg":"HS256","kid":"KID","zip":"DEF"}',
	-- JSON
	'', 'null', '[]', '"HS256"', '{}', '{"alg":"HS256","kid":"KID"', '{"alg":"HS256","kid":"KID"}}', '{"alg":"HS256","kid":"KID"}{}', '{"alg":"HS256","kid":"KID",}', '{"alg":"none","alg":"HS256","kid":"KID"}', '{"alg":"HS256","alg":"HS256","kid":"KID"}',
	'{"alg":"HS256","kid":"x","kid":"KID"}', '{"alg":"HS256","\u006bid":"x","kid":"KID"}', '{"alg":"HS256","kid":"KID","x":1,"x":1}', '{''alg'':''HS256'',''kid'':''KID''}', '{"alg":"HS256","kid":"KID","x":NaN}', '{"alg":"HS256","kid":"KID","x":"\ud800"}']) AS header;
SELECT case_, outcome(sign(header, :'t')) FROM (VALUES
	('31 levels below', format('{"alg":"HS256","kid":"%s","x":%s%s}', :'kid', repeat('[', 31), repeat(']', 31))), ('32 levels below', format('{"alg":"HS256","kid":"%s","x":%s%s}', :'kid', repeat('[', 32), repeat(']', 32))),
	('5000 levels below', format('{"alg":"HS256","kid":"%s","x":%s%s}', :'kid', repeat('[', 5000), repeat(']', 5000))),
	('kid of 1000', format('{"alg":"HS256","kid":"%s"}', repeat('k', 1000))), ('12 KiB', format('{"alg":"HS256","kid":"%s","x":"%s"}', :'kid', repeat('x', 12000))), ('1001 members', format('{"alg":"HS256","kid":"%s",%s}', :'kid', (SELECT string_agg(format('"m%s":1', i), ',') FROM generate_series(1, 999) i)))) AS v (case_, header);
-- another hash with the key, as the header says
SELECT alg, outcome(sign(format('{"alg":"%s","kid":"%s"}', alg, :'kid'), :'t', hash)) FROM (VALUES ('HS384', 'sha384'), ('HS512', 'sha512')) AS v (alg, hash);

--
-- The key decides: a public key is no secret (RFC 8725 section 2.1)
--
SELECT convert_from(unbase64url(split_part(:'es256', '.', 1)), 'UTF8')::jsonb->>'kid' AS es256_kid \gset
SELECT j AS es256_jwk FROM jsonb_array_elements(fastauth.jwks()->'keys') AS j WHERE j->>'kid' = :'es256_kid' \gset
SELECT secret, alg, outcome(i || '.' || base64url(mac(i, 'sha256', bytes)))
	FROM (VALUES
		('x', unbase64url(:'es256_jwk'::jsonb->>'x')), ('x and y', unbase64url(:'es256_jwk'::jsonb->>'x') || unbase64url(:'es256_jwk'::jsonb->>'y')),
		('point', '\x04'::bytea || unbase64url(:'es256_jwk'::jsonb->>'x') || unbase64url(:'es256_jwk'::jsonb->>'y')),
		('DER', '\x3059301306072a8648ce3d020106082a8648ce3d03010703420004'::bytea || unbase64url(:'es256_jwk'::jsonb->>'x') || unbase64url(:'es256_jwk'::jsonb->>'y')),
		('JSON', convert_to(:'es256_jwk', 'UTF8')), ('nothing', ''::bytea), ('zeroes', decode(repeat('00', 32), 'hex'))) AS v (secret, bytes),
		unnest(ARRAY['HS256', 'ES256']) AS alg,
		LATERAL (SELECT base64url(convert_to(format('{"alg":"%s","kid":"%s"}', alg, :'es256_kid'), 'UTF8')) || '.' || split_part(:'t', '.', 2)) AS s (i);
-- the right secret under the wrong kid, and the other way round
SELECT outcome(sign(format('{"alg":"HS256","kid":"%s"}', :'es256_kid'), :'t')), outcome(sign(format('{"alg":"ES256","kid":"%s"}', :'es256_kid'), :'t'));
-- ECDSA: the signature is r and s, neither DER nor zeroes (CVE-2022-21449)
SELECT case_, outcome(split_part(:'es256', '.', 1) || '.' || split_part(:'es256', '.', 2) || '.' || base64url(signature)) FROM (SELECT unbase64url(split_part(:'es256', '.', 3)) AS s) AS good, LATERAL (VALUES
	('good', s), ('zeroes', decode(repeat('00', 64), 'hex')), ('r only', substr(s, 1, 32)), ('63 bytes', substr(s, 1, 63)), ('65 bytes', s || '\x00'::bytea), ('swapped', substr(s, 33) || substr(s, 1, 32)), ('twice', s || s),
	('DER', '\x3044022000'::bytea || substr(s, 1, 31) || '\x022000'::bytea || substr(s, 33, 31)), ('a bit', set_bit(s, 0, 1 - get_bit(s, 0))), ('the last bit', set_bit(s, 511, 1 - get_bit(s, 511))),
	('r of the order', '\xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'::bytea || substr(s, 33)), ('empty', ''::bytea)) AS v (case_, signature);

--
-- The three parts
--
SELECT split_part(:'t', '.', 1) AS h, split_part(:'t', '.', 2) AS p, split_part(:'t', '.', 3) AS s \gset
SELECT case_, outcome(token) FROM (VALUES
	('as it is', :'t'),
	('header only', :'h'), ('no signature part', :'h' || '.' || :'p'), ('empty signature', :'h' || '.' || :'p' || '.'), ('empty header', '.' || :'p' || '.' || :'s'), ('empty payload', :'h' || '..' || :'s'), ('a fourth part', :'t' || '.'), ('five parts', :'h' || '.' || :'p' || '.' || :'s' || '.a.b'), ('twice', :'t' || '.' || :'t'), ('a dot before', '.' || :'t'),
	('one byte less', left(:'t', -1)), ('one byte more', :'t' || 'A'), ('four bytes more', :'t' || 'AAAA'), ('16 bytes of the MAC', :'h' || '.' || :'p' || '.' || base64url(substr(unbase64url(:'s'), 1, 16))), ('33 bytes', :'h' || '.' || :'p' || '.' || base64url(unbase64url(:'s') || '\x00'::bytea)),
	('padded', :'t' || '='), ('header padded', :'h' || '=.' || :'p' || '.' || :'s'), ('blank before', ' ' || :'t'), ('blank behind', :'t' || ' '), ('line feed behind', :'t' || E'\n'), ('line feed inside', :'h' || E'.\n' || :'p' || '.' || :'s'), ('blank inside', :'h' || '. ' || :'p' || '.' || :'s'),
	('Bearer', 'Bearer ' || :'t'), ('quotes', '"' || :'t' || '"'), ('percent', replace(:'t', '.', '%2E')), ('another dot', replace(:'t', '.', U&'\FF0E')), ('not ASCII', :'t' || U&'\00e4'),
	('signature in hexadecimal', :'h' || '.' || :'p' || '.' || encode(unbase64url(:'s'), 'hex')), ('signature of nothing', :'h' || '.' || :'p' || '.' || base64url(mac(''))), ('signature of the payload', :'h' || '.' || :'p' || '.' || base64url(mac(:'p'))), ('inverted', :'h' || '.' || :'p' || '.' || base64url(set_bit(unbase64url(:'s'), 7, 1 - get_bit(unbase64url(:'s'), 7)))),
	('JSON, flattened', format('{"payload":"%s","protected":"%s","signature":"%s"}', :'p', :'h', :'s')), ('JSON, general', format('{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}', :'p', :'h', :'s'))) AS v (case_, token);
-- the last character of a MAC holds two bits more than it needs: only one of the four spellings is the token
SELECT count(*) FILTER (WHERE outcome = 'accepted') AS accepted, count(*) FILTER (WHERE outcome = 'PT401 invalid_token') AS refused
	FROM regexp_split_to_table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=', '') AS c, outcome(left(:'t', -1) || c);
-- signed rightly, but a part is not base64url
SELECT case_, outcome(i || '.' || base64url(mac(i))) FROM (VALUES
	('payload padded', :'h' || '.' || :'p' || '='), ('a byte that is none', :'h' || '.' || left(:'p', -1) || '!'), ('blank in the payload', :'h' || '. ' || :'p'), ('line feed', :'h' || E'.\n' || :'p'), ('one character', :'h' || '.A'), ('empty payload', :'h' || '.'), ('a dot more', :'h' || '.' || :'p' || '.'),
	('standard alphabet', :'h' || '.' || base64url(convert_to('{"x":"', 'UTF8')) || '+/+/')) AS v (case_, i);
SELECT bytes, outcome(i || '.' || base64url(mac(i))) FROM (VALUES (16384), (16385), (100000), (10000000)) AS v (bytes), LATERAL (SELECT :'h' || '.' || repeat('A', bytes - length(:'h') - 45)) AS s (i);

RESET ROLE;
SELECT fastauth.compromised_signing_key(:'kid');
SELECT fastauth.configure('key_publish_delay', NULL);
DROP FUNCTION base64url(bytea), unbase64url(text), mac(text, text, bytea), sign(text, text, text), outcome(text);
DELETE FROM fastauth.users;
