name := test-ipc
sources := $(wildcard $(here)/*.c $(here)/*.asm) ../support/child.c
libraries :=
# Times are counted in instructions, so that a busy machine does not change their order.
settings := ACCEL=icount
