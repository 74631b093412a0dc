name := test-manager
sources := main.c requests.c ../support/child.c ../../../apps/shell/manager.c
flags := -Iapps/shell -Itests/guest/support -Itests/guest/faulty
# Times are counted in instructions, so that a busy machine does not change their order. More than one
# core: agents and leaders that die are then not the same.
settings := ACCEL=icount CORES=3 QEMU_EXTRA="-device edu"
