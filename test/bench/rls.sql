-- What a policy costs on one table of a million rows: prepared here for test/bench/rls.sh and test/t/090_rls_cost.pl.
-- All policies stand on the same table, each for a role of its own, and the roles take turns in one backend: a copied
-- table would not be the same scan.  "none" is the superuser, whom no policy binds.
CREATE EXTENSION IF NOT EXISTS fastauth CASCADE;
CREATE ROLE rls_builtin;
CREATE ROLE rls_permission;
CREATE ROLE rls_uid;
CREATE ROLE rls_select;
CREATE ROLE rls_role;
CREATE ROLE rls_plpgsql;
CREATE ROLE rls_owner;
SELECT fastauth.grant_api(r, NULL) FROM unnest(ARRAY['rls_builtin', 'rls_permission', 'rls_uid', 'rls_select', 'rls_role', 'rls_plpgsql', 'rls_owner']::regrole[]) r;
CREATE TABLE rls (id int NOT NULL, owner uuid NOT NULL);
INSERT INTO rls SELECT i, gen_random_uuid() FROM generate_series(1, 1000000) i;
CREATE INDEX ON rls (owner);
VACUUM (ANALYZE, FREEZE) rls;
GRANT SELECT ON rls TO PUBLIC;
ALTER TABLE rls ENABLE ROW LEVEL SECURITY;

-- What is written by hand today: a function that asks the role tables at every row.
CREATE FUNCTION rls_has_permission(wanted text) RETURNS bool LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM fastauth.user_roles u JOIN fastauth.role_permissions p ON p.role = u.role
		WHERE u.user_id = fastauth.uid() AND p.permission = wanted);
END $$;
CREATE POLICY builtin ON rls TO rls_builtin USING (id > 0);
CREATE POLICY permission ON rls TO rls_permission USING (fastauth.has_permission('rows:read'));
CREATE POLICY uid ON rls TO rls_uid USING (fastauth.uid() IS NOT NULL);
CREATE POLICY sublink ON rls TO rls_select USING ((SELECT fastauth.has_permission('rows:read')));
CREATE POLICY role ON rls TO rls_role USING (fastauth.has_role('reader'));
CREATE POLICY plpgsql ON rls TO rls_plpgsql USING (public.rls_has_permission('rows:read'));
CREATE POLICY owner ON rls TO rls_owner USING (owner = fastauth.uid());

SELECT FROM fastauth.create_role('reader', ARRAY['rows:read', 'rows:count', 'posts:*']);
SELECT FROM fastauth.create_user('rls@example.com') u, LATERAL fastauth.grant_role(u.id, 'reader');

-- Milliseconds of each role's scan, in turn; n is how many rows a scan sees.
CREATE FUNCTION rls_measure(roles text[], rounds int, query text) RETURNS TABLE (role text, round int, ms float8, n bigint) LANGUAGE plpgsql
	SET max_parallel_workers_per_gather = 0 SET jit = off AS $$
DECLARE
	start timestamptz;
BEGIN
	FOR i IN 0 .. rounds LOOP
		FOREACH role IN ARRAY roles LOOP
			PERFORM set_config('role', CASE role WHEN 'none' THEN 'none' ELSE 'rls_' || role END, true);
			start := clock_timestamp();
			EXECUTE query INTO n;
			ms := extract(epoch FROM clock_timestamp() - start) * 1000;
			PERFORM set_config('role', 'none', true);
			round := i;
			-- the first round warms up
			IF i > 0 THEN RETURN NEXT; END IF;
		END LOOP;
	END LOOP;
END $$;
