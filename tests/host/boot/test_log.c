#include "log.h"

#include <string.h>

#include "fake_serial.h"

#define PROGRAM "boot-test"
#include "../random.h"

static uint64_t start, total;
static char buffer[2 * LOG_BYTES];

static void start_log(void) { log_init(&(struct boot_framebuffer){ 0 }, NULL); }

TestSuite(log, .init = start_log);

Test(log, lines_go_to_memory_and_serial_port) {
    log_line("one %d", 1);
    log_line("two");
    cr_assert_eq(log_read(0, buffer, sizeof buffer, &start, &total), 10);
    cr_assert_arr_eq(buffer, "one 1\ntwo\n", 10);
    cr_assert(start == 0 && total == 10);
    cr_assert_str_eq(fake_serial, "one 1\ntwo\n");
}

Test(log, serial_port_can_be_given_away_and_taken_back) {
    log_serial(false);
    log_line("silent");
    cr_assert_eq(fake_serial_bytes, 0);
    unsigned inits = fake_serial_inits;
    log_serial(true);
    cr_assert_eq(fake_serial_inits, inits + 1);
    log_serial(true);
    cr_assert_eq(fake_serial_inits, inits + 1);
    log_line("loud");
    cr_assert_str_eq(fake_serial, "loud\n");
}

Test(log, inherited_text_is_not_repeated_on_the_serial_port) {
    log_inherit("from boot\n");
    cr_assert_eq(fake_serial_bytes, 0);
    cr_assert_eq(log_read(0, buffer, sizeof buffer, &start, &total), 10);
    cr_assert_arr_eq(buffer, "from boot\n", 10);
}

Test(log, overlong_lines_are_cut_but_end) {
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    log_line("%s", text);
    log_line("next");
    size_t bytes = log_read(0, buffer, sizeof buffer, &start, &total);
    cr_assert(bytes < 300);
    cr_assert_eq(memchr(buffer, '\n', bytes), buffer + bytes - 6);
}

Test(log, reading_is_exact_at_any_position) {
    log_line("abc");
    cr_assert_eq(log_read(2, buffer, 1, &start, &total), 1);
    cr_assert(buffer[0] == 'c' && start == 2 && total == 4);
    cr_assert_eq(log_read(4, buffer, 10, &start, &total), 0);
    cr_assert_eq(start, 4);
    cr_assert_eq(log_read(UINT64_MAX, buffer, 10, &start, &total), 0);
    cr_assert_eq(start, 4);
    cr_assert_eq(log_read(0, buffer, 0, &start, &total), 0);
}

/* The ring holds the newest LOG_BYTES of everything ever logged. */
Test(log, ring_keeps_the_newest) {
    static char all[1 << 20];
    size_t length = 0;

    random_start();
    while (length < sizeof all - 300) {
        char line[200];
        size_t bytes = random_below(sizeof line);
        for (size_t i = 0; i < bytes; i++)
            line[i] = (char)('a' + random_below(26));
        log_line("%.*s", (int)bytes, line);
        memcpy(all + length, line, bytes);
        length += bytes;
        all[length++] = '\n';

        uint64_t from = random_below(length + 2);
        uint64_t oldest = length > LOG_BYTES ? length - LOG_BYTES : 0;
        size_t room = random_below(sizeof buffer);
        size_t got = log_read(from, buffer, room, &start, &total);
        random_check(total == length);
        random_check(start == (from < oldest ? oldest : from > length ? length : from));
        random_check(got == (room < length - start ? room : length - start));
        random_check(memcmp(buffer, all + start, got) == 0);
    }
}
