#!/bin/bash
# packages.sh [demo]: install what building and testing need, or only what the
# demonstration needs, and only if something is missing (Debian, Ubuntu).  No cluster is made: the tests start servers of
# their own.  As a normal user it needs sudo, when something is missing.
set -eu
PG_CONFIG=${PG_CONFIG:-pg_config}
missing=

# A server that was asked for by name cannot be guessed.
if [ "$PG_CONFIG" != pg_config ] && ! command -v "$PG_CONFIG" >/dev/null; then
	echo "PG_CONFIG=$PG_CONFIG was not found" >&2
	exit 1
fi

have_header()
{
	printf '#include <%s>\n' "$1" | ${CC:-cc} -E -x c - >/dev/null 2>&1
}

# PGXS alone does not tell: Debian's client package brings it, without the headers.
have_server()
{
	command -v "$PG_CONFIG" >/dev/null &&
	test -f "$($PG_CONFIG --pgxs)" &&
	test -f "$($PG_CONFIG --includedir-server)/postgres.h" &&
	test -x "$($PG_CONFIG --bindir)/postgres" &&
	test -x "$($PG_CONFIG --bindir)/psql" &&
	test -f "$($PG_CONFIG --sharedir)/extension/pgcrypto.control"
}

command -v make >/dev/null || missing="$missing make"
command -v "${CC:-cc}" >/dev/null || missing="$missing gcc libc6-dev"
# Only root needs it, and only root has it in PATH.
[ "$(id -u)" != 0 ] || command -v runuser >/dev/null || missing="$missing util-linux"
have_header openssl/evp.h || missing="$missing libssl-dev"
have_header sodium.h || missing="$missing libsodium-dev"
have_header zxcvbn.h || missing="$missing libzxcvbn-dev"
have_header curl/curl.h || missing="$missing libcurl4-openssl-dev"
if [ "${1:-}" != demo ]; then
	perl -MIPC::Run -e 1 2>/dev/null || missing="$missing libipc-run-perl"
	command -v prove >/dev/null || missing="$missing perl"
	command -v openssl >/dev/null || missing="$missing openssl"
	# Debian's own Python, whatever else is in PATH: the mail servers of the tests are its program.
	/usr/bin/python3 -c "import aiosmtpd" 2>/dev/null || missing="$missing python3 python3-aiosmtpd"
	# The identity providers of the tests are programs of Node.js.
	command -v node >/dev/null || missing="$missing nodejs"
	command -v npm >/dev/null || missing="$missing npm"
	# In /usr/sbin, which a user need not have in PATH.
	PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null || missing="$missing pgbouncer"
	# The browser in which the page of examples/web is walked.
	test -x "${CHROMIUM:-/usr/bin/chromium}" || missing="$missing chromium"
fi
if ! have_server; then
	# Where there is a server, its own headers; all is what a fresh system has.
	version=$("$PG_CONFIG" --version 2>/dev/null | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	missing="$missing postgresql${version:+-$version} postgresql-server-dev-${version:-all}"
fi

[ -n "$missing" ] || exit 0
echo "fastauth needs packages:$missing"
command -v apt-get >/dev/null || { echo "this is no Debian: install their equivalents" >&2; exit 1; }

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@" || { echo "as root: apt-get install$missing" >&2; exit 1; }
	else
		echo "as root: apt-get install$missing" >&2
		exit 1
	fi
}

# The server's package makes and starts a cluster unless it is told not to; a server that is
# installed later makes its own again.
cluster_conf=/etc/postgresql-common/createcluster.conf
case $missing in
*postgresql*)
	as_root mkdir -p /etc/postgresql-common
	if [ ! -e $cluster_conf ]; then
		echo 'create_main_cluster = false' | as_root tee $cluster_conf >/dev/null
		trap 'as_root rm -f $cluster_conf' EXIT
	fi
	;;
esac
as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing </dev/null
# Nor is a pooler wanted that listens: the tests start their own.
case $missing in
*pgbouncer*)
	command -v systemctl >/dev/null && as_root systemctl disable -q --now pgbouncer 2>/dev/null || true
	;;
esac
