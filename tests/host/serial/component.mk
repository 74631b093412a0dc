name := serial-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../drivers/char/serial/%.c,console main uart) \
    $(patsubst %,../../../%,lib/event/lines.c $(wildcard lib/channel/*.c urpc/*.c))
# Expanded for each source, $(2): the driver's main() is called by the tests.
flags = -Idrivers/char/serial -include tests/host/serial/fake_machine.h \
    $(if $(filter %/serial/main.c,$(2)),-Dmain=driver_main)
