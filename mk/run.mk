# Running in QEMU. tools/run.sh knows the settings, checks them and does the work.

run_settings := CORES TOPOLOGY MEM ACCEL FIRMWARE IOMMU SCRIPT TIMEOUT SCHED CMDLINE QEMU_EXTRA ISO GUI GDB RECORD REPLAY TRACE

# Passed on exactly as given, a `$` included.
$(foreach setting,$(run_settings),$(eval override $(setting) := $$(value $(setting))))
export $(run_settings)

# An image of the user's own is not made.
image_goal := $(if $(ISO),,iso)

# Settings are checked before anything is built for them but what reads them.
check_goal := $(if $(TOPOLOGY),$(generate))

run: $(check_goal) ## boots in QEMU, console on the terminal; CORES= MEM= ... are explained in tools/run.sh
	@tools/run.sh --check
	+@$(if $(image_goal),$(MAKE) --no-print-directory $(image_goal))
	@tools/run.sh

debug: override GDB := $(or $(GDB),1234)
debug: $(check_goal) ## the same, waiting for gdb at port GDB=1234; build/gdbinit knows the symbols
	@tools/run.sh --check
	+@$(MAKE) --no-print-directory $(image_goal) build/gdbinit
	@echo 'In another terminal: gdb -q -x build/gdbinit'
	@tools/run.sh

# The kernel's symbols are those of its high addresses; programs all lie at the same address, so one
# is chosen by name.
build/gdbinit: mk/gdbinit FORCE
	@sed -e 's|@TOP@|$(CURDIR)|g' -e 's|@PORT@|$(or $(GDB),1234)|g' $< >$@

.PHONY: run debug
