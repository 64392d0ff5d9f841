#!/usr/bin/env bash
# README's commands where nothing is installed: a bare Debian 12 with git, a clean clone of what is
# committed, and the blocks that README marks with `<!-- commands: NAME -->`, one after the other. As root.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/build-fresh
root=$here/root
suite=${SUITE:-bookworm}
limit_s=900
passed=0 failed=0

finish()
{
	rm -rf "$root"
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
	exit
}
trap finish EXIT
trap 'exit 1' INT TERM

make_root()
{
	if [ ! -e "$here/$suite.done" ]; then
		echo "check-fresh: making a bare $suite"
		rm -rf "${here:?}/$suite"
		mkdir -p "$here"
		mmdebstrap --quiet --variant=apt --include=git "$suite" "$here/$suite"
		touch "$here/$suite.done"
	fi
	rm -rf "$root"
	cp -a --reflink=auto "$here/$suite" "$root"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # services stay off
	chmod +x "$root/usr/sbin/policy-rc.d"
	git clone --quiet --no-local . "$root/root/rollcast"
}

# The block of README that follows the mark.
commands()
{
	awk -v mark="<!-- commands: $1 -->" '
		$0 == mark { marked = 1; next }
		marked && /^```/ { if (inside) exit; inside = 1; next }
		marked && inside' README.md
}

# shellcheck disable=SC2016 # the inner shell expands
# Own mounts and processes, which end with it; the network is the machine's, for the packages.
inside()
{
	timeout --kill-after=10 $limit_s unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$1/proc" && mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" &&
			ln -sf pts/ptmx "$1/dev/ptmx" && exec chroot "$1" env -i TERM=dumb DEMO_SECONDS=60 HOME=/root \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			sh -c "cd && cd rollcast && $2"' - "$root" "$1" </dev/null
}

[ "$(id -u)" -eq 0 ] || { echo 'check-fresh: needs root'; exit 1; }
make_root
for name in demo check; do
	lines=$(commands "$name")
	[ -n "$lines" ] || { echo "README has no commands marked $name"; failed=$((failed + 1)); continue; }
	echo "\$ $lines"
	started=$SECONDS
	if inside "$lines" >"$here/$name.log" 2>&1; then
		echo "ok      $name ($((SECONDS - started)) s): $(tail -n 1 "$here/$name.log")"
		passed=$((passed + 1))
	else
		tail -n 40 "$here/$name.log"
		echo "FAILED  $name ($((SECONDS - started)) s), the end of $here/$name.log is above"
		failed=$((failed + 1))
	fi
done
