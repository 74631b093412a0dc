name := dumper-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../servers/dumper/%.c,core_file line)
flags := -Iservers/dumper

# What the tests run, and look at.
build/host/dumper-test: | build/tool/dumps build/program/crash.elf
