/*
 * The monitor: the first process of a core, with all rights over it. It starts programs under their
 * policies, serves those who may manage them, and knows how each has ended. It waits for nobody but
 * the kernel: a client is answered if it waits for the answer, and a spawner is told by NOTIFY.
 *
 * Nobody would start it again, so it keeps to tables of fixed size and trusts no request.
 */
#include <runtime/event.h>
#include <runtime/kcall.h>

#include "bindings.h"
#include "children.h"
#include "chunks.h"
#include "clock.h"
#include "core_jobs.h"
#include "cores.h"
#include "drivers.h"
#include "forward.h"
#include "grants.h"
#include "machine.h"
#include "names.h"
#include "policy.h"
#include "programs.h"
#include "requests.h"
#include "services.h"

/* Below its console driver, whose port the kernel's log may share, above all that it manages. */
#define MONITOR_PRIORITY 2

static void child_died(void *context) {
    (void)context;
    children_bury();
}

static void bell(void *context, uint64_t core, bool closed) {
    (void)context;
    cores_bell((uint32_t)core, closed);
}

static void core_stopped_somewhere(void *context) {
    (void)context;
    cores_stopped();
}

static void storm(void *context) {
    (void)context;
    drivers_storm();
}

/* The console and the shell are core 0's. */
static void ready(void) {
    if (machine_self() == 0)
        services_start();
}

int main(void) {
    static const struct event_handlers handlers = {
        .request = request_serve,
        .child = child_died,
        .bell = bell,
        .core = core_stopped_somewhere,
        .storm = storm,
    };
    static const struct peer_service *const peer_services[] = {
        &cores_service,    &cores_stop_service, &forward_service, &names_service,
        &bindings_service, &clock_service,      &chunks_service,  &grants_service
    };

    int error = sched_priority(ENDPOINT_SELF, MONITOR_PRIORITY);
    if (!error)
        error = programs_open();
    if (!error)
        error = machine_open();
    if (error)
        return -error;
    policies_open();
    peers_init(peer_services, sizeof peer_services / sizeof peer_services[0]);
    cores_listen(job_cores_gone);
    cores_listen(bindings_cores_gone);
    cores_listen(forward_cores_gone);
    cores_listen(grants_cores_gone);
    cores_listen(names_view_changed);
    cores_listen(clock_view_changed);
    cores_listen(chunks_view_changed);
    cores_listen(drivers_cores_gone);
    names_listen(NAME_CONSOLE, children_tell_console);
    error = cores_open(ready);
    if (error)
        return -error;
    return event_loop_run(&handlers);
}
