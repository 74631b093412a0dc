/* Runs the tests and writes the Test Anything Protocol to $TAP, or standard output. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

static struct plain_test *first;
static unsigned count;

void plain_register(struct plain_test *test) {
    test->next = first;
    first = test;
    count++;
}

int main(void) {
    const char *path = getenv("TAP");
    FILE *tap = path ? fopen(path, "w") : stdout;
    unsigned number = 0;

    if (!tap)
        return EXIT_FAILURE;
    fprintf(tap, "1..%u\n", count);
    for (const struct plain_test *test = first; test; test = test->next) {
        test->run();
        fprintf(tap, "ok %u - %s::%s\n", ++number, test->suite, test->name);
        fflush(tap);
    }
    return fclose(tap) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
