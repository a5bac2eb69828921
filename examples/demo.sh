#!/bin/bash
# demo.sh: `make demo`.  Builds fastauth, starts a server of its own that is
# removed at the end, and does the main job there: examples/demo.sql, each
# statement with its answer.
set -eu
cd "$(dirname "$0")/.."
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh demo
	workspace_enter examples/demo.sh
fi

echo "Building fastauth, and a server that lives as long as this demonstration ..."
workspace_build
workspace_server demo

echo "The statements are those of examples/demo.sql; lines that start with -- explain."
echo
out=$WORKSPACE/demo.out
psql -X -a -q -d postgres -P footer=off -P null=NULL -f examples/demo.sql 2>&1 | sed 's/^psql:examples.demo.sql:[0-9]*: //; s/^-- /\n-- /' | tee "$out"

# It is a demonstration only if it shows what it says.
status=0
for word in user_already_exists weak_password invalid_credentials invalid_token refresh_token_reused session_revoked; do
	grep -q "^DETAIL:  $word\$" "$out" || { echo "demo: $word was not shown" >&2; status=1; }
done
errors=$(grep -c '^ERROR: ' "$out" || true)
[ "$errors" = 9 ] || { echo "demo: $errors refusals, 9 were expected" >&2; status=1; }
for word in 'Subject: ' '#token=fa_ot_' 'somebody else'; do
	grep -q -- "$word" "$out" || { echo "demo: $word was not shown" >&2; status=1; }
done
[ $status = 0 ] || exit $status
echo "That is the main job. The server is stopped and removed; README.md tells how to install fastauth into yours."
