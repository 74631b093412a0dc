/*
 * Messages to destinations that need not be trusted: queued, sent by the kernel when their
 * destination receives, never waited for. A process has at most one queue, because the kernel holds
 * one ASEND table per process.
 *
 *     static ASEND_ENTRIES(entries, 16);
 *     static struct asend_queue queue;
 *     asend_init(&queue, entries, 16, NULL, NULL);
 *     asend_post(&queue, driver, &m);
 *
 * Messages to one destination arrive in the order in which they were posted.
 */
#ifndef RUNTIME_ASEND_H
#define RUNTIME_ASEND_H

#include <runtime/ipc.h>

/* Defines an array that asend_init() accepts. */
#define ASEND_ENTRIES(name, count) \
    struct asend_entry name[count] __attribute__((aligned(sizeof(struct asend_entry))))

/* What became of a posted message; result is 0 or a negated error. */
typedef void asend_done_fn(void *context, endpoint_t destination, const struct message *m,
                           int result);

struct asend_queue {
    struct asend_entry *entries; /* the kernel's from asend_post() until it marks them ASEND_DONE */
    size_t capacity;
    size_t used; /* entries[0 .. used) hold messages in order of posting; some may be done */
    asend_done_fn *done;
    void *context;
};

/*
 * `capacity` is 1 to ASEND_MAX; `entries` stays the queue's. `done`, unless NULL, is called once
 * for every message that was sent or failed, from asend_post() or asend_collect(); it must not call
 * either.
 */
void asend_init(struct asend_queue *queue, struct asend_entry *entries, size_t capacity,
                asend_done_fn *done, void *context);

/*
 * Queues a copy of *m. 0 says that it is queued, or sent already. -E_NOSLOT: all entries are
 * waiting for their destinations. Other errors are those of ASEND itself. On an error the message
 * is not queued.
 */
int asend_post(struct asend_queue *queue, endpoint_t destination, const struct message *m);

/* Gives the entries that are done back to the queue. Returns how many still wait. */
size_t asend_collect(struct asend_queue *queue);

#endif
