#include <bulkhead/image.h>

#include <stddef.h>

#include "../elf_maker.h"

#define PROGRAM "image-test"
#include "../random.h"

#define LOW        0x400000UL
#define HIGH       0x40000000UL
#define MEMORY_MAX 0x100000UL
#define FILE_BYTES 0x3000UL

enum { TEXT, RODATA, DATA, STACK, SEGMENTS };

/* A valid image: text with entry, constants, data of which a part is in the file, a stack. */
static const struct elf_program_header valid[SEGMENTS] = {
    [TEXT] = { ELF_LOAD, ELF_EXECUTE | 4, 0x1000, LOW, LOW, 0x800, 0x800, 0x1000 },
    [RODATA] = { ELF_LOAD, 4, 0x2000, LOW + 0x1000, 0, 0x10, 0x10, 0x1000 },
    [DATA] = { ELF_LOAD, ELF_WRITE | 4, 0x2010, LOW + 0x2010, 0, 0xff0, 0x5000, 0x1000 },
    [STACK] = { ELF_GNU_STACK, ELF_WRITE | 4, 0, 0, 0, 0, 0, 16 },
};

#define ENTRY (LOW + 0x123)

static uint8_t file[FILE_BYTES];
static struct image_plan plan;

static void make(void) { elf_make(file, sizeof file, ENTRY, valid, SEGMENTS); }

static enum image_refusal check_bytes(size_t bytes) {
    /*
     * at an odd address, and with nothing behind it, so that AddressSanitizer sees any step too far
     */
    uint8_t *copy = malloc(bytes + 1);
    memcpy(copy + 1, file, bytes);
    enum image_refusal refusal = image_check(copy + 1, bytes, LOW, HIGH, MEMORY_MAX, &plan);
    free(copy);
    return refusal;
}

static enum image_refusal check(void) { return check_bytes(sizeof file); }

static struct elf_header *header(void) { return (struct elf_header *)file; }

static struct elf_program_header *segment(unsigned i) {
    return (struct elf_program_header *)(file + sizeof(struct elf_header)) + i;
}

TestSuite(image, .init = make);

Test(image, valid_image_gives_a_plan) {
    cr_assert_eq(check(), IMAGE_OK);
    cr_assert_eq(plan.entry, ENTRY);
    cr_assert_eq(plan.count, 3);
    cr_assert_eq(plan.memory_bytes, 0x1000 + 0x1000 + 0x6000);
    cr_assert_eq(plan.segment[0].protection, PROT_READ | PROT_EXEC);
    cr_assert_eq(plan.segment[1].protection, PROT_READ);
    cr_assert_eq(plan.segment[2].protection, PROT_READ | PROT_WRITE);
    cr_assert_eq(plan.segment[2].vaddr, LOW + 0x2010);
    cr_assert_eq(plan.segment[2].memory_bytes, 0x5000);
    cr_assert_eq(plan.segment[2].file_offset, 0x2010);
    cr_assert_eq(plan.segment[2].file_bytes, 0xff0);
}

Test(image, segments_without_memory_are_left_out) {
    segment(RODATA)->memory_bytes = segment(RODATA)->file_bytes = 0;
    cr_assert_eq(check(), IMAGE_OK);
    cr_assert_eq(plan.count, 2);
}

Test(image, notes_and_unknown_headers_are_ignored) {
    segment(RODATA)->type = 4;
    segment(RODATA)->offset = UINT64_MAX;
    cr_assert_eq(check(), IMAGE_OK);
    cr_assert_eq(plan.count, 2);
}

Test(image, segment_may_end_with_the_window) {
    segment(DATA)->vaddr = HIGH - 0xff0;
    segment(DATA)->memory_bytes = 0xff0;
    cr_assert_eq(check(), IMAGE_OK);
}

/*
 * One wrong field each: where in the file, how many bytes, what to write there, what must be said
 * about it.
 */
#define HEADER(field) offsetof(struct elf_header, field), sizeof header()->field
#define SEGMENT(i, field)                                                 \
    sizeof(struct elf_header) + (i) * sizeof(struct elf_program_header) + \
        offsetof(struct elf_program_header, field),                       \
        sizeof segment(i)->field

static const struct {
    const char *name;
    size_t offset, bytes;
    uint64_t value;
    enum image_refusal refusal;
} wrong[] = {
    { "magic", HEADER(ident[0]), 0x7e, IMAGE_BAD_NOT_ELF },
    { "32-bit class", HEADER(ident[ELF_CLASS]), 1, IMAGE_BAD_FOREIGN },
    { "big-endian", HEADER(ident[ELF_DATA]), 2, IMAGE_BAD_FOREIGN },
    { "version in ident", HEADER(ident[ELF_VERSION]), 0, IMAGE_BAD_FOREIGN },
    { "operating system", HEADER(ident[ELF_OSABI]), 9, IMAGE_BAD_FOREIGN },
    { "machine", HEADER(machine), 3, IMAGE_BAD_FOREIGN },
    { "version", HEADER(version), 2, IMAGE_BAD_FOREIGN },
    { "relocatable", HEADER(type), 1, IMAGE_BAD_NOT_STATIC },
    { "position-independent", HEADER(type), 3, IMAGE_BAD_NOT_STATIC },
    { "header size", HEADER(header_bytes), 63, IMAGE_BAD_MALFORMED },
    { "program header size", HEADER(program_header_bytes), 32, IMAGE_BAD_MALFORMED },
    { "no program headers", HEADER(program_header_count), 0, IMAGE_BAD_MALFORMED },
    { "many program headers", HEADER(program_header_count), 33, IMAGE_BAD_SEGMENTS },
    { "most program headers", HEADER(program_header_count), 0xffff, IMAGE_BAD_SEGMENTS },
    { "headers beyond the file", HEADER(program_headers), FILE_BYTES - 8, IMAGE_BAD_TRUNCATED },
    { "headers wrap", HEADER(program_headers), UINT64_MAX - 8, IMAGE_BAD_TRUNCATED },
    { "interpreter", SEGMENT(STACK, type), ELF_INTERP, IMAGE_BAD_NOT_STATIC },
    { "dynamic", SEGMENT(STACK, type), ELF_DYNAMIC, IMAGE_BAD_NOT_STATIC },
    { "thread-local storage", SEGMENT(STACK, type), ELF_TLS, IMAGE_BAD_TLS },
    { "executable stack", SEGMENT(STACK, flags), ELF_EXECUTE, IMAGE_BAD_WX },
    { "writable text", SEGMENT(TEXT, flags), ELF_EXECUTE | ELF_WRITE, IMAGE_BAD_WX },
    { "offset beyond the file", SEGMENT(DATA, offset), FILE_BYTES + 0x10, IMAGE_BAD_TRUNCATED },
    { "offset wraps", SEGMENT(DATA, offset), UINT64_MAX - 0xfef, IMAGE_BAD_TRUNCATED },
    { "file bytes beyond the file", SEGMENT(DATA, file_bytes), 0xff1, IMAGE_BAD_TRUNCATED },
    { "more in the file", SEGMENT(DATA, memory_bytes), 0xfef, IMAGE_BAD_FILE_SIZE },
    { "alignment", SEGMENT(DATA, align), 0x1800, IMAGE_BAD_MISALIGNED },
    { "incongruent", SEGMENT(DATA, offset), 0x2008, IMAGE_BAD_MISALIGNED },
    { "below the window", SEGMENT(TEXT, vaddr), LOW - 0x1000, IMAGE_BAD_WINDOW },
    { "above the window", SEGMENT(TEXT, vaddr), HIGH, IMAGE_BAD_WINDOW },
    { "across the window's end", SEGMENT(DATA, vaddr), HIGH - 0xff0, IMAGE_BAD_WINDOW },
    { "address wraps", SEGMENT(DATA, vaddr), UINT64_MAX - 0xfef, IMAGE_BAD_WINDOW },
    { "memory wraps", SEGMENT(DATA, memory_bytes), UINT64_MAX, IMAGE_BAD_WINDOW },
    { "same addresses", SEGMENT(RODATA, vaddr), LOW, IMAGE_BAD_OVERLAP },
    { "inside another", SEGMENT(RODATA, vaddr), LOW + 0x3000, IMAGE_BAD_OVERLAP },
    { "same page", SEGMENT(TEXT, memory_bytes), 0x1001, IMAGE_BAD_OVERLAP },
    { "around another", SEGMENT(TEXT, memory_bytes), 0x90000, IMAGE_BAD_OVERLAP },
    { "oversized", SEGMENT(DATA, memory_bytes), MEMORY_MAX - 0x2000, IMAGE_BAD_OVERSIZED },
    { "entry in data", HEADER(entry), LOW + 0x2010, IMAGE_BAD_ENTRY },
    { "entry behind text", HEADER(entry), LOW + 0x800, IMAGE_BAD_ENTRY },
    { "entry nowhere", HEADER(entry), 0, IMAGE_BAD_ENTRY },
};

Test(image, each_wrong_field_is_refused_with_its_reason) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        make();
        memcpy(file + wrong[i].offset, &wrong[i].value, wrong[i].bytes);
        enum image_refusal refusal = check();
        cr_expect_eq(refusal, wrong[i].refusal, "%s: %s", wrong[i].name,
                     image_refusal_text(refusal));
    }
}

Test(image, more_segments_than_a_plan_holds_are_refused) {
    struct elf_program_header many[IMAGE_SEGMENTS_MAX + 1];
    for (uint64_t i = 0; i < IMAGE_SEGMENTS_MAX + 1; i++)
        many[i] = (struct elf_program_header){ ELF_LOAD, ELF_EXECUTE, 0x1000, LOW + i * 0x1000,
                                               0,        0x10,        0x10,   0x1000 };
    elf_make(file, sizeof file, LOW, many, IMAGE_SEGMENTS_MAX);
    cr_assert_eq(check(), IMAGE_OK);
    elf_make(file, sizeof file, LOW, many, IMAGE_SEGMENTS_MAX + 1);
    cr_assert_eq(check(), IMAGE_BAD_SEGMENTS);
}

Test(image, every_shorter_file_is_refused_as_truncated) {
    for (size_t bytes = 0; bytes < FILE_BYTES; bytes++)
        cr_assert_eq(check_bytes(bytes), IMAGE_BAD_TRUNCATED, "%zu bytes", bytes);
}

Test(image, every_refusal_has_a_text) {
    for (unsigned i = 0; i <= IMAGE_REFUSAL_COUNT; i++)
        cr_assert_not_null(image_refusal_text((enum image_refusal)i));
}

static uint64_t first_page(const struct image_segment *s) { return s->vaddr / PAGE_SIZE; }

static uint64_t last_page(const struct image_segment *s) {
    return (s->vaddr + s->memory_bytes - 1) / PAGE_SIZE;
}

/* What image.h promises of a plan, whatever the file was. */
static void check_plan(void) {
    uint64_t pages = 0;
    bool entry = false;

    random_check(plan.count >= 1 && plan.count <= IMAGE_SEGMENTS_MAX);
    for (unsigned i = 0; i < plan.count; i++) {
        const struct image_segment *s = &plan.segment[i];
        random_check(s->memory_bytes > 0 && s->file_bytes <= s->memory_bytes);
        random_check(s->vaddr >= LOW && s->vaddr < HIGH && s->memory_bytes <= HIGH - s->vaddr);
        random_check(s->file_offset <= FILE_BYTES && s->file_bytes <= FILE_BYTES - s->file_offset);
        random_check((s->protection & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC));
        random_check(s->protection & PROT_READ);
        for (unsigned j = 0; j < i; j++)
            random_check(last_page(s) < first_page(&plan.segment[j]) ||
                         last_page(&plan.segment[j]) < first_page(s));
        pages += last_page(s) - first_page(s) + 1;
        entry |= (s->protection & PROT_EXEC) && plan.entry >= s->vaddr &&
                 plan.entry < s->vaddr + s->memory_bytes;
    }
    random_check(plan.memory_bytes == pages * PAGE_SIZE && plan.memory_bytes <= MEMORY_MAX);
    random_check(entry);
}

/* Values at which comparisons and sums break. */
static uint64_t random_value(void) {
    static const uint64_t edge[] = { 0,    1,          PAGE_SIZE, FILE_BYTES, LOW,
                                     HIGH, MEMORY_MAX, 1UL << 32, 1UL << 63,  0 };
    uint64_t value = edge[random_below(sizeof edge / sizeof *edge)];
    return random_below(4) ? value + random_below(5) - 2 : random_next() >> random_below(64);
}

Test(image, plans_of_damaged_images_are_sound) {
    unsigned accepted = 0;

    random_start();
    for (unsigned round = 0; round < 100000; round++) {
        make();
        for (unsigned damage = 1 + (unsigned)random_below(3); damage > 0; damage--) {
            static const size_t width[] = { 1, 2, 4, 8 };
            size_t bytes = width[random_below(4)],
                   headers = sizeof(struct elf_header) + sizeof valid;
            uint64_t value = random_value();
            memcpy(file + random_below(headers / bytes) * bytes, &value, bytes);
        }
        if (image_check(file, sizeof file, LOW, HIGH, MEMORY_MAX, &plan) == IMAGE_OK) {
            check_plan();
            accepted++;
        }
    }
    random_check(accepted > 1000); /* else the test does not see many plans */
}

Test(image, random_bytes_do_no_harm) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        size_t bytes = random_below(512);
        random_fill(file, bytes);
        if (random_below(2))
            memcpy(file, "\177ELF\2\1\1\0", bytes < 8 ? bytes : 8);
        random_check(check_bytes(bytes) != IMAGE_OK);
    }
}
