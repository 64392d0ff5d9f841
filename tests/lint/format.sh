#!/bin/sh
# C as .clang-format says.
set -eu
git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format --dry-run -Werror
