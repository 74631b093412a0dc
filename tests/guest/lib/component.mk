name := test-lib
sources := $(wildcard $(here)/*.c)
libraries :=
# Expanded for each source, $(2).
flags = $(if $(filter $(here)/float.c,$(2)),-msse2 -m80387)
# Times are counted in instructions, so that a busy machine does not change their order.
settings := ACCEL=icount
