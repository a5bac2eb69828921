#!/bin/bash
# run.sh: `make lint`.  Every script of this directory alone, without servers.
set -u
cd "$(dirname "$0")/../.." || exit 1
bash test/lib/packages.sh || exit 1
make -s with_llvm=no || exit 1
status=0
for script in test/lint/[a-z]*.sh; do
	[ "$script" != test/lint/run.sh ] || continue
	if bash "$script"; then
		echo "ok     $(basename "$script" .sh)"
	else
		echo "FAILED $(basename "$script" .sh)"
		status=1
	fi
done
exit $status
