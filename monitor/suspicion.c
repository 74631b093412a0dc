#include "suspicion.h"

#include <string.h>

void suspicion_start(struct suspicion *suspicion, uint64_t now) {
    memset(suspicion, 0, sizeof *suspicion);
    suspicion->period = SUSPICION_PERIOD;
    suspicion->due = now + suspicion->period;
}

void suspicion_observe(struct suspicion *suspicion, core_set_t cores) {
    for_each_core(core, cores & ~suspicion->observed)
        suspicion->missed[core] = 0;
    suspicion->observed = cores;
    suspicion->unanswered &= cores; /* the others are asked from the next round on */
}

void suspicion_forgive(struct suspicion *suspicion, unsigned core) {
    suspicion->missed[core] = 0;
    suspicion->unanswered &= ~core_bit(core);
}

/* As TCP estimates its time-out (RFC 6298), within the bounds of this header. */
static void measure(struct suspicion *suspicion, uint64_t sample) {
    if (suspicion->round_trip == 0) {
        suspicion->round_trip = sample;
        suspicion->variation = sample / 2;
    } else {
        uint64_t mean = suspicion->round_trip;
        uint64_t error = sample > mean ? sample - mean : mean - sample;
        suspicion->variation = suspicion->variation - suspicion->variation / 4 + error / 4;
        suspicion->round_trip = mean - mean / 8 + sample / 8;
    }
    uint64_t period = suspicion->round_trip + 4 * suspicion->variation;
    if (period < SUSPICION_PERIOD)
        period = SUSPICION_PERIOD;
    suspicion->period = period < SUSPICION_PERIOD_MAX ? period : SUSPICION_PERIOD_MAX;
}

void suspicion_answer(struct suspicion *suspicion, unsigned core, uint32_t round, uint64_t now) {
    if (suspicion->round - round < SUSPICION_ROUNDS && core_in(suspicion->observed, core))
        measure(suspicion, now - suspicion->began[round % SUSPICION_ROUNDS]);
    suspicion_forgive(suspicion, core);
}

static core_set_t count_missed(struct suspicion *suspicion) {
    core_set_t suspects = 0;

    for_each_core(core, suspicion->unanswered)
        if (++suspicion->missed[core] >= SUSPICION_MISSES) {
            suspicion->missed[core] = 0;
            suspects |= core_bit(core);
        }
    return suspects;
}

bool suspicion_tick(struct suspicion *suspicion, uint64_t now, core_set_t *suspects) {
    *suspects = 0;
    if (now < suspicion->due)
        return false;
    bool on_time = now - suspicion->due <= suspicion->period / SUSPICION_LATE_FRACTION;
    if (on_time && suspicion->punctual)
        *suspects = count_missed(suspicion);
    suspicion->punctual = on_time;
    suspicion->round++;
    suspicion->began[suspicion->round % SUSPICION_ROUNDS] = now;
    suspicion->unanswered = suspicion->observed;
    suspicion->due = now + suspicion->period;
    return true;
}

core_set_t suspicion_successors(core_set_t members, unsigned core) {
    core_set_t left = members & ~core_bit(core), chosen = 0;

    for (unsigned i = 0; i < SUSPICION_SUCCESSORS && left; i++) {
        unsigned next = core_next(left, core + 1);
        if (next == CORES_MAX)
            next = core_next(left, 0);
        chosen |= core_bit(next);
        left &= ~core_bit(next);
    }
    return chosen;
}
