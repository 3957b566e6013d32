# shellcheck shell=bash disable=SC2154 # the variables are script/test's
#
# Builds in copies of the tree, sourced by script/test: with a second
# compiler, and with the example algorithm of src/algorithms/README.md added.

# Prints a clang: that of PostgreSQL's development package, or any.
find_clang()
{
	type -P "$(makefile_words CLANG)" || type -P clang
}

run_clang()
{
	local clang log=$work/clang.log

	if ! clang=$(find_clang); then
		report skipped build/clang 'there is no clang'
		return
	fi
	as_user cp -a recsys clang
	if quietly "$log" as_user make -s -C clang "PG_CONFIG=$pg_config" clean &&
		quietly "$log" as_user make -s -j "$(nproc)" -C clang \
			"PG_CONFIG=$pg_config" "CC=$clang" SANITIZE= WERROR=1 with_llvm=no test_modules; then
		report ok build/clang "${clang##*/}, without a warning"
	else
		report FAILED build/clang
	fi
	rm -rf "$work/clang"
}

# add_example TREE: what the chapter "Adding an algorithm" says.  Its C block
# becomes a file, registry.h and registry.c get a line each.
add_example()
{
	local algorithms=$1/src/algorithms name

	awk '/^## / { chapter = /Adding an algorithm/ }
		/^```/ { shown = chapter && /^```c$/; next }
		shown' "$algorithms/README.md" >"$work/example.c"
	name=$(sed -nE 's/^const Algorithm ([a-z0-9_]+)_algorithm .*/\1/p' \
		"$work/example.c")
	if [ "$name" != item_mean ]; then
		say 'src/algorithms/README.md: no algorithm item_mean in "Adding an algorithm"'
		return 1
	fi
	as_user tee "$algorithms/$name.c" <"$work/example.c" >/dev/null
	as_user sed -i "0,/^extern const Algorithm /s//extern const Algorithm ${name}_algorithm;\n&/" \
		"$algorithms/registry.h"
	as_user sed -i "s/^\tNULL$/\t\&${name}_algorithm,\n&/" \
		"$algorithms/registry.c"
}

# What item_mean predicts, held against its definition.
check_example()
{
	as_user psql -qAtX -v ON_ERROR_STOP=1 <<-'SQL'
		CREATE DATABASE example;
		\c example
		CREATE EXTENSION recsys;
		CREATE TABLE rating AS
		SELECT u AS user_id, i AS item_id, (u * i % 5)::real AS rating
		  FROM generate_series(1, 20) u, generate_series(1, 9) i
		 WHERE (u + i) % 3 > 0;
		SELECT FROM recsys_train('m', 'rating', 'item_mean', '{"item_regularization": 2}')
		\g /dev/null
		SELECT CASE WHEN max(off) < 1e-5 THEN 'right'
		            ELSE 'wrong by ' || max(off) END
		  FROM (SELECT abs(recsys_predict('m', 1, item_id) - mean -
		                   sum(rating - mean) / (2 + count(*))) AS off
		          FROM rating,
		               (SELECT avg(rating) AS mean FROM rating) AS overall
		         GROUP BY item_id, mean) AS items;
	SQL
}

# The library with the example takes the place of the one being tested: to be
# run after all that needs that.
run_example()
{
	local log=$work/example.log answer

	as_user cp -a recsys example
	# Only registry.c need see the new line in registry.h.
	if ! add_example "$work/example" ||
		! quietly "$log" as_user make -s -C example "PG_CONFIG=$pg_config" \
			WERROR=1 with_llvm=no -o src/algorithms/registry.h; then
		report FAILED build/example
		return
	fi
	as_user install example/recsys.so "$root$("$pg_config" --pkglibdir)"
	answer=$(check_example 2>&1) || true
	if [ "$answer" = right ]; then
		report ok build/example 'without a warning, predictions are right'
	else
		report FAILED build/example
		excerpt <<<"$answer"
	fi
}
