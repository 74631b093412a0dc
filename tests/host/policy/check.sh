#!/bin/bash
#
# tests/host/policy/check.sh
#
# policy-check as a build uses it: silent success, errors with the line, exit statuses.

set -u
cd "$(dirname "$0")/../../.." || exit 1

readonly check=build/tool/policy-check
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0 failed=0

# expect NAME STATUS OUTPUT FILE...: both streams together are OUTPUT, with FOLDER for where the files are
expect() {
    local name=$1 status=$2 output=$3 got got_status=0
    shift 3
    got=$($check "$@" 2>&1) || got_status=$?
    got=${got%, * bytes of *}
    number=$((number + 1))
    if [[ ${got//$folder/FOLDER} == "$output" ]] && ((got_status == status)); then
        printf 'ok %d - %s\n' $number "$name"
    else
        printf 'not ok %d - %s\n' $number "$name"
        printf 'exit status %d, output:\n%s\n' "$got_status" "$got" | sed 's/^/# /'
        failed=1
    fi
}

all() {
    printf 'driver a { memory 1MiB; isa io 4; };\n' >"$folder/good.conf"
    printf 'driver b {\n    isa io x;\n};\n' >"$folder/bad.conf"
    printf 'driver c { memory 1MiB; isa io 4; };\n' >"$folder/conflict.conf"
    printf 'driver d {' >"$folder/open.conf"
    expect 'a_good_file' 0 '1 drivers' "$folder/good.conf"
    expect 'a_bad_file' 1 "FOLDER/bad.conf:2:12: expected a port from 0 to 65535, found 'x'
        isa io x;
               ^" "$folder/bad.conf"
    expect 'a_conflict_of_two_files' 1 \
        "FOLDER/conflict.conf:1:8: driver 'c' has a port of 'a' (FOLDER/good.conf:1)
    driver c { memory 1MiB; isa io 4; };
           ^" "$folder/good.conf" "$folder/conflict.conf"
    expect 'an_error_of_structure' 1 \
        "FOLDER/open.conf:1:11: expected a key or '}', found the end of the file
    driver d {
              ^
policy-check: nothing after the last of these errors is read" "$folder/open.conf" "$folder/good.conf"
    expect 'a_file_that_is_not_there' 2 \
        'policy-check: FOLDER/none.conf: No such file or directory' "$folder/none.conf"
    expect 'a_folder' 2 'policy-check: FOLDER: Is a directory' "$folder"
    awk '/^## An example/ { on = 1 } /^```/ { if (code++ % 2 && on) exit; next } on && code % 2' \
        docs/policies.md >"$folder/example.conf"
    printf 'driver serial { memory 1MiB; }; driver pci { memory 1MiB; };
        driver iommu { memory 1MiB; }; driver net { memory 1MiB; };' >"$folder/others.conf"
    expect 'the_example_of_the_documentation' 0 '5 drivers' "$folder/example.conf" \
        "$folder/others.conf"
    expect 'no_file' 2 'usage: policy-check FILE...'
    printf '1..%d\n' $number
}

all >"${TAP:-/dev/stdout}"
exit $failed
