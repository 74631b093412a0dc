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
