-- TokenAdapter: create_token, get_token, consume_token, delete_token, delete_user_tokens (DESIGN 5.3): one-time tokens of
-- the application, told once, kept as a hash, good for one type, one use and a while; what is refused; and that they are
-- apart from fastauth's own links and codes.
\set SHOW_CONTEXT never
CREATE TABLE regress_onetime (name text PRIMARY KEY, value text);
GRANT ALL ON regress_onetime TO regress_server;
CREATE FUNCTION regress_ot(name text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT o.value FROM regress_onetime o WHERE o.name = regress_ot.name $$;
INSERT INTO regress_onetime SELECT 'user', id FROM fastauth.create_user('onetime@example.com', 'correct horse battery');
INSERT INTO regress_onetime SELECT 'other', id FROM fastauth.create_user('onetime.other@example.com', 'correct horse battery');
SET ROLE regress_server;
INSERT INTO regress_onetime VALUES ('t', fastauth.create_token(regress_ot('user')::uuid, 'invitation', '1 h', '{"team": 7}'));
SELECT regress_ot('t') ~ '^fa_ot_[A-Za-z0-9_-]{43}$' AS form;
-- looking does not use it up
SELECT user_id = regress_ot('user')::uuid AS users, token_type, raw_data, expires_at - created_at AS ttl FROM fastauth.get_token(regress_ot('t'), 'invitation');
SELECT user_id = regress_ot('user')::uuid AS users, token_type, raw_data, expires_at - created_at AS ttl FROM fastauth.consume_token(regress_ot('t'), 'invitation');
SELECT fastauth.get_token(regress_ot('t'), 'invitation') IS NULL AS gone, fastauth.consume_token(regress_ot('t'), 'invitation') IS NULL AS once;
-- raw_data may be absent, and is any JSON
SELECT raw_data IS NULL AS absent FROM fastauth.consume_token(fastauth.create_token(regress_ot('user')::uuid, 'a', '1 s'), 'a');
SELECT j, (fastauth.consume_token(fastauth.create_token(regress_ot('user')::uuid, 'a', '365 d', j), 'a')).raw_data FROM unnest(ARRAY['null', '[]', '"text"', '1', '{"a": {"b": [null]}}']::jsonb[]) AS j;
-- another type is another token, and does not use it up
INSERT INTO regress_onetime VALUES ('u', fastauth.create_token(regress_ot('user')::uuid, 'api:v1.key_a-b', '1 h'));
SELECT fastauth.get_token(regress_ot('u'), type) IS NULL AS got, fastauth.consume_token(regress_ot('u'), type) IS NULL AS consumed FROM unnest(ARRAY['invitation', 'api:v1.key_a', 'api:v1.key_a-bb']) AS type;
SELECT (fastauth.consume_token(regress_ot('u'), 'api:v1.key_a-b')).token_type;
-- any number of one type live side by side
INSERT INTO regress_onetime SELECT 'n' || n, fastauth.create_token(regress_ot('user')::uuid, 'many', '1 h', to_jsonb(n)) FROM generate_series(1, 9) AS n;
SELECT array_agg((fastauth.get_token(value, 'many')).raw_data ORDER BY name) FROM regress_onetime WHERE name ~ '^n\d';
-- and the use of one leaves the others
SELECT (fastauth.consume_token(regress_ot('n5'), 'many')).raw_data;
SELECT count(fastauth.get_token(value, 'many')) FROM regress_onetime WHERE name ~ '^n\d';

--
-- What is not a token is nothing: no error tells what is wrong with it
--
SELECT what, fastauth.get_token(token, 'many') IS NULL AS got, fastauth.consume_token(token, 'many') IS NULL AS consumed FROM (VALUES
	('empty', ''), ('text', 'token'), ('prefix', 'fa_ot_'), ('unknown', 'fa_ot_' || repeat('A', 43)),
	('other prefix', overlay(regress_ot('n1') PLACING 'fa_rt_' FROM 1)), ('upper case', upper(regress_ot('n1'))),
	('cut', left(regress_ot('n1'), -1)), ('longer', regress_ot('n1') || 'A'), ('blank before', ' ' || regress_ot('n1')), ('newline behind', regress_ot('n1') || E'\n'),
	('long', repeat('x', 16384))) AS t (what, token);
SELECT what, regress_outcome(format('SELECT fastauth.delete_token(%L)', token)) FROM (VALUES ('empty', ''), ('unknown', 'fa_ot_' || repeat('A', 43)), ('long', repeat('x', 16384))) AS t (what, token);
SELECT count(fastauth.get_token(value, 'many')) FROM regress_onetime WHERE name ~ '^n\d';

--
-- Deleting
--
SELECT fastauth.delete_token(regress_ot('n1'));
SELECT fastauth.delete_token(regress_ot('n1'));
SELECT fastauth.get_token(regress_ot('n1'), 'many') IS NULL AS gone, fastauth.get_token(regress_ot('n2'), 'many') IS NOT NULL AS there;
INSERT INTO regress_onetime VALUES ('o', fastauth.create_token(regress_ot('other')::uuid, 'many', '1 h')), ('x', fastauth.create_token(regress_ot('user')::uuid, 'extra', '1 h'));
SELECT fastauth.delete_user_tokens(regress_ot('user')::uuid, 'none'), fastauth.delete_user_tokens(regress_ot('user')::uuid, 'many'), fastauth.delete_user_tokens(regress_ot('user')::uuid, 'many');
SELECT (fastauth.get_token(regress_ot('o'), 'many')).token_type AS others, (fastauth.get_token(regress_ot('x'), 'extra')).token_type AS other_type;
SELECT fastauth.delete_user_tokens(regress_ot('user')::uuid), fastauth.delete_user_tokens(regress_ot('user')::uuid), fastauth.delete_user_tokens('00000000-0000-7000-8000-000000000000');
SELECT (fastauth.get_token(regress_ot('o'), 'many')).token_type AS others;

--
-- What is refused
--
SELECT regress_outcome(replace(statement, 'USER', quote_literal(regress_ot('user')))), statement FROM unnest(ARRAY[
	$$SELECT fastauth.create_token(NULL, 'a', '1 h')$$, $$SELECT fastauth.create_token('00000000-0000-7000-8000-000000000000', 'a', '1 h')$$,
	$$SELECT fastauth.create_token(USER, NULL, '1 h')$$, $$SELECT fastauth.create_token(USER, '', '1 h')$$,
	$$SELECT fastauth.create_token(USER, repeat('a', 64), '1 h')$$, $$SELECT fastauth.create_token(USER, repeat('a', 65), '1 h')$$,
	$$SELECT fastauth.create_token(USER, 'A', '1 h')$$, $$SELECT fastauth.create_token(USER, 'a b', '1 h')$$, $$SELECT fastauth.create_token(USER, 'ä', '1 h')$$,
	$$SELECT fastauth.create_token(USER, E'a\n', '1 h')$$, $$SELECT fastauth.create_token(USER, 'a/b', '1 h')$$,
	$$SELECT fastauth.create_token(USER, 'verification', '1 h')$$, $$SELECT fastauth.create_token(USER, 'password_reset', '1 h')$$,
	$$SELECT fastauth.create_token(USER, 'email_change', '1 h')$$, $$SELECT fastauth.create_token(USER, 'magic_link', '1 h')$$, $$SELECT fastauth.create_token(USER, 'otp', '1 h')$$,
	$$SELECT fastauth.create_token(USER, 'a', NULL)$$, $$SELECT fastauth.create_token(USER, 'a', '0.999999 s')$$, $$SELECT fastauth.create_token(USER, 'a', '-1 h')$$,
	$$SELECT fastauth.create_token(USER, 'a', '365 d 1 us')$$, $$SELECT fastauth.create_token(USER, 'a', '1 month')$$,
	$$SELECT fastauth.create_token(USER, 'a', '1 h', to_jsonb(repeat('x', 65536)))$$,
	$$SELECT fastauth.create_token(USER, 'a', '1 h', (repeat('[', 33) || repeat(']', 33))::jsonb)$$,
	$$SELECT fastauth.get_token(NULL, 'a')$$, $$SELECT fastauth.get_token('x', NULL)$$, $$SELECT fastauth.get_token('x', '')$$, $$SELECT fastauth.get_token('x', 'otp')$$, $$SELECT fastauth.get_token(repeat('x', 16385), 'a')$$,
	$$SELECT fastauth.consume_token(NULL, 'a')$$, $$SELECT fastauth.consume_token('x', NULL)$$, $$SELECT fastauth.consume_token('x', 'A')$$, $$SELECT fastauth.consume_token('x', 'magic_link')$$, $$SELECT fastauth.consume_token(repeat('x', 16385), 'a')$$,
	$$SELECT fastauth.delete_token(NULL)$$, $$SELECT fastauth.delete_token(repeat('x', 16385))$$,
	$$SELECT fastauth.delete_user_tokens(NULL)$$, $$SELECT fastauth.delete_user_tokens(USER, '')$$, $$SELECT fastauth.delete_user_tokens(USER, 'A')$$, $$SELECT fastauth.delete_user_tokens(USER, 'password_reset')$$]) AS statement;
-- in a READ ONLY transaction before anything else (S51), but looking is allowed
BEGIN READ ONLY;
SELECT (fastauth.get_token(regress_ot('o'), 'many')).token_type;
SAVEPOINT s;
SELECT fastauth.create_token(NULL, NULL, NULL);
ROLLBACK TO s;
SELECT fastauth.consume_token(NULL, NULL);
ROLLBACK TO s;
SELECT fastauth.delete_token(NULL);
ROLLBACK TO s;
SELECT fastauth.delete_user_tokens(NULL);
ROLLBACK;
RESET ROLE;
SET ROLE regress_authenticated;
SELECT fastauth.consume_token('x', 'a');
RESET ROLE;

--
-- What is stored: hashes, and nothing that could be used
--
SELECT token_hash = sha256('many'::bytea || '\x00'::bytea || regress_ot('o')::bytea) AS bound_to_type, any_type_hash = sha256(regress_ot('o')::bytea) AS without_type,
	user_id = regress_ot('other')::uuid AS users, num_nulls(address_hash, sealed_address, client, challenge_hash, code_hash, raw_data)
	FROM fastauth.one_time_tokens WHERE token_type = 'many';
SELECT count(*) FROM fastauth.one_time_tokens t WHERE t::text LIKE '%' || regress_ot('o') || '%' OR t::text LIKE '%' || encode(regress_ot('o')::bytea, 'hex') || '%';

--
-- What is over
--
UPDATE fastauth.one_time_tokens SET expires_at = clock_timestamp() + '1 min' WHERE token_type = 'many';
SET ROLE regress_server;
SELECT (fastauth.get_token(regress_ot('o'), 'many')).token_type AS good;
RESET ROLE;
UPDATE fastauth.one_time_tokens SET expires_at = clock_timestamp() WHERE token_type = 'many';
SET ROLE regress_server;
SELECT fastauth.get_token(regress_ot('o'), 'many') IS NULL AS got, fastauth.consume_token(regress_ot('o'), 'many') IS NULL AS consumed;
-- the cleanup removes it, and nothing that is still good
UPDATE regress_onetime SET value = fastauth.create_token(regress_ot('user')::uuid, 'extra', '1 h') WHERE name = 'x';
SELECT fastauth.cleanup_expired() >= 1 AS cleaned;
RESET ROLE;
SELECT array_agg(DISTINCT token_type ORDER BY token_type) FROM fastauth.one_time_tokens WHERE user_id IN (regress_ot('user')::uuid, regress_ot('other')::uuid);

--
-- Deletion of the user ends them, soft or hard
--
SET ROLE regress_server;
UPDATE regress_onetime SET value = fastauth.create_token(regress_ot('other')::uuid, 'many', '1 h') WHERE name = 'o';
SELECT fastauth.delete_user(regress_ot('user')::uuid), fastauth.delete_user(regress_ot('other')::uuid, soft => false);
SELECT fastauth.get_token(regress_ot('x'), 'extra') IS NULL AS soft, fastauth.get_token(regress_ot('o'), 'many') IS NULL AS hard;
RESET ROLE;
SELECT count(*) FROM fastauth.one_time_tokens WHERE user_id IN (regress_ot('user')::uuid, regress_ot('other')::uuid);
-- what was rolled back was never made, and is not used up
INSERT INTO regress_onetime SELECT 'third', id FROM fastauth.create_user('onetime.third@example.com');
INSERT INTO regress_onetime VALUES ('kept', fastauth.create_token(regress_ot('third')::uuid, 'kept', '1 h'));
BEGIN;
SELECT (fastauth.consume_token(regress_ot('kept'), 'kept')).token_type;
ROLLBACK;
SELECT (fastauth.consume_token(regress_ot('kept'), 'kept')).token_type;
SELECT fastauth.delete_user(regress_ot('third')::uuid, soft => false);
DROP FUNCTION regress_ot(text);
DROP TABLE regress_onetime;
