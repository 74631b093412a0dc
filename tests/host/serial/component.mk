name := serial-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../drivers/char/serial/%.c,console main uart) \
    $(patsubst %,../../../%,$(patsubst %,lib/event/%.c,alarm lines loop) \
    lib/start/record.c $(wildcard lib/channel/*.c urpc/*.c) \
    $(patsubst %,drivers/lib/%.c,agent driver manage))
# Expanded for each source, $(2): the driver's main() is called by the tests.
flags = -Idrivers/char/serial -include tests/host/serial/fake_machine.h \
    $(if $(filter %/serial/main.c,$(2)),-Dmain=driver_main)
