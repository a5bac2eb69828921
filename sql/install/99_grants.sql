/*
 * The last statement of the install script and of every upgrade script: every
 * member object belongs to fastauth_owner, and nobody else has a privilege on
 * it (S1, S2), whatever ALTER DEFAULT PRIVILEGES says here.
 */
DO $do$
DECLARE
	o record;
BEGIN
	FOR o IN
		SELECT d.classid, d.objid, i.type, i.identity, c.relkind
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid AND e.extname OPERATOR(pg_catalog.=) 'fastauth'
		CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
		LEFT JOIN pg_catalog.pg_class c ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
			AND c.oid OPERATOR(pg_catalog.=) d.objid
		WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
			AND d.deptype OPERATOR(pg_catalog.=) 'e'
		ORDER BY i.type, i.identity
	LOOP
		IF o.type OPERATOR(pg_catalog.=) ANY (ARRAY['table', 'view', 'function', 'type', 'schema', 'sequence']) THEN
			EXECUTE pg_catalog.format('ALTER %s %s OWNER TO fastauth_owner', o.type, o.identity);
		END IF;
	END LOOP;
END
$do$;
