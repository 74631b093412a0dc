name := test-devices
sources := $(wildcard $(here)/*.c) ../support/child.c ../support/edu.c
libraries :=
# A device with registers, messages and DMA; the second core is for drivers of lines there.
settings := ACCEL=icount CORES=2 QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
