#!/bin/bash
# mails.sh: `make bench`, the part of mails.  How many mails a second the
# dispatcher delivers, against a bare loop of libcurl to the same server.
#
#	make bench				15 rounds
#	make bench ROUNDS=5
#
# Ours claims each mail, opens it, and writes down that it was sent, with fsync
# on; the time is from the commit that queued them to the last one written down.
# Both keep as many connections as email_concurrency says and use them again.
# The server is test/lib/smtp_server.py, which writes each mail into a file.
set -eu
cd "$(dirname "$0")/../.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh
	workspace_enter test/bench/mails.sh
fi
rounds=${ROUNDS:-15}
mails=500
workspace_build
workspace_server mails
cc -O2 -Wall -Werror -o "$WORKSPACE/bare" test/bench/mails.c -lcurl
lib=$PWD/test/lib
cd "$WORKSPACE/tmp"
q() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

# It ends when its standard input does, so with us.
mkdir -p inbox
coproc SERVER { exec /usr/bin/python3 "$lib/smtp_server.py" "$WORKSPACE/tmp" inbox plain; }
while read -r name port; do
	if [ "$name" = ready ]; then break; fi
	listens=$port
done <&"${SERVER[0]}"

q -o /dev/null <<SQL
CREATE EXTENSION fastauth CASCADE;
SELECT fastauth.configure('email_from', 'Test <test@example.org>'), fastauth.configure('smtp_url', 'smtp://127.0.0.1:$listens'),
	fastauth.configure('smtp_tls', 'none'), fastauth.configure('email_transport', 'smtp');
SQL

# Mails per second of ours, with $1 at once.
ours()
{
	q <<SQL
SELECT fastauth.configure('email_concurrency', '$1') \g /dev/null
DELETE FROM fastauth.outbox;
SELECT count(fastauth.send_email('to@example.com', 'ours', '<p>hello</p>', 'hello')) FROM generate_series(1, $mails) \g /dev/null
SELECT clock_timestamp() AS began \gset
DO \$\$ BEGIN FOR i IN 1 .. 6000 LOOP
	IF NOT EXISTS (SELECT FROM fastauth.outbox WHERE status = 'pending') THEN RETURN; END IF;
	COMMIT; PERFORM pg_sleep(0.01);
END LOOP; RAISE 'not all were sent'; END \$\$;
SELECT round($mails / extract(epoch FROM max(finished_at) - :'began')::numeric, 1) FROM fastauth.outbox WHERE status = 'sent' HAVING count(*) = $mails;
SQL
}

for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	for concurrency in 1 4 16; do
		ours $concurrency >> "ours_$concurrency"
		"$WORKSPACE/bare" "$listens" "$mails" "$concurrency" >> "bare_$concurrency"
		find inbox -type f -delete
	done
done

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

echo
for concurrency in 1 4 16; do
	printf '%d mails at once: %.0f mails/s, bare libcurl %.0f mails/s, ratio %.2f\n' "$concurrency" \
		"$(median "ours_$concurrency")" "$(median "bare_$concurrency")" \
		"$(echo "$(median "ours_$concurrency") $(median "bare_$concurrency")" | awk '{ print $1 / $2 }')"
done
