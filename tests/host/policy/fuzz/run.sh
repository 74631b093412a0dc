#!/bin/bash
#
# tests/host/policy/fuzz/run.sh
#
# Runs the fuzzer of policies, with low priority, for FUZZ_RUNS inputs or FUZZ_SECONDS seconds, with
# the seed FUZZ_SEED (default: 1), from the policies of the system on. What it finds is kept in
# build/policy-fuzz/corpus, an input that fails in build/policy-fuzz/crash-*, its log in
# build/policy-fuzz/log.txt. With $TAP, writes the Test Anything Protocol there.

set -u
cd "$(dirname "$0")/../../../.." || exit 1

readonly directory=build/policy-fuzz seed=${FUZZ_SEED:-1}
mkdir -p $directory/corpus $directory/seeds
for file in drivers/drivers.conf bench/drivers.conf tests/guest/drivers.conf; do
    cp "$file" "$directory/seeds/${file//\//-}"
done

limits=()
[[ -n ${FUZZ_RUNS:-} ]] && limits+=(-runs="$FUZZ_RUNS")
[[ -n ${FUZZ_SECONDS:-} ]] && limits+=(-max_total_time="$FUZZ_SECONDS")

status=0
nice -n 19 $directory/fuzz "${limits[@]}" -seed="$seed" -max_len=4096 -timeout=10 \
    -dict=tests/host/policy/fuzz/words.dict -print_final_stats=1 -artifact_prefix=$directory/ \
    $directory/corpus $directory/seeds >$directory/log.txt 2>&1 || status=1
((status)) && tail -n 40 $directory/log.txt
read -r inputs edges < <(awk '
    / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
    /^stat::number_of_executed_units:/ { inputs = $2 }
    END { print inputs + 0, edges + 0 }' $directory/log.txt)
readonly summary="seed $seed: $inputs inputs, $edges edges reached"
echo "policies: $summary"
if [[ -n ${TAP:-} ]]; then
    verdict='ok'
    ((status == 0 && inputs > 0)) || verdict='not ok'
    printf '1..1\n%s 1 - arbitrary text gives errors or sound policies (%s)\n' "$verdict" \
        "$summary" >"$TAP"
fi
exit $status
