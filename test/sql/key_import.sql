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
	(1, 'a', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.XRPfvMWBsYh6xvawZn5dIrmev9FDByZ6kz1-lNaTSlBXY6UPxRpyaU8O06zt-ZAwIBoWk4Be6HHOzLHlRtn75A'),
	(2, 'a as us', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.yCccWsbk0dzzjb3GXKzntywCeJaHr9CWXj5IPb4Hky8FfadcO2Lia5YIQc0HiQIUXHjUMVJ-kN9dUivUeqtPvw'),
	(3, 'a as b', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.E0Chw4fhy3Do5CIONBbeLMHNgl7CD2nzrQ-j1OFrRJrO05La-hMVJUo3j08e_WErC51gt8f6QXCQjYR7jc7QUA'),
	(4, 'a without kid', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.rniM5Fe7HsX7DUt-EIydJ0sVO17awfhSpGaC8de37Mf2_dAmGRoVr5YXuWp82QV3kdX5qZfUJ8RD5IbF1T7PHA'),
	(5, 'a, other audience', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6Im90aGVyIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.jUox85m6cKo2MTCkeKIu4t7wSBg-m4goDZZGVvl3BqK71ZiznbXT8XdCCvqLBxsrUsbrFdxBvA2QChAEbaq71g'),
	(6, 'a, expired', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEtMjAyNCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAxMDAsInR5cGUiOiJhY2Nlc3MifQ.Q0upnpM8mcPcBkP0lR1QLrqC-IA8fp1TYbU6FgzVj5ZtiexLNojUNX1az6DfaZXbSnTl1XOktwnIkbptNKgLmw'),
	(7, 'a, kid of c', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.biklQ1iqkAEfrV6nDWPyt-ngiClENrPDN1MxtitK1RsR206SGejv6pBTmulbhCo_ilzmtgYlLB7FWNNwOi9mMg'),
	(8, 'b', 'eyJhbGciOiJSUzI1NiIsImtpZCI6IkxJQnpCNGNoelZCd3dpSzQ4SDF2Uk01VThhaTN4WVRVLU1VbW1vdHRSOUEifQ.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.SEmMM_N5C2h3fMfnfjvHzxC2bWL5c3y40bC6iqmT8xtY3uLZighZE8akezj0TL0XLtSUI-CupNNemjBP_mYI2zG-Yf_ye5KmoHwdf63NAKI1CWuGxuF0ET-D61hY4h-4Z-VUIdOzpkOQ3j9qgKdaMn20GhTANeMVW2ThH3pGNCs00PKv6DRW9nqLvtFo2XwSywFSQi6SlLXxDKqGLLJcLwjxh9Bns5RI2pWqI9kIEi_NK67DtP0d5TO6_M_nTEoh0P6PbtC-LIQdYuTX_ni8YRzjpNykDZPA9s7WZ73l6o0UeyBw8vN7SupLCcBr-98T3M7tgphPh7jiuKRkpuhAeg'),
	(9, 'b as a', 'eyJhbGciOiJSUzI1NiIsImtpZCI6IkxJQnpCNGNoelZCd3dpSzQ4SDF2Uk01VThhaTN4WVRVLU1VbW1vdHRSOUEifQ.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.hVlTkSes4yGg03FgisaqmV86Ncn4wKToqU8cZN4AOKpwW-h3o3R_KQrRHQN-m7RiI5ZRz2XFl3OPJt6PNnAdL9FI9f1mNm1Lpyp00eC77q7h54mGopyQvQim4Es0xYXsOeellZrU6JsmLtn5_mc7sgkt7e8BpbFsOPyp_1bPF75zXL00v4fWrt0Kn67CfJcGSEsRLuRCIk7BaTZy1VPwkKs4ODkSl4MiWfepYlqlGU-WbHVmlsfsjgcHl6wE-iRas8BYRMOcDxpeXt2Ts3foo4DC0AN4sWqOo1i9lK32cqsTLMCJ58U3OlAA8_bqzaKFyyG8HGZK2ZlEAUl4vopgLw'),
	(10, 'b as PS256', 'eyJhbGciOiJQUzI1NiIsImtpZCI6IkxJQnpCNGNoelZCd3dpSzQ4SDF2Uk01VThhaTN4WVRVLU1VbW1vdHRSOUEifQ.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.PSyfQ_aC2v8tgExSxLrooD15QYGB8TZpK8tdNeEanjUovAgDJbSN5x4VzUIDlopK6JKDp4Ioblh4SrPH5R9Nhl0JqOQ7vxLsU96vzuebzWzxNDBTP4LXLdUECQ5XZMi2ucsSbJTtxMafJjQ_nTe9lwrPtn_yLyDD3FaLF-DsL7C5f_GxRR_gFPgcgt0Cyg68WX-4lnNSQMEqQM99zj6ysHR061Bela-lui8xkhNeLgLeQ7yTXyuN8szVHjoXOHKesAJ3I3_QNw5gxtf3LZvWAnFOB6lC5rvANdRkQGUyqWEN-3ztktSx2Ct-i-eFgFkGPVUkdmmRW_v455RbaHunAw'),
	(11, 'c', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.hPqqA6YFszkLl9mtB9MNo7Lgm8p8yQ0wdjbgbpTIZd80w3jNYc1cxM3BbD0A7zVoTWyZUSKgwoN56IDI4YMvvA'),
	(12, 'c as a', 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.ZU-dTAkpXhXjT89q7P37kgP-6VX8UdDZJOiFNVDvaDDIzB6VFBC2itBVl0VRbkNZ4JDfSaM_ifuq0gOIxKFbRQ'),
	(13, 'shared', 'eyJhbGciOiJIUzI1NiIsImtpZCI6InNoYXJlZCJ9.eyJpc3MiOiJodHRwczovL2IuZXhhbXBsZSIsImF1ZCI6ImZhc3RhdXRoIiwic3ViIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDAsInR5cGUiOiJhY2Nlc3MifQ.-6PbUugN9H03Axe3bT2eCrijZXYEkaU9DYI0UO-LPEU'),
	(14, 'shared as us', 'eyJhbGciOiJIUzI1NiIsImtpZCI6InNoYXJlZCJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJhdWQiOiJmYXN0YXV0aCIsInN1YiI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJ0eXBlIjoiYWNjZXNzIn0.MaE_v6ATXaLrP2dqnmez5c2wZNZ0-0eRtBb4YMC9WEA');
SELECT name, answer(format('SELECT fastauth.verify_token(%L)', token)) FROM tokens ORDER BY id;
-- a and b have an issuer, c verifies tokens in our own name, shared is a secret that we share with b.
SELECT fastauth.import_signing_key('{"kty":"EC","crv":"P-256","x":"KsJdSagJOz0PT_Thvqj-UdzRbuWTsHtk1jxSLe5EkRk","y":"Y_MScPU_SN3cJszhzSS3JIt2OOXQfzCF64saQ_mh7Uc","kid":"a-2024","use":"sig","alg":"ES256"}', 'https://a.example') AS a;
SELECT fastauth.import_signing_key('-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwHuaaSHXn7fncuixrMOr
HyfTzCeNDpvkf+j+ChmLVYlpCppnAy80sHcsJ++6pc0Q7wd0S6CKJ4WUdNMl2L7c
SSYz8dr8ZXUXJ+4Q3Tj5DjbvtV0PVCaI6vWsrburo2RZJPKz2Enj0hlqQXUeaeSo
RqXMbzuBbErsf8JlYuf5MpFiJY7GTlm7k7NAozjyux2+AOxzvwqUclzZ0HSccEp/
Oq3Ietj+sLvJIzBfm5dHehVTyEWL4Rqgp7NZh0jX/YQrIh5ftAmHRjN2kRHRENgb
o+beB8jopjVqMqnKVisEhl1G5VnJ4lfj9L/uQVnH8LW7L7iYELoxfNAq9yjoTs1t
mwIDAQAB
-----END PUBLIC KEY-----
', 'https://b.example') = 'LIBzB4chzVBwwiK48H1vRM5U8ai3xYTU-MUmmottR9A' AS b_thumbprint;
SELECT fastauth.import_signing_key('{"kty":"EC","crv":"P-256","x":"QsFswyjI48F0dnSTRZ8ELTUz_lqxfRTpG4UtyoLNysA","y":"-G_EdBkuwvr2V-jPGdDdZUjxdkkqf6w1JXnHerXUB3Q","kid":"c"}') AS c;
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
SELECT import('{"kty":"EC","crv":"P-256","x":"KsJdSagJOz0PT_Thvqj-UdzRbuWTsHtk1jxSLe5EkRk","y":"Y_MScPU_SN3cJszhzSS3JIt2OOXQfzCF64saQ_mh7Uc","kid":"a-2024","use":"sig","alg":"ES256"}', 'https://a.example') AS same, import('{"kty":"EC","crv":"P-256","x":"KsJdSagJOz0PT_Thvqj-UdzRbuWTsHtk1jxSLe5EkRk","y":"Y_MScPU_SN3cJszhzSS3JIt2OOXQfzCF64saQ_mh7Uc","kid":"a-2025","use":"sig","alg":"ES256"}', 'https://a.example') AS other_kid,
	import('{"kty":"EC","crv":"P-256","x":"R9R6xMIxEv7kHEEpcUUE-QEVara5pf0JbjNPtv6KcwA","y":"fhKYng8jBTRv84gX8iQaxBpH57RSpGKdTwbpCs0PiUc","kid":"a-2024"}', 'https://a.example') AS other_key,
	import('{"kty":"oct","k":"c2hhcmVkIHNlY3JldCBvZiB0aGlydHktdHdvIG9yIG1vcmUgYnl0ZXM","alg":"HS256","kid":"shared"}', 'https://b.example') AS secret, import('{"kty":"oct","k":"c2hhcmVkIHNlY3JldCBvZiB0aGlydHktdHdvIG9yIG1vcmUgYnl0ZXM","alg":"HS256","kid":"shared-2"}', 'https://b.example') AS secret_other_kid, import('shared secret of thirty-two or more bytes') AS secret_as_ours;

-- Private keys become ours: they sign at once, as there is no delay; only the public part is published.
CREATE TABLE private (id int, name text, key text, public jsonb);
INSERT INTO private VALUES
	(1, 'EC as JWK', '{"kty":"EC","crv":"P-256","x":"LN2gP4enCZ8qpakjs6eeKXCh55_VuXCxzRkjaEUR8fQ","y":"anFb5Y0WpmMkzA1k2DH1P51aeeK3nLBHoTksJ6xZihQ","d":"KPEDCWYNgIcp4q2c9Cv5DbtyT4orfV2EG5axDS07aaU","alg":"ES256","kid":"theirs","key_ops":["sign"]}', '{"kty":"EC","crv":"P-256","x":"LN2gP4enCZ8qpakjs6eeKXCh55_VuXCxzRkjaEUR8fQ","y":"anFb5Y0WpmMkzA1k2DH1P51aeeK3nLBHoTksJ6xZihQ"}'),
	(2, 'RSA as PEM, PKCS 8', '-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCmfO5NfMYl5qMJ
Encjwob5+ZalEjFBTGRBPXO2VcvWbW4c8DZaLrFKRsJev2HLEO1U6YYHaZ//aOXN
AdVvlvUsiH2oWM0CAwKsWMaTlwJhXrI+D7oRcE17br3pqJD9dtgGLxHso4jGf4Le
BehqeFyVyS6pPDNHQ/ZIF/JiLDoFutJ8lEHyNuqwhX1MYOWPnXS74/qHeen41DlJ
PMq/zu2cZd9U1ZnFMAyQU4qGtwC6rbKezgawq2UgwGnUnam5eUXmBTZ6w+R918vD
i0bjVUXHmK5RiH1Z3UCYKXHtb0aAihu3NudHJvgrSnyyrTo/Bf91QSoRKrNH3vTC
IeAJjt9NAgMBAAECggEAR+Ry0ysqNXues3Ax2lNKDe/lSWrNsjDWqgVrTjVGTFX8
0qo4DkFTdYuQq3FhPVsV4TDmG5VU7enSMfC0xfcd8BkQif2uqUu7f8jmFx2CfaFy
vrHz20vvaXmssJWF5q3HIwR4bQNBMNYnINDUSAWplVTGvXWtfvyuAPu2QwZuF8Kd
qEtVnCZErsAHgCxFGjKxysyAFbFE0durxjRtP7K73TsJXOf0yNd7bMSMGnIK9yGS
90N96BOLRj+Wwo1CX0TCphl81wc2T8ySzMo+ROBmrPSbZqRMLnLVCk0wy/oz4bXv
+WRXLEL0w49wsjtmAMRlvFOBEhiXBaoGEXSQvDNQ0QKBgQDkNEianm8jTH01dbt9
23EphqEVKNbAIWLGqFPcOSJMYOADi5hJnNDDO1WbAks87wFF5LJKIpMRPlmOis62
pitk0+TV3f6ta+vMKeKran3FTwp22Jfc3kOehGZhy4NXNFE9FAl+uofaiTrUQcDa
aLTnDPS78TiR5RkXYW/K15FGBwKBgQC6xECHKiJNlkj+M+TJmD2ywJ7QEuR9EnRT
5D77TDzcuAqFV/jyXLpJQeMdlpoaezItU1MDxMFrkYqY1elkN5q3UzhErIKEL79S
/c5IeXgNnIdWq2tDpYvHhGG8pWLfO6IvcRiiQcY4mnXydTp07kjubX9vxlcAJhVT
oYNZihj7CwKBgCE+SJFVoSUIQHkoNG7qJ7r/5LlbYKVOd8Aux0CehhOQTTHXBRE8
KeE25IqXM/SlcI8I+Lv5+2iYp50vNVvAKzQd9gj9tNr4jLoKI/4KnlW+5OxZMw42
xqzx5qQ6bGCou2jlYVi3vZClSw+eoIRwmmHKLmCujCocsKIKTKnE62HDAoGAT1uq
a4RstPkBpPnZ4gsNVFHiaVlNuxNHWIoodNENH2AYIFakEh9yjEQxw9XFPzFPvdCk
+nn1Ecby1EQ4enviArmatBt1DcPYEOSFbWgnqejz3NDTsBe8kBdhDC5eF6qYHH56
0B8QoeaH7XEAWMUTOjROrOji+M41y6ZaUIaMXMcCgYEAkr7LQsN8OVTw8b9PstqR
Eg6wN3JhMxgTOfx0vla6VslQmX+K676NffesBxl4YRsVM0eJkjcGaxqezUvo7mx0
UQQxUoJdAxTz7Gq2WfgZvWnlDU6nVuHxaeXNGFquHtgK9NLR4OAe0FgTDcYkkXyJ
vM307NtVrYSgAJZHK242sv0=
-----END PRIVATE KEY-----
', '{"kty":"RSA","n":"pnzuTXzGJeajCRJ3I8KG-fmWpRIxQUxkQT1ztlXL1m1uHPA2Wi6xSkbCXr9hyxDtVOmGB2mf_2jlzQHVb5b1LIh9qFjNAgMCrFjGk5cCYV6yPg-6EXBNe2696aiQ_XbYBi8R7KOIxn-C3gXoanhclckuqTwzR0P2SBfyYiw6BbrSfJRB8jbqsIV9TGDlj510u-P6h3np-NQ5STzKv87tnGXfVNWZxTAMkFOKhrcAuq2yns4GsKtlIMBp1J2puXlF5gU2esPkfdfLw4tG41VFx5iuUYh9Wd1AmClx7W9GgIobtzbnRyb4K0p8sq06PwX_dUEqESqzR970wiHgCY7fTQ","e":"AQAB"}'),
	(3, 'EC as PEM, SEC 1', '-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDAkGaBHRqHwxQO94DUA+36XVak4e5nkH/8k9BJDYFrSaDbm0/i/P8SO
qZqIxxa6+v6gBwYFK4EEACKhZANiAARLy/pespeMNP67ET0raJSOUtkFRDo/Te+7
xhwxP+dbNsrD6WnGyQ5IEdOr91V7uPT+p21MWMg+rmEPARfAuKlAqYVpYFfe4m+V
UHs7wbPvM/YYW1NZGcnlUeoOzamWJqM=
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-384","x":"S8v6XrKXjDT-uxE9K2iUjlLZBUQ6P03vu8YcMT_nWzbKw-lpxskOSBHTq_dVe7j0","y":"_qdtTFjIPq5hDwEXwLipQKmFaWBX3uJvlVB7O8Gz7zP2GFtTWRnJ5VHqDs2pliaj"}'),
	(4, 'Ed25519 as PEM', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIE+65jjZCsZucFw6BGgdAoIwv7Sq5W4z6eS0DvCrY0R4
-----END PRIVATE KEY-----
', '{"kty":"OKP","crv":"Ed25519","x":"HEKQ2SGE4Sb9GiCovOoR3o53VHWm_vbhlYnfUQJxI1Q"}'),
	(5, 'EC with its parameters before', '-----BEGIN EC PARAMETERS-----
BgUrgQQAIw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIA7+w+1lvo6SAgragDxOvZMyfLODEpMWlKwwQEzMVo4W3+QmzDRiUV
rsuBA5v0IffQRK7INNCa6Aks7NZPL6W0hwagBwYFK4EEACOhgYkDgYYABABS+X96
YK6arzJRkpHFKMVXrf0P4QLn4vtbp6WQ/lAglAqLbBzimv86CjXM8SXUaVk0BgOO
xAJglyv7nmGOM3NTXAAxjB3F3x8pLDcfFLDHb//YKeX+9cmKUDco/vDJD/y2oIz6
IY3N8s46NtBpI7Rx+1tsHdt7Xekz0y0lWyeNSizEzQ==
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-521","x":"AFL5f3pgrpqvMlGSkcUoxVet_Q_hAufi-1unpZD-UCCUCotsHOKa_zoKNczxJdRpWTQGA47EAmCXK_ueYY4zc1Nc","y":"ADGMHcXfHyksNx8UsMdv_9gp5f71yYpQNyj-8MkP_LagjPohjc3yzjo20GkjtHH7W2wd23td6TPTLSVbJ41KLMTN"}'),
	(6, 'EC with its curve spelt out', '-----BEGIN EC PRIVATE KEY-----
MIIBaAIBAQQgS7JEMDGRXJnySJWOk/Q8S6t0MrSuERlmgkGF8hUMn6GggfowgfcC
AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
YyVRAgEBoUQDQgAEOm5jyoT5YOGKp0Yl9NChFgH724na7QXL+3ghMMJFZWHNLbO9
g2SavhGTzTswziJ+XVLy33xq4Xi0EURF8PBnnA==
-----END EC PRIVATE KEY-----
', '{"kty":"EC","crv":"P-256","x":"Om5jyoT5YOGKp0Yl9NChFgH724na7QXL-3ghMMJFZWE","y":"zS2zvYNkmr4Rk807MM4ifl1S8t98auF4tBFERfDwZ5w"}'),
	(7, 'RSA as JWK, PS512', '{"kty":"RSA","n":"ly6lZSyae1iVtQkE4BU5CA6qOTeTyvqN-QCl7MSrXvRrQjGMIeNBipo8yU41hiC1ZVZhWdg7gscEhiNB2oF-9EzwSRwmaPo-pkChj8cFGRNPkq1H5e9nNtY6IO63S6OJwoQhij_P2-Hg6KSjhtkfQRLiKZn2IWVyqpQg23qcMOWTim2HS_00wZdkaMhEnYpfadNlTNu38tbyc_fmFDUUF0d6OM4t7F86yHNS2FeKzRlmMdUZ9Q1iMfN45OTtLixgu7WjQzCKjpgPfo49j7smcPF-M6hCBKb4_tybSRLqMDaWDaPiEfGxHdiv7gJu5TcERUVXPCi5HEu0dSGaJ8Ve6w","e":"AQAB","d":"If7iQFL8VfpAh9oEV6NOFMq_amhd-onG_RQxO4GqC4sox1S-7yvcJB-0xYupq4SVZbk74Okn0KuSD9vDxi_SbXsTmU0UMgz7o4TrD5qwQcg-33vJrCHecs1PevJTE1Yt9yihJiZdRlOPsKC9COiwB4EIjFRLrYzTcRooHVJ_5tqQh1TIBycrYgfyU8llhDFEEv8tjH19Oq_nMcxK6rUff-MM8858aBUfDvAi6UjJKYUlpKtqUm7bcEYizxjH57EGaZn3Qe2Ts8PDowvK276qlzfrHJZQUrK894IWmZRriCl_sQoN0DrwqzJ37vSdhwF3bcrbvlV9f8u1z3JUSI7WAQ","p":"yXk7dVPR_P1aCWRbKsOhRmIwypZz7muagahZmeBO29qLiz4rEl-sx2P2euuK-LnpzPThQkMRPtwqQ8HgmHxun9S2YdbBKY8TVg2FKjMkRisZyupnQAIakMQuAZvmGIC9bLsy9hQTjnkCBzkWsvshqPi-3W4F6PGaKHJcJPs1-es","q":"wBkPMyrAHWS-hZlNcgACa6AiB8Hwc5_ZThNRgR2TmTQOajsB4aQw8hjrXKa_A2ZNTPJgcp1YQoyHt2823R6tcKvKEThgV4HqkKPJaWRhQzivB01UK34Frn3bDSqPc3iY1OxWXSApr0MAVJIHpCg4cGIT-P5-U-fCLZP5oNR37wE","dp":"VUsmueAXeTRExs8erXcOsr5lC48wW1Jgod2EuVk16WuXQga6s1efzPXr5lQLjIsgiO1u49-C0IritbbBf6zGJJIn-DmzowV4WSj2JExsYexjSf18YqPBXWJAW9wFSIBQMVT7GSSctudRzX8EthcNQ_yyyQmIJPsLmW34xos3aas","dq":"nBC_5JYK1taOYwQVg1S2orHKc_sAWy-24FOZmAhrbcB5JZ0i_irjCQ1tyiw-a4ilrKoN6ZAjsI1zhXf5XtQZnLw0wqDGxNFrvG8Up2dCDdbzfD867srH2uetG5lESk_j-ri3wZjrxNPuZMbvJlL253cHOvensotLmrPpztxPRAE","qi":"rVpRnzoYYvxS3izETnj_zBrj3w-YEAL8iTRfx-praZoIFWBfFNXDdG4DMHVR4MtD1_tZQtcmmxHJDeNjsOcWHLC6nm9KxaNsxpVddjrOC6yHEQTYehvybktke1LJWhVrpsrRGK0sl05hfAEWXVRyDQiEv2wTBTrM8eMkx5jU55E","alg":"PS512","use":"sig"}', '{"kty":"RSA","n":"ly6lZSyae1iVtQkE4BU5CA6qOTeTyvqN-QCl7MSrXvRrQjGMIeNBipo8yU41hiC1ZVZhWdg7gscEhiNB2oF-9EzwSRwmaPo-pkChj8cFGRNPkq1H5e9nNtY6IO63S6OJwoQhij_P2-Hg6KSjhtkfQRLiKZn2IWVyqpQg23qcMOWTim2HS_00wZdkaMhEnYpfadNlTNu38tbyc_fmFDUUF0d6OM4t7F86yHNS2FeKzRlmMdUZ9Q1iMfN45OTtLixgu7WjQzCKjpgPfo49j7smcPF-M6hCBKb4_tybSRLqMDaWDaPiEfGxHdiv7gJu5TcERUVXPCi5HEu0dSGaJ8Ve6w","e":"AQAB"}');
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
	(1, 'RSA 1024', '{"kty":"RSA","n":"zjsJVxbnaDXOPsS3kLxa12D5ydFeHdzNLX_ibkJIa-OspO8qXVNIGWI5mnWxFSlYrs2QoLYt2qz1K3YZygpt8B8TdIMwLUOIfEcVl9DYihYkBNB5rZaSNnb1ohBo_V67ggjUICSnhDB42nqvnQsgBFGk0qC3iLqY2pUZFkl0IUU","e":"AQAB","d":"HJkTMoB6lnjfoNSmn-t-rV9FRDdEVd_IlAan36JRaKSpzDVeKpLh7KMyWbj4VXbmVVcsNx0MPsa9OMmnydyoYeQbpeANGhbinBqIZAXst7DyE0QkKXTEIhMKcG7J7tPFlOvNWuWQ2rMSYNqXNR7ULn4yLCsG_iTHuOl0z2knQAE","p":"8oqiRv_9_u3mt9z_M-2vaQluIXwZbrzABb4IeaeVrfTyXDreGnSawAJXmzrAobLEuujPixT9rQ3AFBF3p26L5Q","q":"2ayYqobiiTQwrqTOS1GukrAakJWIovGqEjeAiktjP4ZQ_MKIt9b18sx8MpwUlG6tCv9TY4SJ0eKa6-ksNh2p4Q","dp":"HDreoHzzR1TRYd0rJxQnMoaSdvtGyojVoNV5jw9ecJzuCKYha9remDKtl7fC7A8ursKiRYHv9NCA5tURpD9NsQ","dq":"hGdwFYomkb6lPhYRRc9RmPh1sCzFCBhnkt0f2v8wR5uz94t9DhY7VIz9nutBuWf46g-U8ZvVGU31XjpfIiu5AQ","qi":"k3spFvJdtExK3IZs06M3_acSZMSgEcRUhGDfdT7n00Ef7D4hFRcT6PAN9lV5WWA04-lmwgI-U_xhkRp02lXzjw"}'),
	(2, 'RSA 1024 as PEM', '-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAM47CVcW52g1zj7E
t5C8Wtdg+cnRXh3czS1/4m5CSGvjrKTvKl1TSBliOZp1sRUpWK7NkKC2Ldqs9St2
GcoKbfAfE3SDMC1DiHxHFZfQ2IoWJATQea2WkjZ29aIQaP1eu4II1CAkp4QweNp6
r50LIARRpNKgt4i6mNqVGRZJdCFFAgMBAAECgYAcmRMygHqWeN+g1Kaf636tX0VE
N0RV38iUBqffolFopKnMNV4qkuHsozJZuPhVduZVVyw3HQw+xr04yafJ3Khh5Bul
4A0aFuKcGohkBey3sPITRCQpdMQiEwpwbsnu08WU681a5ZDasxJg2pc1HtQufjIs
Kwb+JMe46XTPaSdAAQJBAPKKokb//f7t5rfc/zPtr2kJbiF8GW68wAW+CHmnla30
8lw63hp0msACV5s6wKGyxLroz4sU/a0NwBQRd6dui+UCQQDZrJiqhuKJNDCupM5L
Ua6SsBqQlYii8aoSN4CKS2M/hlD8woi31vXyzHwynBSUbq0K/1NjhInR4prr6Sw2
HanhAkAcOt6gfPNHVNFh3SsnFCcyhpJ2+0bKiNWg1XmPD15wnO4IpiFr2t6YMq2X
t8LsDy6uwqJFge/00IDm1RGkP02xAkEAhGdwFYomkb6lPhYRRc9RmPh1sCzFCBhn
kt0f2v8wR5uz94t9DhY7VIz9nutBuWf46g+U8ZvVGU31XjpfIiu5AQJBAJN7KRby
XbRMStyGbNOjN/2nEmTEoBHEVIRg33U+59NBH+w+IRUXE+jwDfZVeVlgNOPpZsIC
PlP8YZEadNpV848=
-----END PRIVATE KEY-----
'),
	(3, 'RSA 1024, public PEM', '-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDOOwlXFudoNc4+xLeQvFrXYPnJ
0V4d3M0tf+JuQkhr46yk7ypdU0gZYjmadbEVKViuzZCgti3arPUrdhnKCm3wHxN0
gzAtQ4h8RxWX0NiKFiQE0HmtlpI2dvWiEGj9XruCCNQgJKeEMHjaeq+dCyAEUaTS
oLeIupjalRkWSXQhRQIDAQAB
-----END PUBLIC KEY-----
'),
	(4, 'e 3', '{"kty":"RSA","n":"pIHbT8s27hvHMz4LiDDIf3UJl7159Dexoco8ceHR6jjJMQFHcLAWBujbv7duV8OF5_hOIVHMk7pqWRkeEwzi1EmkJbcqbklA2rnXZ8TSRaPRJ-Svxye-KRNju4NecNxbIi76bfPsG3GaqKG13G50bP0NtG5EX1Qj4JgBvhqSc20GOf_eiVqqMTwBNNtyFTT49pShkQbguBWiDyJyuH3wSeawcecwVe5aiNj-GRK286piGkjU7tfGEdm91zZ3fS1auDVghzPp6IpXeX4uf9FLKAKMTzX1F7QnA2Wu6m83zdbEXKKiFt272q96BYM278-GRLV2l5Mko1oZXfxpQX5ctw","e":"Aw","d":"bavniod59BKEzNQHsCCFqk4GZSj7-CUhFobS9paL8Xswy1YvoHVkBJs9KnpJj9eumqWJa4vdt9GcO2YUDLNB4tvCw89xntuAkdE6RS3hg8KLb-3KhMUpcLeX0leUSz2SFsn8SU1IEku8cGvOkvRNnf4JIvQtlOLClbqr1BG295zyhjLyg2TW35TpzF0RA7kO2QF_cKAGlS9AajaOmZS1RKkwImqDnWr-ZTW768uN7SEVxFyqAKHQKU2JBhONPU4SPPJcPmpG9h0CCicqRbaZP_6I11se1K6nuejHSXBoWcUv3ZVncBB2fRxBr92ypSVt-xFHzcaL-AjJbXqRkZiLCw","p":"zmudBm_h396VXvSjeD2C1b0Gm4FYoL5BdrxmwiCphpjFuCN0N_--h74PpCXqMm5gqLdtW7G6abcJVuC8Qr4hwV6yNHJMARowwBZboSwSU4BcP8C0UaXM5kCGCrUi2Xjex-f9kA0jPzaH3wpAdq6-UnIspfqVNS_nuZBpXkj0sS8","q":"zAUWbFRhiANHQ42sYFIcjPQLxua-NhoNSrNp2rF1WcojMBrTMuoPVTL4wBF3L6GYGLxQejwqpBzcGW1c4OMWff4XobdIfl0uFFPnzestEceof0t49TLhRSwCeUcjwc5QNKhE9uGhyuh9OHN2NElZDtnu5OhUHX9lMalbMJ4k2vk","dp":"iZ0TWZ_r6pRjlKMXpX5XOSivElY7FdQrpH2Z1sBxBGXZJWz4JVUpr9QKbW6cIZ7rGyTzknZ8RnoGOesoLH7BK5R2zaGIALwggA7nwMgMN6roKoB4Nm6ImYBZXHjB5lCUhUVTtV4Xf3mv6gbVpHR-4aFzGVG4zh_v0Qrw6YX4dh8","dq":"iANkSDhBBVeE17PIQDa9s01dL0R-zrwI3Heb5yD45obCIBHiIfFfjiH7KrZPdRZlZdLgUX1xwr3oEPOTQJdkU_66a8-FqZN0DY1FM_IeC9pwVNz7TiHrg3KsUNoX1omKzcWDT0EWh0Wo0Ez5eDDmCeafQ0WNaP-Yy8Y8yxQYkfs","qi":"dobWyzSS5hzUZYopNn8CGc8ZNnQmLogPs_5IDbXf2LfZ1IaV17pQCoc_YZ3cF9fy4bxSo4glkuwqlB9Pidsxsq5a_xsUSEojR93SvAzcDhAl2bosxdxChjJvzc6xLBaKYCl58zWv6KBc9KJolio5_mQbVHRjsXNPJNcQgKyPtbo"}'),
	(5, 'e 3 as PEM', '-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCkgdtPyzbuG8cz
PguIMMh/dQmXvXn0N7Ghyjxx4dHqOMkxAUdwsBYG6Nu/t25Xw4Xn+E4hUcyTumpZ
GR4TDOLUSaQltypuSUDauddnxNJFo9En5K/HJ74pE2O7g15w3FsiLvpt8+wbcZqo
obXcbnRs/Q20bkRfVCPgmAG+GpJzbQY5/96JWqoxPAE023IVNPj2lKGRBuC4FaIP
InK4ffBJ5rBx5zBV7lqI2P4ZErbzqmIaSNTu18YR2b3XNnd9LVq4NWCHM+noild5
fi5/0UsoAoxPNfUXtCcDZa7qbzfN1sRcoqIW3bvar3oFgzbvz4ZEtXaXkySjWhld
/GlBfly3AgEDAoIBAG2r54qHefQShMzUB7AghapOBmUo+/glIRaG0vaWi/F7MMtW
L6B1ZASbPSp6SY/XrpqliWuL3bfRnDtmFAyzQeLbwsPPcZ7bgJHROkUt4YPCi2/t
yoTFKXC3l9JXlEs9khbJ/ElNSBJLvHBrzpL0TZ3+CSL0LZTiwpW6q9QRtvec8oYy
8oNk1t+U6cxdEQO5DtkBf3CgBpUvQGo2jpmUtUSpMCJqg51q/mU1u+vLje0hFcRc
qgCh0ClNiQYTjT1OEjzyXD5qRvYdAgonKkW2mT/+iNdbHtSup7nox0lwaFnFL92V
Z3AQdn0cQa/dsqUlbfsRR83Gi/gIyW16kZGYiwsCgYEAzmudBm/h396VXvSjeD2C
1b0Gm4FYoL5BdrxmwiCphpjFuCN0N/++h74PpCXqMm5gqLdtW7G6abcJVuC8Qr4h
wV6yNHJMARowwBZboSwSU4BcP8C0UaXM5kCGCrUi2Xjex+f9kA0jPzaH3wpAdq6+
UnIspfqVNS/nuZBpXkj0sS8CgYEAzAUWbFRhiANHQ42sYFIcjPQLxua+NhoNSrNp
2rF1WcojMBrTMuoPVTL4wBF3L6GYGLxQejwqpBzcGW1c4OMWff4XobdIfl0uFFPn
zestEceof0t49TLhRSwCeUcjwc5QNKhE9uGhyuh9OHN2NElZDtnu5OhUHX9lMalb
MJ4k2vkCgYEAiZ0TWZ/r6pRjlKMXpX5XOSivElY7FdQrpH2Z1sBxBGXZJWz4JVUp
r9QKbW6cIZ7rGyTzknZ8RnoGOesoLH7BK5R2zaGIALwggA7nwMgMN6roKoB4Nm6I
mYBZXHjB5lCUhUVTtV4Xf3mv6gbVpHR+4aFzGVG4zh/v0Qrw6YX4dh8CgYEAiANk
SDhBBVeE17PIQDa9s01dL0R+zrwI3Heb5yD45obCIBHiIfFfjiH7KrZPdRZlZdLg
UX1xwr3oEPOTQJdkU/66a8+FqZN0DY1FM/IeC9pwVNz7TiHrg3KsUNoX1omKzcWD
T0EWh0Wo0Ez5eDDmCeafQ0WNaP+Yy8Y8yxQYkfsCgYB2htbLNJLmHNRliik2fwIZ
zxk2dCYuiA+z/kgNtd/Yt9nUhpXXulAKhz9hndwX1/LhvFKjiCWS7CqUH0+J2zGy
rlr/GxRISiNH3dK8DNwOECXZuizF3EKGMm/NzrEsFopgKXnzNa/ooFz0omiWKjn+
ZBtUdGOxc08k1xCArI+1ug==
-----END PRIVATE KEY-----
'),
	(6, 'n even', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSA","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"4D682dIZZftOxdVEiWplJGfHDuOCuz2ATRGNMr7Om9zlFEjmg17b1oTVv_Mi4nQjIpZLZ2uC4C8_dU2mlAlHbDD3Q-uUsXI2X5-dmE3EPItIyFgyfI0tEi_AE38FMiM64auEOk7C1AXK0BR1iLfxO9IKcaZb-o8bLV4zDSpfaKk","q":"yCDNJr8cH3DB4qDwcw448JggFcQKlfXnl5zOZ8gx-pRyxyCabfQlzvwio9TQiwhirIZFo24VxN9bhmX0-rcMe86PIzqbNylqK7riuuS7M-zQzOox6TOlT_TcaaJ-goAaAcpNxVZCNqVybOTvbdXBAgY_5SHpZXhqtCVojAX_laE","dp":"JMMkQrFm6IkiiNxFuCFxI17AC3jQ3dFfT0MpWsBdLsAv7ftljvPmJmzwfd9mQKm5eNoa0oGVmxsj1B8-x9Ydl2cPolrkrZKDx3lrZKSbHzHWZMHQxQp_8RNS8d9JAsczx_tOWiC_X_LzJNm1ywwcyCnO_ILBYXpEglOHGwlvSsE","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE"}'),
	(7, 'd of another RSA key', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"E-034REQgjJxvY2lcd3tMJPY81ZXiLRO2txuCvGgtmw7-aMJGGVMrnAdRs0kpNbZR_BHnoSyM2vldeqzYlWaoeADRKiHtKEt59kCL0TJ_n9ldYB608VhgKGKYjn-3N1zSnCYecMR2MWqIGNVkLThTt8J46y6C1H-Wy5EJ2cd1JmA88Ph9Di_K4obxKJpn2nehC1UrNHarjsYWkXava_1CVKzUkoUlu6mEOPONTdmhoVtbHCii5oQmJALiDC83oRVJcTnN6VuATtqtxuybD2vPD6bPYyydawmAoqqrNwJ3_eHmFXFb_MJgASeQJaX1zhMW14o2ZrpnE4SqSTQyweq8Q","p":"8zKSG68qPUNjvwalultfIy2PIwv-okkZMlymoDvpZh_txSxWX0PsKVwXBboZnJ3YS7wtQtvpSZ15XF_lR051I704-tq7YSl_wePxqW4_qkWCnQ5mW0UzYrWLFNz5cFT0Wmx6CTlnjIucWCW8YQlWXF7wKtWo8CzNYoCMaqfbSRc","q":"yp2UiVAfcUXStulkEgtx6RsC05lebA7VyABWIoHnsvP4qYrUKp5RtkiTT22eIHY2ZIVqAEOHQt4H06O-bzsgGLJe7f89SH-1MR9JmjeoljkeRH1stuU_q59n0CFTiQYqiAJX81t4LDsALvP21gtqAGwehfELwCwggTRMRlFGyh0","dp":"v8x0Wo0M_P_23KL7dTu2jmHR70v4aDjKPGPBrcFSU45-0PAktkE1MXFFXujkZhY-jYw9Deut0rb1DZs7kb8YtzT2iTCUcw5tiZah8oPWhg0H86F1rCmpWwHeTHfx6Vu20tGWdUvmlHtOtF4ecVER4Qum0cFr2O8ck8DZ_Qug78U","dq":"pD4Kuyhk5IhqH_WfNfVrGD_aEbbgUI3SA_cp230cWfbk2mJ8TDPcHvxD1X4RUVUiEGgJnj8fNTgQdiHk6_usr_hfdWOSxOMo-LHZExcNJQEWJQTbDINXEoL8Pz3Unl2OOoRT0SSTjJ8jLex7adUEz2TVdVQJZ3UdwD6pmdKmpI0","qi":"2vhx3IEE_MPRaDHl4f7zIKZAapiQJ496aqw0XBHGXAHOwkxZ9v6J4ExHBhmE7rhUMtpsQBfzdofUcbydO-ayFNkCZTfbgE-8Bp9REQXYmc9H2IS4DMQ9BYlyc9NOobqikX_vsDxeXlcptsmzn1bF70ucBPEXEGVjN1yHid7k_y8"}'),
	(8, 'p and q are not primes of n', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"8zKSG68qPUNjvwalultfIy2PIwv-okkZMlymoDvpZh_txSxWX0PsKVwXBboZnJ3YS7wtQtvpSZ15XF_lR051I704-tq7YSl_wePxqW4_qkWCnQ5mW0UzYrWLFNz5cFT0Wmx6CTlnjIucWCW8YQlWXF7wKtWo8CzNYoCMaqfbSRc","q":"yCDNJr8cH3DB4qDwcw448JggFcQKlfXnl5zOZ8gx-pRyxyCabfQlzvwio9TQiwhirIZFo24VxN9bhmX0-rcMe86PIzqbNylqK7riuuS7M-zQzOox6TOlT_TcaaJ-goAaAcpNxVZCNqVybOTvbdXBAgY_5SHpZXhqtCVojAX_laE","dp":"JMMkQrFm6IkiiNxFuCFxI17AC3jQ3dFfT0MpWsBdLsAv7ftljvPmJmzwfd9mQKm5eNoa0oGVmxsj1B8-x9Ydl2cPolrkrZKDx3lrZKSbHzHWZMHQxQp_8RNS8d9JAsczx_tOWiC_X_LzJNm1ywwcyCnO_ILBYXpEglOHGwlvSsE","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE"}'),
	(9, 'dp wrong', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"4D682dIZZftOxdVEiWplJGfHDuOCuz2ATRGNMr7Om9zlFEjmg17b1oTVv_Mi4nQjIpZLZ2uC4C8_dU2mlAlHbDD3Q-uUsXI2X5-dmE3EPItIyFgyfI0tEi_AE38FMiM64auEOk7C1AXK0BR1iLfxO9IKcaZb-o8bLV4zDSpfaKk","q":"yCDNJr8cH3DB4qDwcw448JggFcQKlfXnl5zOZ8gx-pRyxyCabfQlzvwio9TQiwhirIZFo24VxN9bhmX0-rcMe86PIzqbNylqK7riuuS7M-zQzOox6TOlT_TcaaJ-goAaAcpNxVZCNqVybOTvbdXBAgY_5SHpZXhqtCVojAX_laE","dp":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE"}'),
	(10, 'RSA without primes', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q"}'),
	(11, 'RSA with p alone', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"4D682dIZZftOxdVEiWplJGfHDuOCuz2ATRGNMr7Om9zlFEjmg17b1oTVv_Mi4nQjIpZLZ2uC4C8_dU2mlAlHbDD3Q-uUsXI2X5-dmE3EPItIyFgyfI0tEi_AE38FMiM64auEOk7C1AXK0BR1iLfxO9IKcaZb-o8bLV4zDSpfaKk","dp":"JMMkQrFm6IkiiNxFuCFxI17AC3jQ3dFfT0MpWsBdLsAv7ftljvPmJmzwfd9mQKm5eNoa0oGVmxsj1B8-x9Ydl2cPolrkrZKDx3lrZKSbHzHWZMHQxQp_8RNS8d9JAsczx_tOWiC_X_LzJNm1ywwcyCnO_ILBYXpEglOHGwlvSsE","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE"}'),
	(12, 'oth', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"4D682dIZZftOxdVEiWplJGfHDuOCuz2ATRGNMr7Om9zlFEjmg17b1oTVv_Mi4nQjIpZLZ2uC4C8_dU2mlAlHbDD3Q-uUsXI2X5-dmE3EPItIyFgyfI0tEi_AE38FMiM64auEOk7C1AXK0BR1iLfxO9IKcaZb-o8bLV4zDSpfaKk","q":"yCDNJr8cH3DB4qDwcw448JggFcQKlfXnl5zOZ8gx-pRyxyCabfQlzvwio9TQiwhirIZFo24VxN9bhmX0-rcMe86PIzqbNylqK7riuuS7M-zQzOox6TOlT_TcaaJ-goAaAcpNxVZCNqVybOTvbdXBAgY_5SHpZXhqtCVojAX_laE","dp":"JMMkQrFm6IkiiNxFuCFxI17AC3jQ3dFfT0MpWsBdLsAv7ftljvPmJmzwfd9mQKm5eNoa0oGVmxsj1B8-x9Ydl2cPolrkrZKDx3lrZKSbHzHWZMHQxQp_8RNS8d9JAsczx_tOWiC_X_LzJNm1ywwcyCnO_ILBYXpEglOHGwlvSsE","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE","oth":[]}'),
	(13, 'n a product of small primes', '{"kty":"RSA","n":"B7bQXY4wtoH7QqOPXgXIANraZWbP58FuJ1gZQNobYMUtbuSlJdaYPiA_ApGO_GDZoi7-pjwu3YnKJtl3j_SyJBRGkOP6YKlMHzlA-pIb8A3y9oFuKA0IkBly6IBogaDNkzNH1wXqc_Fh9kP2Z8Y6aUfjblaZMDWc-1ixudnfe7dyEkQ7ZlKKFzRew9cQJw0bGLVY1T0dPfthwn4HwPdZacPJYwcZcEzeIWN77qzbJ4iB7-7LsAyX7UjkVW5EbPN9E0Ef-g5r_p7nfKT1pDc_XMVTh-ogw7oNxYV5wh9F0J08jYO4OMZpiIFiYWELg1UfysTeewVqQSUI9tq-7A2Y6RJXBsvHibCnDMfC6JCA0LHjPr5ciGE","e":"AQAB"}'),
	(14, 'off the curve', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"fhKYng8jBTRv84gX8iQaxBpH57RSpGKdTwbpCs0PiUc","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs"}'),
	(15, 'off the curve, public', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"fhKYng8jBTRv84gX8iQaxBpH57RSpGKdTwbpCs0PiUc"}'),
	(16, 'd of another EC key', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"1-ySJKktLaylRSSIF70m-vx9Tfgww78dnPnhMAKmr4w"}'),
	(17, 'd zero', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'),
	(18, 'd one byte short', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"}'),
	(19, 'secp256k1 as PEM', '-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgXHO0uARG0vXsIghwkZG4
XiNBCQk/OH0A6nIqeHGA4GChRANCAAQHX0YAMKKyKY+uyXprFeeYZK8nEdnOK14i
eCfL48JrzTXQERIwOrEjrNUjvdHIOea7mLRwxoOogCZpl+qLcbqu
-----END PRIVATE KEY-----
'),
	(20, 'Ed25519, d of another', '{"kty":"OKP","crv":"Ed25519","x":"HEKQ2SGE4Sb9GiCovOoR3o53VHWm_vbhlYnfUQJxI1Q","d":"IVT7BPygqu0xnC4Q3fpddXCYD-lUjXhheDOARdhfwAQ"}'),
	(21, 'X25519', '{"kty":"OKP","crv":"X25519","x":"K7FfPxYDxCH7wSTV14OiWWUxcd4SvQc2n0VA8mDh_kk"}'),
	(22, 'X25519 as PEM', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIDAgdpetwjGbLy5/DHaNJZB2adI8JSllBF6hUAc8UA94
-----END PRIVATE KEY-----
'),
	(23, 'DSA as PEM', '-----BEGIN PRIVATE KEY-----
MIIBWgIBADCCATMGByqGSM44BAEwggEmAoGBALLYh2RqSpoQiwKhoOKmPzso1U58
W/blKq3Wl+OKR1K2ytsJmOb1nxt69sVgq310/ztopBPr8ho3+cemUEGr22No5qfC
U4utUnVLzgqQehY9nfA5jyOhtLTIOXt5xNvs/ic6W1el+hcZ9vuI7Nxk+dWUQnfb
CfS903UQ7KgMGo/5Ah0A3hr5dDLpqIMIiUQgTc1wQK4LczI+qWVr/PxPBwKBgH/c
kJdux9KhygarYKZ5YVB9a9HVuackyBTGIYZgooGQDcMG6mtu73wwmM/llxbiN1Bn
C2fabjaNMYufEHE8cM4Yi2zNSuLoK2l2VZoUSv+3qlWSrwokjh9umyaEpiQW9JXE
gdhRur5WtgQF+Yo/BhnKjeNCV9zcb5aAONQAMpWlBB4CHDF2wmdmWUAcIwaD0YtN
2TygvAzKJNlzHFggkdc=
-----END PRIVATE KEY-----
'),
	(24, 'RSA-PSS as PEM', '-----BEGIN PRIVATE KEY-----
MIIEvAIBADALBgkqhkiG9w0BAQoEggSoMIIEpAIBAAKCAQEAvykSaUoNcRZSOLyp
MVMWQsVkyL+tnFfDNQ8qCGNXwfRF18p/MW3YxTSWQd1H8dm3UTE5Zbf9eqccPMUl
aJuOU7buIzYEq+cmaL9W/9XC8sOqIKBLv5jX27nCNkpkCjJ1Ik3pyflr0bJdyhGH
k6N8iCRzccDPncZVNxD2FeaYTJRFuYsHxhGn8mUrJKNGaLMRI3Ih8BhF4PPWyuze
UG2V6GGwrC7Ma87X4avwUhRJnYLfAZpoWwZEA0F82eWwQqlwBWY7Wsv6Of23IDCS
Gr3+IYIiY76RJSMzTbYHsWIIMQzhULT2y3+mZ1ozr5MSzIjgb84ImNHSYoVcu6KF
45LTfQIDAQABAoIBAAWKn23YR4x5h6z9DHCRcTSX+/nKfgdpZI9zXutlqdkbB4f1
EaaGrIExquYXj+rbE10yA/EcGifbPqPPrpZvj/rYSONSFmTqAKs1BMTKLGpqMVKH
IxBXp3DyBnHEH/igXtSS6qNAF5fkHPjrH4GFpz9bwyb53mrl9s7FBJqSQo78XniB
Vwbf8xc9x3PmmPCHBKZQHxqCaBrR/MRPIF2LmXrjNJgkxVjl9+Xtk1Asb2K50o1k
dW3P7hEIBgXSisM79t3w8aqgF6TwjGDNcjE8GKCan0CS2fWuRYVLuMfehXBOYR5n
ldImcjoZmI55mpcyQFQVNh1wNq0GpldG8iiH2HECgYEA91rUFuBxtG1uWcXgYgpG
ExroiKwI0EBIb2VS7ivkVNzAtzLQhth6H1B0uPw2B8KYyAOQ6N2BMGPZtcpy9eyR
Lpav9rkc5k26QEtdESz4T9soBxh7+ihjfAMKj5nmW07BAdf/RHuqmrr2LTwExxLk
IWf3OsbwUStBdbfIVwqusQUCgYEAxddz1PPdzjaUlRc/d1zhwClbb6Ii01CSTnNt
bM6X+7JPdDpec+JASf9ak9/LfyqilzL96UbDdYuVzzYAABlQol/ZBMvZCcR8mYba
VOL0E0lwpscDRqC6tADzup9y4AtaE5p7UemRIFnhi4GSD1b74V50Y2plAQmho1YO
IyZTghkCgYEA32NdFYf/yHXn6hWFzqT+ojRz+zJ7BzB2+nukiMqE/IsdVJYEszOA
HxW3RHUqipmZB1IJJfUdvkj/DmnWpvjOKSgXpJeLXQanhXdKhr95Rg1jufzHwqWF
KzNH72aLHr0iG/spY3zYF8NvnmyM2AjclLrjEWcnE/cfuCORP+K6380CgYAFkpoK
p4vZ4SOyR2NcQ1uAhCm1LUX52c0lNI8if3c8ebtPNM2wSfExpGWywJ0EyfimdaM9
TOb4iqP/oC/D0PK6gCSmw+8rHUO9N1UzCumBGZJ4wCZRePmJVHWJDjC4Ktmwr6tF
lWSnGqEFwvKQSAz0PirdGgQaUWEiLqxbRRsZEQKBgQD3SPvKbarulKRNSnEB0jeC
WZiHuqyvJVybVg84vVu+jyQJg8dEU0hiY0m+hwG5qypES83REYRJx6X+mEBF9rTt
tzmYQF7Mydnm+4Mocbzh0uB1oirT2QDiLNjqe9qXbc/UC1O+YjectiZ8BzdsZiIp
W/LUdnqNWvANq9NmNBChjQ==
-----END PRIVATE KEY-----
'),
	(25, 'RSA of three primes as PEM', '-----BEGIN PRIVATE KEY-----
MIIE9AIBADANBgkqhkiG9w0BAQEFAASCBN4wggTaAgEBAoIBAQCdKEQKTLHAh8Pl
dQe2A4SIdt74lz91SJcvyXtzXIDG9w9PB0U7ffCjb2hCDDQu6Z1x7mmTljQhf4sQ
qlPP/5t4p0LFz6i63rSOnSu01YzfqtNGzAGgwze+MqQP/RgPfXWjfCRVGOwJ2K6o
EoP4f57JoWqwKCK6mCb7XfdiQiOS47kemDBaalEpbb/H//5wmk2p0XycIR/ViOYN
/r3WKcXOp71LRs0hlxRt/Ujt9hwz1aTKQe98vp9fhCSjGKjykWLdB1nmpP9mzCh5
pq/ei4rNjgvfKjYpT2It65ex1GaFFNpRg/9LrgoOljr2ZFWiiSfCGy5K6xngJjv0
m5gMzegbAgMBAAECggEBAIvdiCB6fT/SFGAkNYahvtQMpwgq44kn35XiBQJ4cwug
WXmGCPGXdhCeV/VgExklRMBe5Is7BI5Diqp8TDczT1Sj12NhGtOk3KCH9Jvt6oAs
8fdyHIh55LB1DDgD5jqITcSHbdGglaKGxhUJ8b29z/zbIpc5Cv9/cwmkbECwpiKm
nTmuhzb1sV/kgCThVfrAEewpujSHMSD48LJerfeBQHoTar7uQT4/NOkSOAdq9df8
G4Xp6WpDO3unUnW2GOqqvG2n6VKN/3tjglMwNIdMG874073nPrkUiwo/jd8e49Xa
0soUknDE6cA0K8+wL5Rq2bSdlwfgsraYhK0pBUZXgAECVgbvZs8s6EwUGQRUrpWq
oj1wfk7Ch8s5Vfm8fYQ+Ldb/vXyar5CClKTVkDaTM+A4L/ZCkcTyLz4NFYNLUt1M
jFcwBCsf+ng4ekKNnKdMyTXFat1ZP1cBAlYG6WB6/hb47jg40MwNT3+0z7klFdSF
ZG6SfKSm8brWmNvRF8yvy19gmKWxi4iE4Pj2ymM+807iRg+pznBeR8QOo+LeozJb
kKn9tF1RU+VnjS38j6CFIQJWBE1K2+bCbjblUc9pwMNpAm2enCKFc6WsVE79GSQs
8ToQg5O8pgqqRBmJ7KChREv2TG7810tXzMj2+EuoKkhKoebSHyImD58RD+miLBEw
mx9L6+RpqwECVgPJ/TJwCXf+YKQFE1hYtNIS7pT+GrvmCxgTbNB4xMzQj/FY8sWM
4IS8Klni/Lyb+OCSo0XnbN9vOTcGDWQiQ8Ei50TWgszfydFkB6SGMcVLCGLk+kMB
AlYD6KprpSjbPJd2j+Jn0WME08CRnn6Q2gfsBBeH0+w7mwVAr7GP++V1rwwYYFhq
zoE14I78ydw0BxGUUQE+z33fqYSvV/+yI9ENuJdrDFyvkewWCTHTUDCCAQwwggEI
AlYDR1bQ9U+ohHYVOtrxNkxr0AjOZYvqAcxYpn0gHJUUG+NvwKgj2FVjZh0Mhqf6
d4wmGCepClgsm1YiaLMdJoyUtMKN3bTXkMKgvKUq1fjY1RJUZaX8uwJWAmOxX6QI
I9Y1gI9eFMDvvPrmEBVtfGNHG6xqMEbkVr1kaYNMhqMYx9IZhZF1RlJtry2XadiC
HjAu+/C16J65gX6i82UKcLetQBt7e9Zo/w15yEw0RhUCVgGf64OS+DqzkrirnqG2
YORUWUSQvd0NOtBub9Fpq0FUtjaBDYZ/UGIKGvrWpHCRednQsGvGXQ2O7JCV4XGz
OtPt2qk7+yUOrDtD5mC5Zl2PocGLiHmR
-----END PRIVATE KEY-----
'),
	(26, 'use enc', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","use":"enc"}'),
	(27, 'key_ops without sign', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","key_ops":["verify"]}'),
	(28, 'public, key_ops without verify', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","key_ops":["sign"]}'),
	(29, 'alg of another curve', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","alg":"ES384"}'),
	(30, 'alg of another kind', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","alg":"HS256"}'),
	(31, 'RSA with alg of encryption', '{"kty":"RSA","n":"r02_FfVQAbolHocRvByOvYxH-2rhIjYVBKxKjF8B29PQ45FQmWCN1OvCoGkO-lGbrhTXqGllhvS2o-u-zC2JakiZgLyhefGB1_75B3ZqxQdRdh_z7MiiuyWbvONZI3AVqUmf8iFsaD20ytsl-arbUV22mc3Hd6FECYVuOu5HcS4nsGV4DXzJPIgzMgCnklfQpAK7aOClpX5CO1wiq-O_fFpWzw9n57AW_8pkU9IlNhRnz0CHEnewe5a8rAyc0HVGBnyCZBvsuc0Qn7NrHf2ArgyjN0KVPViZqd-bbz5j6EuwBC79HsFrPR1A6joFhgmtGmpwVdkE4RhbBLtxu0IvSQ","e":"AQAB","d":"Bj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyuk1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q-llUUgv0qp_sso0PkbL0r4nMpL2m5SOm3LhGafE_TUr6WvpnqkFtjHBeb_3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgTIyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd-qvKIeiWreq4PQZejC3eSl-hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW_g3kRLyUwYugd7u8hSlg_ow516B2fPh7bHop7Fkd5For2htX4Q","p":"4D682dIZZftOxdVEiWplJGfHDuOCuz2ATRGNMr7Om9zlFEjmg17b1oTVv_Mi4nQjIpZLZ2uC4C8_dU2mlAlHbDD3Q-uUsXI2X5-dmE3EPItIyFgyfI0tEi_AE38FMiM64auEOk7C1AXK0BR1iLfxO9IKcaZb-o8bLV4zDSpfaKk","q":"yCDNJr8cH3DB4qDwcw448JggFcQKlfXnl5zOZ8gx-pRyxyCabfQlzvwio9TQiwhirIZFo24VxN9bhmX0-rcMe86PIzqbNylqK7riuuS7M-zQzOox6TOlT_TcaaJ-goAaAcpNxVZCNqVybOTvbdXBAgY_5SHpZXhqtCVojAX_laE","dp":"JMMkQrFm6IkiiNxFuCFxI17AC3jQ3dFfT0MpWsBdLsAv7ftljvPmJmzwfd9mQKm5eNoa0oGVmxsj1B8-x9Ydl2cPolrkrZKDx3lrZKSbHzHWZMHQxQp_8RNS8d9JAsczx_tOWiC_X_LzJNm1ywwcyCnO_ILBYXpEglOHGwlvSsE","dq":"kdidybwC8cLJ-bBSK3dU9bnXwCUDlfAEnFAxeB7ElZoz33yaLsF8AFFtqTnB1WECEDs2avkiMjyYxeRt2X0nQt7xH7ppPZUYA9CJxaxF5XyTWpLeVtZFhnSrYOyEB_T1fxKBBOxtCsgeEM_y0Xey1hfZ3tGM917_XFPa0hjY_6E","qi":"JgIrzzKjwvZzCWnl-Nd6c9Lf6tWFyXNYPqcf_6vzxtRUcQ-ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymYFww9SApNq1462mdYPrWU0oRMKhmQfpa8exB_PbnCe-WxjtnU7ggbZVDNq5E6qmwCRrj6LuBZmHovtKctp6rO2eE","alg":"RSA-OAEP"}'),
	(32, 'alg none', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","alg":"none"}'),
	(33, 'HS256 with 16 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2traw","alg":"HS256"}'),
	(34, 'HS512 with 32 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s","alg":"HS512"}'),
	(35, 'HMAC of 1025 bytes', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}'),
	(36, 'A128KW', '{"kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s","alg":"A128KW"}'),
	(37, 'secret of 31 bytes', '0123456789012345678901234567890'),
	(38, 'empty', ''),
	(39, 'a set', '{"keys":[{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs"}]}'),
	(40, 'member twice', '{"kty":"oct","kty":"oct","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}'),
	(41, 'cut off', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs"'),
	(42, 'kid with a quote', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","kid":"a\"b"}'),
	(43, 'kid of 129 bytes', '{"kty":"EC","crv":"P-256","x":"9h0pwdqqpJ8EFgg1oKu2DatZppF7I8s-kMBTuAB3zhk","y":"D_zzCsJmOjz7dUXjmIQQEFcdkJ3XTL0ZM_7TQVVzdEs","d":"rUf79gt_olY6B8lmY-rHOQzI7Bld4UpdKDcN0ahLVhs","kid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
	(44, 'PEM with a passphrase', '-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDwd2Z8gdGnridrIik7
2AxuAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQXomvTGltd2QY6z6D
Wy76tASBkH/1UJ21QJx9MM/ZTvGD4jyv1vlcK9Ee034e58VhS1BNo0yOh9KmwQNa
acda5uLK2knsaXOymt+V7aoioBImXkcv3wt1rKNDi6VAmUkZD5KFL8t4a5XqXBlu
XYiglkSaPYZ6KupoWb0xYHo1BJkNK0NNdEq25qP1eBudmFBhe0YuzAHlgi4BKGj2
tAQOQMk1JA==
-----END ENCRYPTED PRIVATE KEY-----
'),
	(45, 'PEM with a passphrase, old', '-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,AF4B9AE87D4B21ED913347D1C443371B

L5O4wniO3kdIvVakQ/+MTEz92wdRHL391KZUs8thM4hAm8WqJg4rmvj5nvjGtDco
u/NWRYQAWChAUVjw235/hWhYdNUK6UaAp+2Jo9hXNll37wngu4dypjVsxTaUReXJ
SHpjEk3DLO6O4jsU1+4lxUHx4/A+TVyjw+ED3Yn/Lf25YnSER0mJUlgCbFvcDzfz
s9os0GANbHuxOehzJq46eRN9op3NC0d0rNMfWWkwa2ydjKc/ksaaig/2bhQ5i8/G
5mIvFKrjgUW9wilYJCKDbXAil22lH0YrG0VUTo0gQd8AiTJFxktMH3h6fAw/f/s9
bUGZXDiPAGO9+/5pK5Fk9wpBsIW5YILT1iErWoq4Is4YmE6ctDTsaVeCOyFqSpf7
nKw4fpnW3Zy4IGjzO6csJMY92nT9XsDbbvNzj1G9/hI1kHDV2blGDGOgVSAVRDAY
Fo4KSU8sBBI+n10i8xVXp92wlQLArQJSQAQ6cw4bOQu7mQI2143zuq6tqx3WeeKM
yULznvNrDW6Qsj+I4YdvhLSXQzdZWgBpOgjnpSc7NxKXB0ZN2Yvgbi9RDmX8aNXH
LVPzBRnHmfFY9BQq14jWL/1r2IPKeLXVuZ0OlNrivqPBIP256f46oQQE0NL5qjAJ
LZYZKGrUyHN1emdq6wtcKWG8tidQMrjsUj2PvCVxfn92pk4A4Cl1N2l42tw3fEsa
ROcAYCwWpm8eVcZ1ubd7+QeSiVDXPkTqTP6Xzt7Cxyf+6s+C7gqhTBGIjLlDE4zh
8tv1l+gfK89XCT9IrfH0HgR4sORg2Bt1GwWnmUm4ISrJN5ba8NBZmShPx3RY9Ts7
NHomn1L/Ourf85/xkYRKRDGv1PdVJFoViBMk10KYzvVwBTBpcz8RkT3Jh5Gh2rB5
mYv8QIXDY8YumOk4BCs0A3W78MmlwX9MikrLDcBhfJih+bswKYDtGznb2mtKS6Tr
J0kQTXuRLuBlXoqykJvAbEKGFQiWBkubdXMBSNTIkl6+y0e/AKYnvufAUqcqhLuP
7X60jeK5UWhcsz3Ce2xfdeRx4kRZsHQ3EwqvY/M1DELfV5QlP20uDGL62jsCcxbs
2rc+o1lI4C3lyh4ErL4Byr7Mu8zSaCWDstkPoE5kB6XGY4sBz4JWmYBkFYzaRbCn
vQt/VVIBDVE+Qy4juStiO2A16uQ9Uc2ZqKRpWDzmBXbnub/pG8Tpe+Z/FTs1QK/c
9NrDVYLvbEGMemNPe6EaYHY0HAoV5f7Q94VlsyptmYK6PH/6Sh+tYeVjk28GbFqM
htuBiXr896V9btE/5tX6afHZnP0qJ9zbiYrFsDUG19Q8pflhroXMK2OY9b6h9gkd
Kkg/XJjjCntOCqEjDbVonrQy8Wn7JbXpUOdaioGwbbnQpy7h8LoJ/X++2Tl9c8im
SIrrJTg3MRWTY2p2GnUWSADDQCggRbNiyunQXS1yqakikwIjeM0jK2Gi2vs3rEzl
OtUJTpWcK/vEQqu9Q1WZbZUY7Dtx3MpiK3OsbKTA/MLOR4bRCK2WvM0zSRnWk/qq
wdwNC4LymMQw+fFd9kujXhBA4qDR+DVFgGRfpRzJpKkRfrkbyRmuX6Otu3ethKBj
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
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrUf79gt/olY6B8lm
Y+rHOQzI7Bld4UpdKDcN0ahLVhuhRANCAAT2HSnB2qqknwQWCDWgq7YNq1mmkXsj
yz6QwFO4AHfOGQ/88wrCZjo8+3VF45iEEBBXHZCd10y9GTP+00FVc3RL
-----END PRIVATE KEY-----
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCvTb8V9VABuiUe
hxG8HI69jEf7auEiNhUErEqMXwHb09DjkVCZYI3U68KgaQ76UZuuFNeoaWWG9Laj
677MLYlqSJmAvKF58YHX/vkHdmrFB1F2H/PsyKK7JZu841kjcBWpSZ/yIWxoPbTK
2yX5qttRXbaZzcd3oUQJhW467kdxLiewZXgNfMk8iDMyAKeSV9CkArto4KWlfkI7
XCKr4798WlbPD2fnsBb/ymRT0iU2FGfPQIcSd7B7lrysDJzQdUYGfIJkG+y5zRCf
s2sd/YCuDKM3QpU9WJmp35tvPmPoS7AELv0ewWs9HUDqOgWGCa0aanBV2QThGFsE
u3G7Qi9JAgMBAAECggEABj4qrEejiSI1xPHqsOQj9a5XmGWgnZknM7bGg1v1Sxyu
k1IXGJUyi9b3BAMlxkaOeJszqGLTe6Q+llUUgv0qp/sso0PkbL0r4nMpL2m5SOm3
LhGafE/TUr6WvpnqkFtjHBeb/3GPBKHQ7Mnz3uGlpI7FrFHClRksPPoQWD8o0mgT
IyAjr8xyZuvA6CnrPpPpkaEtY9ZZuyPegkFW99hSm3qjxhS2FpqlPk7Qd+qvKIei
Wreq4PQZejC3eSl+hpbHnFAanYCIj4IGn3WfuBJR1bgBgttAPesiMkfW/g3kRLyU
wYugd7u8hSlg/ow516B2fPh7bHop7Fkd5For2htX4QKBgQDgPrzZ0hll+07F1USJ
amUkZ8cO44K7PYBNEY0yvs6b3OUUSOaDXtvWhNW/8yLidCMilktna4LgLz91TaaU
CUdsMPdD65SxcjZfn52YTcQ8i0jIWDJ8jS0SL8ATfwUyIzrhq4Q6TsLUBcrQFHWI
t/E70gpxplv6jxstXjMNKl9oqQKBgQDIIM0mvxwfcMHioPBzDjjwmCAVxAqV9eeX
nM5nyDH6lHLHIJpt9CXO/CKj1NCLCGKshkWjbhXE31uGZfT6twx7zo8jOps3KWor
uuK65Lsz7NDM6jHpM6VP9Nxpon6CgBoByk3FVkI2pXJs5O9t1cECBj/lIelleGq0
JWiMBf+VoQKBgCTDJEKxZuiJIojcRbghcSNewAt40N3RX09DKVrAXS7AL+37ZY7z
5iZs8H3fZkCpuXjaGtKBlZsbI9QfPsfWHZdnD6Ja5K2Sg8d5a2Skmx8x1mTB0MUK
f/ETUvHfSQLHM8f7Tlogv1/y8yTZtcsMHMgpzvyCwWF6RIJThxsJb0rBAoGBAJHY
ncm8AvHCyfmwUit3VPW518AlA5XwBJxQMXgexJWaM998mi7BfABRbak5wdVhAhA7
Nmr5IjI8mMXkbdl9J0Le8R+6aT2VGAPQicWsReV8k1qS3lbWRYZ0q2DshAf09X8S
gQTsbQrIHhDP8tF3stYX2d7RjPde/1xT2tIY2P+hAoGAJgIrzzKjwvZzCWnl+Nd6
c9Lf6tWFyXNYPqcf/6vzxtRUcQ+ISqEtzlvKYUbmgF6U52qwIA7JTStFnucI1ymY
Fww9SApNq1462mdYPrWU0oRMKhmQfpa8exB/PbnCe+WxjtnU7ggbZVDNq5E6qmwC
Rrj6LuBZmHovtKctp6rO2eE=
-----END PRIVATE KEY-----
'),
	(51, 'PEM, text after', '-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrUf79gt/olY6B8lm
Y+rHOQzI7Bld4UpdKDcN0ahLVhuhRANCAAT2HSnB2qqknwQWCDWgq7YNq1mmkXsj
yz6QwFO4AHfOGQ/88wrCZjo8+3VF45iEEBBXHZCd10y9GTP+00FVc3RL
-----END PRIVATE KEY-----
x'),
	(52, 'certificate', '-----BEGIN CERTIFICATE-----
MIIBbjCCAROgAwIBAgIUUuRvJnzMBzC1hc09I4hCXQ86JVkwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjMyMjE2NTFaFw0yNjExMjQyMjE2NTFaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT2+WjvG8ObQ238
Df1XQnDn4Irvx6ayKzlquzQrTeQrg/hHQNGp+WJK0tX/dsTqGduJZ8iTJjnmbmPa
MRziE0rDo1MwUTAdBgNVHQ4EFgQUoT0H88NruW+2if11aQwmScPTZH8wHwYDVR0j
BBgwFoAUoT0H88NruW+2if11aQwmScPTZH8wDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNJADBGAiEAx3ZNdUcNElTPAqJI/SPImod0F9wjKX11qbWelqXQFKgC
IQDMVIoPNb+Ik3UQJanId0S7G7QUIwTKVpbrXDksQfs39g==
-----END CERTIFICATE-----
'),
	(53, 'PEM of another label', '-----BEGIN PRIVATE PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrUf79gt/olY6B8lm
Y+rHOQzI7Bld4UpdKDcN0ahLVhuhRANCAAT2HSnB2qqknwQWCDWgq7YNq1mmkXsj
yz6QwFO4AHfOGQ/88wrCZjo8+3VF45iEEBBXHZCd10y9GTP+00FVc3RL
-----END PRIVATE PRIVATE KEY-----
'),
	(54, 'public key as a private one', '-----BEGIN PRIVATE KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9h0pwdqqpJ8EFgg1oKu2DatZppF7
I8s+kMBTuAB3zhkP/PMKwmY6PPt1ReOYhBAQVx2QnddMvRkz/tNBVXN0Sw==
-----END PRIVATE KEY-----
'),
	(55, 'private key as a public one', '-----BEGIN PUBLIC KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrUf79gt/olY6B8lm
Y+rHOQzI7Bld4UpdKDcN0ahLVhuhRANCAAT2HSnB2qqknwQWCDWgq7YNq1mmkXsj
yz6QwFO4AHfOGQ/88wrCZjo8+3VF45iEEBBXHZCd10y9GTP+00FVc3RL
-----END PUBLIC KEY-----
');
SELECT name, import(key) FROM refused ORDER BY id;
SELECT import(repeat('k', 2000000)) AS two_megabytes, import('{' || repeat('[', 30000)) AS deep, import('{"kty":"oct","k":"' || repeat('A', 30000) || '"}') AS long,
	import('-----BEGIN PRIVATE KEY-----' || repeat('A', 30000)) AS long_pem, answer('SELECT fastauth.import_signing_key(NULL)') AS nothing;
SELECT count(*) FROM fastauth.signing_keys_overview WHERE state = 'signing';

\c :before
DROP DATABASE regress_key_import;
