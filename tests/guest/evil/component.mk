name := test-evil
sources := $(wildcard $(here)/*.c) ../support/child.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
# A transfer takes the device 0.1 s, in which instructions are not counted if nobody has any.
settings := ACCEL=icount IOMMU=intel QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
arguments := intel
