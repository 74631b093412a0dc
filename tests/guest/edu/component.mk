name := test-edu
sources := $(wildcard $(here)/*.c) ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
settings := QEMU_EXTRA="-device pcie-root-port,id=a,chassis=1 -device edu,bus=a,dma_mask=0xffffffffffffffff"
