#!/bin/bash
# listen.sh: print every event once, as they happen, and miss none.
#
#	examples/listen.sh [FILE]
#
# It connects as psql does (PGHOST, PGPORT, PGDATABASE, PGUSER), as a role that
# holds the server group.  FILE (default: ./last_event) keeps the id of the last
# event that was handled; a program of yours would keep it in its own database,
# in the same transaction in which it handles the event.
#
# The notification is only a wake-up, the table is the truth: LISTEN first, then
# read until nothing is left, then again after each notification, whatever it
# says.  STOP_AFTER=n ends it after n events.
set -eu -o pipefail
last=${1:-last_event}
handled=0

# Read on from the last event, a page at a time, until there are no more.
read_on()
{
	local page id event user_id

	while :; do
		page=$(psql -XAtq -v ON_ERROR_STOP=1 -v after="$(cat "$last" 2>/dev/null || true)" <<'SQL'
SELECT id, event, user_id FROM fastauth.list_events(nullif(:'after', '')::uuid, 100)
SQL
		)
		[ -n "$page" ] || return 0
		while IFS='|' read -r id event user_id; do
			echo "$event ${user_id:--}"
			echo "$id" > "$last"
			handled=$((handled + 1))
			[ "$handled" != "${STOP_AFTER:-}" ] || exit 0
		done <<< "$page"
	done
}

# One session that stays.  psql prints what was notified after a statement, so it gets one often.
coproc listener { exec psql -XAtq -v ON_ERROR_STOP=1; }
trap 'kill "$listener_PID" 2>/dev/null || true' EXIT
ask()
{
	local line
	local woken=no

	echo "$1 \\echo ." >&"${listener[1]}"
	while read -r line <&"${listener[0]}" && [ "$line" != . ]; do
		case $line in *'Asynchronous notification "fastauth"'*) woken=yes ;; esac
	done
	[ $woken = yes ]
}
ask 'LISTEN fastauth;' || true
read_on
while kill -0 "$listener_PID" 2>/dev/null; do
	if ask 'SELECT 1;'; then read_on; else sleep 0.2; fi
done
exit 1
