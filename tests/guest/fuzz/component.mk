name := test-fuzz
sources := $(wildcard $(here)/*.c) ../support/child.c
libraries :=
settings := ACCEL=icount TIMEOUT=280
arguments := --seed $(shell date +%s) --calls 300000
