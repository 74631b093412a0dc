/*
 * How far the time-stamp counters of other cores are from this one's. On most machines they agree;
 * traces of several cores are put in order by what was measured.
 */
#ifndef MONITOR_CLOCK_H
#define MONITOR_CLOCK_H

#include "cores.h"
#include "peers.h"

extern const struct peer_service clock_service;

/* For cores_listen(): new members are measured. */
void clock_view_changed(core_set_t gone);

/*
 * A core's counter less this one's, in ticks: as the fastest of CLOCK_SAMPLES round trips has it,
 * so exact to half of that (F. Cristian, Probabilistic clock synchronization, 1989). 0: not
 * measured.
 */
int64_t clock_offset(uint32_t core);

#define CLOCK_SAMPLES 16U

#endif
