#!/bin/bash
#
# Installs what mk/packages.txt names and this machine lacks, by apt-get. Quick when nothing is
# missing. Fails with one line on standard error.

set -u
cd "$(dirname "$0")/.." || exit 1

readonly table=mk/packages.txt
readonly log=build/install-deps.log

fail() {
    echo "install-deps: $*" >&2
    exit 1
}

# Is `$1`, an absolute path or the name of a command, there?
have() {
    if [[ $1 == /* ]]; then
        [[ -e $1 ]]
    else
        command -v "$1" >/dev/null || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]]
    fi
}

# Sets `missing` to the packages whose command or file is not there.
find_missing() {
    local package witness
    missing=()
    while read -r package witness; do
        [[ -z $package || $package == \#* ]] && continue
        have "$witness" || missing+=("$package")
    done <"$table"
}

is_debian() {
    [[ -r /etc/os-release ]] && grep -qE '^(ID|ID_LIKE)="?.*\bdebian\b' /etc/os-release
}

# Runs apt-get as root without questions; its output goes to the log.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

find_missing
((${#missing[@]} == 0)) && exit 0

readonly need="needed and not installed: ${missing[*]}"
is_debian || fail "$need (this is not Debian: install them by hand)"
command -v apt-get >/dev/null || fail "$need (apt-get is missing: install them by hand)"

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "$need (neither root nor sudo: install them by hand)"
    as_root=(sudo)
    # The one question that there may be, asked where the user sees it.
    sudo -v || fail "$need (sudo refused)"
fi

mkdir -p build
echo "installing from Debian: ${missing[*]}"
apt install --no-install-recommends "${missing[@]}" ||
    { apt update && apt install --no-install-recommends "${missing[@]}"; } ||
    fail "$need (apt-get failed: $(grep '^E:' "$log" | tail -n 1); log: $log)"

find_missing
((${#missing[@]} == 0)) || fail "installed, but still not found: ${missing[*]}"
