name := test-pci
sources := $(wildcard $(here)/*.c) ../support/devices.c ../../../apps/shell/manager.c
libraries :=
flags := -Iapps/shell -Itests/guest/support
# A network card that is reset with its bus, a device that resets itself, and one that cannot be.
settings := QEMU_EXTRA="-device pcie-root-port,id=a,chassis=1 -device e1000e,bus=a,netdev=n -netdev hubport,id=n,hubid=0 -device pcie-root-port,id=b,chassis=2 -device nvme,serial=x,bus=b -device edu"
