/*
 * The symbol table of a program image: which function an address lies in. For reports, so it reads
 * the ELF file in place and searches it from end to end. The file may hold anything, at any
 * alignment.
 *
 * Freestanding. Source: System V gABI 4.1, chapter 4.
 */
#ifndef BULKHEAD_SYMBOLS_H
#define BULKHEAD_SYMBOLS_H

#include <bulkhead/image.h>

struct elf_section_header {
    uint32_t name, type;
    uint64_t flags, address, offset, bytes;
    uint32_t link, info;
    uint64_t align, entry_bytes;
};

struct elf_symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, bytes;
};

_Static_assert(sizeof(struct elf_section_header) == 64, "gABI 4.1, figure 4-8");
_Static_assert(sizeof(struct elf_symbol) == 24, "gABI 4.1, figure 4-15");

enum elf_symbol_value {
    ELF_SECTION_SYMBOLS = 2, /* section type */
    ELF_SYMBOL_NONE = 0,     /* symbol types; assembly labels have none */
    ELF_SYMBOL_FUNCTION = 2,
    ELF_SECTION_UNDEFINED = 0,
};

/* Reads section header `index`; false when there is none. */
static inline bool symbols_section(const void *file, size_t bytes, uint32_t index,
                                   struct elf_section_header *section) {
    struct elf_header header;
    if (bytes < sizeof header)
        return false;
    __builtin_memcpy(&header, file, sizeof header);
    if (index >= header.section_header_count || header.section_header_bytes != sizeof *section ||
        header.section_headers > bytes ||
        (bytes - header.section_headers) / sizeof *section <= index)
        return false;
    __builtin_memcpy(section,
                     (const uint8_t *)file + header.section_headers + index * sizeof *section,
                     sizeof *section);
    return true;
}

/* Whether a section's contents lie in the file. */
static inline bool symbols_in_file(const struct elf_section_header *section, size_t bytes) {
    return section->offset <= bytes && section->bytes <= bytes - section->offset;
}

/*
 * The name of the function that `address` lies in, and in *offset how far in; NULL when the file
 * does not tell. A label of assembly code, which has no size, reaches to the next. The name lies in
 * the file.
 */
static inline const char *symbols_find(const void *file, size_t bytes, uint64_t address,
                                       uint64_t *offset) {
    struct elf_section_header table, names;
    uint32_t index = 0;
    do {
        if (!symbols_section(file, bytes, index++, &table))
            return NULL;
    } while (table.type != ELF_SECTION_SYMBOLS);
    if (!symbols_section(file, bytes, table.link, &names) || !symbols_in_file(&table, bytes) ||
        !symbols_in_file(&names, bytes) || names.bytes == 0)
        return NULL;
    const char *strings = (const char *)file + names.offset;
    if (strings[names.bytes - 1] != '\0')
        return NULL;

    const char *best = NULL;
    uint64_t best_value = 0, best_bytes = 0;
    for (uint64_t i = 0; i < table.bytes / sizeof(struct elf_symbol); i++) {
        struct elf_symbol symbol;
        __builtin_memcpy(&symbol, (const uint8_t *)file + table.offset + i * sizeof symbol,
                         sizeof symbol);
        uint8_t type = symbol.info & 0xf;
        if ((type == ELF_SYMBOL_FUNCTION || type == ELF_SYMBOL_NONE) &&
            symbol.section != ELF_SECTION_UNDEFINED && symbol.name < names.bytes &&
            symbol.value <= address &&
            (best == NULL || symbol.value > best_value ||
             (symbol.value == best_value && type == ELF_SYMBOL_FUNCTION))) {
            best = strings + symbol.name;
            best_value = symbol.value;
            best_bytes = symbol.bytes;
        }
    }
    *offset = address - best_value;
    return best_bytes == 0 || *offset <= best_bytes
               ? best
               : NULL; /* a call that does not return may be the last */
}

#endif
