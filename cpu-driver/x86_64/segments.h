/* Segment selectors. SYSCALL and SYSRET want them in this order (Intel SDM vol. 3, 5.8.8). */
#ifndef CPU_DRIVER_X86_64_SEGMENTS_H
#define CPU_DRIVER_X86_64_SEGMENTS_H

#include <stdint.h>

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x1b
#define SELECTOR_USER_CODE   0x23
#define SELECTOR_TSS         0x28

#define STAR_VALUE \
    ((uint64_t)(SELECTOR_KERNEL_DATA | 3) << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32)

/* The 64-bit task-state segment (Intel SDM vol. 3, 8.7). */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3]; /* rsp[0]: where the CPU pushes at an interrupt in user mode: the end of
                        current's context */
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[n - 1]: stack of the vectors whose gate says n */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; /* beyond the limit: no port is open to user mode */
} __attribute__((packed));

extern struct tss tss;

/* Loads GDT, IDT and TSS, and the SYSCALL registers. */
void segments_init(void);

#endif
