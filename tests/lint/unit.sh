#!/bin/sh
# The units as they would be installed: they read, and they expose little.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
make -s --no-print-directory install BUILD="$BUILD" DESTDIR="$directory" PREFIX=/usr >/dev/null
for unit in rollcastd.service rollcastd@.service; do
	sed -i "s|=/usr/|=$directory/usr/|" "$directory/usr/lib/systemd/system/$unit"
done
cd "$directory/usr/lib/systemd/system"
cp rollcastd@.service rollcastd@web.service
said=$(systemd-analyze verify --man=no "$PWD/rollcastd.service" "$PWD/rollcastd@web.service" 2>&1) || :
if [ -n "$said" ]; then
	echo "$said"
	exit 1
fi
# In tenths: what nobody may be asked to accept more of.
systemd-analyze security --no-pager --offline=true --threshold=12 "$PWD/rollcastd.service" "$PWD/rollcastd@web.service"
