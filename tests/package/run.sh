#!/usr/bin/env bash
# The packages as their users have them: built where only the build dependencies are, read by lintian, and in a
# fresh system that boots installed, used, upgraded and purged. Nothing may be left. As root.
#
#	SUITE-build/  where they are built      SUITE/  a fresh system      root/  a copy of it, for each run
#
# DEB_BUILD_OPTIONS=nocheck builds them without their tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/machine.sh
here=$PWD/build-package
root=$here/root
suite=

finish()
{
	trap - EXIT INT TERM
	machine_stop
	rm -rf "$root"
	summary
	exit
}
trap finish EXIT
trap 'failed=1; exit 1' INT TERM

# ---- building ----

# Once more, as the next version, from the same objects: that is for the upgrade.
build='set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get build-dep --no-install-recommends -qq -y ./rollcast
cd rollcast
dpkg-buildpackage -us -uc -b
mkdir ../first ../next
mv ../*.deb ../*.changes ../*.buildinfo ../first
sed -i "1s/(\(.*\))/(\1+1)/" debian/changelog
DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b -nc
mv ../*.deb ../next'

are_built()
{
	local home=$here/$suite-build/root
	machine_make "$here/$suite-build" "$suite" dpkg-dev || return 1
	rm -rf "${home:?}"/*
	copy_sources "$home/rollcast"
	if ! machine_run "$here/$suite-build" "export DEB_BUILD_OPTIONS='${DEB_BUILD_OPTIONS:-}'; $build" \
		>"$here/$suite-build.log" 2>&1; then
		tail -n 40 "$here/$suite-build.log"
		return 1
	fi
	[ "$(cd "$home/first" && for file in *.deb; do echo "${file%%_*}"; done | sort | xargs)" = \
		'librollcast-dev librollcast1 librollcast1-dbgsym rollcast rollcast-dbgsym' ]
}

satisfy_lintian()
{
	lintian --pedantic --fail-on error,warning --allow-root "$here/$suite-build/root/first"/*.changes
}

# ---- using ----

# A fresh system that has in its cache whatever else the packages ask for.
make_root()
{
	machine_make "$here/$suite" "$suite" systemd-sysv dbus procps gcc libc6-dev pkgconf
	rm -rf "$root"
	cp -a --reflink=auto "$here/$suite" "$root"
	mkdir "$root/srv/first" "$root/srv/next"
	for stage in first next; do
		cp "$here/$suite-build/root/$stage"/{rollcast,librollcast1,librollcast-dev}_*.deb "$root/srv/$stage"
	done
	cp docs/examples/embed.c "$root/root"
	machine_run "$root" 'apt-get update -qq && apt-get install -qq -y --no-install-recommends --download-only /srv/first/*.deb' \
		>/dev/null
}

# The shell inside expands.
apt()
{
	LIMIT_S=600 inside sh -c "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends $*" >"$here/apt.log" 2>&1 ||
		{ tail -n 20 "$here/apt.log"; return 1; }
}

# Every file, but for those that nothing takes away again: logs, caches, and the lists of apt, dpkg and systemd.
all_files()
{
	inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /root -o -path /srv \
		-o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path '/var/lib/apt/*' -o -path '/var/lib/dpkg/*' \
		-o -path /var/lib/systemd/catalog -o -path /var/lib/systemd/random-seed \) -prune -o -print | sort
	inside systemctl list-unit-files --no-legend 'rollcast*'
	inside sort /etc/passwd /etc/group
}

are_installed()
{
	all_files >"$here/before"
	apt install '/srv/first/*.deb'
}

is_running()
{
	inside systemctl is-active --quiet "$1" && [ "$(inside systemctl show "$1" --property=NRestarts --value)" = 0 ]
}

runs_and_is_enabled()
{
	is_running rollcastd && inside systemctl is-enabled --quiet rollcastd && inside rollcast status >/dev/null
}

# Addresses in hexadecimal, least byte first, IPv4 perhaps within IPv6; 0A: listening.
listens_on_loopback_only()
{
	local addresses
	addresses=$(inside cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" { sub(/:.*/, "", $2); sub(/^0000000000000000FFFF0000/, "", $2); print $2 }' | sort -u)
	[ "$addresses" = 0100007F ] || { echo "$addresses"; return 1; }
}

takes_samples()
{
	inside rollcast host --every 100ms --count 60 && eventually 20 has_stream 127.0.0.1:9477
}

has_stream()
{
	inside rollcast streams --json --http "$1" | grep host_load1 >/dev/null
}

builds_the_example()
{
	# shellcheck disable=SC2016 # the inner shell expands
	inside sh -c 'cd && cc embed.c $(pkg-config --cflags --libs rollcast) -lm -o embed && ./embed' >/dev/null
}

# A second one, on ports of its own.
runs_an_instance()
{
	inside sed 's/:5556/:6556/; s/:5557/:6557/; s/:9477/:9478/' /etc/rollcast/rollcast.yaml >"$root/etc/rollcast/second.yaml"
	inside systemctl --quiet enable --now rollcastd@second && is_running rollcastd@second
}

knows_streams()
{
	[[ $(inside systemctl show rollcastd --property=StatusText --value) =~ ^[1-9][0-9]*\ streams ]]
}

main_pids()
{
	inside systemctl show rollcastd rollcastd@second --property=MainPID --value | grep . | sort
}

# Other processes, of the new version, with the old settings and with what streams knew.
are_upgraded()
{
	local before
	echo '# mine' >>"$root/etc/rollcast/rollcast.yaml"
	before=$(main_pids)
	apt install '/srv/next/*.deb' || return 1
	# shellcheck disable=SC2016 # dpkg-query's own variable
	[[ $(inside dpkg-query -W -f '${Version}' rollcast) = *+1 ]] && runs_and_is_enabled &&
		is_running rollcastd@second && [ -z "$(comm -12 <(echo "$before") <(main_pids))" ] &&
		grep -q '^# mine' "$root/etc/rollcast/rollcast.yaml" && eventually 20 knows_streams
}

are_removed()
{
	apt remove rollcast || return 1
	! inside pgrep rollcastd >/dev/null && inside test -e /etc/rollcast/rollcast.yaml &&
		inside test -e /var/lib/private/rollcast && inside test -e /var/lib/private/rollcast@second
}

leave_nothing()
{
	inside rm /etc/systemd/system/multi-user.target.wants/rollcastd@second.service /etc/rollcast/second.yaml
	apt purge rollcast librollcast1 librollcast-dev && apt autoremove --purge || return 1
	all_files >"$here/after"
	[ -z "$(nobodys_files)" ] || { nobodys_files; return 1; }
}

# What has come and belongs to no package: apt keeps some that others could do better with.
nobodys_files()
{
	grep -vxFf "$here/before" "$here/after" | while read -r file; do
		inside dpkg -S "$file" >/dev/null 2>&1 || echo "$file"
	done
}

[ "$(id -u)" -eq 0 ] || { echo 'check-package needs root'; exit 1; }
mkdir -p "$here"
for suite in ${SUITES:-bookworm trixie}; do
	echo "$suite:"
	check 'the packages are built from what they say they need' are_built
	[ $failed -eq 0 ] || exit 1
	check 'they satisfy lintian' satisfy_lintian
	make_root
	machine_boot "$root" || { echo 'the container does not boot'; failed=$((failed + 1)); exit 1; }
	check 'they install' are_installed
	check 'the service runs, and will after a boot' runs_and_is_enabled
	check 'it listens on loopback only' listens_on_loopback_only
	check 'it takes samples' takes_samples
	check 'programs build and run against the library' builds_the_example
	check 'an instance runs beside it' runs_an_instance
	check 'an upgrade restarts both, and keeps settings and streams' are_upgraded
	check 'removed, it runs no more, and settings and streams are kept' are_removed
	check 'purged, nothing is left' leave_nothing
	machine_stop
done
