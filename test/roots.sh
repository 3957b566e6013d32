# shellcheck shell=bash disable=SC2034,SC2154 # the variables are script/test's
#
# `script/test --root SUITE`, sourced by script/test: a clone of the checkout
# is what a user of that Debian would have, and what README tells them to type
# is run there.  Then, since Debian's servers have no assertions, the SQL tests
# once more with those of our own objects and of PostgreSQL's headers.

# Root's git in a checkout that is another user's.
trusting_git()
{
	local config=$root_folder/tmp/gitconfig

	printf '[safe]\n\tdirectory = *\n' >"$config"
	GIT_CONFIG_GLOBAL=$config git "$@"
}

# clone_to FOLDER: what is committed.
clone_to()
{
	trusting_git clone -q "$repository" "$1" || return
	if [ -n "$(trusting_git -C "$repository" status --porcelain)" ]; then
		say 'what is not committed is not in the clone'
	fi
}

# Takes the closing line of the tests in the root as ours.
add_counts()
{
	local line counts='^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$'

	line=$(grep -aE "$counts" "$root_log" | tail -n 1) || true
	if ! [[ $line =~ $counts ]]; then
		report FAILED "$1" 'no closing line'
		return
	fi
	passed=$((passed + BASH_REMATCH[1]))
	failed=$((failed + BASH_REMATCH[2]))
	skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
}

# test_in_root NAME COMMAND...: script/test in the clone, whose lines are shown.
test_in_root()
{
	local name=$1 start=$SECONDS status=0 before=$failed
	shift

	echo "$name: $*"
	in_root env -C /srv/recsys "$@" || status=$?
	add_counts "$name"
	if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
		report FAILED "$name" "exit status $status"
	fi
	echo "$name: $((SECONDS - start)) s"
}

demo_in_root()
{
	local name=$1 start=$SECONDS

	if in_root env -C /srv/recsys script/demo >/dev/null; then
		report ok "$name" "$((SECONDS - start)) s"
	else
		report FAILED "$name" "$((SECONDS - start)) s"
		tail -n 60 "$root_log" | excerpt
	fi
}

run_root()
{
	local suite=$1 start=$SECONDS

	if ! open_root "$suite" || ! clone_to "$root_folder/srv/recsys"; then
		report FAILED "$suite/root" 'could not be made'
		return
	fi
	report ok "$suite/root" "$((SECONDS - start)) s"
	demo_in_root "$suite/demo"
	test_in_root "$suite" script/test
	test_in_root "$suite, assertions" COPT=-DUSE_ASSERT_CHECKING script/test sql specs
}
