# The same with an IOMMU, which confines the device.
name := test-edu-intel
sources := ../edu/main.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
settings := IOMMU=intel QEMU_EXTRA="-device pcie-root-port,id=a,chassis=1 -device edu,bus=a,dma_mask=0xffffffffffffffff"
arguments := confined
