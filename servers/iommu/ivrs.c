#include "ivrs.h"

#include "bytes.h"

#define IVRS_HEADER    48 /* the ACPI header, IVinfo and 8 reserved bytes */
#define UNIT_BYTES     24 /* of a block of type 10h; 11h and 40h have 16 more */
#define UNIT_BYTES_EXT 40
#define RESERVED_BYTES 32

enum {
    BLOCK_UNIT_10 = 0x10,
    BLOCK_UNIT_11 = 0x11,
    BLOCK_UNIT_40 = 0x40,
    BLOCK_RESERVED_ALL = 0x20,
    BLOCK_RESERVED_ONE = 0x21,
    BLOCK_RESERVED_RANGE = 0x22,
};

/* Types of device entries (48882, table 98 and following). */
enum {
    ENTRY_ALL = 1,
    ENTRY_ONE = 2,
    ENTRY_START = 3,
    ENTRY_END = 4,
    ENTRY_ALIAS = 0x42,
    ENTRY_ALIAS_START = 0x43,
    ENTRY_EXTENDED = 0x46,
    ENTRY_EXTENDED_START = 0x47,
    ENTRY_SPECIAL = 0x48,
    ENTRY_NAMED = 0xf0, /* a device that ACPI names: of variable length */
};

#define SPECIAL_IOAPIC 1

#define ENTRY_NAMED_BYTES 22 /* before the name */

bool ivrs_open(struct ivrs *ivrs, const void *table, size_t bytes) {
    size_t length = acpi_length(table, bytes, "IVRS");

    *ivrs = (struct ivrs){ .bytes = 0 };
    if (length < IVRS_HEADER)
        return false;
    ivrs->table = table;
    ivrs->bytes = length;
    for (size_t at = IVRS_HEADER; length - at >= 4;) {
        uint8_t type = ivrs->table[at];
        size_t block = bytes_u16(ivrs->table + at + 2);
        if (block < 4 || block > length - at)
            break;
        bool unit = type == BLOCK_UNIT_10 || type == BLOCK_UNIT_11 || type == BLOCK_UNIT_40;
        if (unit && type > ivrs->type)
            ivrs->type = type;
        at += block;
    }
    return true;
}

/* The next block, or NULL. */
static const uint8_t *next_block(const struct ivrs *ivrs, size_t *position, size_t *length) {
    size_t at = *position != 0 ? *position : IVRS_HEADER;

    if (at >= ivrs->bytes || ivrs->bytes - at < 4)
        return NULL;
    *length = bytes_u16(ivrs->table + at + 2);
    if (*length < 4 || *length > ivrs->bytes - at)
        return NULL;
    *position = at + *length;
    return ivrs->table + at;
}

bool ivrs_next_unit(const struct ivrs *ivrs, size_t *position, struct ivrs_unit *unit) {
    size_t least = ivrs->type == BLOCK_UNIT_10 ? UNIT_BYTES : UNIT_BYTES_EXT, length;
    const uint8_t *at;

    while ((at = next_block(ivrs, position, &length)) != NULL) {
        if (at[0] != ivrs->type || length < least || bytes_u16(at + 16) != 0)
            continue;
        unit->device = bytes_u16(at + 4);
        unit->registers = bytes_u64(at + 8);
        unit->entries = at + least;
        unit->bytes = length - least;
        return true;
    }
    return false;
}

bool ivrs_next_reserved(const struct ivrs *ivrs, size_t *position, struct ivrs_reserved *reserved) {
    const uint8_t *at;
    size_t length;

    while ((at = next_block(ivrs, position, &length)) != NULL) {
        if (at[0] < BLOCK_RESERVED_ALL || at[0] > BLOCK_RESERVED_RANGE || length < RESERVED_BYTES)
            continue;
        reserved->first = at[0] == BLOCK_RESERVED_ALL ? 0 : bytes_u16(at + 4);
        reserved->last = at[0] == BLOCK_RESERVED_ALL   ? UINT16_MAX
                         : at[0] == BLOCK_RESERVED_ONE ? reserved->first
                                                       : bytes_u16(at + 6);
        reserved->base = bytes_u64(at + 16);
        reserved->bytes = bytes_u64(at + 24);
        return true;
    }
    return false;
}

/* The two high bits of an entry's type give its length, but of a named one. */
static size_t entry_length(const uint8_t *at, size_t bytes) {
    size_t length = (size_t)4 << (at[0] >> 6);

    if (at[0] == ENTRY_NAMED)
        length = bytes < ENTRY_NAMED_BYTES ? bytes + 1 : ENTRY_NAMED_BYTES + (size_t)at[21];
    return length;
}

/* Takes the first device entry off the unit's list. */
static const uint8_t *next_entry(struct ivrs_unit *unit) {
    if (unit->bytes < 4)
        return NULL;
    const uint8_t *at = unit->entries;
    size_t length = entry_length(at, unit->bytes);
    if (length > unit->bytes)
        return NULL;
    unit->entries += length;
    unit->bytes -= length;
    return at;
}

/* Does the unit look after the device? A range is two entries, its start and its end. */
static bool covers(struct ivrs_unit unit, uint16_t device, uint16_t *requester) {
    uint16_t first = 0, alias = 0;
    bool open = false, aliased = false, found = false;
    const uint8_t *at;

    *requester = device;
    while ((at = next_entry(&unit)) != NULL) {
        uint16_t id = bytes_u16(at + 1);
        switch (at[0]) {
        case ENTRY_ALL:
            found = true;
            break;
        case ENTRY_ALIAS:
            if (id == device)
                *requester = bytes_u16(at + 5);
            /* fallthrough */
        case ENTRY_ONE:
        case ENTRY_EXTENDED:
            found = found || id == device;
            break;
        case ENTRY_START:
        case ENTRY_EXTENDED_START:
        case ENTRY_ALIAS_START:
            open = true;
            first = id;
            aliased = at[0] == ENTRY_ALIAS_START;
            if (aliased)
                alias = bytes_u16(at + 5);
            break;
        case ENTRY_END:
            if (open && device >= first && device <= id) {
                found = true;
                if (aliased)
                    *requester = alias;
            }
            open = false;
            break;
        default:
            break;
        }
    }
    return found;
}

int ivrs_unit_of(const struct ivrs *ivrs, uint16_t device, uint16_t *requester) {
    struct ivrs_unit unit;
    size_t position = 0;

    for (int number = 0; ivrs_next_unit(ivrs, &position, &unit); number++)
        if (covers(unit, device, requester))
            return number;
    return -1;
}

bool ivrs_ioapic(const struct ivrs *ivrs, uint8_t id, uint16_t *source) {
    struct ivrs_unit unit;
    size_t position = 0;

    while (ivrs_next_unit(ivrs, &position, &unit)) {
        const uint8_t *at;
        while ((at = next_entry(&unit)) != NULL) {
            if (at[0] != ENTRY_SPECIAL || at[7] != SPECIAL_IOAPIC || at[4] != id)
                continue;
            *source = bytes_u16(at + 5);
            return true;
        }
    }
    return false;
}
