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

# One session that stays: psql prints what was notified after each statement, so it gets one often.
coproc listener { while echo 'SELECT;' && sleep 0.2; do :; done 2>/dev/null | psql -XAtq -v ON_ERROR_STOP=1 -c 'LISTEN fastauth' -f - ; }
trap 'kill "$listener_PID" 2>/dev/null || true' EXIT
read_on
while read -r line <&"${listener[0]}"; do
	case $line in
		*'Asynchronous notification "fastauth"'*) read_on ;;
	esac
done
