#!/bin/sh
# C as .clang-format says; make format lays it out so.
set -eu
git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format --dry-run -Werror
