# The RAM disk and the libraries that get over a driver's death; the test is the driver manager.
name := test-ramdisk
sources := $(wildcard $(here)/*.c) ../support/child.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support -Itests/guest/faulty
settings := ACCEL=icount CORES=2 TIMEOUT=280
arguments := --seed $(shell date +%s) --kills 25
