-- Passwords: the policy, hashes that other systems made, bounds, and whose crypt() is called.
\set VERBOSITY terse
SELECT fastauth.grant_api('regress_anon', 'regress_authenticated', 'regress_server', 'regress_admin');
CREATE SCHEMA regress_password;
GRANT USAGE ON SCHEMA regress_password TO PUBLIC;

-- What a caller is told: 'ok', or the word of the error and its message.
CREATE FUNCTION regress_password.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
	message text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN word || ': ' || message;
END $$;
CREATE FUNCTION regress_password.signin(email text, password text) RETURNS text
	RETURN regress_password.told(format('SELECT fastauth.signin(%L, %L)', email, password));
CREATE FUNCTION regress_password.signup(email text, password text, name text DEFAULT NULL) RETURNS text
	RETURN regress_password.told(format('SELECT fastauth.signup(%L, %L, %L)', email, password, name));
CREATE FUNCTION regress_password.import(email text, hash text) RETURNS text
	RETURN regress_password.told(format('SELECT fastauth.create_user(%L, hashed_password => %L)', email, hash));

-- == Hashes made by other programs, all of the password 'grüner Tee um 4' unless told:
--   argon2:  printf %s 'grüner Tee um 4' | argon2 SALT -id -k M -t T -p P -l LENGTH -e
--   bcrypt:  htpasswd -nbB -C 5 x 'grüner Tee um 4'; python3 -c "import crypt; print(crypt.crypt('grüner Tee um 4', '\$2b\$05\$abcdefghijklmnopqrstuu'))";
--            and two of crypt_blowfish's own test vectors
--   Django:  'pbkdf2_sha256$%d$%s$%s' % (n, salt, base64.b64encode(hashlib.pbkdf2_hmac('sha256', password, salt, n)).decode())
--   scrypt:  '$scrypt$ln=%d,r=%d,p=%d$%s$%s' with hashlib.scrypt(password, salt=salt, n=1<<ln, r=r, p=p, dklen=32), base64 without '=';
--            and the example of passlib's manual
CREATE TABLE regress_password.vectors (n int GENERATED ALWAYS AS IDENTITY, kind text, hash text, password text DEFAULT 'grüner Tee um 4');
GRANT SELECT ON regress_password.vectors TO PUBLIC;
INSERT INTO regress_password.vectors (kind, hash) VALUES
	('argon2id as of today', '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$p+8f3m8kGlXMBkZbprX+g2kiDJCk125t/PrFEGhQIhw'),
	('argon2id, 64 MiB, p=4', '$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$vZeS9tmMo1a9wCLWenReehexrTpJQxHztQLtuhde+3c'),
	('argon2id, the least', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww'),
	('argon2id, salt and digest of 64 bytes, t=10, p=16', '$argon2id$v=19$m=1024,t=10,p=16$eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA$6Y8QMyLlD49RnGdne+D/RYwoNjJndWbHdkSnLTV+OEZ9Xax3FPUdI9K1wse3tkSmSpdDa9oH0qkxJwnUiaUmow'),
	('argon2i', '$argon2i$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$hupxQYzzetx6rVfefjN6VVjcyMkxCIlgLV1kHuuyXRA'),
	('argon2i, p=2, digest of 24 bytes', '$argon2i$v=19$m=1024,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$cUosvZCqsFdo/+q8Dq5OCXGYlUfWOgdd'),
	('bcrypt $2y$', '$2y$05$e26oGhmtsSmX.lO4ZPKeeeuRBNjMi1jnGDBvbtbRp02qBGmAW1.4C'),
	('bcrypt $2y$, cost 10', '$2y$10$SBExg93mkry3QyAvE0eoZuiDqclvGWd4o4/6U1yu9NVrmzhFXk/wy'),
	('bcrypt $2b$', '$2b$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW'),
	('bcrypt $2a$', '$2a$06$ABCDEFGHIJKLMNOPQRSTUOkII0li5elB/unCHvncspQfCETX3E2v6'),
	('Django, 1 iteration', 'pbkdf2_sha256$1$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI='),
	('Django, 260000 iterations', 'pbkdf2_sha256$260000$seasalt0123456789abcdef$WFtJY1yYXbH0SgAi52jUGRymjhU7Hn5CkMO2SgtvfsY='),
	('Django, salt of punctuation', 'pbkdf2_sha256$1000$!#%&/()=?+*~!#%&/()=?+*~!#%&/()=?+*~!#%&/()=?+*~!#%&/()=?+*~$e7aMoFAwpNwZDEi3gMy0Lm403UU97bQ88nSRtQxHIhE='),
	('scrypt', '$scrypt$ln=14,r=8,p=1$TmFDbE5hQ2xOYUNsTmFDbA$+OJlDkAyGrCDcyrvovEuFecPRja0ycSwy7qU4Ur+cPE'),
	('scrypt, p=16', '$scrypt$ln=10,r=8,p=16$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU');
INSERT INTO regress_password.vectors (kind, password, hash) VALUES
	('bcrypt, crypt_blowfish', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'),
	('bcrypt, salt with stray bits', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'),
	('scrypt, passlib', 'password', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'),
	('Django, empty password', '', 'pbkdf2_sha256$10$empty$KeGKvVyRZyXxCf9UL90cohkMDRNf3snEdsYUBlSVjRk=');

SET ROLE regress_server;
SELECT regress_password.import('vector' || n || '@pw.example', hash) AS imported, count(*) FROM regress_password.vectors GROUP BY 1;
CREATE TEMP TABLE first AS SELECT n, kind, password, hash, (fastauth.get_user_by_email('vector' || n || '@pw.example')).* FROM regress_password.vectors;
CREATE TEMP TABLE second AS SELECT *, regress_password.signin(email, password || 'r') AS wrong FROM first;
CREATE TEMP TABLE third AS SELECT *, fastauth.get_hashed_password(id) = hash AS unchanged FROM second;
CREATE TEMP TABLE fourth AS SELECT *, regress_password.signin(email, password) AS "right" FROM third;
SELECT n, kind, wrong, unchanged, "right", regexp_replace(fastauth.get_hashed_password(id), '\$[^$]*\$[^$]*$', '') AS now,
	regress_password.signin(email, password) AS again, regress_password.signin(email, password || 'r') AS wrong_again
FROM fourth ORDER BY n;
DROP TABLE first, second, third, fourth;

-- bcrypt looks at 72 bytes.  What comes after was not proved, so it does not get into a new hash.
SELECT regress_password.import('cut@pw.example', '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui');
SELECT regress_password.signin('cut@pw.example', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678') AS "71 bytes",
	regress_password.signin('cut@pw.example', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored') AS more;
SELECT left(fastauth.get_hashed_password((fastauth.get_user_by_email('cut@pw.example')).id), 7);
SELECT regress_password.signin('cut@pw.example', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789') AS "72 bytes",
	regress_password.signin('cut@pw.example', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored') AS more;
SELECT left(fastauth.get_hashed_password((fastauth.get_user_by_email('cut@pw.example')).id), 30);

-- A hash of today is not made anew, one of other settings is.
CREATE TEMP TABLE kept AS SELECT (fastauth.get_user_by_email('vector1@pw.example')).id, fastauth.get_hashed_password((fastauth.get_user_by_email('vector1@pw.example')).id) AS hash;
SELECT regress_password.signin('vector1@pw.example', 'grüner Tee um 4') AS told, fastauth.get_hashed_password(id) = hash AS kept FROM kept;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '8 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT regress_password.signin('vector1@pw.example', 'grüner Tee um 4');
SELECT substr(fastauth.get_hashed_password(id), 1, 30) FROM kept;
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
SET ROLE regress_server;
SELECT regress_password.signin('vector1@pw.example', 'grüner Tee um 4');
SELECT substr(fastauth.get_hashed_password(id), 1, 30) FROM kept;
RESET ROLE;
DROP TABLE kept;

-- == Refused when stored: too costly (S40), each one step beyond its bound.
CREATE TABLE regress_password.refused (n int GENERATED ALWAYS AS IDENTITY, hash text, why text);
GRANT SELECT ON regress_password.refused TO PUBLIC;
INSERT INTO regress_password.refused (hash, why) VALUES
	('$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', '256 MiB and 1 KiB'),
	('$argon2id$v=19$m=999999999,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'a terabyte'),
	('$argon2i$v=19$m=1024,t=11,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 't=11'),
	('$argon2id$v=19$m=1024,t=999999999,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 't=999999999'),
	('$argon2id$v=19$m=1024,t=1,p=17$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'p=17'),
	('$2b$16$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost 16'),
	('$2y$31$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost 31'),
	('$2a$99$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost 99'),
	('pbkdf2_sha256$2000001$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', '2000001 iterations'),
	('pbkdf2_sha256$999999999$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', '999999999 iterations'),
	('$scrypt$ln=19,r=8,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', '512 MiB'),
	('$scrypt$ln=18,r=9,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', '288 MiB'),
	('$scrypt$ln=18,r=8,p=3$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', '3 times 256 MiB'),
	('$scrypt$ln=10,r=8,p=17$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'p=17'),
	('$scrypt$ln=1,r=1025,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'r=1025'),
	('$scrypt$ln=32,r=8,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'N=2^32'),
	('$scrypt$ln=999999999,r=999999999,p=999999999$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'nines');
SET ROLE regress_server;
SELECT n, why, regress_password.import('refused@pw.example', hash) AS import FROM regress_password.refused ORDER BY n;

-- What is just within the bounds is taken (and not computed when stored).
SELECT regress_password.import('bound' || n || '@pw.example', hash) AS import FROM unnest(ARRAY[
	'$argon2id$v=19$m=262144,t=10,p=16$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww',
	'$2b$15$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW',
	'pbkdf2_sha256$2000000$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=',
	'$scrypt$ln=18,r=8,p=2$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU']) WITH ORDINALITY AS b (hash, n) ORDER BY n;

-- One that is in the table nevertheless is not computed: signing in would take minutes, or the server's memory.
RESET ROLE;
UPDATE fastauth.users u SET hashed_password = r.hash FROM regress_password.refused r
	WHERE u.email = 'vector' || r.n || '@pw.example';
SET statement_timeout = '60s';
SET ROLE regress_anon;
SELECT n, regress_password.signin('vector' || n || '@pw.example', 'grüner Tee um 4') AS signin FROM regress_password.refused ORDER BY n;
RESET statement_timeout;
RESET ROLE;

-- == Refused when stored: malformed, or of a format that we do not take.
TRUNCATE regress_password.refused RESTART IDENTITY;
INSERT INTO regress_password.refused (hash, why) VALUES
	('', 'empty'),
	('grüner Tee um 4', 'a password'),
	('!', 'Django, unusable password'),
	('*', 'shadow, locked'),
	('d8578edf8458ce06fbc5bb76a58c5ca4', 'MD5'),
	('$1$abcdefgh$irWbblnpmw.5z7wgBnprh0', 'md5-crypt'),
	('$5$rounds=5000$salt$JRPIm2cK3fuc6YkBCUmEsNd3MEEGIw0FFO3XVOD3Q3B', 'sha256-crypt'),
	('$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.', 'sha512-crypt'),
	('$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'argon2d'),
	('argon2$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'Django''s prefix of argon2'),
	('$argon2id$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'no version: 1.0'),
	('$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'version 1.0'),
	('$argon2id$v=20$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'version of the future'),
	('$argon2id$v=019$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'leading zero in v'),
	('$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'leading zero in m'),
	('$argon2id$v=19$m=+64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'sign'),
	('$argon2id$v=19$m=-64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'minus'),
	('$argon2id$v=19$m= 64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'blank'),
	('$argon2id$v=19$m=0x40,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'hexadecimal'),
	('$argon2id$v=19$m=4294967360,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', '2^32 + 64'),
	('$argon2id$v=19$m=18446744073709551680,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', '2^64 + 64'),
	('$argon2id$v=19$m=,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'm empty'),
	('$argon2id$v=19$m=0,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'm=0'),
	('$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'm=7'),
	('$argon2id$v=19$m=31,t=1,p=4$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'fewer than 8 blocks a lane'),
	('$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 't=0'),
	('$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'p=0'),
	('$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'other order'),
	('$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'no p'),
	('$argon2id$v=19$m=64,t=1,p=1,keyid=QQ$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'keyid'),
	('$argon2id$v=19$m=64,t=1,p=1,data=QQ$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'data'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ', 'no digest'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$', 'digest empty'),
	('$argon2id$v=19$m=64,t=1,p=1$$PS9VKIIjIsVsmFbwGNeqww', 'salt empty'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbA$PS9VKIIjIsVsmFbwGNeqww', 'salt of 7 bytes'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$ZFG8kv0Dld/xPCRo', 'digest of 12 bytes'),
	('$argon2id$v=19$m=64,t=1,p=1$' || repeat('QUFB', 43) || '$PS9VKIIjIsVsmFbwGNeqww', 'salt of 129 bytes'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$' || repeat('QUFB', 43), 'digest of 129 bytes'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ=$PS9VKIIjIsVsmFbwGNeqww', 'salt padded'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww==', 'digest padded'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHR$PS9VKIIjIsVsmFbwGNeqww', 'salt with stray bits'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqwx', 'digest with stray bits'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNe-_w', 'URL-safe base64'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNh bHQ$PS9VKIIjIsVsmFbwGNeqww', 'blank in the salt'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww' || E'\n', 'newline at the end'),
	(' $argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'blank before'),
	('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww$', 'something after'),
	('$Argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', 'capital'),
	('$2$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', '$2$'),
	('$2x$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', '$2x$'),
	('$2c$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', '$2c$'),
	('$2b$5$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost of one digit'),
	('$2b$005$abcdefghijklmnopqrstuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost of three digits'),
	('$2b$03$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost 3'),
	('$2b$00$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost 0'),
	('$2b$0x$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'cost no number'),
	('$2b$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdD', 'one character less'),
	('$2b$05$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDWW', 'one character more'),
	('$2b$05$abcdefghijklmnopqrstu+M24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'a character of another base64'),
	('$2b$05$abcdefghijklmnopqrst$uM24pYLbwhbYT7.7MLdJAqMO9zNytdDW', 'a dollar inside'),
	('$2b$05', 'cut'),
	('pbkdf2_sha1$1$s$mkZGmjLF0mYpYBHYyUy6Xr9BzNo=', 'PBKDF2 with SHA-1'),
	('pbkdf2_sha256$0$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', '0 iterations'),
	('pbkdf2_sha256$01$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'leading zero'),
	('pbkdf2_sha256$-1$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'minus'),
	('pbkdf2_sha256$4294967297$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', '2^32 + 1 iterations'),
	('pbkdf2_sha256$$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'no iterations'),
	('pbkdf2_sha256$1$$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'salt empty'),
	('pbkdf2_sha256$1$' || repeat('s', 129) || '$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'salt of 129 bytes'),
	('pbkdf2_sha256$1$sälz$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'salt not ASCII'),
	('pbkdf2_sha256$1$s t$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=', 'blank in the salt'),
	('pbkdf2_sha256$1$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI', 'no padding'),
	('pbkdf2_sha256$1$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadJ=', 'stray bits'),
	('pbkdf2_sha256$1$s$mkZGmjLF0mYpYBHYyUy6Xr9BzNo=', 'digest of 20 bytes'),
	('pbkdf2_sha256$1$s$' || repeat('QUFB', 11), 'digest of 33 bytes'),
	('pbkdf2_sha256$1$s$9/I9BrSRs3NXbvlawMwq3fNqGryopZ65wEQLd+WUadI=$', 'something after'),
	('scrypt$x$16384$8$1$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU=', 'Django''s scrypt'),
	('$scrypt$ln=0,r=8,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'N=1'),
	('$scrypt$ln=10,r=0,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'r=0'),
	('$scrypt$ln=10,r=8,p=0$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'p=0'),
	('$scrypt$ln=16,r=1,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'N not below 2^(16 r)'),
	('$scrypt$r=8,ln=10,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'other order'),
	('$scrypt$ln=10,r=8,p=1$$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU', 'salt empty'),
	('$scrypt$ln=10,r=8,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9g', 'digest of 31 bytes'),
	('$scrypt$ln=10,r=8,p=1$eA$BDJhHzXfktoqToZZg5pg0d7/Ocn1dJK/d4K1L0+p9vU=', 'padded'),
	('$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D', 'libsodium''s scrypt'),
	(repeat('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$', 20), '800 bytes');
SET ROLE regress_server;
SELECT n, why, regress_password.import('refused@pw.example', hash) AS import FROM regress_password.refused
	WHERE regress_password.import('refused@pw.example', hash) <> 'invalid_argument: password hash is malformed or of a format that is not supported' ORDER BY n;
SELECT count(*) AS tried, fastauth.get_user_by_email('refused@pw.example') IS NULL AS none_taken FROM regress_password.refused;
-- no beginning of a hash is a hash, where the length of the digest is given
SELECT count(*) AS tried, count(*) FILTER (WHERE told <> 'invalid_argument: password hash is malformed or of a format that is not supported') AS taken
FROM regress_password.vectors, generate_series(0, length(hash) - 1) AS cut,
	LATERAL (SELECT regress_password.import('refused@pw.example', left(hash, cut)) AS told) AS t
WHERE hash !~ '^\$argon2';
-- set_hashed_password holds to the same
SELECT regress_password.told(format('SELECT fastauth.set_hashed_password(%L, %L)', (fastauth.get_user_by_email('vector19@pw.example')).id, hash)) FROM unnest(ARRAY[
	'$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$PS9VKIIjIsVsmFbwGNeqww', '$2b$16$abcdefghijklmnopqrstuuM24pYLbwhbYT7.7MLdJAqMO9zNytdDW']) AS hash;
-- and one that got into the table is a wrong password
RESET ROLE;
UPDATE fastauth.users u SET hashed_password = r.hash FROM regress_password.refused r
	WHERE u.email = 'vector' || r.n || '@pw.example' AND r.hash <> '';
SET ROLE regress_anon;
SELECT signin, count(*) FROM (SELECT regress_password.signin('vector' || n || '@pw.example', password) AS signin FROM regress_password.vectors) AS s GROUP BY signin;
RESET ROLE;

-- == Policy.
SET ROLE regress_admin;
SELECT fastauth.configure('password_min_score', '0');
SET ROLE regress_anon;
-- the length counts characters, 8 to 128, and bytes, at most 1,024 and first
SELECT regress_password.signup('p1@pw.example', 'aaaaaaa') AS "7 letters",
	regress_password.signup('p2@pw.example', 'aaaaaaaa') AS "8 letters";
SELECT regress_password.signup('p3@pw.example', repeat('ß', 7)) AS "7 of 2 bytes",
	regress_password.signup('p4@pw.example', repeat('ß', 8)) AS "8 of 2 bytes";
SELECT regress_password.signup('p5@pw.example', repeat('𝄞', 7)) AS "7 of 4 bytes",
	regress_password.signup('p6@pw.example', repeat('𝄞', 8)) AS "8 of 4 bytes";
SELECT regress_password.signup('p7@pw.example', repeat('a', 128)) AS "128 letters",
	regress_password.signup('p8@pw.example', repeat('a', 129)) AS "129 letters";
SELECT regress_password.signup('p9@pw.example', repeat('𝄞', 128)) AS "128 of 4 bytes",
	regress_password.signup('p10@pw.example', repeat('𝄞', 129)) AS "129 of 4 bytes";
SELECT regress_password.signup('p11@pw.example', repeat('a', 1025)) AS "1025 letters",
	regress_password.signup('p12@pw.example', repeat('𝄞', 257)) AS "257 of 4 bytes";
SELECT regress_password.signup('p13@pw.example', '') AS empty, regress_password.signup('p14@pw.example', NULL) AS nothing;
SET ROLE regress_admin;
SELECT fastauth.configure('password_max_length', '1024'), fastauth.configure('password_min_length', '12');
SET ROLE regress_anon;
SELECT regress_password.signup('p15@pw.example', repeat('a', 11)) AS "11 letters",
	regress_password.signup('p16@pw.example', repeat('a', 12)) AS "12 letters";
SELECT regress_password.signup('p17@pw.example', repeat('a', 1024)) AS "1024 letters",
	regress_password.signup('p18@pw.example', repeat('a', 1025)) AS "1025 letters",
	regress_password.signup('p19@pw.example', repeat('ß', 513)) AS "513 of 2 bytes";
SELECT regress_password.signin('p17@pw.example', repeat('a', 1024)) AS "right",
	regress_password.signin('p17@pw.example', repeat('a', 1023)) AS shorter,
	regress_password.signin('p17@pw.example', repeat('a', 1025)) AS longer,
	regress_password.signin('p17@pw.example', repeat('a', 65536)) AS "64 KiB";
SELECT regress_password.signin('p17@pw.example', repeat('a', 65537)) AS "one more",
	regress_password.signin('nobody@pw.example', repeat('a', 65537)) AS nobody;
SET ROLE regress_admin;
SELECT fastauth.configure('password_max_length', NULL), fastauth.configure('password_min_length', NULL);

-- the four rules, each alone; letters and digits are those of ASCII
SELECT fastauth.configure('password_require_uppercase', 'on');
SET ROLE regress_anon;
SELECT regress_password.signup('r1@pw.example', 'abcdefg1!Ä'), regress_password.signup('r2@pw.example', 'abcdefg1!Z');
SET ROLE regress_admin;
SELECT fastauth.configure('password_require_uppercase', NULL), fastauth.configure('password_require_lowercase', 'on');
SET ROLE regress_anon;
SELECT regress_password.signup('r3@pw.example', 'ABCDEFG1!ä'), regress_password.signup('r4@pw.example', 'ABCDEFG1!z');
SET ROLE regress_admin;
SELECT fastauth.configure('password_require_lowercase', NULL), fastauth.configure('password_require_digit', 'on');
SET ROLE regress_anon;
SELECT regress_password.signup('r5@pw.example', 'abcdefg!Z٣'), regress_password.signup('r6@pw.example', 'abcdefg!Z0');
SET ROLE regress_admin;
SELECT fastauth.configure('password_require_digit', NULL), fastauth.configure('password_require_special', 'on');
SET ROLE regress_anon;
SELECT regress_password.signup('r7@pw.example', 'abcdefgZ0'), regress_password.signup('r8@pw.example', 'abcdefgZ0 '), regress_password.signup('r9@pw.example', 'abcdefgZ0ß');
SET ROLE regress_admin;
SELECT fastauth.configure('password_require_special', NULL), fastauth.configure('password_min_score', NULL);

-- zxcvbn: what everybody uses, and what a guesser knows of this user
SET ROLE regress_anon;
SELECT password, regress_password.signup('z1@pw.example', password) FROM unnest(ARRAY[
	'password', 'Password1', '12345678', 'iloveyou', 'aaaaaaaaaaaa', 'abcdefgh', 'p@ssw0rd']) AS password;
SELECT password, regress_password.signup('quvelth.zorbina@vixnorr.example', password, 'Brixtelle O''Mandrough') FROM unnest(ARRAY[
	'quvelth.zorbina@vixnorr.example', 'quvelth.zorbina', 'quvelthzorbina', 'vixnorr.example', 'QUVELTH1', 'Brixtelle', 'brixtelle', 'Mandrough', 'mandr0ugh', 'Brixtelle O''Mandrough']) AS password;
SELECT n, regress_password.signup('other' || n || '@pw.example', password) FROM unnest(ARRAY[
	'quvelth.zorbina', 'vixnorr.example', 'QUVELTH1', 'brixtelle', 'mandr0ugh']) WITH ORDINALITY AS p (password, n);
SET ROLE regress_admin;
SELECT fastauth.configure('password_min_score', '4');
SET ROLE regress_anon;
SELECT password, regress_password.signup('z' || n + 1 || '@pw.example', password) FROM unnest(ARRAY[
	'tr0ub4dour&3', 'brixtelle', 'correct horse battery staple', 'jK8#mP2$xQ9!']) WITH ORDINALITY AS p (password, n);
SET ROLE regress_admin;
SELECT fastauth.configure('password_min_score', NULL);
RESET ROLE;

-- == S13: whose crypt() is handed the password.
CREATE SCHEMA regress_trap;
GRANT ALL ON SCHEMA regress_trap TO PUBLIC;
CREATE FUNCTION regress_password.bcrypt() RETURNS text LANGUAGE sql AS $$
	SELECT fastauth.set_hashed_password((fastauth.get_user_by_email('vector19@pw.example')).id, '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
	SELECT regress_password.signin('vector19@pw.example', 'U*u') || ', ' || regress_password.signin('vector19@pw.example', 'U*U') $$;
-- a caller's own, first in the search path, in pg_temp, of every likely signature
CREATE FUNCTION regress_trap.crypt(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trap: % %', $1, $2; RETURN $2; END $$;
CREATE FUNCTION regress_trap.crypt(varchar, varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trap: % %', $1, $2; RETURN $2; END $$;
CREATE FUNCTION pg_temp.crypt(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trap: % %', $1, $2; RETURN $2; END $$;
SET ROLE regress_server;
SET search_path = pg_temp, regress_trap, public;
SELECT regress_password.bcrypt();
RESET search_path;
RESET ROLE;
-- pgcrypto in another schema
CREATE SCHEMA regress_elsewhere;
ALTER EXTENSION pgcrypto SET SCHEMA regress_elsewhere;
SET ROLE regress_server;
SELECT regress_password.bcrypt();
RESET ROLE;
-- nobody may execute it but its owner: we may
REVOKE ALL ON FUNCTION regress_elsewhere.crypt(text, text) FROM PUBLIC;
SET ROLE regress_server;
SELECT regress_password.bcrypt();
RESET ROLE;
GRANT ALL ON FUNCTION regress_elsewhere.crypt(text, text) TO PUBLIC;
-- members of the extension that are not crypt(): in SQL, in C with other code; and the true one when it is none
BEGIN;
ALTER EXTENSION pgcrypto DROP FUNCTION regress_elsewhere.crypt(text, text);
SET LOCAL ROLE regress_server;
SELECT regress_password.bcrypt();
ROLLBACK;
BEGIN;
ALTER EXTENSION pgcrypto DROP FUNCTION regress_elsewhere.crypt(text, text);
ALTER EXTENSION pgcrypto ADD FUNCTION regress_trap.crypt(text, text);
SET LOCAL ROLE regress_server;
SELECT regress_password.import('trap@pw.example', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
ROLLBACK;
BEGIN;
ALTER EXTENSION pgcrypto DROP FUNCTION regress_elsewhere.crypt(text, text);
CREATE FUNCTION regress_trap.crypt2(text, text) RETURNS text LANGUAGE c AS '$libdir/pgcrypto', 'pg_digest';
ALTER EXTENSION pgcrypto ADD FUNCTION regress_trap.crypt2(text, text);
SET LOCAL ROLE regress_server;
SELECT regress_password.import('trap@pw.example', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
ROLLBACK;
-- without it a stored bcrypt hash is a wrong password
BEGIN;
SELECT FROM fastauth.set_hashed_password((fastauth.get_user_by_email('vector19@pw.example')).id, '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
ALTER EXTENSION pgcrypto DROP FUNCTION regress_elsewhere.crypt(text, text);
SET LOCAL ROLE regress_anon;
SELECT regress_password.signin('vector19@pw.example', 'U*U');
ROLLBACK;
SET ROLE regress_server;
SELECT regress_password.bcrypt();
RESET ROLE;
-- the same when crypt() is turned off, as PostgreSQL 18 lets an administrator do
SELECT FROM fastauth.set_hashed_password((fastauth.get_user_by_email('vector19@pw.example')).id, '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
SET pgcrypto.builtin_crypto_enabled = off;
SELECT regress_password.signin('vector19@pw.example', 'U*U'), regress_password.import('trap@pw.example', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
RESET pgcrypto.builtin_crypto_enabled;
SELECT regress_password.signin('vector19@pw.example', 'U*U');
ALTER EXTENSION pgcrypto SET SCHEMA public;
SET client_min_messages = warning;
DELETE FROM fastauth.users WHERE email LIKE '%@pw.example' OR email LIKE 'quvelth%';
DROP SCHEMA regress_trap, regress_elsewhere, regress_password CASCADE;
