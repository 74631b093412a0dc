#include "watch.h"

#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/driver.h>
#include <runtime/asend.h>
#include <runtime/startup.h>

#include "monitor_calls.h"

static ASEND_ENTRIES(entries, ASEND_MAX);
static struct asend_queue queue;

void watch_init(void) { asend_init(&queue, entries, ASEND_MAX, NULL, NULL); }

void watch_asend(void) { asend_collect(&queue); }

/* Its answer has the tag: which service, and what was asked. */
static int ask(const struct watch *w, enum driver_request what, uint64_t argument) {
    struct message m = { .type = what,
                         .tag = w->slot << 16 | (what - DRIVER_REQUEST_BASE),
                         .arg = { argument } };

    return asend_post(&queue, w->process, &m);
}

void watch_start(struct watch *w, unsigned slot, endpoint_t process, uint64_t period) {
    uint64_t now = time_now(), total = w->heartbeat.total;

    *w = (struct watch){ .process = process, .slot = slot };
    w->heartbeat.total = total;
    heartbeat_start(&w->heartbeat, period, now);
    if (period != 0)
        ask(w, DRIVER_IDENTIFY, 0);
}

void watch_stop(struct watch *w) { w->process = ENDPOINT_NONE; }

uint64_t watch_due(const struct watch *w) {
    bool watched = w->process != ENDPOINT_NONE && w->heartbeat.base != 0;

    return watched ? w->heartbeat.due : 0;
}

void watch_notified(struct watch *w, uint64_t now) { heartbeat_answer(&w->heartbeat, now); }

/* One piece at a time, so that others have their turn. */
static enum manager_reason compare_text(struct watch *w) {
    return monitor_check(w->process, &w->checked) == -E_CHECKSUM ? MANAGER_REASON_CHECKSUM
                                                                 : MANAGER_REASON_NONE;
}

static enum manager_reason probe(struct watch *w) {
    if (w->probing && w->beats - w->probed > PROBE_TIME)
        return MANAGER_REASON_PROBE;
    if (!w->can_probe || w->probing || w->beats % PROBE_EVERY != 0)
        return MANAGER_REASON_NONE;
    w->probing = ask(w, DRIVER_PROBE, 0) == 0;
    w->probed = w->beats;
    return MANAGER_REASON_NONE;
}

enum manager_reason watch_look(struct watch *w, uint64_t now) {
    if (w->process == ENDPOINT_NONE)
        return MANAGER_REASON_NONE;
    enum heartbeat_verdict verdict = heartbeat_look(&w->heartbeat, now);
    if (verdict == HEARTBEAT_DEAD)
        return MANAGER_REASON_HEARTBEAT;
    if (verdict == HEARTBEAT_NOTHING)
        return MANAGER_REASON_NONE;
    w->beats++;
    ipc_notify(w->process);
    enum manager_reason reason = compare_text(w);
    return reason != MANAGER_REASON_NONE ? reason : probe(w);
}

/* An answer to a request that is not known, or that no probe makes, says that it lives. */
enum manager_reason watch_answered(struct watch *w, const struct message *m, uint64_t now) {
    struct driver_identity identity;
    int result = message_result(m);

    heartbeat_answer(&w->heartbeat, now);
    switch ((m->tag & 0xffff) + DRIVER_REQUEST_BASE) {
    case DRIVER_IDENTIFY:
        memcpy(&identity, m->arg, sizeof identity);
        w->can_probe = result == 0 && identity.abilities & DRIVER_CAN_PROBE;
        return MANAGER_REASON_NONE;
    case DRIVER_PROBE:
        w->probing = false;
        if (result == -E_NOTSUP)
            w->can_probe = false;
        return result == 0 || result == -E_NOTSUP || result == -E_BUSY ? MANAGER_REASON_NONE
                                                                       : MANAGER_REASON_PROBE;
    default:
        return MANAGER_REASON_NONE;
    }
}

bool watch_shut_down(const struct watch *w, uint64_t time) {
    return ask(w, DRIVER_SHUTDOWN, time) == 0;
}
