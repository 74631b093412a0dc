/* Death reports as text, with the symbols of images that may hold anything. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/symbols.h>

#define PROGRAM "shell-test"
#include "../elf_maker.h"
#include "../random.h"

#include "report.h"

/* An image with the functions "alpha" at 0x1000 and "beta" at 0x1100. */
#define NAMES "\0alpha\0beta"

static struct {
    struct elf_header header;
    struct elf_program_header segment;
    struct elf_section_header section[3];
    struct elf_symbol symbol[3];
    char names[sizeof NAMES];
} file;

static const struct report_image image = { &file, sizeof file };

static void setup(void) {
    elf_make((uint8_t *)&file, sizeof file, 0x1000, &(struct elf_program_header){ 0 }, 1);
    file.header.section_headers = offsetof(__typeof__(file), section);
    file.header.section_header_bytes = sizeof(struct elf_section_header);
    file.header.section_header_count = 3;
    memset(file.section, 0, sizeof file.section);
    file.section[1] = (struct elf_section_header){ .type = 2,
                                                   .offset = offsetof(__typeof__(file), symbol),
                                                   .bytes = sizeof file.symbol,
                                                   .link = 2,
                                                   .entry_bytes = sizeof(struct elf_symbol) };
    file.section[2] = (struct elf_section_header){ .type = 3,
                                                   .offset = offsetof(__typeof__(file), names),
                                                   .bytes = sizeof file.names };
    memset(file.symbol, 0, sizeof file.symbol);
    file.symbol[1] =
        (struct elf_symbol){ .name = 1, .info = 2, .section = 1, .value = 0x1000, .bytes = 0x80 };
    file.symbol[2] =
        (struct elf_symbol){ .name = 7, .info = 2, .section = 1, .value = 0x1100, .bytes = 0x80 };
    memcpy(file.names, NAMES, sizeof file.names);
}

TestSuite(report, .init = setup, .timeout = 60);

static struct death_report death_of(enum death_cause cause) {
    return (struct death_report){ .endpoint = endpoint_make(1, 2, 0, 3),
                                  .label = "crash",
                                  .cause = cause,
                                  .rip = 0x1012,
                                  .time = 1500000000 };
}

static void expect_line(const struct death_report *death, const char *expected) {
    char line[REPORT_LINE_BYTES];

    report_line(line, sizeof line, death, image);
    cr_assert_str_eq(line, expected);
}

Test(report, tells_how_a_process_has_ended) {
    struct death_report death = death_of(DEATH_EXIT);

    death.status = 3;
    expect_line(&death, "crash (0.3.2) exited with status 3");
    death = death_of(DEATH_KILLED);
    death.status = KILL_REQUESTED;
    expect_line(&death, "crash (0.3.2) was killed");
    death.status = KILL_ORPHANED;
    expect_line(&death, "crash (0.3.2) was killed: its supervisor had died");
    death.status = 77;
    expect_line(&death, "crash (0.3.2) was killed (77)");
}

Test(report, names_the_exception_and_the_function) {
    struct death_report death = death_of(DEATH_EXCEPTION);

    expect_line(&death, "crash (0.3.2) died: divide error, in alpha+0x12");
    death.exception = 6;
    death.rip = 0x1100;
    expect_line(&death, "crash (0.3.2) died: invalid instruction, in beta+0x0");
    death.exception = 255;
    expect_line(&death, "crash (0.3.2) died: exception 255, in beta+0x0");
}

Test(report, explains_a_page_fault) {
    struct death_report death = death_of(DEATH_EXCEPTION);

    death.exception = 14;
    death.error_code = 4;
    expect_line(&death,
                "crash (0.3.2) died: page fault reading 0x0: no memory there, in alpha+0x12");
    death.address = 0x7fff1234;
    death.error_code = 7;
    expect_line(
        &death,
        "crash (0.3.2) died: page fault writing 0x7fff1234: not allowed there, in alpha+0x12");
    death.error_code = 0x15;
    expect_line(
        &death,
        "crash (0.3.2) died: page fault executing 0x7fff1234: not allowed there, in alpha+0x12");
}

Test(report, does_without_symbols) {
    struct death_report death = death_of(DEATH_EXCEPTION);
    char line[REPORT_LINE_BYTES];

    report_line(line, sizeof line, &death, (struct report_image){ NULL, 0 });
    cr_assert_str_eq(line, "crash (0.3.2) died: divide error");
}

Test(report, takes_a_label_of_full_length) {
    struct death_report death = death_of(DEATH_KILLED);

    memset(death.label, 'x', LABEL_MAX);
    death.status = KILL_REQUESTED;
    expect_line(&death, "xxxxxxxxxxxxxxxxxxxxxxxx (0.3.2) was killed");
}

Test(report, shows_registers_and_backtrace) {
    struct death_report death = death_of(DEATH_EXCEPTION);
    char text[REPORT_BYTES];

    death.r10 = 0x1234567890abcdef;
    death.backtrace_length = 4;
    death.backtrace[0] = 0x1110;
    death.backtrace[1] = death.backtrace[2] = 0x1020;
    death.backtrace[3] =
        0x1100; /* a return address: the call before it is what counts, and lies in no function */
    size_t length = report_text(text, sizeof text, &death, image);

    cr_assert_eq(length, strlen(text));
    cr_assert(strncmp(text, "crash (0.3.2) died: divide error, in alpha+0x12\n", 48) == 0, "%s",
              text);
    cr_assert_not_null(strstr(text, "  1.500000 s after the start of its core, error code 0x0\n"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "  at 0x0000000000001012  alpha+0x12\n"), "%s", text);
    cr_assert_not_null(strstr(text, "  by 0x0000000000001110  beta+0xf\n"), "%s", text);
    cr_assert_not_null(strstr(text, "  by 0x0000000000001020  alpha+0x1f  (2 times)\n"), "%s",
                       text);
    cr_assert_not_null(strstr(text, "  by 0x0000000000001100\n"), "%s", text);
    cr_assert_not_null(strstr(text, "r10   1234567890abcdef"), "%s", text);
}

Test(report, shows_what_was_refused) {
    uint32_t count[REFUSAL_COUNT] = { [REFUSED_DEVICE] = 12, [REFUSED_PROTECTION] = 1 };
    char text[REPORT_BYTES];
    size_t length = report_refusals(text, sizeof text, count);

    cr_assert_eq(length, strlen(text));
    cr_assert_str_eq(text, "  refused: general protection fault, 1 time\n"
                           "  refused: device port, register or memory not allowed, 12 times\n");
    cr_assert_eq(report_refusals(text, 11, count), 10);
    cr_assert_str_eq(text, "  refused:");
}

Test(report, is_cut_off_at_the_end_of_the_buffer) {
    struct death_report death = death_of(DEATH_EXCEPTION);
    char whole[REPORT_BYTES];
    size_t length = report_text(whole, sizeof whole, &death, image);

    for (size_t bytes = 1; bytes <= length; bytes++) {
        char *text = malloc(bytes); /* of that size, so that a write behind it is found */
        cr_assert_eq(report_text(text, bytes, &death, image), bytes - 1);
        cr_assert(memcmp(text, whole, bytes - 1) == 0 && text[bytes - 1] == '\0');
        free(text);
    }
}

Test(report, of_any_numbers_fits) {
    struct death_report death;
    char text[REPORT_BYTES];

    random_start();
    for (int round = 0; round < 5000; round++) {
        random_fill(&death, sizeof death);
        death.cause = (uint32_t)random_below(5);
        random_check(report_text(text, sizeof text, &death, image) < sizeof text - 1);
    }
}

/*
 * Of hostile images: changed at random, and cut off; from the heap, so that a read beyond the end
 * is found.
 */
Test(report, survives_any_image) {
    struct death_report death = death_of(DEATH_EXCEPTION);
    char text[REPORT_BYTES];

    random_start();
    death.backtrace_length = UINT32_MAX;
    for (int round = 0; round < 50000; round++) {
        size_t bytes = round % 2 == 0 ? sizeof file : random_below(sizeof file + 1);
        uint8_t *copy = malloc(bytes + 1);
        memcpy(copy + 1, &file, bytes); /* at an odd address */
        for (uint64_t changes = 1 + random_below(8); bytes > 0 && changes > 0; changes--)
            copy[1 + random_below(bytes)] = random_below(2) ? (uint8_t)random_next() : 0xff;
        death.rip = random_below(4) == 0 ? random_next() : 0x1000 + random_below(0x200);
        random_check(report_text(text, sizeof text, &death,
                                 (struct report_image){ copy + 1, bytes }) < sizeof text);
        free(copy);
    }
}
