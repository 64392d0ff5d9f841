# shellcheck shell=bash
# A small system to test in, of a distribution's own packages, which really boots. Sourced; as root.
#
#	machine_make ROOT SUITE PACKAGE...     a fresh system; kept, and made anew when it has to be another one
#	machine_run ROOT COMMAND               in it, not booted, with the machine's network
#	machine_boot ROOT                      in a container without network; from then on
#	inside COMMAND...                      runs there, a minute or LIMIT_S at most
#	machine_stop                           ends it
#	check WHAT COMMAND...                  counts; `passed` and `failed` say how many
container='' leader=''
passed=0 failed=0

# The release that this machine runs.
host_suite()
{
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# Where this machine's own packages come from.
mirror()
{
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1
}

machine_make()
{
	local root=$1 suite=$2 packages
	shift 2
	packages=$(echo "$@" | tr ' ' ',')
	[ "$(cat "$root.has" 2>/dev/null)" != "$suite $packages" ] || return 0
	echo "making a $suite system"
	rm -rf "$root" "$root.has"
	mkdir -p "$(dirname "$root")"
	# shellcheck disable=SC2046 # none or one
	mmdebstrap --quiet --variant=apt ${packages:+--include="$packages"} "$suite" "$root" $(mirror)
	rm -f "$root/etc/machine-id"
	: >"$root/etc/machine-id"
	install -d -m 700 "$root/var/lib/private"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # nothing starts before it boots
	chmod +x "$root/usr/sbin/policy-rc.d"
	echo "$suite $packages" >"$root.has"
}

# shellcheck disable=SC2016 # the inner shell expands
# Own mounts and processes, which end with it.
machine_run()
{
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
	timeout --kill-after=10 "${LIMIT_S:-1800}" unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$1/proc" && mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" &&
			ln -sf pts/ptmx "$1/dev/ptmx" && exec chroot "$1" env -i TERM=dumb HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			sh -c "cd && $2"' - "$1" "$2" </dev/null
}

# What git has and would have. What is there already stays, so that make builds what has changed.
copy_sources()
{
	local file
	mkdir -p "$1"
	git ls-files -co --exclude-standard | sort >"$1.files"
	(cd "$1" && find . -path ./build -prune -o -type f -printf '%P\n' | sort | comm -13 "$1.files" - | xargs -r rm -f)
	while read -r file; do
		cmp -s "$file" "$1/$file" || cp --parents "$file" "$1"
	done <"$1.files"
}

machine_boot()
{
	rm -f "$1/usr/sbin/policy-rc.d"
	systemd-nspawn --quiet --boot --directory="$1" --register=no --keep-unit --private-network \
		</dev/null >"$1.console" 2>&1 &
	container=$!
	eventually 20 has_leader || { cat "$1.console"; return 1; }
	eventually 60 is_booted
}

has_leader()
{
	leader=$(pgrep -P "$container" | head -n 1) && [ -n "$leader" ]
}

is_booted()
{
	[[ $(inside systemctl is-system-running 2>/dev/null) =~ running|degraded ]]
}

inside()
{
	timeout "${LIMIT_S:-60}" nsenter -t "$leader" -a -- "$@"
}

machine_stop()
{
	if [ -n "$leader" ]; then
		timeout 5 nsenter -t "$leader" -a -- systemctl poweroff >/dev/null 2>&1 || :
		for ((i = 0; i < 100; i++)); do
			kill -0 "$container" 2>/dev/null || break
			sleep 0.1
		done
	fi
	if [ -n "$container" ]; then
		kill -KILL "$container" 2>/dev/null || :
		wait "$container" 2>/dev/null || :
	fi
	container='' leader=''
}

# eventually SECONDS COMMAND...: whether it succeeds before the time is over
eventually()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.3
	done
}

check()
{
	local what=$1
	shift
	if "$@"; then
		echo "ok      $what"
		passed=$((passed + 1))
		return
	fi
	echo "FAILED  $what"
	failed=$((failed + 1))
	if [ -n "$leader" ]; then
		inside systemctl --no-pager --full status 'rollcastd*' || :
		inside journalctl --no-pager -n 30 -u 'rollcastd*' || :
	fi
}

# The last word of a test, from its trap.
summary()
{
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
