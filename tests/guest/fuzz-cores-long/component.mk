name := test-fuzz-cores-long
sources := ../fuzz-cores/main.c ../support/cores.c
libraries :=
settings := ACCEL=icount CORES=4 TIMEOUT=2400
arguments := --seed $(shell date +%s) --calls 10000000
long := yes
