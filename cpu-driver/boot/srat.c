#include "srat.h"

#include <stdbool.h>
#include <stddef.h>

#include "../log.h"
#include "../ranges.h"
#include "../string.h"
#include "acpi_entry.h"

/* Until the table has been read, the nodes in *boot are proximity domains. */
struct reader {
    struct boot_info *boot;
    uint32_t domain_mask;
    uint32_t domains;
    uint32_t domain[BOOT_NODES_MAX]; /* ascending */
    bool placed[BOOT_CORES_MAX];     /* the table tells this core's domain */
    const char *fault;               /* NULL: none so far */
};

static void place_core(struct reader *reader, uint32_t apic_id, uint32_t domain) {
    struct boot_info *boot = reader->boot;

    for (uint32_t i = 0; i < boot->core_count; i++) {
        if (boot->core[i].apic_id != apic_id)
            continue;
        if (reader->placed[i] && boot->core[i].node != domain)
            reader->fault = "a core is in two domains";
        reader->placed[i] = true;
        boot->core[i].node = domain;
    }
}

static void read_lapic(struct reader *reader, const void *entry) {
    const struct acpi_srat_lapic *lapic = entry;
    uint32_t domain = lapic->domain_low | (uint32_t)lapic->domain_high[0] << 8 |
                      (uint32_t)lapic->domain_high[1] << 16 | (uint32_t)lapic->domain_high[2] << 24;

    if (lapic->flags & ACPI_AFFINITY_ENABLED)
        place_core(reader, lapic->apic_id, domain & reader->domain_mask);
}

static void read_x2apic(struct reader *reader, const void *entry) {
    const struct acpi_srat_x2apic *x2apic = entry;

    if (x2apic->flags & ACPI_AFFINITY_ENABLED)
        place_core(reader, x2apic->apic_id, x2apic->domain);
}

/*
 * Puts a range in its place in the sorted list, and together with those of its domain that it
 * touches.
 */
static void add_memory(struct reader *reader, struct range range, uint32_t domain) {
    struct boot_info *boot = reader->boot;
    struct boot_node_range *list = boot->node_range;
    uint32_t first = 0, last;

    while (first < boot->node_range_count &&
           (list[first].range.end < range.base ||
            (list[first].range.end == range.base && list[first].node != domain)))
        first++;
    for (last = first; last < boot->node_range_count; last++) {
        const struct boot_node_range *next = &list[last];
        if (next->range.base > range.end || (next->range.base == range.end && next->node != domain))
            break;
        if (next->node != domain) {
            reader->fault = "memory is in two domains";
            return;
        }
        range.base = range.base < next->range.base ? range.base : next->range.base;
        range.end = range.end > next->range.end ? range.end : next->range.end;
    }
    if (first == last && boot->node_range_count == BOOT_NODE_RANGES_MAX) {
        reader->fault = "memory is in too many pieces";
        return;
    }
    memmove(&list[first + 1], &list[last], (boot->node_range_count - last) * sizeof *list);
    list[first] = (struct boot_node_range){ range, domain };
    boot->node_range_count += 1 - (last - first);
}

static void read_memory(struct reader *reader, const void *entry) {
    const struct acpi_srat_memory *memory = entry;
    uint64_t base = memory->base, end = base + memory->bytes;

    if (!(memory->flags & ACPI_AFFINITY_ENABLED) || memory->bytes == 0)
        return;
    if (end < base) {
        reader->fault = "memory ends beyond all addresses";
        return;
    }
    end = end < PHYSICAL_END ? end : PHYSICAL_END;
    if (base < end)
        add_memory(reader, (struct range){ base, end }, memory->domain & reader->domain_mask);
}

static const struct {
    uint8_t type, bytes_min;
    void (*read)(struct reader *reader, const void *entry);
} entries[] = {
    { ACPI_SRAT_LAPIC, sizeof(struct acpi_srat_lapic), read_lapic },
    { ACPI_SRAT_MEMORY, sizeof(struct acpi_srat_memory), read_memory },
    { ACPI_SRAT_X2APIC, sizeof(struct acpi_srat_x2apic), read_x2apic },
};

static void read_entries(struct reader *reader, const struct acpi_srat *srat) {
    const struct acpi_entry *entry = NULL;

    while (reader->fault == NULL &&
           (entry = acpi_entry_next(&srat->header, sizeof *srat, entry)) != NULL)
        for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
            if (entry->type == entries[i].type && entry->bytes >= entries[i].bytes_min)
                entries[i].read(reader, entry);
}

/* The place of a domain among those known, or the one that it would get. */
static uint32_t index_of(const struct reader *reader, uint32_t domain) {
    uint32_t index = 0;

    while (index < reader->domains && reader->domain[index] < domain)
        index++;
    return index;
}

static void add_domain(struct reader *reader, uint32_t domain) {
    uint32_t *at = &reader->domain[index_of(reader, domain)];
    uint32_t *end = &reader->domain[reader->domains];

    if (at < end && *at == domain)
        return;
    if (reader->domains == BOOT_NODES_MAX) {
        reader->fault = "there are too many domains";
        return;
    }
    memmove(at + 1, at, (size_t)(end - at) * sizeof *at);
    *at = domain;
    reader->domains++;
}

static void number_nodes(struct reader *reader) {
    struct boot_info *boot = reader->boot;

    for (uint32_t i = 0; i < boot->core_count; i++) {
        if (!reader->placed[i])
            reader->fault = "a core is in no domain";
        add_domain(reader, boot->core[i].node);
    }
    for (uint32_t i = 0; i < boot->node_range_count; i++)
        add_domain(reader, boot->node_range[i].node);

    for (uint32_t i = 0; i < boot->core_count; i++)
        boot->core[i].node = index_of(reader, boot->core[i].node);
    for (uint32_t i = 0; i < boot->node_range_count; i++)
        boot->node_range[i].node = index_of(reader, boot->node_range[i].node);
    boot->node_count = reader->domains;
    memcpy(boot->node_domain, reader->domain, sizeof boot->node_domain);
}

static void forget_nodes(struct boot_info *boot) {
    for (uint32_t i = 0; i < boot->core_count; i++)
        boot->core[i].node = 0;
    boot->node_count = 1;
    boot->node_range_count = 0;
    memset(boot->node_domain, 0, sizeof boot->node_domain);
}

void srat_read(const struct acpi_srat *srat, struct boot_info *boot) {
    struct reader reader = { .boot = boot };

    forget_nodes(boot);
    if (srat == NULL)
        return;
    /* Before revision 2, ACPI 3.0, domains had 8 bits, and what follows was reserved. */
    reader.domain_mask = srat->header.revision < 2 ? UINT8_MAX : UINT32_MAX;
    read_entries(&reader, srat);
    if (reader.fault == NULL)
        number_nodes(&reader);
    if (reader.fault != NULL) {
        log_line("acpi: table SRAT ignored: %s", reader.fault);
        forget_nodes(boot);
    }
}
