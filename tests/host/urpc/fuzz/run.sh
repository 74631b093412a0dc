#!/bin/bash
#
# tests/host/urpc/fuzz/run.sh
#
# Runs the fuzzer for FUZZ_RUNS inputs or FUZZ_SECONDS seconds, with low priority, in FUZZ_PROCESSES
# processes (default: 1) with the seeds FUZZ_SEED (default: 1), FUZZ_SEED + 1, ... They share what they
# find: it is kept in build/urpc/corpus, and an input that fails in build/urpc/crash-*. The logs are
# build/urpc/fuzz.SEED.log; what each run came to is added to build/urpc/fuzz-record.txt. With $TAP,
# writes the Test Anything Protocol there.

set -u
cd "$(dirname "$0")/../../../.." || exit 1

readonly directory=build/urpc
readonly processes=${FUZZ_PROCESSES:-1} first=${FUZZ_SEED:-1}
readonly last=$((first + processes - 1))
mkdir -p $directory/corpus

limits=()
[[ -n ${FUZZ_RUNS:-} ]] && limits+=(-runs=$(((FUZZ_RUNS + processes - 1) / processes)))
[[ -n ${FUZZ_SECONDS:-} ]] && limits+=(-max_total_time="$FUZZ_SECONDS")

commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD -- urpc include tests/host/urpc/fuzz 2>/dev/null || commit+='+changes'

children=()
for ((seed = first; seed <= last; seed++)); do
    nice -n 19 $directory/fuzz "${limits[@]}" -seed="$seed" -max_len=256 -timeout=20 \
        -print_final_stats=1 -artifact_prefix=$directory/ $directory/corpus \
        >"$directory/fuzz.$seed.log" 2>&1 &
    children+=($!)
done

failed=0 inputs=0 edges=0
for ((seed = first; seed <= last; seed++)); do
    log=$directory/fuzz.$seed.log
    wait "${children[seed - first]}" || { failed=$((failed + 1)) && tail -n 40 "$log"; }
    read -r ran seconds reached < <(awk '
        / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") reached = $(i + 1) }
        /^Done / { seconds = $5 }
        /^stat::number_of_executed_units:/ { ran = $2 }
        END { print ran + 0, seconds + 0, reached + 0 }' "$log")
    echo "commit $commit, seed $seed: $ran inputs in $seconds s, $reached edges reached" |
        tee -a $directory/fuzz-record.txt
    inputs=$((inputs + ran))
    edges=$((reached > edges ? reached : edges))
done

readonly summary="$inputs inputs, $edges edges reached, $failed of $processes failed"
echo "fuzz: $summary"
if [[ -n ${TAP:-} ]]; then
    verdict='ok'
    ((failed == 0)) || verdict='not ok'
    printf '1..1\n%s 1 - a hostile peer gets messages and errors and nothing else (%s)\n' \
        "$verdict" "$summary" >"$TAP"
fi
exit $((failed != 0))
