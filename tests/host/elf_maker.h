/* Makes small ELF files to test their readers with. */
#ifndef TESTS_HOST_ELF_MAKER_H
#define TESTS_HOST_ELF_MAKER_H

#include <string.h>

#include <bulkhead/image.h>

static inline uint8_t elf_content(size_t offset) { return (uint8_t)(offset * 7 + 1); }

/*
 * Writes a file of `bytes` bytes with the given program headers right behind its ELF header. The
 * rest of it is elf_content().
 */
static inline void elf_make(uint8_t *file, size_t bytes, uint64_t entry,
                            const struct elf_program_header *segment, uint16_t count) {
    struct elf_header header = {
        .ident = { 0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_DATA_LSB, ELF_VERSION_CURRENT },
        .type = ELF_TYPE_EXEC,
        .machine = ELF_MACHINE_X86_64,
        .version = ELF_VERSION_CURRENT,
        .entry = entry,
        .program_headers = sizeof header,
        .header_bytes = sizeof header,
        .program_header_bytes = sizeof *segment,
        .program_header_count = count,
    };

    for (size_t i = 0; i < bytes; i++)
        file[i] = elf_content(i);
    memcpy(file, &header, sizeof header);
    memcpy(file + sizeof header, segment, count * sizeof *segment);
}

#endif
