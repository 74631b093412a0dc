# Names of PCI devices for the shell, from Debian's pci.ids: all classes, and what mk/pci-names.txt
# chooses.

pci_ids := /usr/share/misc/pci.ids

build/pci-names/names.c: tools/make-pci-names.awk mk/pci-names.txt $(pci_ids)
	@mkdir -p $(@D)
	$(call say,NAMES,$@)
	$(quiet)awk -f tools/make-pci-names.awk mk/pci-names.txt $(pci_ids) >$@
