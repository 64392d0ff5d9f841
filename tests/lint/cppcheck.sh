#!/bin/sh
# Left out, because cppcheck does not know CLEANUP and reads loops half: memleak (make check-asan looks
# for leaks) and uninitvar (clang-tidy follows paths).
set -eu
cppcheck --quiet --std=c11 --enable=warning,performance --inline-suppr --error-exitcode=1 \
	-j "$(nproc)" -I include -I . -D__linux__ -DROLLCAST_VERSION='""' \
	--suppress=missingIncludeSystem --suppress=memleak --suppress=uninitvar \
	lib daemon cli bench tests
