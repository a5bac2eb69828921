#!/bin/bash
# rls.sh: part of `make bench`.  What a policy with has_permission(), has_role() or uid() costs on a table of a million
# rows, beside no policy and beside the built-in filter id > 0, as ratios of medians; and beside a PL/pgSQL
# function that asks the role tables, on fewer rounds.
#
#	bash test/bench/rls.sh			11 rounds
#	ROUNDS=5 bash test/bench/rls.sh
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/rls.sh
fi
rounds=${ROUNDS:-11}
workspace_build
workspace_server rls
psql -X -q -v ON_ERROR_STOP=1 -d postgres -o /dev/null -f test/bench/rls.sql
psql -X -q -v ON_ERROR_STOP=1 -d postgres -v rounds="$rounds" <<'SQL'
\pset footer off
SELECT fastauth.issue_jwt(id) AS token FROM fastauth.get_user_by_email('rls@example.com') \gset
\echo count(*) of a million rows
BEGIN;
SELECT FROM fastauth.authenticate(:'token') \gset
WITH m AS (SELECT role, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM rls_measure('{none,builtin,permission,uid,role,select}', :rounds, 'SELECT count(*) FROM rls') GROUP BY role)
SELECT role AS policy, round(ms::numeric, 1) AS ms, round((ms / (SELECT ms FROM m WHERE role = 'none'))::numeric, 2) AS "to no policy",
	round((ms / (SELECT ms FROM m WHERE role = 'builtin'))::numeric, 2) AS "to id > 0" FROM m ORDER BY ms;
\echo two aggregates
WITH m AS (SELECT role, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM rls_measure('{none,builtin,permission,uid,role,select}', :rounds, 'SELECT max(n) FROM (SELECT sum(id) AS n, max(owner::text) FROM rls) q') GROUP BY role)
SELECT role AS policy, round(ms::numeric, 1) AS ms, round((ms / (SELECT ms FROM m WHERE role = 'none'))::numeric, 2) AS "to no policy",
	round((ms / (SELECT ms FROM m WHERE role = 'builtin'))::numeric, 2) AS "to id > 0" FROM m ORDER BY ms;
\echo has_permission() and a PL/pgSQL function that asks the role tables
WITH m AS (SELECT role, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM rls_measure('{none,permission,plpgsql}', 2, 'SELECT count(*) FROM rls') GROUP BY role)
SELECT role AS policy, round(ms::numeric, 1) AS ms, round((ms / (SELECT ms FROM m WHERE role = 'none'))::numeric, 2) AS "to no policy" FROM m ORDER BY ms;
COMMIT;
SQL
