/* Where C's own printf() knows the conversion, it is the judge. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define PROGRAM "boot-test"
#include "../random.h"

static char ours[256], theirs[256];

#define check_same(...)                                                     \
    do {                                                                    \
        int length = log_format(ours, sizeof ours, __VA_ARGS__);            \
        cr_expect_eq(length, snprintf(theirs, sizeof theirs, __VA_ARGS__)); \
        cr_expect_str_eq(ours, theirs);                                     \
    } while (0)

Test(format, text_and_percent_signs) {
    check_same("plain");
    check_same("100%% of %s", "it");
    check_same("%c%c", 'o', 'k');
    check_same("[%5c|%-5c]", 'a', 'b');
}

Test(format, strings_with_width_and_precision) {
    check_same("[%s|%10s|%-10s]", "abc", "abc", "abc");
    check_same("[%.2s|%.0s|%.9s]", "abc", "abc", "abc");
    check_same("[%.*s|%8.*s|%-8.*s]", 2, "abc", 1, "abc", 3, "abc");
    check_same("[%.*s]", -1, "abc");
    static const char unterminated[4] = { 'L', 'A', 'B', 'L' };
    check_same("[%.4s]", unterminated);
}

Test(format, numbers_at_their_limits) {
    check_same("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    check_same("%ld %ld", LONG_MAX, LONG_MIN);
    check_same("%u %u %lu", 0U, UINT_MAX, ULONG_MAX);
    check_same("%x %x %lx", 0U, 0xdeadbeefU, ULONG_MAX);
}

Test(format, numbers_with_width) {
    check_same("[%5d|%-5d|%05d]", 42, 42, 42);
    check_same("[%5d|%-5d|%05d]", -42, -42, -42);
    check_same("[%2d|%02d|%-2d]", 12345, 12345, 12345);
    check_same("[%016lx|%16lx|%-16lx]", 0xabcUL, 0xabcUL, 0xabcUL);
    check_same("[%25lu|%025lu|%-25lu]", ULONG_MAX, ULONG_MAX, ULONG_MAX);
    check_same("[%030ld]", LONG_MIN);
}

Test(format, pointers) {
    check_same("%p", (void *)0x1234);
    check_same("[%20p|%-20p]", (void *)0xffff800000000000, (void *)1);
}

Test(format, missing_string_is_named) {
    const char *volatile missing = NULL;
    log_format(ours, sizeof ours, "%s", missing);
    cr_assert_str_eq(ours, "(null)");
}

Test(format, short_buffers_are_terminated_and_the_whole_length_returned) {
    for (size_t room = 0; room < 12; room++) {
        memset(ours, '#', sizeof ours);
        cr_assert_eq(log_format(ours, room, "%s-%d", "abcd", 12345), 10);
        cr_assert_eq(ours[room], '#');
        snprintf(theirs, sizeof theirs, "abcd-12345");
        if (room > 0) {
            theirs[room - 1] = '\0';
            cr_assert_str_eq(ours, theirs);
        }
    }
}

Test(format, format_that_ends_early_does_no_harm) {
    /* as a variable: the compiler refuses it */
    static const char *const early[] = { "%", "%-", "%0", "%5", "%.", "%.3", "%l" };
    int (*volatile format)(char *, size_t, const char *, ...) = log_format;

    for (size_t i = 0; i < sizeof early / sizeof *early; i++)
        cr_expect_eq(format(ours, sizeof ours, early[i]), 1, "%s", early[i]);
}

Test(format, random_numbers_look_as_in_printf) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        static const char *const forms[] = { "%ld",     "%lu",    "%lx",  "%20ld",
                                             "%-20lu|", "%018lx", "%03ld" };
        char format[16];
        uint64_t value = random_next() >> random_below(64);
        snprintf(format, sizeof format, "%s", forms[random_below(sizeof forms / sizeof *forms)]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        log_format(ours, sizeof ours, format, value);
        snprintf(theirs, sizeof theirs, format, value);
#pragma GCC diagnostic pop
        random_check(strcmp(ours, theirs) == 0);
    }
}
