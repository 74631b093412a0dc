/*
 * Which interrupts devices and I/O APICs can cause (chapter 5). One table serves all units: entry n
 * is line n of the I/O APICs, then there are IOMMU_MESSAGES entries for each domain. An entry says
 * whom the interrupt has to come from; that another device causes it, the hardware refuses.
 */
#include <string.h>

#include "intel.h"

#define EXTENDED_REMAPS (1U << 3)

#define TABLE_ENTRIES_LOG 12
#define ADDRESS_BASE      0xfee00000U
#define ADDRESS_REMAPPED  (1U << 4)
#define ADDRESS_DATA      (1U << 3) /* the message's data is added to the index */

#define ENTRY_PRESENT       1U
#define ENTRY_LEVEL         (1U << 4)
#define ENTRY_VERIFY_SOURCE (UINT64_C(1) << 18)

struct entry {
    uint64_t low, high;
};

_Static_assert(LINES + DOMAINS_MAX * IOMMU_MESSAGES <= 1 << TABLE_ENTRIES_LOG, "all have room");
_Static_assert(INTEL_INTERRUPT_PAGES *PAGE_SIZE == sizeof(struct entry) << TABLE_ENTRIES_LOG, "");

bool intel_remaps(void) {
    for (unsigned i = 0; i < intel_units; i++)
        if (!(intel_unit[i].extended & EXTENDED_REMAPS))
            return false;
    return intel_table.remaps_interrupts;
}

static unsigned first_of(const struct domain *domain) {
    return LINES + domain_index(tables.state, domain) * IOMMU_MESSAGES;
}

static struct entry *entry_at(unsigned index) {
    return (struct entry *)tables_page(&tables, tables.state->interrupts_page) + index;
}

static void clear_entry(unsigned index) {
    *(volatile uint64_t *)&entry_at(index)->low = 0;
    tables_publish(&tables, entry_at(index), sizeof(struct entry));
}

/* Destinations are those of the xAPIC (9.10). */
static struct entry make_entry(const struct interrupt *interrupt, unsigned vector) {
    return (struct entry){
        .low = (uint64_t)(interrupt->apic_id & 0xff) << 40 | (uint64_t)vector << 16 |
               (interrupt->level ? ENTRY_LEVEL : 0) | ENTRY_PRESENT,
        .high = ENTRY_VERIFY_SOURCE | interrupt->source,
    };
}

/* Of an entry that is not present. */
static void set_entry(unsigned index, struct entry value) {
    struct entry *entry = entry_at(index);

    *(volatile uint64_t *)&entry->high = value.high;
    tables_publish(&tables, entry, sizeof *entry);
    *(volatile uint64_t *)&entry->low = value.low;
    tables_publish(&tables, entry, sizeof *entry);
}

static int flush(void) {
    for (unsigned i = 0; i < intel_units; i++) {
        int error = intel_flush_interrupts(&intel_unit[i]);
        if (error)
            return error;
    }
    return 0;
}

/*
 * Until the lines are done, interrupts that are not remapped pass: the console's must not be lost.
 * Then intel_refuse_others() ends that. A unit that does not know this switch (QEMU's) lets them
 * pass always.
 */
static void let_others_pass(const struct intel_unit *unit) {
    uint32_t lasting = *intel_32(unit, GLOBAL_STATUS) & GLOBAL_LASTING;

    *intel_32(unit, GLOBAL_COMMAND) = lasting | GLOBAL_COMPATIBLE;
    if (!wait_within(TIME_MILLISECOND, intel_32(unit, GLOBAL_STATUS), GLOBAL_COMPATIBLE,
                     GLOBAL_COMPATIBLE))
        tables.state->refuses_others = false;
}

int intel_interrupts_start(struct intel_unit *unit) {
    if (!intel_remaps())
        return 0;
    int error = 0;
    bool runs = *intel_32(unit, GLOBAL_STATUS) & GLOBAL_REMAP_INTERRUPTS;
    if (!runs)
        let_others_pass(unit);
    *intel_64(unit, INTERRUPT_TABLE) =
        tables_physical(&tables, tables.state->interrupts_page) | (TABLE_ENTRIES_LOG - 1);
    if (!error)
        error = intel_command(unit, GLOBAL_SET_INTERRUPTS, true);
    if (!error)
        error = intel_flush_interrupts(unit);
    if (!error && !runs)
        error = intel_command(unit, GLOBAL_REMAP_INTERRUPTS, true);
    return error;
}

int intel_refuse_others(void) {
    for (unsigned i = 0; i < intel_units; i++) {
        int error = intel_command(&intel_unit[i], GLOBAL_COMPATIBLE, false);
        if (error)
            return error;
    }
    return 0;
}

int intel_interrupts(struct domain *domain, const struct interrupt *first, unsigned count,
                     uint64_t *address, uint32_t *data) {
    unsigned index = first_of(domain);

    if (!intel_remaps())
        return -E_NOTSUP;
    for (unsigned i = 0; i < IOMMU_MESSAGES; i++)
        clear_entry(index + i);
    int error = flush();
    if (error || count == 0)
        return error;
    for (unsigned i = 0; i < count; i++)
        set_entry(index + i, make_entry(first, first->vector + i));
    *address =
        ADDRESS_BASE | (index & 0x7fff) << 5 | ADDRESS_REMAPPED | ADDRESS_DATA | (index >> 15) << 2;
    *data = 0;
    return 0;
}

/*
 * The handle is the entry's index, and one more, so that it is not 0. An entry that is right
 * already stays: a server that is started again loses no interrupt.
 */
int intel_line(unsigned line, uint8_t ioapic_id, struct interrupt *interrupt, uint32_t *handle) {
    unsigned unit;

    if (!intel_remaps())
        return -E_NOTSUP;
    if (line >= LINES || !dmar_ioapic(&intel_table, ioapic_id, &unit, &interrupt->source))
        return -E_NOENT;
    struct entry entry = make_entry(interrupt, interrupt->vector);
    *handle = line + 1;
    if (memcmp(entry_at(line), &entry, sizeof entry) == 0)
        return 0;
    clear_entry(line);
    int error = intel_flush_interrupts(&intel_unit[unit]);
    if (!error)
        set_entry(line, entry);
    return error;
}
