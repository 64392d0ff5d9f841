#!/bin/sh
# Shell scripts, by shellcheck.
set -eu
git ls-files -co --exclude-standard '*.sh' .ci/run completions debian/rollcast.p* | xargs shellcheck --severity=info
