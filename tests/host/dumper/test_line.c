/* Files over a line: the dumper's packets, through the tool that writes them on the host. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "dumper-test"
#include "../random.h"

#include "line.h"

static char directory[] = "/tmp/dumps XXXXXX";
static FILE *line;
static char errors[4096];

static void init(void) { cr_assert_not_null(mkdtemp(directory)); }

static void fini(void) {
    char command[128];

    (void)snprintf(command, sizeof command, "rm -r '%s'", directory);
    cr_assert_eq(system(command), 0); // NOLINT(cert-env33-c)
}

TestSuite(line, .init = init, .fini = fini, .timeout = 120);

static void open_line(void) {
    char command[256];

    (void)snprintf(command, sizeof command, "build/tool/dumps '%s' 2>'%s/.errors'", directory,
                   directory);
    line = popen(command, "w"); // NOLINT(cert-env33-c)
    cr_assert_not_null(line);
}

/* The tool's exit status; what it said is in `errors`. */
static int close_line(void) {
    char path[128];
    int status = pclose(line);

    (void)snprintf(path, sizeof path, "%s/.errors", directory);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    errors[fread(errors, 1, sizeof errors - 1, file)] = '\0';
    (void)fclose(file);
    return WEXITSTATUS(status);
}

static uint8_t bytes[LINE_BYTES_MAX];

static void raw(const void *data, size_t count) {
    cr_assert_eq(fwrite(data, 1, count, line), count);
}

static void packet(enum dump_packet type, uint64_t offset, const void *data, size_t count) {
    raw(bytes, line_packet(type, offset, data, count, bytes));
}

static void text_packet(enum dump_packet type, const char *text) {
    packet(type, 0, text, strlen(text));
}

/* The content of a file there; NULL: there is none. The caller frees it. */
static uint8_t *content(const char *name, size_t *count) {
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    uint8_t *all = malloc(1 << 20);
    cr_assert_not_null(all);
    *count = fread(all, 1, 1 << 20, file);
    (void)fclose(file);
    return all;
}

static bool exists(const char *name) {
    size_t count;
    uint8_t *all = content(name, &count);

    free(all);
    return all != NULL;
}

static unsigned files(void) {
    unsigned count = 0;
    DIR *all = opendir(directory);

    cr_assert_not_null(all);
    for (const struct dirent *entry; (entry = readdir(all)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(all);
    return count;
}

Test(line, a_file_arrives_with_its_holes) {
    uint8_t data[DUMP_DATA_MAX];
    size_t count = 0;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i; /* the line's own bytes among them */
    open_line();
    text_packet(DUMP_BEGIN, "a-0.1.2.core");
    packet(DUMP_DATA, 0, data, sizeof data);
    packet(DUMP_DATA, 3 * sizeof data, data, 100);
    packet(DUMP_END, 5 * sizeof data, NULL, 0);
    cr_expect_eq(close_line(), 0);
    cr_expect_str_empty(errors);
    uint8_t *all = content("a-0.1.2.core", &count);
    cr_assert_not_null(all);
    cr_expect_eq(count, 5 * sizeof data);
    cr_expect(memcmp(all, data, sizeof data) == 0);
    cr_expect(memcmp(all + 3 * sizeof data, data, 100) == 0);
    for (size_t i = sizeof data; i < 3 * sizeof data; i++)
        cr_assert_eq(all[i], 0);
    free(all);
    cr_expect_eq(files(), 1);
}

/* The dumper is killed in the middle of a packet, and its successor begins the file anew. */
Test(line, a_writer_that_is_started_again_loses_nothing_but_time) {
    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    size_t count = line_packet(DUMP_DATA, 0, "half of this", 12, bytes);
    raw(bytes, count / 2);
    text_packet(DUMP_BEGIN, "a.core");
    packet(DUMP_DATA, 0, "whole", 5);
    packet(DUMP_END, 5, NULL, 0);
    cr_expect_eq(close_line(), 1);
    cr_expect(strstr(errors, "dumps: a.core: ") == errors, "%s", errors);
    uint8_t *all = content("a.core", &count);
    cr_assert_not_null(all);
    cr_expect(count == 5 && memcmp(all, "whole", 5) == 0);
    free(all);
}

static void expect_none(const char *why) {
    cr_expect_eq(close_line(), 1);
    cr_expect(strstr(errors, why) != NULL, "%s", errors);
    cr_expect_eq(files(), 0, "%s", why);
}

Test(line, what_is_not_complete_leaves_no_file) {
    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    packet(DUMP_DATA, 0, "x", 1);
    expect_none("a.core: the machine stopped before its end");

    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    text_packet(DUMP_ABORT, "its core has failed");
    expect_none("a.core: its core has failed");

    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    size_t count = line_packet(DUMP_DATA, 0, "damage", 6, bytes);
    bytes[20] ^= 1;
    raw(bytes, count);
    packet(DUMP_END, 6, NULL, 0);
    expect_none("a.core: a part of it was damaged");

    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    packet(DUMP_DATA, UINT64_MAX, "x", 1);
    expect_none("a.core: a part of it lies too far");

    open_line();
    text_packet(DUMP_BEGIN, "a.core");
    packet(DUMP_END, UINT64_MAX, NULL, 0);
    expect_none("a.core: it is too long");
}

Test(line, files_stay_in_their_directory) {
    static const char *const names[] = { "../a", "/tmp/a", ".a", "", "a\nb", "a b" };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        open_line();
        text_packet(DUMP_BEGIN, names[i]);
        packet(DUMP_DATA, 0, "x", 1);
        packet(DUMP_END, 1, NULL, 0);
        expect_none("a file with a bad name is left out");
    }
    open_line();
    packet(DUMP_BEGIN, 0, memset(bytes + 1000, 'a', DUMP_NAME_MAX + 1), DUMP_NAME_MAX + 1);
    expect_none("a file with a bad name is left out");
}

/* Bytes of any kind between, before and after two files: the tool goes on, and the last is whole.
 */
Test(line, garbage_harms_no_later_file) {
    random_start();
    for (unsigned round = 0; round < 50; round++) {
        uint8_t garbage[9000];
        size_t count = 0;
        random_fill(garbage, sizeof garbage);
        open_line();
        raw(garbage, random_below(sizeof garbage));
        text_packet(DUMP_BEGIN, "first");
        raw(garbage, random_below(sizeof garbage));
        text_packet(DUMP_BEGIN, "last");
        packet(DUMP_DATA, 0, garbage, DUMP_DATA_MAX);
        packet(DUMP_END, DUMP_DATA_MAX, NULL, 0);
        raw(garbage, random_below(sizeof garbage));
        close_line();
        uint8_t *all = content("last", &count);
        random_check(all != NULL && count == DUMP_DATA_MAX &&
                     memcmp(all, garbage, DUMP_DATA_MAX) == 0);
        free(all);
        random_check(!exists("first"));
    }
}
