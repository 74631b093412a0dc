/*
 * Suspicion: who has not answered for too long. A suspicion is no proof of failure, but reason
 * enough to fence.
 *
 * Time is divided into rounds of one period. Each begins with a PING to all that are observed; who
 * has not answered any when it ends has missed it. A round counts only if the observer woke on time
 * for its begin and for its end: an observer that was itself held up must not blame others. The
 * period follows the measured round trips.
 *
 * Pure: the caller has the clock and the channel.
 */
#ifndef MONITOR_SUSPICION_H
#define MONITOR_SUSPICION_H

#include "view.h"

#define SUSPICION_MISSES        4U /* rounds missed in a row that make a suspect */
#define SUSPICION_PERIOD        UINT64_C(2000000000)  /* shortest, nanoseconds */
#define SUSPICION_PERIOD_MAX    UINT64_C(60000000000) /* longest */
#define SUSPICION_LATE_FRACTION 4U                    /* late: by more than 1/4 of the period */
#define SUSPICION_ROUNDS        8U /* whose begins are remembered, to time answers */

struct suspicion {
    core_set_t observed;
    core_set_t unanswered; /* since the round began */
    uint8_t missed[CORES_MAX];
    uint32_t round;
    bool punctual; /* the round began on time */
    uint64_t began[SUSPICION_ROUNDS];
    uint64_t due; /* end of the round */
    uint64_t period;
    uint64_t round_trip, variation; /* smoothed, of all who are observed; 0: none measured */
};

void suspicion_start(struct suspicion *suspicion, uint64_t now);

/* Who is observed from now on. Who was not before starts with nothing missed. */
void suspicion_observe(struct suspicion *suspicion, core_set_t cores);

/* A core has proved in another way that it lived just now. */
void suspicion_forgive(struct suspicion *suspicion, unsigned core);

/* A PONG has come. */
void suspicion_answer(struct suspicion *suspicion, unsigned core, uint32_t round, uint64_t now);

/*
 * To be called at `due`, after all messages that have come by then. True: a round has ended and
 * the next begun, for which all observed have to be sent a PING. *suspects: who has missed
 * SUSPICION_MISSES rounds in a row.
 */
bool suspicion_tick(struct suspicion *suspicion, uint64_t now, core_set_t *suspects);

/*
 * Whom a member observes: its `SUSPICION_SUCCESSORS` next members in a ring ordered by core.
 */
#define SUSPICION_SUCCESSORS 3U
core_set_t suspicion_successors(core_set_t members, unsigned core);

#endif
