#!/bin/bash
# clang.sh: clang finds nothing to say either (the build is gcc's).  Not installed: not asked,
# but then the script says so.
#
# plant: printf 'static int\nx(void)\n{\n\tint unused;\n\n\treturn 1;\n}\n' >> src/base/text.c
set -u
cd "$(dirname "$0")/../.." || exit 1
clang=$(command -v clang || ls /usr/bin/clang-[0-9]* 2>/dev/null | head -n 1)
[ -n "$clang" ] || { echo "clang is not installed: skipped"; exit 0; }
files=$(find src -name '*.c' | sort)
bad=$(printf '%s\n' $files | xargs -P "$(nproc)" -n 8 "$clang" -fsyntax-only -Wall -Wextra -Werror -Wdeclaration-after-statement \
	-Wno-unknown-warning-option -Wno-ignored-attributes -D_GNU_SOURCE -DOPENSSL_NO_DEPRECATED -DFASTAUTH_VERSION='"0"' \
	-Isrc -isystem "$(${PG_CONFIG:-pg_config} --includedir-server)" 2>&1)
[ -z "$bad" ] || { echo "$bad" | head -n 60; exit 1; }
