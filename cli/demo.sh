#!/bin/sh
# The demonstration: this machine's own metrics, forecast live.
#
#	rollcast host ──5556──► rollcastd ──5557──► rollcast watch
#
# In a terminal it runs until Ctrl-C. Elsewhere it prints lines, ends after DEMO_SECONDS (60), and
# fails unless freshly trained networks had a share in the forecasts by then.
#
# Whatever it starts ends with it: the shell waits in the background of its children, so that a signal
# is answered at once, and if the shell itself is killed the kernel tells them.
set -u

BUILD=${BUILD:-build}
CONFIG=${DEMO_CONFIG:-config/demo.yaml}
OUTPUT=${DEMO_OUTPUT:-tcp://127.0.0.1:5557}
INPUT=${DEMO_INPUT:-tcp://127.0.0.1:5556}
daemon='' host='' watch='' logs=''

say() {
	echo "demo: $*" >&2
}

# Ends a child: politely, after ten seconds by force.
end() {
	[ -n "$1" ] && kill "$1" 2>/dev/null || return 0
	tenths=0
	while kill -0 "$1" 2>/dev/null; do
		[ $tenths -lt 100 ] || kill -KILL "$1"
		tenths=$((tenths + 1))
		sleep 0.1
	done
	return 0
}

# In flow order: who asks, who feeds, who forecasts.
finish() {
	status=$?
	trap - EXIT
	trap '' INT TERM HUP
	end "$watch"
	end "$host"
	end "$daemon"
	[ -z "$logs" ] || rm -rf "$logs"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

fail() {
	say "$*"
	exit 1
}

daemon_died() {
	sed 's/^/    /' "$logs/rollcastd" >&2
	if grep -qi 'in use\|busy' "$logs/rollcastd"; then
		fail "a port is taken: is another rollcastd running?"
	fi
	fail "rollcastd ended; the lines above are its own"
}

for program in rollcastd rollcast; do
	[ -x "$BUILD/$program" ] || fail "$BUILD/$program is not built: run make"
done
logs=$(mktemp -d) || exit 1
# A child is told when this shell is gone, even by kill -9.
tied=''
if setpriv --pdeathsig TERM true 2>/dev/null; then
	tied='setpriv --pdeathsig TERM'
fi

$tied "$BUILD/rollcastd" --config "$CONFIG" >"$logs/rollcastd" 2>&1 &
daemon=$!
sleep 1 & wait $!
kill -0 $daemon 2>/dev/null || daemon_died
$tied "$BUILD/rollcast" host --connect "$INPUT" --every 250ms >"$logs/host" 2>&1 &
host=$!

if [ -t 1 ]; then
	trap 'exit 0' INT
	seconds=${DEMO_SECONDS:-}
	say "forecasts appear within seconds, those of trained networks within half a minute"
	if grep -q '^http: {listen: 127.0.0.1:' "$CONFIG"; then
		say "the page: http://$(sed -n 's/^http: {listen: \(.*\)}$/\1/p' "$CONFIG")/"
	fi
	say "Ctrl-C ends it"
else
	seconds=${DEMO_SECONDS:-60}
fi
$tied "$BUILD/rollcast" watch --connect "$OUTPUT" --every 5s ${seconds:+--seconds "$seconds"} &
watch=$!
while kill -0 $watch 2>/dev/null; do
	kill -0 $daemon 2>/dev/null || daemon_died
	if ! kill -0 $host 2>/dev/null; then
		sed 's/^/    /' "$logs/host" >&2
		fail "rollcast host ended; the lines above are its own"
	fi
	sleep 0.5 & wait $!
done
wait $watch
status=$?
watch=''
[ $status -eq 0 ] || exit $status
[ -n "$seconds" ] || exit 0

# A network counts when its weights are trained and it has a share in what is published.
"$BUILD/rollcast" watch --connect "$OUTPUT" --once --json >"$logs/forecasts" || exit 1
streams=$(wc -l <"$logs/forecasts")
networks=$(grep '"trained":[0-9]' "$logs/forecasts" |
	grep -c '"weights":{[^}]*"\(lstm\|gru\|rnn\)[^"]*":')
if [ "$networks" -eq 0 ]; then
	fail "no network had a share in a forecast after $seconds s ($streams streams)"
fi
say "trained networks have a share in the forecasts of $networks of $streams streams"
