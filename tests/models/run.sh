#!/bin/bash
#
# tests/models/run.sh [--long] [PATTERN]    makes the checks of checks.txt: all, or those that match
# tests/models/run.sh --replay MODEL/CHECK  shows, step by step, the counterexample found last
#
# PATTERN is a model or a glob for MODEL/CHECK. Results go to the standard output and, if set, to
# the file $TAP, in the Test Anything Protocol. Verifiers, their output and their counterexamples
# are kept in build/models/.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1

readonly models=tests/models
readonly table=$models/checks.txt
readonly results=build/models

# What a search may take: MiB of memory, seconds, steps of one execution. Beyond, the check fails.
readonly memory=4000 patience=1200
depth=500000

# How the kinds of search are compiled and run; checks.txt says what they are. Counterexamples are
# found in less time than gcc takes to optimize.
compile_flags() {
    case $1 in
    all) echo -O1 -DSAFETY -DNOCLAIM -DCOLLAPSE ;;
    shortest) echo -O0 -DSAFETY -DNOCLAIM -DCOLLAPSE -DBFS ;;
    ends) echo -O1 -DNP -DNOCLAIM -DCOLLAPSE ;;
    *) echo -O1 -DNFAIR=3 -DCOLLAPSE ;;
    esac
}
run_flags() {
    case $1 in
    all | shortest) ;;
    ends) echo -l ;;
    *) echo -a -f -N "$1" ;;
    esac
}

# Makes and runs the verifier of a MODEL for a SEARCH, with MACROS, in $directory.
verify() {
    local model=$1 search=$2 macros=("${@:3}")
    macros=("${macros[@]/#/-D}")
    rm -rf "$directory"
    mkdir -p "$directory" || return
    echo "${macros[*]}" >"$directory/macros"
    local source=$PWD/$models/$model.pml
    # shellcheck disable=SC2046 # words are meant
    (
        cd "$directory" || exit
        spin -a "${macros[@]}" "$source" &&
            gcc -w -DMEMLIM=$memory $(compile_flags "$search") -o pan pan.c &&
            timeout $patience ./pan -m$depth -w20 $(run_flags "$search")
    ) >"$directory/output" 2>&1
}

# What a verifier's output ($1) comes to: `holds`, the name of the claim that failed, `deadlock`,
# `cycle`, or `unfinished`.
finding() {
    local reason
    if reason=$(grep -m 1 '^pan:1: ' "$1"); then
        case $reason in
        *'assertion violated ('*'||'*) reason=${reason#*(} && echo "${reason%%||*}" ;;
        *'invalid end state'*) echo deadlock ;;
        *'acceptance cycle'* | *'non-progress cycle'*) echo cycle ;;
        *) echo "${reason#pan:1: }" ;;
        esac
    elif grep -q 'errors: 0$' "$1" &&
        ! grep -qE 'Search not completed|search depth too small|out of memory' "$1"; then
        echo holds
    else
        echo unfinished
    fi
}

states() { awk '/states, stored/ { print $1; exit }' "$1"; }

# Statements, as PROCESS:FILE:LINE, that no execution reaches according to a verifier's output ($1). A
# claim(name, false) is there not to be reached.
unreached() {
    awk '/^unreached in/ { process = $3 == "claim" ? "" : $NF }
         process && /, state [0-9]+, / && !/"-end-"/ {
             split($1, place, /[:,]/)
             sub(/.*\//, "", place[1])
             line = process ":" place[1] ":" place[2]
             missed[line]
             if (/\|\|0\)\)"/)
                 meant[line]
         }
         END { for (line in missed) if (!(line in meant)) print line }' "$1"
}

# $1: exit status of what was tested, $2: name of the test, the rest: what to say if it has failed.
report() {
    ((++tests))
    if (($1 == 0)); then
        echo "ok $tests - $2"
    else
        ((++failures))
        echo "not ok $tests - $2"
        printf '# %s\n' "${@:3}"
    fi
}

# A line of checks.txt that searches.
check_search() {
    local model=$1 name=$2 search=$3 expected=$4 macros=("${@:5}")
    local directory=$results/$model/$name found explanation
    [[ $name == *[a-z]* ]] || macros+=("$name")
    verify "$model" "$search" "${macros[@]}"
    found=$(finding "$directory/output")
    explanation=("found: $found" "output: $directory/output")
    [[ -f $directory/$model.pml.trail ]] &&
        explanation+=("replay: tests/models/run.sh --replay $model/$name")
    [[ $found == "$expected" ]]
    report $? "$model/$name: $expected, $(states "$directory/output") states" "${explanation[@]}"
}

# A line of checks.txt that asks whether the checks named by it reach everything together.
check_reached() {
    local model=$1 missed name
    shift
    missed=$(for name; do unreached "$results/$model/$name/output"; done | sort | uniq -c |
        awk -v checks=$# '$1 == checks { print $2 }' | paste -sd ' ')
    [[ -z $missed ]]
    report $? "$model/reached: everything" "never reached (process:file:line): $missed"
}

# Every macro that a model asks for is its own or used by some check.
check_mutations() {
    local model=$1 macro unused=()
    local sources=("$models/$model.pml")
    readarray -t -O 1 sources < <(sed -n "s|^#include \"\(.*\)\"|$models/\1|p" "${sources[0]}")
    while read -r macro; do
        grep -qE "^#define $macro\b" "${sources[@]}" ||
            grep -qE "^$model .*\b$macro\b" $table || unused+=("$macro")
    done < <(grep -ohE '(ifn?def |defined\()[A-Z_]+' "${sources[@]}" | sed 's/.*[ (]//' | sort -u)
    ((${#unused[@]} == 0))
    report $? "$model/mutations: all are tried" "not tried: ${unused[*]-}"
}

# $1: section of checks.txt, $2: pattern.
run_checks() {
    local model name search rest tests=0 failures=0
    echo 'TAP version 13'
    while read -r model name search rest; do
        # shellcheck disable=SC2053 # a pattern is meant
        [[ $model == $2 || $model/$name == $2 ]] || continue
        # shellcheck disable=SC2086 # words are meant
        case $name in
        reached) check_reached "$model" $search $rest ;;
        mutations) check_mutations "$model" ;;
        *) check_search "$model" "$name" "$search" $rest ;;
        esac
    done < <(awk -v section="[$1]" '/^\[/ { wanted = $0 == section; next }
        wanted && /^[^#]/' $table)
    echo "1..$tests"
    ((tests > 0 && failures == 0))
}

replay() {
    local model=${1%/*} directory=$results/$1 macros
    [[ -f $directory/$model.pml.trail ]] || {
        echo "there is no counterexample in $directory" >&2
        return 1
    }
    read -ra macros <"$directory/macros"
    spin -k "$directory/$model.pml.trail" -p -g -l "${macros[@]}" $models/"$model".pml
}

# One run at a time: they share $results.
mkdir -p $results
exec 9>$results/lock
flock 9

case ${1-} in
--replay) replay "${2:?which one?}" ;;
--long)
    depth=5000000
    run_checks long "${2:-*}" | tee "${TAP:-/dev/null}"
    ;;
*) run_checks short "${1:-*}" | tee "${TAP:-/dev/null}" ;;
esac
