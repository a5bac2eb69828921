#!/bin/bash
# arrows.sh: a room includes only rooms below it; foreign libraries, SPI and
# the server's version each have one owner (src/README.md has the map).
#
# plant: echo '#include "auth/user.h"' >> src/store/users.h
# plant: echo '#include "shmem/shmem.h"' >> src/crypto/seal.c
# plant: echo '#include <openssl/evp.h>' >> src/auth/seal.c
# plant: echo '#include "executor/spi.h"' >> src/auth/seal.c
# plant: echo '#if PG_VERSION_NUM > 1' >> src/fastauth.c
# plant: echo 'void x(void) { elog(ERROR, "x"); }' >> src/crypto/seal.c
# plant: mkdir src/attic; echo "int x;" > src/attic/a.c
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl test/lint/code.pl $(find src -name '*.[ch]' | sort) | perl -ne '
	BEGIN {
		%floor = (base => 0, crypto => 1, shmem => 1, net => 1, jose => 2, store => 2, auth => 3, api => 4, worker => 4);
	}
	our ($file, $line, $code) = /^([^:]+):(\d+):(.*)/ or next;
	my ($room) = $file =~ m{^src/(\w+)/};
	$room //= "front";
	sub bad { print "$file:$line: @_\n" }
	bad("no such room: $room") if $line == 1 && $room ne "front" && !exists $floor{$room};
	if ($code =~ m{^\s*#\s*include\s+"(\w+)/[\w/]+\.h"} && exists $floor{$1} && $room ne "front" && $1 ne $room)
	{
		bad("$room may not include $1") if $floor{$1} >= $floor{$room};
	}
	if ($code =~ /^\s*#\s*include\s+[<"]([^>"]+)/)
	{
		my $h = $1;
		bad("only crypto includes $h") if $room ne "crypto" && $h =~ m{^(openssl/|sodium|zxcvbn)};
		bad("only net includes $h") if $room ne "net" && $h =~ m{^curl/};
		bad("only store includes $h") if $room ne "store" && $h eq "executor/spi.h";
	}
	bad("only base/compat.h knows versions") if $file ne "src/base/compat.h" && $code =~ /\bPG_VERSION_NUM\b/;
	bad("$room returns status codes, it does not raise") if $room =~ /^(crypto|net|jose)$/ && $code =~ /\b(ereport|elog|base_raise\w*)\s*\(/;
	bad("jose takes the time as an argument") if $room eq "jose" && $code =~ /\b(GetCurrentTimestamp|GetCurrentTransactionStartTimestamp|time|gettimeofday|clock_gettime)\s*\(/;
') || bad="the script itself failed: $bad"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
