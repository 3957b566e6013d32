# shellcheck shell=bash
#
# A shell function for scripts that write tables into the documentation.  To be
# sourced by bash, after server.sh.

# replace_table FILE MARK: replaces what is between the marks of a table, the
# lines "<!-- MARK -->" and "<!-- end -->", by standard input.  Fails, and says so,
# if the mark is not in the file.
replace_table()
{
	local mark=${2//\//\\/}

	if ! grep -qx -- "<!-- $2 -->" "$1"; then
		say "$1 has no line \"<!-- $2 -->\""
		return 1
	fi
	sed -i -e "/^<!-- $mark -->\$/,/^<!-- end -->\$/{" \
		-e "/^<!-- $mark -->\$/{p;r /dev/stdin" -e '};/^<!-- end -->$/p;d;}' "$1"
}
