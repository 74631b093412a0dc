#include "dmar.h"

#include "bytes.h"

#define DMAR_HEADER 48 /* the ACPI header and 12 bytes */

/* Types of remapping structures. */
enum { STRUCTURE_UNIT = 0, STRUCTURE_RESERVED = 1 };

/* Types of device scopes. */
enum { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE = 2, SCOPE_IOAPIC = 3 };

#define FLAG_REMAPS_INTERRUPTS 1
#define FLAG_UNIT_ALL          1

#define UNIT_BYTES     16
#define RESERVED_BYTES 24
#define SCOPE_BYTES    6 /* before the path, of two bytes for each step */
#define PATH_MAX_STEPS 16

/* A device scope; its path is checked to have at least one step. */
struct scope {
    uint8_t type, id, bus;
    const uint8_t *path;
    size_t steps;
};

bool dmar_open(struct dmar *dmar, const void *table, size_t bytes) {
    size_t length = acpi_length(table, bytes, "DMAR");

    *dmar = (struct dmar){ .bytes = 0 };
    if (length < DMAR_HEADER)
        return false;
    dmar->table = table;
    dmar->bytes = length;
    dmar->address_bits = dmar->table[36] + 1U;
    dmar->remaps_interrupts = dmar->table[37] & FLAG_REMAPS_INTERRUPTS;
    return true;
}

/* The next remapping structure of a type, of at least `least` bytes, or NULL. */
static const uint8_t *next_structure(const struct dmar *dmar, size_t *position, unsigned type,
                                     size_t least, size_t *length) {
    size_t at = *position != 0 ? *position : DMAR_HEADER;

    while (at < dmar->bytes && dmar->bytes - at >= 4) {
        const uint8_t *structure = dmar->table + at;
        *length = bytes_u16(structure + 2);
        if (*length < 4 || *length > dmar->bytes - at)
            return NULL;
        at += *length;
        *position = at;
        if (bytes_u16(structure) == type && *length >= least)
            return structure;
    }
    return NULL;
}

bool dmar_next_unit(const struct dmar *dmar, size_t *position, struct dmar_unit *unit) {
    const uint8_t *at;
    size_t length;

    do {
        at = next_structure(dmar, position, STRUCTURE_UNIT, UNIT_BYTES, &length);
        if (at == NULL)
            return false;
    } while (bytes_u16(at + 6) != 0); /* another segment */
    unit->all = at[4] & FLAG_UNIT_ALL;
    unit->registers = bytes_u64(at + 8);
    unit->scopes = (struct dmar_scopes){ at + UNIT_BYTES, length - UNIT_BYTES };
    return true;
}

bool dmar_next_reserved(const struct dmar *dmar, size_t *position, struct dmar_reserved *reserved) {
    const uint8_t *at;
    size_t length;

    do {
        at = next_structure(dmar, position, STRUCTURE_RESERVED, RESERVED_BYTES, &length);
        if (at == NULL)
            return false;
    } while (bytes_u16(at + 6) != 0);
    reserved->base = bytes_u64(at + 8);
    reserved->last = bytes_u64(at + 16);
    reserved->scopes = (struct dmar_scopes){ at + RESERVED_BYTES, length - RESERVED_BYTES };
    return true;
}

/* Takes the first scope off the list. */
static bool next_scope(struct dmar_scopes *scopes, struct scope *scope) {
    if (scopes->bytes < SCOPE_BYTES + 2)
        return false;
    const uint8_t *at = scopes->at;
    size_t length = at[1];
    if (length < SCOPE_BYTES + 2 || length > scopes->bytes)
        return false;
    *scope = (struct scope){ at[0], at[4], at[5], at + SCOPE_BYTES, (length - SCOPE_BYTES) / 2 };
    scopes->at += length;
    scopes->bytes -= length;
    return true;
}

static uint16_t device_at(uint8_t bus, const uint8_t *step) {
    return (uint16_t)(bus << 8 | (step[0] & 0x1f) << 3 | (step[1] & 7));
}

/* The buses behind a bridge: register 18h has secondary and subordinate bus (PCI-to-PCI Bridge
 * Architecture 1.2, 3.2.5). False: that is no bridge. */
static bool bridge_buses(uint16_t bridge, const struct pci_reader *pci, uint8_t *first,
                         uint8_t *last) {
    uint32_t header = pci->read(pci->context, bridge, 0x0c);
    uint32_t buses = pci->read(pci->context, bridge, 0x18);

    if (header == UINT32_MAX || (header >> 16 & 0x7f) != 1)
        return false;
    *first = (uint8_t)(buses >> 8);
    *last = (uint8_t)(buses >> 16);
    return *first != 0 && *first <= *last;
}

/* What a scope's path leads to: all steps but the last are bridges. */
static bool resolve(const struct scope *scope, const struct pci_reader *pci, uint16_t *device) {
    uint8_t bus = scope->bus, last;

    if (scope->steps > PATH_MAX_STEPS)
        return false;
    for (size_t i = 0; i + 1 < scope->steps; i++)
        if (!bridge_buses(device_at(bus, scope->path + 2 * i), pci, &bus, &last))
            return false;
    *device = device_at(bus, scope->path + 2 * (scope->steps - 1));
    return true;
}

bool dmar_in_scope(struct dmar_scopes scopes, uint16_t device, const struct pci_reader *pci) {
    struct scope scope;
    uint16_t named;
    uint8_t first, last;

    while (next_scope(&scopes, &scope)) {
        if (scope.type != SCOPE_ENDPOINT && scope.type != SCOPE_BRIDGE)
            continue;
        if (!resolve(&scope, pci, &named))
            continue;
        if (named == device)
            return true;
        if (scope.type == SCOPE_BRIDGE && bridge_buses(named, pci, &first, &last) &&
            device >> 8 >= first && device >> 8 <= last)
            return true;
    }
    return false;
}

int dmar_unit_of(const struct dmar *dmar, uint16_t device, const struct pci_reader *pci) {
    struct dmar_unit unit;
    size_t position = 0;
    int all = -1;

    for (int number = 0; dmar_next_unit(dmar, &position, &unit); number++) {
        if (unit.all)
            all = number;
        else if (dmar_in_scope(unit.scopes, device, pci))
            return number;
    }
    return all;
}

bool dmar_ioapic(const struct dmar *dmar, uint8_t id, unsigned *unit_number, uint16_t *source) {
    struct dmar_unit unit;
    size_t position = 0;

    for (unsigned number = 0; dmar_next_unit(dmar, &position, &unit); number++) {
        struct scope scope;
        while (next_scope(&unit.scopes, &scope)) {
            if (scope.type != SCOPE_IOAPIC || scope.id != id)
                continue;
            *unit_number = number;
            *source = device_at(scope.bus, scope.path);
            return true;
        }
    }
    return false;
}
