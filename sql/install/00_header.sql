/* fastauth: the install script.  Built from sql/install by `make`; do not edit the result. */
\echo Use "CREATE EXTENSION fastauth" to load this file. \quit

/* The schema is made here, not by the control file: one that exists already is an error (S4). */
CREATE SCHEMA fastauth;

DO $do$
BEGIN
	IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'fastauth needs a database with encoding UTF8, this one has %', pg_catalog.getdatabaseencoding()
			USING HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0';
	END IF;
END
$do$;

/*
 * fastauth_owner owns everything of ours (S1); fastauth_events inserts rows into
 * fastauth.events and may do nothing else (S3).  Roles belong to the cluster: a
 * second database finds them made, and checks that nobody gave them powers.
 */
DO $do$
DECLARE
	r pg_catalog.pg_roles;
	wanted pg_catalog.text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['fastauth_owner', 'fastauth_events'] LOOP
		SELECT * INTO r FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) wanted::pg_catalog.name;
		IF NOT FOUND THEN
			EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
		ELSIF r.rolcanlogin OR r.rolinherit OR r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
			OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m
				WHERE m.member OPERATOR(pg_catalog.=) r.oid OR m.roleid OPERATOR(pg_catalog.=) r.oid)
		THEN
			RAISE EXCEPTION 'role % exists and has privileges or members that it must not have', wanted
				USING HINT = pg_catalog.format('ALTER ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS, and revoke its memberships and members.', wanted);
		END IF;
	END LOOP;
END
$do$;
