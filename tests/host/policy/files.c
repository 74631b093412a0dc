#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy_set shipped, set;
char shipped_errors[4096], errors[4096];

static void collect(void *context, const struct policy_error *error) {
    char *text = context;
    size_t used = strlen(text);

    cr_assert_lt(used, 4000, "too many errors");
    (void)snprintf(text + used, 4096 - used, "%s:%u:%u: %s\n", error->file, error->line,
                   error->column, error->text);
}

static void read_file(const char *path) {
    static char room[4][1 << 16];
    static unsigned next;
    char *text = room[next++ % 4];
    FILE *file = fopen(path, "rb");

    cr_assert_not_null(file, "%s", path);
    size_t bytes = fread(text, 1, sizeof room[0], file);
    cr_assert_lt(bytes, sizeof room[0]);
    (void)fclose(file);
    policy_set_read(&shipped, path, text, bytes);
}

void shipped_open(void) {
    static _Alignas(16) char memory[POLICY_BYTES];

    shipped_errors[0] = '\0';
    policy_set_open(&shipped, memory, sizeof memory, collect, shipped_errors);
    read_file("drivers/drivers.conf");
    read_file("bench/drivers.conf");
    read_file("tests/guest/drivers.conf");
    policy_set_close(&shipped);
}

void read_text(const char *text) {
    static _Alignas(16) char memory[POLICY_BYTES];
    static char *copy; /* of its exact size, so that ASan sees what is read beyond it */

    free(copy);
    copy = malloc(strlen(text) + 1);
    cr_assert_not_null(copy);
    memcpy(copy, text, strlen(text) + 1);
    errors[0] = '\0';
    policy_set_open(&set, memory, sizeof memory, collect, errors);
    policy_set_read(&set, "p.conf", copy, strlen(copy));
    policy_set_close(&set);
}
