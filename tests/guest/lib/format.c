#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/tap.h>

#include "tests.h"

#define CHECK(expected, ...)                                                    \
    do {                                                                        \
        char text[64];                                                          \
        int length = snprintf(text, sizeof text, __VA_ARGS__);                  \
        tap_is_string(text, expected, "snprintf_gives \"%s\"", expected);       \
        if (length != (int)strlen(expected))                                    \
            tap_is(length, (int)strlen(expected), "snprintf_gives_its_length"); \
    } while (0)

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

void test_format(void) {
    CHECK("-5 +7 0042", "%d %+d %04d", -5, 7, 42);
    CHECK("9223372036854775807 -9223372036854775808", "%ld %ld", (long)INT64_MAX, (long)INT64_MIN);
    CHECK("18446744073709551615", "%lu", UINT64_MAX);
    CHECK("dead 0XBEEF 017", "%x %#X %#o", 0xdead, 0xbeef, 15);
    CHECK("[left  ][ right][cu]", "[%-6s][%6s][%.2s]", "left", "right", "cut");
    CHECK("a% 0x10", "%c%% %p", 'a', (void *)16);
    CHECK("255 -1 65535", "%hhu %hhd %hu", (unsigned char)255, (signed char)-1,
          (unsigned short)65535);
    CHECK("7    |", "%-*d|", 5, 7);
    CHECK("No such file or directory", "%s", strerror(2));

    char small[4];
    volatile size_t room = sizeof small; /* the compiler would warn */
    tap_is(snprintf(small, room, "%d", 123456), 6, "snprintf_tells_the_full_length");
    tap_is_string(small, "123", "snprintf_cuts_to_the_buffer");

    int numbers[] = { 5, -1, 9, 3, 3, 0 };
    qsort(numbers, 6, sizeof numbers[0], by_value);
    tap_ok(numbers[0] == -1 && numbers[3] == 3 && numbers[5] == 9, "qsort_sorts");
    int key = 9;
    tap_ok(bsearch(&key, numbers, 6, sizeof key, by_value) == &numbers[5], "bsearch_finds");
    tap_is(strtol("-0x1fz", NULL, 0), -0x1f, "strtol_reads_hexadecimal");
    char overlap[] = "0123456789";
    memmove(overlap + 2, overlap, 8);
    tap_is_string(overlap, "0101234567", "memmove_of_overlapping_memory");
}
