# The same with the other kind of hardware.
name := test-iommu-amd
sources := $(patsubst $(here)/../%,../%,$(wildcard $(here)/../iommu/*.c)) ../support/child.c $(patsubst $(here)/../../../%,../../../%, \
    $(filter-out %/keepers.c,$(wildcard $(here)/../../../servers/iommu/*.c)))
libraries :=
flags = -iquote servers/iommu $(if $(filter servers/iommu/main.c,$(2)),-Dmain=iommu_main \
    -Wno-missing-prototypes)
settings := IOMMU=amd CMDLINE=iommu=off QEMU_EXTRA="-device edu,dma_mask=0xffffffffffffffff"
