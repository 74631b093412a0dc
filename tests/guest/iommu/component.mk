# The server itself, and a device that attacks: the machine's own server is not started.
name := test-iommu
sources := $(wildcard $(here)/*.c) ../support/child.c $(patsubst $(here)/../../../%,../../../%, \
    $(filter-out %/keepers.c,$(wildcard $(here)/../../../servers/iommu/*.c)))
libraries :=
flags = -iquote servers/iommu $(if $(filter servers/iommu/main.c,$(2)),-Dmain=iommu_main \
    -Wno-missing-prototypes)
settings := IOMMU=intel CMDLINE=iommu=off QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
