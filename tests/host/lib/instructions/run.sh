#!/bin/bash
#
# tests/host/lib/instructions/run.sh
#
# Counts, with callgrind, the instructions of a call to a process of another core, client and server
# together, and fails above the ceilings in ceilings.txt; and those of a server that has 63 idle channels
# besides, which may be a tenth more. Writes the Test Anything Protocol to $TAP.

set -eu
cd "$(dirname "$0")/../../../.."

readonly few=5 more=25

# Instructions of the function $3, of build $1, for $4 times $2.
count() {
    local out=build/lib-count/callgrind.$1.$3.$4
    valgrind --tool=callgrind --callgrind-out-file="$out" --toggle-collect="$3" \
        "build/lib-count/$1" "$2" "$4" >"$out.log" 2>&1 || { cat "$out.log" >&2; exit 1; }
    awk '/^(summary|totals):/ { print $2; exit }' "$out"
}

# Of one.
each() {
    echo $((($(count "$1" "$2" "$3" $more) - $(count "$1" "$2" "$3" $few)) / (more - few)))
}

lines=()
failed=0
while read -r build ceiling; do
    [[ -z $build || $build == \#* ]] && continue
    call=$(each "$build" client call)
    frame=$(each "$build" client frame)
    client=$((call - frame))
    server=$(each "$build" server server)
    many=$(each "$build" server_of_many server)
    cost=$((client + server))
    verdict=ok
    ((cost <= ceiling)) || { verdict='not ok'; failed=1; }
    echo "BENCH name=runtime_rpc unit=instructions n=1 min=$cost q1=$cost median=$cost q3=$cost" \
        "max=$cost build=$build client=$client server=$server ceiling=$ceiling"
    echo "BENCH name=recv_1_of_64 unit=instructions n=1 min=$many q1=$many median=$many q3=$many" \
        "max=$many build=$build alone=$server"
    lines+=("$verdict $((${#lines[@]} + 1)) - $build: $cost instructions, ceiling $ceiling")
    verdict=ok
    ((many * 10 <= server * 11)) || { verdict='not ok'; failed=1; }
    lines+=("$verdict $((${#lines[@]} + 1)) - $build: $many of 64 channels, $server of one")
done <tests/host/lib/instructions/ceilings.txt
if [[ -n ${TAP:-} ]]; then exec >"$TAP"; fi
printf '%s\n' "1..${#lines[@]}" "${lines[@]}"
exit $failed
