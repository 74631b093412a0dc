/*
 * QEMU's `edu` device (QEMU documentation, "EDU device"; -device edu): registers in memory, an
 * interrupt message that a write to a register sends, and DMA. Found and set up through the
 * configuration ports 0xcf8 and 0xcfc (PCI Local Bus 3.0, 3.2.2.3.2), which is a PCI server's
 * business: for programs that test or measure what lies below one.
 */
#ifndef TESTS_GUEST_SUPPORT_EDU_H
#define TESTS_GUEST_SUPPORT_EDU_H

#include <stdbool.h>
#include <stdint.h>

#define EDU_BYTES      0x100000UL
#define EDU_WINDOW     0x0000300000000000UL /* where edu_map() shows its registers */
#define EDU_IDENTITY   0x010000edU
#define EDU_DMA_BUFFER 0x40000U /* its own memory, as its DMA engine addresses it */

enum edu_register {
    EDU_ID = 0x00,
    EDU_LIVENESS = 0x04, /* reads as what was written, inverted */
    EDU_STATUS = 0x20,
    EDU_RAISE = 0x60, /* what is written is added to the interrupt status; sends the message */
    EDU_ACKNOWLEDGE = 0x64,
    EDU_DMA_FROM = 0x80,
    EDU_DMA_TO = 0x88,
    EDU_DMA_COUNT = 0x90,
    EDU_DMA_COMMAND = 0x98,
};

enum edu_dma { EDU_DMA_RUN = 1 << 0, EDU_DMA_TO_MEMORY = 1 << 1 };

/* Finds it on bus 0 and lets it answer. Returns the physical address of its registers, 0: none. */
uint64_t edu_find(void);

/* Shows its registers at EDU_WINDOW. */
int edu_map(uint64_t physical);

static inline volatile uint32_t *edu_at(enum edu_register at) {
    return (volatile uint32_t *)(EDU_WINDOW + at);
}

/* Its interrupt is to be this vector of this core; off: it sends none, and raises no line. */
void edu_message(bool on, uint32_t apic_id, uint8_t vector);

/* Copies between memory and its buffer, and waits for the end of that. */
void edu_copy(uint64_t from, uint64_t to, uint32_t bytes, enum edu_dma direction);

#endif
