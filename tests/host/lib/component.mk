name := lib-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../lib/%.c,event/alarm event/asend \
    event/loop console/console console/line malloc/extent process/spawn start/args start/time)
flags := -include $(here)/fake_machine.h

# test_object_code.c looks into it.
build/host/lib-test: | build/lib/libruntime.a
