/*
 * spin [SECONDS]: keeps the CPU busy, to watch scheduling and ^C. Without a number it goes on until
 * it is ended.
 */
#include <stdio.h>
#include <stdlib.h>

#include <runtime/startup.h>

int main(int argc, char **argv) {
    uint64_t start = time_now(), turns = 0, limit = UINT64_MAX;

    if (argc > 1) {
        char *end;
        limit = strtoull(argv[1], &end, 10) * TIME_SECOND;
        if (argc > 2 || *end != '\0' || limit == 0) {
            puts("use it as: spin [SECONDS]");
            return 2;
        }
    }
    while (time_now() - start < limit)
        turns++;
    printf("spin: read the clock %llu times\n", (unsigned long long)turns);
    return 0;
}
