name := test-attack
sources := $(wildcard $(here)/*.c $(here)/*.asm) ../support/child.c ../support/cores.c ../support/devices.c ../support/edu.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
# Work and time are counted in instructions, so that shares of the processor are exact. The same
# program in the debug build, as test attack-controls: mk/test.mk.
# With a device whose interrupts a driver can cause at will, and one that has a table of them.
settings := ACCEL=icount CORES=2 QEMU_EXTRA="-device edu -device nvme,serial=x"
