#!/bin/bash
#
# topology/sim/run.sh [OPTION...]
#
# Prices trees for 2 to 4096 cores, with the options of topology-sim (main.c), and for 2 to 64 with
# every transfer at the same price; writes to build/bench, or to $BENCH_OUT: topology-sim.txt, the
# lines `BENCH ...`; topology-sim.json, the same as an array of objects. Prints a table. See
# docs/topology-simulator.md.

set -eu -o pipefail
cd "$(dirname "$0")/../.."

readonly out=${BENCH_OUT:-build/bench}

mkdir -p "$out"
build/tool/topology-sim "$@" >"$out/topology-sim.txt"
build/tool/topology-sim -u -n 64 >>"$out/topology-sim.txt"
awk -f tools/bench-json.awk "$out/topology-sim.txt" >"$out/topology-sim.json"
awk -f topology/sim/table.awk "$out/topology-sim.txt"
echo "all figures: $out/topology-sim.json"
