#!/bin/bash
#
# tools/run-tests.sh NAME=COMMAND...
#
# Runs the tests whose NAME matches the pattern TESTS (default: all), JOBS of them at once (default:
# one per processor), and sums up. A COMMAND writes its results in the Test Anything Protocol to the
# file $TAP; what it prints goes to a log, in which `repeat with: ...` says how to repeat a failure.
# Both are kept in build/test/. The last line printed is `N passed, N failed`; the exit status is 0
# only if nothing failed.

set -u
cd "$(dirname "$0")/.." || exit 1

readonly results=build/test
readonly at_once=${JOBS:-$(nproc)}

# Runs one test and writes what is to be said of it to $results/NAME.verdict: first line: passed,
# failed and skipped.
run_test() {
    local name=$1 command=$2 base=$results/${1//\//-} status=0
    TAP=$base.tap bash -c "$command" >"$base.log" 2>&1 </dev/null || status=$?
    [[ -f $base.tap ]] || : >"$base.tap"
    awk -v status=$status -f tools/tap.awk "$base.tap" >"$base.verdict"
    local passed failed skipped line
    {
        read -r passed failed skipped
        line="$passed passed"
        ((failed)) && line+=", $failed failed"
        ((skipped)) && line+=" ($skipped skipped)"
        printf '%-24s %s\n' "$name" "$line"
        if ((failed)); then
            sed 's/^/    /'
            grep -o 'repeat with: .*' "$base.log" | sed 's/^/    /'
            printf '    log: %s\n' "$base.log"
        fi
    } <"$base.verdict" >"$base.report"
    cat "$base.report"
}

rm -rf "$results"
mkdir -p "$results"
for test in "$@"; do
    # shellcheck disable=SC2053 # a pattern is meant
    [[ ${test%%=*} == ${TESTS:-*} ]] || continue
    while (($(jobs -rp | wc -l) >= at_once)); do
        wait -n
    done
    run_test "${test%%=*}" "${test#*=}" &
done
wait

shopt -s nullglob
awk 'FNR == 1 { passed += $1; failed += $2 }
     END { printf "\n%d passed, %d failed\n", passed, failed; exit failed != 0 || passed == 0 }' \
    /dev/null "$results"/*.verdict
