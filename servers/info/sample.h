/* Samples of the whole system, which the monitors of all cores are asked for. */
#ifndef INFO_SAMPLE_H
#define INFO_SAMPLE_H

#include "rates.h"

/* What clients are told of; valid until the next sample. */
struct snapshot {
    const struct information_core *cores;
    size_t core_count;
    const struct information_process *processes;
    size_t process_count;
    uint64_t number; /* of the sample, from 1 on */
    uint64_t period; /* nanoseconds since the one before; 0: there was none */
};

/*
 * The system as it is now, or was at most INFORMATION_PERIOD ago. A core that fails meanwhile is
 * one that does not answer; where memory does not suffice for all processes some are missing.
 * -E_NOENT, and what the monitor says: there is nothing to tell.
 */
int sample_now(struct snapshot *snapshot);

/* The last one. Its number is 0 when there is none yet. */
void sample_last(struct snapshot *snapshot);

#endif
