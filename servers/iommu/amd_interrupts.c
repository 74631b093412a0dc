/*
 * Which interrupts devices and I/O APICs can cause (2.2.5). The hardware looks a message's data up
 * in a table of the device that it comes from: every domain has a table of its own, of which
 * IOMMU_MESSAGES entries are used, and all I/O APICs have one together, in which the index is the
 * vector.
 */
#include "amd.h"

/* Word 2 of a device's entry. */
#define WORD_VALID  (UINT64_C(1) << 0)
#define WORD_LENGTH (UINT64_C(11) << 1) /* 2048 entries */
#define WORD_REMAP  (UINT64_C(2) << 60)

#define ENTRY_REMAPPED    1U
#define ENTRY_DESTINATION 8
#define ENTRY_VECTOR      16

#define MESSAGE_ADDRESS 0xfee00000U

/* Without a table: fixed and arbitrated interrupts are refused, as NMI, INIT and the others are. */
uint64_t amd_interrupt_word(uint32_t page) {
    return page == 0 ? WORD_VALID
                     : tables_physical(&tables, page) | WORD_REMAP | WORD_LENGTH | WORD_VALID;
}

static uint32_t make_entry(const struct interrupt *interrupt, unsigned vector) {
    return vector << ENTRY_VECTOR | (interrupt->apic_id & 0xff) << ENTRY_DESTINATION |
           ENTRY_REMAPPED;
}

int amd_interrupts(struct domain *domain, const struct interrupt *first, unsigned count,
                   uint64_t *address, uint32_t *data) {
    if (domain->interrupt_table == 0 && count == 0)
        return 0;
    if (domain->interrupt_table == 0)
        domain->interrupt_table =
            tables_take(&tables, AMD_INTERRUPT_PAGES, domain_owner(tables.state, domain));
    if (domain->interrupt_table == 0)
        return -E_NOSLOT;
    volatile uint32_t *entry = (volatile uint32_t *)tables_page(&tables, domain->interrupt_table);
    for (unsigned i = 0; i < IOMMU_MESSAGES; i++)
        entry[i] = i < count ? make_entry(first, first->vector + i) : 0;
    amd_device_at(domain->requester)->word[2] = amd_interrupt_word(domain->interrupt_table);
    tables_publish(&tables, amd_device_at(domain->requester), sizeof(struct amd_device));
    if (count != 0) {
        *address = MESSAGE_ADDRESS;
        *data = 0;
    }
    return amd_flush_device(&amd_unit[domain->unit], domain->requester);
}

int amd_line(unsigned line, uint8_t ioapic_id, struct interrupt *interrupt, uint32_t *handle) {
    uint32_t table = tables.state->interrupts_page;

    (void)line;
    *handle = 0;
    if (!ivrs_ioapic(&amd_table, ioapic_id, &interrupt->source))
        return -E_NOENT;
    ((volatile uint32_t *)tables_page(&tables, table))[interrupt->vector] =
        make_entry(interrupt, interrupt->vector);
    amd_device_at(interrupt->source)->word[2] = amd_interrupt_word(table);
    tables_publish(&tables, amd_device_at(interrupt->source), sizeof(struct amd_device));
    for (unsigned i = 0; i < amd_units; i++) {
        int error = amd_flush_device(&amd_unit[i], interrupt->source);
        if (error)
            return error;
    }
    return 0;
}
