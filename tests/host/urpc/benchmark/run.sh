#!/bin/bash
#
# tests/host/urpc/benchmark/run.sh
#
# That the benchmark runs and what it writes is well-formed; how fast anything is, is not looked at.
# Rounds are short and few, at ordinary priority. Writes the Test Anything Protocol to $TAP.

# The functions are called by check().
# shellcheck disable=SC2317

set -u
cd "$(dirname "$0")/../../../.." || exit 1

readonly out=build/urpc/benchmark
readonly quick=(-o -r 1 -s 0 -t 50)
lines=()

# check NAME COMMAND...
check() {
    local name=$1 verdict='ok'
    shift
    "$@" || verdict='not ok'
    lines+=("$verdict $((${#lines[@]} + 1)) - $name")
}

finish() {
    printf '%s\n' "1..${#lines[@]}" "${lines[@]}" | tee ${TAP:+"$TAP"}
    [[ ${lines[*]} != *'not ok'* ]]
    exit
}

two_processors() {
    local processors
    mapfile -t processors < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")')
    ((${#processors[@]} >= 2)) && pair=${processors[0]},${processors[1]}
}

# Every transport has the figures that it can have, or a line says why it was left out.
all_transports() {
    python3 - "$out/host.json" "$out/skipped.txt" <<'PYTHON'
import json, sys
figures = json.load(open(sys.argv[1]))
skipped = open(sys.argv[2]).read()
keys = {"name", "unit", "n", "min", "q1", "median", "q3", "max", "transport", "placement"}
assert figures and all(keys <= set(f) for f in figures)
assert all(f["min"] <= f["q1"] <= f["median"] <= f["q3"] <= f["max"] and f["n"] > 0 for f in figures)
assert all(f["placement"] in ("hyperthreads", "cores") for f in figures)
seen = {(f["name"], f["transport"]) for f in figures}
wanted = {
    "raw": ["raw_rtt"], "raw-one-line": ["raw_rtt"], "raw-ring": ["rtt"],
    "urpc": ["rtt", "rate", "rate_batch", "bulk"], "urpc-plain": ["rtt", "rate"],
    "urpc-in-place": ["rate", "rate_batch"], "urpc-armed": ["rtt", "rate"],
    "boost": ["rtt", "rate", "rate_batch"], "ck": ["rtt", "rate"],
    "pipe": ["rtt", "rate", "rate_batch", "bulk"], "socketpair": ["rtt", "rate", "rate_batch", "bulk"],
    "mq": ["rtt", "rate"], "eventfd": ["rtt"], "futex": ["rtt"],
}
labels = {"dpdk": ("DPDK", ["rtt", "rate", "rate_batch"]), "msg_ring": ("MSG_RING", ["rtt"]),
          "mq": ("POSIX message queue", wanted.pop("mq"))}
for transport, (label, names) in labels.items():
    if label not in skipped:
        wanted[transport] = names
missing = [(n, t) for t, names in wanted.items() for n in names if (n, t) not in seen]
assert not missing, missing
sizes = {f["slots"] for f in figures if f["name"] == "rate" and f["transport"] == "urpc"}
assert sizes == {4 << i for i in range(11)}, sizes
blocks = {f["bytes"] for f in figures if f["name"] == "bulk" and f["transport"] == "urpc"}
assert blocks == {256 << i for i in range(9)}, blocks
PYTHON
}

# A page that needs nothing but itself.
is_self_contained() {
    local report="$out/report.html"
    ! grep -niE '(src|href) *= *["'\''](https?:|//|file:|[^#"'\''])|url\( *["'\'']?[^#"'\'')]|@import|<link|<script' \
        "$report" && (($(grep -c '<svg' "$report") >= ${1:?}))
}

is_xml() { python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1"; }

# Programs of ours that print every design.
all_designs() {
    local wanted
    build/bench/host-designs "${quick[@]}" -a -p "$pair" -f rate >"$out/designs.txt" 2>"$out/designs.log" || return 1
    wanted=$(grep -cE '^ +X\([a-z0-9_]+, "' bench/host/designs.c)
    (($(grep -o 'transport=[a-z0-9_]*' "$out/designs.txt" | sort -u | wc -l) + \
        $(grep -c '^skipped' "$out/designs.log") == wanted))
}

pair=''
mkdir -p "$out"
if ! two_processors; then
    lines=('ok 1 - the benchmark runs # SKIP two processors are needed')
    finish
fi
BENCH_OUT=$out
export BENCH_OUT
check 'the benchmark runs' bench/host/run.sh "${quick[@]}" -p "$pair" 2>"$out/skipped.txt"
check 'host.json has every transport and figure' all_transports
check 'report.html has its pictures and no reference to elsewhere' is_self_contained 4
check 'the pictures are XML' is_xml "$out/report"/rate.*.svg
check 'with more pairs of processors there is a map of them' \
    bench/host/run.sh "${quick[@]}" -f rtt -p "$pair,$pair" 2>>"$out/skipped.txt"
check 'the map is in the report' grep -q 'Raw round trip between processors' "$out/report.html"
check 'every design is measured' all_designs
finish
