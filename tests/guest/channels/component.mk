name := test-channels
sources := $(wildcard $(here)/*.c) ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=2
