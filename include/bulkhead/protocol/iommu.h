/*
 * Protocol of the IOMMU server (servers/iommu): which memory a device can reach by DMA, and which
 * interrupts it can cause (thesis 3.3.2, "Direct Memory Access"; docs/iommu.md). From the server's
 * start on a device reaches nothing that its domain does not map. There is a domain per device; it
 * is made and ended by the PCI server, and filled by the driver that has the device.
 *
 * Clients use SENDREC; the server answers with NBSEND. A device is named by bus << 8 |
 * device << 3 | function, as in the monitor's protocol; all are of PCI segment 0. Where the machine
 * has no IOMMU the name "iommu" is unknown (MONITOR_FIND), and device addresses are physical ones.
 *
 * The reply's type is 0 or a negated error. Errors of every request: E_BADCALL unknown request,
 * E_PERM it is not for this client.
 */
#ifndef BULKHEAD_PROTOCOL_IOMMU_H
#define BULKHEAD_PROTOCOL_IOMMU_H

#include <bulkhead/kcall.h>

/* X(name, number): arguments and reply are in the comment. */
#define IOMMU_REQUESTS(X)                                                                          \
    /* Let the client's device reach memory of the client. arg[0]: address, arg[1]: bytes, arg[2]: \
     * set of enum iommu_access, not 0. All of it is memory that MAPDMA has made, in IOMMU_BASE to \
     * IOMMU_END, in whole pages, at most IOMMU_MAP_MAX bytes. Reply arg[0]: device address of the \
     * first byte, which is `address` itself; it may be used when the reply has come. E_NOENT the  \
     * client has no device with a domain, E_INVAL, E_RANGE, E_FAULT not such memory (and that is  \
     * counted as REFUSED_DMA), E_EXIST a page is mapped already, E_QUOTA the domain has no room   \
     * for more tables. On an error nothing is mapped */                                           \
    X(MAP, MESSAGE_TYPE_SERVICE + 0)                                                               \
    /* Take memory from the client's device. arg[0]: device address, arg[1]: bytes. When the reply \
     * has come the device cannot reach it. E_NOENT the client has no device, or a page is not     \
     * mapped, E_INVAL, E_RANGE */                                                                 \
    X(UNMAP, MESSAGE_TYPE_SERVICE + 1)                                                             \
    /* Make a domain for a device, empty. arg[0]: device, arg[1]: endpoint of its driver, arg[2]:  \
     * requester: the device that its DMA and its interrupts seem to come from: itself, or the     \
     * bridge to conventional PCI that it is behind. Reply arg[0]: set of enum iommu_confines.     \
     * E_EXIST it has one, E_BUSY another device with a domain has the same requester, E_NOENT no  \
     * IOMMU looks after it, E_NOSLOT. PCI server only */                                          \
    X(DOMAIN, MESSAGE_TYPE_SERVICE + 2)                                                            \
    /* End a device's domain, for whatever driver. arg[0]: device. When the reply has come the     \
     * device reaches no memory, causes no interrupt, and no cache of the hardware knows of        \
     * either. E_NOENT it has none. PCI server only */                                             \
    X(RELEASE, MESSAGE_TYPE_SERVICE + 3)                                                           \
    /* What to write into a device's MSI capability or MSI-X table. arg[0]: device, arg[1]: APIC   \
     * id, arg[2]: first vector, arg[3]: number of messages, 1 to IOMMU_MESSAGES. Reply arg[0]:    \
     * address of all messages, arg[1]: data of the first; message i, to vector + i, has data + i; \
     * the data of the first is a multiple of the next power of two, as plain MSI needs. Replaces  \
     * what the device had. A number of 0 takes all interrupts away. E_NOENT it has no domain,     \
     * E_NOTSUP interrupts are not remapped here: write what the processor understands, E_INVAL,   \
     * E_RANGE, E_NOSLOT. PCI server only */                                                       \
    X(INTERRUPT, MESSAGE_TYPE_SERVICE + 4)                                                         \
    /* What there is. Reply arg[0]: enum iommu_kind, arg[1]: set of enum iommu_confines, arg[2]:   \
     * units << 32 | domains, arg[3]: faults since the machine's start, arg[4]: pages of tables in \
     * use << 32 | pages of tables in all, arg[5]: bits of device addresses. Open to every client  \
     */                                                                                            \
    X(STATUS, MESSAGE_TYPE_SERVICE + 5)                                                            \
    /* One domain. arg[0]: index, from 0. Reply arg[0]: device | requester << 16, arg[1]: pages    \
     * mapped << 32 | interrupts remapped, arg[2]: faults of the device, arg[3..5]: label of its   \
     * driver. E_NOENT there are no more. Open to every client */                                  \
    X(DEVICE, MESSAGE_TYPE_SERVICE + 6)                                                            \
    /* One of the last IOMMU_FAULTS faults. arg[0]: its number, the machine's first is 0. Reply    \
     * arg[0]: number, that asked for or the oldest kept if that is later, arg[1]: address, or for \
     * IOMMU_INTERRUPT_REFUSED what the hardware tells of the interrupt; arg[2]: device |          \
     * enum iommu_access << 16 | enum iommu_reason << 24 | the hardware's code << 32, arg[3..5]:   \
     * label of the driver, zero: the device had none. E_NOENT there are no more. Open to every    \
     * client */                                                                                   \
    X(FAULT, MESSAGE_TYPE_SERVICE + 7)

enum iommu_request {
#define X(name, number) IOMMU_##name = (number),
    IOMMU_REQUESTS(X)
#undef X
};

/* Where DMA memory of a driver lies, in its address space and so for its device. */
#define IOMMU_BASE 0x40000000UL
#define IOMMU_END  0xc0000000UL

#define IOMMU_MAP_MAX   (2UL << 20) /* bytes of one request, as of one MAPDMA */
#define IOMMU_MESSAGES  32          /* interrupts of a device */
#define IOMMU_NO_DEVICE 0xffffU
#define IOMMU_FAULTS    64 /* that are kept */

enum iommu_access {
    IOMMU_READ = 1 << 0,  /* the device may read: data that goes out */
    IOMMU_WRITE = 1 << 1, /* the device may write: data that comes in */
};

enum iommu_confines {
    IOMMU_CONFINES_DMA = 1 << 0,
    IOMMU_CONFINES_INTERRUPTS = 1 << 1, /* those of devices are remapped, and others refused */
};

/* X(name, text) */
#define IOMMU_KINDS(X)     \
    X(NONE, "none")        \
    X(INTEL, "Intel VT-d") \
    X(AMD, "AMD-Vi")

enum iommu_kind {
#define X(name, text) IOMMU_KIND_##name,
    IOMMU_KINDS(X)
#undef X
};

/* X(name, text): why an access was refused. */
#define IOMMU_REASONS(X)                                        \
    X(NO_DOMAIN, "the device has no domain")                    \
    X(NOT_MAPPED, "memory that is not mapped for the device")   \
    X(NOT_READABLE, "read of memory that is write-only for it") \
    X(NOT_WRITABLE, "write to memory that is read-only for it") \
    X(INTERRUPT_REFUSED, "interrupt that it may not cause")     \
    /* some device's: IOMMU_NO_DEVICE stands for it */          \
    X(UNTOLD, "the hardware tells no more")                     \
    X(OTHER, "see the hardware's code")

enum iommu_reason {
#define X(name, text) IOMMU_##name,
    IOMMU_REASONS(X)
#undef X
};

#endif
