/*
 * The last statement of the install script and of every upgrade script: every
 * member object belongs to fastauth_owner, and nobody else has a privilege on
 * it (S1, S2).  REVOKE FROM PUBLIC would not be enough: whatever ALTER DEFAULT
 * PRIVILEGES gave to other roles here is found in the catalogs and taken back.
 * The row types of the tables count too: a column of such a type, in anybody's
 * table, would keep us from ever changing ours.
 */
DO $do$
DECLARE
	o record;
	grantee pg_catalog.oid;
BEGIN
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
		FOR grantee IN
			SELECT DISTINCT a.grantee
			FROM (
				SELECT c.relacl AS acl, c.relowner AS owner, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS class
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
				CASE o.type WHEN 'view' THEN 'table' ELSE o.type END, o.identity,
				CASE WHEN grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC' ELSE grantee::pg_catalog.regrole::pg_catalog.text END);
		END LOOP;
	END LOOP;
END
$do$;
