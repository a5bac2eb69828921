#!/bin/bash
# planted.sh: the lint scripts find what they are for.  Each names faults in its
# head, as "# plant: COMMAND"; each is planted in a copy of the sources, and
# the script has to fail there.  (Whether it passes here is its own answer.)
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/clean"
cp -a Makefile fastauth.control sql src test expected *.md *.json "$work/clean/"
[ ! -e docs ] || cp -a docs "$work/clean/"
[ ! -e fastauth.so ] || cp -a fastauth.so "$work/clean/"
find "$work/clean" -name '*.o' -delete

# plant N SCRIPT COMMAND: says what was not found
plant()
{
	local copy=$work/$1

	cp -a "$work/clean" "$copy"
	(cd "$copy" && eval "$3") >/dev/null 2>&1 || echo "$2: cannot be planted: $3"
	if diff -rq "$work/clean" "$copy" >/dev/null; then
		echo "$2: plants nothing: $3"
	elif (cd "$copy" && timeout 120 bash "$2") >/dev/null 2>&1; then
		echo "$2: does not find: $3"
	fi
	rm -rf "$copy"
}

n=0
for script in test/lint/[a-z]*.sh; do
	while IFS= read -r command; do
		n=$((n + 1))
		plant $n "$script" "$command" > "$work/$n.out" &
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	done < <(sed -n 's/^# plant: //p' "$script")
done
wait
bad=$(cat "$work"/*.out)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
