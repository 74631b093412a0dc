/*
 * Ticks to nanoseconds without a division: ns = ticks * scale / 2^48.
 */
#include <runtime/startup.h>

#include "start.h"

#define SCALE_BITS 48

static uint64_t scale;

/* scale = 10^9 * 2^48 / frequency by long division, in two digits of 32 and 16 bits. */
void time_init(uint64_t frequency) {
    uint64_t dividend = TIME_SECOND << 32;
    uint64_t high = dividend / frequency, remainder = dividend % frequency;
    scale = high << (SCALE_BITS - 32) | (remainder << (SCALE_BITS - 32)) / frequency;
}

uint64_t time_from_stamp(uint64_t ticks) {
    return (uint64_t)((unsigned __int128)ticks * scale >> SCALE_BITS);
}
