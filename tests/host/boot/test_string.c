/* The freestanding memory functions against the C library's; component.mk renames the former. */
#include <stdint.h>
#include <string.h>

#define PROGRAM "boot-test"
#include "../random.h"

void *our_memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *our_memmove(void *destination, const void *source, size_t bytes);
void *our_memset(void *destination, int value, size_t bytes);
int our_memcmp(const void *a, const void *b, size_t bytes);

#define BYTES 200

static uint8_t a[BYTES], b[BYTES], source[BYTES];

/* Equal areas of random bytes. */
static void start_round(void) {
    random_fill(a, BYTES);
    random_fill(source, BYTES);
    memcpy(b, a, BYTES);
}

static int sign(int value) { return (value > 0) - (value < 0); }

Test(string, copies_moves_and_sets_like_the_c_library) {
    random_start();
    for (unsigned round = 0; round < 50000; round++) {
        size_t bytes = random_below(100), to = random_below(100), from = random_below(100);
        int value = (int)random_next();
        start_round();
        random_check(our_memcpy(a + to, source + from, bytes) == a + to);
        memcpy(b + to, source + from, bytes);
        random_check(memcmp(a, b, BYTES) == 0);
        random_check(our_memmove(a + to, a + from, bytes) == a + to);
        memmove(b + to, b + from, bytes);
        random_check(memcmp(a, b, BYTES) == 0);
        random_check(our_memset(a + from, value, bytes) == a + from);
        memset(b + from, value, bytes);
        random_check(memcmp(a, b, BYTES) == 0);
    }
}

Test(string, compares_like_the_c_library) {
    random_start();
    for (unsigned round = 0; round < 50000; round++) {
        size_t bytes = random_below(BYTES);
        start_round();
        if (random_below(4))
            b[random_below(BYTES)] = (uint8_t)random_next();
        random_check(sign(our_memcmp(a, b, bytes)) == sign(memcmp(a, b, bytes)));
    }
}
