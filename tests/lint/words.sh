#!/bin/sh
# What no committed text should hold: work left open, paths of one machine, marks of a merge, spaces at
# line ends.
set -eu
status=0

# none WHAT PATTERN [PATHSPEC...]
none()
{
	what=$1
	pattern=$2
	shift 2
	if git grep --untracked -nIE "$pattern" -- "$@" ':!tests/lint/words.sh'; then
		echo "^ $what"
		status=1
	fi
}

none 'left open' '\b(TODO|FIXME|XXX|HACK|WIP)\b|\bnot (yet )?implemented\b|\bstubs?\b'
none 'path of one machine' '(^|[^A-Za-z0-9_.})*/])/(home|root|work|mnt|Users|tmp/[a-z]+/[a-z]+)/'
none 'mark of a merge' '^(<<<<<<<|>>>>>>>)( |$)'
none 'space at the end of a line' '[[:blank:]]$' '*.c' '*.h' '*.py' '*.sh' '*.md' '*.yaml' 'Makefile' ':!tests/settings/bad'
exit $status
