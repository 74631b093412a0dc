name := test-grants
sources := $(wildcard $(here)/*.c) ../support/child.c ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=3
