#!/bin/bash
# tables.sh: the README's tables of settings and errors, and that of counters in
# docs/operations.md, are those of the C code.
# `bash test/lint/tables.sh write` writes them between their markers.
#
# plant: sed -i 's/"15 min"/"16 min"/' src/base/settings.c
# plant: sed -i 's/PGC_SUSET/PGC_SIGHUP/' src/base/settings_server.c
# plant: sed -i 's/the hash queue/the queue/' src/base/errors.c
# plant: sed -i '/<!-- settings -->/,/<!-- \/settings -->/d' README.md
# plant: sed -i 's/`clock_skew`/`clock_screw`/' README.md
# plant: sed -i 's/"hash_waits"/"hash_queued"/' src/auth/stats.c
# plant: sed -i '/^| `hash_waits`/d' docs/operations.md
set -u
cd "$(dirname "$0")/../.." || exit 1
PG_CONFIG=${PG_CONFIG:-pg_config}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# The libraries hold the server's own snprintf(); functions that need a running server are left out by the linker.
libdir=$($PG_CONFIG --libdir)
pkglibdir=$($PG_CONFIG --pkglibdir)
${CC:-cc} -std=gnu99 -w -ffunction-sections -fdata-sections -I"$($PG_CONFIG --includedir-server)" -Isrc -o "$work/tables" \
	test/lint/tables.c src/base/settings.c src/base/settings_server.c src/base/errors.c src/auth/stats.c \
	-Wl,--gc-sections -L"$libdir" -L"$pkglibdir" -lpgcommon -lpgport || exit 1

status=0
for name in settings server-settings errors stats; do
	file=README.md
	[ $name != stats ] || file=docs/operations.md
	"$work/tables" "$name" > "$work/$name" || exit 1
	if [ "$(grep -cE "^<!-- /?$name -->\$" $file)" != 2 ]; then
		echo "$file: the markers <!-- $name --> and <!-- /$name --> must stand there once, each on a line of its own"
		status=1
		continue
	fi
	if [ "${1:-}" = write ]; then
		sed -i -e "/^<!-- $name -->\$/,/^<!-- \/$name -->\$/{//!d}" -e "/^<!-- $name -->\$/r $work/$name" $file
	fi
	if ! sed -n "/^<!-- $name -->\$/,/^<!-- \/$name -->\$/{//!p}" $file | diff - "$work/$name" > "$work/diff"; then
		echo "$file: the table of $name is not that of the code; run: bash test/lint/tables.sh write"
		head -n 20 "$work/diff"
		status=1
	fi
done
exit $status
