#!/bin/bash
# form.sh: no file of C, SQL or tests over 600 lines, no blanks at the end of a
# line, no blank before a tab, C indented by tabs, a banner on top of each C file.
#
# plant: yes '' | head -n 601 >> src/fastauth.c
# plant: printf 'int x; \n' >> src/base/text.c
# plant: printf '    int x;\n' >> src/base/text.c
# plant: printf ' \tint x;\n' >> src/base/text.c
# plant: sed -i 1,5d src/fastauth.c
# plant: printf 'int x;\r\n' >> src/base/text.c
# plant: printf 'SELECT 1;  \n' >> sql/install/00_header.sql
# plant: printf 'x' >> src/fastauth.c
set -u
cd "$(dirname "$0")/../.." || exit 1
code=$(find src -name '*.[ch]')
text=$(find src sql test examples .ci Makefile *.md *.control META.json -type f -not -path "*/node_modules/*" \( -name '*.[ch]' -o -name '*.sql' -o -name '*.spec' -o -name '*.sh' -o -name '*.pl' \
	-o -name '*.md' -o -name '*.conf' -o -name Makefile -o -name run -o -name '*.control' -o -name '*.json' \) 2>/dev/null)
bad=$(
	for f in $code $(find sql -name '*.sql'); do n=$(wc -l < "$f"); [ "$n" -le 600 ] || echo "$f: $n lines"; done
	for f in $code; do head -n 2 "$f" | tr -d '\n' | grep -qE "^/\* \* $(basename "$f")\$" || echo "$f: the file does not open with its banner"; done
	grep -nE '[ 	]+$' $text | sed 's/$/<- blanks at the end/' | cut -c1-120
	grep -nE '^ +	' $text | sed 's/$/<- blanks before a tab/' | cut -c1-120
	grep -nE '^    ' $code | sed 's/$/<- blanks in place of a tab/' | cut -c1-120
	grep -ln $'\r' $text | sed 's/$/ has carriage returns/'
	for f in $text; do [ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at the end"; done
)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
