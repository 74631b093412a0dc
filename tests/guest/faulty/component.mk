name := test-faulty
sources := $(wildcard $(here)/*.c) ../support/child.c ../support/devices.c ../../../apps/shell/manager.c
libraries := driver
flags := -Iapps/shell -Itests/guest/support
# Times are counted in instructions, so that a busy machine does not change their order.
settings := ACCEL=icount QEMU_EXTRA="-device edu"
