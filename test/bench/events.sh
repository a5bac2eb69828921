#!/bin/bash
# events.sh: what announcing events costs busy clients: 8 clients whose
# transactions are one event each, with the worker that announces them and
# without it (held away), in turns; a listener listens in both.  With fsync, as a
# real server has; the ratio should be 0.90 or more.
#
#	bash test/bench/events.sh
#	CLIENTS=8 SECONDS_EACH=5 ROUNDS=7 bash test/bench/events.sh
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/events.sh
fi
clients=${CLIENTS:-8}
seconds=${SECONDS_EACH:-5}
rounds=${ROUNDS:-7}
workspace_build
workspace_server events
cd "$WORKSPACE/tmp"
q() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

q -c "CREATE EXTENSION fastauth CASCADE"
q -c "ALTER SYSTEM SET fsync = on" -c "SELECT pg_reload_conf()" > /dev/null
# What reset_password and the like are: one row of ours and one event.  A setting would be the same row for all.
q -c "SELECT fastauth.create_user('user' || i || '@example.com', is_active => true) FROM generate_series(1, 1000) i" > /dev/null
q -c "CREATE TABLE users AS SELECT row_number() OVER () AS n, id FROM fastauth.users; CREATE INDEX ON users (n); ANALYZE users"
cat > event.sql <<'SQL'
\set n random(1, 1000)
SELECT fastauth.set_hashed_password((SELECT id FROM users WHERE n = :n), NULL);
SQL
(while :; do echo 'LISTEN fastauth; SELECT pg_sleep(0.2);'; sleep 0.2; done | q > heard 2>&1) &
listener=$!
trap 'kill $listener 2>/dev/null || true' EXIT

rate() { pgbench -n -M prepared -c "$clients" -j 2 -T "$seconds" -f event.sql postgres 2>&1 | sed -n 's/^tps = \([0-9]*\).*/\1/p'; }
pid() { q -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'fastauth recorder'"; }

q -c "SELECT fastauth.configure('clock_skew', NULL)" > /dev/null
for round in $(seq "$rounds"); do
	with=$(rate)
	worker=$(pid)
	kill -STOP "$worker"
	without=$(rate)
	kill -CONT "$worker"
	echo "$with $without"
	# It catches up before the next round.
	sleep 1
done | tee figures
awk '{ w[NR] = $1; o[NR] = $2; r[NR] = $1 / $2 }
	function median(a, n, i, j, t) { for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t } return a[int((n + 1) / 2)] }
	END { printf "%d events a second announced, %d not announced, ratio %.2f\n", median(w, NR), median(o, NR), median(r, NR) }' figures
