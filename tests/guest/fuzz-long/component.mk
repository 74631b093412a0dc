name := test-fuzz-long
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../fuzz/*.c)) ../support/child.c
libraries :=
settings := ACCEL=icount TIMEOUT=560
arguments := --seed $(shell date +%s) --calls 10000000
long := yes
