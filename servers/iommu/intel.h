/* Units of Intel's VT-d: what the files of this driver share. Section numbers are those of the
 * Architecture Specification, revision 4.1. */
#ifndef IOMMU_INTEL_H
#define IOMMU_INTEL_H

#include "hardware.h"

#define INTEL_UNITS_MAX 16

/* Registers, by their distance from the first (11.4). */
enum intel_register {
    CAPABILITY = 0x08,
    EXTENDED_CAPABILITY = 0x10,
    GLOBAL_COMMAND = 0x18,
    GLOBAL_STATUS = 0x1c,
    ROOT_TABLE = 0x20,
    CONTEXT_COMMAND = 0x28,
    FAULT_STATUS = 0x34,
    FAULT_EVENT = 0x38,
    PROTECTED_MEMORY = 0x64,
    QUEUE_HEAD = 0x80,
    QUEUE_TAIL = 0x88,
    QUEUE_ADDRESS = 0x90,
    INTERRUPT_TABLE = 0xb8,
};

/* Of global command and global status. */
#define GLOBAL_TRANSLATE        (1U << 31)
#define GLOBAL_SET_ROOT         (1U << 30)
#define GLOBAL_FLUSH_WRITES     (1U << 27)
#define GLOBAL_QUEUE            (1U << 26)
#define GLOBAL_REMAP_INTERRUPTS (1U << 25)
#define GLOBAL_SET_INTERRUPTS   (1U << 24)
#define GLOBAL_COMPATIBLE       (1U << 23)
#define GLOBAL_LASTING          0x96ffffffU /* the bits of the status that a command repeats */

#define FAULT_STATUS_OVERFLOW (1U << 0)
#define FAULT_STATUS_PENDING  (1U << 1)
#define FAULT_STATUS_QUEUE    (7U << 4) /* errors of the invalidation queue */

struct intel_unit {
    volatile uint8_t *registers;
    uint64_t capability, extended;
    unsigned number;
    unsigned tail;   /* next entry of the invalidation queue */
    uint32_t waited; /* what the last wait has written */
    uint8_t levels;
};

extern struct intel_unit intel_unit[INTEL_UNITS_MAX];
extern unsigned intel_units;

static inline volatile uint32_t *intel_32(const struct intel_unit *unit, unsigned at) {
    return (volatile uint32_t *)(unit->registers + at);
}

static inline volatile uint64_t *intel_64(const struct intel_unit *unit, unsigned at) {
    return (volatile uint64_t *)(unit->registers + at);
}

/* A field of a capability. */
static inline unsigned intel_field(uint64_t value, unsigned first, unsigned bits) {
    return (unsigned)(value >> first & ((UINT64_C(1) << bits) - 1));
}

/* Gives a global command and waits until the status says so (11.4.4.1). */
int intel_command(const struct intel_unit *unit, uint32_t bit, bool on);

/* ---- intel_queue.c: what the hardware's caches are told (6.5) ---- */

/* Pages that the queues of all units need. */
unsigned intel_queue_pages(void);
int intel_queue_start(struct intel_unit *unit);
int intel_flush_all(struct intel_unit *unit);
int intel_flush_context(struct intel_unit *unit, uint16_t requester, uint16_t id);
int intel_flush_pages(struct intel_unit *unit, uint16_t id);
int intel_flush_interrupts(struct intel_unit *unit);

/* ---- intel_interrupts.c ---- */

#define INTEL_INTERRUPT_PAGES 16 /* 4096 entries */

int intel_interrupts_start(struct intel_unit *unit);
int intel_interrupts(struct domain *domain, const struct interrupt *first, unsigned count,
                     uint64_t *address, uint32_t *data);
int intel_line(unsigned line, uint8_t ioapic_id, struct interrupt *interrupt, uint32_t *handle);
int intel_refuse_others(void);
bool intel_remaps(void);

/* ---- intel_faults.c ---- */

void intel_poll(void (*report)(const struct fault *fault));

extern struct dmar intel_table;

#endif
