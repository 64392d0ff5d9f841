#!/bin/sh
# All benchmarks: what a message costs, what a step costs, how fast networks are, samples through the daemon.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # they would choose slower kernels

"$BUILD/bench/wire"
"$BUILD/bench/step"
"$BUILD/bench/network"
"$BUILD/bench/daemon" "$BUILD/rollcastd"
