#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/console.h>

#include <runtime/console.h>

#include "../../../lib/console/line.h"
#include "../../../lib/console/output.h"

static char lines[4096];

static void emit(const char *text, size_t bytes) { fake_append(lines, sizeof lines, text, bytes); }

static void add(struct line_buffer *line, const char *text) {
    line_add(line, text, strlen(text), emit);
}

Test(line, text_is_cut_at_newlines) {
    static struct line_buffer line;
    add(&line, "one\ntwo\n\nthr");
    cr_assert_str_eq(lines, "one|two||");
    add(&line, "ee");
    add(&line, "\n");
    cr_assert_str_eq(lines, "one|two||three|");
}

Test(line, long_line_is_cut_at_the_limit) {
    static struct line_buffer line;
    char text[2UL * LOG_LINE_MAX + 2];
    memset(text, 'x', sizeof text);
    text[LOG_LINE_MAX] = '\n'; /* exactly full */
    text[sizeof text - 1] = '\0';
    add(&line, text);
    cr_assert_eq(strchr(lines, '|') - lines, LOG_LINE_MAX);
    cr_assert_eq(strlen(lines), LOG_LINE_MAX + 1);
    add(&line, "yz\n");
    cr_assert_eq(strlen(lines), 2 * LOG_LINE_MAX + 5);
    cr_assert_str_eq(lines + 2UL * LOG_LINE_MAX + 1, "|yz|");
}

/* All text written to the console so far. */
static const char *written(void) {
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < kernel.sent_count; i++) {
        struct console_data data;
        memcpy(&data, kernel.sent[i].arg, sizeof data);
        cr_assert_eq(kernel.sent[i].type, CONSOLE_WRITE);
        cr_assert_eq(kernel.sent_to[i], FAKE_CONSOLE);
        cr_assert(data.length >= 1 && data.length <= CONSOLE_DATA_MAX);
        strncat(text, data.data, data.length);
    }
    return text;
}

Test(console, text_fills_messages) {
    char text[101];
    memset(text, 'a', 100);
    text[100] = '\0';
    console_write(text, 100);
    cr_assert_eq(kernel.sent_count, 3);
    cr_assert_str_eq(written(), text);
}

Test(console, pieces_share_a_message) {
    console_put("line", 4);
    console_put("\n", 1);
    cr_assert_eq(kernel.sent_count, 0);
    console_push();
    console_push();
    cr_assert_eq(kernel.sent_count, 1);
    cr_assert_str_eq(written(), "line\n");
}

Test(console, dead_console_leaves_the_log) {
    kernel.send_error = -E_PEERDEAD;
    console_write("one\ntw", 6);
    console_write("o\n", 2);
    cr_assert_str_eq(kernel.log, "one|two|");
}

Test(console, refusing_console_leaves_the_log) {
    kernel.reply.type = (uint32_t)-E_IO;
    console_write("one\n", 4);
    cr_assert_str_eq(kernel.log, "one|");
}

Test(console, without_console_there_is_the_log) {
    fake_startup.console = ENDPOINT_NONE;
    console_write("hello\n", 6);
    cr_assert_eq(kernel.sent_count, 0);
    cr_assert_str_eq(kernel.log, "hello|");
    cr_assert_eq(console_read(lines, 1), -E_NOENT);
    cr_assert_eq(console_flush(), -E_NOENT);
}

Test(console, forbidden_log_loses_output) {
    fake_startup.console = ENDPOINT_NONE;
    kernel.log_error = -E_PERM;
    console_write("hello\n", 6);
    cr_assert_eq(kernel.log_lines, 0);
}

static void input(const char *text) {
    struct console_data data = { .length = strlen(text) };
    memcpy(data.data, text, data.length);
    memcpy(kernel.reply.arg, &data, sizeof data);
}

Test(console, input_that_finds_no_room_is_kept) {
    char buffer[8];
    input("abcdef");
    cr_assert_eq(console_read(buffer, 4), 4);
    cr_assert_eq(console_read(buffer + 4, 4), 2);
    cr_assert_eq(memcmp(buffer, "abcdef", 6), 0);
    cr_assert_eq(kernel.sent_count, 1);
    cr_assert_eq(kernel.sent[0].type, CONSOLE_READ);
    cr_assert_eq(console_read(buffer, 8), 6);
    cr_assert_eq(kernel.sent_count, 2);
}

Test(console, length_from_the_driver_is_not_trusted) {
    char buffer[64];
    struct console_data data = { .length = CONSOLE_DATA_MAX + 1 };
    memcpy(kernel.reply.arg, &data, sizeof data);
    cr_assert_eq(console_read(buffer, sizeof buffer), -E_IO);
    data.length = 0;
    memcpy(kernel.reply.arg, &data, sizeof data);
    cr_assert_eq(console_read(buffer, sizeof buffer), -E_IO);
    input("x");
    cr_assert_eq(console_read(buffer, sizeof buffer), 1);
}

Test(console, read_reports_errors) {
    char c;
    cr_assert_eq(console_read(&c, 0), -E_INVAL);
    kernel.reply.type = (uint32_t)-E_BUSY;
    cr_assert_eq(console_read(&c, 1), -E_BUSY);
    kernel.send_error = -E_PEERDEAD;
    cr_assert_eq(console_read(&c, 1), -E_PEERDEAD);
}
