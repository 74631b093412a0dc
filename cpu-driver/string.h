/*
 * Memory functions of the freestanding code, as in the C standard (7.24). Where there is a C
 * library, in unit tests on a host, it is the C library's own header.
 */
#ifndef CPU_DRIVER_STRING_H
#define CPU_DRIVER_STRING_H

#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__
#include <string.h> /* angle brackets: not this file */
#else

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif

/* Sets `words` words of 64 bits. */
static inline void fill_words(void *destination, uint64_t word, size_t words) {
    __asm__ volatile("rep stosq" : "+D"(destination), "+c"(words) : "a"(word) : "memory");
}

#endif
