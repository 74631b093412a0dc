name := driver-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../%,$(patsubst %,lib/event/%.c,alarm lines loop) \
    $(wildcard lib/channel/*.c urpc/*.c) lib/grant/remote.c lib/grant/use.c lib/start/record.c \
    $(patsubst %,drivers/lib/%.c,agent block driver manage state))
flags := -include tests/host/driver/fake_machine.h
