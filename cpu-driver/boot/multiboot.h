/*
 * What the boot loader tells: the Multiboot2 information (Multiboot2 Specification 2.0, 3.6). The
 * parser takes arbitrary bytes.
 */
#ifndef CPU_DRIVER_BOOT_MULTIBOOT_H
#define CPU_DRIVER_BOOT_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bootinfo.h"

#define MULTIBOOT_BYTES_MAX 0x100000U /* longer information is refused */

/* X(name, text): why information is refused. */
#define MULTIBOOT_REFUSALS(X)                                       \
    X(SIZE, "the boot loader's information has an impossible size") \
    X(TAG, "the boot loader's information is malformed")            \
    X(NO_MEMORY, "the boot loader gave no memory map")

enum multiboot_refusal {
    MULTIBOOT_OK,
#define X(name, text) MULTIBOOT_BAD_##name,
    MULTIBOOT_REFUSALS(X)
#undef X
};

struct multiboot {
    struct range_list memory;   /* usable RAM above the first MiB; modules are still in it */
    struct range_list low;      /* usable RAM below */
    struct range_list firmware; /* memory with ACPI tables */
    uint64_t installed_bytes;   /* of usable RAM, the first MiB included */
    uint64_t
        dropped_bytes; /* of RAM not used because the map has too many holes, or ends too high */
    uint32_t module_count;
    struct range module; /* the first one, to the byte */
    struct boot_framebuffer framebuffer;
    const uint8_t *rsdp; /* the newest copy of the ACPI RSDP; NULL: none */
    uint32_t rsdp_bytes;
    char cmdline[BOOT_CMDLINE_MAX];
};

/*
 * Parses the information at `info`, of which at most `bytes` bytes may be read. On MULTIBOOT_OK all
 * of *found is valid; found->rsdp points into the information.
 */
enum multiboot_refusal multiboot_parse(const void *info, size_t bytes, struct multiboot *found);

/* Total size of the information, as it says itself. The first 4 bytes may be read. */
uint32_t multiboot_bytes(const void *info);

/* The text of a refusal, for people. Never returns NULL. */
const char *multiboot_refusal_text(enum multiboot_refusal refusal);

#endif
