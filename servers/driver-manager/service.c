#include "service.h"

static void enter(struct service *s, enum manager_state state, uint64_t now) {
    s->state = state;
    s->since = now;
    s->deadline = 0;
}

static enum service_action spawn(struct service *s, uint64_t now) {
    enter(s, MANAGER_STATE_STARTING, now);
    s->started = now;
    s->condemned = false;
    return SERVICE_SPAWN;
}

bool service_has_process(const struct service *s) {
    return s->state == MANAGER_STATE_UP || s->state == MANAGER_STATE_STOPPING ||
           s->state == MANAGER_STATE_RECOVERING;
}

bool service_is_settled(const struct service *s) {
    return s->state == MANAGER_STATE_UP || s->state == MANAGER_STATE_DOWN ||
           s->state == MANAGER_STATE_GIVEN_UP || s->state == MANAGER_STATE_ENDED ||
           s->state == MANAGER_STATE_HOMELESS;
}

/* Of these it is no failure: nobody asks for a policy. */
static bool is_on_purpose(enum manager_reason reason) {
    return reason == MANAGER_REASON_UPDATE || reason == MANAGER_REASON_REFRESH ||
           reason == MANAGER_REASON_REJUVENATION || reason == MANAGER_REASON_MOVE;
}

enum service_action service_start(struct service *s, enum manager_reason reason, uint64_t now) {
    if (reason == MANAGER_REASON_NONE)
        s->restarts = 0;
    else
        s->restarts++;
    s->reason = (uint8_t)reason;
    s->failed_over = false;
    recovery_forget(&s->recovery);
    return spawn(s, now);
}

enum service_action service_stop(struct service *s, bool again, enum manager_reason reason,
                                 uint64_t now) {
    if (service_has_process(s)) {
        bool asked = s->state == MANAGER_STATE_UP;
        bool dead = s->cleared_late;
        enter(s, MANAGER_STATE_STOPPING, now);
        s->again = again;
        s->condemned = true;
        s->reason = again ? (uint8_t)reason : s->reason;
        s->deadline = dead ? 0 : now + SHUTDOWN_TIME;
        return asked ? SERVICE_SHUTDOWN : SERVICE_NOTHING;
    }
    if (again)
        return service_start(s, reason, now);
    enter(s, MANAGER_STATE_DOWN, now);
    return SERVICE_NOTHING;
}

/* What the policy says about the failure that has just been cleared away. */
static enum service_action recover(struct service *s, const struct recovery_policy *policy,
                                   uint64_t now) {
    struct recovery_decision d = recovery_decide(&s->recovery, policy, s->started, now);

    if (d.verdict == RECOVERY_GIVE_UP && policy->way != RECOVERY_NONE && s->has_standby &&
        !s->failed_over) {
        s->failed_over = true;
        recovery_forget(&s->recovery);
        d = (struct recovery_decision){ RECOVERY_START, 0 };
    }
    if (d.verdict == RECOVERY_GIVE_UP) {
        enter(s, MANAGER_STATE_GIVEN_UP, now);
        return SERVICE_NOTHING;
    }
    if (d.verdict == RECOVERY_ASK) {
        enter(s, MANAGER_STATE_HOOK, now);
        s->deadline = now + HOOK_TIME;
        return SERVICE_HOOK;
    }
    s->restarts++;
    if (d.pause == 0)
        return spawn(s, now);
    enter(s, MANAGER_STATE_WAITING, now);
    s->deadline = now + d.pause;
    return SERVICE_NOTHING;
}

/* A first start that fails is told to who wanted it; one of a recovery is one more failure. */
enum service_action service_spawned(struct service *s, int error,
                                    const struct recovery_policy *policy, uint64_t now) {
    s->error = error;
    if (error == 0) {
        enter(s, MANAGER_STATE_UP, now);
        s->cleared_late = false;
        return SERVICE_NOTHING;
    }
    if (s->reason == MANAGER_REASON_NONE) {
        enter(s, MANAGER_STATE_DOWN, now);
        return SERVICE_NOTHING;
    }
    s->reason = MANAGER_REASON_START;
    return recover(s, policy, now);
}

enum service_action service_condemn(struct service *s, enum manager_reason reason, uint64_t now) {
    if (s->state != MANAGER_STATE_UP)
        return SERVICE_NOTHING;
    if (is_on_purpose(reason))
        return service_stop(s, true, reason, now);
    enter(s, MANAGER_STATE_RECOVERING, now);
    s->reason = (uint8_t)reason;
    s->condemned = true;
    s->clean = false;
    return SERVICE_KILL;
}

void service_died(struct service *s, enum manager_reason reason, bool clean, uint64_t now) {
    if (!service_has_process(s) || s->cleared_late)
        return;
    s->cleared_late = true;
    s->deadline = 0;
    if (s->state == MANAGER_STATE_UP) {
        enter(s, MANAGER_STATE_RECOVERING, now);
        s->clean = clean;
    }
    if (!s->condemned)
        s->reason = (uint8_t)reason;
}

enum service_action service_cleared(struct service *s, const struct recovery_policy *policy,
                                    uint64_t now) {
    bool stopped = s->state == MANAGER_STATE_STOPPING;

    if (!s->cleared_late)
        return SERVICE_NOTHING;
    s->cleared_late = false;
    if (stopped && s->again) {
        s->again = false;
        return service_start(s, (enum manager_reason)s->reason, now);
    }
    if (stopped || s->clean) {
        enter(s, stopped ? MANAGER_STATE_DOWN : MANAGER_STATE_ENDED, now);
        return SERVICE_NOTHING;
    }
    return recover(s, policy, now);
}

enum service_action service_hook_ended(struct service *s, bool start, uint64_t now) {
    if (s->state != MANAGER_STATE_HOOK)
        return SERVICE_NOTHING;
    if (start) {
        s->restarts++;
        return spawn(s, now);
    }
    enter(s, MANAGER_STATE_GIVEN_UP, now);
    return SERVICE_NOTHING;
}

enum service_action service_tick(struct service *s, uint64_t now) {
    if (s->deadline == 0 || now < s->deadline)
        return SERVICE_NOTHING;
    s->deadline = 0;
    switch (s->state) {
    case MANAGER_STATE_WAITING:
        return spawn(s, now);
    case MANAGER_STATE_STOPPING:
        return SERVICE_KILL;
    case MANAGER_STATE_HOOK: /* it hangs; its service is worth another try */
        return service_hook_ended(s, true, now);
    default:
        return SERVICE_NOTHING;
    }
}
