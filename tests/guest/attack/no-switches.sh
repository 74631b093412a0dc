#!/bin/bash
#
# That nothing of the switches of defences (include/bulkhead/defence.h) is in what is shipped, and that they
# are in the debug build: lines of the Test Anything Protocol to the file $TAP.

set -u
cd "$(dirname "$0")/../../.." || exit 1

count=0
check() { # TEXT COMMAND...
    local text=$1
    shift
    count=$((count + 1))
    if "$@"; then echo "ok $count - $text"; else echo "not ok $count - $text"; fi
}

has_switches() { nm "$1" | grep -q -i defence; }
has_none() { ! has_switches "$1"; }

{
    check "the debug build's kernel has switches" has_switches build/attack/cpu-driver.elf
    check "the kernel that is shipped has none" has_none build/cpu-driver.elf
    for program in build/program/*.elf; do
        case $program in */test-*) continue ;; esac
        check "$program has none" has_none "$program"
    done
    echo "1..$count"
} | tee "${TAP:?}"
! grep -q '^not ok' "$TAP"
