#!/bin/bash
#
# tests/host/urpc/fuzz/run.sh
#
# Runs the fuzzer for FUZZ_RUNS inputs or FUZZ_SECONDS seconds, with low priority. What it finds is kept
# in build/urpc/corpus, and an input that fails in build/urpc/crash-*; the log is build/urpc/fuzz.log.
# With $TAP, writes the Test Anything Protocol there.

set -u
cd "$(dirname "$0")/../../../.." || exit 1

readonly log=build/urpc/fuzz.log
mkdir -p build/urpc/corpus

limits=()
[[ -n ${FUZZ_RUNS:-} ]] && limits+=(-runs="$FUZZ_RUNS")
[[ -n ${FUZZ_SECONDS:-} ]] && limits+=(-max_total_time="$FUZZ_SECONDS")

nice -n 19 build/urpc/fuzz "${limits[@]}" -max_len=256 -timeout=20 -print_final_stats=1 \
    -artifact_prefix=build/urpc/ build/urpc/corpus >"$log" 2>&1
status=$?

summary=$(awk '/^Done / { print $2 " inputs in " $5 " s" }' "$log")
coverage=$(awk '/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") n = $(i + 1) } END { print n }' "$log")
echo "fuzz: ${summary:-ended early}, $coverage edges reached; log: $log"
if [[ -n ${TAP:-} ]]; then
    verdict='ok'
    ((status == 0)) || verdict='not ok'
    printf '1..1\n%s 1 - a hostile peer gets messages and errors and nothing else (%s)\n' \
        "$verdict" "$summary" >"$TAP"
elif ((status != 0)); then
    tail -n 40 "$log"
fi
exit "$status"
