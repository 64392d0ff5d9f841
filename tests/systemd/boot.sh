#!/usr/bin/env bash
# The units in systems that really boot: installs into a small root of each release in SUITES, boots it in a
# container, and sees to it that systemd starts, watches, limits, restarts, reloads and stops the daemon. As root.
#
#	SUITE/  a system of the release, kept      root/  a copy of it with Rollcast, made for each run
#
# This machine's release gets what was built here; another one builds for itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/machine.sh
BUILD=${BUILD:-build}
here=$PWD/build-systemd
root=$here/root
systemd='systemd-sysv,dbus,procps'

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

# The packages that hold the libraries that the daemon is linked to.
libraries()
{
	ldd "$BUILD/rollcastd" | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
		dpkg -S "*/$(basename "$(readlink -f "$library")")" | sed -n '1s/:.*//p'
	done | sort -u | paste -sd,
}

# make_root SUITE
make_root()
{
	rm -rf "$root"
	if [ "$1" = "$(host_suite)" ]; then
		machine_make "$here/$1" "$1" "$systemd,$(libraries)"
		cp -a --reflink=auto "$here/$1" "$root"
		make -s install BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr
	else
		machine_make "$here/$1" "$1" "$systemd"
		copy_sources "$here/$1/root/rollcast"
		machine_run "$here/$1" "cd rollcast && sh deps.sh && make -s -j$(nproc)"
		cp -a --reflink=auto "$here/$1" "$root"
		machine_run "$root" 'cd rollcast && make -s install PREFIX=/usr'
	fi
	cp config/demo.yaml "$root/etc/rollcast/rollcast.yaml"
	# The same unit, more impatient.
	mkdir -p "$root/etc/systemd/system/rollcastd.service.d"
	printf '[Service]\nWatchdogSec=6\nRestartSec=1\n' \
		>"$root/etc/systemd/system/rollcastd.service.d/impatient.conf"
}

property()
{
	inside systemctl show "${2:-rollcastd}" --property="$1" --value
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

exposes_little()
{
	local exposure
	exposure=$(inside systemd-analyze security --no-pager rollcastd | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
	echo "          exposure $exposure"
	awk -v exposure="$exposure" 'BEGIN { exit !(exposure != "" && exposure <= 1.2) }'
}

# What systemd has made of the unit's shares, and the kernel's own words where containers are given its controllers.
has_limits()
{
	local group most high
	group=/sys/fs/cgroup$(property ControlGroup)
	most=$(property MemoryMax) high=$(property MemoryHigh)
	[ "$high" -lt "$most" ] && [ "$((most / 1024))" -lt "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)" ] &&
		[ "$(property TasksMax)" -eq 2048 ] || return 1
	inside test -e "$group/memory.max" || return 0
	[ "$(inside cat "$group/memory.max") $(inside cat "$group/pids.max")" = "$most 2048" ]
}

is_another_process()
{
	local pid
	pid=$(property MainPID)
	[ "$pid" -ne 0 ] && [ "$pid" -ne "$1" ] && [ "$(property ActiveState)" = active ]
}

# A port that somebody else has may be free the next time.
tries_again_after_a_failure()
{
	inside systemd-run --quiet --unit=squatter /usr/bin/rollcastd --config /etc/rollcast/rollcast.yaml
	eventually 10 journal_says "ready:" squatter || return 1
	inside systemctl start rollcastd 2>/dev/null
	eventually 20 journal_says "status=1/FAILURE" || return 1
	inside systemctl stop squatter
	eventually 20 is_active
}

is_active()
{
	[ "$(property ActiveState)" = active ]
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
	inside journalctl --no-pager -u "${2:-rollcastd}" | grep "$1" >/dev/null
}

# Ports of its own, in its settings; state of its own, by the unit.
runs_an_instance()
{
	sed 's/:5556/:6556/; s/:5557/:6557/; s/:9477/:9478/; /^state:/d' config/demo.yaml \
		>"$root/etc/rollcast/second.yaml"
	inside systemctl start rollcastd@second && [ "$(property ActiveState)" = active ] &&
		inside rollcast host --connect tcp://127.0.0.1:6556 --every 100ms --count 9 &&
		eventually 10 has_streams 127.0.0.1:9478 && inside systemctl stop rollcastd@second &&
		inside test -s /var/lib/rollcast@second/data.mdb && inside test ! -e /var/lib/rollcast/data.mdb
}

has_streams()
{
	[ -n "$(inside rollcast streams --json --http "$1" | grep host_load1)" ]
}

# A file that only root may read; the daemon, which is nobody, reads it where its settings name it.
reads_credentials()
{
	install -m 600 /dev/stdin "$root/etc/rollcast/secret.key" <<<'not for everybody'
	mkdir -p "$root/etc/systemd/system/rollcastd@second.service.d"
	cat >"$root/etc/systemd/system/rollcastd@second.service.d/key.conf" <<-'END'
		[Service]
		LoadCredential=secret.key:/etc/rollcast/secret.key
		ExecStartPost=/usr/bin/rollcastd --config /etc/rollcast/second.yaml --print-config
		ExecStartPost=/bin/sh -c 'id -u; cat "$${CREDENTIALS_DIRECTORY}/secret.key"'
	END
	sed -i "s|^outputs:|&\n  - {name: keyed, bind: 'ipc://keyed', prefix: '\${CREDENTIALS_DIRECTORY}/secret.key'}|" \
		"$root/etc/rollcast/second.yaml"
	inside systemctl daemon-reload
	inside systemctl start rollcastd@second && inside systemctl reload rollcastd@second &&
		journal_says 'reload: done' rollcastd@second && ! journal_says 'reload:' rollcastd || return 1
	inside journalctl --no-pager -u rollcastd@second >"$here/journal"
	inside systemctl stop rollcastd@second
	grep -q 'prefix: .*/run/credentials/rollcastd@second.service/secret.key' "$here/journal" &&
		grep -q 'not for everybody' "$here/journal"
}

# Encrypted, on every address, with keys and a token that only root may read; and the sandbox as it is then.
speaks_to_those_it_knows()
{
	local said how='--certificate /etc/rollcast/web1.key_secret --server-key /etc/rollcast/server.key'
	inside rollcast keygen --output /etc/rollcast/server && inside rollcast keygen --output /etc/rollcast/web1 || return 1
	install -D -m 644 "$root/etc/rollcast/web1.key" "$root/etc/rollcast/clients/web1.key"
	install -m 600 /dev/stdin "$root/etc/rollcast/token" <<<'open sesame'
	install -m 644 tests/systemd/probe.sh "$root/etc/rollcast/probe.sh"
	sed "s|tcp://127.0.0.1:5\(55.\)|tcp://0.0.0.0:7\1|; s|:9477.*|:9479, token_file: '\${CREDENTIALS_DIRECTORY}/token'}|
		s|^\( *\)bind: .*|&\n\1curve: {secret_key_file: '\${CREDENTIALS_DIRECTORY}/server.key_secret', clients: /etc/rollcast/clients}|" \
		config/demo.yaml >"$root/etc/rollcast/guarded.yaml"
	mkdir -p "$root/etc/systemd/system/rollcastd@guarded.service.d"
	cat >"$root/etc/systemd/system/rollcastd@guarded.service.d/key.conf" <<-'END'
		[Service]
		LoadCredential=server.key_secret:/etc/rollcast/server.key_secret
		LoadCredential=token:/etc/rollcast/token
		ExecStartPost=/bin/sh /etc/rollcast/probe.sh
		ExecReload=
		ExecReload=kill -HUP $MAINPID
	END
	inside systemctl daemon-reload
	inside systemctl start rollcastd@guarded || return 1
	# shellcheck disable=SC2086 # words on purpose
	inside rollcast host --connect tcp://127.0.0.1:7556 --every 100ms --count 30 $how &&
		inside rollcast watch --connect tcp://127.0.0.1:7557 --once $how | grep host_load1 >/dev/null &&
		eventually 10 has_streams 127.0.0.1:9479 || return 1
	said=$(inside rollcast watch --connect tcp://127.0.0.1:7557 --once 2>&1) || :
	[[ $said =~ 'cannot agree' ]] || { echo "$said"; return 1; }
	inside systemctl reload rollcastd@guarded && eventually 20 journal_says 'reload: done' rollcastd@guarded || return 1
	inside systemctl stop rollcastd@guarded
	journal_says 'the sandbox holds' rollcastd@guarded && journal_says 'outputs.*refused' rollcastd@guarded
}

reloads()
{
	local before
	before=$(property MainPID)
	sed -i 's/horizon: 40/horizon: 20/' "$root/etc/rollcast/rollcast.yaml"
	inside systemctl reload rollcastd && journal_says 'reload: done' || return 1
	sed -i 's/horizon/horizn/' "$root/etc/rollcast/rollcast.yaml"
	! inside systemctl reload rollcastd 2>/dev/null || return 1
	sed -i 's/horizn/horizon/' "$root/etc/rollcast/rollcast.yaml"
	journal_says 'did you mean "horizon"' && is_active && [ "$(property MainPID)" = "$before" ]
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
	[ "$(property ActiveState) $(property Result) $(property NRestarts)" = 'failed exit-code 0' ] &&
		journal_says 'horizn: unknown key; did you mean "horizon"?'
}

[ "$(id -u)" -eq 0 ] || { echo 'check-systemd needs root'; exit 1; }
for suite in ${SUITES:-bookworm trixie}; do
	echo "$suite:"
	make_root "$suite"
	machine_boot "$root" || { echo 'the container does not boot'; failed=$((failed + 1)); exit 1; }
	check 'it starts' starts
	check 'it says how it is' status_says 'waiting for samples|streams'
	check 'it has no privileges' runs_without_privileges
	check 'it exposes little' exposes_little
	check 'it forecasts and trains inside its sandbox' forecasts_and_trains
	check 'its memory and its tasks have limits' has_limits
	check 'it is restarted after a crash' restarts_after SEGV 20 'status=11/SEGV'
	check 'it is restarted when it hangs' restarts_after STOP 40 'Watchdog timeout'
	check 'an instance runs beside it, with its own state' runs_an_instance
	check 'settings can name what only systemd may read' reads_credentials
	check 'it speaks to those it knows, from its sandbox' speaks_to_those_it_knows
	check 'it reloads, and goes on as before under wrong settings' reloads
	check 'it stops cleanly' stops_cleanly
	check 'it is tried again after a failure' tries_again_after_a_failure
	inside systemctl stop rollcastd
	check 'wrong settings are refused once, with the reason in the journal' refuses_wrong_settings
	machine_stop
done
