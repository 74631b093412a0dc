#include "amd.h"

#include <string.h>

#include "domains.h"

/* Of a device's entry, word 0; its bits for rights and addresses are those of page tables. */
#define DEVICE_VALID       (UINT64_C(1) << 0)
#define DEVICE_TRANSLATED  (UINT64_C(1) << 1)
#define DEVICE_LEVEL_SHIFT 9

#define LEVELS 3 /* they reach all of IOMMU_BASE to IOMMU_END */

#define DEVICE_TABLE_PAGES (DEVICES * sizeof(struct amd_device) / PAGE_SIZE)

struct amd_unit amd_unit[AMD_UNITS_MAX];
unsigned amd_units;
struct ivrs amd_table;

static int find(const void *table, size_t bytes) {
    struct ivrs_unit found;
    size_t position = 0;

    if (!ivrs_open(&amd_table, table, bytes))
        return -E_NOTSUP;
    while (ivrs_next_unit(&amd_table, &position, &found)) {
        if (amd_units == AMD_UNITS_MAX)
            return -E_NOTSUP;
        struct amd_unit *unit = &amd_unit[amd_units];
        unit->number = amd_units++;
        unit->registers = map_registers(found.registers, AMD_REGISTER_PAGES * PAGE_SIZE);
        if (unit->registers == NULL)
            return -E_PERM;
        unit->features = *amd_64(unit, FEATURES);
        unit->device = found.device;
    }
    return amd_units != 0 ? 0 : -E_NOTSUP;
}

static uint64_t device_table_register(uint32_t page) {
    return tables_physical(&tables, page) | (DEVICE_TABLE_PAGES - 1);
}

static bool runs(uint32_t units_page) {
    for (unsigned i = 0; i < amd_units; i++)
        if (!(*amd_64(&amd_unit[i], CONTROL) & CONTROL_ENABLE) ||
            *amd_64(&amd_unit[i], DEVICE_TABLE) != device_table_register(units_page))
            return false;
    return true;
}

struct amd_device *amd_device_at(uint16_t device) {
    return (struct amd_device *)tables_page(&tables, tables.state->units_page) + device;
}

uint16_t amd_domain_id(const struct domain *domain) {
    return (uint16_t)(domain_index(tables.state, domain) + 1);
}

/*
 * A device without a domain: it has page tables, in which there is nothing, and no rights; its
 * interrupts are refused. (An entry that is not valid would let everything pass.)
 */
static struct amd_device blocked_entry(void) {
    uint64_t empty = tables_physical(&tables, tables.state->queue_page + 1);

    return (struct amd_device){ {
        empty | (uint64_t)LEVELS << DEVICE_LEVEL_SHIFT | DEVICE_TRANSLATED | DEVICE_VALID,
        0,
        amd_interrupt_word(0),
        0,
    } };
}

static struct amd_device entry_of(const struct domain *domain) {
    uint64_t rights = format_amd.read | format_amd.write;

    return (struct amd_device){ {
        tables_physical(&tables, domain->root) | rights |
            (uint64_t)domain->levels << DEVICE_LEVEL_SHIFT | DEVICE_TRANSLATED | DEVICE_VALID,
        amd_domain_id(domain),
        amd_interrupt_word(domain->interrupt_table),
        0,
    } };
}

static int build(void) {
    struct state *state = tables.state;

    state->units_page = tables_take(&tables, DEVICE_TABLE_PAGES, OWNER_UNITS);
    state->interrupts_page = tables_take(&tables, AMD_INTERRUPT_PAGES, OWNER_UNITS);
    state->queue_page = tables_take(&tables, amd_queue_pages(), OWNER_UNITS);
    return state->units_page && state->interrupts_page && state->queue_page ? 0 : -E_NOMEM;
}

/*
 * Word 0 decides what is translated how; it changes at once. The words before it are written first
 * when a device gets rights, and last when it loses them.
 */
static void set_entry(uint16_t device, const struct amd_device *value, bool rights) {
    volatile uint64_t *word = amd_device_at(device)->word;

    if (!rights)
        word[0] = value->word[0];
    word[3] = value->word[3];
    word[2] = value->word[2];
    word[1] = value->word[1];
    word[0] = value->word[0];
}

static void set_if_other(uint16_t device, const struct amd_device *value) {
    if (memcmp(amd_device_at(device), value, sizeof *value) != 0)
        set_entry(device, value, false);
}

/* New memory has no entries, and a server before us may have died while it wrote one. */
static void set_all_entries(void) {
    static uint8_t live[DEVICES / 8];
    struct amd_device blocked = blocked_entry(), ioapic = blocked;
    const struct domain *domain;

    for (unsigned n = 0; (domain = domain_number(n)) != NULL; n++) {
        struct amd_device value = entry_of(domain);
        live[domain->requester / 8] |= (uint8_t)(1U << domain->requester % 8);
        set_if_other(domain->requester, &value);
    }
    ioapic.word[2] = amd_interrupt_word(tables.state->interrupts_page);
    for (unsigned device = 0; device < DEVICES; device++) {
        bool lines = amd_device_at((uint16_t)device)->word[2] == ioapic.word[2];
        if (!(live[device / 8] >> device % 8 & 1))
            set_if_other((uint16_t)device, lines ? &ioapic : &blocked);
    }
}

static int start_unit(struct amd_unit *unit) {
    *amd_64(unit, DEVICE_TABLE) = device_table_register(tables.state->units_page);
    *amd_64(unit, EXCLUSION) = 0; /* no memory is exempt */
    int error = amd_queue_start(unit);
    return error ? error : amd_flush_all(unit);
}

static int start(void) {
    uint64_t *empty = tables_page(&tables, tables.state->queue_page + 1);

    for (unsigned i = 0; i < PAGE_SIZE / sizeof *empty; i++)
        empty[i] = format_amd.empty;
    set_all_entries();
    for (unsigned i = 0; i < amd_units; i++) {
        int error = start_unit(&amd_unit[i]);
        if (error) {
            log_line("unit %u does not answer", i);
            return error;
        }
    }
    return 0;
}

static int unit_of(uint16_t device, uint16_t *requester, uint8_t *levels) {
    uint16_t alias;
    int unit = ivrs_unit_of(&amd_table, device, &alias);

    if (unit >= 0) {
        *levels = LEVELS;
        if (alias != device)
            *requester = alias;
    }
    return unit;
}

static int flush_domain(const struct domain *domain) {
    struct amd_unit *unit = &amd_unit[domain->unit];
    int error = amd_flush_device(unit, domain->requester);

    return error ? error : amd_flush_pages(unit, amd_domain_id(domain));
}

static int attach(struct domain *domain) {
    struct amd_device entry = entry_of(domain);

    set_entry(domain->requester, &entry, true);
    return flush_domain(domain);
}

static int detach(struct domain *domain) {
    struct amd_device blocked = blocked_entry();

    set_entry(domain->requester, &blocked, false);
    return flush_domain(domain);
}

/* What is not there is not cached (2.4.4, "Nonpresent entries"), but by some units: cheap enough.
 */
static int changed(struct domain *domain) {
    return amd_flush_pages(&amd_unit[domain->unit], amd_domain_id(domain));
}

static bool reserved(unsigned n, uint64_t *base, uint64_t *last) {
    struct ivrs_reserved found;
    size_t position = 0;

    for (unsigned i = 0; ivrs_next_reserved(&amd_table, &position, &found); i++)
        if (i == n) {
            *base = found.base;
            *last = found.base + found.bytes - 1;
            return true;
        }
    return false;
}

/* As they are, unless the tables say otherwise. */
static int refuse_others(void) {
    tables.state->refuses_others = true;
    return 0;
}

static bool remaps(void) { return true; }

static unsigned units(void) { return amd_units; }

const struct hardware amd_hardware = {
    .kind = IOMMU_KIND_AMD,
    .format = &format_amd,
    .find = find,
    .runs = runs,
    .build = build,
    .start = start,
    .unit_of = unit_of,
    .attach = attach,
    .detach = detach,
    .mapped = changed,
    .unmapped = changed,
    .interrupts = amd_interrupts,
    .line = amd_line,
    .refuse_others = refuse_others,
    .poll = amd_poll,
    .reserved = reserved,
    .remaps = remaps,
    .units = units,
};
