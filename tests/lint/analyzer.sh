#!/bin/sh
# gcc -fanalyzer on all files, or those named. Left out: malloc-leak, because it does not see that what is stored in
# a structure is freed with it (make check-asan and tests/memory look for leaks). Exceptions are below, by file.
# shellcheck disable=SC2046,SC2086 # words on purpose
set -eu
msgpack=$(pkg-config --exists msgpack-c && echo msgpack-c || echo msgpack)
flags="-std=gnu11 -O1 -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-too-complex -Iinclude -I. -D_GNU_SOURCE
	$(pkg-config --cflags "$msgpack" openblas libzmq yaml-0.1 libsystemd libmicrohttpd)"

# FILE WARNING, and why it cannot be.
exceptions='
cli/canvas.c null-dereference: rows and columns below the size have a place
cli/csv.c null-dereference: a long file has a column of names
daemon/base/values.c null-dereference: a value has a point at least
daemon/settings/check.c null-dereference: a list that has an item is there
daemon/watch/api.c null-argument: where the encoder succeeds there are bytes
lib/forecast/record.c null-dereference: nothing fits where there are no bytes
lib/network/network.c null-argument: lay_out has given every layer its place
lib/series/archive.c use-of-uninitialized-value: what fits is read
lib/wire/reader.h use-of-uninitialized-value: texts, arrays and maps have a count
'

[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard 'lib/*.c' 'daemon/*.c' 'cli/*.c' | grep -v /kernel/)
found=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -I FILE gcc $flags '-DROLLCAST_VERSION="0"' -c -o /dev/null FILE 2>&1 |
	grep -E '(warning|error):' || :)
echo "$exceptions" | sed -n 's|^\([^ ]*\) \([^ ]*\):.*|^(\\./)?\1:.*\\[-Wanalyzer-\2\\]|p' >"${TMPDIR:-/tmp}/analyzer.$$"
trap 'rm -f "${TMPDIR:-/tmp}/analyzer.$$"' EXIT
found=$(echo "$found" | grep -Evf "${TMPDIR:-/tmp}/analyzer.$$" || :)
echo "$found"
[ -z "$found" ]
