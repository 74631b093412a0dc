#!/bin/bash
#
# tools/run-bench.sh PROGRAM@CORES...
#
# Runs benchmark programs in the guest, where one instruction takes one nanosecond and every run
# gives the same figures. Their lines `BENCH key=value ...` become build/bench/results.json, an
# array of objects. Every figure that bench/ceilings.txt names is compared with its ceiling; the
# results of that go to the file $TAP, if set. Exit status 0: none was exceeded.

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
    ACCEL=icount CORES=${program#*@} SCRIPT=$script tools/run.sh | tee -a $console || exit 1
done
awk -f tools/bench-json.awk $console >$directory/results.json || exit 1
awk -f tools/bench-check.awk bench/ceilings.txt $console >$directory/check.tap
readonly status=$?
[[ -n ${TAP:-} ]] && cp $directory/check.tap "$TAP"
grep -E '^not ok' $directory/check.tap >&2
exit $status
