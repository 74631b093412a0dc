/* Names of PCI vendors, devices and classes: build/pci-names/names.c (mk/pci-names.mk). */
#ifndef SHELL_PCI_NAMES_H
#define SHELL_PCI_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct pci_name {
    uint32_t number; /* vendor; vendor << 16 | device; class << 8 | subclass */
    const char *name;
};

/* Added to class << 8: of the whole class. */
#define PCI_NAME_BASE_CLASS 0x10000U

extern const struct pci_name pci_vendor_names[], pci_device_names[], pci_class_names[];
extern const size_t pci_vendor_names_count, pci_device_names_count, pci_class_names_count;

#endif
