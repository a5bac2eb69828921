-- The PostgreSQL role in a token (S55): checked when it is set, and each time it is signed.
SELECT id AS user_id FROM fastauth.create_user('regress-role@example.org') \gset
CREATE FUNCTION regress_role() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
BEGIN
	RETURN coalesce(fastauth.verify_token(fastauth.issue_jwt((fastauth.get_user_by_email('regress-role@example.org')).id)) ->> 'role', '(none)');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || word || ': ' || SQLERRM;
END $$;
CREATE ROLE regress_web;
CREATE ROLE regress_editor;

-- while the default role does not exist, the claim is left out
SELECT fastauth.configure('authenticated_role', 'regress_web');
SELECT regress_role();
DROP ROLE regress_web;
SELECT regress_role();
CREATE ROLE regress_web;
SELECT regress_role();

-- a user's own role must be allowed
SELECT fastauth.set_user_dbrole(:'user_id', 'regress_editor');
SELECT regress_role();
SELECT fastauth.configure('allowed_roles', '{regress_editor}');
SELECT fastauth.set_user_dbrole(:'user_id', 'regress_editor');
SELECT regress_role();

-- what it became since then counts, for both kinds
CREATE FUNCTION regress_after(change text, undo text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE change;
	answer := regress_role();
	EXECUTE undo;
	RETURN change || ': ' || answer;
END $$;
\pset format unaligned
\pset tuples_only
SELECT regress_after('ALTER ROLE regress_editor SUPERUSER', 'ALTER ROLE regress_editor NOSUPERUSER');
SELECT regress_after('ALTER ROLE regress_editor BYPASSRLS', 'ALTER ROLE regress_editor NOBYPASSRLS');
SELECT regress_after('ALTER ROLE regress_editor CREATEROLE', 'ALTER ROLE regress_editor NOCREATEROLE');
SELECT regress_after('ALTER ROLE regress_editor REPLICATION', 'ALTER ROLE regress_editor NOREPLICATION');
SELECT regress_after('GRANT fastauth_owner TO regress_editor', 'REVOKE fastauth_owner FROM regress_editor');
SELECT regress_after('GRANT fastauth_owner TO regress_web; GRANT regress_web TO regress_editor', 'REVOKE regress_web FROM regress_editor; REVOKE fastauth_owner FROM regress_web');
-- a power that another role lends, however far away
CREATE ROLE regress_power;
GRANT regress_power TO regress_web;
GRANT regress_web TO regress_editor;
SELECT regress_after('ALTER ROLE regress_power SUPERUSER', 'ALTER ROLE regress_power NOSUPERUSER');
SELECT regress_after('ALTER ROLE regress_power BYPASSRLS', 'ALTER ROLE regress_power NOBYPASSRLS');
SELECT regress_after('ALTER ROLE regress_power CREATEROLE', 'ALTER ROLE regress_power NOCREATEROLE');
SELECT regress_after('ALTER ROLE regress_power REPLICATION', 'ALTER ROLE regress_power NOREPLICATION');
SELECT regress_after('GRANT pg_execute_server_program TO regress_power', 'REVOKE pg_execute_server_program FROM regress_power');
SELECT regress_after('GRANT pg_read_server_files TO regress_power', 'REVOKE pg_read_server_files FROM regress_power');
SELECT regress_after('GRANT pg_write_server_files TO regress_power', 'REVOKE pg_write_server_files FROM regress_power');
SELECT regress_after($$SELECT fastauth.configure('authenticator_roles', '{regress_power}')$$, $$SELECT fastauth.configure('authenticator_roles', NULL)$$);
SELECT regress_after('SELECT', 'SELECT');
REVOKE regress_web FROM regress_editor;
DROP ROLE regress_power;
SELECT regress_after($$SELECT fastauth.configure('authenticator_roles', '{regress_editor}')$$, $$SELECT fastauth.configure('authenticator_roles', NULL)$$);
SELECT regress_after($$SELECT fastauth.configure('allowed_roles', '{}')$$, $$SELECT fastauth.configure('allowed_roles', '{regress_editor}')$$);
SELECT regress_after('ALTER ROLE regress_editor RENAME TO regress_renamed', 'ALTER ROLE regress_renamed RENAME TO regress_editor');
SELECT regress_after('SELECT', 'SELECT');
SELECT fastauth.set_user_dbrole(:'user_id', NULL);
SELECT regress_after('ALTER ROLE regress_web SUPERUSER', 'ALTER ROLE regress_web NOSUPERUSER');
SELECT regress_after('GRANT fastauth_owner TO regress_web', 'REVOKE fastauth_owner FROM regress_web');
SELECT regress_after('SELECT', 'SELECT');
\pset tuples_only
\pset format aligned

-- refused when it is set
ALTER ROLE regress_editor SUPERUSER;
SELECT fastauth.set_user_dbrole(:'user_id', 'regress_editor');
ALTER ROLE regress_editor NOSUPERUSER;
SELECT fastauth.set_user_dbrole(:'user_id', 'fastauth_owner');
SELECT fastauth.set_user_dbrole(:'user_id', 'pg_read_all_data');
SELECT fastauth.set_user_dbrole(:'user_id', 'regress_nobody');

SELECT fastauth.delete_user(:'user_id', soft => false);
SELECT fastauth.configure('authenticated_role', NULL);
SELECT fastauth.configure('allowed_roles', NULL);
DROP FUNCTION regress_role, regress_after;
DROP ROLE regress_web, regress_editor;
