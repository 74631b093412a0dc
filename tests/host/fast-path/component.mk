name := fast-path-test
sources := $(wildcard $(here)/*.c)
libraries :=

# What the tests look at.
build/host/fast-path-test: | build/cpu-driver.elf build/boot.elf $(foreach member, \
    $(archive_members) $(guest_members),$(lastword $(subst =, ,$(member))))
