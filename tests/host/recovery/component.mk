name := recovery-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../%,$(patsubst %,lib/event/%.c,alarm lines loop) \
    lib/start/record.c $(wildcard lib/channel/*.c urpc/*.c) lib/recovery/block.c lib/recovery/device.c)
flags := -include tests/host/driver/fake_machine.h
