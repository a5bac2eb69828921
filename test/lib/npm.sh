#!/bin/bash
# npm.sh: what the tests need of npm, into node_modules beside this script, at the
# versions of package-lock.json; nothing when it is there.  Node.js comes from
# packages.sh.
set -eu
cd "$(dirname "$0")"
stamp=node_modules/.fastauth
cmp -s package-lock.json "$stamp" && exit 0
for program in node npm; do
	command -v $program >/dev/null || { echo "the tests of OAuth and of PostgREST need $program: install nodejs and npm (apt-get install nodejs npm)" >&2; exit 1; }
done
# No package's own script runs.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || { echo "npm ci failed in $PWD: the tests of OAuth and of PostgREST need its packages" >&2; exit 1; }
cp package-lock.json "$stamp"
