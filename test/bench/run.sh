#!/bin/bash
# run.sh: `make bench`.  What our functions take beside the bare work that they
# cannot go below, as ratios of medians.  Ours and the bare work take turns in
# the same run, so that a busy machine is unfair to neither.
#
#	make bench				all, 15 rounds
#	make bench ROUNDS=5
#
# signin			Argon2id verification by libsodium with the same parameters
# verify_jws		OpenSSL over the same token: HMAC with a key that is kept, ECDSA with a parsed key
# verify_token		the same ECDSA; "first": tokens that this backend has not seen; "again": one that it has
# refresh			a transaction of one UPDATE and one INSERT in one statement, by pgbench
# authenticate		a SELECT by primary key, by pgbench: by an access token, and by a session token
#
# verify_* are timed in the server, over a series of calls; the others by
# pgbench with one client and prepared statements, ours and the bare work alike.
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/run.sh
fi
rounds=${ROUNDS:-15}
workspace_build
workspace_server bench
cc -O2 -Wall -Werror -o "$WORKSPACE/limits" test/bench/limits.c -lcrypto -lsodium
cd "$WORKSPACE/tmp"
figures=$WORKSPACE/figures
q() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

# -- what is measured
q <<'SQL'
CREATE EXTENSION fastauth CASCADE;
-- One user does here what many would; they are counted all the same.
SELECT fastauth.configure('rate_' || name, '1000000/1min') FROM unnest(ARRAY['refresh_account', 'refresh_total', 'signin_account', 'signin_total']) AS name;
SELECT * FROM fastauth.signup('ada@example.com', 'correct horse battery staple') \gset
-- Her sessions end one another, when there are more than 50; Ada's stay.
SELECT * FROM fastauth.signup('grace@example.com', 'correct horse battery staple') \gset
CREATE TABLE tokens AS
	SELECT i, fastauth.issue_jwt(me.id, ttl => '1 hour') AS token
	FROM generate_series(1, 1000) i, (SELECT id FROM fastauth.get_user_by_email('ada@example.com')) me;
CREATE TABLE pairs (id int PRIMARY KEY, used_at timestamptz, successor bytea);
INSERT INTO pairs SELECT i FROM generate_series(1, 100000) i;
CREATE TABLE successors (hash bytea PRIMARY KEY, pair int NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
VACUUM ANALYZE;
CHECKPOINT;
SQL
pair=$(q -F ' ' -c "SELECT access_token, refresh_token FROM fastauth.signin('ada@example.com', 'correct horse battery staple')")
access=${pair% *}
refresh=${pair#* }
session=$(q -c "SELECT access_token FROM fastauth.configure('session_strategy', 'database'), fastauth.signin('ada@example.com', 'correct horse battery staple')")
q -o /dev/null -c "SELECT fastauth.configure('session_strategy', NULL)"
jwk=$(q -c "SELECT key FROM jsonb_array_elements(fastauth.jwks() -> 'keys') key WHERE key ->> 'alg' = 'ES256'")
x=$(q -c "SELECT '$jwk'::jsonb ->> 'x'")
y=$(q -c "SELECT '$jwk'::jsonb ->> 'y'")
secret=$(printf 'fastauth bench: a secret of 32 b' | base64 | tr '+/' '-_' | tr -d '=')
signed=$(printf '{"alg":"HS256"}' | base64 -w0 | tr '+/' '-_' | tr -d '=').$(echo "$access" | cut -d. -f2)
hs256=$signed.$(printf '%s' "$signed" | openssl dgst -sha256 -hmac 'fastauth bench: a secret of 32 b' -binary | base64 -w0 | tr '+/' '-_' | tr -d '=')
oct="{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"$secret\"}"
memory=$(q -c "SELECT pg_size_bytes(coalesce(value, default_value)) / 1024 FROM fastauth.settings_overview WHERE name = 'password_hash_memory'")
passes=$(q -c "SELECT coalesce(value, default_value) FROM fastauth.settings_overview WHERE name = 'password_hash_iterations'")

# Nanoseconds of one row of a query, which counts $1 rows; a new backend each time.
server()
{
	q -v n="$1" <<SQL
SELECT clock_timestamp() AS start \gset
SELECT 1 FROM ($2) q(n) WHERE n <> $1;
SELECT round(extract(epoch FROM clock_timestamp() - :'start') * 1e9 / $1);
SQL
}

# Nanoseconds of one transaction of the script on standard input.
client()
{
	local count=$1

	shift
	cat > script.sql
	pgbench -n -M prepared -c 1 -t "$count" -f script.sql "$@" postgres 2>&1 |
		awk '/^latency average/ { printf "%.0f\n", $4 * 1e6; seen = 1 } { line[NR] = $0 } END { if (!seen) { for (i in line) print line[i] > "/dev/stderr"; exit 1 } }'
}

# note NAME ours|bare NANOSECONDS
note()
{
	[[ $3 =~ ^[1-9][0-9]*$ ]] || { echo "$1, $2: was not measured" >&2; exit 1; }
	echo "$1|$2|$3" >> "$figures"
}

for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	note "signin" ours "$(echo "SELECT * FROM fastauth.signin('grace@example.com', 'correct horse battery staple');" | client 8)"
	note "signin" bare "$("$WORKSPACE/limits" argon2 "$memory" "$passes" 8)"

	note "verify_jws HS256" ours "$(server 50000 "SELECT count(fastauth.verify_jws('$hs256', '$oct')) FROM generate_series(1, 50000)")"
	note "verify_jws HS256" bare "$("$WORKSPACE/limits" hmac "$hs256" "$secret" 200000)"

	note "verify_jws ES256" ours "$(server 1000 "SELECT count(fastauth.verify_jws('$access', '$jwk')) FROM generate_series(1, 1000)")"
	note "verify_token first" ours "$(server 1000 "SELECT count(fastauth.verify_token(token)) FROM tokens")"
	note "verify_token again" ours "$(server 5000 "SELECT count(fastauth.verify_token('$access')) FROM generate_series(1, 5000)")"
	bare=$("$WORKSPACE/limits" ecdsa "$access" "$x" "$y" 1000)
	for name in "verify_jws ES256" "verify_token first" "verify_token again"; do note "$name" bare "$bare"; done

	# Each refreshes with the token of the one before; a session of its own for each round.
	note "refresh" ours "$(echo 'SELECT refresh_token AS rt FROM fastauth.refresh(:rt) \gset' | client 500 -D rt="$refresh")"
	refresh=$(q -c "SELECT refresh_token FROM fastauth.signin('ada@example.com', 'correct horse battery staple')")
	note "refresh" bare "$(client 500 <<'SQL'
\set id random(1, 100000)
WITH used AS (UPDATE pairs SET used_at = clock_timestamp(), successor = sha256(int8send(:id)) WHERE id = :id RETURNING id)
INSERT INTO successors SELECT sha256(uuid_send(gen_random_uuid())), id, now(), now() + interval '14 d' FROM used;
SQL
)"

	note "authenticate" ours "$(echo "SELECT fastauth.authenticate(:token);" | client 3000 -D token="$access")"
	note "authenticate session" ours "$(echo "SELECT fastauth.authenticate(:token);" | client 3000 -D token="$session")"
	bare=$(client 3000 <<'SQL'
\set id random(1, 100000)
SELECT used_at FROM pairs WHERE id = :id;
SQL
)
	note "authenticate" bare "$bare"
	note "authenticate session" bare "$bare"
done

perl -F'\|' -lane '
	push @{$f{$F[0]}{$F[1]}}, $F[2];
	push @names, $F[0] unless $seen{$F[0]}++;
	sub median { my @s = sort { $a <=> $b } @{$_[0]}; my $n = @s; $n % 2 ? $s[$n / 2] : ($s[$n / 2 - 1] + $s[$n / 2]) / 2 }
	END {
		printf "\n%-20s %14s %14s %8s\n", "", "fastauth (us)", "bare (us)", "ratio";
		for (@names) { my ($o, $b) = (median($f{$_}{ours}), median($f{$_}{bare})); printf "%-20s %14.2f %14.2f %8.2f\n", $_, $o / 1000, $b / 1000, $o / $b }
	}' "$figures"
