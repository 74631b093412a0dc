#include <runtime/tap.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned planned, run, failed;

void tap_plan(unsigned checks) {
    planned = checks;
    puts("TAP version 13");
    if (checks > 0)
        printf("1..%u\n", checks);
}

static void report(bool passed, const char *name, va_list args) {
    run++;
    failed += !passed;
    printf("%s %u - ", passed ? "ok" : "not ok", run);
    vprintf(name, args);
    putchar('\n');
}

bool tap_ok(bool condition, const char *name, ...) {
    va_list args;
    va_start(args, name);
    report(condition, name, args);
    va_end(args);
    return condition;
}

bool tap_is(int64_t got, int64_t expected, const char *name, ...) {
    va_list args;
    va_start(args, name);
    report(got == expected, name, args);
    va_end(args);
    if (got != expected) {
        printf("#      got: %" PRId64 " (0x%" PRIx64 ")\n", got, (uint64_t)got);
        printf("# expected: %" PRId64 " (0x%" PRIx64 ")\n", expected, (uint64_t)expected);
    }
    return got == expected;
}

bool tap_is_string(const char *got, const char *expected, const char *name, ...) {
    bool same = strcmp(got, expected) == 0;
    va_list args;
    va_start(args, name);
    report(same, name, args);
    va_end(args);
    if (!same)
        printf("#      got: \"%s\"\n# expected: \"%s\"\n", got, expected);
    return same;
}

void tap_skip(const char *name, const char *why) {
    printf("ok %u - %s # SKIP %s\n", ++run, name, why);
}

void tap_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("# ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

void tap_bail_out(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("Bail out! ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    exit(EXIT_FAILURE);
}

int tap_done(void) {
    if (planned == 0)
        printf("1..%u\n", run);
    else if (planned != run)
        printf("# planned %u checks, ran %u\n", planned, run);
    if (failed > 0)
        printf("# failed %u of %u\n", failed, run);
    return failed == 0 && (planned == 0 || planned == run) ? EXIT_SUCCESS : EXIT_FAILURE;
}
