#!/bin/bash
#
# bench/host/run.sh [OPTION...]
#
# Measures channels beside their peers on this machine, with the options of host-bench (main.c), and
# writes to build/bench, or to $BENCH_OUT: host.txt, the lines `BENCH ...`; host.json, the same as
# an array of objects; report.html. Prints how channels compare. See docs/channels.md.

set -eu -o pipefail
cd "$(dirname "$0")/../.."

readonly out=${BENCH_OUT:-build/bench}

mkdir -p "$out"
build/bench/host-bench -d "$out/host-latencies.txt" "$@" >"$out/host.txt"
awk -f tools/bench-json.awk "$out/host.txt" >"$out/host.json"
bench/host/report.sh "$out"
awk -f bench/host/compare.awk "$out/host.txt"
echo "all figures: $out/host.json; pictures: $out/report.html"
