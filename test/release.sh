# shellcheck shell=bash disable=SC2154 # the variables are script/test's
#
# The slow tests, sourced by script/test: `script/test release` runs each
# program of test/release by itself, from the top of the copy of the checkout,
# with nothing but its own servers.  One that ends with status 0 has passed;
# the last line that it prints is its note.

# None of them should take this long.
release_limit=7200

run_release_test()
{
	local name=$1 log=$work/$1.log status=0 start=$SECONDS note

	(
		cd "$work/recsys" || exit
		PATH=$callers_path exec timeout --foreground "$release_limit" \
			"test/release/$name.sh"
	) >"$log" 2>&1 </dev/null || status=$?
	note="$((SECONDS - start)) s"
	case $status in
		0) report ok "release/$name" "$note, $(tail -n 1 "$log")" ;;
		124) report FAILED "release/$name" "not done in $note" ;;
		*) report FAILED "release/$name" "$note, exit status $status" ;;
	esac
	[ "$status" -eq 0 ] || tail -n 100 "$log" | excerpt
}

run_release()
{
	local name

	select_tests < <(cd "$repository/test/release" && printf '%s\n' *.sh |
		sed -n 's/[.]sh$//p' | grep -v '^[*]$')
	for name in "${selected[@]}"; do
		run_release_test "$name"
	done
}
