/*
 * The four functions that GCC may call by itself (GCC manual, "Standards"): the freestanding code
 * of boot/ and of the cpu-driver has no C library. Long runs move eight bytes per step of a REP
 * instruction.
 */
#include "string.h"

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes) {
    void *to = destination;
    size_t words = bytes / 8;

    asm volatile("rep movsq" : "+D"(to), "+S"(source), "+c"(words) : : "memory");
    bytes %= 8;
    asm volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(bytes) : : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t bytes) {
    if ((uintptr_t)destination - (uintptr_t)source >= bytes) /* below, or no overlap */
        return memcpy(destination, source, bytes);

    const uint8_t *from = (const uint8_t *)source + bytes - 1;
    uint8_t *to = (uint8_t *)destination + bytes - 1;
    asm volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory", "cc");
    return destination;
}

void *memset(void *destination, int value, size_t bytes) {
    void *to = destination;
    size_t words = bytes / 8;
    uint64_t pattern = (uint64_t)(uint8_t)value * UINT64_C(0x0101010101010101);

    asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    bytes %= 8;
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
    return destination;
}

int memcmp(const void *a, const void *b, size_t bytes) {
    const uint8_t *left = a, *right = b;

    for (size_t i = 0; i < bytes; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}
