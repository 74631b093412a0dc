/*
 * What the kinds of hardware have in common: the rest of the server drives them through this
 * interface. Each function that takes something from a device returns when no cache of the hardware
 * knows of it any more; -E_IO: the hardware does not answer, and what was to be taken may still be
 * reachable.
 */
#ifndef IOMMU_HARDWARE_H
#define IOMMU_HARDWARE_H

#include <runtime/startup.h>

#include "dmar.h"
#include "pages.h"

/* What a unit tells of an access that it has refused. */
struct fault {
    uint16_t requester;
    uint8_t access; /* a set of enum iommu_access; 0: it does not say */
    uint8_t reason; /* enum iommu_reason */
    uint32_t code;  /* the hardware's */
    uint64_t address;
};

/* Where an interrupt goes. */
struct interrupt {
    uint32_t apic_id;
    uint8_t vector;
    bool level;      /* level-triggered: of lines alone */
    uint16_t source; /* the device that it has to come from */
};

struct hardware {
    enum iommu_kind kind;
    const struct page_format *format;
    /* Finds the units in the ACPI table, which stays where it is. -E_NOTSUP: what is there cannot
     * confine DMA. */
    int (*find)(const void *table, size_t bytes);
    /* Do all units work with the tables that begin at this page? */
    bool (*runs)(uint32_t units_page);
    /* Takes pages for the units' tables out of new memory; all DMA is blocked by them. -E_NOMEM */
    int (*build)(void);
    /* Makes the units work with the tables. From then on all DMA is blocked but what domains allow;
     * there is no moment at which more gets through than before. */
    int (*start)(void);
    /* The number of the unit that looks after a device, or -1; *levels: of page tables. *requester,
     * the caller's idea of it, is replaced where the firmware knows better. */
    int (*unit_of)(uint16_t device, uint16_t *requester, uint8_t *levels);
    /* Lets a domain's device use its tables; takes them away. */
    int (*attach)(struct domain *domain);
    int (*detach)(struct domain *domain);
    /* Pages have been added to the domain, or taken from it. */
    int (*mapped)(struct domain *domain);
    int (*unmapped)(struct domain *domain);
    /* Makes entry i of the domain's interrupts lead to *first with vector + i, and none beyond
     * `count`; *address and *data are what entry 0 is caused by. */
    int (*interrupts)(struct domain *domain, const struct interrupt *first, unsigned count,
                      uint64_t *address, uint32_t *data);
    /* Lets a line of an I/O APIC cause one interrupt. -E_NOENT: the firmware does not tell of that
     * I/O APIC. *handle: what the I/O APIC's entry needs, 0 for nothing. */
    int (*line)(unsigned line, uint8_t ioapic_id, struct interrupt *interrupt, uint32_t *handle);
    /* All lines are done: interrupts that are not remapped are refused from now on, if the hardware
     * can; state.refuses_others says. */
    int (*refuse_others)(void);
    /* Hands over the faults since the last time. */
    void (*poll)(void (*report)(const struct fault *fault));
    /* Memory that the firmware wants devices to reach: number n. False: there is no more. */
    bool (*reserved)(unsigned n, uint64_t *base, uint64_t *last);
    /* Are interrupts remapped? Known after start(). */
    bool (*remaps)(void);
    unsigned (*units)(void);
};

extern const struct hardware intel_hardware, amd_hardware;

/* The memory of all tables. */
extern struct tables tables;

/* Maps device memory, for good. NULL: it may not. */
void *map_registers(uint64_t physical, size_t bytes);

/* How the configuration space is read. */
extern const struct pci_reader pci_reader;
void pci_write(uint16_t device, unsigned offset, uint32_t value);

/* A line in the kernel's log. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How long a unit may take. */
#define HARDWARE_TIMEOUT TIME_SECOND

/* Waits until bits of a word have a value. False: they do not get it in time. */
static inline bool wait_within(uint64_t nanoseconds, const volatile uint32_t *word, uint32_t mask,
                               uint32_t value) {
    uint64_t end = time_now() + nanoseconds;

    while ((*word & mask) != value) {
        if (time_now() > end)
            return (*word & mask) == value;
        __asm__ volatile("pause");
    }
    return true;
}

static inline bool wait_for(const volatile uint32_t *word, uint32_t mask, uint32_t value) {
    return wait_within(HARDWARE_TIMEOUT, word, mask, value);
}

#endif
