/* fastauth: the install script.  Built from sql/install by `make`; do not edit the result. */
\echo Use "CREATE EXTENSION fastauth" to load this file. \quit

/* The schema is made here, not by the control file: one that exists already is an error (S4). */
CREATE SCHEMA fastauth;

/*
 * The role that owns everything of ours (S1).  Roles belong to the cluster: a
 * second database finds it made, and checks that nobody gave it powers.
 */
DO $do$
DECLARE
	r pg_catalog.pg_roles;
BEGIN
	IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'fastauth needs a database with encoding UTF8, this one has %', pg_catalog.getdatabaseencoding()
			USING HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0';
	END IF;
	SELECT * INTO r FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) 'fastauth_owner';
	IF NOT FOUND THEN
		CREATE ROLE fastauth_owner NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
	ELSIF r.rolcanlogin OR r.rolinherit OR r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
		OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m
			WHERE m.member OPERATOR(pg_catalog.=) r.oid OR m.roleid OPERATOR(pg_catalog.=) r.oid)
	THEN
		RAISE EXCEPTION 'role fastauth_owner exists and has privileges or members that it must not have'
			USING HINT = 'ALTER ROLE fastauth_owner NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS, and revoke its memberships and members.';
	END IF;
END
$do$;
