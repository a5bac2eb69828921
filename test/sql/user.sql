-- UserAdapter, as the application's server calls it: create_user, get_user, get_user_by_email,
-- update_user, delete_user, get_hashed_password, set_hashed_password.
SET ROLE regress_server;

--
-- create_user answers what it stored, with the documented defaults
--
SELECT email, name, image, email_verified, is_active, metadata, app_metadata,
		created_at = updated_at AS times_are_equal, created_at BETWEEN now() - interval '1 min' AND now() + interval '1 min' AS time_is_now
	FROM fastauth.create_user('alice@example.com');
SELECT id AS alice FROM fastauth.get_user_by_email('alice@example.com') \gset
SELECT substr(:'alice', 15, 1) AS uuid_version;
SELECT email, name, image, email_verified, is_active, metadata, app_metadata
	FROM fastauth.create_user(email => 'bob@example.com', password => 'correct horse battery', name => 'Bob', image => 'https://example.com/bob.png',
		email_verified => true, is_active => false, metadata => '{"theme": "dark"}', app_metadata => '{"plan": [1, 2]}');
SELECT id AS bob FROM fastauth.get_user_by_email('bob@example.com') \gset
SELECT id, email FROM fastauth.create_user('fixed@example.com', id => '11111111-2222-7333-8444-555555555555');
-- NULL metadata is the default; NULL password is no password
SELECT metadata, app_metadata FROM fastauth.create_user('nulls@example.com', NULL, NULL, NULL, NULL, false, true, NULL, NULL, NULL);
SELECT fastauth.get_hashed_password(id) IS NULL AS no_password FROM fastauth.get_user_by_email('nulls@example.com');

--
-- An address has one form: ASCII blanks around it go, ASCII letters become lower-case
--
SELECT email FROM fastauth.create_user(E' \t\n\x0b\f\rCarol@EXAMPLE.Com\r\n ');
SELECT email FROM (VALUES
	('a@b.c'),
	('0@0.a'),
	('!#$%&''*+/=?^_`{|}~-@example.com'),
	('a.b.c@sub.sub.example.com'),
	('a@xn--bcher-kva.example'),
	('a@1.2.3.4a'),
	('a@b--c.d'),
	('QUOTE''@EXAMPLE.ORG')) AS v (given), fastauth.create_user(given);
-- a variant in case or blanks is the same address
SELECT given, regress_outcome(format('SELECT fastauth.create_user(%L)', given)) FROM (VALUES
	('alice@example.com'), ('ALICE@EXAMPLE.COM'), ('Alice@Example.Com'), (' alice@example.com'), ('alice@example.com ')) AS v (given);
-- an id that is taken
SELECT regress_outcome($$SELECT fastauth.create_user('another@example.com', id => '11111111-2222-7333-8444-555555555555')$$);
SELECT regress_outcome($$SELECT fastauth.create_user('another@example.com', id => '00000000-0000-0000-0000-000000000000')$$);
SELECT name IS NULL AS no_name, image IS NULL AS no_image FROM fastauth.create_user('unnamed@example.com', name => '', image => '');
SELECT name IS NULL AS no_name FROM fastauth.update_user((SELECT id FROM fastauth.get_user_by_email('unnamed@example.com')), '{"name": ""}');
SELECT fastauth.delete_user((SELECT id FROM fastauth.get_user_by_email('unnamed@example.com')), soft => false);

-- What is no address.  Nothing outside of ASCII is folded into it.
SELECT replace(replace(replace(given::text, E'\n', '\n'), E'\r', '\r'), E'\t', '\t') AS given,
		regress_outcome(format('SELECT fastauth.create_user(%L)', given)) AS outcome
	FROM unnest(ARRAY[
		'', ' ', 'a', '@', 'a@', '@b.c', 'a.b', 'a@b', 'a@.c', 'a@b.', 'a@b.c.', 'a@b..c', 'a@.', 'a@..',
		'a@-b.c', 'a@b-.c', 'a@b.-c', 'a@b.c-', 'a@b_c.d', 'a@b!c.d', 'a@b.c%00', 'a@b/c.d', 'a@b:25.c', 'a@b.c:25',
		'a@@b.c', 'a@b@c.d', '@a@b.c', 'a@b.c@',
		'.a@b.c', 'a.@b.c', 'a..b@b.c', '.@b.c', '..@b.c',
		'a b@b.c', 'a @b.c', 'a@ b.c', 'a@b .c', 'a@b. c', 'a@b.c d',
		'"a"@b.c', '"a b"@b.c', '"a@b"@c.d', 'a"b@c.d', 'a\@b.c', 'a\b@c.d',
		'a(comment)@b.c', '(comment)a@b.c', 'a@b.c(comment)', 'a@(comment)b.c',
		'<a@b.c>', 'A <a@b.c>', 'a@b.c>', 'a<b@c.d', 'mailto:a@b.c',
		'a@b.c,d@e.f', 'a@b.c, d@e.f', 'a@b.c;d@e.f', 'a@b.c d@e.f', 'a,b@c.d', 'a;b@c.d', 'group:a@b.c;', '@x,@y:a@b.c',
		'a[b]@c.d', 'a@[127.0.0.1]', 'a@[IPv6:::1]', 'a@127.0.0.1', 'a@b.123', 'a@1.2.3.4', 'a@::1',
		'a!b', 'a%b@c', 'host!user@localhost', 'root@localhost',
		E'a\nb@b.c', E'a@b.c\nBcc: x@y.z', E'a@b.c\r\nBcc: x@y.z', E'a\r@b.c', E'a@b\n.c', E'a\tb@b.c', E'a@\tb.c',
		E'\x01@b.c', E'a\x1f@b.c', E'a\x7f@b.c', E'a@b\x7f.c', E'a@b.c\x01'
	]) AS v (given);
SELECT escaped, regress_outcome(format('SELECT fastauth.create_user(%L)', given)) AS outcome FROM (VALUES
	('U+00E4 in local part', U&'\00e4@b.c'),
	('U+00E4 in domain', U&'a@b\00e4.c'),
	('U+0131, dotless i', U&'al\0131ce@example.com'),
	('U+0130, dotted I', U&'al\0130ce@example.com'),
	('U+212A, Kelvin sign', U&'a\212A@example.com'),
	('U+017F, long s', U&'\017Fam@example.com'),
	('U+FF20, wide @', U&'a\FF20b.c'),
	('U+FF41, wide a', U&'\FF41lice@example.com'),
	('U+3002, ideographic dot', U&'a@b\3002c'),
	('U+0430, Cyrillic a', U&'\0430lice@example.com'),
	('U+00A0 before', U&'\00a0a@b.c'),
	('U+00A0 after', U&'a@b.c\00a0'),
	('U+2003 after', U&'a@b.c\2003'),
	('U+200B inside', U&'a\200b@b.c'),
	('U+202E inside', U&'a\202e@b.c'),
	('U+2028 inside', U&'a@b.c\2028'),
	('U+0085 after', U&'a@b.c\0085'),
	('U+FEFF before', U&'\feffa@b.c'),
	('U+0301 after a', U&'a\0301@b.c'),
	('U+1F600', U&'\+01F600@b.c')) AS v (escaped, given);

--
-- Limits are counted in bytes, before anything else
--
SELECT case_, octet_length(given) AS bytes, regress_outcome(format('SELECT fastauth.create_user(%L)', given)) AS outcome FROM (VALUES
	('local part of 64', repeat('l', 64) || '@b.c'),
	('local part of 65', repeat('l', 65) || '@b.c'),
	('label of 63', 'a@' || repeat('d', 63) || '.c'),
	('label of 64', 'a@' || repeat('d', 64) || '.c'),
	('last label of 64', 'a@b.' || repeat('d', 64)),
	('254 in all', repeat('m', 64) || '@' || repeat('d', 63) || '.' || repeat('d', 63) || '.' || repeat('d', 61)),
	('255 in all', repeat('m', 64) || '@' || repeat('d', 63) || '.' || repeat('d', 63) || '.' || repeat('d', 62)),
	('a blank more than 254', ' ' || repeat('n', 64) || '@' || repeat('d', 63) || '.' || repeat('d', 63) || '.' || repeat('d', 61)),
	('1 MB of blanks', repeat(' ', 1048576) || 'o@b.c'),
	('1 MB', repeat('a', 1048576) || '@b.c')) AS v (case_, given);
SELECT case_, regress_outcome(format('SELECT fastauth.create_user(%L, name => %L)', row_number() OVER () || '.name@example.com', given)) AS outcome FROM (VALUES
	('256 bytes', repeat('n', 256)),
	('257 bytes', repeat('n', 257)),
	('128 characters of 2 bytes', repeat(U&'\00e4', 128)),
	('129 characters of 2 bytes', repeat(U&'\00e4', 129)),
	('empty', ''),
	('1 MB', repeat('n', 1048576))) AS v (case_, given);
SELECT case_, regress_outcome(format('SELECT fastauth.create_user(%L, image => %L)', row_number() OVER () || '.image@example.com', given)) AS outcome FROM (VALUES
	('2048 bytes', repeat('i', 2048)),
	('2049 bytes', repeat('i', 2049)),
	('line break', E'https://example.com/\r\nX'),
	('bidi control', U&'https://example.com/\202e')) AS v (case_, given);

-- Documents: 64 KiB as stored, 32 levels, 1,000 keys
CREATE FUNCTION pg_temp.nested(levels int) RETURNS jsonb LANGUAGE sql AS
	$$SELECT (repeat('{"a":', levels) || '1' || repeat('}', levels))::jsonb$$;
CREATE FUNCTION pg_temp.keys(n int) RETURNS jsonb LANGUAGE sql AS
	$$SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, n) i$$;
CREATE FUNCTION pg_temp.sized(bytes int) RETURNS jsonb LANGUAGE sql AS
	$$SELECT jsonb_build_object('a', repeat('x', bytes))$$;
SELECT document, column_, regress_outcome(format('SELECT fastauth.create_user(%L, %I => %L)', 'document.' || row_number() OVER () || '@example.com', column_, given)) AS outcome
	FROM (VALUES
		(1, '32 levels', pg_temp.nested(32)),
		(2, '33 levels', pg_temp.nested(33)),
		(3, '32 levels of arrays', ('{"a":' || repeat('[', 31) || repeat(']', 31) || '}')::jsonb),
		(4, '33 levels of arrays', ('{"a":' || repeat('[', 32) || repeat(']', 32) || '}')::jsonb),
		(5, '5000 levels', pg_temp.nested(5000)),
		(6, '1000 keys', pg_temp.keys(1000)),
		(7, '1001 keys', pg_temp.keys(1001)),
		(8, '1001 keys below each other', jsonb_build_object('a', pg_temp.keys(500), 'b', pg_temp.keys(499))),
		(9, '64 KiB', pg_temp.sized(65536 - pg_column_size(pg_temp.sized(1000)) + 4 + 1000)),
		(10, '64 KiB and 1', pg_temp.sized(65536 - pg_column_size(pg_temp.sized(1000)) + 4 + 1001)),
		(11, '10 MB', pg_temp.sized(10485760)),
		(12, 'a number of 70000 digits', '{"a": 1e70000}'::jsonb),
		(13, 'array', '[]'), (14, 'string', '"{}"'), (15, 'number', '1'), (16, 'true', 'true'), (17, 'null', 'null')) AS v (n, document, given),
		unnest(ARRAY['metadata', 'app_metadata']) AS column_
	ORDER BY n, column_ DESC;

--
-- A name can be shown in a page and in a mail (S61)
--
SELECT escaped, regress_outcome(format('SELECT fastauth.create_user(%L, name => %L)', 'shown.' || row_number() OVER () || '@example.com', given)) AS outcome FROM (VALUES
	('letters with accents', U&'Zo\00eb Fran\00e7ois'),
	('Han', U&'\674e\5c0f\9f99'),
	('Arabic', U&'\0639\0645\0631'),
	('Persian with ZWNJ', U&'\0645\06cc\200c\062e\0648\0627\0647\0645'),
	('emoji with ZWJ', U&'\+01F468\200d\+01F469'),
	('apostrophe, comma, &', 'Miles O''Brien, Jr. & Sons'),
	('line feed', E'a\nb'), ('carriage return', E'a\rb'), ('tab', E'a\tb'), ('U+0001', E'a\x01b'), ('U+001B', E'a\x1b[31mb'), ('U+007F', E'a\x7fb'),
	('U+0080', U&'a\0080b'), ('U+0085', U&'a\0085b'), ('U+009F', U&'a\009fb'),
	('U+061C', U&'a\061cb'), ('U+200B', U&'a\200bb'), ('U+200E', U&'a\200eb'), ('U+200F', U&'a\200fb'),
	('U+2028', U&'a\2028b'), ('U+2029', U&'a\2029b'),
	('U+202A', U&'a\202ab'), ('U+202B', U&'a\202bb'), ('U+202C', U&'a\202cb'), ('U+202D', U&'a\202db'), ('U+202E', U&'a\202eb'),
	('U+2060', U&'a\2060b'), ('U+2066', U&'a\2066b'), ('U+2067', U&'a\2067b'), ('U+2068', U&'a\2068b'), ('U+2069', U&'a\2069b'),
	('U+FEFF', U&'a\feffb'), ('U+FFF9', U&'a\fff9b'), ('U+E0041', U&'a\+0E0041b'),
	('<', 'a<b'), ('>', 'a>b'), ('tag', '<b>a</b>'), ('://', 'click http://evil.example'), ('any scheme', 'x://y'),
	('www.', 'www.evil.example'), ('WWW.', 'see WwW.evil.example')) AS v (escaped, given);

--
-- Passwords and hashes
--
SELECT regress_outcome($$SELECT fastauth.create_user('weak@example.com', 'short')$$);
SELECT regress_outcome($$SELECT fastauth.create_user('weak@example.com', '')$$);
SELECT regress_outcome($$SELECT fastauth.create_user('weak@example.com', 'password')$$);
SELECT regress_outcome($$SELECT fastauth.create_user('both@example.com', 'correct horse battery', '$2b$04$......................6LZmLpMBxgsWcqpx8/8VsfGvqYbCqK2')$$);
SELECT hash, regress_outcome(format('SELECT fastauth.create_user(%L, hashed_password => %L)', 'hash@example.com', hash)) FROM (VALUES
	(''), ('correct horse battery'), ('$1$abc$def'), ('$argon2id$'), ('5f4dcc3b5aa765d61d8327deb882cf99'), ('{SSHA}abc')) AS v (hash);
-- none of the refused ones was made
SELECT fastauth.get_user_by_email('weak@example.com') IS NULL AND fastauth.get_user_by_email('both@example.com') IS NULL
	AND fastauth.get_user_by_email('hash@example.com') IS NULL AS none_made;

-- NULL where a value is needed
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	'SELECT fastauth.create_user(NULL)',
	$$SELECT fastauth.create_user('null@example.com', email_verified => NULL)$$,
	$$SELECT fastauth.create_user('null@example.com', is_active => NULL)$$,
	'SELECT fastauth.get_user(NULL)',
	'SELECT fastauth.get_user_by_email(NULL)',
	$$SELECT fastauth.update_user(NULL, '{}')$$,
	$$SELECT fastauth.update_user('11111111-2222-7333-8444-555555555555', NULL)$$,
	'SELECT fastauth.delete_user(NULL)',
	$$SELECT fastauth.delete_user('11111111-2222-7333-8444-555555555555', NULL)$$,
	'SELECT fastauth.get_hashed_password(NULL)',
	'SELECT fastauth.set_hashed_password(NULL, NULL)',
	'SELECT fastauth.set_user_dbrole(NULL, NULL)']) AS statement;

--
-- get_user, get_user_by_email
--
SELECT email FROM fastauth.get_user(:'alice');
SELECT id = :'alice' AS found FROM fastauth.get_user_by_email('  ALICE@example.COM ');
SELECT id = :'bob' AS inactive_ones_too, is_active FROM fastauth.get_user_by_email('bob@example.com');
SELECT fastauth.get_user('00000000-0000-0000-0000-000000000000') IS NULL AS nobody;
SELECT fastauth.get_user_by_email('nobody@example.com') IS NULL AS nobody;
SELECT fastauth.get_user_by_email('no address') IS NULL AS nobody;
SELECT fastauth.get_user_by_email('') IS NULL AS nobody;

--
-- update_user: every key, and nothing else
--
SELECT email, name, image, email_verified, is_active, metadata, app_metadata, updated_at > created_at AS touched
	FROM fastauth.update_user(:'alice', '{"email": " ALICE2@example.com", "name": "Alice", "image": "https://example.com/a.png",
		"email_verified": true, "is_active": false, "metadata": {"a": 1}, "app_metadata": {"b": {"c": [2]}}}');
SELECT email, name, image, email_verified, is_active, metadata, app_metadata FROM fastauth.get_user(:'alice');
SELECT name, image FROM fastauth.update_user(:'alice', '{"name": null, "image": null}');
SELECT email, is_active, metadata FROM fastauth.update_user(:'alice', '{"is_active": true}');
-- a document is replaced, not merged
SELECT metadata, app_metadata FROM fastauth.update_user(:'alice', '{"metadata": {"z": 26}}');
-- no key changes nothing
SELECT email, email_verified, metadata, app_metadata FROM fastauth.update_user(:'alice', '{}');
-- a new address is not verified, unless the change says so; the old one in other letters is not new
SELECT email, email_verified FROM fastauth.update_user(:'alice', '{"email": "Alice2@Example.com"}');
SELECT email, email_verified FROM fastauth.update_user(:'alice', '{"email": "alice@example.com"}');
SELECT email, email_verified FROM fastauth.update_user(:'alice', '{"email": "alice3@example.com", "email_verified": true}');
SELECT email, email_verified FROM fastauth.update_user(:'alice', '{"email": "alice@example.com", "email_verified": true}');

SELECT changes, regress_outcome(format('SELECT fastauth.update_user(%L, %L)', :'alice', changes)) AS outcome FROM unnest(ARRAY[
	'[]', '"email"', '1', 'null', '[{"name": "x"}]',
	'{"email": null}', '{"email": 1}', '{"email": {}}', '{"email": []}', '{"email": true}', '{"email": ""}', '{"email": "no address"}',
	'{"email": "bob@example.com"}', '{"email": " BOB@EXAMPLE.com"}',
	'{"name": 1}', '{"name": true}', '{"name": {}}', '{"name": ["a"]}', '{"name": "<script>"}', '{"name": "a\nb"}', '{"name": "www.evil.example"}',
	'{"image": 1}', '{"image": false}', '{"image": {}}', '{"image": "a\nb"}',
	'{"email_verified": null}', '{"email_verified": "true"}', '{"email_verified": 1}', '{"email_verified": [true]}',
	'{"is_active": null}', '{"is_active": "false"}', '{"is_active": 0}', '{"is_active": {}}',
	'{"metadata": null}', '{"metadata": []}', '{"metadata": "{}"}', '{"metadata": 1}',
	'{"app_metadata": null}', '{"app_metadata": []}', '{"app_metadata": true}',
	'{"id": "00000000-0000-0000-0000-000000000000"}', '{"hashed_password": "x"}', '{"password": "correct horse battery"}', '{"dbrole": "postgres"}',
	'{"created_at": "2000-01-01"}', '{"updated_at": "2000-01-01"}', '{"deleted_at": null}', '{"": 1}', '{"Name": "x"}', '{"name ": "x"}',
	'{"name": "kept?", "unknown": 1}', '{"email\u0020": "x@y.z"}']) AS changes;
SELECT case_, regress_outcome(format('SELECT fastauth.update_user(%L, %L)', :'alice', changes)) AS outcome FROM (VALUES
	('name of 256', jsonb_build_object('name', repeat('n', 256))),
	('name of 257', jsonb_build_object('name', repeat('n', 257))),
	('image of 2048', jsonb_build_object('image', repeat('i', 2048))),
	('image of 2049', jsonb_build_object('image', repeat('i', 2049))),
	('email of 255', jsonb_build_object('email', repeat('a', 250) || '@b.cd')),
	('metadata of 64 KiB', jsonb_build_object('metadata', pg_temp.sized(65000))),
	('metadata beyond', jsonb_build_object('metadata', pg_temp.sized(65536))),
	('app_metadata beyond', jsonb_build_object('app_metadata', pg_temp.sized(65536))),
	('both documents', jsonb_build_object('metadata', pg_temp.sized(65000), 'app_metadata', pg_temp.sized(65000))),
	('1001 keys', jsonb_build_object('metadata', pg_temp.keys(1001))),
	('40 levels', jsonb_build_object('metadata', pg_temp.nested(40)))) AS v (case_, changes);
SELECT fastauth.update_user('00000000-0000-0000-0000-000000000000', '{"name": "x"}');
-- a refused change leaves everything as it was
SELECT name IS DISTINCT FROM 'kept?' AS unchanged, email FROM fastauth.get_user(:'alice');

--
-- Passwords of other systems
--
SELECT fastauth.get_hashed_password(:'bob') LIKE '$argon2id$v=19$m=%' AS argon2id;
SELECT fastauth.get_hashed_password(:'alice') IS NULL AS none;
SELECT fastauth.get_hashed_password('00000000-0000-0000-0000-000000000000') IS NULL AS nobody;
SELECT fastauth.get_hashed_password(:'bob') AS hash \gset
SELECT fastauth.set_hashed_password(:'alice', :'hash');
SELECT fastauth.get_hashed_password(:'alice') = :'hash' AS stored;
SELECT regress_outcome(format('SELECT fastauth.set_hashed_password(%L, %L)', :'alice', hash)) FROM (VALUES ('plain text'), (''), ('$2b$99$abc')) AS v (hash);
SELECT fastauth.set_hashed_password('00000000-0000-0000-0000-000000000000', NULL);
SELECT fastauth.get_hashed_password(:'alice') = :'hash' AS still_stored;
SELECT fastauth.set_user_dbrole('00000000-0000-0000-0000-000000000000', NULL);
SELECT fastauth.set_hashed_password(:'alice', NULL);
SELECT fastauth.get_hashed_password(:'alice') IS NULL AS none;

--
-- Soft delete: the row stays, the address is free, nothing of it signs in
--
SELECT fastauth.set_hashed_password(:'alice', :'hash');
SELECT id AS session FROM fastauth.create_session(:'alice') \gset
SELECT fastauth.delete_user(:'alice');
SELECT email, is_active FROM fastauth.get_user(:'alice');
SELECT fastauth.get_user_by_email('alice@example.com') IS NULL AS address_is_free;
SELECT fastauth.get_session(:'session') IS NULL AS session_ended;
SELECT fastauth.get_hashed_password(:'alice') IS NULL AS no_password_left;
SELECT fastauth.signin('alice@example.com', 'correct horse battery');
SELECT fastauth.create_session(:'alice');
SELECT fastauth.issue_jwt(:'alice');
-- no change brings it back: the address may be another's by now
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT fastauth.issue_jwt(:'alice');
-- again is fine, changes nothing and is no second event; a hard delete may follow
RESET ROLE;
SELECT deleted_at, updated_at FROM fastauth.users WHERE id = :'alice' \gset
SET ROLE regress_server;
SELECT fastauth.delete_user(:'alice', soft => true);
RESET ROLE;
SELECT event, data, count(*) FROM fastauth.events WHERE user_id = :'alice' AND event = 'user_deleted' GROUP BY 1, 2;
SELECT deleted_at = :'deleted_at' AND updated_at = :'updated_at' AS as_it_was FROM fastauth.users WHERE id = :'alice';
SET ROLE regress_server;
SELECT id AS alice2, email FROM fastauth.create_user('Alice@example.com') \gset
SELECT :'alice' <> :'alice2' AS another_user;
SELECT id = :'alice2' AS found FROM fastauth.get_user_by_email('alice@example.com');
-- two deleted ones may have had the same address
SELECT fastauth.delete_user(:'alice2');
SELECT count(*) AS rows_that_stay FROM unnest(ARRAY[:'alice', :'alice2']::uuid[]) AS u, fastauth.get_user(u) AS g WHERE g.email = 'alice@example.com';
SELECT fastauth.delete_user('00000000-0000-0000-0000-000000000000');
SELECT fastauth.delete_user('00000000-0000-0000-0000-000000000000', soft => false);

--
-- Hard delete: nothing of theirs is left, in any table
--
SELECT id AS dave FROM fastauth.create_user('dave@example.com', 'correct horse battery', name => 'davename', metadata => '{"k": "davedata"}') \gset
SELECT access_token AS access, refresh_token AS refresh FROM fastauth.signin('dave@example.com', 'correct horse battery') \gset
SELECT refresh_token AS refresh FROM fastauth.refresh(:'refresh') \gset
SELECT fastauth.set_client('192.0.2.44', 'dave-agent');
SELECT id AS session FROM fastauth.create_session(:'dave', ip_address => '192.0.2.44', user_agent => 'dave-agent') \gset
SELECT fastauth.delete_session(:'session');
SELECT array_agg(id) AS sessions FROM fastauth.list_user_sessions(:'dave') \gset
SELECT fastauth.delete_user_sessions(:'dave');
SELECT fastauth.delete_user(:'dave', soft => false);
SELECT fastauth.get_user(:'dave') IS NULL AS gone;
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'access')), regress_outcome(format('SELECT fastauth.refresh(%L)', :'refresh'));
RESET ROLE;
CREATE FUNCTION pg_temp.traces(VARIADIC needles text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t regclass;
	n bigint;
	needle text;
BEGIN
	FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'fastauth'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
		FOREACH needle IN ARRAY needles LOOP
			EXECUTE format('SELECT count(*) FROM %s x WHERE strpos(x::text, %L) > 0', t, needle) INTO n;
			IF n > 0 THEN
				RETURN NEXT t::text;
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT * FROM pg_temp.traces(:'dave', :'session', 'dave@example.com', 'davename', 'davedata', 'dave-agent', '192.0.2.44');
SELECT count(*) AS revocations FROM fastauth.session_revocations WHERE session_id = ANY (:'sessions');
-- a soft-deleted user's hard delete
SELECT fastauth.delete_user(:'alice', soft => false);
SELECT * FROM pg_temp.traces(:'alice');

--
-- Deactivation ends the sessions
--
SET ROLE regress_server;
SELECT id AS erin FROM fastauth.create_user('erin@example.com', 'correct horse battery') \gset
SELECT access_token AS access, refresh_token AS refresh FROM fastauth.signin('erin@example.com', 'correct horse battery') \gset
SELECT is_active FROM fastauth.update_user(:'erin', '{"is_active": false}');
SELECT count(*) AS sessions FROM fastauth.list_user_sessions(:'erin');
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'access')), regress_outcome(format('SELECT fastauth.refresh(%L)', :'refresh'));
SELECT is_active FROM fastauth.update_user(:'erin', '{"is_active": true}');
-- they do not come back
SELECT regress_outcome(format('SELECT fastauth.verify_token(%L)', :'access')), regress_outcome(format('SELECT fastauth.refresh(%L)', :'refresh'));

--
-- What is another group's, and what writes
--
SET ROLE regress_authenticated;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.create_user('x@example.com')$$,
	$$SELECT fastauth.get_user('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.get_user_by_email('bob@example.com')$$,
	$$SELECT fastauth.update_user('11111111-2222-7333-8444-555555555555', '{}')$$,
	$$SELECT fastauth.delete_user('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.get_hashed_password('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.set_hashed_password('11111111-2222-7333-8444-555555555555', NULL)$$,
	$$SELECT * FROM fastauth.users$$]) AS statement;
SET ROLE regress_server;
BEGIN READ ONLY;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	$$SELECT fastauth.create_user(NULL)$$,
	$$SELECT fastauth.update_user(NULL, NULL)$$,
	$$SELECT fastauth.delete_user(NULL)$$,
	$$SELECT fastauth.set_hashed_password(NULL, NULL)$$,
	$$SELECT fastauth.get_user('11111111-2222-7333-8444-555555555555')$$,
	$$SELECT fastauth.get_user_by_email('bob@example.com')$$,
	$$SELECT fastauth.get_hashed_password('11111111-2222-7333-8444-555555555555')$$]) AS statement;
COMMIT;

--
-- In every isolation level: a transaction sees its own changes
--
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT id AS frank FROM fastauth.create_user('frank@example.com') \gset
SELECT name FROM fastauth.update_user(:'frank', '{"name": "Frank"}');
SELECT regress_outcome($$SELECT fastauth.create_user('FRANK@example.com')$$);
SELECT fastauth.delete_user(:'frank', soft => false);
SELECT fastauth.get_user(:'frank') IS NULL AS gone;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) > 0 AS snapshot_taken FROM pg_class;
SELECT id AS frank FROM fastauth.create_user('frank@example.com') \gset
SELECT name FROM fastauth.update_user(:'frank', '{"name": "Frank"}');
SELECT regress_outcome($$SELECT fastauth.create_user('FRANK@example.com')$$);
ROLLBACK;
SELECT fastauth.get_user_by_email('frank@example.com') IS NULL AS rolled_back;
RESET ROLE;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
