/*
 * The last statement of the install script and of every upgrade script: every
 * member object belongs to fastauth_owner, and nobody else has a privilege on
 * it (S1, S2).  REVOKE FROM PUBLIC would not be enough: whatever ALTER DEFAULT
 * PRIVILEGES gave to other roles here is found in the catalogs and taken back.
 * The row types of the tables count too: a column of such a type, in anybody's
 * table, would keep us from ever changing ours.
 *
 * A role that had a whole group of grant_api() before an upgrade script has it
 * after, with what is new in the group.  Only what belonged to fastauth_owner
 * when we begin is looked at: what the script made belongs to who runs it, and
 * its privileges are planted ones.  A role that had single functions loses them:
 * a part of a group must not become the whole.  PostgREST's own role has one
 * function alone, and without it PostgREST would refuse every token.
 *
 * fastauth_events gets back the one thing that it may do (S3), before the groups:
 * a GRANT in a script makes all that is granted then part of the extension, and
 * pg_dump leaves that out.
 */
DO $do$
DECLARE
	o record;
	stranger pg_catalog.oid;
	holders pg_catalog.oid[];
	holder_groups pg_catalog.int4[];
	authenticators pg_catalog.oid[];
	groups CONSTANT pg_catalog.text[] := ARRAY['anon', 'authenticated', 'server', 'admin'];
BEGIN
	WITH api AS (
		SELECT p.oid, p.proacl, p.proowner, pg_catalog.array_position(groups, l.api_group) AS group_number
		FROM fastauth.list_api() l
		JOIN pg_catalog.pg_proc p ON p.proname OPERATOR(pg_catalog.=) l.name::pg_catalog.name
		JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace AND n.nspname OPERATOR(pg_catalog.=) 'fastauth'
		JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) p.proowner AND r.rolname OPERATOR(pg_catalog.=) 'fastauth_owner'
		WHERE l.kind OPERATOR(pg_catalog.=) 'function'
	), had AS (
		SELECT DISTINCT a.grantee, api.oid, api.group_number
		FROM api
		CROSS JOIN LATERAL pg_catalog.aclexplode(api.proacl) a
		WHERE a.privilege_type OPERATOR(pg_catalog.=) 'EXECUTE'
			AND a.grantee OPERATOR(pg_catalog.<>) api.proowner AND a.grantee OPERATOR(pg_catalog.<>) 0
	), whole AS (
		SELECT h.grantee, pg_catalog.max(g.n) AS group_number
		FROM (SELECT DISTINCT grantee FROM had) h
		CROSS JOIN pg_catalog.generate_series(1, 4) AS g (n)
		WHERE NOT EXISTS (
			SELECT FROM api
			WHERE api.group_number OPERATOR(pg_catalog.<=) g.n AND NOT EXISTS (
				SELECT FROM had
				WHERE had.grantee OPERATOR(pg_catalog.=) h.grantee AND had.oid OPERATOR(pg_catalog.=) api.oid))
		GROUP BY h.grantee
	)
	SELECT pg_catalog.array_agg(w.grantee ORDER BY w.grantee), pg_catalog.array_agg(w.group_number ORDER BY w.grantee)
	INTO holders, holder_groups
	FROM whole w;

	SELECT pg_catalog.array_agg(a.grantee ORDER BY a.grantee)
	INTO authenticators
	FROM pg_catalog.pg_proc p
	JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace AND n.nspname OPERATOR(pg_catalog.=) 'fastauth'
	JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) p.proowner AND r.rolname OPERATOR(pg_catalog.=) 'fastauth_owner'
	CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) a
	WHERE p.proname OPERATOR(pg_catalog.=) 'pre_config' AND a.privilege_type OPERATOR(pg_catalog.=) 'EXECUTE'
		AND a.grantee OPERATOR(pg_catalog.<>) p.proowner AND a.grantee OPERATOR(pg_catalog.<>) 0;

	FOR o IN
		WITH member AS (
			SELECT d.classid, d.objid, i.type, i.identity
			FROM pg_catalog.pg_depend d
			JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid AND e.extname OPERATOR(pg_catalog.=) 'fastauth'
			CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
			WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
				AND d.deptype OPERATOR(pg_catalog.=) 'e'
				AND i.type OPERATOR(pg_catalog.=) ANY (ARRAY['table', 'view', 'function', 'type', 'schema', 'sequence'])
				-- On PostgreSQL 17 row types and array types are members too: they go with their table or element type.
				AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.typrelid
					WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid OPERATOR(pg_catalog.=) d.objid
					AND (t.typcategory OPERATOR(pg_catalog.=) 'A' OR c.relkind OPERATOR(pg_catalog.<>) 'c'))
		)
		SELECT m.type, m.identity, m.classid, m.objid, true AS is_member FROM member m
		UNION ALL
		SELECT 'type', m.identity, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, false
		FROM member m
		JOIN pg_catalog.pg_type t ON t.typrelid OPERATOR(pg_catalog.=) m.objid
		WHERE m.type OPERATOR(pg_catalog.=) ANY (ARRAY['table', 'view'])
		ORDER BY 5 DESC, 1, 2
	LOOP
		IF o.is_member THEN
			EXECUTE pg_catalog.format('ALTER %s %s OWNER TO fastauth_owner', o.type, o.identity);
		END IF;
		FOR stranger IN
			SELECT DISTINCT a.grantee
			FROM (
				SELECT c.relacl AS acl, c.relowner AS owner, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 's' ELSE 'r' END AS class
				FROM pg_catalog.pg_class c
				WHERE o.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid OPERATOR(pg_catalog.=) o.objid
				UNION ALL
				SELECT p.proacl, p.proowner, 'f'
				FROM pg_catalog.pg_proc p
				WHERE o.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid OPERATOR(pg_catalog.=) o.objid
				UNION ALL
				SELECT t.typacl, t.typowner, 'T'
				FROM pg_catalog.pg_type t
				WHERE o.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid OPERATOR(pg_catalog.=) o.objid
				UNION ALL
				SELECT n.nspacl, n.nspowner, 'n'
				FROM pg_catalog.pg_namespace n
				WHERE o.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.oid OPERATOR(pg_catalog.=) o.objid
			) x
			CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(x.acl, pg_catalog.acldefault(x.class::pg_catalog."char", x.owner))) a
			WHERE a.grantee OPERATOR(pg_catalog.<>) x.owner
		LOOP
			EXECUTE pg_catalog.format('REVOKE ALL ON %s %s FROM %s CASCADE',
				CASE WHEN o.type OPERATOR(pg_catalog.=) 'view' THEN 'table' ELSE o.type END, o.identity,
				CASE WHEN stranger OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC' ELSE stranger::pg_catalog.regrole::pg_catalog.text END);
		END LOOP;
		/* pg_dump knows no initial privileges of a row type, and would warn of each, each time. */
		IF NOT o.is_member THEN
			DELETE FROM pg_catalog.pg_init_privs i
			WHERE i.classoid OPERATOR(pg_catalog.=) o.classid AND i.objoid OPERATOR(pg_catalog.=) o.objid;
		END IF;
	END LOOP;

	IF pg_catalog.to_regclass('fastauth.events') IS NOT NULL THEN
		GRANT USAGE ON SCHEMA fastauth TO fastauth_events;
		GRANT INSERT ON TABLE fastauth.events TO fastauth_events;
	END IF;

	FOR i IN 1 .. coalesce(pg_catalog.array_length(holders, 1), 0) LOOP
		PERFORM fastauth.grant_api(
			CASE WHEN holder_groups[i] OPERATOR(pg_catalog.=) 1 THEN holders[i]::pg_catalog.regrole END,
			CASE WHEN holder_groups[i] OPERATOR(pg_catalog.=) 2 THEN holders[i]::pg_catalog.regrole END,
			CASE WHEN holder_groups[i] OPERATOR(pg_catalog.=) 3 THEN holders[i]::pg_catalog.regrole END,
			CASE WHEN holder_groups[i] OPERATOR(pg_catalog.=) 4 THEN holders[i]::pg_catalog.regrole END);
	END LOOP;
	FOR i IN 1 .. coalesce(pg_catalog.array_length(authenticators, 1), 0) LOOP
		PERFORM fastauth.grant_api(NULL, NULL, authenticator => authenticators[i]::pg_catalog.regrole);
	END LOOP;
END
$do$;
