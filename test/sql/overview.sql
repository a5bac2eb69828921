-- The administrator's views of users and sessions: what they show, who may look, and that no secret is in them.
\set SHOW_CONTEXT never
SELECT id AS ada FROM fastauth.create_user('overview.ada@example.com', 'correct horse battery', name => 'Ada', email_verified => true,
	metadata => '{"m": "users-secret-metadata"}', app_metadata => '{"m": "servers-secret-metadata"}') \gset
SELECT id AS bob FROM fastauth.create_user('overview.bob@example.com') \gset
SELECT id AS gone FROM fastauth.create_user('overview.gone@example.com', 'correct horse battery') \gset
SELECT fastauth.delete_user(:'gone');
SELECT is_active FROM fastauth.update_user(:'bob', '{"is_active": false}');
SELECT access_token AS jwt, refresh_token AS rt FROM fastauth.set_client('203.0.113.1', 'Overview/1.0'), fastauth.signin('overview.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS st FROM fastauth.configure('session_strategy', 'database'), fastauth.signin('overview.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS ended FROM fastauth.signin('overview.ada@example.com', 'correct horse battery') \gset
SELECT access_token AS over FROM fastauth.signin('overview.ada@example.com', 'correct horse battery') \gset
SELECT fastauth.configure('session_strategy', NULL);
SELECT id AS plain FROM fastauth.create_session(:'ada', '1 h', data => '{"d": "sessions-secret-data"}') \gset
BEGIN; SELECT fastauth.authenticate(:'ended') IS NOT NULL AS ok; SELECT fastauth.signout(); COMMIT;
UPDATE fastauth.sessions SET expires_at = clock_timestamp() WHERE session_token_hash = sha256(:'over');

SET ROLE regress_admin;
SELECT email, name, email_verified, is_active, has_password, dbrole, deleted_at IS NOT NULL AS deleted, created_at <= updated_at AS times, last_signin IS NOT NULL AS signed_in, live_sessions
	FROM fastauth.users_overview WHERE email LIKE 'overview.%' ORDER BY email COLLATE "C";
SELECT user_id = :'ada' AS ada, email, provider, strategy, revoked, expires_at > clock_timestamp() AS before_its_end, created_at <= last_used_at AS times, ip_address, user_agent
	FROM fastauth.sessions_overview WHERE email LIKE 'overview.%' ORDER BY id;
SELECT u.last_signin = max(s.created_at) AS last_signin FROM fastauth.users_overview u JOIN fastauth.sessions_overview s ON s.user_id = u.id WHERE u.email = 'overview.ada@example.com' GROUP BY u.last_signin;
-- the same sessions as elsewhere
SELECT count(*) AS live FROM fastauth.sessions_overview WHERE user_id = :'ada' AND NOT revoked AND expires_at > clock_timestamp();
SET ROLE regress_server;
SELECT count(*) AS live FROM fastauth.list_user_sessions(:'ada');
RESET ROLE;

--
-- No secret: neither a token nor a hash nor what is the user's or the application's, in any form, in any column
--
CREATE TABLE secret AS
	SELECT unnest(ARRAY[:'jwt', :'rt', :'st', :'ended', :'over']) AS what
	UNION ALL SELECT hashed_password FROM fastauth.users WHERE hashed_password IS NOT NULL
	UNION ALL SELECT unnest(ARRAY[encode(session_token_hash, 'hex'), encode(session_token_hash, 'base64'), encode(session_token_hash, 'escape')]) FROM fastauth.sessions WHERE session_token_hash IS NOT NULL
	UNION ALL SELECT unnest(ARRAY[encode(token_hash, 'hex'), encode(token_hash, 'base64'), encode(token_hash, 'escape')]) FROM fastauth.refresh_tokens
	UNION ALL SELECT unnest(ARRAY['users-secret-metadata', 'servers-secret-metadata', 'sessions-secret-data', 'argon2', 'fa_st_', 'fa_rt_', 'eyJ']);
CREATE TABLE seen AS
	SELECT to_jsonb(u)::text AS row FROM fastauth.users_overview u UNION ALL SELECT to_jsonb(s)::text FROM fastauth.sessions_overview s UNION ALL SELECT u::text FROM fastauth.users_overview u UNION ALL SELECT s::text FROM fastauth.sessions_overview s;
SELECT count(*) > 15 AS secrets, (SELECT count(*) > 10 FROM seen) AS rows FROM secret;
SELECT left(what, 6) AS secret, row FROM secret JOIN seen ON strpos(row, what) > 0;
-- the search can find something
SELECT count(*) > 0 AS control FROM seen WHERE strpos(row, 'overview.ada@example.com') > 0;
-- every column is one that we thought of
SELECT table_name, string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'fastauth' AND table_name IN ('users_overview', 'sessions_overview') GROUP BY 1 ORDER BY 1;

--
-- Who may look; nobody may write
--
SET ROLE regress_server;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY['SELECT * FROM fastauth.users_overview', 'SELECT * FROM fastauth.sessions_overview']) AS statement;
SET ROLE regress_admin;
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY[
	'SELECT count(*) FROM fastauth.users_overview', 'SELECT count(*) FROM fastauth.sessions_overview',
	'UPDATE fastauth.users_overview SET is_active = true', 'DELETE FROM fastauth.users_overview', 'UPDATE fastauth.users_overview SET email = ''x''',
	'DELETE FROM fastauth.sessions_overview', 'SELECT hashed_password FROM fastauth.users', 'SELECT session_token_hash FROM fastauth.sessions',
	'SET row_security = off; SELECT count(*) FROM fastauth.users_overview']) AS statement;
RESET row_security;
BEGIN READ ONLY;
SELECT count(*) > 0 AS readable FROM fastauth.users_overview;
COMMIT;
RESET ROLE;
DROP TABLE secret, seen;
DELETE FROM fastauth.users;
DELETE FROM fastauth.session_revocations;
