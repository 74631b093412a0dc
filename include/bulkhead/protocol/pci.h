/*
 * Protocol of the PCI server (servers/pci): the devices of the machine, each of which at most one
 * driver has, and what a driver may do to its own besides using its registers (thesis 3.3.3).
 * docs/pci.md. Clients use SENDREC; the server answers with NBSEND.
 *
 * A device is named by bus << 8 | device << 3 | function, as in the monitor's protocol; all are of
 * segment 0. In the place of a device PCI_OWN means the client's. Only managers (those whom the
 * server's policy lets attach) may name others.
 *
 * The reply's type is 0 or a negated error. Errors of every request: E_BADCALL unknown request,
 * E_PERM it is not for this client, E_NOENT no such device, or the client has none, E_BUSY the
 * device is being reset, E_IO it was left without addresses: its driver has to begin anew.
 */
#ifndef BULKHEAD_PROTOCOL_PCI_H
#define BULKHEAD_PROTOCOL_PCI_H

#include <bulkhead/kcall.h>

/* X(name, number): arguments and reply are in the comment. */
#define PCI_REQUESTS(X)                                                                            \
    /* The devices in order. arg[0]: index, from 0. Reply arg[0]: struct pci_place, arg[1]: struct \
     * pci_ids, arg[2]: driver's endpoint or ENDPOINT_NONE. E_NOENT there are no more. Open to     \
     * every client */                                                                             \
    X(NEXT, MESSAGE_TYPE_SERVICE + 0)                                                              \
    /* Give a free device to a driver that waits for one, as its policy says, and let it run.      \
     * arg[0]: its endpoint. Reply arg[0]: device. E_NOENT no device matches its policy, E_BUSY    \
     * those that do are in use, arg[0]: device, arg[1]: endpoint of its driver; E_STATE it does   \
     * not wait for a device; errors of the monitor and the IOMMU server. Managers                 \
     * only */                                                                                     \
    X(ATTACH, MESSAGE_TYPE_SERVICE + 1)                                                            \
    /* A device. arg[0]: device or PCI_OWN. Reply arg[0]: struct pci_place, arg[1]: struct         \
     * pci_ids, arg[2]: driver's endpoint, arg[3]: messages that it can send | set of enum         \
     * pci_state << 32, arg[4]: enum pci_reset_method, arg[5]: device that its DMA seems to come   \
     * from */                                                                                     \
    X(SELF, MESSAGE_TYPE_SERVICE + 2)                                                              \
    /* A base address register. arg[0]: its number, 0 to 5, arg[1]: device or PCI_OWN. Reply       \
     * arg[0]: set of enum pci_bar, arg[1]: address or first port, arg[2]: bytes, arg[3], arg[4]:  \
     * pages of it that nobody maps, struct pci_pages from the first page on, arg[5]: struct       \
     * pci_pages that can be read only. E_NOENT it is not implemented, or part of the one before   \
     */                                                                                            \
    X(BAR, MESSAGE_TYPE_SERVICE + 3)                                                               \
    /* Where a capability is in configuration space. arg[0]: its ID, PCI_EXTENDED added for        \
     * extended ones; arg[1]: device or PCI_OWN; arg[2]: look after this offset, 0 for the first.  \
     * Reply arg[0]: offset. With ID PCI_ANY any capability, and reply arg[1]: its ID. E_NOENT     \
     */                                                                                            \
    X(CAPABILITY, MESSAGE_TYPE_SERVICE + 4)                                                        \
    /* arg[0]: offset in configuration space, a multiple of the width; arg[1]: width 1, 2 or 4;    \
     * arg[2]: device or PCI_OWN. Reply arg[0]: value. E_INVAL, E_RANGE */                         \
    X(CONFIG_READ, MESSAGE_TYPE_SERVICE + 5)                                                       \
    /* Write to the configuration space of the own device. arg[0], arg[1]: as above, arg[2]:       \
     * value. E_PERM it would change what a driver may not; that is counted as REFUSED_REGISTER.   \
     * E_INVAL, E_RANGE */                                                                         \
    X(CONFIG_WRITE, MESSAGE_TYPE_SERVICE + 6)                                                      \
    /* Write to a register of the own device, on a page that only the server maps because the      \
     * policy vets a register there. arg[0]: number of the base address register, arg[1]: offset,  \
     * arg[2]: width 1, 2 or 4, arg[3]: value. E_PERM it is vetted, and not with this value:       \
     * counted as REFUSED_REGISTER; or it is not on such a page: REFUSED_DEVICE. E_INVAL */        \
    X(WRITE_REGISTER, MESSAGE_TYPE_SERVICE + 7)                                                    \
    /* Reset the own device. The reply comes when it can be used again: as after ATTACH. E_NOTSUP  \
     * it cannot be reset without hitting others, E_IO it did not come back */                     \
    X(RESET, MESSAGE_TYPE_SERVICE + 8)                                                             \
    /* Read such a register. arg[0..2]: as WRITE_REGISTER. Reply arg[0]: value. The same errors */ \
    X(READ_REGISTER, MESSAGE_TYPE_SERVICE + 9)

enum pci_request {
#define X(name, number) PCI_##name = (number),
    PCI_REQUESTS(X)
#undef X
};

#define PCI_OWN      UINT64_C(0xffff0000)
#define PCI_EXTENDED 0x10000U
#define PCI_ANY      0xffffU
#define PCI_BARS     6

/* Messages (MSI, MSI-X) that a driver gets at most: lines IRQ_MSI_BASE + n. */
#define PCI_MESSAGES_MAX 8

/* Each travels in a message argument. */
struct pci_place {
    uint16_t device;
    uint8_t header; /* 0: device, 1: bridge, 2: CardBus bridge */
    uint8_t revision;
    uint32_t class24; /* class << 16 | subclass << 8 | programming interface */
};

struct pci_ids {
    uint16_t vendor, device, subsystem_vendor, subsystem;
};

struct pci_pages {
    uint32_t first, count; /* of 4 KiB, in the BAR; count 0: none */
};

_Static_assert(sizeof(struct pci_place) == 8 && sizeof(struct pci_ids) == 8 &&
                   sizeof(struct pci_pages) == 8,
               "each fits an argument");

/* X(name, bit, text) */
#define PCI_BAR_FLAGS(X)                                                                        \
    X(PORTS, 0, "I/O ports")                                                                    \
    X(64, 1, "64-bit")                                                                          \
    X(PREFETCHABLE, 2, "prefetchable")                                                          \
    X(UNASSIGNED, 3, "without an address")                                                      \
    X(UNREACHABLE, 4, "outside its bridge's window") /* not given to a driver */                \
    X(SHARED, 5, "on a page of another device's")    /* not given */                            \
    X(UNSIZED, 6, "size not known")                  /* until its driver asks: it runs since    \
                                                        before the server was started again. */ \
    X(TABLE, 7, "with MSI-X table")                  /* whose pages are not given */

enum pci_bar {
#define X(name, bit, text) PCI_BAR_##name = 1 << (bit),
    PCI_BAR_FLAGS(X)
#undef X
};

enum pci_state {
    PCI_MASTER = 1 << 0,              /* it may send: DMA and messages */
    PCI_CONFINED_DMA = 1 << 1,        /* to its driver's memory, by an IOMMU */
    PCI_CONFINED_INTERRUPTS = 1 << 2, /* to its driver's interrupts, by an IOMMU */
    PCI_STORM = 1 << 3,               /* its messages are masked: there were too many */
    PCI_MSIX = 1 << 4,                /* its messages are those of MSI-X */
};

/* X(name, text): the ways to reset a function, best first. A power state may forget or not. */
#define PCI_RESET_METHODS(X)                                                          \
    X(NONE, "none")                                                                   \
    X(FUNCTION, "function-level")               /* PCIe 6.6.2 */                      \
    X(ADVANCED, "function-level, conventional") /* Advanced Features capability */    \
    X(BUS, "secondary bus")                     /* when nobody else is on that bus */ \
    X(POWER, "power state")                     /* D3hot and back, if that is one */

enum pci_reset_method {
#define X(name, text) PCI_RESET_##name,
    PCI_RESET_METHODS(X)
#undef X
};

#endif
