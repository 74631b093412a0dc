/*
 * policy-check FILE...
 *
 * Reads policies (docs/policies.md) as a monitor would, the files in this order, and tells of every
 * error. Exit status: 0 there is none, 1 there are some, 2 a file cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/policy.h>

/* As much as a monitor has for them. */
static _Alignas(16) char memory[POLICY_BYTES];

static void print(void *context, const struct policy_error *error) {
    char text[POLICY_ERROR_TEXT + 400];

    (void)context;
    (void)policy_error_format(text, sizeof text, error);
    (void)fputs(text, stderr);
}

/* The whole of a file; it is not freed. */
static char *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16;
    char *text = malloc(room);

    for (*bytes = 0; file != NULL && text != NULL;) {
        *bytes += fread(text + *bytes, 1, room - *bytes, file);
        if (*bytes < room) {
            bool failed = ferror(file) != 0;
            (void)fclose(file);
            if (failed)
                break;
            return text;
        }
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL)
            free(text);
        text = larger;
    }
    (void)fprintf(stderr, "policy-check: %s: %s\n", path, strerror(errno));
    exit(2);
}

int main(int argc, char **argv) {
    static struct policy_set set;

    if (argc < 2) {
        (void)fputs("usage: policy-check FILE...\n", stderr);
        return 2;
    }
    policy_set_open(&set, memory, sizeof memory, print, NULL);
    for (int i = 1; i < argc; i++) {
        size_t bytes;
        const char *text = read_file(argv[i], &bytes);
        (void)policy_set_read(&set, argv[i], text, bytes);
    }
    size_t errors = policy_set_close(&set);
    if (set.ended)
        (void)fputs("policy-check: nothing after the last of these errors is read\n", stderr);
    if (errors == 0)
        (void)printf("%zu drivers, %zu bytes of %zu\n", set.count,
                     sizeof memory - (size_t)(set.end - (char *)&set.policy[set.count]),
                     sizeof memory);
    return errors != 0;
}
