#!/bin/bash
#
# Finishes what fetched sources need before their headers can be used, and writes the facts about
# this machine's compiler that the Makefile needs, to the file $1, which is left alone when it says
# so already.

set -eu
cd "$(dirname "$0")/.."

# musl makes two of its headers (bits/alltypes.h, bits/syscall.h) from templates.
if [[ ! build/musl/stamp -nt build/third-party/musl.stamp ]]; then
    rm -rf build/musl
    MAKEFLAGS='' make -s -C build/third-party/musl ARCH=x86_64 includedir="$PWD/build/musl/include" \
        install-headers >/dev/null
    touch build/musl/stamp
fi

ready="gcc_include := $(gcc -print-file-name=include)"
[[ -f $1 && $(<"$1") == "$ready" ]] || echo "$ready" >"$1"
