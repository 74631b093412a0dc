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

# $(call archive_rule,ARCHIVE,MEMBERS)
define archive_rule
$(1): $(mkarchive) $(1:.archive=.policies) \
    $(call files_of,$(call stripped,$(2)))
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
