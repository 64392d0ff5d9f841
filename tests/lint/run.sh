#!/bin/sh
# All linters, each by its own script or command; says which failed and ends with their number.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
failed=0

# lint NAME COMMAND...: quiet unless it fails
lint()
{
	name=$1
	shift
	if output=$("$@" 2>&1); then
		echo "ok      $name"
	else
		echo "FAILED  $name"
		echo "$output" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

lint 'who includes whom' sh tests/lint/layers.sh
lint 'what the library needs' sh tests/lint/symbols.sh "$BUILD/librollcast.a"
lint 'hardening' sh tests/lint/hardening.sh "$BUILD/rollcastd" "$BUILD/rollcast" "$BUILD"/librollcast.so.?
lint 'words' sh tests/lint/words.sh
lint 'shell scripts' sh tests/lint/shell.sh
lint 'systemd units' sh tests/lint/unit.sh
lint 'manual pages' mandoc -Tlint -Wwarning "$BUILD"/man/*.[158]
lint 'format' sh tests/lint/format.sh
lint 'cppcheck' sh tests/lint/cppcheck.sh
lint 'gcc analyzer' sh tests/lint/analyzer.sh
lint 'clang-tidy' sh tests/lint/tidy.sh
echo "$failed linters failed"
[ $failed -eq 0 ]
