/*
 * Program images: static, non-relocatable ELF64 files for x86-64. image_check() turns a file in
 * memory into a plan for loading it, or refuses it with a reason. It is the only ELF reader of the
 * system: for the cpu-driver itself, for the first process, for every program that a monitor
 * starts. The file may hold anything, at any alignment.
 *
 * Freestanding. Source: System V gABI 4.1, chapters 4 and 5; AMD64 psABI 1.0.
 */
#ifndef BULKHEAD_IMAGE_H
#define BULKHEAD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/kcall.h>

#define IMAGE_SEGMENTS_MAX 8  /* loadable segments of one image */
#define IMAGE_HEADERS_MAX  32 /* program headers of one image, loadable or not */

/* X(name, text): why an image is refused. */
#define IMAGE_REFUSALS(X)                                                                \
    X(TRUNCATED, "truncated: the file ends before its headers or segments do")           \
    X(NOT_ELF, "not an ELF file")                                                        \
    X(FOREIGN, "not a 64-bit x86-64 ELF file")                                           \
    X(NOT_STATIC, "not a static, fixed-address executable")                              \
    X(TLS, "has thread-local storage, which is not supported")                           \
    X(MALFORMED, "malformed ELF headers")                                                \
    X(MISALIGNED, "malformed: address, file offset and alignment of a segment disagree") \
    X(SEGMENTS, "too many program headers or segments")                                  \
    X(FILE_SIZE, "malformed: a segment has more bytes in the file than in memory")       \
    X(WX, "a segment or the stack would be writable and executable")                     \
    X(WINDOW, "a segment lies outside the allowed addresses")                            \
    X(OVERLAP, "overlapping segments, or two on the same page")                          \
    X(OVERSIZED, "oversized: needs more memory than allowed")                            \
    X(ENTRY, "the entry point is not in an executable segment")

enum image_refusal {
    IMAGE_OK,
#define X(name, text) IMAGE_BAD_##name,
    IMAGE_REFUSALS(X)
#undef X
        IMAGE_REFUSAL_COUNT
};

/* The rest of its pages, before vaddr and beyond file_bytes, is zero. */
struct image_segment {
    uint64_t vaddr;        /* any alignment */
    uint64_t memory_bytes; /* at least 1 */
    uint64_t file_offset;
    uint64_t file_bytes; /* at most memory_bytes; may be 0 */
    uint32_t protection; /* enum protection: PROT_READ always, the other two never together */
};

/* Segments are in the order of the file's headers; no two have a page in common. */
struct image_plan {
    uint64_t entry;
    uint64_t memory_bytes; /* of all segments, whole pages */
    uint32_t count;        /* 1 to IMAGE_SEGMENTS_MAX */
    struct image_segment segment[IMAGE_SEGMENTS_MAX];
};

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_bytes, program_header_bytes, program_header_count;
    uint16_t section_header_bytes, section_header_count, section_names;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_bytes, memory_bytes, align;
};

_Static_assert(sizeof(struct elf_header) == 64, "gABI 4.1, figure 4-3");
_Static_assert(sizeof(struct elf_program_header) == 56, "gABI 4.1, figure 5-1");

enum elf_ident { ELF_CLASS = 4, ELF_DATA, ELF_VERSION, ELF_OSABI };

enum elf_value {
    ELF_CLASS_64 = 2,
    ELF_DATA_LSB = 1,
    ELF_VERSION_CURRENT = 1,
    ELF_OSABI_SYSV = 0,
    ELF_OSABI_GNU = 3,
    ELF_TYPE_EXEC = 2,
    ELF_MACHINE_X86_64 = 62,
};

enum elf_segment_type {
    ELF_LOAD = 1,
    ELF_DYNAMIC = 2,
    ELF_INTERP = 3,
    ELF_TLS = 7,
    ELF_GNU_STACK = 0x6474e551,
};

enum elf_segment_flag { ELF_EXECUTE = 1, ELF_WRITE = 2 };

static inline uint64_t image_page_down(uint64_t address) { return address & ~(PAGE_SIZE - 1); }

/* The address must be at most UINT64_MAX - PAGE_SIZE + 1. */
static inline uint64_t image_page_up(uint64_t address) {
    return image_page_down(address + PAGE_SIZE - 1);
}

static inline enum image_refusal image_check_header(const struct elf_header *header) {
    if (__builtin_memcmp(header->ident, "\177ELF", 4) != 0)
        return IMAGE_BAD_NOT_ELF;
    if (header->ident[ELF_CLASS] != ELF_CLASS_64 || header->ident[ELF_DATA] != ELF_DATA_LSB ||
        header->machine != ELF_MACHINE_X86_64)
        return IMAGE_BAD_FOREIGN;
    if (header->ident[ELF_OSABI] != ELF_OSABI_SYSV && header->ident[ELF_OSABI] != ELF_OSABI_GNU)
        return IMAGE_BAD_FOREIGN;
    if (header->ident[ELF_VERSION] != ELF_VERSION_CURRENT || header->version != ELF_VERSION_CURRENT)
        return IMAGE_BAD_FOREIGN;
    if (header->type != ELF_TYPE_EXEC)
        return IMAGE_BAD_NOT_STATIC;
    if (header->header_bytes != sizeof(struct elf_header) ||
        header->program_header_bytes != sizeof(struct elf_program_header) ||
        header->program_header_count == 0)
        return IMAGE_BAD_MALFORMED;
    if (header->program_header_count > IMAGE_HEADERS_MAX)
        return IMAGE_BAD_SEGMENTS;
    return IMAGE_OK;
}

/* Whether one loadable segment is sound in itself. */
static inline enum image_refusal image_check_segment(const struct elf_program_header *header,
                                                     size_t bytes, uint64_t low, uint64_t high) {
    if (header->offset > bytes || header->file_bytes > bytes - header->offset)
        return IMAGE_BAD_TRUNCATED;
    if (header->file_bytes > header->memory_bytes)
        return IMAGE_BAD_FILE_SIZE;
    if (header->align > 1 && ((header->align & (header->align - 1)) != 0 ||
                              ((header->vaddr - header->offset) & (header->align - 1)) != 0))
        return IMAGE_BAD_MISALIGNED;
    if ((header->flags & ELF_WRITE) && (header->flags & ELF_EXECUTE))
        return IMAGE_BAD_WX;
    if (header->vaddr < low || header->vaddr >= high || header->memory_bytes > high - header->vaddr)
        return IMAGE_BAD_WINDOW;
    return IMAGE_OK;
}

static inline bool image_overlaps(const struct image_plan *plan,
                                  const struct elf_program_header *header) {
    uint64_t begin = image_page_down(header->vaddr);
    uint64_t end = image_page_up(header->vaddr + header->memory_bytes);

    for (uint32_t i = 0; i < plan->count; i++) {
        const struct image_segment *other = &plan->segment[i];
        if (begin < image_page_up(other->vaddr + other->memory_bytes) &&
            image_page_down(other->vaddr) < end)
            return true;
    }
    return false;
}

/* Adds one program header to the plan, or finds what is wrong with it. */
static inline enum image_refusal image_add(struct image_plan *plan,
                                           const struct elf_program_header *header, size_t bytes,
                                           uint64_t low, uint64_t high, uint64_t memory_max) {
    switch (header->type) {
    case ELF_DYNAMIC:
    case ELF_INTERP:
        return IMAGE_BAD_NOT_STATIC;
    case ELF_TLS:
        return IMAGE_BAD_TLS;
    case ELF_GNU_STACK:
        return header->flags & ELF_EXECUTE ? IMAGE_BAD_WX : IMAGE_OK;
    case ELF_LOAD:
        break;
    default: /* notes and the like: nothing to load */
        return IMAGE_OK;
    }
    enum image_refusal refusal = image_check_segment(header, bytes, low, high);
    if (refusal != IMAGE_OK || header->memory_bytes == 0)
        return refusal;
    if (plan->count == IMAGE_SEGMENTS_MAX)
        return IMAGE_BAD_SEGMENTS;
    if (image_overlaps(plan, header))
        return IMAGE_BAD_OVERLAP;
    /* The sum cannot wrap: the segments are disjoint parts of [low, high). */
    plan->memory_bytes +=
        image_page_up(header->vaddr + header->memory_bytes) - image_page_down(header->vaddr);
    if (plan->memory_bytes > memory_max)
        return IMAGE_BAD_OVERSIZED;
    plan->segment[plan->count++] = (struct image_segment){
        .vaddr = header->vaddr,
        .memory_bytes = header->memory_bytes,
        .file_offset = header->offset,
        .file_bytes = header->file_bytes,
        .protection = PROT_READ | (header->flags & ELF_WRITE ? PROT_WRITE : 0) |
                      (header->flags & ELF_EXECUTE ? PROT_EXEC : 0),
    };
    return IMAGE_OK;
}

static inline bool image_entry_ok(const struct image_plan *plan) {
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct image_segment *segment = &plan->segment[i];
        if ((segment->protection & PROT_EXEC) && plan->entry >= segment->vaddr &&
            plan->entry - segment->vaddr < segment->file_bytes)
            return true;
    }
    return false;
}

/*
 * Checks the image of `bytes` bytes at `file` and fills *plan. Every segment must lie in [low,
 * high), both multiples of the page size; together they may take memory_max bytes of memory,
 * counted in whole pages. Each header is read once, so the file may change meanwhile without harm
 * to the plan. On a refusal *plan means nothing.
 */
static inline enum image_refusal image_check(const void *file, size_t bytes, uint64_t low,
                                             uint64_t high, uint64_t memory_max,
                                             struct image_plan *plan) {
    struct elf_header header;
    if (bytes < sizeof header)
        return IMAGE_BAD_TRUNCATED;
    __builtin_memcpy(&header, file, sizeof header);

    enum image_refusal refusal = image_check_header(&header);
    if (refusal != IMAGE_OK)
        return refusal;
    uint64_t table_bytes = header.program_header_count * sizeof(struct elf_program_header);
    if (header.program_headers > bytes || table_bytes > bytes - header.program_headers)
        return IMAGE_BAD_TRUNCATED;

    const uint8_t *table = (const uint8_t *)file + header.program_headers;

    plan->entry = header.entry;
    plan->memory_bytes = 0;
    plan->count = 0;
    for (uint16_t i = 0; i < header.program_header_count; i++) {
        struct elf_program_header segment;
        __builtin_memcpy(&segment, table + i * sizeof segment, sizeof segment);
        refusal = image_add(plan, &segment, bytes, low, high, memory_max);
        if (refusal != IMAGE_OK)
            return refusal;
    }
    return image_entry_ok(plan) ? IMAGE_OK : IMAGE_BAD_ENTRY;
}

/* The text of a refusal, for people. Never returns NULL. */
static inline const char *image_refusal_text(enum image_refusal refusal) {
    static const char *const text[IMAGE_REFUSAL_COUNT] = { [IMAGE_OK] = "valid",
#define X(name, text) [IMAGE_BAD_##name] = (text),
                                                           IMAGE_REFUSALS(X)
#undef X
    };
    return (unsigned)refusal < IMAGE_REFUSAL_COUNT ? text[refusal] : "unknown refusal";
}

#endif
