#!/bin/bash
# Calls every function with random arguments, for ten minutes and from a seed that
# is new each time: test/fuzz/arguments.pl.
#
#   test/release/arguments.sh [SECONDS [SEED]]
#
# SANITIZE=1: under the sanitizers.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../script" && pwd)
# shellcheck source=script/server.sh
. "$script/server.sh"

seconds=${1:-600}
seed=${2:-$((RANDOM * 32768 + RANDOM))}
status=0

private_folder
build WERROR=1
install_private
start_server
as_user createdb fuzz
export PGDATABASE=fuzz
as_user psql -Xq -v ON_ERROR_STOP=1 -f recsys/test/fuzz/database.sql >/dev/null
as_user perl recsys/test/fuzz/arguments.pl --all --seed "$seed" --seconds "$seconds" || status=1
if grep -E 'terminated by signal|PANIC:|AddressSanitizer|runtime error' "$work/server.log"; then
	status=1
fi
exit "$status"
