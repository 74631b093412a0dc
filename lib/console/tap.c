#include <runtime/tap.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned planned, run, failed;
static const char *indent = "";

void tap_subtest(void) { indent = "    "; }

void tap_plan(unsigned checks) {
    planned = checks;
    printf("%sTAP version 13\n", indent);
    if (checks > 0)
        printf("%s1..%u\n", indent, checks);
}

static void report(bool passed, const char *name, va_list args) {
    run++;
    failed += !passed;
    printf("%s%s %u - ", indent, passed ? "ok" : "not ok", run);
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
        printf("%s#      got: %" PRId64 " (0x%" PRIx64 ")\n", indent, got, (uint64_t)got);
        printf("%s# expected: %" PRId64 " (0x%" PRIx64 ")\n", indent, expected, (uint64_t)expected);
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
        printf("%s#      got: \"%s\"\n%s# expected: \"%s\"\n", indent, got, indent, expected);
    return same;
}

void tap_skip(const char *name, const char *why) {
    printf("%sok %u - %s # SKIP %s\n", indent, ++run, name, why);
}

void tap_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s# ", indent);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

void tap_bail_out(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%sBail out! ", indent);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    exit(EXIT_FAILURE);
}

int tap_done(void) {
    if (planned == 0)
        printf("%s1..%u\n", indent, run);
    else if (planned != run)
        printf("%s# planned %u checks, ran %u\n", indent, planned, run);
    if (failed > 0)
        printf("%s# failed %u of %u\n", indent, failed, run);
    return failed == 0 && (planned == 0 || planned == run) ? EXIT_SUCCESS : EXIT_FAILURE;
}
