name := test-storm
sources := $(wildcard $(here)/*.c) ../support/cores.c
libraries :=
settings := CORES=4 TIMEOUT=250
arguments := --seed $(shell date +%s) --messages 200000 --kills 100
