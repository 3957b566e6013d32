# shellcheck shell=bash
#
# Shell functions for the scripts beside this file: a private PostgreSQL
# server with this checkout's recsys in it, in a temporary folder that is
# removed at the end.  To be sourced by bash.
#
#   find_pg_config          path of a pg_config that can build and run recsys
#   private_folder          makes $work, removed on exit
#   build [VARIABLE=VALUE]  compiles the extension, keeping the objects
#   install_private         installs it beside a private copy of the server
#   start_server            initdb and start; psql and make then find it
#   as_user COMMAND...      runs a command as the owner of $work
#
# Neither the system's PostgreSQL folders nor its clusters are touched.
# PostgreSQL finds its libraries and extensions relative to the folder its
# own program lies in.  So copies of its programs, beside links to the rest
# of the installation, are a server of their own: to install into it needs
# no rights, and disturbs no one.
#
# PostgreSQL refuses to run as root.  Started by root, everything but the
# compiler runs as the user postgres, on a copy of the checkout in $work:
# root's own may be closed to that user.
#
# PG_CONFIG chooses the PostgreSQL, SANITIZE=1 builds and runs with the
# sanitizers, TMPDIR is where $work is made, KEEP=1 leaves it there.

oldest_postgresql=15
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	say "$@"
	exit 1
}

# quietly LOG COMMAND...: the command's output goes to the file LOG, and is
# shown (its end, where it is long) only when the command fails.
quietly()
{
	local log=$1 status=0
	shift
	"$@" >>"$log" 2>&1 </dev/null || status=$?
	if [ "$status" -ne 0 ]; then
		say "failed: $*"
		tail -n 60 "$log" >&2
	fi
	return "$status"
}

# Can this pg_config's PostgreSQL build extensions, and is the server there?
is_complete()
{
	local major

	[ -x "$1" ] || return 1
	major=$("$1" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
	[ "${major:-0}" -ge "$oldest_postgresql" ] &&
		[ -f "$("$1" --pgxs)" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] &&
		[ -x "$("$1" --bindir)/postgres" ]
}

# Prints the pg_config to use: $PG_CONFIG, or else the one that make would
# find, or else the newest of Debian's.
find_pg_config()
{
	local candidate

	if [ -n "${PG_CONFIG:-}" ]; then
		candidate=$(type -P "$PG_CONFIG") && is_complete "$candidate" &&
			echo "$candidate"
		return
	fi
	for candidate in "$(type -P pg_config)" \
		$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV); do
		if is_complete "$candidate" 2>/dev/null; then
			echo "$candidate"
			return
		fi
	done
	return 1
}

# Runs a command as the ordinary user, in $work, at the private server.
as_user()
(
	cd "$work" || exit
	if [ "$(id -u)" -eq 0 ]; then
		exec runuser -u "$server_user" -- env HOME="$work" "$@"
	fi
	exec env HOME="$work" "$@"
)

# Stops every server with its data in $work, and removes the folder.
remove_private_folder()
{
	local pid_file

	trap '' INT TERM HUP
	while IFS= read -r pid_file; do
		as_user "$bindir/pg_ctl" stop -s -m immediate \
			-D "${pid_file%/*}" >/dev/null 2>&1 || true
	done < <(find "$work" -name postmaster.pid 2>/dev/null)
	if [ -n "${KEEP:-}" ]; then
		say "kept $work"
	else
		rm -rf "$work"
	fi
}

# Sets work, server_user, pg_config, bindir and where psql connects.
private_folder()
{
	local variable

	pg_config=$(find_pg_config) ||
		die "no PostgreSQL $oldest_postgresql or later with server headers"
	bindir=$("$pg_config" --bindir)
	server_user=$(id -un)
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		id postgres >/dev/null 2>&1 && server_user=postgres
	fi

	# A socket's path may have about 100 bytes, and root's TMPDIR may be
	# closed to the server's user.
	TMPDIR=${TMPDIR:-/tmp}
	if [ "$(id -u)" -eq 0 ] || [ "${#TMPDIR}" -gt 60 ]; then
		TMPDIR=/tmp
	fi
	work=$(mktemp -d "$TMPDIR/recsys.XXXXXX")
	trap remove_private_folder EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	chown "$server_user" "$work"

	# Nothing of the caller's own connection settings may leak in.
	for variable in $(compgen -e | grep -E '^PG[A-Z]+$'); do
		unset "$variable"
	done
	export PGHOST=$work PGUSER=postgres PGDATABASE=postgres
	export PSQLRC=/dev/null PSQL_HISTORY=$work/psql_history TMPDIR
}

# The folders that are made by tests stay out: they may be large.
copy_checkout()
{
	as_user mkdir "$work/recsys"
	tar -C "$repository" --mode=u+rwX --exclude=./.git --exclude=./tmp_check \
		--exclude=./results --exclude=./output_iso --exclude=./shared -cf - . |
		as_user tar -C recsys -xof -
}

# give_to_owner PATH TREE: root leaves nothing of its own in another's tree.
give_to_owner()
{
	if [ "$(id -u)" -eq 0 ] && ! [ -O "$2" ]; then
		find "$1" -path ./.git -prune -o -user root \
			-exec chown -h --reference="$2" {} +
	fi
}

# Compiles in the checkout, so that the next time only what changed is
# compiled, and copies the tree to $work/recsys; where the checkout may not
# be written, copies first.  Objects made with other settings are removed.
# The settings are the first line of log/build.log, which goes with them at
# `make clean`.
# shellcheck disable=SC2094 # the folder is opened for its lock only
build()
{
	local tree=$repository settings stamp='' log=log/build.log status=0
	local -a make

	if ! [ -w "$repository" ] || ! [ -w "$repository/src" ]; then
		copy_checkout
		tree=$work/recsys
	fi
	settings="$("$pg_config" --version) $("$pg_config" --pgxs)"
	settings+=" CC=${CC:-} COPT=${COPT:-} SANITIZE=${SANITIZE:-}"
	make=(make -s -j "$(nproc)" "PG_CONFIG=$pg_config" "$@" all)

	(
		flock 9
		cd "$tree" || exit
		[ -f "$log" ] && read -r stamp <"$log"
		# What was built under stricter warnings will do as well.
		if [ "$stamp" != "$settings $*" ] &&
			[ "$stamp" != "$settings WERROR=1" ]; then
			make -s "PG_CONFIG=$pg_config" clean >/dev/null
			stamp="$settings $*"
		fi
		mkdir -p log
		echo "$stamp" >"$log"
		quietly "$log" "${make[@]}" || status=$?
		give_to_owner . "$tree"
		exit "$status"
	) 9<"$tree" || return
	[ "$tree" != "$repository" ] || copy_checkout
}

# Links the content of a folder of the installation into the private one,
# but for the folders that recsys is installed to: those are made anew, with
# links to their content.
link_folder()
{
	local entry name

	mkdir -p "$root$1"
	for entry in "$1"/*; do
		name=${entry##*/}
		if [ -d "$entry" ] && [[ $name == extension || $name == bitcode ]]; then
			link_folder "$entry"
		elif [[ $name != recsys* ]]; then
			ln -s "$entry" "$root$1/"
		fi
	done
}

# The address sanitizer must be in the server from its start, before the
# library that was built with it.  Debian's programs then hang in
# bindtextdomain(), so that is replaced; only translated messages are lost.
preload_sanitizer()
{
	local stub=$root/no_translation.so

	"${CC:-gcc}" -shared -fPIC -o "$stub" -x c - <<-STUB
		char *bindtextdomain(const char *d, const char *p)
		{ return (char *) p; }
		char *textdomain(const char *d)
		{ return (char *) d; }
	STUB
	mv "$root$bindir/postgres" "$root$bindir/postgres.plain"
	cat >"$root$bindir/postgres" <<-WRAPPER
		#!/bin/sh
		LD_PRELOAD='$("${CC:-gcc}" -print-file-name=libasan.so) $stub'
		ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
		export LD_PRELOAD ASAN_OPTIONS
		exec '$root$bindir/postgres.plain' "\$@"
	WRAPPER
	chmod +x "$root$bindir/postgres"
}

# Sets root, below which the private server lies, and puts it first in PATH.
install_private()
{
	local program folder

	root=$work/root
	mkdir -p "$root$bindir"
	for program in postgres initdb pg_ctl pg_config psql createdb dropdb \
		createuser dropuser pg_dump pg_dumpall pg_restore pg_basebackup \
		pg_controldata pg_isready pg_receivewal pg_resetwal pg_rewind \
		pg_upgrade pg_verifybackup pg_waldump pgbench vacuumdb; do
		if [ -f "$bindir/$program" ]; then
			cp "$bindir/$program" "$root$bindir/"
		fi
	done
	for folder in $("$pg_config" --pkglibdir) $("$pg_config" --sharedir); do
		[ -d "$root$folder" ] || link_folder "$folder"
	done
	[ -z "${SANITIZE:-}" ] || preload_sanitizer
	chown -R "$server_user" "$root"
	quietly "$work/install.log" as_user make -C recsys -s \
		"PG_CONFIG=$pg_config" "DESTDIR=$root" install || return
	[ "$("$root$bindir/pg_config" --sharedir)" = \
		"$root$("$pg_config" --sharedir)" ] ||
		die "this PostgreSQL cannot be moved to another folder"
	export PATH=$root$bindir:$PATH
}

# A cluster whose data need not survive, on a socket in $work only.
start_server()
{
	local shared_memory='' available

	# Containers have little of it, unless told otherwise.
	available=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) ||
		available=0
	if [ "$available" -lt 1000000 ]; then
		shared_memory='dynamic_shared_memory_type = mmap'
	fi

	quietly "$work/initdb.log" as_user initdb -D "$work/data" -U postgres -A trust \
		--no-sync --no-locale --encoding=UTF8 || return
	as_user tee -a "$work/data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$work'
		fsync = off
		synchronous_commit = off
		full_page_writes = off
		$shared_memory
		shared_buffers = 256MB
		maintenance_work_mem = 512MB
		max_parallel_maintenance_workers = 2
		max_wal_size = 4GB
	CONF
	if ! quietly "$work/start.log" as_user pg_ctl start -s -w -D "$work/data" \
		-l "$work/server.log"; then
		tail -n 20 "$work/server.log" >&2
		return 1
	fi
}
