#!/bin/sh
# The unit as it would be installed: it reads, and it exposes little.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir "$directory/bin"
cp /bin/true "$directory/bin/rollcastd"
sed "s|@PREFIX@|$directory|" systemd/rollcastd.service.in >"$directory/rollcastd.service"
said=$(systemd-analyze verify --man=no "$directory/rollcastd.service" 2>&1) || :
if [ -n "$said" ]; then
	echo "$said"
	exit 1
fi
systemd-analyze security --no-pager --offline=true --threshold=20 "$directory/rollcastd.service"
