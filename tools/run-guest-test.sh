#!/bin/bash
#
# tools/run-guest-test.sh PROGRAM [ARGUMENT...]
#
# Runs a test program of the test image in the guest and writes its results, lines of the Test
# Anything Protocol, to the file $TAP. Settings of tools/run.sh come from the environment.

set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

export ISO=${ISO:-build/test.iso} SCRIPT="run $*"
again="make run ISO=$ISO ${ACCEL:+ACCEL=$ACCEL }${CORES:+CORES=$CORES }"
again+="${IOMMU:+IOMMU=$IOMMU }${MEM:+MEM=$MEM }SCRIPT='$SCRIPT'"
echo "repeat with: $again${RECORD:+ REPLAY=$RECORD}"
readonly console=${TAP:?}.console
tools/run.sh | tee "$console"
readonly status=$?
grep -E '^(TAP version|1\.\.|ok |not ok |Bail out!|#)' "$console" >"$TAP"
exit $status
