/* Units of AMD's I/O virtualization: what the files of this driver share. Section numbers are those
 * of the AMD I/O Virtualization Technology (IOMMU) Specification, 48882, revision 3.06. */
#ifndef IOMMU_AMD_H
#define IOMMU_AMD_H

#include "hardware.h"
#include "ivrs.h"

#define AMD_UNITS_MAX 8

/* Registers, by their distance from the first (3.4). */
enum amd_register {
    DEVICE_TABLE = 0x00,
    COMMAND_BUFFER = 0x08,
    EVENT_LOG = 0x10,
    CONTROL = 0x18,
    EXCLUSION = 0x20,
    FEATURES = 0x30,
    COMMAND_HEAD = 0x2000,
    COMMAND_TAIL = 0x2008,
    EVENT_HEAD = 0x2010,
    EVENT_TAIL = 0x2018,
    STATUS = 0x2020,
};

#define AMD_REGISTER_PAGES 4

/* Of the control register. */
#define CONTROL_ENABLE    (UINT64_C(1) << 0)
#define CONTROL_EVENT_LOG (UINT64_C(1) << 2)
#define CONTROL_COHERENT  (UINT64_C(1) << 10)
#define CONTROL_COMMANDS  (UINT64_C(1) << 12)

/* Of the status register. */
#define STATUS_EVENT_OVERFLOW (1U << 0)
#define STATUS_EVENT_LOG      (1U << 3)
#define STATUS_COMMANDS       (1U << 4)

struct amd_unit {
    volatile uint8_t *registers;
    uint64_t features;
    unsigned number;
    uint16_t device; /* the unit, as a PCI function */
    unsigned tail;   /* next entry of the command buffer */
    uint64_t waited; /* what the last wait has written */
    unsigned event;  /* next entry of the event log */
};

extern struct amd_unit amd_unit[AMD_UNITS_MAX];
extern unsigned amd_units;
extern struct ivrs amd_table;

static inline volatile uint32_t *amd_32(const struct amd_unit *unit, unsigned at) {
    return (volatile uint32_t *)(unit->registers + at);
}

static inline volatile uint64_t *amd_64(const struct amd_unit *unit, unsigned at) {
    return (volatile uint64_t *)(unit->registers + at);
}

/* ---- amd.c ---- */

#define DEVICES 65536U

/* The entry of a device in the device table (2.2.2). */
struct amd_device {
    uint64_t word[4];
};

struct amd_device *amd_device_at(uint16_t device);
uint16_t amd_domain_id(const struct domain *domain);

/* ---- amd_queue.c: commands to the units (2.4), and what they log (2.5) ---- */

/*
 * The pages of the units' queues: one whose words the units write when they have got to a wait, one
 * with empty entries, which devices without a domain have, then for each unit one for commands and
 * AMD_EVENT_PAGES for events.
 */
#define AMD_EVENT_PAGES 32

unsigned amd_queue_pages(void);
int amd_queue_start(struct amd_unit *unit);
int amd_flush_all(struct amd_unit *unit);
int amd_flush_device(struct amd_unit *unit, uint16_t device);
int amd_flush_pages(struct amd_unit *unit, uint16_t id);
void amd_poll(void (*report)(const struct fault *fault));

/* ---- amd_interrupts.c ---- */

#define AMD_INTERRUPT_PAGES 2 /* 2048 entries: as many as the data of a message can name */

int amd_interrupts(struct domain *domain, const struct interrupt *first, unsigned count,
                   uint64_t *address, uint32_t *data);
int amd_line(unsigned line, uint8_t ioapic_id, struct interrupt *interrupt, uint32_t *handle);

/* Word 2 of a device's entry: its interrupts are looked up in a table, or refused if page is 0. */
uint64_t amd_interrupt_word(uint32_t page);

#endif
