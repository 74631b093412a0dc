#include "recovery.h"

void recovery_forget(struct recovery *r) {
    r->level = r->last = 0;
    r->streak = r->loop = 0;
}

static uint64_t doubled(uint64_t first, uint32_t times, uint64_t most) {
    uint64_t pause = times < 40 ? first << times : most;

    return pause < most ? pause : most;
}

/*
 * The budget is a bucket that holds `count` recoveries and is filled up in a period. Each takes
 * one. False: there is none.
 */
static bool take(struct recovery *r, const struct recovery_policy *policy, uint64_t now) {
    uint64_t one = policy->count != 0 ? policy->period / policy->count : 0;
    uint64_t passed = now - r->last;

    r->level = r->last == 0 || passed > r->level ? 0 : r->level - passed;
    r->last = now;
    if (one == 0 || r->level + one > policy->period)
        return false;
    r->level += one;
    return true;
}

struct recovery_decision recovery_decide(struct recovery *r, const struct recovery_policy *policy,
                                         uint64_t started, uint64_t now) {
    uint64_t life = now - started;
    uint64_t pause = 0;

    r->failures++;
    r->streak = life >= policy->period ? 1 : r->streak + 1;
    r->loop = life > LOOP_LIFE ? 0 : r->loop + 1;
    if (policy->way == RECOVERY_NONE || !take(r, policy, now))
        return (struct recovery_decision){ RECOVERY_GIVE_UP, 0 };
    if (r->loop > LOOP_FREE)
        pause = doubled(LOOP_FIRST, r->loop - LOOP_FREE - 1, LOOP_MOST);
    if (policy->way == RECOVERY_BACKOFF)
        pause = doubled(BACKOFF_FIRST, r->streak - 1, BACKOFF_MOST);
    return (struct recovery_decision){ policy->way == RECOVERY_HOOK ? RECOVERY_ASK : RECOVERY_START,
                                       pause };
}
