name := test-information
sources := $(wildcard $(here)/*.c) ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell
settings := CORES=2
