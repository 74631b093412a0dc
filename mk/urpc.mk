# Channels (urpc/) on the host: those builds of their tests that differ from other components', the
# fuzzer, and the benchmark against peers.

urpc_sources := $(wildcard urpc/*.c)
urpc_headers := $(wildcard urpc/include/urpc/*.h include/bulkhead/*.h)
urpc_tests := tests/host/urpc
comma := ,
flags.urpc := $(common_flags) -Iurpc/include

# $(call urpc_program,NAME,COMPILER,FLAGS,SOURCES): compiled and linked in one step.
define urpc_program
build/urpc/$(1): $(4) $(urpc_headers) $(wildcard $(dir $(firstword $(4)))*.h) mk/urpc.mk
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(quiet)$(2) $(flags.urpc) $(3) -o $$@ $(4)
endef

# ThreadSanitizer watches two threads that stand for two cores. With both compilers: each may order
# accesses in its own way.
tsan_sources := $(urpc_tests)/threads.c $(wildcard $(urpc_tests)/test_threads*.c) \
    $(urpc_tests)/plain/main.c $(urpc_sources)
tsan_flags := -fsanitize=thread -pthread -DTHREADS_MESSAGES=40000 -I$(urpc_tests)/plain

$(foreach compiler,gcc clang,$(eval \
    $(call urpc_program,tsan-$(compiler),$(compiler),$(tsan_flags),$(tsan_sources))))

# Instructions per message are counted in the code of the host and in that of the system.
count_sources := $(urpc_tests)/instructions/count.c urpc/ring.c urpc/channel.c

$(eval $(call urpc_program,count-vector,$(CC),,$(count_sources)))
$(eval $(call urpc_program,count-general,$(CC),-mgeneral-regs-only,$(count_sources)))

$(eval $(call urpc_program,fuzz,clang,-fsanitize=fuzzer$(comma)address$(comma)undefined \
    -fno-sanitize-recover=all,$(urpc_tests)/fuzz/fuzz.c $(urpc_sources)))

host_programs += $(addprefix build/urpc/,tsan-gcc tsan-clang count-vector count-general fuzz)
tests += 'host/urpc-tsan-gcc=build/urpc/tsan-gcc' 'host/urpc-tsan-clang=build/urpc/tsan-clang' \
    'host/urpc-instructions=$(urpc_tests)/instructions/run.sh' \
    'host/urpc-fuzz=FUZZ_SECONDS=20 $(urpc_tests)/fuzz/run.sh'

export FUZZ_RUNS FUZZ_SECONDS FUZZ_PROCESSES FUZZ_SEED

fuzz: build/urpc/fuzz ## a hostile peer for the channels: FUZZ_RUNS=50000000, FUZZ_SECONDS=, FUZZ_PROCESSES=1, FUZZ_SEED=1
	@FUZZ_RUNS=$(or $(FUZZ_RUNS),$(if $(FUZZ_SECONDS),,50000000)) $(urpc_tests)/fuzz/run.sh

.PHONY: fuzz

# The benchmark: the library as it ships, the peers, and what measures them.
bench_host := bench/host
bench_sources := $(wildcard $(bench_host)/*.c)
bench_object = $(patsubst %,build/bench/obj/%.o,$(1))
bench_common := $(addprefix $(bench_host)/,main.c pair.c series.c raw.c)
flags.bench := $(common_flags)
flags.bench_cxx := -std=gnu++20 -O2 -g $(reproducible) -Wall -Wextra -Werror -Iinclude

# DPDK's ring takes part if its headers and libraries are installed.
dpdk := $(if $(wildcard /usr/include/dpdk/rte_ring.h),$(shell pkg-config --exists libdpdk 2>/dev/null && echo yes))
flags.dpdk := $(if $(dpdk),-DHAVE_DPDK $(shell pkg-config --cflags libdpdk))
libraries.dpdk := $(if $(dpdk),-lrte_ring -lrte_eal)

build/bench/obj/%.c.o: %.c $(wildcard $(bench_host)/*.h) $(urpc_headers) mk/urpc.mk mk/toolchain.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(quiet)$(CC) $(flags.bench) $(if $(filter %/dpdk.c,$<),$(flags.dpdk)) -c -o $@ $<

build/bench/obj/%.cpp.o: %.cpp $(wildcard $(bench_host)/*.h) mk/urpc.mk mk/toolchain.mk
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(quiet)g++ $(flags.bench_cxx) -c -o $@ $<

build/bench/host-bench: $(call bench_object,$(filter-out %/designs.c,$(bench_sources)) \
    $(bench_host)/boost.cpp $(urpc_sources))
	$(call say,LINK,$@)
	$(quiet)g++ -pthread -o $@ $^ $(libraries.dpdk) -luring -lm

build/bench/host-designs: $(call bench_object,$(bench_common) $(bench_host)/designs.c)
	$(call say,LINK,$@)
	$(quiet)$(CC) -pthread -o $@ $^ -lm

$(foreach source,$(bench_sources),$(eval $(call lint_source,$(source),$(flags.bench))))

bench-host: build/bench/host-bench ## channels beside their peers on this machine: build/bench/report.html
	@$(bench_host)/run.sh $(BENCH_FLAGS)

bench-designs: build/bench/host-designs ## rings that could have been ours: build/bench/designs.txt
	@mkdir -p build/bench
	@build/bench/host-designs -a $(BENCH_FLAGS) >build/bench/designs.txt
	@awk -f $(bench_host)/designs.awk build/bench/designs.txt

host_programs += build/bench/host-bench build/bench/host-designs
tests += 'host/urpc-benchmark=$(urpc_tests)/benchmark/run.sh'

.PHONY: bench-host bench-designs

# The same for a call through the runtime, lib/channel and lib/event, in code generated as a program's.
lib_count := tests/host/lib/instructions
lib_count_sources := $(lib_count)/count.c \
    $(patsubst %,lib/channel/%.c,asend monitor receive send table wait) \
    lib/event/lines.c lib/event/loop.c lib/event/alarm.c $(patsubst %,urpc/%.c,answer channel ring set)
lib_count_flags := $(filter-out -nostdinc -mgeneral-regs-only,$(target_code)) \
    -fstack-protector-strong -Ilib/include -include tests/host/lib/fake_machine.h

define lib_count_program
build/lib-count/$(1): $(lib_count_sources) $(urpc_headers) $(wildcard lib/*/*.h lib/include/runtime/*.h) \
    tests/host/lib/fake_machine.h mk/urpc.mk
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(quiet)$$(CC) $(flags.urpc) $(lib_count_flags) $(2) -o $$@ $(lib_count_sources)
endef

$(eval $(call lib_count_program,vector,))
$(eval $(call lib_count_program,general,-mgeneral-regs-only))
host_programs += build/lib-count/vector build/lib-count/general
tests += 'host/lib-instructions=$(lib_count)/run.sh'
