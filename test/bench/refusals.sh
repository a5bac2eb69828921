#!/bin/bash
# refusals.sh: `make bench`, second part.  What it costs that a refusal leaves
# its trace: a wrong password waits until the recorder has committed it.
#
#	make bench				15 rounds
#	make bench ROUNDS=5
#
# refused sign-in	against a sign-in of the same cost that is not refused and not committed: the recorder's share
# refusals			per second with 1 and 8 clients, against an empty function and an INSERT with its COMMIT
#
# Passwords are hashed as cheaply as the settings allow, so that the recorder is
# what is measured; fsync is on.
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/refusals.sh
fi
rounds=${ROUNDS:-15}
workspace_build
workspace_server refusals
cd "$WORKSPACE/tmp"
q() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

q <<'SQL'
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('password_hash_memory', '7 MB'), fastauth.configure('password_hash_iterations', '1'),
	fastauth.configure('max_login_attempts', '100'), fastauth.configure('max_account_attempts', '1000'), fastauth.configure('login_attempt_window', '1 s'),
	fastauth.configure('rate_signin_total', 'off'), fastauth.configure('rate_signin_account', 'off');
SELECT count(fastauth.create_user(format('u%s@example.com', i), hashed_password => fastauth.get_hashed_password(
	(SELECT id FROM fastauth.create_user('first@example.com', 'correct horse battery')))))
FROM generate_series(1, 20000) i;
-- pgbench ends a client at an error, so a refusal is caught; the subtransaction is in both.
CREATE FUNCTION attempt(n int, password text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fastauth.signin('u' || n || '@example.com', password);
	RAISE EXCEPTION 'signed in';
EXCEPTION
	WHEN SQLSTATE 'PT401' THEN RETURN 'refused';
	WHEN raise_exception THEN RETURN 'signed in';
END $$;
CREATE TABLE plain (id uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT now());
CREATE INDEX ON plain (id, at);
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS '';
VACUUM ANALYZE;
CHECKPOINT;
SQL

# Transactions per second of the script on standard input, with $1 clients for $2 seconds.
rate()
{
	cat > script.sql
	pgbench -n -M prepared -c "$1" -j 2 -T "$2" -f script.sql postgres 2>&1 | awk '/^tps/ { print $3; seen = 1 } { line[NR] = $0 } END { if (!seen) { for (i in line) print line[i] > "/dev/stderr"; exit 1 } }'
}

# Milliseconds of one transaction with one client.
latency()
{
	rate 1 1 | awk '{ printf "%.4f\n", 1000 / $1 }'
}

n='\set n random(1, 20000)'
for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	printf '%s\n' "$n" "SELECT attempt(:n, 'wrong');" | latency >> refused
	printf '%s\n' "$n" "SELECT attempt(:n, 'correct horse battery');" | latency >> right
	for clients in 1 8; do
		before=$(q -F ' ' -c "SELECT sum(value) FILTER (WHERE name = 'recorder_requests'), sum(value) FILTER (WHERE name = 'recorder_commits'), sum(value) FILTER (WHERE name = 'recorder_wait_time') FROM fastauth.stats")
		printf '%s\n' "$n" "SELECT attempt(:n, 'wrong');" | rate $clients 1 >> "refusals_$clients"
		after=$(q -F ' ' -c "SELECT sum(value) FILTER (WHERE name = 'recorder_requests'), sum(value) FILTER (WHERE name = 'recorder_commits'), sum(value) FILTER (WHERE name = 'recorder_wait_time') FROM fastauth.stats")
		echo "$before $after" | awk '{ printf "%.3f\n", ($4 - $1) / ($5 - $2) }' >> "batch_$clients"
		echo "$before $after" | awk '{ printf "%.4f\n", ($6 - $3) / ($4 - $1) / 1000 }' >> "wait_$clients"
		echo 'SELECT nothing();' | rate $clients 1 >> "empty_$clients"
		echo 'INSERT INTO plain DEFAULT VALUES;' | rate $clients 1 >> "insert_$clients"
	done
done

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

printf '\nrefused sign-in: %.3f ms, one that is right (and rolled back): %.3f ms, ratio %.2f\n' \
	"$(median refused)" "$(median right)" "$(echo "$(median refused) $(median right)" | awk '{ print $1 / $2 }')"
for clients in 1 8; do
	printf '%d clients: %.0f refusals/s (%.2f requests a commit, %.3f ms from posting to the answer); an empty function %.0f/s, an INSERT with COMMIT %.0f/s\n' "$clients" \
		"$(median "refusals_$clients")" "$(median "batch_$clients")" "$(median "wait_$clients")" "$(median "empty_$clients")" "$(median "insert_$clients")"
done
