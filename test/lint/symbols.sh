#!/bin/bash
# symbols.sh: the library exports what the server and SQL call, and nothing else.
#
# plant: echo 'int planted = 1;' | ${CC:-cc} -shared -fPIC -x c - -o fastauth.so
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -e fastauth.so ] || { echo "fastauth.so is not built"; exit 1; }
bad=$(nm -D --defined-only fastauth.so | awk '{ print $NF }' |
	grep -vE '^(Pg_magic_func|_PG_init|fastauth_[a-z0-9_]+|pg_finfo_fastauth_[a-z0-9_]+|_init|_fini|__bss_start|_edata|_end)$')
[ -z "$bad" ] || { echo "exported without need: $bad"; exit 1; }
