# The same with the other kind of hardware.
name := test-evil-amd
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../evil/*.c)) ../support/child.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
settings := ACCEL=icount IOMMU=amd QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
arguments := amd
