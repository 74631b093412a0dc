name := test-driver
sources := $(wildcard $(here)/*.c) ../support/child.c
libraries := driver
flags := -Itests/guest/support
# Times are counted in instructions, so that a busy machine does not change their order.
settings := ACCEL=icount
