/* What two samples of the system say of how fast it does what. Pure. */
#ifndef INFO_RATES_H
#define INFO_RATES_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/information.h>
#include <bulkhead/protocol/monitor.h>

/* A core at one moment. */
struct core_sample {
    struct monitor_core core;
    bool answers; /* the rest is known */
    struct core_info info;
    struct memory_info memory;
    uint32_t processes;
};

/* `count` per second in so many nanoseconds; 0 if there are none of those. At most UINT32_MAX. */
uint32_t rate_of(uint64_t count, uint64_t nanoseconds);

/* A part of a whole in thousandths, rounded: at most 1000; 0 if there is no whole. */
uint32_t share_of(uint64_t part, uint64_t whole);

/* By how much a counter has risen; all of it, if it has begun anew. */
uint64_t risen(uint64_t before, uint64_t after);

/*
 * What a core has done since the sample before, or since its start: when `before` is NULL, did not
 * answer, or was another incarnation of it.
 */
struct information_core describe_core(const struct core_sample *before,
                                      const struct core_sample *after);

/*
 * The same of a process, in `nanoseconds` of its core's time; `before` NULL: it is new, and has
 * done all that it ever did in that time, which is at least that since its start.
 */
struct information_process describe_process(const struct process_info *before,
                                            const struct process_info *after, uint64_t nanoseconds);

/* Of a core, the time that a sample covers: as describe_core() takes it. */
uint64_t covered(const struct core_sample *before, const struct core_sample *after);

/* The busiest first; of the equally busy those who send and receive most; then by endpoint. */
void sort_processes(struct information_process *processes, size_t count);

#endif
