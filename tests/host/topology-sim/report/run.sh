#!/bin/bash
#
# tests/host/topology-sim/report/run.sh
#
# That the simulation's lines, its JSON and the picture are well-formed, with and without figures of a
# system, and that the validator of the command line tells right from wrong. Writes the Test Anything
# Protocol to $TAP.

# The functions are called by check().
# shellcheck disable=SC2317

set -u
cd "$(dirname "$0")/../../../.." || exit 1

readonly sim=build/tool/topology-sim
readonly out=build/topology-sim/report
lines=()

# check NAME COMMAND...
check() {
    local name=$1 verdict='ok'
    shift
    "$@" || verdict='not ok'
    lines+=("$verdict $((${#lines[@]} + 1)) - $name")
}

fails() { ! "$@"; }

is_complete() {
    jq -e 'all(.[]; .sim == 1 and .n > 0 and .min <= .q1 and .q1 <= .median
                   and .median <= .q3 and .q3 <= .max and .down < .max)
        and ([.[].cores] | min == 2)
        and ([.[] | "\(.name) \(.tree)"] | unique | length == 10)
        and ([.[] | select(.unit == "cycles") | .cores] | max == 4096)
        and ([.[] | select(.unit == "transfers") | .cores] | max == 64)' "$out/topology-sim.json" >/dev/null
}

# A page that needs nothing but itself.
is_self_contained() {
    ! grep -niE '(src|href) *= *["'\''](https?:|//|file:|[^#"'\''])|url\( *["'\'']?[^#"'\'')]|@import|<link|<script' \
        "$out/topology.html" && grep -q '<svg' "$out/topology.html"
}

is_xml() { python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$out/topology.svg"; }

# Lines as a system prints them: $1 messages of its multicast.
system_lines() {
    echo "BENCH name=unicast unit=insn n=1 min=9 q1=9 median=9 q3=9 max=9 cores=2 tree=flat messages=2 rounds=1 machine=package:2_core:4"
    echo "BENCH name=multicast unit=insn n=1 min=33 q1=33 median=33 q3=33 max=33 cores=8 tree=multicast messages=$1 rounds=3 path=14 machine=package:2_core:4"
}

rm -rf "$out"
mkdir -p "$out"
BENCH_OUT=$out
export BENCH_OUT
check 'the simulation prints a table' topology/sim/run.sh
check 'its JSON is complete' is_complete
check 'a picture without a system is drawn' topology/sim/report.sh "$out"
check 'and says so' grep -q 'has not been measured' "$out/topology.svg"
system_lines 14 >"$out/right.txt"
system_lines 15 >"$out/wrong.txt"
awk -f tools/bench-json.awk "$out/right.txt" >"$out/results.json"
check 'a picture with a system is drawn' topology/sim/report.sh "$out"
check 'and has its figure' grep -q '^8 7$' "$out/topology/system.multicast.multicast"
check 'the page needs nothing else' is_self_contained
check 'the picture is XML' is_xml
check 'the validator accepts what is right' $sim validate "$out/right.txt"
check 'the validator refuses what is wrong' fails $sim validate "$out/wrong.txt"
check 'the validator refuses a file that is not there' fails $sim validate "$out/none.txt"
check 'a machine that makes no sense is refused' fails $sim package:0
check 'prices that are none are refused' fails $sim -c "$out/right.txt" core:4
printf '%s\n' "1..${#lines[@]}" "${lines[@]}" | tee ${TAP:+"$TAP"}
[[ ${lines[*]} != *'not ok'* ]]
