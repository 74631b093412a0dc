#define _GNU_SOURCE
#include "pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define REAL_TIME_PRIORITY 20

static pthread_t threads[2];

/* What side 1 is to do. `started` and `ended` count the works. */
static struct {
    _Alignas(256) _Atomic uint64_t started;
    void (*work)(unsigned side, void *context);
    void *context;
    _Alignas(256) _Atomic uint64_t ended;
} job;

static void *follow(void *unused) {
    (void)unused;
    for (uint64_t number = 1;; number++) {
        while (atomic_load_explicit(&job.started, memory_order_acquire) != number)
            __builtin_ia32_pause();
        job.work(1, job.context);
        atomic_store_explicit(&job.ended, number, memory_order_release);
    }
    return NULL;
}

int pair_start(int first) {
    struct sched_param priority = { .sched_priority = REAL_TIME_PRIORITY };

    threads[0] = pthread_self();
    if (pthread_create(&threads[1], NULL, follow, NULL))
        bench_fail("pthread_create");
    return first && pthread_setschedparam(threads[0], SCHED_FIFO, &priority) == 0 &&
           pthread_setschedparam(threads[1], SCHED_FIFO, &priority) == 0;
}

void pair_pin(int processor0, int processor1) {
    int processors[2] = { processor0, processor1 };

    /* Side 1 first, which spins: nothing else runs where it is, nor could the caller go there. */
    for (unsigned i = 0; i < 2; i++) {
        unsigned side = 1 - i;
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)processors[side], &set);
        if (pthread_setaffinity_np(threads[side], sizeof set, &set))
            bench_fail("pthread_setaffinity_np");
    }
}

uint64_t pair_run(void (*work)(unsigned side, void *context), void *context) {
    uint64_t number = atomic_load(&job.started) + 1;
    uint64_t start = bench_ticks();

    job.work = work;
    job.context = context;
    atomic_store_explicit(&job.started, number, memory_order_release);
    work(0, context);
    while (atomic_load_explicit(&job.ended, memory_order_acquire) != number)
        __builtin_ia32_pause();
    return bench_ticks() - start;
}

/* Does a file of words contain this one? */
static int contains(const char *path, const char *wanted) {
    FILE *file = fopen(path, "r");
    char word[64];
    int found = 0;

    while (file && !found && fscanf(file, "%63s", word) == 1)
        found = strcmp(word, wanted) == 0;
    if (file)
        fclose(file);
    return found;
}

int pair_siblings(int processor0, int processor1) {
    char path[96], line[64] = "";
    char *end;

    if (contains("/proc/cpuinfo", "hypervisor"))
        return PAIR_UNKNOWN;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
             processor0);
    FILE *file = fopen(path, "r");
    const char *read = file ? fgets(line, sizeof line, file) : NULL;
    if (file)
        fclose(file);
    /* One number, or two with a comma or a dash between them. */
    long first = strtol(line, &end, 10);
    return read && *end != '\n' && (first == processor1 || strtol(end + 1, NULL, 10) == processor1);
}

int pair_processors(int *processors, int most) {
    cpu_set_t set;
    int count = 0;

    if (sched_getaffinity(0, sizeof set, &set))
        bench_fail("sched_getaffinity");
    for (int i = 0; i < CPU_SETSIZE && count < most; i++)
        if (CPU_ISSET((size_t)i, &set))
            processors[count++] = i;
    return count;
}
