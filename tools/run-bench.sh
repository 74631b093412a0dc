#!/bin/bash
#
# tools/run-bench.sh PROGRAM@CORES[:SHAPE]...
#
# Runs benchmark programs in the guest, where one instruction takes one nanosecond and every run
# gives the same figures. SHAPE says of what the cores are part, as QEMU's -smp does. Their lines `BENCH key=value ...` become build/bench/results.json, an
# array of objects. Every figure that bench/ceilings.txt names is compared with its ceiling; the
# results of that go to the file $TAP, if set, with those of another: messages and rounds of the
# monitors are what the simulator of topology/sim says. Exit status 0: none was exceeded, all equal.

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

readonly directory=build/bench
readonly console=$directory/console.log

mkdir -p $directory
: >$console
for program in "$@"; do
    script="run ${program%@*}"
    # As a command of the shell, which knows when its prompt came.
    [[ $script == "run ipcbench" ]] && script=ipcbench
    machine=${program#*@} shape=
    cores=${machine%%:*}
    [[ $machine == *:* ]] && shape="-smp $cores,${machine#*:}"
    # A device that sends a message when it is told to.
    [[ $program == isobench@* ]] && shape+=" -device edu"
    # A benchmark may take 16 MiB of each core's memory.
    ACCEL=icount CORES=$cores MEM=$((cores > 16 ? 2048 : 512))M SCRIPT=$script QEMU_EXTRA=$shape \
        tools/run.sh | tee -a $console || exit 1
done
awk -f tools/bench-json.awk $console >$directory/results.json || exit 1
awk -f tools/bench-check.awk bench/ceilings.txt $console >$directory/check.tap
status=$?
build/tool/topology-sim validate $console >$directory/rounds.tap || status=1
[[ -n ${TAP:-} ]] && awk -f tools/tap-join.awk $directory/check.tap $directory/rounds.tap >"$TAP"
grep -h -E '^not ok' $directory/check.tap $directory/rounds.tap >&2
exit $status
