/* The parts of test-pci. */
#ifndef TESTS_PCI_TESTS_H
#define TESTS_PCI_TESTS_H

#include <stdint.h>

/* Intel 82574L, as QEMU's e1000e is. */
#define CARD_VENDOR 0x8086
#define CARD_DEVICE 0x10d3
#define CARD_BARS   4

/* As a driver of the network card: tries what a driver may, and may not. Its exit status. */
int probe(void);

/* As a driver: does nothing, until it is ended. */
int probe_stay(void);

#endif
