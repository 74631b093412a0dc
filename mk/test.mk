# Tests and measurements. Every test program found in tests/ is run; tools/run-tests.sh sums up.
# `make test TESTS='boot-test/*'` runs those that match.

# Programs that print lines `BENCH ...`, in the order in which they run, and on which machine.
benchmarks := ipcbench@1 isobench@1 chanbench@3 monbench@2 monbench@4 monbench@8:sockets=2,cores=4 \
    monbench@16:sockets=4,cores=4 monbench@32:sockets=8,cores=4 monbench@64:sockets=16,cores=4

export TESTS JOBS

tests += 'bench=tools/run-bench.sh $(benchmarks)'

# The attacks of tests/guest/attack without one defence each: that they then succeed (docs/threats.md).
tests += 'guest/attack-controls=ACCEL=icount CORES=2 QEMU_EXTRA="-device edu -device nvme,serial=x" ISO=build/attack.iso tools/run-guest-test.sh test-attack --controls' \
    'guest/evil-controls=ACCEL=icount QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff" ISO=build/attack.iso tools/run-guest-test.sh test-evil --controls' \
    'host/no-switches=tests/guest/attack/no-switches.sh'

test_needs := $(host_programs) $(boot-test_programs) build/bulkhead.iso build/test.iso build/attack.iso

test: $(test_needs) ## everything but the long tests; last line: N passed, N failed
	@tools/run-tests.sh $(tests)

test-long: $(test_needs) ## the tests that take minutes each
	@tools/run-tests.sh $(long_tests)

test-host: $(host_programs) ## the tests of pure code, as programs of this machine
	@TESTS=$(or $(TESTS),'host/*') tools/run-tests.sh $(tests)

bench: build/bulkhead.iso $(sim) ## measures, into build/bench/results.json; fails above bench/ceilings.txt
	@tools/run-bench.sh $(benchmarks)
	@topology/sim/run.sh >/dev/null
	@topology/sim/report.sh build/bench

.PHONY: test test-host test-long bench
