/*
 * Registers of configuration space that the server uses: offsets and bits. PCI Local Bus
 * Specification 3.0, ch. 6; PCI Express Base Specification 4.0, ch. 7 (7.5.1: header, 7.5.2: power
 * management, 7.5.3: PCI Express, 7.7.1: MSI, 7.7.2: MSI-X, 7.9.22: Advanced Features); PCI-to-PCI
 * Bridge Architecture Specification 1.2, ch. 3.
 */
#ifndef PCI_REGISTERS_H
#define PCI_REGISTERS_H

#define CONFIG_BYTES          256U
#define CONFIG_BYTES_EXTENDED 4096U

/* ---- Header ---- */
#define REG_ID      0x00
#define ID_NONE     0xffffffffU
#define ID_NOT_YET  0xffff0001U /* a device that is not ready after a reset (PCIe 2.3.1.1) */
#define REG_COMMAND 0x04
#define REG_STATUS  0x06
#define REG_CLASS   0x08 /* class24 << 8 | revision */
#define REG_CACHE   0x0c /* cache line size; latency timer above */
#define REG_HEADER  0x0e
#define REG_BAR     0x10
#define REG_SUB     0x2c
#define REG_CAPS    0x34
#define REG_LINE    0x3c

#define COMMAND_PORTS  (1U << 0)
#define COMMAND_MEMORY (1U << 1)
#define COMMAND_MASTER (1U << 2)
#define COMMAND_MWI    (1U << 4) /* memory write and invalidate */
#define COMMAND_PARITY (1U << 6)
#define COMMAND_SERR   (1U << 8)
#define COMMAND_INTX   (1U << 10) /* set: no interrupts by pin */
#define COMMAND_DECODE (COMMAND_PORTS | COMMAND_MEMORY)

#define STATUS_CAPS   (1U << 4)
#define STATUS_ERRORS 0xf900U /* written as 1 to clear */

#define HEADER_MULTI   0x80U
#define HEADER_TYPE    0x7fU
#define HEADER_DEVICE  0U
#define HEADER_BRIDGE  1U
#define HEADER_CARDBUS 2U

#define BAR_PORTS        (1U << 0)
#define BAR_TYPE         (3U << 1)
#define BAR_TYPE_64      (2U << 1)
#define BAR_PREFETCHABLE (1U << 3)

/* ---- Bridges ---- */
#define REG_BUSES             0x18 /* primary, secondary, subordinate, latency: a byte each */
#define REG_WINDOW_PORTS      0x1c /* base, limit: a byte each */
#define REG_WINDOW_MEMORY     0x20 /* base, limit: 16 bits each */
#define REG_WINDOW_PREFETCH   0x24
#define REG_PREFETCH_BASE_HI  0x28
#define REG_PREFETCH_LIMIT_HI 0x2c
#define REG_PORTS_HI          0x30 /* base, limit: upper 16 bits each */
#define REG_BRIDGE_CONTROL    0x3e
#define BRIDGE_RESET          (1U << 6)

/* ---- Capabilities ---- */
#define CAP_PM      0x01
#define CAP_MSI     0x05
#define CAP_VENDOR  0x09
#define CAP_EXPRESS 0x10
#define CAP_MSIX    0x11
#define CAP_AF      0x13
#define CAP_AER     0x0001 /* extended */

#define PM_CONTROL       4
#define PM_STATE         3U
#define PM_D3            3U
#define PM_NO_SOFT_RESET (1U << 3)

#define MSI_CONTROL    2
#define MSI_ENABLE     (1U << 0)
#define MSI_64         (1U << 7)
#define MSI_MASKABLE   (1U << 8)
#define MSI_ADDRESS    4
#define MSI_ADDRESS_HI 8

#define MSIX_CONTROL     2
#define MSIX_ENABLE      (1U << 15)
#define MSIX_MASK_ALL    (1U << 14)
#define MSIX_SIZE        0x7ffU
#define MSIX_TABLE       4
#define MSIX_PBA         8
#define MSIX_BAR         7U
#define MSIX_ENTRY_BYTES 16U
#define MSIX_MASKED      1U

#define EXPRESS_FLAGS       2
#define EXPRESS_TYPE(flags) ((flags) >> 4 & 15)
#define EXPRESS_TO_PCI      7 /* type: PCIe to PCI bridge */
#define EXPRESS_DEVICE_CAPS 4
#define EXPRESS_FLR         (1U << 28)
#define EXPRESS_CONTROL     8
#define EXPRESS_PAYLOAD     (7U << 5) /* maximum size, the same for all that talk to each other */
#define EXPRESS_START_FLR   (1U << 15)
#define EXPRESS_STATUS      10
#define EXPRESS_PENDING     (1U << 5)
#define EXPRESS_CONTROL_2   0x28

#define AF_CAPS    3
#define AF_BOTH    3U /* function-level reset, and the bit that says what is pending */
#define AF_CONTROL 4
#define AF_START   1U
#define AF_STATUS  5
#define AF_PENDING 1U

#define AER_UNCORRECTABLE 4
#define AER_CORRECTABLE   0x10

#endif
