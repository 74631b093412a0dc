name := test-fuzz-cores
sources := main.c ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=4 TIMEOUT=580
arguments := --seed $(shell date +%s) --calls 300000
