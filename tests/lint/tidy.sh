#!/bin/sh
# clang-tidy on all files, or those named; .clang-tidy has the checks.
# shellcheck disable=SC2046,SC2086 # words on purpose
set -eu
msgpack=$(pkg-config --exists msgpack-c && echo msgpack-c || echo msgpack)
flags=$(pkg-config --cflags "$msgpack" openblas libzmq yaml-0.1 libsystemd libmicrohttpd)

[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard 'lib/*.c' 'daemon/*.c' 'cli/*.c')
[ $# -gt 0 ] || exit 1
printf '%s\n' "$@" | xargs -P "$(nproc)" -I FILE clang-tidy --quiet FILE -- \
	-std=gnu11 -Iinclude -I. -D_GNU_SOURCE '-DROLLCAST_VERSION="0"' $flags 2>/dev/null
