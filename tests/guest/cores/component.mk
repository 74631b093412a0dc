name := test-cores
sources := $(wildcard $(here)/*.c) ../support/cores.c
libraries :=
# Times are counted in instructions, so that a run repeats, whatever it does to which core when.
settings := ACCEL=icount CORES=4 CMDLINE=debug=1
