# Isolation policies (lib/policy): the tool that checks the files, and the fuzzer of its parser.

policy_sources := $(wildcard lib/policy/*.c)
policy_headers := $(wildcard lib/policy/*.h) lib/include/runtime/policy.h \
    lib/include/runtime/pattern.h $(wildcard include/bulkhead/*.h)

# Members NAME=FILE of the archives, as the programs are, in the order in which a monitor reads
# them. No archive is made of policies with an error.
policy_check := build/tool/policy-check
policy_members := drivers.conf=drivers/drivers.conf bench.conf=bench/drivers.conf
test_policy_members := tests.conf=tests/guest/drivers.conf

$(policy_check): tools/policy-check.c $(policy_sources) $(policy_headers) mk/policy.mk mk/toolchain.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(quiet)$(CC) $(flags.tool) -o $@ $(filter %.c,$^)

# $(call policies_rule,STAMP,MEMBERS)
define policies_rule
$(1): $(policy_check) $(call files_of,$(2))
	$$(call say,POLICY,$$@)
	$$(quiet)$(policy_check) $(call files_of,$(2)) >$$@
endef

$(eval $(call policies_rule,build/bulkhead.policies,$(policy_members)))
$(eval $(call policies_rule,build/test.policies,$(policy_members) $(test_policy_members)))
$(eval $(call policies_rule,build/attack.policies,$(policy_members) $(test_policy_members)))

policy-check: $(policy_check) ## errors in policies: FILES="drivers/drivers.conf my.conf" (default: the system's)
	@$(policy_check) $(or $(FILES),$(call files_of,$(policy_members) $(test_policy_members)))

policy_fuzz := tests/host/policy/fuzz

build/policy-fuzz/fuzz: $(policy_fuzz)/fuzz.c $(policy_sources) $(policy_headers) mk/policy.mk
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(quiet)clang $(flags.tool) -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(filter %.c,$^)

fuzz-policy: build/policy-fuzz/fuzz ## arbitrary text as policies: FUZZ_RUNS=10000000, FUZZ_SECONDS=, FUZZ_SEED=1
	@FUZZ_RUNS=$(or $(FUZZ_RUNS),$(if $(FUZZ_SECONDS),,10000000)) $(policy_fuzz)/run.sh

host_programs += build/policy-fuzz/fuzz $(policy_check)
tests += 'host/policy-fuzz=FUZZ_SECONDS=15 $(policy_fuzz)/run.sh' \
    'host/policy-check=tests/host/policy/check.sh'

.PHONY: policy-check fuzz-policy
