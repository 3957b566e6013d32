# shellcheck shell=bash
#
# A shell function for scripts that write tables into the documentation.  To be
# sourced by bash.

# replace_table FILE MARK: replaces what is between the marks of a table, the
# lines "<!-- MARK -->" and "<!-- end -->", by standard input.  Fails if the mark
# is not in the file.
replace_table()
{
	local mark=${2//\//\\/}

	grep -qx -- "<!-- $2 -->" "$1" || return
	sed -i -e "/^<!-- $mark -->\$/,/^<!-- end -->\$/{" \
		-e "/^<!-- $mark -->\$/{p;r /dev/stdin" -e '};/^<!-- end -->$/p;d;}' "$1"
}
