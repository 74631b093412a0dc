# Components: how a folder with a component.mk becomes an archive, a program, a kernel or a test.
#
# A component.mk sets
#   name       what it is called: of a program, its name in the boot archive
#   sources    C (.c) and NASM (.asm) files relative to its folder; below build/ or $(here), as they
#              stand
#   libraries  what it is linked with besides: names of library components, or -lname for host tests
# and may set
#   flags      more compiler flags
#   settings   of a test: settings of tools/run.sh that it needs, such as ACCEL=icount
#   arguments  of a guest test: what it is run with
#   long       of a test: yes, if it belongs to `make test-long` and not to `make test`
# The kind of a component follows from where it lies.

program_folders := monitor $(wildcard drivers/*/* servers/* apps/* bench/*)
guest_folders := $(wildcard tests/guest/*)
host_folders := $(wildcard tests/host/*)
boot_test_folders := tests/boot $(wildcard tests/boot/*)

with_component = $(foreach folder,$(1),$(if $(wildcard $(folder)/component.mk),$(folder)))

# $(call load,FOLDER,KIND): reads FOLDER/component.mk and makes the rules of its kind.
#
# $(out) is where it is built: build, or build/attack for those of the debug build whose defences can be
# switched off (docs/threats.md), which is made of the same sources.
out := build

define load
$(eval here := $(1))
$(foreach variable,name sources libraries flags settings arguments long,$(eval $(variable) :=))
$(eval include $(1)/component.mk)
$(eval sources := $(call resolve,$(1),$(sources)))
$(eval $(call objects_rules,$(1),$(2),$(sources)))
$(eval $(call $(2)_rules,$(name),$(libraries)))
endef

# Source files as paths from the top folder, without `..`.
resolve = $(foreach source,$(2),$(if $(filter build/% $(1)/%,$(source)),$(source),$(patsubst \
    $(CURDIR)/%,%,$(abspath $(1)/$(source)))))

# $(call objects_rules,FOLDER,KIND,SOURCES): the objects of FOLDER, and how each is made.
objects = $(objects.$(out)/$(here))

define objects_rules
objects.$(out)/$(1) := $$(patsubst %,$(out)/obj/$(1)/%.o,$(3))
$(foreach source,$(3),$(call $(if $(filter %.c,$(source)),c_rule,asm_rule),$(1),$(2),$(source)))
-include $$(patsubst %.o,%.d,$$(objects.$(out)/$(1)))
endef

# Which flags a source gets: its kind's, and musl's own for musl's own.
flags_of = $(if $(filter $(musl)/%,$(2)),$(flags.musl),$(flags.$(1))) $(flags) \
    $(if $(filter build,$(out)),,-DDEFENCE_SWITCHES)

# A source is looked at once, by mk/lint.mk, as the first component that has it compiles it.
define lint_source
ifndef lint_flags.$(1)
lint_sources += $(1)
lint_flags.$(1) := $(2)
endif
endef

define c_rule
$(if $(filter build/%,$(3)),,$(call lint_source,$(3),$(call flags_of,$(2),$(3))))
$(out)/obj/$(1)/$(3).o: $(3) $(wildcard $(here)/*.mk) mk/toolchain.mk mk/component.mk build/ready.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$(3))
	$$(quiet)$$(CC) $(call flags_of,$(2),$(3)) -MMD -MP -c -o $$@ $$<

endef

define asm_rule
$(out)/obj/$(1)/$(3).o: $(3) $(wildcard $(here)/*.mk) mk/toolchain.mk mk/component.mk
	@mkdir -p $$(@D)
	$$(call say,AS,$(3))
	$$(quiet)$$(AS) $$(asm_flags) -I$(dir $(3)) -MD $$(@:.o=.d) -MP -o $$@ $$<

endef

# Each step is one short line; `make V=1` shows the commands.
quiet := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-8s %s\n' $(1) $(2))

# A linked ELF file of the component being read: $(1) target, $(2) linker script, $(3) archives, $(4)
# more flags.
define link_rule
$(1): $(objects) $(3) $(2) mk/component.mk mk/toolchain.mk
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(quiet)$$(CC) $(link_flags) $(4) -Wl,-T,$(2) -Wl,-Map,$$@.map -o $$@ $(objects) $(3)
endef

define cpu-driver_rules
$(call link_rule,$(out)/cpu-driver.elf,cpu-driver/cpu-driver.ld,)
members.$(out) += cpu-driver=$(out)/cpu-driver.elf
endef

define boot_rules
$(call link_rule,build/boot.elf,cpu-driver/boot/boot.ld,)
endef

define library_rules
libraries_all += $(out)/lib/lib$(1).a
$(out)/lib/lib$(1).a: $(objects)
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)
	$$(quiet)rm -f $$@ && $$(AR) rcsD $$@ $$^
endef

# $(1) name, $(2) libraries besides the runtime and the channels, which need each other.
define program_elf
$(call link_rule,$(out)/program/$(1).elf,lib/program.ld,$(patsubst \
    %,$(out)/lib/lib%.a,$(filter-out urpc,$(2)) runtime urpc runtime),$(program_link_flags))
endef

define program_rules
$(call program_elf,$(1),$(2))
members.$(out) += $(1)=$(out)/program/$(1).elf
endef

define guest_rules
$(call program_elf,$(1),$(2))
$(if $(long),long_)tests += 'guest/$(1)=$(settings) tools/run-guest-test.sh $(1) $(arguments)'
guest_members += $(1)=build/program/$(1).elf
endef

# Native programs with Criterion's main(), which write the Test Anything Protocol. $(1) name, $(2)
# libraries, $(3) kind.
define native_test
$(3)_programs += build/$(3)/$(1)
$(if $(long),long_)tests += '$(3)/$(1)=build/$(3)/$(1) --jobs 1 --tap=$$$$TAP'
build/$(3)/$(1): $(objects) mk/component.mk
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(quiet)$$(CC) -fsanitize=address,undefined -o $$@ $(objects) -lcriterion $(2)
endef

host_rules = $(call native_test,$(1),$(2),host)
boot-test_rules = $(call native_test,$(1),$(2),boot-test)

$(foreach folder,$(call with_component,cpu-driver),$(call load,$(folder),cpu-driver))
$(foreach folder,$(call with_component,cpu-driver/boot),$(call load,$(folder),boot))
$(foreach folder,$(call with_component,lib urpc),$(call load,$(folder),library))
$(foreach folder,$(call with_component,$(program_folders)),$(call load,$(folder),program))
# The longest first: several run at once.
$(foreach folder,$(call with_component,$(boot_test_folders)),$(call load,$(folder),boot-test))
$(foreach folder,$(call with_component,$(guest_folders)),$(call load,$(folder),guest))
$(foreach folder,$(call with_component,$(host_folders)),$(call load,$(folder),host))

archive_members := $(members.build)

# The debug build: the kernel, what the system runs on, and the attacks.
out := build/attack
$(foreach folder,$(call with_component,cpu-driver),$(call load,$(folder),cpu-driver))
$(foreach folder,$(call with_component,lib urpc),$(call load,$(folder),library))
$(foreach folder,$(call with_component,$(filter-out bench/%,$(program_folders)) tests/guest/attack tests/guest/evil),\
    $(call load,$(folder),program))
out := build

# Members of the archive are NAME=FILE.
files_of = $(foreach member,$(1),$(lastword $(subst =, ,$(member))))

programs: $(call files_of,$(archive_members) $(guest_members)) ## every kernel, program and library
	@:
.PHONY: programs
