#!/bin/bash
# pre_request.sh: part of `make bench`.  What fastauth.pre_request() adds to a request of PostgREST, beside an empty
# function that is called in its place: the same transaction, in the same run, in turns.
#
#	bash test/bench/pre_request.sh			15 rounds
#	ROUNDS=5 bash test/bench/pre_request.sh
#
# A request is BEGIN, the settings, the function, a SELECT of the identity, COMMIT, by pgbench with one client and
# prepared statements.  Its headers come from a table, in all kinds alike.
#
# nobody		no token
# again			a token that this backend has verified before, as it sees most
# first			a token that it has not: one more ECDSA verification
# cookie		a session token (session_strategy database), by cookie, with the switch of the role
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/pre_request.sh
fi
rounds=${ROUNDS:-15}
# More tokens than a backend remembers.
tokens=2000
count=1500
workspace_build
workspace_server pre_request
cd "$WORKSPACE/tmp"
q() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

q -o /dev/null <<SQL
SET client_min_messages = warning;
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.setup_postgrest();
SELECT * FROM fastauth.signup('ada@example.com', 'correct horse battery staple') \gset
CREATE FUNCTION claims_of(token text) RETURNS text LANGUAGE sql AS
	\$\$SELECT convert_from(decode(rpad(translate(split_part(token, '.', 2), '-_', '+/'), (length(split_part(token, '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')\$\$;
CREATE TABLE requests (kind text, i int, role text, claims text, headers text, cookies text, PRIMARY KEY (kind, i));
INSERT INTO requests SELECT 'nobody', i, 'anon', '{"role": "anon"}', '{"accept": "*/*", "user-agent": "bench"}', '{}' FROM generate_series(1, $tokens) i;
INSERT INTO requests SELECT 'again', i, 'authenticated', claims_of(:'access_token'), json_build_object('accept', '*/*', 'user-agent', 'bench', 'authorization', 'Bearer ' || :'access_token'), '{}'
	FROM generate_series(1, $tokens) i;
INSERT INTO requests SELECT 'first', i, 'authenticated', claims_of(token), json_build_object('accept', '*/*', 'user-agent', 'bench', 'authorization', 'Bearer ' || token), '{}'
	FROM (SELECT i, fastauth.issue_jwt(me.id, ttl => '1 hour') AS token FROM generate_series(1, $tokens) i, (SELECT id FROM fastauth.get_user_by_email('ada@example.com')) me) t;
SELECT fastauth.configure('session_strategy', 'database');
INSERT INTO requests SELECT 'cookie', i, 'anon', '{"role": "anon"}', '{"accept": "*/*", "user-agent": "bench"}', json_build_object('__Host-fastauth-access', token)
	FROM (SELECT access_token AS token FROM fastauth.signin('ada@example.com', 'correct horse battery staple')) t, generate_series(1, $tokens) i;
CREATE FUNCTION public.nothing() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
GRANT SELECT ON requests TO authenticator;
GRANT EXECUTE ON FUNCTION fastauth.uid() TO authenticator;
VACUUM ANALYZE;
CHECKPOINT;
SQL

# Microseconds of one request of a kind, $1, with a function, $2; each begins where the one before ended.
client()
{
	cat > script.sql <<SQL
\set i (:start + :n) % $tokens + 1
\set n :n + 1
SELECT role, claims, headers, cookies FROM requests WHERE kind = '$1' AND i = :i \gset
BEGIN;
SELECT set_config('search_path', '"fastauth_api", "public"', true), set_config('role', :role, true), set_config('request.jwt.claims', :claims, true),
	set_config('request.method', 'GET', true), set_config('request.path', '/todos', true), set_config('request.headers', :headers, true), set_config('request.cookies', :cookies, true);
SELECT $2();
SELECT fastauth.uid();
COMMIT;
SQL
	pgbench -n -M prepared -c 1 -t $count -D start=$start -D n=0 -U authenticator -f script.sql postgres 2>&1 |
		awk '/^latency average/ { printf "%.1f\n", $4 * 1000; seen = 1 } { line[NR] = $0 } END { if (!seen) { for (i in line) print line[i] > "/dev/stderr"; exit 1 } }'
}

# Nobody's answer would be fast, too.
for kind in nobody again first cookie; do
	[ $kind != cookie ] || q -o /dev/null -c "SELECT fastauth.configure('token_delivery', 'cookie')"
	who=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -U authenticator -d postgres <<SQL
SELECT role, claims, headers, cookies FROM requests WHERE kind = '$kind' AND i = 1 \gset
BEGIN;
SELECT set_config('role', :'role', true), set_config('request.jwt.claims', :'claims', true), set_config('request.method', 'GET', true),
	set_config('request.path', '/todos', true), set_config('request.headers', :'headers', true), set_config('request.cookies', :'cookies', true) \g /dev/null
SELECT fastauth.pre_request() \g /dev/null
SELECT fastauth.uid() IS NOT NULL, current_user;
SQL
)
	case $kind in nobody) wanted='f|anon' ;; *) wanted='t|authenticated' ;; esac
	[ "$who" = "$wanted" ] || { echo "$kind: $who" >&2; exit 1; }
done

start=0
for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	for kind in nobody again first cookie; do
		client $kind public.nothing >> "$kind.bare"
		client $kind fastauth.pre_request >> "$kind.ours"
	done
	start=$(((start + count) % tokens))
done

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# The ratio that a kind must not exceed.
limit() { case $1 in nobody) echo 1.5 ;; again) echo 2 ;; first) echo 3 ;; cookie) echo 2.5 ;; esac; }

failed=0
printf '\n%-10s %14s %14s %12s %8s %8s\n' "request" "fastauth (us)" "empty (us)" "adds (us)" "ratio" "limit"
for kind in nobody again first cookie; do
	echo "$(median $kind.ours) $(median $kind.bare) $(limit $kind)" |
		awk -v kind=$kind '{ printf "%-10s %14.1f %14.1f %12.1f %8.2f %8.2f\n", kind, $1, $2, $1 - $2, $1 / $2, $3; exit $1 / $2 > $3 }' || failed=1
done
[ $failed = 0 ] || { echo 'pre_request() costs more than its limit' >&2; exit 1; }
