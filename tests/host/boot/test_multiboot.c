#include "boot/multiboot.h"

#include <string.h>

#define PROGRAM "boot-test"
#include "../random.h"

static uint8_t info[8192];
static size_t length;
static struct multiboot found;

static void put(const void *data, size_t bytes) {
    memcpy(info + length, data, bytes);
    length += bytes;
}

static void put32(uint32_t value) { put(&value, sizeof value); }

static void put64(uint64_t value) { put(&value, sizeof value); }

static void begin(void) {
    memset(info, 0xcc, sizeof info);
    length = 0;
    put64(0);
}

static void put_tag(uint32_t type, uint32_t body_bytes) {
    length = (length + 7) & ~7UL;
    put32(type);
    put32(8 + body_bytes);
}

static void put_memory(uint64_t base, uint64_t bytes, uint32_t type) {
    put64(base);
    put64(bytes);
    put32(type);
    put32(0);
}

static void put_memory_tag(uint32_t entries) {
    put_tag(6, 8 + entries * 24);
    put32(24);
    put32(0);
}

static void put_framebuffer(uint64_t base, uint32_t pitch, uint32_t width, uint32_t height,
                            uint8_t bits, uint8_t type) {
    static const uint8_t color[] = { 16, 8, 8, 8, 0, 8 };
    put_tag(8, 30);
    put64(base);
    put32(pitch);
    put32(width);
    put32(height);
    put((uint8_t[]){ bits, type, 0, 0 }, 4);
    put(color, sizeof color);
}

static enum multiboot_refusal parse_bytes(size_t bytes) {
    uint8_t *copy = malloc(bytes); /* exact, for AddressSanitizer */
    memcpy(copy, info, bytes);
    enum multiboot_refusal refusal = multiboot_parse(copy, bytes, &found);
    found.rsdp = NULL;
    free(copy);
    return refusal;
}

static enum multiboot_refusal finish(void) {
    put_tag(0, 0);
    uint32_t total = (uint32_t)length;
    memcpy(info, &total, sizeof total);
    return parse_bytes(length);
}

static void put_usual_memory(void) {
    put_memory_tag(1);
    put_memory(0, 0x8000000, 1);
}

TestSuite(multiboot, .init = begin);

Test(multiboot, memory_map_of_a_pc) {
    put_memory_tag(6);
    put_memory(0, 0x9fc00, 1);
    put_memory(0x9fc00, 0x400, 2);
    put_memory(0xf0000, 0x10000, 2);
    put_memory(0x100000, 0x7ee0000, 1);
    put_memory(0x7fe0000, 0x20000, 3);
    put_memory(0x100000000, 0x80000000, 1);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.memory.count, 2);
    cr_assert(found.memory.range[0].base == 0x100000 && found.memory.range[0].end == 0x7fe0000);
    cr_assert(found.memory.range[1].base == 0x100000000 &&
              found.memory.range[1].end == 0x180000000);
    cr_assert_eq(found.installed_bytes, 0x9f000 + 0x7ee0000 + 0x80000000UL);
    cr_assert(found.firmware.count == 1 && found.firmware.range[0].base == 0x7fe0000);
    cr_assert_eq(found.dropped_bytes, 0);
}

Test(multiboot, reserved_memory_wins_over_available_whatever_the_order) {
    put_memory_tag(4);
    put_memory(0x2000800, 0x1000, 2); /* touches two pages */
    put_memory(0x3000000, 0x1000000, 1);
    put_memory(0x1000000, 0x2800000, 1);
    put_memory(0x3800000, 0x800000, 5);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.memory.count, 2);
    cr_assert(found.memory.range[0].base == 0x1000000 && found.memory.range[0].end == 0x2000000);
    cr_assert(found.memory.range[1].base == 0x2002000 && found.memory.range[1].end == 0x3800000);
}

Test(multiboot, partial_pages_and_wrapping_entries) {
    put_memory_tag(3);
    put_memory(0x1000123, 0x2000, 1);
    put_memory(0xffffffffffff0000, 0x20000, 1);
    put_memory(0xfffffffffff00000, UINT64_MAX, 2);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.memory.count, 1);
    cr_assert(found.memory.range[0].base == 0x1001000 && found.memory.range[0].end == 0x1002000);
}

Test(multiboot, longer_memory_entries_of_a_later_version_are_read) {
    put_tag(6, 8 + 2 * 40);
    put32(40);
    put32(1);
    for (unsigned i = 0; i < 2; i++) {
        put_memory(0x1000000 + i * 0x1000000, 0x1000, 1);
        put64(UINT64_MAX);
        put64(UINT64_MAX);
    }
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.memory.count, 2);
}

Test(multiboot, too_many_holes_lose_the_smallest_ranges) {
    put_memory_tag(BOOT_RANGES_MAX + 10);
    for (uint64_t i = 0; i < BOOT_RANGES_MAX + 10; i++)
        put_memory(0x1000000 + i * 0x100000, i < 10 ? 0x1000 : 0x2000, 1);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.memory.count, BOOT_RANGES_MAX);
    cr_assert_eq(found.dropped_bytes, 10 * 0x1000UL);
    cr_assert_eq(found.memory.range[0].base, 0x1000000 + 10 * 0x100000);
}

Test(multiboot, no_usable_memory_is_refused) {
    cr_assert_eq(finish(), MULTIBOOT_BAD_NO_MEMORY);
    begin();
    put_memory_tag(1);
    put_memory(0, 0x100000, 1); /* all of it below 1 MiB */
    cr_assert_eq(finish(), MULTIBOOT_BAD_NO_MEMORY);
}

Test(multiboot, first_module_is_the_archive_and_all_are_counted) {
    put_usual_memory();
    put_tag(3, 8 + 8);
    put32(0x200000);
    put32(0x234567);
    put("archive", 8);
    put_tag(3, 8 + 1);
    put32(0x300000);
    put32(0x300001);
    put("", 1);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(found.module_count, 2);
    cr_assert(found.module.base == 0x200000 && found.module.end == 0x234567);
}

Test(multiboot, command_line_is_cut_to_its_room) {
    char text[2 * BOOT_CMDLINE_MAX];
    memset(text, 'x', sizeof text);
    put_usual_memory();
    put_tag(1, sizeof text);
    put(text, sizeof text);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_eq(strlen(found.cmdline), BOOT_CMDLINE_MAX - 1);

    begin();
    put_usual_memory();
    put_tag(1, 6);
    put("a=b c", 6);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_str_eq(found.cmdline, "a=b c");

    begin();
    put_usual_memory();
    put_tag(1, 3); /* without its zero */
    put("abc", 3);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert_str_eq(found.cmdline, "abc");
}

Test(multiboot, screens_that_can_be_written_are_taken) {
    put_usual_memory();
    put_framebuffer(0xfd000000, 4096, 1024, 768, 32, 1);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert(found.framebuffer.base == 0xfd000000 && found.framebuffer.bits == 32);
    cr_assert(found.framebuffer.red_shift == 16 && found.framebuffer.blue_shift == 0);

    begin();
    put_usual_memory();
    put_framebuffer(0xb8000, 160, 80, 25, 16, 2);
    cr_assert_eq(finish(), MULTIBOOT_OK);
    cr_assert(found.framebuffer.base == 0xb8000 && found.framebuffer.bits == 0);
}

Test(multiboot, screens_that_cannot_be_written_are_none) {
    static const struct {
        uint64_t base;
        uint32_t pitch, width, height;
        uint8_t bits, type;
    } bad[] = {
        { 0, 4096, 1024, 768, 32, 1 },                /* nowhere */
        { UINT64_MAX, 4096, 1024, 768, 32, 1 },       /* beyond physical memory */
        { 0xfd000000, 4095, 1024, 768, 32, 1 },       /* lines overlap */
        { 0xfd000000, UINT32_MAX, 1024, 768, 32, 1 }, /* absurd */
        { 0xfd000000, 4, 0x40000001, 768, 32, 1 },    /* width in bytes wraps */
        { 0xfd000000, 4096, 1024, UINT32_MAX, 32, 1 },
        { 0xfd000000, 4096, 0, 768, 32, 1 },
        { 0xfd000000, 4096, 1024, 0, 32, 1 },
        { 0xfd000000, 4096, 1024, 768, 16, 1 }, /* other depths */
        { 0xfd000000, 4096, 1024, 768, 8, 0 },  /* palette */
        { 0xfd000000, 4096, 1024, 768, 32, 9 },
        { 0xb8000, 159, 80, 25, 16, 2 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin();
        put_usual_memory();
        put_framebuffer(bad[i].base, bad[i].pitch, bad[i].width, bad[i].height, bad[i].bits,
                        bad[i].type);
        cr_expect_eq(finish(), MULTIBOOT_OK, "number %zu", i);
        cr_expect_eq(found.framebuffer.base, 0, "number %zu", i);
    }
}

Test(multiboot, newer_root_pointer_wins_whatever_the_order) {
    for (unsigned newer_first = 0; newer_first < 2; newer_first++) {
        begin();
        put_usual_memory();
        for (unsigned i = 0; i < 2; i++) {
            bool newer = i == newer_first;
            put_tag(newer ? 15 : 14, newer ? 36 : 20);
            length += newer ? 36 : 20;
        }
        put_tag(0, 0);
        memcpy(info, &(uint32_t){ (uint32_t)length }, 4);
        cr_assert_eq(multiboot_parse(info, length, &found), MULTIBOOT_OK);
        cr_assert_eq(found.rsdp_bytes, 36);
        cr_assert(found.rsdp >= info && found.rsdp + 36 <= info + length);
    }
}

Test(multiboot, malformed_information_is_refused) {
    cr_assert_eq(parse_bytes(7), MULTIBOOT_BAD_SIZE);
    put_usual_memory();
    memcpy(info, &(uint32_t){ 0x1000 }, 4); /* more than there is */
    cr_assert_eq(parse_bytes(length), MULTIBOOT_BAD_SIZE);
    memcpy(info, &(uint32_t){ (uint32_t)length }, 4); /* no end tag */
    cr_assert_eq(parse_bytes(length), MULTIBOOT_BAD_TAG);
    begin();
    put_tag(4, 0);
    memcpy(info + length - 4, &(uint32_t){ 0 },
           4); /* tag without its own header: an endless loop */
    cr_assert_eq(finish(), MULTIBOOT_BAD_TAG);
    begin();
    put_tag(4, UINT32_MAX - 15); /* its rounded size wraps */
    cr_assert_eq(finish(), MULTIBOOT_BAD_TAG);
    begin();
    put_tag(6, 8 + 24);
    put32(0); /* entries of no size */
    put32(0);
    length += 24;
    cr_assert_eq(finish(), MULTIBOOT_BAD_TAG);
    begin();
    put_tag(3, 8);
    put32(0x2000); /* ends before it begins */
    put32(0x1000);
    cr_assert_eq(finish(), MULTIBOOT_BAD_TAG);
}

Test(multiboot, every_refusal_has_a_text) {
    for (unsigned i = 0; i < 10; i++)
        cr_assert_not_null(multiboot_refusal_text((enum multiboot_refusal)i));
}

static void put_everything(void) {
    begin();
    put_memory_tag(3);
    put_memory(0, 0xa0000, 1);
    put_memory(0x100000, 0x7f00000, 1);
    put_memory(0x5000000, 0x1234, 2);
    put_framebuffer(0xfd000000, 4096, 1024, 768, 32, 1);
    put_tag(3, 16);
    put64(0x30000000200000);
    put("archive", 8);
    put_tag(1, 4);
    put("a=b", 4);
    put_tag(15, 36);
    length += 36;
    put_tag(14, 20);
    length += 20;
    finish();
}

/*
 * Damaged information never leads to a read outside of it (AddressSanitizer), nor to an ill-formed
 * memory map.
 */
Test(multiboot, damaged_information_does_no_harm) {
    random_start();
    put_everything();
    size_t whole = length;
    for (unsigned round = 0; round < 100000; round++) {
        put_everything();
        for (unsigned damage = 1 + (unsigned)random_below(4); damage > 0; damage--) {
            uint32_t value = random_below(2) ? (uint32_t)random_below(64) : (uint32_t)random_next();
            size_t width = random_below(4) + 1;
            memcpy(info + random_below(whole - 4), &value, width);
        }
        if (parse_bytes(whole) != MULTIBOOT_OK)
            continue;
        random_check(found.memory.count >= 1 && found.memory.count <= BOOT_RANGES_MAX);
        for (uint32_t i = 0; i < found.memory.count; i++) {
            random_check(found.memory.range[i].base >= 0x100000);
            random_check(found.memory.range[i].base < found.memory.range[i].end);
            random_check((found.memory.range[i].base | found.memory.range[i].end) % 4096 == 0);
        }
        random_check(found.cmdline[BOOT_CMDLINE_MAX - 1] == '\0');
        random_check(found.module.base <= found.module.end);
    }
}
