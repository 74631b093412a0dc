# The same with the driver on another core: it talks to all by channels.
name := test-edu-remote
sources := ../edu/main.c ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
settings := CORES=2 QEMU_EXTRA="-device pcie-root-port,id=a,chassis=1 -device edu,bus=a,dma_mask=0xffffffffffffffff"
arguments := remote
