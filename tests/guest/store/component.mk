name := test-store
sources := $(wildcard $(here)/*.c) ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=3 TIMEOUT=280
arguments := --seed $(shell date +%s) --rounds 12
