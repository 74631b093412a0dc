name := test-torture
sources := $(wildcard $(here)/*.c) ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=4 CMDLINE=debug=1 TIMEOUT=280
arguments := --seed $(shell date +%s) --rounds 50
