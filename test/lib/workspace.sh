# workspace.sh: sourced by what builds and starts throw-away servers.
#
# workspace_enter SCRIPT copies the sources into a directory of its own, which
# is removed at the end, and runs SCRIPT there, with WORKSPACE set; root hands
# it to a user without privileges, as PostgreSQL refuses to run as root.  So
# clones can be tested side by side, and a clone stays as it was.
# KEEP=1 keeps the directory; ACCEPT=1 makes the answers of the pg_regress and
# isolation tests that ran the expected ones (read the diff before you commit).

# The user who runs servers when root calls.
workspace_user()
{
	if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Stop every server that was started below the directory and is still there.
workspace_stop_servers()
{
	find "$1" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		kill -QUIT "$(head -n 1 "$pidfile")" 2>/dev/null || true
	done
}

workspace_leave()
{
	workspace_stop_servers "$WORKSPACE"
	[ -z "${ACCEPT:-}" ] || cp "$WORKSPACE"/src/results/*.out "$WORKSPACE"/src/output_iso/results/*.out expected/ 2>/dev/null || true
	if [ -n "${KEEP:-}" ]; then
		echo "kept: $WORKSPACE"
	else
		rm -rf "$WORKSPACE"
	fi
}

workspace_enter()
{
	local script=$1
	local status=0

	workspace_child=

	# What a calling make or shell has set is not for the makes and servers in there.
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGOPTIONS PGDATA
	WORKSPACE=$(mktemp -d "${TMPDIR:-/tmp}/fastauth.XXXXXX")
	export WORKSPACE
	trap workspace_leave EXIT
	trap 'kill -TERM -- "-$workspace_child" 2>/dev/null; exit 130' INT TERM HUP
	chmod 755 "$WORKSPACE"
	mkdir "$WORKSPACE/src" "$WORKSPACE/tmp"
	tar -c --format=posix --exclude=./.git --exclude='./tmp_*' . | tar -x -C "$WORKSPACE/src" --no-same-owner
	local run=(env HOME="$WORKSPACE" TMPDIR="$WORKSPACE/tmp" LANG=C.UTF-8 bash "$script")
	if [ "$(id -u)" = 0 ]; then
		chown -R "$(workspace_user):" "$WORKSPACE"
		run=(runuser -u "$(workspace_user)" -- "${run[@]}")
	fi
	# In a process group of its own, which a signal to this shell ends.
	(cd "$WORKSPACE/src" && exec setsid "${run[@]}") &
	workspace_child=$!
	wait "$workspace_child" || status=$?
	exit $status
}

# Build in the workspace and install into a server tree there; sets BINDIR.
workspace_build()
{
	make -s -j"$(nproc)" PG_CONFIG="${PG_CONFIG:-pg_config}" with_llvm=no || return 1
	BINDIR=$(bash test/lib/server-tree.sh "$WORKSPACE/tree") || return 1
	export BINDIR
}

# Start a server in the workspace, with the configuration of test/conf/NAME.conf
# if there is one, and let psql find it.  It is stopped when the workspace is left.
workspace_server()
{
	local name=$1

	export PATH="$BINDIR:$PATH" PGDATA="$WORKSPACE/$name" PGHOST="$WORKSPACE/tmp" PGUSER=postgres PGPORT=5432
	initdb -A trust -N -U postgres -E UTF8 --locale=C.UTF-8 >"$WORKSPACE/$name.initdb" 2>&1 || { cat "$WORKSPACE/$name.initdb"; return 1; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$PGHOST'"
		echo "fsync = off"
		if [ -e "test/conf/$name.conf" ]; then cat "test/conf/$name.conf"; else echo "shared_preload_libraries = 'fastauth'"; fi
	} >> "$PGDATA/postgresql.conf"
	pg_ctl -s -w -l "$WORKSPACE/$name.log" start || { tail -n 20 "$WORKSPACE/$name.log"; return 1; }
}
