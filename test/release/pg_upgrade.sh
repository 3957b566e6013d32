#!/bin/bash
# pg_upgrade from PostgreSQL 15 to 17, with a model of every algorithm: the new
# server serves what the old one did.  So it does from a database in which 0.1.0 is
# installed with the models it made, before and after ALTER EXTENSION UPDATE.
#
# Both versions are installed in one Debian root: trixie with its 17, and 15 of
# bookworm.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../script" && pwd)
# shellcheck source=script/server.sh
. "$script/server.sh"
# shellcheck source=script/roots.sh
. "$script/roots.sh"

# shellcheck disable=SC2016 # expanded in the root
packages='
	set -e
	export DEBIAN_FRONTEND=noninteractive
	sed "s/trixie/bookworm/" /etc/apt/sources.list >/etc/apt/sources.list.d/bookworm.list
	mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/none.conf
	apt-get -q update
	apt-get -q -y install --no-install-recommends make gcc libc6-dev libopenblas-serial-dev \
		postgresql-15 postgresql-server-dev-15 postgresql-17 postgresql-server-dev-17

	cd /srv/recsys
	for version in 15 17; do
		make="make -s PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config with_llvm=no"
		$make clean
		$make -j "$(nproc)" WERROR=1
		$make install
	done
'

# Run as postgres.
# shellcheck disable=SC2016 # expanded in the root
upgrade='
	set -e
	cd "$HOME"
	export PGHOST=$HOME PGDATABASE=postgres LC_ALL=C.UTF-8
	old=/usr/lib/postgresql/15/bin new=/usr/lib/postgresql/17/bin
	start() {
		"$1/pg_ctl" start -s -w -D "$2" -l "$2.log" -o "-k $HOME -c listen_addresses="
	}
	sql() {
		psql -X -q -At -v ON_ERROR_STOP=1 "$@"
	}
	# serving DATABASE FILE
	serving() {
		sql -d "$1" -c "SELECT * FROM models.serving() ORDER BY 1, 2, 3, 4, 5, 6" >"$2"
	}

	"$old/initdb" -D 15 --no-locale -E UTF8 >/dev/null
	"$new/initdb" -D 17 --no-locale -E UTF8 >/dev/null
	start "$old" 15
	sql -c "CREATE DATABASE every" -c "CREATE DATABASE older"
	sql -d every -c "CREATE EXTENSION recsys" -f /srv/recsys/test/upgrade/models.sql
	sql -d older -c "CREATE EXTENSION recsys VERSION \"0.1.0\"" -f /srv/recsys/test/upgrade/models-0.1.0.sql
	for database in every older; do
		serving $database $database.15
	done
	"$old/pg_ctl" stop -s -D 15

	"$new/pg_upgrade" -b "$old" -B "$new" -d 15 -D 17 -s "$HOME"
	start "$new" 17
	for database in every older; do
		serving $database $database.17
		cmp $database.15 $database.17
	done
	sql -d older -c "ALTER EXTENSION recsys UPDATE"
	serving older older.updated
	cmp older.15 older.updated
	sql -d every -c "SELECT count(*) FROM recsys_models m, recsys_retrain(m.model) t WHERE t.version = 2"
	"$new/pg_ctl" stop -s -D 17
	echo "$(cut -d "|" -f 1 every.15 | sort -u | wc -l) models, $(cat every.15 older.15 | wc -l) equal rows"
'

open_root trixie
mkdir -p "$root_folder/srv/recsys"
cp -a "$repository/." "$root_folder/srv/recsys/"
in_root bash -c "$packages
	exec runuser -u postgres -- env HOME=/var/lib/postgresql bash -c '${upgrade//\'/\'\\\'\'}'"
echo "from 15 to 17: $(tail -n 1 "$root_log")"
