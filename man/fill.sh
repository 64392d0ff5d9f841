#!/bin/sh
# Writes a manual page: PAGE.in, where lines say what programs and the table of settings say themselves.
#
#	@HELP rollcastd         the options that it tells with --help
#	@VERBS                  what each verb of rollcast tells, a subsection each
#	@SETTINGS               the keys of docs/settings.md
set -eu
here=$(dirname "$0")

while IFS= read -r line; do
	case $line in
	'@HELP rollcastd') "$BUILD/rollcastd" --help | sed -n '/^  -/,/^$/p' | awk -f "$here/help.awk" ;;
	@VERBS)
		"$BUILD/rollcast" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | grep -vx help | while read -r verb; do
			echo ".Ss $verb"
			"$BUILD/rollcast" "$verb" --help | awk -f "$here/help.awk"
		done
		;;
	@SETTINGS) awk -f "$here/settings.awk" "$here/../docs/settings.md" ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$1"
