#include "intel.h"

/* Of the capability register (11.4.2). */
#define CAPABILITY_WRITE_BUFFERS (1U << 4)
#define CAPABILITY_PROTECTED     (3U << 5)
#define CAPABILITY_CACHES_EMPTY  (1U << 7)
#define CAPABILITY_LEVELS        8 /* bit 9: 3 levels, bit 10: 4, bit 11: 5 */
#define EXTENDED_COHERENT        (1U << 0)

#define FAULT_EVENT_MASK        (1U << 31)
#define PROTECTED_MEMORY_ENABLE (1U << 31)
#define PROTECTED_MEMORY_STATUS (1U << 0)

#define ENTRY_PRESENT  1U
#define REGISTER_PAGES 2

struct intel_unit intel_unit[INTEL_UNITS_MAX];
unsigned intel_units;
struct dmar intel_table;

/* Root and context entries (9.1, 9.3). */
struct entry {
    uint64_t low, high;
};

int intel_command(const struct intel_unit *unit, uint32_t bit, bool on) {
    uint32_t value = *intel_32(unit, GLOBAL_STATUS) & GLOBAL_LASTING & ~bit;
    uint32_t status = bit == GLOBAL_FLUSH_WRITES || !on ? 0 : bit;

    *intel_32(unit, GLOBAL_COMMAND) = on ? value | bit : value;
    return wait_for(intel_32(unit, GLOBAL_STATUS), bit, status) ? 0 : -E_IO;
}

/* Writes that some old hardware holds back reach memory. */
static int flush_writes(const struct intel_unit *unit) {
    return unit->capability & CAPABILITY_WRITE_BUFFERS
               ? intel_command(unit, GLOBAL_FLUSH_WRITES, true)
               : 0;
}

/* Three levels reach all of IOMMU_BASE to IOMMU_END. */
static uint8_t find_levels(uint64_t capability) {
    for (uint8_t levels = 3; levels <= 5; levels++)
        if (capability >> (CAPABILITY_LEVELS + levels - 2) & 1)
            return levels;
    return 0;
}

static int open_unit(struct intel_unit *unit, uint64_t registers) {
    unit->registers = map_registers(registers, REGISTER_PAGES * PAGE_SIZE);
    if (unit->registers == NULL)
        return -E_PERM;
    unit->capability = *intel_64(unit, CAPABILITY);
    unit->extended = *intel_64(unit, EXTENDED_CAPABILITY);
    unit->levels = find_levels(unit->capability);
    unsigned ids = 1U << (4 + 2 * intel_field(unit->capability, 0, 3));
    if (unit->levels == 0 || ids <= DOMAINS_MAX) {
        log_line("unit %u cannot be used: capabilities %lx", unit->number, unit->capability);
        return -E_NOTSUP;
    }
    if (!(unit->extended & EXTENDED_COHERENT))
        tables.flush = true;
    return 0;
}

static int find(const void *table, size_t bytes) {
    struct dmar_unit found;
    size_t position = 0;

    if (!dmar_open(&intel_table, table, bytes))
        return -E_NOTSUP;
    while (dmar_next_unit(&intel_table, &position, &found)) {
        if (intel_units == INTEL_UNITS_MAX)
            return -E_NOTSUP;
        intel_unit[intel_units].number = intel_units;
        int error = open_unit(&intel_unit[intel_units++], found.registers);
        if (error)
            return error;
    }
    return intel_units != 0 ? 0 : -E_NOTSUP;
}

static bool runs(uint32_t units_page) {
    for (unsigned i = 0; i < intel_units; i++)
        if (!(*intel_32(&intel_unit[i], GLOBAL_STATUS) & GLOBAL_TRANSLATE) ||
            *intel_64(&intel_unit[i], ROOT_TABLE) != tables_physical(&tables, units_page))
            return false;
    return true;
}

static int build(void) {
    struct state *state = tables.state;

    state->units_page = tables_take(&tables, 1, OWNER_UNITS);
    state->interrupts_page = tables_take(&tables, INTEL_INTERRUPT_PAGES, OWNER_UNITS);
    state->queue_page = tables_take(&tables, intel_queue_pages(), OWNER_UNITS);
    return state->units_page && state->interrupts_page && state->queue_page ? 0 : -E_NOMEM;
}

/* The firmware's protection of memory until an operating system comes (11.4.8): over now. */
static int unprotect(const struct intel_unit *unit) {
    volatile uint32_t *protected = intel_32(unit, PROTECTED_MEMORY);

    if (!(unit->capability & CAPABILITY_PROTECTED) || !(*protected & PROTECTED_MEMORY_STATUS))
        return 0;
    *protected &= ~PROTECTED_MEMORY_ENABLE;
    return wait_for(protected, PROTECTED_MEMORY_STATUS, 0) ? 0 : -E_IO;
}

/*
 * The root pointer may change while the unit translates (11.4.5): DMA that somebody had blocked
 * before us stays blocked.
 */
static int start_unit(struct intel_unit *unit) {
    *intel_32(unit, FAULT_EVENT) = FAULT_EVENT_MASK;
    int error = flush_writes(unit);
    if (!error)
        error = intel_queue_start(unit);
    *intel_64(unit, ROOT_TABLE) = tables_physical(&tables, tables.state->units_page);
    if (!error)
        error = intel_command(unit, GLOBAL_SET_ROOT, true);
    if (!error)
        error = intel_flush_all(unit);
    if (!error)
        error = intel_command(unit, GLOBAL_TRANSLATE, true);
    if (!error)
        error = unprotect(unit);
    return error ? error : intel_interrupts_start(unit);
}

/* The context entry of a device. NULL: there is none, or, with `make`, no page for it. */
static struct entry *find_entry(uint16_t device, bool make) {
    struct entry *root =
        (struct entry *)tables_page(&tables, tables.state->units_page) + (device >> 8);
    uint32_t page = 0;

    if (root->low & ENTRY_PRESENT) {
        page = tables_page_at(&tables, root->low & ENTRY_ADDRESS);
    } else if (make) {
        page = tables_take(&tables, 1, OWNER_UNITS);
        if (page != 0)
            *(volatile uint64_t *)&root->low = tables_physical(&tables, page) | ENTRY_PRESENT;
        tables_publish(&tables, root, sizeof *root);
    }
    return page != 0 ? (struct entry *)tables_page(&tables, page) + (device & 0xff) : NULL;
}

static uint16_t domain_id(const struct domain *domain) {
    return (uint16_t)(domain_index(tables.state, domain) + 1); /* 0 is taken (6.2.2.1) */
}

/* Half of the entry says nothing while the other is not present: then the order does not matter. */
static void set_entry(struct entry *entry, uint64_t low, uint64_t high) {
    *(volatile uint64_t *)&entry->low = 0;
    tables_publish(&tables, entry, sizeof *entry);
    *(volatile uint64_t *)&entry->high = high;
    tables_publish(&tables, entry, sizeof *entry);
    *(volatile uint64_t *)&entry->low = low;
    tables_publish(&tables, entry, sizeof *entry);
}

static int flush_domain(const struct domain *domain) {
    struct intel_unit *unit = &intel_unit[domain->unit];
    int error = flush_writes(unit);

    if (!error)
        error = intel_flush_context(unit, domain->requester, domain_id(domain));
    return error ? error : intel_flush_pages(unit, domain_id(domain));
}

static int attach(struct domain *domain) {
    struct entry *entry = find_entry(domain->requester, true);
    uint64_t low = tables_physical(&tables, domain->root) | ENTRY_PRESENT;
    uint64_t high = (uint64_t)domain_id(domain) << 8 | (domain->levels - 2U);

    if (entry == NULL)
        return -E_QUOTA;
    if (entry->low != low || entry->high != high)
        set_entry(entry, low, high);
    return flush_domain(domain);
}

static int detach(struct domain *domain) {
    struct entry *entry = find_entry(domain->requester, false);
    int error = intel_interrupts(domain, NULL, 0, NULL, NULL);

    if (entry != NULL)
        set_entry(entry, 0, 0);
    int other = flush_domain(domain);
    return error && error != -E_NOTSUP ? error : other;
}

static int mapped(struct domain *domain) {
    struct intel_unit *unit = &intel_unit[domain->unit];
    int error = flush_writes(unit);

    if (!error && unit->capability & CAPABILITY_CACHES_EMPTY)
        error = intel_flush_pages(unit, (uint16_t)domain_id(domain));
    return error;
}

static int unmapped(struct domain *domain) {
    struct intel_unit *unit = &intel_unit[domain->unit];
    int error = flush_writes(unit);

    return error ? error : intel_flush_pages(unit, domain_id(domain));
}

/* Is the device one that a live domain of the state is for? */
static bool has_domain(uint16_t device) {
    for (unsigned i = 0; i < DOMAINS_MAX; i++)
        if (tables.state->domain[i].state != DOMAIN_FREE &&
            tables.state->domain[i].requester == device)
            return true;
    return false;
}

/* A server before us may have died while it wrote an entry. */
static void clear_others(void) {
    for (unsigned device = 0; device <= UINT16_MAX; device++) {
        struct entry *entry = find_entry((uint16_t)device, false);
        if (entry == NULL)
            device |= 0xff; /* nothing of that bus */
        else if (entry->low & ENTRY_PRESENT && !has_domain((uint16_t)device))
            set_entry(entry, 0, 0);
    }
}

static int start(void) {
    clear_others();
    if (!runs(tables.state->units_page))
        tables.state->refuses_others = true; /* unless a unit shows that it does not */
    for (unsigned i = 0; i < intel_units; i++) {
        int error = start_unit(&intel_unit[i]);
        if (error) {
            log_line("unit %u does not answer", i);
            return error;
        }
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as of struct hardware */
static int unit_of(uint16_t device, uint16_t *requester, uint8_t *levels) {
    int unit = dmar_unit_of(&intel_table, device, &pci_reader);

    (void)requester; /* the table does not tell */
    if (unit >= 0)
        *levels = intel_unit[unit].levels;
    return unit;
}

static bool reserved(unsigned n, uint64_t *base, uint64_t *last) {
    struct dmar_reserved found;
    size_t position = 0;

    for (unsigned i = 0; dmar_next_reserved(&intel_table, &position, &found); i++)
        if (i == n) {
            *base = found.base;
            *last = found.last;
            return true;
        }
    return false;
}

static unsigned units(void) { return intel_units; }

const struct hardware intel_hardware = {
    .kind = IOMMU_KIND_INTEL,
    .format = &format_intel,
    .find = find,
    .runs = runs,
    .build = build,
    .start = start,
    .unit_of = unit_of,
    .attach = attach,
    .detach = detach,
    .mapped = mapped,
    .unmapped = unmapped,
    .interrupts = intel_interrupts,
    .line = intel_line,
    .refuse_others = intel_refuse_others,
    .poll = intel_poll,
    .reserved = reserved,
    .remaps = intel_remaps,
    .units = units,
};
