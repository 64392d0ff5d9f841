#!/bin/sh
# Runs the built fuzzers of BUILD, each for FUZZ_SECONDS (60), or those that are named:
#
#	BUILD=build-fuzz FUZZ_SECONDS=600 sh tests/fuzz/run.sh [TARGET...]
#
# A corpus grows in $BUILD/corpus/TARGET, from one run to the next. An input that breaks something is kept
# as $BUILD/found/TARGET-*; `$BUILD/tests/fuzz/fuzz_TARGET FILE` repeats it. Exit status 1 if there is one.
set -eu
cd "$(dirname "$0")/../.."
: "${BUILD:=build-fuzz}" "${FUZZ_SECONDS:=60}"
found=$BUILD/found
log=$BUILD/fuzz.log
status=0

mkdir -p "$found"
rm -rf "$BUILD/seeds"
mkdir "$BUILD/seeds"
"$BUILD/tests/fuzz/seeds" "$BUILD/seeds"
cp config/*.yaml tests/settings/bad/*.yaml "$BUILD/seeds/settings"

[ $# -gt 0 ] || set -- tests/fuzz/fuzz_*.c
for target; do
	target=$(basename "$target" .c)
	target=${target#fuzz_}
	corpus=$BUILD/corpus/$target
	mkdir -p "$corpus"
	if "$BUILD/tests/fuzz/fuzz_$target" -max_total_time="$FUZZ_SECONDS" -timeout=20 -rss_limit_mb=2048 \
		-close_fd_mask=3 -print_final_stats=1 -artifact_prefix="$found/$target-" \
		"$corpus" "$BUILD/seeds/$target" >"$log" 2>&1; then
		word=ok
	else
		word=FAILED
		status=1
		grep -v '^#[0-9]' "$log" | sed 's/^/    /' || :
	fi
	awk -v word="$word" -v target="$target" '
		/DONE|pulse|NEW|REDUCE|RELOAD/ { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
		/stat::number_of_executed_units/ { count = $2 }
		/stat::average_exec_per_sec/ { rate = $2 }
		/stat::peak_rss_mb/ { rss = $2 }
		END { printf "%-7s %-12s %10d executions, %6d a second, %5d edges, %4d MiB\n",
			word, target, count, rate, covered, rss }' "$log"
done
exit $status
