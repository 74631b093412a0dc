name := lib-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../lib/%.c,event/alarm event/asend \
    event/lines event/loop channel/asend channel/monitor channel/pool channel/receive channel/send \
    channel/table channel/wait console/console console/line malloc/extent process/spawn \
    start/args start/time) \
    $(patsubst %,../../../%,$(wildcard urpc/*.c))
flags := -include $(here)/fake_machine.h

# test_object_code.c looks into it.
build/host/lib-test: | build/lib/libruntime.a
