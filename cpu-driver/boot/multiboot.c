#include "multiboot.h"

#include "../ranges.h"
#include "../string.h"

#define LOW_MEMORY_END 0x100000U /* below lie BIOS data and device memory */

#define EGA_BASE   0xb8000U
#define PIXELS_MAX 16384U /* of one side of a screen */

enum tag_type {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_RSDP_OLD = 14, /* a copy of the RSDP of ACPI 1.0 */
    TAG_RSDP_NEW = 15, /* of ACPI 2.0 and later */
};

struct tag {
    uint32_t type, bytes;
};

struct tag_module {
    uint32_t base, end;
};

struct tag_memory_map {
    uint32_t entry_bytes, entry_version;
};

struct memory_entry {
    uint64_t base, bytes;
    uint32_t type, reserved;
};

enum memory_type { MEMORY_AVAILABLE = 1, MEMORY_ACPI = 3, MEMORY_ACPI_NVS = 4 };

struct tag_framebuffer {
    uint64_t base;
    uint32_t pitch, width, height;
    uint8_t bits, type;
    uint8_t reserved[2];
    uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift,
        blue_bits; /* FRAMEBUFFER_RGB only */
};

enum framebuffer_type { FRAMEBUFFER_RGB = 1, FRAMEBUFFER_EGA = 2 };

static uint64_t entry_end(const struct memory_entry *entry) {
    return entry->bytes <= UINT64_MAX - entry->base ? entry->base + entry->bytes : UINT64_MAX;
}

static enum multiboot_refusal parse_module(struct multiboot *found, const uint8_t *body,
                                           uint32_t bytes) {
    struct tag_module module;

    if (bytes < sizeof module)
        return MULTIBOOT_BAD_TAG;
    memcpy(&module, body, sizeof module);
    if (module.end < module.base)
        return MULTIBOOT_BAD_TAG;
    if (found->module_count++ == 0)
        found->module = (struct range){ module.base, module.end };
    return MULTIBOOT_OK;
}

/*
 * Firmware gives entries in any order, overlapping, of any alignment. What any entry calls
 * something else than available is not used. An entry of more bytes than we know is a later
 * version, with more fields at its end.
 */
static enum multiboot_refusal parse_memory_map(struct multiboot *found, const uint8_t *body,
                                               uint32_t bytes) {
    struct tag_memory_map map;
    struct memory_entry entry;

    if (bytes < sizeof map)
        return MULTIBOOT_BAD_TAG;
    memcpy(&map, body, sizeof map);
    if (map.entry_bytes < sizeof entry)
        return MULTIBOOT_BAD_TAG;
    uint32_t count = (bytes - (uint32_t)sizeof map) / map.entry_bytes;
    const uint8_t *entries = body + sizeof map;

    for (uint32_t i = 0; i < count; i++) {
        memcpy(&entry, entries + (size_t)i * map.entry_bytes, sizeof entry);
        if (entry.type == MEMORY_AVAILABLE)
            found->dropped_bytes += ranges_add(&found->memory, entry.base, entry_end(&entry));
        else if (entry.type == MEMORY_ACPI || entry.type == MEMORY_ACPI_NVS)
            ranges_add(&found->firmware, entry.base, entry_end(&entry));
    }
    for (uint32_t i = 0; i < count; i++) {
        memcpy(&entry, entries + (size_t)i * map.entry_bytes, sizeof entry);
        if (entry.type != MEMORY_AVAILABLE)
            found->dropped_bytes += ranges_remove(&found->memory, entry.base, entry_end(&entry));
    }
    found->installed_bytes = ranges_bytes(&found->memory);
    found->low = found->memory;
    ranges_remove(&found->low, LOW_MEMORY_END, PHYSICAL_END);
    ranges_remove(&found->memory, 0, LOW_MEMORY_END);
    return found->memory.count == 0 ? MULTIBOOT_BAD_NO_MEMORY : MULTIBOOT_OK;
}

/* A screen that we cannot write on is none. */
static void parse_framebuffer(struct multiboot *found, const uint8_t *body, uint32_t bytes) {
    struct tag_framebuffer tag = { 0 };

    memcpy(&tag, body, bytes < sizeof tag ? bytes : sizeof tag);
    struct boot_framebuffer framebuffer = {
        .base = tag.base, .pitch = tag.pitch, .width = tag.width, .height = tag.height
    };
    uint32_t width_bytes;

    if (tag.type == FRAMEBUFFER_EGA) {
        width_bytes = tag.width * 2;
    } else if (tag.type == FRAMEBUFFER_RGB && (tag.bits == 24 || tag.bits == 32) &&
               tag.red_bits == 8 && tag.green_bits == 8 && tag.blue_bits == 8 &&
               tag.red_shift <= 24 && tag.green_shift <= 24 && tag.blue_shift <= 24) {
        framebuffer.bits = tag.bits;
        framebuffer.red_shift = tag.red_shift;
        framebuffer.green_shift = tag.green_shift;
        framebuffer.blue_shift = tag.blue_shift;
        width_bytes = tag.width * (tag.bits / 8U);
    } else {
        return;
    }
    if (tag.base == 0 || tag.base >= PHYSICAL_END || tag.width == 0 || tag.width > PIXELS_MAX ||
        tag.height == 0 || tag.height > PIXELS_MAX || tag.pitch < width_bytes ||
        tag.pitch > PIXELS_MAX * 4)
        return;
    found->framebuffer = framebuffer;
}

/* The newer RSDP wins, whatever the order. */
static void parse_rsdp(struct multiboot *found, const uint8_t *body, uint32_t bytes, bool newer) {
    if (newer || found->rsdp == NULL) {
        found->rsdp = body;
        found->rsdp_bytes = bytes;
    }
}

static void parse_cmdline(struct multiboot *found, const uint8_t *body, uint32_t bytes) {
    uint32_t length = 0;

    while (length < bytes && length < sizeof found->cmdline - 1 && body[length] != '\0') {
        found->cmdline[length] = (char)body[length];
        length++;
    }
    found->cmdline[length] = '\0';
}

static enum multiboot_refusal parse_tag(struct multiboot *found, uint32_t type, const uint8_t *body,
                                        uint32_t bytes) {
    switch (type) {
    case TAG_CMDLINE:
        parse_cmdline(found, body, bytes);
        return MULTIBOOT_OK;
    case TAG_MODULE:
        return parse_module(found, body, bytes);
    case TAG_MEMORY_MAP:
        return parse_memory_map(found, body, bytes);
    case TAG_FRAMEBUFFER:
        parse_framebuffer(found, body, bytes);
        return MULTIBOOT_OK;
    case TAG_RSDP_OLD:
    case TAG_RSDP_NEW:
        parse_rsdp(found, body, bytes, type == TAG_RSDP_NEW);
        return MULTIBOOT_OK;
    default:
        return MULTIBOOT_OK;
    }
}

uint32_t multiboot_bytes(const void *info) {
    uint32_t bytes;

    memcpy(&bytes, info, sizeof bytes);
    return bytes;
}

enum multiboot_refusal multiboot_parse(const void *info, size_t bytes, struct multiboot *found) {
    const uint8_t *base = info;
    struct tag tag;

    memset(found, 0, sizeof *found);
    if (bytes < 8 || multiboot_bytes(info) > bytes)
        return MULTIBOOT_BAD_SIZE;
    bytes = multiboot_bytes(info);
    for (size_t at = 8;; at += (tag.bytes + 7) & ~UINT64_C(7)) { /* tags are aligned to 8 bytes */
        if (at > bytes || bytes - at < sizeof tag)
            return MULTIBOOT_BAD_TAG;
        memcpy(&tag, base + at, sizeof tag);
        if (tag.bytes < sizeof tag || tag.bytes > bytes - at)
            return MULTIBOOT_BAD_TAG;
        if (tag.type == TAG_END)
            break;
        uint32_t body_bytes = tag.bytes - (uint32_t)sizeof tag;
        enum multiboot_refusal refusal =
            parse_tag(found, tag.type, base + at + sizeof tag, body_bytes);
        if (refusal != MULTIBOOT_OK)
            return refusal;
    }
    return found->memory.count == 0 ? MULTIBOOT_BAD_NO_MEMORY : MULTIBOOT_OK;
}

const char *multiboot_refusal_text(enum multiboot_refusal refusal) {
    switch (refusal) {
    case MULTIBOOT_OK:
        return "valid";
#define X(name, text)          \
    case MULTIBOOT_BAD_##name: \
        return text;
        MULTIBOOT_REFUSALS(X)
#undef X
    default:
        return "unknown refusal";
    }
}
