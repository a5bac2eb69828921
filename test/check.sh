#!/bin/bash
# check.sh: `make check`.  Builds, installs into a private server tree, runs
# the lint scripts and the three kinds of tests against throw-away servers.
#
#	make check						everything
#	make check T="jws key"			these pg_regress tests (after install)
#	make check S="refresh_race"		these isolation tests (after prepare)
#	make check P="010_restart"		these TAP tests
#	make check T="jws" ACCEPT=1		their answers become the expected ones
#	make check KEEP=1				keep the directory with logs and data
#
# The last line tells how many tests passed and failed; any failure makes it
# end with status 1.
set -u
cd "$(dirname "$0")/.." || exit 1
. test/lib/workspace.sh
if [ -z "${WORKSPACE:-}" ]; then
	bash test/lib/packages.sh || exit 1
	# Here, so that they are there the next time; without them only the programs that need them fail, and say so.
	bash test/lib/npm.sh
	workspace_enter test/check.sh
fi

passed=0
failed=0
PG_CONFIG=${PG_CONFIG:-pg_config}
export PG_CONFIG

say()
{
	printf '\n== %s\n' "$*"
}

# The names in a list of the Makefile.
list()
{
	sed -n "/^$1 = /,/^\$/p" Makefile | sed "s/^$1 =//; s/\\\\\$//" | tr -s ' \t\n' '\n' | sed '/^$/d'
}

# Count what one of PostgreSQL's runners did: $1 status, $2 its output, $3 number of tests.
count_regress()
{
	local bad=0

	if [ "$1" != 0 ]; then
		# "1 of 3 tests failed."; a runner that broke down before tells nothing, and nothing has passed.
		bad=$(grep -Eo '[0-9]+ of [0-9]+ tests failed' "$2" | tail -n 1 | cut -d' ' -f1)
		bad=${bad:-$3}
	fi
	failed=$((failed + bad))
	passed=$((passed + $3 - bad))
}

# run_regress NAME PROGRAM OUTPUTDIR OPTIONS... -- TESTS...
run_regress()
{
	local name=$1 program=$2 out=$3 status

	shift 3
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	[ $# -gt 0 ] || return 0
	say "$name: $# tests"
	mkdir -p "$out"
	"$program" --bindir="$BINDIR" --inputdir=test --outputdir="$out" --temp-instance="$WORKSPACE/$name" \
		--temp-config=test/conf/regress.conf --encoding=UTF8 "${options[@]}" "$@" 2>&1 | tee "$WORKSPACE/$name.out"
	status=${PIPESTATUS[0]}
	count_regress $status "$WORKSPACE/$name.out" $#
	if [ $status != 0 ]; then
		head -n 400 "$out/regression.diffs" 2>/dev/null
		# What the server said when it did not start, or broke down.
		grep -hE 'FATAL|PANIC|terminated by signal' "$out/log/postmaster.log" 2>/dev/null | tail -n 20
	fi
}

run_tap()
{
	local status tests bad died

	[ $# -gt 0 ] || return 0
	say "TAP: $# programs"
	mkdir -p "$WORKSPACE/tap/log" "$WORKSPACE/tap/data"
	PATH="$BINDIR:$PATH" PG_REGRESS="$pgxs_test/regress/pg_regress" TESTDIR="$WORKSPACE/tap" TESTLOGDIR="$WORKSPACE/tap/log" \
		TESTDATADIR="$WORKSPACE/tap/data" prove --jobs "$(nproc)" --timer -I "$pgxs_test/perl" -I test/t "$@" 2>&1 | tee "$WORKSPACE/tap.out"
	status=${PIPESTATUS[0]}
	tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$WORKSPACE/tap.out" | tail -n 1)
	tests=${tests:-0}
	bad=0
	if [ $status != 0 ]; then
		# One line tells of each program that failed; one without a failed subtest (it died) counts as one.
		bad=$(sed -n 's/^[^ ]* *(Wstat: .* Tests: [0-9]* Failed: \([0-9]*\))$/\1/p' "$WORKSPACE/tap.out" |
			awk '{ failed += $1; died += ($1 == 0) } END { print failed + 0, died + 0 }')
		died=${bad#* } bad=${bad% *}
		tests=$((tests - bad))
		bad=$((bad + died))
		[ $bad -gt 0 ] || bad=1
		failed=$((failed + bad))
		find "$WORKSPACE/tap" -name 'regress_log_*' | sort | while read -r log; do
			grep -qE '^(not ok|#   Failed|Bail out)|died|Looks like|error running SQL' "$log" || continue
			echo "-- $log"
			tail -n 60 "$log"
		done
	fi
	passed=$((passed + tests))
}

run_lint()
{
	local script

	say "lint"
	for script in test/lint/[a-z]*.sh; do
		[ -e "$script" ] || continue
		[ "$script" != test/lint/run.sh ] || continue
		if bash "$script"; then
			passed=$((passed + 1))
			echo "ok     $(basename "$script" .sh)"
		else
			failed=$((failed + 1))
			echo "FAILED $(basename "$script" .sh)"
		fi
	done
}

# -- the tests that were asked for
slow='066_worker_crash.pl 101_dispatcher.pl 104_webhooks.pl 040_memory.pl 010_master_key.pl 065_workers.pl 070_lockout.pl 030_leaks.pl 111_lying_provider.pl'
all=yes
[ -z "${T:-}${S:-}${P:-}" ] || all=
if [ -n "$all" ]; then
	T=$(list REGRESS)
	S=$(list ISOLATION)
	# What takes longest first, so that nothing long is left alone at the end.
	P=$(cd test/t && { printf '%s\n' $slow; ls [0-9]*.pl; } | awk '!seen[$0]++')
else
	[ -z "${T:-}" ] || T="install $(for t in $T; do [ "$t" = install ] || echo "$t"; done)"
	[ -z "${S:-}" ] || S="prepare $(for t in $S; do [ "$t" = prepare ] || echo "$t"; done)"
fi
programs=$(for p in ${P:-}; do p=$(basename "$p" .pl); echo "test/t/$p.pl"; done)

# -- build
say "build with $($PG_CONFIG --version)"
if ! workspace_build; then
	echo "the build failed"
	echo "0 passed, 1 failed"
	exit 1
fi
pgxs_test=$(dirname "$($PG_CONFIG --pgxs)")/../test

# -- run
run_regress_and_isolation()
{
	run_regress regress "$pgxs_test/regress/pg_regress" . -- ${T:-}
	run_regress isolation "$pgxs_test/isolation/pg_isolation_regress" output_iso --dbname=isolation_regression -- ${S:-}
}
if [ -n "$all" ]; then
	# The TAP programs, which wait much, run beside the rest; their output comes at the end.
	(
		passed=0 failed=0
		run_tap $programs
		echo "$passed $failed" > "$WORKSPACE/tap.count"
	) > "$WORKSPACE/tap.log" 2>&1 &
	run_lint
	run_regress_and_isolation
	wait
	cat "$WORKSPACE/tap.log"
	read -r tap_passed tap_failed < "$WORKSPACE/tap.count" || { tap_passed=0; tap_failed=1; }
	passed=$((passed + tap_passed))
	failed=$((failed + tap_failed))
else
	run_regress_and_isolation
	run_tap $programs
fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
