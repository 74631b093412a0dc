#include <string.h>

#include <runtime/startup.h>

#include "internal.h"

static struct message prober; /* who waits for the probe's result; ENDPOINT_NONE: nobody */

/* The end: told, and not done yet. */
static bool ending;
static struct message ender;
static struct event_alarm deadline;

bool manage_ending(void) { return ending; }

static void identify(struct message *m) {
    struct driver_identity identity = { .version = DRIVER_VERSION, .starts = state_starts() };

    memcpy(identity.name, driver_running->name,
           strnlen(driver_running->name, sizeof identity.name));
    if (driver_running->probe)
        identity.abilities |= DRIVER_CAN_PROBE;
    if (driver_running->save)
        identity.abilities |= DRIVER_HAS_STATE;
    if (identity.starts > 1)
        identity.abilities |= DRIVER_RESTARTED;
    memcpy(m->arg, &identity, sizeof identity);
}

static int probe(const struct message *m) {
    if (!driver_running->probe)
        return -E_NOTSUP;
    if (prober.source != ENDPOINT_NONE)
        return -E_BUSY;
    prober = *m;
    int result = driver_running->probe();
    if (result != DRIVER_LATER)
        prober.source = ENDPOINT_NONE;
    return result;
}

void driver_probed(int result) {
    struct message reply = prober;

    if (prober.source == ENDPOINT_NONE)
        return;
    prober.source = ENDPOINT_NONE;
    message_set_result(&reply, result);
    agent_reply(DRIVER_PROBE, &reply);
}

/* Nothing is pending, or time is over. State that cannot be saved is no reason to go on. */
static void end(struct event_alarm *alarm) {
    int result = driver_running->save ? state_save() : 0;
    int error = driver_running->shutdown ? driver_running->shutdown() : 0;

    event_alarm_cancel(alarm);
    result = error ? error : result;
    message_set_result(&ender, result);
    event_reply(ender.source, &ender);
    event_loop_stop(-result);
}

static int shutdown(const struct message *m) {
    if (ending)
        return -E_BUSY;
    ending = true;
    ender = *m;
    event_alarm_set(&deadline, m->arg[0], end);
    if (driver_running->drain)
        driver_running->drain();
    manage_settle();
    return DRIVER_LATER;
}

void manage_settle(void) {
    bool done = driver_counts.pending == 0 && !(driver_running->busy && driver_running->busy());

    if (ending && deadline.set && done)
        end(&deadline);
}

static int serve(struct message *m) {
    struct driver_statistics statistics;

    if (!agent_is(m->source))
        return -E_PERM;
    switch (m->type) {
    case DRIVER_IDENTIFY:
        identify(m);
        return 0;
    case DRIVER_PROBE:
        return probe(m);
    case DRIVER_SHUTDOWN:
        return shutdown(m);
    default:
        statistics = driver_statistics();
        memcpy(m->arg, &statistics, sizeof statistics);
        return 0;
    }
}

void manage_request(struct message *m) {
    enum driver_request request = (enum driver_request)m->type;

    int result = serve(m);
    if (result == DRIVER_LATER)
        return;
    message_set_result(m, result);
    if (result == -E_PERM)
        event_reply(m->source, m); /* who is no agent may lose its reply */
    else
        agent_reply(request, m);
}
