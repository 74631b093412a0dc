#!/bin/bash
#
# tests/host/urpc/instructions/run.sh
#
# Counts, with callgrind, the instructions that a message costs on the hit path, and fails above the
# ceilings in ceilings.txt. Writes the Test Anything Protocol to $TAP.

set -eu
cd "$(dirname "$0")/../../../.."

readonly table=tests/host/urpc/instructions/ceilings.txt
readonly few=20 many=40

# Instructions of the function $2 of build $1 for $3 messages.
count() {
    local out=build/urpc/callgrind.$1.$2.$3
    valgrind --tool=callgrind --callgrind-out-file="$out" --toggle-collect="$2" \
        "build/urpc/count-$1" "$2" "$3" >"$out.log" 2>&1 || { cat "$out.log" >&2; exit 1; }
    awk '/^(summary|totals):/ { print $2; exit }' "$out"
}

# Instructions of one message, without the loop around it. They come whole, or something else than the
# hit path was counted.
per_message() {
    local difference=$(($(count "$1" "$2" $many) - $(count "$1" "$2" $few)))
    [[ $2 == *_batch ]] || difference=$((difference - loop))
    echo $((difference / (many - few)))
}

lines=()
declare -i loop
loop=$(($(count vector loop $many) - $(count vector loop $few)))

while read -r build path ceiling; do
    [[ -z $build || $build == \#* ]] && continue
    cost=$(per_message "$build" "$path")
    verdict='ok'
    ((cost <= ceiling)) || verdict='not ok'
    echo "BENCH name=urpc_$path unit=instructions n=1 min=$cost q1=$cost median=$cost q3=$cost" \
        "max=$cost build=$build ceiling=$ceiling"
    lines+=("$verdict $((${#lines[@]} + 1)) - $build $path: $cost instructions, ceiling $ceiling")
done <"$table"
printf '%s\n' "1..${#lines[@]}" "${lines[@]}" | tee ${TAP:+"$TAP"}
[[ ${lines[*]} != *'not ok'* ]]
