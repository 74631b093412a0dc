# The same without an IOMMU: what was refused succeeds (docs/threats.md).
name := test-evil-none
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../evil/*.c)) ../support/child.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
settings := ACCEL=icount IOMMU=none QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
arguments := none
