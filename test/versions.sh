#!/bin/bash
# versions.sh: `make check-versions`, as root.  Builds with gcc and clang and
# runs the suite on the other servers that are supported, each in a Debian
# chroot that is made once (about a minute and 2 GB each) and kept in
# VERSIONS_DIR (default /var/tmp/fastauth-versions).
#
#	make check-versions V="trixie:17"		only this one (release:server)
#	make check-versions V="trixie:17" T="jws"	only these tests there
set -eu
cd "$(dirname "$0")/.."
dir=${VERSIONS_DIR:-/var/tmp/fastauth-versions}
[ "$(id -u)" = 0 ] || { echo "make check-versions has to run as root: it makes chroots" >&2; exit 1; }
command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -q -y debootstrap
# Where this machine itself gets its packages.
mirror=${MIRROR:-$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | awk '$1 == "URIs:" || $1 == "deb" { print $2; exit }')}
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# Run a command in the chroot; /proc is there for it, and goes with it.
inside()
{
	unshare --mount --propagation private bash -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' - "$@" </dev/null
}

make_chroot()
{
	local root=$1 release=$2 server=$3

	rm -rf "$root"
	mkdir -p "$dir"
	debootstrap --variant=minbase "$release" "$root" "$mirror" > "$root.log" 2>&1
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	mkdir -p "$root/etc/postgresql-common"
	echo 'create_main_cluster = false' > "$root/etc/postgresql-common/createcluster.conf"
	# A mirror may be a snapshot, older than its release file allows.
	echo 'Acquire::Check-Valid-Until "false";' > "$root/etc/apt/apt.conf.d/99snapshot"
	inside "$root" apt-get update -q >> "$root.log" 2>&1
	inside "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
		make gcc libc6-dev clang "postgresql-$server" "postgresql-server-dev-$server" \
		libssl-dev libsodium-dev libzxcvbn-dev libcurl4-openssl-dev libipc-run-perl \
		openssl python3-aiosmtpd nodejs npm pgbouncer chromium >> "$root.log" 2>&1
	inside "$root" apt-get clean
	touch "$root/made"
}

status=0
summary=
for pair in ${V:-trixie:17 sid:18}; do
	release=${pair%:*} server=${pair#*:}
	root=$dir/$release
	if [ ! -e "$root/made" ]; then
		echo "== making a chroot of $release, see $root.log"
		make_chroot "$root" "$release" "$server" || { tail -n 20 "$root.log"; summary+="$pair: no chroot"$'\n'; status=1; continue; }
	fi
	rm -rf "$root/src"
	mkdir "$root/src"
	tar -c --exclude=./.git --exclude='./tmp_*' --exclude='*.o' --exclude='*.so' . | tar -x -C "$root/src" --no-same-owner
	for compiler in clang gcc; do
		echo "== $pair: $compiler"
		result=ok
		inside "$root" bash -c "cd /src && make -s clean with_llvm=no && make -s -j$(nproc) CC=$compiler with_llvm=no" || result=FAILED
		[ $result = ok ] || status=1
		summary+="$pair: build with $compiler: $result"$'\n'
	done
	log=$(mktemp)
	# The objects of the last build, gcc's, are the ones that are tested.
	inside "$root" env T="${T:-}" S="${S:-}" P="${P:-}" bash -c 'cd /src && make check' 2>&1 | tee "$log" || true
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
	rm -f "$log"
	case $line in *" passed, 0 failed") ;; *) status=1 ;; esac
	summary+="$pair: ${line:-did not come to the tests}"$'\n'
done
printf '\n%s' "$summary"
exit $status
