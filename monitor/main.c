/*
 * The monitor: the first process of a core, with all rights over it. It starts programs under their
 * policies, serves those who may manage them, and knows how each has ended. It waits for nobody but
 * the kernel: a client is answered if it waits for the answer, and a spawner is told by NOTIFY.
 *
 * Nobody would start it again, so it keeps to tables of fixed size and trusts no request.
 */
#include <runtime/event.h>
#include <runtime/kcall.h>

#include "children.h"
#include "programs.h"
#include "requests.h"
#include "services.h"

/* Below its console driver, whose port the kernel's log may share, above all that it manages. */
#define MONITOR_PRIORITY 2

static void child_died(void *context) {
    (void)context;
    children_bury();
}

int main(void) {
    static const struct event_handlers handlers = { .request = request_serve, .child = child_died };

    int error = sched_priority(ENDPOINT_SELF, MONITOR_PRIORITY);
    if (!error)
        error = programs_open();
    if (error)
        return -error;
    services_start();
    return event_loop_run(&handlers);
}
