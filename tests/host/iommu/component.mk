name := iommu-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../servers/iommu/%.c,dmar ivrs pages state \
    domains)
flags := -iquote servers/iommu
