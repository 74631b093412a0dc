/*
 * This file alone is compiled with floating point.
 */
#include <stdio.h>

#include <runtime/tap.h>

#include "tests.h"

void test_float(void) {
    volatile double third = 1.0 / 3, large = 6.02214076e23;
    volatile long double precise = 1.0L / 3;
    char text[64];

    snprintf(text, sizeof text, "%.6f %g %d", third, large, 5);
    tap_is_string(text, "0.333333 6.02214e+23 5", "snprintf_of_doubles");
    snprintf(text, sizeof text, "%.18Lf", precise);
    tap_is_string(text, "0.333333333333333333", "snprintf_of_a_long_double");
}
