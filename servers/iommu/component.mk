name := iommu
sources := $(wildcard $(here)/*.c)
libraries :=
