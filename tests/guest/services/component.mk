name := test-services
sources := $(wildcard $(here)/*.c) ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell
# Times are counted in instructions, so that a busy machine does not change their order.
settings := ACCEL=icount
