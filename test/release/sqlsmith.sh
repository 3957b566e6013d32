#!/bin/bash
# sqlsmith, which makes random queries from the catalogue, for ten minutes at a
# server with the sanitizers, in a database with a model of every algorithm.
# test/fuzz/sqlsmith.sql says how it is brought to call the extension's functions;
# how many of its queries do is in the note.
#
#   test/release/sqlsmith.sh [SECONDS [SEED]]
#
# SANITIZE= : without the sanitizers.
set -euo pipefail

export SANITIZE=${SANITIZE-1}
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../script" && pwd)
# shellcheck source=script/server.sh
. "$script/server.sh"

seconds=${1:-600}
seed=${2:-$((RANDOM * 32768 + RANDOM))}
status=0

"$script/bootstrap" --only sqlsmith
private_folder
build WERROR=1
install_private
start_server
as_user createdb fuzz
export PGDATABASE=fuzz
as_user psql -Xq -v ON_ERROR_STOP=1 -v schema=recsys \
	-f recsys/test/fuzz/database.sql -f recsys/test/fuzz/sqlsmith.sql >/dev/null
# The SQLSTATE is in the log, and calls are counted.
as_user psql -Xq -c "ALTER SYSTEM SET log_line_prefix = '%e '" \
	-c "ALTER SYSTEM SET track_functions = 'all'" -c 'SELECT pg_reload_conf()' >/dev/null

as_user timeout "$seconds" sqlsmith --target="host=$PGHOST dbname=fuzz user=smith" \
	--exclude-catalog --dump-all-queries --seed="$seed" >"$work/queries" 2>"$work/sqlsmith.log" ||
	[ $? -eq 124 ] || status=1
[ "$status" -eq 0 ] || tail -n 5 "$work/sqlsmith.log"

# What must not be there: the reason, and the statement.
if grep -E -A 200 'terminated by signal|PANIC:|AddressSanitizer|runtime error|^XX000 ERROR' \
	"$work/server.log" | head -n 300 | grep .; then
	status=1
fi
counts=$(perl -e '
	$/ = ";\n";
	while (<>) { $all++; $ours++ if /smith\.\w+_\d+_(?:int|text|uuid)\(|recsys\.\w+\(/ }
	printf "%d queries, of which %d call a function of the extension", $all, $ours;
	exit($ours < $all / 4);' "$work/queries") || status=1
calls=$(as_user psql -XAtc "SELECT sum(calls) FROM pg_stat_user_functions WHERE schemaname = 'recsys'")
echo "seed $seed: $counts; $calls calls"
exit "$status"
