# From linked files to bootable images.

mkarchive := build/tool/mkarchive

build/tool/%: tools/%.c mk/toolchain.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(quiet)$(CC) $(flags.tool) -MMD -MP -MF $@.d -MT $@ -o $@ $<
-include $(wildcard build/tool/*.d)

# What is loaded keeps its symbol table, for backtraces, and leaves its debug information here.
build/stripped/%: build/%.elf
	@mkdir -p $(@D)
	$(quiet)$(OBJCOPY) --strip-debug --remove-section=.comment $< $@

# Policies: members NAME=FILE as the programs, in the order in which a monitor reads them. No archive
# is made of policies with an error.
policy_check := build/tool/policy-check
policy_members := drivers.conf=drivers/drivers.conf bench.conf=bench/drivers.conf
test_policy_members := tests.conf=tests/guest/drivers.conf

$(policy_check): tools/policy-check.c $(wildcard lib/policy/*.[ch]) lib/include/runtime/policy.h \
    $(wildcard include/bulkhead/*.h) mk/image.mk mk/toolchain.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(quiet)$(CC) $(flags.tool) -Ilib/include -o $@ $(filter %.c,$^)

# $(call policies_rule,STAMP,MEMBERS)
define policies_rule
$(1): $(policy_check) $(call files_of,$(2))
	$$(call say,POLICY,$$@)
	$$(quiet)$(policy_check) $(call files_of,$(2)) >$$@
endef

$(eval $(call policies_rule,build/bulkhead.policies,$(policy_members)))
$(eval $(call policies_rule,build/test.policies,$(policy_members) $(test_policy_members)))
$(eval $(call policies_rule,build/attack.policies,$(policy_members) $(test_policy_members)))

policy-check: $(policy_check) ## FILES="drivers/drivers.conf my.conf": errors in policies; without, in those of the images
	@$(policy_check) $(or $(FILES),$(call files_of,$(policy_members) $(test_policy_members)))
.PHONY: policy-check

# $(call archive_rule,ARCHIVE,MEMBERS)
define archive_rule
$(1): $(mkarchive) $(1:.archive=.policies) $(call files_of,$(call stripped,$(2)))
	$$(call say,ARCHIVE,$$@)
	$$(quiet)$(mkarchive) $$@ $(call stripped,$(2))
endef
stripped = $(subst =build/,=build/stripped/,$(patsubst %.elf,%,$(1)))

$(eval $(call archive_rule,build/bulkhead.archive,$(archive_members) $(policy_members)))
$(eval $(call archive_rule,build/test.archive,$(archive_members) $(guest_members) \
    $(policy_members) $(test_policy_members)))
$(eval $(call archive_rule,build/attack.archive,$(members.build/attack) $(policy_members) \
    $(test_policy_members)))

# One image boots by BIOS and UEFI, from CD and from USB.
build/%.iso: build/stripped/boot build/%.archive mk/grub.cfg tools/make-iso.sh
	$(call say,ISO,$@)
	$(quiet)tools/make-iso.sh $@ build/stripped/boot build/$*.archive mk/grub.cfg

.SECONDARY:

iso: build/bulkhead.iso ## build/bulkhead.iso, which boots by BIOS and UEFI
	@:
.PHONY: iso
