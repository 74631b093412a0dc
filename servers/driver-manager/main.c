/*
 * The driver manager: an agent on every core, which starts the drivers and servers there, watches
 * them, and starts them again when they fail; one of the agents leads (docs/driver-manager.md). It
 * waits for nobody but the monitor, the PCI server and the data store.
 */
#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "clients.h"
#include "links.h"
#include "local.h"
#include "monitor_calls.h"
#include "supervisor.h"

#define RETRY_PAUSE   (20 * TIME_MILLISECOND)
#define RECOVERY_TIME TIME_SECOND /* for all agents to say HELLO to a new leader */

static struct group group;
static struct event_alarm look_alarm, recovery_alarm;

static void look(struct event_alarm *alarm);

/* ---- What the group asks for ---- */

static void send(void *context, uint32_t core, const struct note *note) {
    (void)context;
    links_send(core, note);
}

static void keep_record(void *context, unsigned slot) {
    (void)context;
    kept_record(&group.table, slot);
}

static void keep_client(void *context, unsigned index) {
    (void)context;
    kept_client(&group.table, index);
}

static const struct group_actions actions = {
    .send = send,
    .keep_record = keep_record,
    .keep_client = keep_client,
    .act = supervisor_act,
    .has_acted = supervisor_has_acted,
    .answer = clients_answer,
};

/* ---- Who leads, and who is there ---- */

static void recovered(struct event_alarm *alarm) {
    (void)alarm;
    group_recovered(&group);
}

/* Nobody leads: this one would. The monitors agree on one. */
static endpoint_t stand(void) {
    endpoint_t leader;

    if (monitor_publish(MANAGER_LABEL) == 0)
        return runtime_self();
    return monitor_find(MANAGER_LABEL, &leader) == 0 ? leader : ENDPOINT_NONE;
}

/* Asks the monitor what has changed. What cannot be done now is tried again. */
static void look(struct event_alarm *alarm) {
    uint64_t number, members;
    endpoint_t leader = ENDPOINT_NONE;

    if (monitor_view(&number, &members) == 0)
        group_view(&group, number, members);
    if (monitor_find(MANAGER_LABEL, &leader) != 0)
        leader = stand();
    group_leader(&group, leader);
    if (group_wants_hello(&group)) {
        links_set(endpoint_core(leader), leader);
        group_hello(&group);
    }
    if (group.role == GROUP_LOST)
        event_alarm_set(alarm, RETRY_PAUSE, look);
    if (group.role == GROUP_RECOVERING && !recovery_alarm.set)
        event_alarm_set(&recovery_alarm, RECOVERY_TIME, recovered);
}

static void note_came(uint32_t core, endpoint_t from, const struct note *note) {
    if (from != group.leader && group.leader != group.agent)
        look(&look_alarm); /* it may know of a leader that this one does not */
    group_note(&group, core, from, note);
}

static void link_gone(uint32_t core) {
    group_gone(&group, core);
    event_alarm_set(&look_alarm, RETRY_PAUSE, look);
}

/* ---- The event loop ---- */

static enum event_action request(void *context, struct message *m) {
    (void)context;
    if (m->type == LINK_PIECE) {
        links_take(m);
        return EVENT_DEFER;
    }
    if (message_result(m) <= 0) { /* no request, but an answer of a driver */
        supervisor_answered(m);
        return EVENT_DEFER;
    }
    return clients_serve(m);
}

static void notified(void *context, endpoint_t source) {
    (void)context;
    if (source != runtime_monitor()) {
        supervisor_notified(source);
        return;
    }
    supervisor_look();
    look(&look_alarm);
}

static void gone(void *context, endpoint_t peer) {
    (void)context;
    links_gone(peer);
}

int main(void) {
    static const struct event_handlers handlers = {
        .request = request,
        .notify = notified,
        .gone = gone,
        .asend = supervisor_asend,
    };

    links_init(note_came, link_gone);
    clients_init(&group);
    supervisor_open(&group);
    group_start(&group, &actions, NULL, endpoint_core(runtime_self()), runtime_self());
    supervisor_adopt();
    look(&look_alarm);
    return -event_loop_run(&handlers);
}
