-- Importing keys: whose tokens they are good for, and what is refused (S43).  The keys and tokens come from
-- Python's cryptography and openssl.
\set before :DBNAME
CREATE DATABASE regress_key_import TEMPLATE template0 ENCODING 'UTF8';
\c regress_key_import
CREATE EXTENSION fastauth CASCADE;
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
CREATE FUNCTION unb64(data text) RETURNS bytea LANGUAGE sql AS
	$$SELECT decode(translate(data, '-_', '+/') || repeat('=', (4 - length(data) % 4) % 4), 'base64')$$;
CREATE FUNCTION part(token text, n int) RETURNS jsonb LANGUAGE sql AS $$SELECT convert_from(unb64(split_part(token, '.', n)), 'UTF8')::jsonb$$;
SELECT fastauth.configure('issuer', 'https://us.example');
SELECT fastauth.configure('key_publish_delay', '0');
SELECT id FROM fastauth.create_user('someone@example.com', id => '01900000-0000-7000-8000-000000000001');

-- Tokens of others, far from their end.
CREATE TABLE tokens (id int, name text, token text);
INSERT INTO tokens VALUES
	(1, 'a', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.KM_4_TUNiXeyIVQAOctRSqv3LuYP-a_kcodYexbxl0qx059QTlKWIxF6Tm9OIp3FYI9UzAhVUMb0ZA4WSMafXg'),
	(2, 'a as us', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.Y-A5rihPtPMh34ElziOP1xoCxhe3Z8CKoidnMfYRaJxNVMdH9OjESYgJ4tcIAcHeZ468pU5YcYqXKXyDZ6Eweg'),
	(3, 'a as b', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.gJTPkqGq2J2x4byvgkwpGnYCOsgZJjvCGv4hAw3trEUgAOB3nxmq6v5EY3RbS5vW_I--5lQrT6faoEFZ8zke1Q'),
	(4, 'a without kid', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.6iD3j8bbbiAWNdzPF9qS6by-gHkCDTpZM8wvRdpJ8ZI0q15YyB6aOfUgGk6alM8BhuxK3oxqvDXlE4BBlH-UVA'),
	(5, 'a, other audience', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6Im90aGVyIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.WCll7OnaPbbkhTPTeydZAfMABggzWo7BoF-XRUbJhnu_gs7bCrZqJfV2msWojETNGl8TmHra_FY5BoAhzxjf5A'),
	(6, 'a, expired', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAxMDAsInR5cGUiOiJhY2Nlc3MifQ.qtwUOwMYla9M2o6fG-hAZWZa1eDVIeQm4FNWOwV8mUGDq8Qly6QlAnNxWnOV1AmK8jZ47Dg-A9fuzFfUuna9pw'),
	(7, 'a, kid of c', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.wBsTt7K15dyTRVOOkJdYQgIodJ6bEkJxUEEBdSjMsyKejcFCM7GE5y5DHBnJsV47aBQaO73h5hNApOSzsFQccQ'),
	(8, 'b', 'eyJhbGciOiJSUzI1NiIsImtpZCI6Ijl1M0NTN0hBb29vRFQ2N2kySE1fVUQtaTlyYllGc2F4QXBQLVEwMTFJV1EifQ.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.yDkbxrOASBI02abO39UTRZPmQP39SFjM0r3m5MGMTPWxYdp5Fw12BjxL2FoF_YP0XJ0hzbp51nCQ0IkLlYNPJBziuz77h0BcKVhy1KWvOzgM8DeunOBLAvQliWC6oAyNEVIZ0PBrKpO49z9sUC_C36UQrFl-HJEVNgpAGrEsz9p3QStB6AfpFDaniN-mr4HWDDZ8j41bB-lXOX4YCfrnp47cwtx65viFDbQEDuvluzXgBNxQytelyOFhcDPcgNfM1gtANOR1z0oXNC35BclMMK2ZqAgCXXX7aQVDHMky25mPQUWDnjGUXw284M3n3jNGFwx8czo4LdgKkpzd_CLq5Q'),
	(9, 'b as a', 'eyJhbGciOiJSUzI1NiIsImtpZCI6Ijl1M0NTN0hBb29vRFQ2N2kySE1fVUQtaTlyYllGc2F4QXBQLVEwMTFJV1EifQ.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.vbrY2ICpl7Jk1BaSgTQBy61_KwJmoU2uIFz7FGecyP9vfs9bY6x9mGs42xPNx1qpSVxJiGl55pLNtvser2ubK8jIBoncQg0NDs6UhJZ6fkT5uJVwEW3gIgOUmKQ4HP-1M0e612K29TDxa4W9VVkyk8Oa1VweHT2WfZE_uzmAsh0YRHAizOsSBL_gqTUdAVxyyiaMPzVdzApgZO1vHBeKi5SvYcknGGiTdrTN_zm1jb8IPAR7GJ2RFNV79UAPv1uY-tfVIResTClh0-2LgQ9xO613VS6TSM4Hefd2881CYcwTcookZYgALca63-v0dJcUEVAvJRf0sL_1qAd_RNATZQ'),
	(10, 'b as PS256', 'eyJhbGciOiJQUzI1NiIsImtpZCI6Ijl1M0NTN0hBb29vRFQ2N2kySE1fVUQtaTlyYllGc2F4QXBQLVEwMTFJV1EifQ.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.d5dW-8ec5BW6PaGX_5OQPLpFWg3E-jh5c0ux9ogbKy2_DoWIEYhnNUDhvZissjaLov2a-rtPFm-JfZVjeZ2fm68W7EDQN2xl-Y9jfh5YfRu0WQFa0M5YPp7Uydm4UvaBkpdbGZDaomhWjOwP7qDZqQNHjU1efVFSfjkifrCnkhZuwpls7He1ZUQASbJBOqY_zShZtqO5IZluWRFNcE82WZOv8N6Wf43nApA4wPeokmKwPAX4kLQOnSYlyVVTJCgp8eqBLaLmOpcJoDAwOh_Shwrq_JlWM8LF7G33rsprExdnnMYcFJvby2mPME0O03l2OpoJ99iWKg2QsqnSkeaxjw'),
	(11, 'c', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.2lR9_Z-zUW3Umo_xraYo-yk4G58wGKWDo2HsBQ4bddYaCOZT4OByF1t7lg_UUHCCU65aRqQEz6rUoktMuW_1SQ'),
	(12, 'c as a', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.F1OS8USAluVIProFX1mzowPOsL20Ffx88yRYVTHLw3EjwWN-BAjlp5_QdpWgYKyUm--gmzprwaUgL9W-jF6ddg'),
	(13, 'shared', 'eyJhbGciOiJIUzI1NiIsImtpZCI6InNoYXJlZCJ9.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.-6PbUugN9H03Axe3bT2eCrijZXYEkaU9DYI0UO-LPEU'),
	(14, 'shared as us', 'eyJhbGciOiJIUzI1NiIsImtpZCI6InNoYXJlZCJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.MaE_v6ATXaLrP2dqnmez5c2wZNZ0-0eRtBb4YMC9WEA');
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens ORDER BY id;
-- a and b have an issuer, c verifies tokens in our own name, shared is a secret that we share with b.
SELECT fastauth.import_signing_key('{"kty":"EC","crv":"P-256","x":"YVto91GRwWDaaFjiUUr-Bw8eN3xKU4yw9JkYUL4194Q","y":"Fwp4uhSTSPIkymXOhZLmvP5WD_G2NJCbG-LLCAAanlc","kid":"a-2024","use":"sig","alg":"ES256"}', 'https://a.example') AS a;
SELECT fastauth.import_signing_key('-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1J9Z6ZCD1DSco18z5WSk
RUhBI03XikmGTvh4kUHtS6aRKEI4kyxUkCnI+c/w2ur5lds9UPqgoXa3cBrdRfxC
YIWilhXq3gVnP+03JqBJF0UP+bLAkMZl9vt3FZHisUcvIqHSOkSZz8sl5azGC2od
hwnj21XBx+mgy45UWnPnOXd5w5RjaCrkntFyw9V+ZD71N1PJ/USGfP0SAs136EZT
/6nfEIXCb8yC8aJuRS1Vx+GG2B8ZFEMDY1I8c+v9wdqDj2pw55z7zPRbWLfDo3tr
8TxDzEVYpvaigr21KQk+X/kK87pDjzR6Z9Ij5AHWR0KNS0B2p6uqsP3MGaAZ/rjw
WwIDAQAB
-----END PUBLIC KEY-----
', 'https://b.example') = '9u3CS7HAoooDT67i2HM_UD-i9rbYFsaxApP-Q011IWQ' AS b_thumbprint;
SELECT fastauth.import_signing_key('{"kty":"EC","crv":"P-256","x":"BfTiXCf47Q-91785W6gDGf0RDy2xkBe8pi31l2JyRsQ","y":"HnfkIcMbQGdM9p6rZVpHYp7A1fzduCO5FCA9z3-_cD0","kid":"c"}') AS c;
SELECT fastauth.import_signing_key('{"kty":"oct","k":"c2hhcmVkIHNlY3JldCBvZiB0aGlydHktdHdvIG9yIG1vcmUgYnl0ZXM","alg":"HS256","kid":"shared"}', 'https://b.example') AS shared;
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) AS verify_token, answer(format('SELECT fastauth.authenticate(%L)', token)) AS authenticate FROM tokens ORDER BY id;
SELECT fastauth.verify_token(token) ->> 'iss' AS iss FROM tokens WHERE name IN ('a', 'b', 'c', 'shared') ORDER BY id;
SELECT fastauth.uid();
-- They sign nothing and are in no set.
SELECT fastauth.jwks();
SELECT algorithm, state, issuer FROM fastauth.signing_keys_overview ORDER BY created_at;
SELECT count(*) FILTER (WHERE private_key IS NOT NULL) AS sealed FROM fastauth.signing_keys;
SELECT part(fastauth.issue_jwt('01900000-0000-7000-8000-000000000001'), 1) ->> 'kid' NOT IN ('a-2024', 'c', 'shared') AS own_key;
-- Our issuer is nobody else's, also when the setting comes later.
SELECT import('{"kty":"oct","k":"enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6eg"}', 'https://us.example'), import('{"kty":"oct","k":"enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6eg"}', '');
SELECT fastauth.configure('issuer', 'https://a.example');
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) AS verify_token, answer(format('SELECT fastauth.authenticate(%L)', token)) AS authenticate FROM tokens WHERE name IN ('a', 'c', 'c as a') ORDER BY id;
SELECT fastauth.uid();
SELECT fastauth.configure('issuer', 'https://us.example');
-- Believed no more.
SELECT fastauth.retire_signing_key('a-2024');
SELECT fastauth.compromised_signing_key('shared');
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens WHERE name IN ('a', 'b', 'c', 'shared') ORDER BY id;
SELECT import('{"kty":"EC","crv":"P-256","x":"YVto91GRwWDaaFjiUUr-Bw8eN3xKU4yw9JkYUL4194Q","y":"Fwp4uhSTSPIkymXOhZLmvP5WD_G2NJCbG-LLCAAanlc","kid":"a-2024","use":"sig","alg":"ES256"}', 'https://a.example') AS same, import('{"kty":"EC","crv":"P-256","x":"YVto91GRwWDaaFjiUUr-Bw8eN3xKU4yw9JkYUL4194Q","y":"Fwp4uhSTSPIkymXOhZLmvP5WD_G2NJCbG-LLCAAanlc","kid":"a-2025","use":"sig","alg":"ES256"}', 'https://a.example') AS other_kid,
	import('{"kty":"EC","crv":"P-256","x":"iaWma3Ql2b9NTrG01sHbs2KMOcKFEnT6HI4DeZaICh0","y":"O7XU58d8v3oMqQbr5tTQBPVLpLk8rT8Zd-4H5TzOSfU","kid":"a-2024"}', 'https://a.example') AS other_key,
	import('{"kty":"oct","k":"c2hhcmVkIHNlY3JldCBvZiB0aGlydHktdHdvIG9yIG1vcmUgYnl0ZXM","alg":"HS256","kid":"shared"}', 'https://b.example') AS secret, import('{"kty":"oct","k":"c2hhcmVkIHNlY3JldCBvZiB0aGlydHktdHdvIG9yIG1vcmUgYnl0ZXM","alg":"HS256","kid":"shared-2"}', 'https://b.example') AS secret_other_kid, import('shared secret of thirty-two or more bytes') AS secret_as_ours;

-- Private keys become ours: they sign at once, as there is no delay; only the public part is published.
CREATE TABLE private (id int, name text, key text, public jsonb);
INSERT INTO private VALUES
	(1, 'EC as JWK', '{"kty":"EC","crv":"P-256","x":"4Tqd6skbCXDSXGBJ090Voj75wloSLumCua6rLA33u_I","y":"nsyLc1z2luPIOin4kTeANmLE3LAufhQUkC4w21duabI","d":"YpE1lEKjttHj7rVIiT5o1k5BHJ1p9dEsUVlux5cR_3Y","alg":"ES256","kid":"theirs","key_ops":["sign"]}', '{"kty":"EC","crv":"P-256","x":"4Tqd6skbCXDSXGBJ090Voj75wloSLumCua6rLA33u_I","y":"nsyLc1z2luPIOin4kTeANmLE3LAufhQUkC4w21duabI"}'),
	(2, 'RSA as PEM, PKCS 8', '-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCt4e3wnH6K28HV
wDLkMdfdig7mrzcih+ObCwoSOag1cFW1C4SsBwFVKVxIVTF7sBDkDeOpqsU8jb6p
wDyo7XMFLMvJiPVpMQ4NTfJHi9dpFRIdF6RT1fzIQVYE3HUGaMKZZT9VYXRl/SUJ
NWvSXtGCcAayDz/1zSnVqPwy/uJf43Do0pwjLw0LuZDL05SOM6OAerrGm1q0B3R1
PzmqaAEvkPk3/K+JEuAkJcehNcu5QnV1G0WMQVAlMEtuGUW0mJdD06DkRTl8yzmv
qoiBl2rKhrN9dXXmYlB6BN66PGAKtssceik8v/6eZVuX5QkaRzEsxvB9MEQ9/9q/
Yz83AGg3AgMBAAECggEAM3nakGwr1BzZpddn2YFd9/JalfVSG7Fh8rDScvHJt8RB
Qz8dMDZEsTr03F8ILqdBYNoxxzVMfbAyvRsxegsNjX8k901J5bHFiK/GJWMjSrMX
sTAiEEWdt4UMG5VOOa8CyRmdpb+bj2PhNngvqtAyMuzKNqVoGHL7ywpjWw904dC8
QpWXJNxszKkC2gTrmzkyMWCT8byDqvwQ2ZI5J/8CxeTLbDWxE9OeoXZ94yCs9UNi
906M/j/RXjd1udcvyJ10pnklzMQhgqBh/wNzchW1h8fd0iWhPSyZtVFz+hYIdbn/
YMj5Rd/IWHYBv8cQctRJtvdiKUW8tdb85AmAopqQFQKBgQDoxvXU1gKFMh/X8ops
PhMqra/WSd0h8b8XFXFCYAZwzh1fVBkndvDhvj5+pYrn0wuZgvsvrFLj60VjYb+C
KH6KvJcFyyqnR/FRxL9PGeSsvLKGnFLpr0yVkAd/D8WzzcXzhcAKURnunbj0uuDV
aThQ6YpstirOqRcL6vB2SRkoowKBgQC/OtKMq7bUlxTDkbaZvZ0f9+E1FytqwRXg
dpxj0LqbHa6QlMcL8KKSUxKh1e3uolQs0+VMZFS9n/ZY3ez6K4TTJsCEj/h3IkEk
D6keWTpe7QO6bVS5AEg8KKFUPsYLvS6h3LiaRJ1AhgQZQQkvxH9jUuQKo9atWvYq
KGHcNlIXXQKBgEgYZ0dWSU2LqsUtf6Xqy/Dp/o32LqE2yKKTp5KRPy1tCTffSjMo
6Y5hZ+W9y/nlKbCQGtA3JS0mT0Vqnu/nLto1cuj+deV9qMZUk5QiRushPoHmpN9v
xd6Ez22RKwB3eRnlkQcg+1EmVISn5L70adbVnmPxP+zl/hdY2sUn+rzVAoGBAJFS
lmcop0xvc+wbc/Tpz9pXeeHqtafvDD0EZlzEZssyh1KAfbNpL2KblvE9rg9HdUiL
zxl6tZtVUNS/8jM7lzkPngYfkuaWNYK+E/toO5+f5tFp/JSKzlpJVjC7c63AGwwO
vIsf0ZETR1IZxm1ymoxUldAwKhibo67t+VBsR35RAoGALrXQfsZH4Kjq9Gzv1C2P
CqwhECUPXTDkJzGmvJ8VdimVciRKMk3uX+J4AGjLenQ/o6QdMDUSrnPV4A27YIz+
mNHlfXDKmUIRynx6pgLM2ySMkN91AflZEksgD3WbbLr6NAQglN/HbcFIoAteccLt
TY37dh6ntSBL+RUduyAmArY=
-----END PRIVATE KEY-----
', '{"kty":"RSA","n":"reHt8Jx-itvB1cAy5DHX3YoO5q83IofjmwsKEjmoNXBVtQuErAcBVSlcSFUxe7AQ5A3jqarFPI2-qcA8qO1zBSzLyYj1aTEODU3yR4vXaRUSHRekU9X8yEFWBNx1BmjCmWU_VWF0Zf0lCTVr0l7RgnAGsg8_9c0p1aj8Mv7iX-Nw6NKcIy8NC7mQy9OUjjOjgHq6xptatAd0dT85qmgBL5D5N_yviRLgJCXHoTXLuUJ1dRtFjEFQJTBLbhlFtJiXQ9Og5EU5fMs5r6qIgZdqyoazfXV15mJQegTeujxgCrbLHHopPL_-nmVbl-UJGkcxLMbwfTBEPf_av2M_NwBoNw","e":"AQAB"}'),
	(3, 'EC as PEM, SEC 1', '-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDDYQs9n8LfePPJ849Tw34x+HDQhehETtwNLHmtlofHlj7Bj+G1bi0vw
MefGD6B4IJ2gBwYFK4EEACKhZANiAAR1T2exraifrf2ZnFUe9QIpxvhR2bOuX9XU
hwAqGzUk4/2iFqxKfyCcuPnhD6axHiPh8e9U2sYRNk3Vw446GlMO/QfCenFkLKb+
L12pCICLPJl73nkinAIvGDSzkp5N4xU=
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-384","x":"dU9nsa2on639mZxVHvUCKcb4Udmzrl_V1IcAKhs1JOP9ohasSn8gnLj54Q-msR4j","y":"4fHvVNrGETZN1cOOOhpTDv0HwnpxZCym_i9dqQiAizyZe955IpwCLxg0s5KeTeMV"}'),
	(4, 'Ed25519 as PEM', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEILO3318aDFoiKRQVIZCz/vjvhnev2qYyKwW696pq4hsS
-----END PRIVATE KEY-----
', '{"kty":"OKP","crv":"Ed25519","x":"AGTSGaO7n-2nRlkMk-Oyf1NyhuAuwo9_d-ZLLnQZ-Eg"}'),
	(5, 'EC with its parameters before', '-----BEGIN EC PARAMETERS-----
BgUrgQQAIw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIBLXd+8YlVfNUzbrUDDiEvkJRYcoKyiU4UJzNQS3BffUAf2MOmi+n/
Qh7ufH4TTjOT8xJ6w2OYMLApwdJbTNyaHCmgBwYFK4EEACOhgYkDgYYABAAbisst
/AhibHyf7nxVSDCe17oN21a3B3LiDtu4QThurJcMeUdtAu0/j3f7v7nMVu1dHvdg
QEz6KwL9H6fK3QkLSADKO5d8iAzY+Nq0KyJpoIzCTdv82pWulyoVJN2ELsXBhUHp
S+XxkcHDr75a9rXpu1G7uAoC9jzQNVEoL/oGStdwgw==
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-521","x":"ABuKyy38CGJsfJ_ufFVIMJ7Xug3bVrcHcuIO27hBOG6slwx5R20C7T-Pd_u_ucxW7V0e92BATPorAv0fp8rdCQtI","y":"AMo7l3yIDNj42rQrImmgjMJN2_zala6XKhUk3YQuxcGFQelL5fGRwcOvvlr2tem7Ubu4CgL2PNA1USgv-gZK13CD"}'),
	(6, 'EC with its curve spelt out', '-----BEGIN EC PRIVATE KEY-----
MIIBaAIBAQQgqUDjvdpqck4RyQfJLp75vrKzyQuRgo6ErgyMte5fiz6ggfowgfcC
AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
YyVRAgEBoUQDQgAEjTHQGrDazV1nJAAve5wMFbjwF+8h0Ko1Yx6FBN3Ymry4vtx6
qTSL+i3+tRqtMjwWHh8RI1H2n+cZnDvkUssspQ==
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-256","x":"jTHQGrDazV1nJAAve5wMFbjwF-8h0Ko1Yx6FBN3Ymrw","y":"uL7ceqk0i_ot_rUarTI8Fh4fESNR9p_nGZw75FLLLKU"}'),
	(7, 'RSA as JWK, PS512', '{"kty":"RSA","n":"ruLr0ZydTJd2IMTqw9nkBxCq5QVNhQjht986zRHSCfdEdas_EKAMpo4Hu3VZ_fDr_KUolrdvZTBb0-Zafe6RmOzI3umUV91nT2taQ4kgGC183RKW4xJi1rGx0hvPAvz27Al7sOigXqx2FUB2LXMPDa60cWJsTWL-POQRO_090NaNsrC2Fyvpb_awqgQIj-sY7epY7c3YuXgyEXb-pkjsSlraQ3wgKbPabP7rgBf-981YtoqpYfHhBSnyJ23bX9HIhe43silFLFKpRXWJv4mLjsFmGU0K8Icuov333cLs1vqpcPm3-O728MfshmF-tzUjFBJhC5i5fTNpW4XqEI52Vw","e":"AQAB","d":"Oeh4plEiArz6R_J8O_qXl0FNHQVq_DyLJQu9GC8o6dTe7cmU2cftOG86HzfF4yCVu3Piozk9IPfoyBrz5tQKkOUCxFD6pjdxIGqPGmK65laVjEw9-xVY9fcjxssfekFR76laNCNrCr43YWUVXIpHN0QcipjI_LzlKztne4IoqE_-Z6apMSSzny0JeQI_mN_yYtVzleNdGEHJwkvfcNukAVDWTU8Jg1o-7xZdDLON04JNjti7g8rlNvekYmG0XqgDWsKUOF08nRpfChrCQ-7n4CkYfjxT_V-Npup9dq-CFqgajCEO15hXmF9EcH4a61wju8RWgOCOESK3EyPqfuue2Q","p":"4s-d0hCGPucoCXbR5ZnZmdFHk2IugR4IyyhojE4pP0zWo1DWC1EnQxuu-C_RifCgZC9ExmK6SUsfbx6XLgOv2KepY9YCEyW7lnH8vunLnTWpRNuAbb1cSj0Jlpz50DUBaJSIx1MvnycGMXCa3gLb4My9Q-YW4V3vaokfFc2_Duk","q":"xWSglHs52b9OrYvUaI_UVobpIra8KxWBcHoKIEyuAfnkCLnCgiDcjCpifN2K6iK_3i1jdRofBoH6SXEEOmr2dYrUaJ1MpSd5bpbKZ757cJFpzedb8EiUGmSwzu1nrXBAyaluC1GOZSPGbZ-FyWqNVGBUU3-cmbPAKvG5BFjqkz8","dp":"wJua5FbQCf73CwJyQM6j8XG9nLVV1KQSx6NrFSsS8ARqiYoOGtIxy1VpAq5o_QDw0-MoPmh81d0Ltqt9qr_Kxuuqd3O3k1cJtDrcbavRE5IMSsM0jvytsQWgbNylcGBy78KjXNGRsU_MfJOpkDtRSdfUKiLs7zl8JTaIxVVRmHE","dq":"LaemlHEj4j8jPXSX_k8194VgqszFHNnuhEtVyD60CHT5zyLX4C0lla2_9c1v8dNzuTmaRV1zS5gIgbAIIFLZCjrAAipPretBZNivm-sstc6MQDmAxESlLK2ZT2MNlcne0kXD1A5a9v2dSYGZ-goRAjD9kAp19_7hNY2PE3hVWRU","qi":"CgKtyoc736eeMble_YRWCzPVJJXUmTRT-NNXYzYH5AeJCAtJintp-V_hupe2d6c8E2cC8l8eyoMHdWekQIsceBVGuzLsFfs4zDKgHym91PQEotoweicpSbiNYwM_umKKKdtUs4uqtctPjfcy2AKTovJNJZ2FGCV6u2xfHmzDhJE","alg":"PS512","use":"sig"}', '{"kty":"RSA","n":"ruLr0ZydTJd2IMTqw9nkBxCq5QVNhQjht986zRHSCfdEdas_EKAMpo4Hu3VZ_fDr_KUolrdvZTBb0-Zafe6RmOzI3umUV91nT2taQ4kgGC183RKW4xJi1rGx0hvPAvz27Al7sOigXqx2FUB2LXMPDa60cWJsTWL-POQRO_090NaNsrC2Fyvpb_awqgQIj-sY7epY7c3YuXgyEXb-pkjsSlraQ3wgKbPabP7rgBf-981YtoqpYfHhBSnyJ23bX9HIhe43silFLFKpRXWJv4mLjsFmGU0K8Icuov333cLs1vqpcPm3-O728MfshmF-tzUjFBJhC5i5fTNpW4XqEI52Vw","e":"AQAB"}');
DO $$
DECLARE
	p private;
	kid text;
	token text;
BEGIN
	FOR p IN SELECT * FROM private ORDER BY id LOOP
		kid := fastauth.import_signing_key(p.key);
		token := fastauth.issue_jwt('01900000-0000-7000-8000-000000000001');
		RAISE NOTICE '%: %, signs %, verifies %, published as it was given %', p.name, part(token, 1) ->> 'alg', part(token, 1) ->> 'kid' = kid,
			fastauth.verify_token(token) ->> 'sub' = '01900000-0000-7000-8000-000000000001',
			(SELECT k - '{alg,use,kid}'::text[] = p.public FROM jsonb_array_elements(fastauth.jwks() -> 'keys') k WHERE k ->> 'kid' = kid);
	END LOOP;
END $$;
-- A JWK keeps its kid: the tokens of the system that we come from stay good.
SELECT kid FROM fastauth.signing_keys_overview WHERE kid = 'theirs';
SELECT fastauth.verify_token(token) ->> 'sub' AS verified, fastauth.authenticate(token) AS authenticated FROM (VALUES ('eyJhbGciOiJFUzI1NiIsImtpZCI6InRoZWlycyJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIiwianRpIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAyIiwiZW1haWwiOiJzb21lb25lQGV4YW1wbGUuY29tIiwiZW1haWxfdmVyaWZpZWQiOnRydWV9.ynQGsELEqHZJFZ9sKRq7d-czEqeZu2DP69xlU24xL6Np6ylyAi8jgPHabAu5cseDC_q9MZTVMVtmOr8_lQDT7g')) AS old (token);
SELECT name, import(key) FROM private ORDER BY id;
SELECT name, import(public::text, 'https://a.example') FROM private ORDER BY id;
SELECT count(*) FROM fastauth.signing_keys_overview WHERE state = 'signing';

-- A secret, as FastAuth has one: HS256, verified by other means; nothing tells what it is.
SELECT fastauth.import_signing_key('my very secret string, 32 bytes and more') AS kid \gset
SELECT part(token, 1) ->> 'alg' AS alg, part(token, 1) ->> 'kid' = :'kid' AS kid, length(:'kid'),
	unb64(split_part(token, '.', 3)) = hmac(convert_to(split_part(token, '.', 1) || '.' || split_part(token, '.', 2), 'UTF8'), 'my very secret string, 32 bytes and more', 'sha256') AS signature
	FROM fastauth.issue_jwt('01900000-0000-7000-8000-000000000001') token;
SELECT thumbprint LIKE '$argon2id$%' AS hashed, public_jwk IS NULL AS nothing_public FROM fastauth.signing_keys WHERE kid = :'kid';
SELECT count(*) FROM jsonb_array_elements(fastauth.jwks() -> 'keys') k WHERE k ->> 'kid' = :'kid' OR k ->> 'kty' = 'oct';
SELECT import('my very secret string, 32 bytes and more') AS again, import('{"kty":"oct","k":"bXkgdmVyeSBzZWNyZXQgc3RyaW5nLCAzMiBieXRlcyBhbmQgbW9yZQ","alg":"HS256"}') AS as_jwk,
	import('{"kty":"oct","k":"bXkgdmVyeSBzZWNyZXQgc3RyaW5nLCAzMiBieXRlcyBhbmQgbW9yZQ","kid":"x"}', 'https://b.example') AS of_another;
SELECT fastauth.compromised_signing_key(:'kid');
SELECT import('my very secret string, 32 bytes and more') AS compromised;
SELECT fastauth.import_signing_key('{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw","alg":"HS512"}') AS kid \gset
SELECT part(fastauth.issue_jwt('01900000-0000-7000-8000-000000000001'), 1) - 'kid' AS hs512;

-- Refused, and nothing of the key is in the message.
CREATE TABLE refused (id int, name text, key text);
INSERT INTO refused VALUES
	(1, 'RSA 1024', '{"kty":"RSA","n":"1JkWeOc8NEZsJOSLYDE7HKgII_eCt-wk6kFRWtgLKADEFyhKxUNxZgSYeGaScjYgjuhunonhODwbsX03S3_1sUMxJnAMfZXcbzlRroma4Jgks-jscM1WDVooBZhX3sa2AuYUwufZaV43tQ_wpOISVgK8Cl7PamZPnsfVMMK9DF0","e":"AQAB","d":"lltG528yxw3fQiBY6kknM1crmrRcQNPEL-DONt-A1GPmSzJ13xmZw7sQUmbIv_nEAQ4l3f5JyMnKFDcouj7fdZqfDInPm-c-6qc0HavsQ8zGKWbXd_38XQCuBHGd_VZ-XILhtsTPzVJFikIoZPHF_cDH-dc7j49ioah_thKppck","p":"7_c5NL0hEhJmY9He0OD2pWLHSN9qo-LWVrkdLA8P6G7Qz9uKmJK7HIy_jTXQCfeuXz1htqL8NoiP0kExDr3RLw","q":"4s24jslnR8I0A33-tnN2J4EUwE0wG6mGRsnYumQZMl1nhbl4blivgR0N4XLved-PLXza1YAMFBVOJkCB0QGgMw","dp":"Spiq8uccYbbQl5VFU9-rLOyREOlLCFla0ijHlcu04UeZqBQSeK2cdxqV7XreCksxrK-zMYhnKTi4pN7ZNkDxxw","dq":"DUBBuS3xN9MT4ORanmROke5LvRSFbAhSjQ47-F_izPuCEeENNT0_O8brybFCZpd2MQ0rZ-_sRLwd7cQ1EXYL2w","qi":"F0uNhZErRXSfTzECvvjob1Y7skZ8V4W6AweK6SPK6KYtLSPMaErp3KY4Vl0Szn85Tq0kb_ja2wg-2ifTdteBSg"}'),
	(2, 'RSA 1024 as PEM', '-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANSZFnjnPDRGbCTk
i2AxOxyoCCP3grfsJOpBUVrYCygAxBcoSsVDcWYEmHhmknI2II7obp6J4Tg8G7F9
N0t/9bFDMSZwDH2V3G85Ua6JmuCYJLPo7HDNVg1aKAWYV97GtgLmFMLn2WleN7UP
8KTiElYCvApez2pmT57H1TDCvQxdAgMBAAECgYEAlltG528yxw3fQiBY6kknM1cr
mrRcQNPEL+DONt+A1GPmSzJ13xmZw7sQUmbIv/nEAQ4l3f5JyMnKFDcouj7fdZqf
DInPm+c+6qc0HavsQ8zGKWbXd/38XQCuBHGd/VZ+XILhtsTPzVJFikIoZPHF/cDH
+dc7j49ioah/thKppckCQQDv9zk0vSESEmZj0d7Q4PalYsdI32qj4tZWuR0sDw/o
btDP24qYkrscjL+NNdAJ965fPWG2ovw2iI/SQTEOvdEvAkEA4s24jslnR8I0A33+
tnN2J4EUwE0wG6mGRsnYumQZMl1nhbl4blivgR0N4XLved+PLXza1YAMFBVOJkCB
0QGgMwJASpiq8uccYbbQl5VFU9+rLOyREOlLCFla0ijHlcu04UeZqBQSeK2cdxqV
7XreCksxrK+zMYhnKTi4pN7ZNkDxxwJADUBBuS3xN9MT4ORanmROke5LvRSFbAhS
jQ47+F/izPuCEeENNT0/O8brybFCZpd2MQ0rZ+/sRLwd7cQ1EXYL2wJAF0uNhZEr
RXSfTzECvvjob1Y7skZ8V4W6AweK6SPK6KYtLSPMaErp3KY4Vl0Szn85Tq0kb/ja
2wg+2ifTdteBSg==
-----END PRIVATE KEY-----
'),
	(3, 'RSA 1024, public PEM', '-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDUmRZ45zw0Rmwk5ItgMTscqAgj
94K37CTqQVFa2AsoAMQXKErFQ3FmBJh4ZpJyNiCO6G6eieE4PBuxfTdLf/WxQzEm
cAx9ldxvOVGuiZrgmCSz6OxwzVYNWigFmFfexrYC5hTC59lpXje1D/Ck4hJWArwK
Xs9qZk+ex9Uwwr0MXQIDAQAB
-----END PUBLIC KEY-----
'),
	(4, 'e 3', '{"kty":"RSA","n":"uVK53q0bf6L4ku2d752UM837hx5JU541UvqnkfQd7Li9Iq5h3SwcxTB4ArdFQ4t6KOTMeuOhIGUdkmn_H4nh963PV3roOXLjUZfbQQBQprqCnjDZ9e1fZvQxahUcgxD0h8hlTHSZ23ixXzUkMlGa8797DltaKJroF-NFd6oPuNWFeos2wG7flsCZVPZ-WM6YjgP_RBDAXfG_bSfu_Eych6iXqUVJfj6WmCxE2IXVKTuJl8QeadAkzunQms28KwSKCXtmvmoBRHEL8QHqJ5OfecQ7Vik6ZWI4zJwQ9DtwX3pZsXpQI3qmn08WpTQZb3NaiNIt0JY5BQFcU2gjS8oa8w","e":"Aw","d":"e4x76ci8_8H7DJ5pSmkNd96nr2mGN77ON1HFC_gT8yXTbHRBPh1og3WlVyTY17JRcJiIUe0WFZi-YZv_alvr-nPfj6dFe6Hs4Q_ngKrgbycBvss7-UjqRKLLnA4TAgtNr9ruMvhmklB2P3jCzDZnTSpSCZI8GxHwD-zY-nFf0I01RD55lunhknp3StAZj0zAnh1vqyJnmrVilmHf7zgbVjAYBx6DuccK1ORD89U3Z-K1msWB8e__GkrW7XpTr10j0F1egT4gFpEFE377_R1dSBs-LBQF71tC8ckbPTAvPtSb3wIy6UaJiBpqtwOz7OGrwGghH1mFaGLAebxMRdLluw","p":"725dG978-EE6We7rqY5lbEVPuH0815ZFOIQZWOTTnfAkskJ7pshfYS14qxycP9ZvS-z7lAU8tr05OFs7wPgM31bgX1Hidyf2aKjZ1n9HWLK_iUVLT2o6X9HoNsjDarg6TsWdWEEDUxPbejPprmvkz0qBOJknAP-rOhyUwu2Qobc","q":"xiXQZH8TFPnOjHXSrnN2C1uIH0YgTV-ccwd7xjCk1ZY7wVwb3R80pStdM84pwjb4LUKgR3mrb2pAVdtafavr9PoO-aqqWfqhG6rpmaygOtrb1M6_4hQe9JAGMU-vvskBIR1Zq4SNhT9L_F7E3SA8CZ20w4ho7-jCAYA47fV9IKU","dp":"n57ovT9TUCt8O_SdG7RDnYOKev4oj7mDewK7kJiNE_VtzCxSbzA_lh5QchMS1Tmfh_NSYq4oedN7eud9K1AIlOSVlOFBpMVO8HCROaovkHcqW4OHikbRlTaazzCCRyV8NIO-OtYCN2KSUXfxHvKYijGrexDEq1Uc0WhjLJ5ga88","dq":"hBk1mFS3Y1E0XaPhyaJOsj0Fai7AM5US91pShCBt47l9K5K9PhTNw3I-IolxLCSlc4HAL6ZySkbVjpI8U8fyo1FfURxxkVHAvRybu8hq0ec9OInVQWK_TbVZdjUf1IYAwL47x62zrioyqD8t6MAoBmkjLQWbSpssAQAl8_j-FcM","qi":"1LsSxNZawejo_DeaqwkitFfNEIxMHZsTXGyqnoGaHevohKBiOu8SqRbVP_8crzrAkjhzBasP6QPi9ruC5_CQxoClfziuqw-XlbAW0BjcKhf-e9iXz3_DNvNnF27Z4w8nfgzv8_iPeaalvPh_7XVy-9qmEY6BhppjCpz0o3TDga0"}'),
	(5, 'e 3 as PEM', '-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC5UrnerRt/oviS
7Z3vnZQzzfuHHklTnjVS+qeR9B3suL0irmHdLBzFMHgCt0VDi3oo5Mx646EgZR2S
af8fieH3rc9Xeug5cuNRl9tBAFCmuoKeMNn17V9m9DFqFRyDEPSHyGVMdJnbeLFf
NSQyUZrzv3sOW1oomugX40V3qg+41YV6izbAbt+WwJlU9n5YzpiOA/9EEMBd8b9t
J+78TJyHqJepRUl+PpaYLETYhdUpO4mXxB5p0CTO6dCazbwrBIoJe2a+agFEcQvx
Aeonk595xDtWKTplYjjMnBD0O3BfelmxelAjeqafTxalNBlvc1qI0i3QljkFAVxT
aCNLyhrzAgEDAoIBAHuMe+nIvP/B+wyeaUppDXfep69phje+zjdRxQv4E/Ml02x0
QT4daIN1pVck2NeyUXCYiFHtFhWYvmGb/2pb6/pz34+nRXuh7OEP54Cq4G8nAb7L
O/lI6kSiy5wOEwILTa/a7jL4ZpJQdj94wsw2Z00qUgmSPBsR8A/s2PpxX9CNNUQ+
eZbp4ZJ6d0rQGY9MwJ4db6siZ5q1YpZh3+84G1YwGAceg7nHCtTkQ/PVN2fitZrF
gfHv/xpK1u16U69dI9BdXoE+IBaRBRN++/0dXUgbPiwUBe9bQvHJGz0wLz7Um98C
MulGiYgaarcDs+zhq8BoIR9ZhWhiwHm8TEXS5bsCgYEA725dG978+EE6We7rqY5l
bEVPuH0815ZFOIQZWOTTnfAkskJ7pshfYS14qxycP9ZvS+z7lAU8tr05OFs7wPgM
31bgX1Hidyf2aKjZ1n9HWLK/iUVLT2o6X9HoNsjDarg6TsWdWEEDUxPbejPprmvk
z0qBOJknAP+rOhyUwu2QobcCgYEAxiXQZH8TFPnOjHXSrnN2C1uIH0YgTV+ccwd7
xjCk1ZY7wVwb3R80pStdM84pwjb4LUKgR3mrb2pAVdtafavr9PoO+aqqWfqhG6rp
maygOtrb1M6/4hQe9JAGMU+vvskBIR1Zq4SNhT9L/F7E3SA8CZ20w4ho7+jCAYA4
7fV9IKUCgYEAn57ovT9TUCt8O/SdG7RDnYOKev4oj7mDewK7kJiNE/VtzCxSbzA/
lh5QchMS1Tmfh/NSYq4oedN7eud9K1AIlOSVlOFBpMVO8HCROaovkHcqW4OHikbR
lTaazzCCRyV8NIO+OtYCN2KSUXfxHvKYijGrexDEq1Uc0WhjLJ5ga88CgYEAhBk1
mFS3Y1E0XaPhyaJOsj0Fai7AM5US91pShCBt47l9K5K9PhTNw3I+IolxLCSlc4HA
L6ZySkbVjpI8U8fyo1FfURxxkVHAvRybu8hq0ec9OInVQWK/TbVZdjUf1IYAwL47
x62zrioyqD8t6MAoBmkjLQWbSpssAQAl8/j+FcMCgYEA1LsSxNZawejo/Deaqwki
tFfNEIxMHZsTXGyqnoGaHevohKBiOu8SqRbVP/8crzrAkjhzBasP6QPi9ruC5/CQ
xoClfziuqw+XlbAW0BjcKhf+e9iXz3/DNvNnF27Z4w8nfgzv8/iPeaalvPh/7XVy
+9qmEY6BhppjCpz0o3TDga0=
-----END PRIVATE KEY-----
'),
	(6, 'n even', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vg","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"3xftrQy7m9jOKACObyU2vAmW9WqPEjqdbCkT-t3BDzpZc-glQvXil0_1ZM6fhr8sIeou4rhByZrJ9q448C1M7TZP8U4QSlhGTWQ9t-jNiC4vI-pa0WSx8IKuKpwoViLWkE5acLXjr77Xi5bLR404orN6kf9llWxPjrX0WoemehU","q":"2U59lI1dX6aGAeyQtro2IVX6p4AVtsBzhyR-vO14KTvnMANpYlHNV0vo1g4EpV1n949IosZ7r7gN2fh_1vNHCiMa_pWeMLs_uS5BoTfYH1vG3JvUQCbKR5spm12pB8SH0N44Zze_S-PY5LS951jCZ_LFAaH6-DSc4sBf4tmLgIM","dp":"IEjKMFzDWY5KZyeNdTAhd5y7p9A_3Bd3aIuZRJiKs7Vx9IAHxGTo4ZTEok30b_-CV3YYSt73RkGMMJKN0tP7aeiOMRFm8htMMS7sb4zVEXv9fmkPs3Wq-m8u3SO0AqMQAdoU5HKt_GTVtHGiATzCkWj_t9kJzlHaQYC7V86BnPE","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI"}'),
	(7, 'd of another RSA key', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"Dl5QAfioiZUEmmwhYni3bfcnPIhS7uvV2ua8cke1dLQZtLhegMbK8CZJIcvR-vlMfiDStyY4tLCd6A8b5OunKkUQ0UbdGFcR7_Mxeh30bB4lD9RRYkQGBl33-v0toWbhSI9zvxXjtXPraIBeFQD9MQlgdiU72ZNwMLe6YfwMvbu1m6ePr8LIDcmde9K77hz2GEE-irN703xQm-wKBdur_rAe901WvDgXLuyWIDlhXNLy0xi473u76eIR1iqJDyDpNdjhdLIngypPJhO8Art64bjv7kZ7pjH6Zl_Oug39fJHrOWfcscDBWumMKSI5UG509vdut5Pgam-xdweUPnywAQ","p":"93OPvDBKNjNPpxvVJFkZlFmzt9G-NXqayEjbW0gmYpkndVBPt3k-3oY42sPj-YdMwaTXiYDNHUsxR76fum0p3hFe4_lvbHlo-XqO-xnDVgAWrGbvDIw9McrQbP_X1q6ztvHy_sAyQDlfhi5jiW5P8jhPQev74EnVlnNqNmek9nE","q":"2_fD_2VsQLL-je52eFRvflg08yTvALLuQmgDJ8yPAOTiXR0YYDy5p1f1H1eyVQy5mZFROUZteKL5P-Kj--2jxXi-vDzzsrfg4-FSd1TwdHBfBZd2pgHj8wKevob6ZxUBLZ5FQF5S4Uaah-mwSS30g3RConptSz2IQvLSF8VzsYs","dp":"8HpD83VSib3v6MzppHtamotaVoflO_-8sGvtkZZah3OjnyS_c-TGrmbuldvNj9BnTcEvHhgoPhG3AKxGelxgVcm32AGuwVJ0LA9pKKnu5YMMhds68YzQY7VgPK2eSqpZSK91oRGTREr9hF9MqGCmHRWQINZ_X4chpSbgz6KF9GE","dq":"AWO5Sz26x1XaIc9l1DDEW4n3G6oaEGkQ9D5v9qpmJN1NSMVMSB9aFOKLW91T9RGVgpDWcIQvYNm2tV6bJpZDuJWgrtO7vl9G_mmH-dUBh9rF3uUsDLRqWjikBBQaNNh_H2imi1eNMnsdssoZIP03VDVBzoDze8wxtiqOhTPsHS0","qi":"q-zJAQAik5usQusnFk1AE14F-loctewDqLUh0EUGFeRzMlJ4MAJosezNxixC-aUgcMtDq3DbUFFCiGot3b6JcESg4MV1mNlT6oDUzlSW47NPTAsFTspTZhPg_83O1icZ_vgsHZZhimCOPsawmSp7kR4gqcU6-pCGWUzwJzkfqeQ"}'),
	(8, 'p and q are not primes of n', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"93OPvDBKNjNPpxvVJFkZlFmzt9G-NXqayEjbW0gmYpkndVBPt3k-3oY42sPj-YdMwaTXiYDNHUsxR76fum0p3hFe4_lvbHlo-XqO-xnDVgAWrGbvDIw9McrQbP_X1q6ztvHy_sAyQDlfhi5jiW5P8jhPQev74EnVlnNqNmek9nE","q":"2U59lI1dX6aGAeyQtro2IVX6p4AVtsBzhyR-vO14KTvnMANpYlHNV0vo1g4EpV1n949IosZ7r7gN2fh_1vNHCiMa_pWeMLs_uS5BoTfYH1vG3JvUQCbKR5spm12pB8SH0N44Zze_S-PY5LS951jCZ_LFAaH6-DSc4sBf4tmLgIM","dp":"IEjKMFzDWY5KZyeNdTAhd5y7p9A_3Bd3aIuZRJiKs7Vx9IAHxGTo4ZTEok30b_-CV3YYSt73RkGMMJKN0tP7aeiOMRFm8htMMS7sb4zVEXv9fmkPs3Wq-m8u3SO0AqMQAdoU5HKt_GTVtHGiATzCkWj_t9kJzlHaQYC7V86BnPE","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI"}'),
	(9, 'dp wrong', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"3xftrQy7m9jOKACObyU2vAmW9WqPEjqdbCkT-t3BDzpZc-glQvXil0_1ZM6fhr8sIeou4rhByZrJ9q448C1M7TZP8U4QSlhGTWQ9t-jNiC4vI-pa0WSx8IKuKpwoViLWkE5acLXjr77Xi5bLR404orN6kf9llWxPjrX0WoemehU","q":"2U59lI1dX6aGAeyQtro2IVX6p4AVtsBzhyR-vO14KTvnMANpYlHNV0vo1g4EpV1n949IosZ7r7gN2fh_1vNHCiMa_pWeMLs_uS5BoTfYH1vG3JvUQCbKR5spm12pB8SH0N44Zze_S-PY5LS951jCZ_LFAaH6-DSc4sBf4tmLgIM","dp":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI"}'),
	(10, 'RSA without primes', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5"}'),
	(11, 'RSA with p alone', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"3xftrQy7m9jOKACObyU2vAmW9WqPEjqdbCkT-t3BDzpZc-glQvXil0_1ZM6fhr8sIeou4rhByZrJ9q448C1M7TZP8U4QSlhGTWQ9t-jNiC4vI-pa0WSx8IKuKpwoViLWkE5acLXjr77Xi5bLR404orN6kf9llWxPjrX0WoemehU","dp":"IEjKMFzDWY5KZyeNdTAhd5y7p9A_3Bd3aIuZRJiKs7Vx9IAHxGTo4ZTEok30b_-CV3YYSt73RkGMMJKN0tP7aeiOMRFm8htMMS7sb4zVEXv9fmkPs3Wq-m8u3SO0AqMQAdoU5HKt_GTVtHGiATzCkWj_t9kJzlHaQYC7V86BnPE","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI"}'),
	(12, 'oth', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"3xftrQy7m9jOKACObyU2vAmW9WqPEjqdbCkT-t3BDzpZc-glQvXil0_1ZM6fhr8sIeou4rhByZrJ9q448C1M7TZP8U4QSlhGTWQ9t-jNiC4vI-pa0WSx8IKuKpwoViLWkE5acLXjr77Xi5bLR404orN6kf9llWxPjrX0WoemehU","q":"2U59lI1dX6aGAeyQtro2IVX6p4AVtsBzhyR-vO14KTvnMANpYlHNV0vo1g4EpV1n949IosZ7r7gN2fh_1vNHCiMa_pWeMLs_uS5BoTfYH1vG3JvUQCbKR5spm12pB8SH0N44Zze_S-PY5LS951jCZ_LFAaH6-DSc4sBf4tmLgIM","dp":"IEjKMFzDWY5KZyeNdTAhd5y7p9A_3Bd3aIuZRJiKs7Vx9IAHxGTo4ZTEok30b_-CV3YYSt73RkGMMJKN0tP7aeiOMRFm8htMMS7sb4zVEXv9fmkPs3Wq-m8u3SO0AqMQAdoU5HKt_GTVtHGiATzCkWj_t9kJzlHaQYC7V86BnPE","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI","oth":[]}'),
	(13, 'n a product of small primes', '{"kty":"RSA","n":"B7bQXY4wtoH7QqOPXgXIANraZWbP58FuJ1gZQNobYMUtbuSlJdaYPiA_ApGO_GDZoi7-pjwu3YnKJtl3j_SyJBRGkOP6YKlMHzlA-pIb8A3y9oFuKA0IkBly6IBogaDNkzNH1wXqc_Fh9kP2Z8Y6aUfjblaZMDWc-1ixudnfe7dyEkQ7ZlKKFzRew9cQJw0bGLVY1T0dPfthwn4HwPdZacPJYwcZcEzeIWN77qzbJ4iB7-7LsAyX7UjkVW5EbPN9E0Ef-g5r_p7nfKT1pDc_XMVTh-ogw7oNxYV5wh9F0J08jYO4OMZpiIFiYWELg1UfysTeewVqQSUI9tq-7A2Y6RJXBsvHibCnDMfC6JCA0LHjPr5ciGE","e":"AQAB"}'),
	(14, 'off the curve', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"O7XU58d8v3oMqQbr5tTQBPVLpLk8rT8Zd-4H5TzOSfU","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE"}'),
	(15, 'off the curve, public', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"O7XU58d8v3oMqQbr5tTQBPVLpLk8rT8Zd-4H5TzOSfU"}'),
	(16, 'd of another EC key', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"tZRpnqp6xH9KibUuh3YHOUiR-uf0uZKyUENI7Zowkh0"}'),
	(17, 'd zero', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'),
	(18, 'd one byte short', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"}'),
	(19, 'secp256k1 as PEM', '-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgNLg9NrNzjwyw7UoViNgk
mavxYPd0lkD8ydZL5Dxcf5+hRANCAAQtpjwIZr1rMLZVsPcUdWrd76cgmjVoWTVB
RtERmXomG1MSCr65mxp20d3OpGeEodYNHVPj7WapJobCFCVGMCrv
-----END PRIVATE KEY-----
'),
	(20, 'Ed25519, d of another', '{"kty":"OKP","crv":"Ed25519","x":"AGTSGaO7n-2nRlkMk-Oyf1NyhuAuwo9_d-ZLLnQZ-Eg","d":"XJgnJfU2HjnI2n-IagmfI0RPCbc11uZt2S4yB51RvdQ"}'),
	(21, 'X25519', '{"kty":"OKP","crv":"X25519","x":"wwgto4Gsa-p5rFvah849hR8mVshwhIyNsBoqEfhKCCc"}'),
	(22, 'X25519 as PEM', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIECySsmW4Wr1D7Kcx/kmb/pA/apTpKcY2wtFHGrDvmJm
-----END PRIVATE KEY-----
'),
	(23, 'DSA as PEM', '-----BEGIN PRIVATE KEY-----
MIIBWwIBADCCATQGByqGSM44BAEwggEnAoGBANv7C011pDYoXBT+XMlLmLvEN9aj
Xp+Xhfi1UCjQIRx7z1zmF8NnVjLX9AA5+JneRG7B93Kbcqa5dsjrGqYIWk4lSKnv
BPMncawoPRk/3jIHvd9UCLXoI7M5lobK4Y0q2yB0EFTFN6MagXVEis4ZB5csl4LV
v8RvaRJDnu7vM6aJAh0AvCews7nvQf1lh3rC1mt6TzGQm2hlNMy6IQFhUwKBgQCd
KvsfV0xGl75gPgXzjRqEjmrWq//17BkEsnRCJMDdodSaXHd2J9SA8pKIGg1kClwP
tlUN7mKpO7HMGHwmIRC0OA2o17j1+JtgtjjLxT/NY1fjTcb8q7srD+kO8r+PqUHc
M8+w5EgwOmqLDOpYYjRaOHz+PlGQG4RpDlcbZDPHWAQeAhxz4zeGTgb9uz5wXpGy
cgi1Ea5eIii/R5Q24Hko
-----END PRIVATE KEY-----
'),
	(24, 'RSA-PSS as PEM', '-----BEGIN PRIVATE KEY-----
MIIEuwIBADALBgkqhkiG9w0BAQoEggSnMIIEowIBAAKCAQEA2dfOyyOSlobcQBrm
lqtb/3e2nursFuqaEKn57wP8ZksSu4vLNI23wvB7JGXzUCG4k9clTJMtQhkiorUk
gefUrjbjArXiq+DZqZrjGzpW/2eDQ8CmlnI34LM8PPECHRYpndvuSWAumLZ0CbP/
VUvRfoFmsqtJ/jL0ABXDTfTZ9t1DpZlNzw34LkyHBYSdjZQq+mFCjh1ZwWnzuZT4
106axgtJBSkoiGvzh1btjfh6z3n6NI9yGntV4VsbqhVeBb4JswLGO6rxsyOvEc7Z
h28fqizxGXx72CzmNoGVVkfvw+vZG0WABt6lM2G7Uog1tC4xNXELCqlwU5H+6LRs
rH75wQIDAQABAoIBAGdkzARTjnQ+bxRIEFDL5V7j8XwM8WBRGi21l2hP4oCkui/k
wl5fsyvlmvTkJK9QSfx1fYESS8VXC77hLgIwSBwl9eon7P16O6UJ3CfksT0I4t8J
9adrb8UJHRqpo0Ct77O6mqcd7Q/TbVDbq2FPGpAqF9XOgdCSW4gczDVYdQl7DD9b
XM/M0+bnkY2X0+FTNHH9H/+zyc0T3MjwNzZPm+Vfr+HCLk2JAlp4sQfgJ9PTXKja
8wHxt8Zg88Wzm89UztuOQ4VC9l2dKGiAzxteXZxnMuRXJ/rkQrylU1B/7NYMr+qp
yMc64p1g7pz64n59DV3USkdCYY9/mDDO9H82PL8CgYEA7XM1j1+OB1riHohtw23L
GqSqzGzc7lehEffMr0JqMExuKl0b+5wh9u0SWLO69pcBtDZN94t9BrjWiUgBRL01
XlEPiCdCFgAf70x9fZ029P/MeVmAs4lJb8+8fEySBs4onMnCILwNYI5F2yMgAn4A
1lqPQ02Z2R+NCtA6fZPlPEMCgYEA6tx5pIanZNnr+FxryVRYkKCgUY6TzFofHhW8
tvifFY/EtEeBEQaEAFXJBP2WPBz0htxWvPSWY/74favBRGvyYxhU0UHyVxmgdRkg
dZIWjAujF32qU7NBlaCGGNiRI7PGG7IZdcsJSH6UWflp7KkX0ni7rrK7GjTDTQBo
A75yU6sCgYAFaMt+kam1py9hjLAbdKPc3oV5lL1PvLVRqHiEQZoTsZoM4wQhLkRj
0LDLToTi2zvRtC8Aha/6eDmC9R36R+kwVd5ptqM9xxDzLaXqN6up1y38Ubqp3GXM
40mi90eYWhf4wmvmvQH9AiC7RkiTZfV07Kk42kq39I0NAwNiGv1s6wKBgQCIjCzx
GhTCzuyh1mIYiMCBPdJX+JQ3sIH9BNhWbRBZAeB0jEoe8vHWHAomq6UoSBFnQz3u
2CmD897Xef+A313qfV/61eOm/lBLJJO5p3kSbUWiR766sTLFYrH0Sh2Aa2oX+iFR
Wf2It4dbFGagYONnzCgadvHPV7Pg1gajfpuLxwKBgFQaMjdGMULtXjnBxem+k1To
R3OtdLXP7V1T/fAzpnNKAIhfUzs4ObidptM+9KvH7k1AX0mTPGcjL4FeV7m47f6T
ZcVRBpdthUXPoz6I/+6u/f4CNqE+I0z8YuHwnd+3XzLer486F7S7hO02DbQJ4he5
gt5omi7h6TO6Xw958cwB
-----END PRIVATE KEY-----
'),
	(25, 'RSA of three primes as PEM', '-----BEGIN PRIVATE KEY-----
MIIE8wIBADANBgkqhkiG9w0BAQEFAASCBN0wggTZAgEBAoIBAQCv2DXxvvCLHiMQ
BPNT2oHWdRi/xN7dAj5UCggYPNJj9PgWA2Qlqb4vQkRWnUC3tSPMB+yo40gjdWFx
S0+ySvtsIRmwLLCpyGZzBYh2T+jz3h6xfrwBexdArZXVbak/A/NRwRqVRzm9KZT8
MLxhcQOBs0b+FcsvLtzBAvHFRKBfLw9JbqOzj1aalk1WvPjFkowCCDWRzc4hCM24
5PkHzw+gfmgYyubcpeEnBbUP+iqEMYanwRrq6GAFxxP1tvOdBeGKrMk3J5i/K62K
IZ8Qn5tuaQwqQ57FtnUFOCJjlrgxaY3n586xaK9np6K3Hl2F30p3+WH049PL/nc7
j9Sdfc73AgMBAAECggEBAKv/6IQWKGNrjxBUR052JRoIX7T0dKnpT94UEebjV0e+
jgu6NXNBnW3Me9vc5TjMTb984NgxuJY2cqHG8KWNAnC5z86raAIqq0tG1jwj3dDs
K0milXLbUdphDcH479vz517F2aHosTEwywPGTwZ2ALEkRsjHSbjJUjV23bKTDPyI
TtdvqJfez/0LXVfMlx2XyH4pRuabeIADnkiXz/rma48vPgC17SJ9T1Bfa9u1pdq3
7ErPvzpILRWxbrsvwXf9/DYUvdEWwmTpyz4Ccv9nIjG29qxIqSbGiF7aaBEohdyb
ZlUUtD/FHhKpKXKvfw66EgQ6VhaXBJsSzcVyQ+4BAAECVgdw4Z8y3AvIJRIRayyo
vcmqvsFJTAp+zacVWsUCPRd7VElzxsT98LFNYheGCXDewOEnznHMH5NU930MXgUF
O02CJhdj7qbJ/dbqPE/c7z6BiCBQfwEhAlYG1on0ku8+tofeyaPF+i8lzGIWMXjD
1qVUhvs6sh6QvZ+4bzxy2h25kCTZ2/VTSbn6OfMsSiXfen5jVo59sYi9K4O3T/5e
zlYu//f0KH65J8dqLxX3AQJWAst0Ap5QpaAzxDiEn451UhRudxx3kg2UYmgT4qD3
nyU0QC5a/sw+JenhqOIwE5OmsCqKUJWRWn30QqRtf8c6Qd9bPTfMgBqn25u4sWpS
9ZAjN7fkK+ECVgRC6xJaB3LjueTjcIbOlVdO+cmu5v3U5I+61xILMvUs1z7PQ7Kn
r2KXLAABDe/rwFTqjFsLknKlGeK6bG50lyyc06cH2RQoLpl3t4SXP/IPkjzgPyYB
AlYC6TTnS0hkHhthXCwQqN5Vn1mPZ43bkMTHDcDahLSgoUl9yRSM2vYWpFtsh/jI
sfeVJGEv31305WdeNUJfrF0isrphi3a5mYNLFN//wnLFt71wv9GoYzCCAQswggEH
AlYDdLoOpZthyPrU5mRa4OtnA6m5QYGkrKd6zN6GNoNtS5vakvX1v7lFHjKDxhf9
uHWxmXxv8/fYbadvLXSjCCPpDdtPId49l/JoT0c7g0q7bmXJomfkFwJWArQL1ek0
4giULHULiwrlGG+FE6RqBKYJW8VlSxbZN2UtRIwwWUrfYXF9khYiLhVb+tBUxj3Q
YTtk/VJRKjXz4Rk1s3CKpyN0OqPI1ISesH5qoI6pNYECVQFR6QFz2VORycyibzd8
h4rRw7YeZUXijAjSON2BZ6wEcH/xTjWMJSRO9Y3TEp9dCIY61GhDWP36q6hS86uy
+8fIJPNy2GyZXI73WgMqYRgA0WM9d2U=
-----END PRIVATE KEY-----
'),
	(26, 'use enc', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","use":"enc"}'),
	(27, 'key_ops without sign', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","key_ops":["verify"]}'),
	(28, 'public, key_ops without verify', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","key_ops":["sign"]}'),
	(29, 'alg of another curve', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","alg":"ES384"}'),
	(30, 'alg of another kind', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","alg":"HS256"}'),
	(31, 'RSA with alg of encryption', '{"kty":"RSA","n":"vV-vMj6ZXHvhvi1ANPN6MbCn23117hx73bIfheab2gZzZEXX-emXujdOw7kR9EY0bH5l43yedLDsgLCLZC7NhfCW34Ml4vo-Ks-cMYS_dBalTuj0RthYoo_wjw4dhcFqU_mzjFzOxwgQFPlk98VUirW_sCLyCN5XhITMbYLRM7ulmrh8oL2B8nM9c8TCLQe-uvhRhCBpZ_RGbK-wOPK--uihRdvtrx2VWzM2AtHsK0iLJ09O4Fs9N4K6_L1nPPIYuC2VDpmp4zfDZTkdqolSrBvOjXu-o7_K_NYO1z7S0xovZVhtA8zSlb7bpQtkKl7yS0grOeNVmq4NcqSQvaH4vw","e":"AQAB","d":"oonySdC2uaqDReZLHm1_FsoU66wgjFZDbtaiN9cUSt8-iIxSvEUfgSmaWdetqJ72X_odHIEIOjdDr44GobBy5SY9zQ5PXySv2g7jL51jnuMW0Rg4kgpk8dyZnLsjswchDX5EtKkiReDrj6Ctq58-2aD2_WWMtSc4sPmnk_nirMjRFUGRf1CgFaOWqm9MLSE2qPbbUZs-6Ag1ZyHq0s5S7M8Ujidp5nNlfQHoAsWe5BdwwMVG5ST4icBXkDciTNnD-R0XvgR7KT1NSKgplF8DJpHXz-B0VBlOmS5iRMKt3dXIh9qCvsj7-xZ8gYWGj8-NGl8XBHKwGiKHefF3ycf5","p":"3xftrQy7m9jOKACObyU2vAmW9WqPEjqdbCkT-t3BDzpZc-glQvXil0_1ZM6fhr8sIeou4rhByZrJ9q448C1M7TZP8U4QSlhGTWQ9t-jNiC4vI-pa0WSx8IKuKpwoViLWkE5acLXjr77Xi5bLR404orN6kf9llWxPjrX0WoemehU","q":"2U59lI1dX6aGAeyQtro2IVX6p4AVtsBzhyR-vO14KTvnMANpYlHNV0vo1g4EpV1n949IosZ7r7gN2fh_1vNHCiMa_pWeMLs_uS5BoTfYH1vG3JvUQCbKR5spm12pB8SH0N44Zze_S-PY5LS951jCZ_LFAaH6-DSc4sBf4tmLgIM","dp":"IEjKMFzDWY5KZyeNdTAhd5y7p9A_3Bd3aIuZRJiKs7Vx9IAHxGTo4ZTEok30b_-CV3YYSt73RkGMMJKN0tP7aeiOMRFm8htMMS7sb4zVEXv9fmkPs3Wq-m8u3SO0AqMQAdoU5HKt_GTVtHGiATzCkWj_t9kJzlHaQYC7V86BnPE","dq":"PQAglnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf_C75JTIQotTCV3w5FUFU2gnTWgxPbBoHvNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM-Yz12P4vaMDkGGybWVHs8svQB5amrCW9MG1v125B54AT86VYxVH_W_js","qi":"3RBXQ5hnRCLeO_srWHiOUQOaqRCpxMB5qi85eegqV1FDLwoME_sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXGG9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVibZDaxVz2plUAiAUv-QDWf2xI","alg":"RSA-OAEP"}'),
	(32, 'alg none', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","alg":"none"}'),
	(33, 'HS256 with 16 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2traw","alg":"HS256"}'),
	(34, 'HS512 with 32 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s","alg":"HS512"}'),
	(35, 'HMAC of 1025 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}'),
	(36, 'A128KW', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s","alg":"A128KW"}'),
	(37, 'secret of 31 bytes', '0123456789012345678901234567890'),
	(38, 'empty', ''),
	(39, 'a set', '{"keys":[{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE"}]}'),
	(40, 'member twice', '{"kty":"oct","kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}'),
	(41, 'cut off', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE"'),
	(42, 'kid with a quote', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","kid":"a\"b"}'),
	(43, 'kid of 129 bytes', '{"kty":"EC","crv":"P-256","x":"N5pHj8m5Doy6BWYe1h7NMfqENyadtVVW25kHQiDs1eA","y":"H2_e4335JE3IvcJoE002r7ZcT8MGQhogumbKk6RP3t0","d":"5bwL_79ZXt_9OOwZ7ZH2UPd3TiRlJPyhEgLiM14EtvE","kid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
	(44, 'PEM with a passphrase', '-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAWaeZrxgFL0oe0vh/L
YEpsAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQetxkPhXeJrP6Mv36
QiCFqQSBkLN9qk38UGVZ+PB3T0WYSCfQm0PErv3X/g0DbEnm9Q/iVF1QV7K4TyUr
nXFVxH4dLXkIVRAbGNzfaLCFxp7enYoM0VcJToA5CqGK2IjA6Jo4rI2pe7PF1mpr
78/VuRzAhTu+FeX0iFQH8f58u0+SC4hoB/jk+9OwTf7AiZWpCVqb1ol57ZmXgxPw
hA72mBueHw==
-----END ENCRYPTED PRIVATE KEY-----
'),
	(45, 'PEM with a passphrase, old', '-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,E464D33935216E22A9AFA827553DBFC1

uccaCybp0bFHP553Jg5O6sC8rnxxRnf/L6bvbVhWQwrVClVa19jt2FxTf9B4d7pf
1oYfPJonxZGXIfJOwvwr2Oh+HBNZlwRP+uXFqWJrgFNejpkYRkH5PHeQuhX+oIBW
MRXkzkAL8KnhCmSihvhA/5NW867ZaLuCgUFtcDXsBpmbLKUYy9rld2h9LhHEP/5U
EsconDzzUAPlOZIAdAfpp73nqS0oKvcM0XibE7a7KJELZTmy0+J939UV9+u1WTq+
Js0VfLpRJy2zG+lYiTNKESZASHd02loQuExnV61YiM0eubd2PrMals6rdCMvOrY0
sBM9h/OiJEfBdcyHN3PpT8PhYJ9namYE0BIDoAGs+2Z40mADSMnmN1PYtyxLKjH1
M1LDQgYHOrWkA4MjawtM1RP4f9JD2IzeBEBnLdcfnAuYKA7lzBl/IVUEwuxBQwfr
pw6kN1uu25Dq3rYjg5ehzAkdgzp/ZuAYf2Qi0sVy2Op1pUe7TjLilfvzaO5rbQVv
mR2rTt2N6tECFyoKUOViXsIHaAa7LqGY+4vE8MJAdneXdKBGIDlu4RCqrjHdVb54
q23zwxE/vOvnjZkGTr3t55QqA/ajRbGVl0j+I7q5oe01L/vr5UML5CIUhpzfI++2
m5a9/IGrSey4uKf3YCl0CzE7YfB1amEAB1i6UHa3c96QuVYFywsrCJ1xosGwnuBi
HjcuuoetCaGwjqBFXs7qm053Vjvy02KLisn8GCd+FFvUEoqBp6oo74L4E344V3Wj
yD7kis0XPsuJmGQjq/WbynlKIRdPG73npGzH+DN752WCt5S2yHJPKZWE/k2U+VJq
Ckf1Ht+IofY6+6Pk0GSY3ZvqIznItZBE52/gGw85mKHa8ziIg+3LeoGFEn23UisI
ibK3d9mS6qO9AB49xfgFB1C1MyM7q9G/Od2I92LhMdivcf7BzACJVW8wqVK+5XK5
oq2zGsWZ6HHTshp2UXlESGjpOr5F3ajQpF6xb11A3YD4DkjxfrW/FOKOm3HrS3Tr
TIyrdW3Zf+6TzbKJXLpz9698xMCWP1ATSNwrfpeNf38NAKEWYaq6S6fgnau7yD9C
OI/o6APUAsuWIJ+0aFuRxSWe5nAgQLaGg1XpdKPNxzKaA2biE67ePL8ZHu+X5eEd
ZF1eBbd1gUMO2DYZrIG3gflCQTSb8cx6hSRfO17Vvoh4VCX6aXfXqr+ZrJtmLEzY
nO/xAphYiDCxn/VqDaSwmq3cKPOZysBe6M4OZmqtCwfeDGLWT9yNHn5BeXoRcmvk
9E6u9lUzV6MzRg9xNAGKEvZnKy/ilWAD7Hl5EgKnrBFZ9RR9rqkJdWJN//HD+35u
sx0413U+CXsyLcVsiJr4yftxPr6Xf6IP1YJo0TkxqwbsX+y0Rlr29opVtGSS7eK+
RDdXMhtTB1LlbrnXaA76mQIYX8X4jQ3VTYrMYkMdhZTXOZGlnpWkN1MGR8f3b82b
omPpDT3XXYBW72qHR6eU9OqW7B2m935ipfpMg31GCxOm4GzsCviyzgTCfMi+A6UZ
a0jADr02U5kFu8oQX/xtCtwf98urIB2Y/xMOxGd+y+k2YbpXME7j0UP5fJk4v+SV
-----END RSA PRIVATE KEY-----
'),
	(46, 'PEM garbage', '-----BEGIN PRIVATE KEY-----
AAAA
-----END PRIVATE KEY-----
'),
	(47, 'PEM no base64', '-----BEGIN PRIVATE KEY-----
!!!!
-----END PRIVATE KEY-----
'),
	(48, 'PEM without end', '-----BEGIN PRIVATE KEY-----
AAAA
'),
	(49, 'PEM empty', '-----BEGIN PRIVATE KEY-----
-----END PRIVATE KEY-----
'),
	(50, 'PEM of two keys', '-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5bwL/79ZXt/9OOwZ
7ZH2UPd3TiRlJPyhEgLiM14EtvGhRANCAAQ3mkePybkOjLoFZh7WHs0x+oQ3Jp21
VVbbmQdCIOzV4B9v3uN9+SRNyL3CaBNNNq+2XE/DBkIaILpmypOkT97d
-----END PRIVATE KEY-----
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC9X68yPplce+G+
LUA083oxsKfbfXXuHHvdsh+F5pvaBnNkRdf56Ze6N07DuRH0RjRsfmXjfJ50sOyA
sItkLs2F8JbfgyXi+j4qz5wxhL90FqVO6PRG2Fiij/CPDh2FwWpT+bOMXM7HCBAU
+WT3xVSKtb+wIvII3leEhMxtgtEzu6WauHygvYHycz1zxMItB766+FGEIGln9EZs
r7A48r766KFF2+2vHZVbMzYC0ewrSIsnT07gWz03grr8vWc88hi4LZUOmanjN8Nl
OR2qiVKsG86Ne76jv8r81g7XPtLTGi9lWG0DzNKVvtulC2QqXvJLSCs541Warg1y
pJC9ofi/AgMBAAECggEAAKKJ8knQtrmqg0XmSx5tfxbKFOusIIxWQ27WojfXFErf
PoiMUrxFH4EpmlnXraie9l/6HRyBCDo3Q6+OBqGwcuUmPc0OT18kr9oO4y+dY57j
FtEYOJIKZPHcmZy7I7MHIQ1+RLSpIkXg64+graufPtmg9v1ljLUnOLD5p5P54qzI
0RVBkX9QoBWjlqpvTC0hNqj221GbPugINWch6tLOUuzPFI4naeZzZX0B6ALFnuQX
cMDFRuUk+InAV5A3IkzZw/kdF74Eeyk9TUioKZRfAyaR18/gdFQZTpkuYkTCrd3V
yIfagr7I+/sWfIGFho/PjRpfFwRysBoih3nxd8nH+QKBgQDfF+2tDLub2M4oAI5v
JTa8CZb1ao8SOp1sKRP63cEPOllz6CVC9eKXT/Vkzp+Gvywh6i7iuEHJmsn2rjjw
LUztNk/xThBKWEZNZD236M2ILi8j6lrRZLHwgq4qnChWItaQTlpwteOvvteLlstH
jTiis3qR/2WVbE+OtfRah6Z6FQKBgQDZTn2UjV1fpoYB7JC2ujYhVfqngBW2wHOH
JH687XgpO+cwA2liUc1XS+jWDgSlXWf3j0iixnuvuA3Z+H/W80cKIxr+lZ4wuz+5
LkGhN9gfW8bcm9RAJspHmymbXakHxIfQ3jhnN79L49jktL3nWMJn8sUBofr4NJzi
wF/i2YuAgwKBgCBIyjBcw1mOSmcnjXUwIXecu6fQP9wXd2iLmUSYirO1cfSAB8Rk
6OGUxKJN9G//gld2GEre90ZBjDCSjdLT+2nojjERZvIbTDEu7G+M1RF7/X5pD7N1
qvpvLt0jtAKjEAHaFORyrfxk1bRxogE8wpFo/7fZCc5R2kGAu1fOgZzxAoGAPQAg
lnvcc0ZOpemfcfvxyAfXtf9pmQSLKauf/C75JTIQotTCV3w5FUFU2gnTWgxPbBoH
vNHU1K3pDYAJevCNx5W1NTQQ1QMrTzNh7vy7KYpc137S5TM+Yz12P4vaMDkGGybW
VHs8svQB5amrCW9MG1v125B54AT86VYxVH/W/jsCgYEA3RBXQ5hnRCLeO/srWHiO
UQOaqRCpxMB5qi85eegqV1FDLwoME/sXTMbOBmQ6VyyOKjeV9jkljmQPykLLZfXG
G9hEv12O8nfUwQ3CF3fnfMGMY0WE6s09hPe0Oz1L41Ozm9CjzbzAApabsUQmgVib
ZDaxVz2plUAiAUv+QDWf2xI=
-----END PRIVATE KEY-----
'),
	(51, 'PEM, text after', '-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5bwL/79ZXt/9OOwZ
7ZH2UPd3TiRlJPyhEgLiM14EtvGhRANCAAQ3mkePybkOjLoFZh7WHs0x+oQ3Jp21
VVbbmQdCIOzV4B9v3uN9+SRNyL3CaBNNNq+2XE/DBkIaILpmypOkT97d
-----END PRIVATE KEY-----
x'),
	(52, 'certificate', '-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIUcX3lhLJdD1QplccDoBrcRS43L3owCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjMyMjQ3MTFaFw0yNjExMjQyMjQ3MTFaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQlWZTbcTWF3zoL
xLO9ck6cuc0QOQymGXz58+gcJrcXDE6dW2n+yhGjfdoR+gxr1r4eNvAZbT1z3OCF
ShkTp1sko1MwUTAdBgNVHQ4EFgQUy/93FdpJDm4WGnh+e0lv9H6TCE8wHwYDVR0j
BBgwFoAUy/93FdpJDm4WGnh+e0lv9H6TCE8wDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiEAu8TQKIhgWJM1juctknsm3rNQLBlq7HZCksw/EZGdIeQC
ID4FK99/Po7OL1n46QPM3ViuCEx/7U5+Ft/ew0mUz+/7
-----END CERTIFICATE-----
'),
	(53, 'PEM of another label', '-----BEGIN PRIVATE PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5bwL/79ZXt/9OOwZ
7ZH2UPd3TiRlJPyhEgLiM14EtvGhRANCAAQ3mkePybkOjLoFZh7WHs0x+oQ3Jp21
VVbbmQdCIOzV4B9v3uN9+SRNyL3CaBNNNq+2XE/DBkIaILpmypOkT97d
-----END PRIVATE PRIVATE KEY-----
'),
	(54, 'public key as a private one', '-----BEGIN PRIVATE KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEN5pHj8m5Doy6BWYe1h7NMfqENyad
tVVW25kHQiDs1eAfb97jffkkTci9wmgTTTavtlxPwwZCGiC6ZsqTpE/e3Q==
-----END PRIVATE KEY-----
'),
	(55, 'private key as a public one', '-----BEGIN PUBLIC KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5bwL/79ZXt/9OOwZ
7ZH2UPd3TiRlJPyhEgLiM14EtvGhRANCAAQ3mkePybkOjLoFZh7WHs0x+oQ3Jp21
VVbbmQdCIOzV4B9v3uN9+SRNyL3CaBNNNq+2XE/DBkIaILpmypOkT97d
-----END PUBLIC KEY-----
');
SELECT name, import(key) FROM refused ORDER BY id;
SELECT import(repeat('k', 2000000)) AS two_megabytes, import('{' || repeat('[', 30000)) AS deep, import('{"kty":"oct","k":"' || repeat('A', 30000) || '"}') AS long,
	import('-----BEGIN PRIVATE KEY-----' || repeat('A', 30000)) AS long_pem, answer('SELECT fastauth.import_signing_key(NULL)') AS nothing;
SELECT count(*) FROM fastauth.signing_keys_overview WHERE state = 'signing';

\c :before
DROP DATABASE regress_key_import;
