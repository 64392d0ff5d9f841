#!/usr/bin/env bash
# README's commands where nothing is installed: a bare Debian with git, a clean clone of what is committed,
# and the blocks that README marks with `<!-- commands: NAME -->`, one after the other. As root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/machine.sh
here=$PWD/build-fresh
root=$here/root
suite=${SUITE:-bookworm}

finish()
{
	rm -rf "$root"
	summary
	exit
}
trap finish EXIT
trap 'failed=1; exit 1' INT TERM

# The block of README that follows the mark.
commands()
{
	awk -v mark="<!-- commands: $1 -->" '
		$0 == mark { marked = 1; next }
		marked && /^```/ { if (inside) exit; inside = 1; next }
		marked && inside' README.md
}

[ "$(id -u)" -eq 0 ] || { echo 'check-fresh needs root'; exit 1; }
machine_make "$here/$suite" "$suite" git
rm -rf "$root"
cp -a --reflink=auto "$here/$suite" "$root"
git clone --quiet --no-local . "$root/root/rollcast"
for name in demo check; do
	lines=$(commands "$name")
	[ -n "$lines" ] || { echo "README has no commands marked $name"; failed=$((failed + 1)); continue; }
	echo "\$ $lines"
	started=$SECONDS
	if LIMIT_S=1800 machine_run "$root" "export DEMO_SECONDS=60; cd rollcast && $lines" >"$here/$name.log" 2>&1; then
		echo "ok      $name ($((SECONDS - started)) s): $(tail -n 1 "$here/$name.log")"
		passed=$((passed + 1))
	else
		tail -n 40 "$here/$name.log"
		echo "FAILED  $name ($((SECONDS - started)) s), the end of $here/$name.log is above"
		failed=$((failed + 1))
	fi
done
