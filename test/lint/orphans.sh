#!/bin/bash
# orphans.sh: every test is in the Makefile's lists and has its answer, every
# answer has its test; every SQL piece is in the install script.
#
# plant: touch test/sql/planted.sql expected/planted.out
# plant: touch expected/planted.out
# plant: touch test/specs/planted.spec
# plant: sed -i 's/^REGRESS = \\$/&\n\tplanted \\/' Makefile
# plant: rm expected/install.out
# plant: touch sql/install/functions/planted.sql
# plant: mkdir -p test/t; touch test/t/planted.pl
# plant: touch sql/planted.sql
set -u
cd "$(dirname "$0")/../.." || exit 1
list()
{
	sed -n "/^$1 = /,/^\$/p" Makefile | sed "s/^$1 =//; s/\\\\\$//" | tr -s ' \t\n' '\n' | sed '/^$/d'
}
regress=$(list REGRESS)
isolation=$(list ISOLATION)
bad=$(
	for t in $regress; do [ -e "test/sql/$t.sql" ] || echo "REGRESS: test/sql/$t.sql is missing"; done
	for t in $isolation; do [ -e "test/specs/$t.spec" ] || echo "ISOLATION: test/specs/$t.spec is missing"; done
	printf '%s\n' $regress $isolation | sort | uniq -d | sed 's/$/ is listed twice/'
	for t in $regress $isolation; do [ -e "expected/$t.out" ] || echo "expected/$t.out is missing"; done
	for f in test/sql/*.sql; do t=$(basename "$f" .sql); echo "$regress" | grep -qx "$t" || echo "$f is not in REGRESS"; done
	for f in test/specs/*.spec; do t=$(basename "$f" .spec); echo "$isolation" | grep -qx "$t" || echo "$f is not in ISOLATION"; done
	# NAME_1.out is another right answer of NAME.
	for f in expected/*.out; do
		t=$(basename "$f" .out)
		printf '%s\n' $regress $isolation | grep -qxE "$t|${t%_[0-9]}" || echo "$f answers no test"
	done
	for f in test/t/*; do case $f in test/t/[0-9][0-9][0-9]_*.pl | *.pm | 'test/t/*') ;; *) echo "$f is no test: its name is NNN_name.pl" ;; esac; done
	for f in $(find sql/install -name '*.sql'); do grep -qE "^	$f( \\\\)?\$" Makefile || echo "$f is not in SQL_PIECES"; done
	# On PostgreSQL 15 a file sql/NAME.sql would run in place of test/sql/NAME.sql.
	for f in sql/*.sql; do [ ! -e "$f" ] || echo "$f: only folders stand in sql/"; done
)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
