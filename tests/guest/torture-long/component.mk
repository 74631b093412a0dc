name := test-torture-long
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../torture/*.c)) ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=4 CMDLINE=debug=1 TIMEOUT=3000
arguments := --seed $(shell date +%s) --rounds 1000
long := yes
