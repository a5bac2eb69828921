-- What the current identity does with its own account, as a signed-in stranger calls it.
\set superuser :USER
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('account.alice@example.com', 'correct horse battery', name => 'Alice', metadata => '{"theme": "dark"}', app_metadata => '{"plan": "free"}') \gset
SELECT id AS bob FROM fastauth.create_user('account.bob@example.com', 'correct horse battery') \gset
SELECT id AS nopass FROM fastauth.create_user('account.nopass@example.com') \gset
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2, refresh_token AS a2r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a3, refresh_token AS a3r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS b FROM fastauth.signin('account.bob@example.com', 'correct horse battery') \gset
SELECT fastauth.issue_jwt(:'alice') AS free \gset
RESET ROLE;
-- A call as the user of a token, in a transaction of its own making: how it ends
CREATE FUNCTION attempt(token text, expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	PERFORM fastauth.authenticate(token);
	EXECUTE 'SELECT ' || expression;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN coalesce(nullif(word, ''), SQLSTATE);
END $$;
CREATE FUNCTION sid(token text) RETURNS uuid LANGUAGE sql AS $$SELECT (fastauth.verify_token(token)->>'sid')::uuid$$;
-- whether the sessions of Alice live, from outside of them
CREATE FUNCTION alive(VARIADIC tokens text[]) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(CASE regress_outcome(format('SELECT fastauth.verify_token(%L)', token)) WHEN 'accepted' THEN 'lives' ELSE 'ended' END, ' ' ORDER BY n) FROM unnest(tokens) WITH ORDINALITY AS t (token, n)$$;
\c - regress_authenticated

--
-- Nobody is refused by each of them, before anything else is looked at
--
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY[
	'fastauth.me()', $$fastauth.update_me('x')$$, 'fastauth.update_me()', 'fastauth.signout()', $$fastauth.signout('others')$$, $$fastauth.signout('global')$$,
	'fastauth.list_sessions()', $$fastauth.revoke_session('00000000-0000-0000-0000-000000000000')$$,
	$$fastauth.change_password('correct horse battery', 'staple battery horse')$$, $$fastauth.set_first_password('staple battery horse')$$,
	$$fastauth.reauthenticate('correct horse battery')$$, 'fastauth.delete_me()', $$fastauth.delete_me('correct horse battery')$$,
	'fastauth.claims()', 'fastauth.session_id()']) AS expression;
-- NULL where a value is needed
SELECT expression, attempt(:'a1', expression) FROM unnest(ARRAY[
	'fastauth.signout(NULL)', 'fastauth.revoke_session(NULL)', $$fastauth.change_password(NULL, 'staple battery horse')$$,
	$$fastauth.change_password('correct horse battery', NULL)$$, 'fastauth.set_first_password(NULL)', 'fastauth.reauthenticate(NULL)']) AS expression;

--
-- me
--
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT id = :'alice' AS id, email, name, image, email_verified, is_active, metadata, app_metadata FROM fastauth.me();
COMMIT;
-- a token without session
SELECT attempt(:'free', 'fastauth.me()');

--
-- update_me: NULL keeps, '' clears; nothing but one's own profile
--
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT name, image, metadata FROM fastauth.update_me(image => 'https://example.com/a.png');
SELECT name, image, metadata FROM fastauth.update_me('Alice B.', NULL, '{"theme": "light"}');
SELECT name, image, metadata FROM fastauth.update_me();
SELECT name, image, metadata, app_metadata FROM fastauth.update_me(name => '');
SELECT name, image, metadata FROM fastauth.update_me('', '', '{}');
SELECT updated_at > created_at AS touched, email FROM fastauth.update_me('Alice');
COMMIT;
BEGIN;
SELECT fastauth.authenticate(:'b') IS NOT NULL AS ok;
SELECT name FROM fastauth.me();
COMMIT;
SELECT case_, attempt(:'a1', expression) FROM (VALUES
	('link in the name', $$fastauth.update_me('www.evil.example')$$),
	('markup in the name', $$fastauth.update_me('<b>')$$),
	('line break in the name', $$fastauth.update_me(E'a\nb')$$),
	('name of 257', $$fastauth.update_me(repeat('a', 257))$$),
	('image of 2049', $$fastauth.update_me(image => repeat('a', 2049))$$),
	('line break in the image', $$fastauth.update_me(image => E'a\nb')$$),
	('metadata is an array', $$fastauth.update_me(metadata => '[]')$$),
	('metadata is null', $$fastauth.update_me(metadata => 'null')$$),
	('metadata of 65 KiB', $$fastauth.update_me(metadata => jsonb_build_object('a', repeat('x', 65536)))$$),
	('metadata of 33 levels', $$fastauth.update_me(metadata => (repeat('{"a":', 33) || '1' || repeat('}', 33))::jsonb)$$),
	('metadata of 1001 keys', $$fastauth.update_me(metadata => (SELECT jsonb_object_agg(i, 1) FROM generate_series(1, 1001) i))$$),
	('by a token without session', $$fastauth.update_me('Alice')$$)) AS v (case_, expression);
SELECT attempt(:'free', $$fastauth.update_me('Alice')$$);

--
-- list_sessions, revoke_session
--
BEGIN;
SELECT fastauth.authenticate(:'a2') IS NOT NULL AS ok;
SELECT row_number() OVER () AS n, id = ANY (ARRAY[sid(:'a1'), sid(:'a2'), sid(:'a3')]) AS alices, created_at <= last_used_at AS used, expires_at - created_at AS lifetime,
	ip_address, user_agent, provider, current FROM fastauth.list_sessions();
COMMIT;
-- no session is current for a token without one
BEGIN;
SELECT fastauth.authenticate(:'free') IS NOT NULL AS ok;
SELECT count(*), bool_or(current) AS any_current FROM fastauth.list_sessions();
COMMIT;
-- another's session is not found, like one that never was
SELECT attempt(:'a1', format('fastauth.revoke_session(%L)', sid(:'b'))), attempt(:'a1', $$fastauth.revoke_session('00000000-0000-0000-0000-000000000000')$$);
SELECT alive(:'b');
SELECT attempt(:'a1', format('fastauth.revoke_session(%L)', sid(:'a3')));
SELECT alive(:'a1', :'a2', :'a3');
-- nor is one that has ended
SELECT attempt(:'a1', format('fastauth.revoke_session(%L)', convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb->>'sid')) FROM split_part(:'a3', '.', 2) AS p;
-- one's own: nobody is left
BEGIN;
SELECT fastauth.authenticate(:'a2') IS NOT NULL AS ok;
SELECT fastauth.revoke_session(fastauth.session_id());
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;
SELECT alive(:'a1', :'a2');

--
-- signout: local, others, global
--
\c - regress_server
SELECT access_token AS a2, refresh_token AS a2r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a3, refresh_token AS a3r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
\c - regress_authenticated
SELECT scope, attempt(:'a1', format('fastauth.signout(%L)', scope)) FROM unnest(ARRAY['', 'LOCAL', 'all', 'local ', 'other', repeat('x', 64), repeat('x', 65)]) AS scope WHERE length(scope) < 10
UNION ALL SELECT length(scope)::text, attempt(:'a1', format('fastauth.signout(%L)', scope)) FROM unnest(ARRAY[repeat('x', 64), repeat('x', 65), repeat('x', 1000000)]) AS scope;
-- a token without session ends by itself
SELECT scope, attempt(:'free', format('fastauth.signout(%L)', scope)) FROM unnest(ARRAY['local', 'others']) AS scope;
SELECT alive(:'a1', :'a2', :'a3');
BEGIN;
SELECT fastauth.authenticate(:'a3') IS NOT NULL AS ok;
SELECT fastauth.signout();
SELECT fastauth.uid() IS NULL AS nobody;
SELECT fastauth.signout();
ROLLBACK;
-- it was rolled back
SELECT alive(:'a3');
SELECT attempt(:'a3', 'fastauth.signout()');
SELECT alive(:'a1', :'a2', :'a3');
SELECT attempt(:'a3', 'fastauth.signout()');
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
SELECT alive(:'a1', :'a2', :'b');
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'a2r')) AS others_refresh, regress_outcome(format('SELECT fastauth.refresh(%L)', :'a1r')) AS own_refresh;
\c - regress_server
SELECT access_token AS a2, refresh_token AS a2r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
\c - regress_authenticated
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT fastauth.signout('global');
SELECT fastauth.uid() IS NULL AS nobody;
COMMIT;
SELECT alive(:'a1', :'a2', :'b');
-- global works with a token without session, too: it ends what can be ended
\c - regress_server
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
\c - regress_authenticated
SELECT attempt(:'free', $$fastauth.signout('global')$$);
SELECT alive(:'a1', :'free');

--
-- change_password ends the other sessions, not the own one
--
\c - regress_server
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
SELECT access_token AS a2, refresh_token AS a2r FROM fastauth.signin('account.alice@example.com', 'correct horse battery') \gset
\c - regress_authenticated
SELECT case_, attempt(:'a1', format('fastauth.change_password(%L, %L)', old, new)) FROM (VALUES
	('wrong', 'correct horse batterz', 'staple battery horse'),
	('empty', '', 'staple battery horse'),
	('another''s', 'staple battery horse', 'staple battery horse'),
	('huge', repeat('a', 1000000), 'staple battery horse'),
	('new one too short', 'correct horse battery', 'kX7#qz!'),
	('new one empty', 'correct horse battery', ''),
	('new one easy to guess', 'correct horse battery', 'password1'),
	('new one is the e-mail', 'correct horse battery', 'account.alice@example.com'),
	('new one too long', 'correct horse battery', repeat('kX7#qz!y', 17)),
	('new one huge', 'correct horse battery', repeat('a', 1000000)),
	('weak, and the old one wrong', 'wrong', 'password1')) AS v (case_, old, new);
SELECT alive(:'a1', :'a2');
SELECT attempt(:'a1', $$fastauth.change_password('correct horse battery', 'staple battery horse')$$);
SELECT alive(:'a1', :'a2', :'b');
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'a2r')) AS others_refresh, regress_outcome(format('SELECT fastauth.refresh(%L)', :'a1r')) AS own_refresh;
SELECT regress_outcome($$SELECT fastauth.signin('account.alice@example.com', 'correct horse battery')$$) AS old, regress_outcome($$SELECT fastauth.signin('account.alice@example.com', 'staple battery horse')$$) AS new;
-- a user without password has none to tell
\c - regress_server
SELECT fastauth.issue_jwt(:'nopass') AS nopass_free \gset
SELECT fastauth.get_hashed_password(:'alice') AS hash \gset
SELECT fastauth.set_hashed_password(:'nopass', :'hash');
SELECT access_token AS n, refresh_token AS nr FROM fastauth.signin('account.nopass@example.com', 'staple battery horse') \gset
SELECT access_token AS n2, refresh_token AS n2r FROM fastauth.signin('account.nopass@example.com', 'staple battery horse') \gset
SELECT fastauth.set_hashed_password(:'nopass', NULL);
\c - regress_authenticated
SELECT password, attempt(:'n', format('fastauth.change_password(%L, %L)', password, 'another long one 17')) FROM unnest(ARRAY['', 'staple battery horse']) AS password;

--
-- set_first_password: a recent sign-in, and no password yet
--
SELECT attempt(:'a1', $$fastauth.set_first_password('another long one 17')$$) AS has_one;
SELECT attempt(:'nopass_free', $$fastauth.set_first_password('another long one 17')$$) AS no_session;
SELECT attempt(:'n', $$fastauth.set_first_password('password')$$) AS weak;
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '10 min' WHERE user_id = :'nopass';
\c - regress_authenticated
SELECT attempt(:'n', $$fastauth.set_first_password('another long one 17')$$) AS long_ago;
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '9 min' WHERE user_id = :'nopass';
\c - regress_authenticated
SELECT attempt(:'n', $$fastauth.set_first_password('another long one 17')$$) AS recent;
SELECT alive(:'n', :'n2');
SELECT regress_outcome($$SELECT fastauth.signin('account.nopass@example.com', 'another long one 17')$$);
SELECT attempt(:'n', $$fastauth.set_first_password('yet another one 18')$$) AS again;

--
-- reauthenticate, reauth_window
--
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '1 day' WHERE user_id = :'alice';
\c - regress_server
SELECT access_token AS a2, refresh_token AS a2r FROM fastauth.signin('account.alice@example.com', 'staple battery horse') \gset
\c - regress_authenticated
SELECT expression, attempt(:'a1', expression) FROM unnest(ARRAY[$$fastauth.signout('others')$$, 'fastauth.delete_me()', format('fastauth.revoke_session(%L)', sid(:'a2'))]) AS expression WHERE expression !~ 'revoke'
UNION ALL SELECT 'revoke_session of another one', attempt(:'a1', format('fastauth.revoke_session(%L)', sid(:'a2')));
-- a wrong password does not help
SELECT password, attempt(:'a1', format('fastauth.reauthenticate(%L)', password)) FROM unnest(ARRAY['', 'wrong', 'correct horse battery']) AS password;
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
-- nor does a token without session
SELECT attempt(:'free', $$fastauth.reauthenticate('staple battery horse')$$), attempt(:'free', $$fastauth.signout('others')$$), attempt(:'free', 'fastauth.delete_me()'),
	attempt(:'free', format('fastauth.revoke_session(%L)', sid(:'a2')));
-- a refresh does not, either
SELECT refresh_token AS a1r, access_token AS a1 FROM fastauth.refresh(:'a1r') \gset
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
SELECT attempt(:'a1', $$fastauth.reauthenticate('staple battery horse')$$);
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
SELECT alive(:'a1', :'a2');
-- the next access token tells
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.refresh(:'a1r') \gset
SELECT (c->>'iat')::bigint - (c->>'auth_time')::bigint < 600 AS auth_time_is_new FROM fastauth.verify_token(:'a1') AS c;
-- the window is a setting
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '2 min' WHERE user_id = :'alice';
\c - regress_admin
SELECT fastauth.configure('reauth_window', '1 min');
\c - regress_authenticated
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
\c - regress_admin
SELECT fastauth.configure('reauth_window', '3 min');
\c - regress_authenticated
SELECT attempt(:'a1', $$fastauth.signout('others')$$);
\c - regress_admin
SELECT fastauth.configure('reauth_window', NULL);
-- one's own session needs no proof to end
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '1 day' WHERE user_id = :'alice';
\c - regress_authenticated
SELECT attempt(:'a1', format('fastauth.revoke_session(%L)', sid(:'a1')));
SELECT alive(:'a1');

--
-- delete_me: with the password, or soon after the sign-in
--
\c - regress_server
SELECT access_token AS a1, refresh_token AS a1r FROM fastauth.signin('account.alice@example.com', 'staple battery horse') \gset
\c - :superuser
UPDATE fastauth.sessions SET authenticated_at = clock_timestamp() - interval '1 day' WHERE user_id = :'alice';
\c - regress_authenticated
SELECT attempt(:'a1', 'fastauth.delete_me()'), attempt(:'a1', $$fastauth.delete_me('wrong')$$), attempt(:'a1', $$fastauth.delete_me('')$$);
BEGIN;
SELECT fastauth.authenticate(:'a1') IS NOT NULL AS ok;
SELECT fastauth.delete_me('staple battery horse');
SELECT fastauth.uid() IS NULL AS nobody;
SELECT regress_outcome('SELECT fastauth.me()');
ROLLBACK;
SELECT attempt(:'a1', 'fastauth.me()') AS rolled_back;
SELECT attempt(:'a1', $$fastauth.delete_me('staple battery horse')$$);
SELECT attempt(:'a1', 'fastauth.me()'), attempt(:'free', 'fastauth.me()');
SELECT regress_outcome(format('SELECT fastauth.refresh(%L)', :'a1r')), regress_outcome($$SELECT fastauth.signin('account.alice@example.com', 'staple battery horse')$$);
SELECT attempt(:'b', 'fastauth.delete_me()') AS soon_after_signin;
SELECT attempt(:'b', 'fastauth.me()');
\c - :superuser
SELECT count(*) FROM fastauth.users WHERE id IN (:'alice', :'bob');
SELECT count(*) FROM fastauth.sessions WHERE user_id IN (:'alice', :'bob');

--
-- Others may not call it at all, and a READ ONLY transaction changes nothing
--
SET ROLE regress_anon;
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY[
	'fastauth.me()', 'fastauth.update_me()', 'fastauth.signout()', 'fastauth.list_sessions()', 'fastauth.revoke_session(NULL)', 'fastauth.change_password(NULL, NULL)',
	'fastauth.set_first_password(NULL)', 'fastauth.reauthenticate(NULL)', 'fastauth.delete_me()', 'fastauth.claims()', 'fastauth.session_id()']) AS expression;
SET ROLE regress_authenticated;
BEGIN READ ONLY;
SELECT fastauth.authenticate(:'n') IS NOT NULL AS ok;
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY[
	'fastauth.me()', 'fastauth.list_sessions()', 'fastauth.claims()', 'fastauth.session_id()', 'fastauth.update_me()', 'fastauth.signout()', 'fastauth.revoke_session(NULL)',
	$$fastauth.change_password('another long one 17', 'x')$$, $$fastauth.change_password('wrong', 'x')$$,
	'fastauth.set_first_password(NULL)', $$fastauth.reauthenticate('wrong')$$, 'fastauth.delete_me()']) AS expression;
COMMIT;

--
-- In REPEATABLE READ and SERIALIZABLE the same is refused and done
--
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.authenticate(:'n') IS NOT NULL AS ok;
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY[
	$$fastauth.change_password('wrong', 'staple battery horse')$$, $$fastauth.change_password('another long one 17', 'staple battery horse')$$,
	$$fastauth.change_password('another long one 17', 'staple battery horse 2')$$, $$fastauth.reauthenticate('staple battery horse')$$, $$fastauth.signout('local')$$, 'fastauth.me()']) AS expression;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT fastauth.authenticate(:'n') IS NOT NULL AS ok;
SELECT expression, regress_outcome('SELECT ' || expression) FROM unnest(ARRAY[
	$$fastauth.change_password('wrong', 'staple battery horse')$$, $$fastauth.change_password('another long one 17', 'staple battery horse')$$,
	$$fastauth.delete_me('another long one 17')$$, $$fastauth.delete_me('staple battery horse')$$, 'fastauth.me()']) AS expression;
ROLLBACK;

RESET ROLE;
SELECT fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
DROP FUNCTION attempt(text, text), sid(text), alive(text[]);
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
