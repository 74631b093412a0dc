/*
 * A component by its label, whichever process it is now: drivers and servers that the driver
 * manager looks after. Their names are in the data store (thesis 2.2: `service.LABEL`), and say
 * when one has been started again.
 *
 * The functions wait. A process needs what <runtime/store.h> needs, and may hear of the data store
 * by a NOTIFY that is not for it: it has to be ready for those. Who has subscriptions of its own
 * checks them after component_await().
 */
#ifndef RUNTIME_COMPONENT_H
#define RUNTIME_COMPONENT_H

#include <stdbool.h>

#include <bulkhead/error.h>
#include <bulkhead/kcall.h>

struct component {
    char label[LABEL_MAX + 1];
    endpoint_t endpoint; /* the process that it is, or was last */
    uint64_t restarts;   /* seen by component_await() */
};

/* Finds a component. -E_NOENT there is none of this label, -E_TOOBIG that is no label; errors of
 * the data store. */
int component_find(struct component *component, const char *label);

/*
 * Waits until it is another process than the one known so far; if it is already, it does not wait.
 * -E_PEERDEAD there will be none: it has been taken down, or given up, or has ended. Errors of the
 * data store.
 */
int component_await(struct component *component);

/* Whether the process is known to be dead, without a look elsewhere; it may be all the same. */
bool component_is_gone(const struct component *component);

/* Errors of a call to a process that is no more. */
static inline bool component_is_error(int error) {
    return error == -E_PEERDEAD || error == -E_BADEP;
}

#endif
