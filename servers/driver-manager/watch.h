/*
 * Watches the process of a service while it runs: heartbeats, probes, its text (thesis 4.1.2;
 * protocol/driver.h). It never waits for it.
 */
#ifndef MANAGER_WATCH_H
#define MANAGER_WATCH_H

#include <bulkhead/protocol/manager.h>

#include "heartbeat.h"

/* A probe in each so many heartbeats; it has so many of them to be answered. */
#define PROBE_EVERY 4U
#define PROBE_TIME  16U

struct watch {
    endpoint_t process;
    unsigned slot;
    struct heartbeat heartbeat;
    unsigned beats;   /* heartbeats since it runs */
    bool can_probe;   /* it says so */
    bool probing;     /* a probe was not answered yet.. */
    unsigned probed;  /* ..which was sent at this one of them */
    uint64_t checked; /* offset in its text up to which that was compared in this round */
};

void watch_init(void);

/* It runs; `period` 0: it is not watched. */
void watch_start(struct watch *w, unsigned slot, endpoint_t process, uint64_t period);
void watch_stop(struct watch *w);

/* When watch_look() is to be called; 0: never. */
uint64_t watch_due(const struct watch *w);

/* Looks after it. MANAGER_REASON_NONE, or why it is to be replaced. */
enum manager_reason watch_look(struct watch *w, uint64_t now);

/* It has notified, or has answered a request. The same. */
void watch_notified(struct watch *w, uint64_t now);
enum manager_reason watch_answered(struct watch *w, const struct message *m, uint64_t now);

/* Asks it to end within some time. False: it cannot be asked. */
bool watch_shut_down(const struct watch *w, uint64_t time);

void watch_asend(void);

#endif
