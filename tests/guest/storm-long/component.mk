name := test-storm-long
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../storm/*.c)) ../support/cores.c
libraries :=
settings := CORES=4 TIMEOUT=2400
arguments := --seed $(shell date +%s) --messages 10000000 --kills 2000
long := yes
