# shellcheck shell=bash disable=SC2154 # script is the caller's
#
# Minimal Debian roots to test in, made by debootstrap.  To be sourced after
# server.sh, and to be used by root.
#
#   open_root SUITE         a fresh copy of the suite's root, at $root_folder
#   in_root COMMAND...      runs a command in it
#
# RECSYS_ROOTS (default /var/cache/recsys/roots) keeps for the next run, of
# each suite, SUITE as debootstrap made it, which is made anew after a month,
# and SUITE.debs, packages that were fetched later.  The copy, SUITE.run, is
# removed at the end, unless KEEP is set.  "experimental" is a copy of sid that
# prefers PostgreSQL from there.
#
# What makes a root or runs in one has a namespace of mounts and one of
# processes to itself.  Whatever ends it, be it SIGKILL, takes all its
# processes and mounts with it: nothing is left to undo.

roots=${RECSYS_ROOTS:-/var/cache/recsys/roots}
root_folder=''
root_pid=''
own_namespaces=(unshare --mount --pid --fork --kill-child)

# Debian's mirror that this machine uses.
# shellcheck disable=SC2016 # for apt-get to expand
debian_mirror()
{
	apt-get indextargets --format '$(SITE)' 2>/dev/null | awk '
		/\/debian\/?$/ { site = $0 }
		END { print site ? site : "http://deb.debian.org/debian" }'
}

# suite_has SUITE PACKAGE: says the mirror's list of packages so?
suite_has()
{
	local helper=/usr/lib/apt/apt-helper list found=1

	list=$(mktemp -d)
	if "$helper" download-file "$(debian_mirror)/dists/$1/main/binary-$(dpkg \
		--print-architecture)/Packages.xz" "$list/Packages.xz" >/dev/null 2>&1; then
		! "$helper" cat-file "$list/Packages.xz" | grep -x "Package: $2" >/dev/null ||
			found=0
	fi
	rm -rf "$list"
	return "$found"
}

# Makes the root of a suite where there is none, or an old one.
make_root()
{
	local suite=$1 new=$roots/$1.new log=$roots/$1.log

	if [ -n "$(find "$roots/$suite" -maxdepth 0 -mtime -30 2>/dev/null)" ]; then
		return
	fi
	rm -rf "$new" "$log"
	"$script/bootstrap" --only debootstrap xz-utils || return
	quietly "$log" "${own_namespaces[@]}" debootstrap --variant=minbase \
		--include=ca-certificates "$suite" "$new" "$(debian_mirror)" || return
	touch "$new"
	rm -rf "${roots:?}/$suite"
	mv "$new" "$roots/$suite"
}

# Debian installs nothing from experimental unless it is told to.
prefer_experimental()
{
	echo "deb $(debian_mirror) experimental main" \
		>"$1/etc/apt/sources.list.d/experimental.list"
	printf '%s\n' 'Package: postgresql* libpq*' \
		'Pin: release a=experimental' 'Pin-Priority: 990' \
		>"$1/etc/apt/preferences.d/experimental"
}

# Only one at a time works with a suite; its lock goes with the last process.
open_root()
{
	local suite=$1 base=${1/experimental/sid}

	if [ "$(id -u)" -ne 0 ]; then
		say "a Debian root can be made by root only"
		return 1
	fi
	mkdir -p "$roots/$suite.debs"
	exec 8>"$roots/$base.lock"
	flock 8
	make_root "$base" || return
	root_folder=$roots/$suite.run
	trap close_root EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	rm -rf "$root_folder"
	cp -a --reflink=auto "$roots/$base" "$root_folder"
	cp -L /etc/resolv.conf "$root_folder/etc/"
	echo '127.0.0.1 localhost' >"$root_folder/etc/hosts"
	[ "$suite" = "$base" ] || prefer_experimental "$root_folder"
}

close_root()
{
	trap '' INT TERM HUP
	if [ -n "$root_pid" ]; then
		kill -KILL "$root_pid" 2>/dev/null || true
	fi
	if [ -n "${KEEP:-}" ]; then
		say "kept $root_folder"
	else
		rm -rf "$root_folder" "$root_folder.log"
	fi
}

# Run in the namespaces of in_root: mounts what is expected in a root, and
# the data where they are looked for, and goes there.
# shellcheck disable=SC2016 # expanded over there
enter_root='
	set -e
	root=$1 debs=$2 data=$3 reference=$4
	shift 4
	bind() {
		[ -d "$1" ] || return 0
		mkdir -p "$root$2"
		mount --rbind "$1" "$root$2"
	}
	bind /dev /dev
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	mount -t proc proc "$root/proc"
	bind "$debs" /var/cache/apt/archives
	bind "$data" /srv/shared/data
	bind "$reference" /srv/shared/reference
	exec chroot "$root" /usr/bin/env -i HOME=/root TERM="$TERM" CI="$CI" \
		COPT="$COPT" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"'

# Shows what the command prints, and leaves it in the file $root_log.
in_root()
{
	root_log=$root_folder.log
	: >"$root_log"
	TERM=${TERM:-dumb} CI=${CI:-} COPT=${COPT:-} "${own_namespaces[@]}" \
		/bin/bash -c "$enter_root" bash "$root_folder" "${root_folder%.run}.debs" \
		"${RECSYS_DATA:-$repository/../shared/data}" \
		"${RECSYS_REFERENCE:-$repository/../shared/reference}" \
		"$@" >"$root_log" 2>&1 </dev/null &
	root_pid=$!
	# A signal's trap is run at once during wait, and only there.
	tail --pid="$root_pid" -n +1 -f "$root_log" &
	wait "$!"
	wait "$root_pid"
}
