#!/bin/bash
#
# Fetches Debian source packages and unpacks them to build/third-party/NAME, patched as Debian
# patches them.
#
#   tools/fetch-source.sh            all packages of mk/third-party.txt
#   tools/fetch-source.sh musl ...   these
#
# Every file is compared with the SHA-256 in that table before it is unpacked. The system's apt
# configuration is not touched: the package lists lie in build/apt, made from the system's own `deb`
# entries for Debian with their type changed to deb-src, so that mirrors, proxies and keys are those
# that the machine uses already.
#
# Quick when nothing is to be done. Fails with one line on standard error.

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

readonly table=mk/third-party.txt
readonly destination=build/third-party
readonly apt_dir=$PWD/build/apt
readonly log=$apt_dir/log

fail() {
    echo "fetch-source: $*" >&2
    exit 1
}

# The table without comments, lines of package $1 only when it is given.
table_lines() {
    awk -v package="${1:-}" '!/^#/ && NF == 4 && (package == "" || $1 == package)' "$table"
}

# What the stamp of an unpacked package must hold: its lines of the table.
is_unpacked() {
    [[ -f $destination/$1.stamp ]] && [[ $(<"$destination/$1.stamp") == "$(table_lines "$1")" ]]
}

# Writes the private list of sources. Only entries of Debian itself are taken: a suite named after
# the release, and the component `main`; other repositories rarely have sources and never have
# these.
write_sources_list() {
    local file
    {
        for file in /etc/apt/sources.list.d/*.sources; do
            [[ -f $file ]] && awk '
                function flush() {
                    if (stanza != "" && deb && debian && enabled)
                        printf "%s\n", stanza
                    stanza = ""; deb = debian = 0; enabled = 1
                }
                BEGIN { enabled = 1 }
                /^#/ { next }
                /^[[:space:]]*$/ { flush(); next }
                tolower($1) == "types:" { deb = / deb( |$)/; $0 = "Types: deb-src" }
                tolower($1) == "suites:" { debian = / (bookworm|stable|oldstable)([ \/-]|$)/ }
                tolower($1) == "enabled:" { enabled = tolower($2) != "no" }
                tolower($1) == "architectures:" { next }
                { stanza = stanza $0 "\n" }
                END { flush() }' "$file"
        done
    } >"$apt_dir/sources.list.d/bulkhead.sources"
    {
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            [[ -f $file ]] && awk '
                $1 == "deb" && / (bookworm|stable|oldstable)([-\/][a-z-]*)? (.* )?main( |$)/ {
                    sub(/^[[:space:]]*deb/, "deb-src")
                    print
                }' "$file"
        done
    } >"$apt_dir/sources.list.d/bulkhead.list"
    [[ -s $apt_dir/sources.list.d/bulkhead.sources || -s $apt_dir/sources.list.d/bulkhead.list ]] ||
        fail "no entry for Debian 12 in /etc/apt/sources.list or /etc/apt/sources.list.d"
}

apt() {
    apt-get -q -o Dir::State="$apt_dir/state" -o Dir::Cache="$apt_dir/cache" \
        -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt_dir/sources.list.d" \
        -o APT::Sandbox::User= "$@" >>"$log" 2>&1
}

# Downloads the files of package $1, version $2, into build/apt/download.
download() {
    (cd "$apt_dir/download" && apt source --download-only --only-source "$1=$2")
}

# Why apt failed, in its own words: what it could not reach comes before what it therefore lacks.
reason() {
    grep -m 1 -E '^[EW]: Failed to fetch' "$log" || grep '^E:' "$log" | tail -n 1
}

# Compares the downloaded files of package $1 with the table.
verify() {
    local name version file sha256 found
    while read -r name version file sha256; do
        [[ -f $apt_dir/download/$file ]] || fail "$name $version: $file was not downloaded"
        found=$(sha256sum "$apt_dir/download/$file")
        [[ ${found%% *} == "$sha256" ]] ||
            fail "$name $version: $file has SHA-256 ${found%% *}, $table says $sha256"
    done < <(table_lines "$1")
}

unpack() {
    local dsc
    dsc=$(table_lines "$1" | awk '$3 ~ /\.dsc$/ { print $3 }')
    rm -rf "${destination:?}/$1" "$destination/$1.stamp"
    dpkg-source --no-check -x "$apt_dir/download/$dsc" "$destination/$1" >>"$log" 2>&1 ||
        fail "cannot unpack $dsc: see $log"
    table_lines "$1" >"$destination/$1.stamp"
}

fetch() {
    local package=$1 version
    version=$(table_lines "$package" | awk 'NR == 1 { print $2 }')
    [[ -n $version ]] || fail "$package is not in $table"
    is_unpacked "$package" && return
    command -v apt-get >/dev/null || fail "apt-get is missing: sources are fetched from Debian"
    command -v dpkg-source >/dev/null || fail "dpkg-source is missing: run tools/install-deps.sh"
    echo "fetching the source of $package $version from Debian"
    mkdir -p "$destination" "$apt_dir"/{download,sources.list.d,state/lists/partial} \
        "$apt_dir/cache/archives/partial"
    : >"$log"
    write_sources_list
    # The lists of an earlier run serve as long as they know the version; a failing update is seen
    # by what it lacks.
    download "$package" "$version" || { apt update; download "$package" "$version"; } ||
        fail "cannot download $package $version: $(reason) (log: $log)"
    verify "$package"
    unpack "$package"
}

main() {
    local package packages=("$@")
    (($#)) || mapfile -t packages < <(table_lines | awk '!seen[$1]++ { print $1 }')
    for package in "${packages[@]}"; do
        fetch "$package"
    done
}

main "$@"
