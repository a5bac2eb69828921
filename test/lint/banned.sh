#!/bin/bash
# banned.sh: calls that are not made here: unbounded string functions,
# libc's random numbers and sleeps,
# comparing secrets byte by byte until the first difference.  (OPENSSL_NO_DEPRECATED,
# in the Makefile, does the same for OpenSSL.)
#
# plant: echo 'void x(char *a) { strcpy(a, "b"); }' >> src/base/text.c
# plant: echo 'int x(const char *token) { return memcmp(token, "b", 1); }' >> src/auth/seal.c
# plant: echo 'int x(const char *password_hash) { return strcmp(password_hash, "b"); }' >> src/auth/seal.c
# plant: echo 'int x(void) { return rand(); }' >> src/base/text.c
# plant: echo 'void x(void) { pg_usleep(1); }' >> src/base/text.c
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=$(perl test/lint/code.pl -s $(find src -name '*.[ch]' | sort) | perl -ne '
	my ($where, $code) = /^([^:]+:\d+):(.*)/ or next;
	my $why;
	$why = "unbounded" if $code =~ /\b(strcpy|strcat|sprintf|vsprintf|gets|stpcpy|scanf|sscanf|alloca)\s*\(/;
	$why = "no random number for us" if $code =~ /\b(rand|random|srand|srandom|drand48|pg_prng_\w+)\s*\(/;
	$why = "wait on a latch, do not sleep" if $code =~ /\b(sleep|usleep|nanosleep|pg_usleep)\s*\(/;
	$why = "runs a shell" if $code =~ /\b(system|popen)\s*\(/;
	$why = "compare secrets in constant time" if $code =~ /\b(memcmp|strcmp|strncmp)\s*\([^;]*\b\w*(secret|password|token|hash|digest|mac|signature|challenge)(_hash|_digest)?\b(?!\s*(?:->|\.))/i
		&& $code !~ /public/;
	print "$where: $why: $code\n" if $why;
') || bad="the script itself failed: $bad"
[ -z "$bad" ] || { echo "$bad"; exit 1; }
