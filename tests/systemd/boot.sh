#!/usr/bin/env bash
# The unit in a system that really boots: installs into a small root of this distribution, boots it in a
# container, and sees to it that systemd starts, watches, restarts and stops the daemon. As root.
#
#	base/  a fresh system, made once      root/  a copy of it with Rollcast, made for each run
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
here=$PWD/build-systemd
root=$here/root
passed=0 failed=0
container='' leader=''

say()
{
	echo "check-systemd: $*"
}

finish()
{
	trap - EXIT INT TERM
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
	rm -rf "$root"
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
	exit
}
trap finish EXIT
trap 'exit 1' INT TERM

# The packages that hold the libraries that the daemon is linked to.
libraries()
{
	ldd "$BUILD/rollcastd" | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
		dpkg -S "*/$(basename "$(readlink -f "$library")")" | sed -n '1s/:.*//p'
	done | sort -u | paste -sd,
}

make_root()
{
	local suite packages
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	packages=systemd-sysv,dbus,procps,$(libraries)
	if [ "$(cat "$here/base.has" 2>/dev/null)" != "$suite $packages" ]; then
		say "making a $suite system"
		rm -rf "$here/base"
		mkdir -p "$here"
		mmdebstrap --quiet --variant=apt --include="$packages" "$suite" "$here/base"
		: >"$here/base/etc/machine-id"
		echo "$suite $packages" >"$here/base.has"
	fi
	rm -rf "$root"
	cp -a --reflink=auto "$here/base" "$root"
	make -s install BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr
	cp config/demo.yaml "$root/etc/rollcast/rollcast.yaml"
	# The same unit, more impatient.
	mkdir -p "$root/etc/systemd/system/rollcastd.service.d"
	printf '[Service]\nWatchdogSec=6\nRestartSec=1\n' \
		>"$root/etc/systemd/system/rollcastd.service.d/impatient.conf"
}

inside()
{
	timeout 60 nsenter -t "$leader" -a -- "$@"
}

property()
{
	inside systemctl show rollcastd --property="$1" --value
}

boot()
{
	systemd-nspawn --quiet --boot --directory="$root" --register=no --keep-unit --private-network \
		</dev/null >"$here/console" 2>&1 &
	container=$!
	eventually 20 has_leader || { cat "$here/console"; return 1; }
	eventually 40 is_booted
}

has_leader()
{
	leader=$(pgrep -P "$container" | head -n 1) && [ -n "$leader" ]
}

is_booted()
{
	[[ $(inside systemctl is-system-running 2>/dev/null) =~ running|degraded ]]
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

# check WHAT COMMAND...
check()
{
	local what=$1
	shift
	if "$@"; then
		echo "ok      $what"
		passed=$((passed + 1))
	else
		echo "FAILED  $what"
		failed=$((failed + 1))
		inside systemctl --no-pager --full status rollcastd || :
		inside journalctl --no-pager -n 20 -u rollcastd || :
	fi
}

# ---- what has to hold ----

starts()
{
	inside systemctl start rollcastd && [ "$(property ActiveState)" = active ]
}

runs_without_privileges()
{
	local pid user capabilities
	pid=$(property MainPID)
	user=$(inside stat -c %u "/proc/$pid")
	capabilities=$(inside grep '^CapEff:' "/proc/$pid/status")
	[ "$user" -ne 0 ] && [[ $capabilities =~ [[:space:]]0+$ ]]
}

status_says()
{
	[[ $(property StatusText) =~ $1 ]]
}

forecasts_and_trains()
{
	inside systemd-run --quiet --unit=metrics /usr/bin/rollcast host
	eventually 90 status_says '^[1-9][0-9]* streams, .* [1-9][0-9]* trainings$'
	local seen=$?
	inside systemctl stop metrics
	return $seen
}

is_another_process()
{
	local pid
	pid=$(property MainPID)
	[ "$pid" -ne 0 ] && [ "$pid" -ne "$1" ] && [ "$(property ActiveState)" = active ]
}

# restarts_after SIGNAL SECONDS WORD: the new process is there in time, and the journal says why
restarts_after()
{
	local before
	before=$(property MainPID)
	[ "$before" -ne 0 ] || return 1
	inside kill "-$1" "$before"
	eventually "$2" is_another_process "$before" && journal_says "$3"
}

journal_says()
{
	inside journalctl --no-pager -u rollcastd | grep -q "$1"
}

stops_cleanly()
{
	inside systemctl stop rollcastd &&
		[ "$(property ActiveState) $(property Result) $(property ExecMainStatus)" = \
			'inactive success 0' ] && journal_says 'stopped:'
}

refuses_wrong_settings()
{
	sed -i 's/horizon/horizn/' "$root/etc/rollcast/rollcast.yaml"
	! inside systemctl start rollcastd 2>/dev/null || return 1
	sleep 3 # three times RestartSec: it is not tried again
	[ "$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)" = 'failed 78 0' ] &&
		journal_says 'horizn: unknown key; did you mean "horizon"?'
}

[ "$(id -u)" -eq 0 ] || { say 'needs root'; exit 1; }
make_root
boot || { say 'the container does not boot'; failed=1; exit 1; }
check 'it starts' starts
check 'it says how it is' status_says 'waiting for samples|streams'
check 'it has no privileges' runs_without_privileges
check 'it forecasts and trains inside its sandbox' forecasts_and_trains
check 'it is restarted after a crash' restarts_after SEGV 20 'status=11/SEGV'
check 'it is restarted when it hangs' restarts_after STOP 40 'Watchdog timeout'
check 'it stops cleanly' stops_cleanly
check 'wrong settings are refused once, with the reason in the journal' refuses_wrong_settings
