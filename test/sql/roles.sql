-- RoleAdapter: roles of the application, their permissions, what they include, who holds them; and the setting
-- default_role.
\set superuser :USER
\set SHOW_CONTEXT never
\pset null '(null)'
SET ROLE regress_admin;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1');
SET ROLE regress_server;
SELECT id AS alice FROM fastauth.create_user('roles.alice@example.com') \gset
SELECT id AS bob FROM fastauth.create_user('roles.bob@example.com') \gset

--
-- Making, reading, deleting
--
SELECT * FROM fastauth.list_roles();
SELECT * FROM fastauth.create_role('editor', ARRAY['posts:write', 'posts:read', 'posts:read']);
SELECT * FROM fastauth.create_role('empty');
SELECT * FROM fastauth.create_role(name => 'none', permissions => '{}');
SELECT * FROM fastauth.get_role('editor');
SELECT fastauth.get_role('Editor') IS NULL AS case_counts, fastauth.get_role('no such') IS NULL AS malformed, fastauth.get_role('') IS NULL AS empty;
SELECT fastauth.create_role('editor');
SELECT fastauth.create_role('editor', ARRAY['other']);
SELECT fastauth.delete_role('none');
SELECT fastauth.delete_role('none');
SELECT name, permissions FROM fastauth.list_roles();
-- any name of the charset is one, whatever it means to PostgreSQL
SELECT (fastauth.create_role(name)).name FROM unnest(ARRAY['pg_read_all_data', 'postgres', 'none', 'public', 'a', '-', '.', '9', 'A.b_c-9', repeat('x', 64)]) AS name;
SELECT fastauth.delete_role(name) FROM unnest(ARRAY['pg_read_all_data', 'postgres', 'none', 'public', 'a', '-', '.', '9', 'A.b_c-9', repeat('x', 64)]) AS name;
-- and what is none
SELECT replace(left(name, 20), E'\u202e', '<RLO>') AS name, regress_outcome(format('SELECT fastauth.create_role(%L)', name)) FROM unnest(ARRAY[NULL, '', ' ', 'a b', ' a', 'a ', 'a:b', '*', 'a*', 'a/b', 'é', E'a\nb', E'a\tb', '"a"', 'a''b', 'a;b', '{a}', 'a,b', E'\u202e', repeat('x', 65), repeat('x', 10000000)]) AS name;
SELECT fastauth.create_role('a b');
SELECT fastauth.create_role(repeat('x', 65));
SELECT name FROM fastauth.list_roles();

--
-- Permissions
--
SELECT fastauth.add_permissions('editor', ARRAY['posts:read', 'comments:*']);
SELECT fastauth.add_permissions('editor', '{}');
SELECT permissions FROM fastauth.get_role('editor');
SELECT fastauth.remove_permissions('editor', ARRAY['comments:*', 'never:had', 'posts:read', 'posts:read']);
SELECT permissions FROM fastauth.get_role('editor');
SELECT fastauth.add_permissions('nobody', ARRAY['a']);
SELECT fastauth.remove_permissions('nobody', ARRAY['a']);
-- what is a permission, and what is none; nothing of a list that is refused is kept
SELECT permission, regress_outcome(format('SELECT fastauth.add_permissions(''empty'', ARRAY[%L])', permission)) FROM unnest(ARRAY['a', 'posts:read', 'a:b:c:d', 'a.b-c_D:9', '*', 'posts:*', 'a:b:*']) AS permission;
SELECT replace(left(permission, 20), E'\u202e', '<RLO>') AS permission, regress_outcome(format('SELECT fastauth.add_permissions(''empty'', ARRAY[''good'', %L])', permission)) FROM unnest(ARRAY['', ' ', 'a b', ':', 'a:', ':a', 'a::b', '*:a', 'a:*:b', 'a*', 'a:b*', '**', 'a:**', '*:*', 'a/b', 'é', E'a\n', 'a''b', 'a;b', 'a,b', E'a\u202e', repeat('x', 129), NULL]) AS permission;
SELECT permissions FROM fastauth.get_role('empty');
SELECT fastauth.add_permissions('empty', ARRAY['a::b']);
SELECT case_, regress_outcome(format('SELECT fastauth.add_permissions(''empty'', %s)', arg)) FROM (VALUES
	('NULL', 'NULL'),
	('two dimensions', 'ARRAY[[''a'', ''b''], [''c'', ''d'']]'),
	('other bounds', '''[5:6]={low,high}''::text[]'),
	('1001 elements', '(SELECT array_agg(''p'' || i) FROM generate_series(1, 1001) i)'),
	('a million elements', '(SELECT array_agg(''p'' || i) FROM generate_series(1, 1000000) i)'),
	('a long one', 'ARRAY[repeat(''x'', 10000000)]'),
	('up to 1000', '(SELECT array_agg(lpad(i::text, 128, ''p'')) FROM generate_series(1, 991) i)'),
	('one more', 'ARRAY[''one.more'']')) AS v (case_, arg);
SELECT array_length(permissions, 1) FROM fastauth.get_role('empty');
SELECT fastauth.remove_permissions('empty', (SELECT array_agg(p) FROM unnest(permissions) p WHERE p <> 'posts:*')) FROM fastauth.get_role('empty');
SELECT array_length(permissions, 1) FROM fastauth.create_role('full', (SELECT array_agg(lpad(i::text, 128, 'p')) FROM generate_series(1, 1000) i));
SELECT fastauth.delete_role('full');
SELECT regress_outcome('SELECT fastauth.create_role(''many'', (SELECT array_agg(''p'' || i) FROM generate_series(1, 1001) i))'), fastauth.get_role('many') IS NULL AS not_made;

--
-- What a role includes
--
SELECT (fastauth.create_role('reader', ARRAY['posts:read'])).name, (fastauth.create_role('admin', ARRAY['users:delete'])).name;
SELECT fastauth.include_role('editor', 'reader'), fastauth.include_role('admin', 'editor');
SELECT fastauth.include_role('editor', 'reader');
SELECT * FROM fastauth.list_roles();
-- no cycle, of whatever length
SELECT fastauth.include_role('admin', 'admin');
SELECT fastauth.include_role('editor', 'admin');
SELECT fastauth.include_role('reader', 'admin');
-- a diamond is none
SELECT fastauth.include_role('admin', 'reader');
SELECT fastauth.include_role('nobody', 'reader');
SELECT fastauth.include_role('admin', 'nobody');
SELECT fastauth.exclude_role('nobody', 'reader');
SELECT fastauth.exclude_role('admin', 'nobody');
SELECT fastauth.exclude_role('reader', 'admin');
SELECT fastauth.exclude_role('admin', 'reader');
SELECT fastauth.exclude_role('admin', 'reader');
SELECT name, includes FROM fastauth.list_roles() WHERE includes <> '{}';
-- a long chain, closed at its end; and what is at its far end counts
SELECT count((fastauth.create_role('chain.' || i, ARRAY['link:' || i])).name) FROM generate_series(1, 100) i;
SELECT count(*) FROM generate_series(1, 99) i, LATERAL fastauth.include_role('chain.' || i, 'chain.' || i + 1);
SELECT fastauth.include_role('chain.100', 'chain.1');
SELECT fastauth.grant_role(:'bob', 'chain.1');
SELECT fastauth.user_has_permission(:'bob', 'link:100'), array_length(fastauth.get_user_permissions(:'bob'), 1);
SELECT count(fastauth.delete_role('chain.' || i)) FROM generate_series(1, 100) i;
SELECT fastauth.get_user_roles(:'bob');

--
-- Who holds which
--
SELECT fastauth.get_user_roles(:'alice'), fastauth.get_user_permissions(:'alice'), fastauth.user_has_permission(:'alice', 'posts:read');
SELECT fastauth.grant_role(:'alice', 'editor'), fastauth.grant_role(:'alice', 'empty');
SELECT fastauth.grant_role(:'alice', 'editor');
SELECT fastauth.get_user_roles(:'alice'), fastauth.get_user_permissions(:'alice'), fastauth.get_user_roles(:'bob');
SELECT p, fastauth.user_has_permission(:'alice', p) FROM unnest(ARRAY['posts:write', 'posts:read', 'posts:x:y', 'posts', 'posts:*', '*', 'users:delete', 'Posts:read', 'post:read', 'postss:read']) p;
SELECT fastauth.remove_permissions('empty', ARRAY['posts:*']);
SELECT p, fastauth.user_has_permission(:'alice', p) FROM unnest(ARRAY['posts:write', 'posts:read', 'posts:x:y', 'posts:*']) p;
SELECT fastauth.revoke_role(:'alice', 'editor');
SELECT fastauth.revoke_role(:'alice', 'editor');
SELECT fastauth.get_user_roles(:'alice'), fastauth.get_user_permissions(:'alice'), fastauth.user_has_permission(:'alice', 'posts:read');
-- a wildcard of a longer name, and the one for everything
SELECT fastauth.add_permissions('empty', ARRAY['shop:orders:*']);
SELECT p, fastauth.user_has_permission(:'alice', p) FROM unnest(ARRAY['shop:orders:read', 'shop:orders:read:own', 'shop:orders:*', 'shop:orders', 'shop:items:read', 'shop:*', 'shop:ordersx:read']) p;
SELECT fastauth.add_permissions('empty', ARRAY['*']);
SELECT bool_and(fastauth.user_has_permission(:'alice', p)) FROM unnest(ARRAY['a', 'a:b', 'a:*', '*', repeat('x', 128)]) p;
-- refusals
SELECT case_, regress_outcome(statement) FROM (VALUES
	('no such user', 'SELECT fastauth.grant_role(''00000000-0000-0000-0000-000000000000'', ''editor'')'),
	('no such role', format('SELECT fastauth.grant_role(%L, ''nobody'')', :'alice')),
	('neither', 'SELECT fastauth.grant_role(''00000000-0000-0000-0000-000000000000'', ''nobody'')'),
	('revoke, no such user', 'SELECT fastauth.revoke_role(''00000000-0000-0000-0000-000000000000'', ''editor'')'),
	('revoke, no such role', format('SELECT fastauth.revoke_role(%L, ''nobody'')', :'alice')),
	('grant NULL', 'SELECT fastauth.grant_role(NULL, ''editor'')'),
	('grant NULL role', format('SELECT fastauth.grant_role(%L, NULL)', :'alice')),
	('revoke NULL', 'SELECT fastauth.revoke_role(NULL, NULL)'),
	('get_role NULL', 'SELECT fastauth.get_role(NULL)'),
	('delete_role NULL', 'SELECT fastauth.delete_role(NULL)'),
	('include NULL', 'SELECT fastauth.include_role(''admin'', NULL)'),
	('exclude NULL', 'SELECT fastauth.exclude_role(NULL, ''admin'')'),
	('roles of NULL', 'SELECT fastauth.get_user_roles(NULL)'),
	('permissions of NULL', 'SELECT fastauth.get_user_permissions(NULL)'),
	('permission of NULL', 'SELECT fastauth.user_has_permission(NULL, ''a'')'),
	('permission NULL', format('SELECT fastauth.user_has_permission(%L, NULL)', :'alice')),
	('permission malformed', format('SELECT fastauth.user_has_permission(%L, ''a b'')', :'alice')),
	('permission too long', format('SELECT fastauth.user_has_permission(%L, repeat(''x'', 129))', :'alice'))) AS v (case_, statement);
-- who is not there has nothing
SELECT fastauth.get_user_roles('00000000-0000-0000-0000-000000000000'), fastauth.get_user_permissions('00000000-0000-0000-0000-000000000000'),
	fastauth.user_has_permission('00000000-0000-0000-0000-000000000000', 'a');
-- the roles of a user who is not active are kept, and count for nothing
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": false}');
SELECT fastauth.get_user_roles(:'alice'), fastauth.get_user_permissions(:'alice'), fastauth.user_has_permission(:'alice', 'a');
SELECT is_active FROM fastauth.update_user(:'alice', '{"is_active": true}');
SELECT fastauth.user_has_permission(:'alice', 'a');
-- a role goes from everybody
SELECT fastauth.grant_role(:'bob', 'empty');
SELECT fastauth.delete_role('empty');
SELECT fastauth.get_user_roles(:'alice'), fastauth.get_user_roles(:'bob'), fastauth.user_has_permission(:'alice', 'a');
-- and from a role that includes it
SELECT fastauth.delete_role('reader');
SELECT * FROM fastauth.list_roles();
-- a user goes with what they hold
SELECT fastauth.grant_role(:'bob', 'admin');
SELECT fastauth.delete_user(:'bob', soft => false);
RESET ROLE;
SELECT count(*) FROM fastauth.user_roles;
SET ROLE regress_server;

--
-- In a READ ONLY transaction nothing is changed, and nothing is looked at
--
BEGIN READ ONLY;
SELECT name FROM fastauth.list_roles();
SELECT fastauth.user_has_permission(:'alice', 'a');
SELECT statement, regress_outcome(statement) FROM unnest(ARRAY['SELECT fastauth.create_role(''x'')', 'SELECT fastauth.delete_role(NULL)', 'SELECT fastauth.add_permissions(''x'', NULL)',
	'SELECT fastauth.remove_permissions(''x'', NULL)', 'SELECT fastauth.include_role(NULL, NULL)', 'SELECT fastauth.exclude_role(NULL, NULL)', 'SELECT fastauth.grant_role(NULL, NULL)',
	'SELECT fastauth.revoke_role(NULL, NULL)']) AS statement;
COMMIT;
-- a rollback leaves nothing
BEGIN;
SELECT (fastauth.create_role('gone')).name, fastauth.grant_role(:'alice', 'admin');
ROLLBACK;
SELECT fastauth.get_role('gone') IS NULL AS gone, fastauth.get_user_roles(:'alice');

--
-- default_role: given at sign-up, not by create_user
--
SET ROLE regress_admin;
SELECT fastauth.configure('default_role', 'member');
SELECT fastauth.configure('default_role', 'no role');
SELECT fastauth.configure('default_role', '');
SELECT fastauth.configure('default_role', repeat('x', 65));
SET ROLE regress_server;
SELECT (fastauth.create_role('member', ARRAY['posts:read'])).name;
SET ROLE regress_admin;
SELECT fastauth.configure('default_role', 'member');
SET ROLE regress_anon;
SELECT token_type FROM fastauth.signup('roles.carol@example.com', 'correct horse battery');
SET ROLE regress_server;
SELECT fastauth.get_user_roles(id), fastauth.user_has_permission(id, 'posts:read') FROM fastauth.get_user_by_email('roles.carol@example.com');
SELECT fastauth.get_user_roles(id) FROM fastauth.create_user('roles.dora@example.com');
-- a sign-up that fails gives nothing to who is there
SELECT fastauth.revoke_role(id, 'member') FROM fastauth.get_user_by_email('roles.carol@example.com');
SELECT regress_outcome('SELECT fastauth.signup(''roles.carol@example.com'', ''correct horse battery'')');
SET ROLE regress_admin;
SELECT fastauth.configure('require_verified_email', 'on');
SET ROLE regress_anon;
SELECT token_type FROM fastauth.signup('roles.carol@example.com', 'correct horse battery');
SELECT token_type FROM fastauth.signup('roles.erik@example.com', 'correct horse battery');
SET ROLE regress_server;
SELECT email, fastauth.get_user_roles(u.id) FROM unnest(ARRAY['roles.carol@example.com', 'roles.erik@example.com']) e, fastauth.get_user_by_email(e) u;
-- a role that is gone stops sign-ups, first of all, and leaves nothing
SELECT fastauth.delete_role('member');
SET ROLE regress_anon;
SELECT fastauth.signup('roles.frida@example.com', 'correct horse battery');
SELECT regress_outcome('SELECT fastauth.signup(''roles.frida@example.com'', ''short'')') AS weak, regress_outcome('SELECT fastauth.signup(''roles.carol@example.com'', ''correct horse battery'')') AS known;
SET ROLE regress_server;
SELECT fastauth.get_user_by_email('roles.frida@example.com') IS NULL AS not_made;

--
-- Events: one for each change, none for what was so already, was refused or was rolled back
--
RESET ROLE;
DELETE FROM fastauth.events;
SET ROLE regress_server;
SELECT (fastauth.create_role('member')).name;
SELECT fastauth.grant_role(:'alice', 'member');
SELECT fastauth.grant_role(:'alice', 'member');
SELECT fastauth.revoke_role(:'alice', 'member');
SELECT fastauth.revoke_role(:'alice', 'member');
SELECT fastauth.grant_role(:'alice', 'nobody');
BEGIN;
SELECT fastauth.grant_role(:'alice', 'member');
ROLLBACK;
SET ROLE regress_anon;
SELECT token_type FROM fastauth.signup('roles.greta@example.com', 'correct horse battery');
RESET ROLE;
SELECT e.event, u.email, e.session_id IS NULL AS no_session, e.data FROM fastauth.events e LEFT JOIN fastauth.users u ON u.id = e.user_id ORDER BY e.id;
-- delete_role: one for each who held it, none for who held it by another role only, and none for what a role includes or permits
DELETE FROM fastauth.events;
SET ROLE regress_server;
SELECT (fastauth.create_role('deleted')).name, (fastauth.create_role('including')).name, (fastauth.create_role('other')).name;
SELECT fastauth.include_role('including', 'deleted'), fastauth.add_permissions('deleted', ARRAY['a']), fastauth.remove_permissions('deleted', ARRAY['a']),
	fastauth.exclude_role('including', 'deleted'), fastauth.include_role('including', 'deleted');
SELECT fastauth.grant_role(u.id, r) FROM (VALUES ('roles.alice@example.com', 'deleted'), ('roles.alice@example.com', 'other'), ('roles.dora@example.com', 'including'),
	('roles.erik@example.com', 'deleted'), ('roles.erik@example.com', 'including')) AS v (e, r), fastauth.get_user_by_email(e) u;
SELECT (fastauth.update_user(id, '{"is_active": false}')).is_active FROM fastauth.get_user_by_email('roles.erik@example.com');
RESET ROLE;
DELETE FROM fastauth.events;
SET ROLE regress_server;
BEGIN;
SELECT fastauth.delete_role('deleted');
ROLLBACK;
SELECT fastauth.user_has_permission(:'alice', 'a'), fastauth.get_user_roles(:'alice');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fastauth.delete_role('deleted');
COMMIT;
SELECT regress_outcome('SELECT fastauth.delete_role(''deleted'')');
SELECT u.email, fastauth.get_user_roles(u.id) FROM unnest(ARRAY['roles.alice@example.com', 'roles.dora@example.com', 'roles.erik@example.com']) e, fastauth.get_user_by_email(e) u;
RESET ROLE;
SELECT e.event, u.email, e.session_id IS NULL AS no_session, e.data FROM fastauth.events e LEFT JOIN fastauth.users u ON u.id = e.user_id ORDER BY u.email, e.id;
-- of some batches of users, each one event; the least and the greatest id there can be among them
DELETE FROM fastauth.events;
SET ROLE regress_server;
SELECT (fastauth.create_role('wide')).name;
SELECT count(fastauth.grant_role((fastauth.create_user('roles.wide' || i || '@example.com', id => CASE i WHEN 1 THEN '00000000-0000-0000-0000-000000000001'::uuid WHEN 2 THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid END)).id, 'wide'))
	FROM generate_series(1, 600) AS i;
SELECT fastauth.delete_role('wide');
RESET ROLE;
SELECT event, count(*), count(DISTINCT user_id), min(user_id::text), max(user_id::text), count(*) FILTER (WHERE data = '{"role": "wide"}') AS role FROM fastauth.events GROUP BY event ORDER BY event;
-- a hook that gives the role back does not keep it going for ever, nor the role; one that fails keeps the role
CREATE FUNCTION gives_back() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM fastauth.grant_role(NEW.user_id, NEW.data ->> 'role'); RETURN NULL; END $$;
CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.data ->> 'role' = 'kept' THEN RAISE 'kept'; END IF; RETURN NULL; END $$;
SELECT fastauth.add_hook('role_revoked', 'gives_back()'), fastauth.add_hook('role_revoked', 'refuses()');
SELECT (fastauth.create_role('wide')).name, (fastauth.create_role('kept')).name, fastauth.grant_role(:'alice', 'kept');
SELECT count(fastauth.grant_role(id, 'wide')) FROM fastauth.users WHERE email LIKE 'roles.wide%';
SELECT fastauth.delete_role('wide');
SELECT fastauth.delete_role('kept');
SELECT name FROM fastauth.list_roles() WHERE name IN ('wide', 'kept');
SELECT count(*) FROM fastauth.user_roles WHERE role = 'wide';
SELECT fastauth.get_user_roles(:'alice');
SELECT fastauth.remove_hook(event, function) FROM fastauth.hooks_overview;
DROP FUNCTION gives_back(), refuses();
SET ROLE regress_admin;
SELECT fastauth.configure('default_role', NULL), fastauth.configure('require_verified_email', NULL), fastauth.configure('password_hash_memory', NULL), fastauth.configure('password_hash_iterations', NULL);
RESET ROLE;
DELETE FROM fastauth.users;
DELETE FROM fastauth.roles;
DELETE FROM fastauth.session_revocations;
