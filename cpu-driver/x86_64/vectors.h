/* Who has which interrupt vector. */
#ifndef CPU_DRIVER_X86_64_VECTORS_H
#define CPU_DRIVER_X86_64_VECTORS_H

#define VECTOR_EXCEPTIONS 32 /* 0 to 31: exceptions (Intel SDM vol. 3, table 6-1) */
#define VECTOR_PIC                                                                 \
    0x20 /* 0x20 to 0x2f: the 8259s, masked, but able to raise spurious interrupts \
          */
#define VECTOR_IRQ      0x30 /* and IRQ_VECTORS from there on: devices (irq.c) */
#define IRQ_VECTORS     192
#define IRQ_LINES       160 /* of the I/O APICs at most */
#define VECTOR_TIMER    0xf0
#define VECTOR_MAILBOX  0xf1
#define VECTOR_SPURIOUS 0xff

enum exception {
    EXCEPTION_DEVICE_NOT_AVAILABLE = 7,
    EXCEPTION_PAGE_FAULT = 14,
};

#endif
