#include "supervisor.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "launch.h"
#include "local.h"
#include "mirror.h"
#include "monitor_calls.h"
#include "publish.h"
#include "watch.h"

#define EXIT_PANIC EXIT_ABORTED /* abort(), and what a driver's own checks end in */

static struct group *group;
static struct local locals[MANAGER_SERVICES];
static struct watch watches[MANAGER_SERVICES];
static struct mirror mirrors[MANAGER_SERVICES];
static struct event_alarm alarm;

static const struct record *record_of(unsigned slot) { return &group->table.record[slot]; }

static const struct manager_parameters *parameters_of(unsigned slot) {
    return &record_of(slot)->parameters;
}

static struct recovery_policy policy_of(const struct local *l) {
    return (struct recovery_policy){ l->recovery, l->recovery_count, l->recovery_period };
}

/* ---- What others are told ---- */

static void tell(unsigned slot) {
    const struct local *l = &locals[slot];

    kept_local(l, slot);
    group_condition(group, slot,
                    &(struct condition){
                        .endpoint = l->process,
                        .since = l->service.since,
                        .restarts = l->service.restarts,
                        .complaints = l->complaints,
                        .missed = (uint32_t)watches[slot].heartbeat.total,
                        .state = l->service.state,
                        .reason = l->service.reason,
                        .core = (uint16_t)group->self,
                    });
}

/* The result of the operation that is under way, if it is known by now. */
static void settle(unsigned slot) {
    struct local *l = &locals[slot];
    const struct service *s = &l->service;

    if (!l->owed ||
        (!service_is_settled(s) && (s->error == 0 || s->state == MANAGER_STATE_STARTING)))
        return;
    l->owed = false;
    l->result = s->error;
    l->told = s->state == MANAGER_STATE_UP ? l->process : ENDPOINT_NONE;
    if (l->result == 0 && l->told == ENDPOINT_NONE && record_of(slot)->wanted)
        l->result = -E_PEERDEAD; /* it has died before this was told */
    if (record_of(slot)->operation == OPERATION_DOWN ||
        record_of(slot)->operation == OPERATION_MOVE_STOP)
        l->result = 0;
    kept_local(l, slot);
    group_acted(group, slot, l->acted, l->result, l->told);
}

static void log_change(unsigned slot, const char *what) {
    const struct local *l = &locals[slot];

    printf("%.*s: %s (%s)\n", LABEL_MAX, parameters_of(slot)->label, what,
           launch_reason((enum manager_reason)l->service.reason));
}

/* ---- Doing what service.c says ---- */

/* Both updates and the file before them are files of the archive. */
static const char *program_of(unsigned slot) {
    return locals[slot].fell_back ? record_of(slot)->previous : parameters_of(slot)->program;
}

static int run(unsigned slot, uint64_t waits) {
    struct local *l = &locals[slot];
    int error = launch_run(parameters_of(slot), l->process, waits, l->device);

    if (error)
        l->process = ENDPOINT_NONE;
    else
        watch_start(&watches[slot], slot, l->process, l->period);
    return error;
}

static int start(unsigned slot) {
    const struct manager_parameters *p = parameters_of(slot);
    struct local *l = &locals[slot];
    uint64_t waits = 0;

    l->device = l->service.failed_over ? p->standby : p->device;
    if (l->mirrored && mirror_make(&mirrors[slot], program_of(slot)) != 0)
        log_change(slot, "no memory for its mirror: it is started from the archive");
    int error = launch_create(p, program_of(slot), slot, &mirrors[slot], &l->process, &waits);
    if (error == -E_CHECKSUM && mirrors[slot].image != NULL) { /* the copy is broken */
        mirror_drop(&mirrors[slot]);
        error = launch_create(p, program_of(slot), slot, NULL, &l->process, &waits);
    }
    if (error)
        return error;
    kept_local(l, slot); /* if the agent dies now, the next one finds it */
    return run(slot, waits);
}

/* An update whose program does not start is taken back. */
static enum service_action spawn(unsigned slot) {
    struct local *l = &locals[slot];
    struct recovery_policy policy = policy_of(l);
    int error = start(slot), first = error;

    if (error && record_of(slot)->operation == OPERATION_UPDATE && l->owed && !l->fell_back) {
        l->fell_back = true;
        error = start(slot);
    }
    enum service_action action = service_spawned(&l->service, error, &policy, time_now());
    l->service.error = first;
    if (error)
        log_change(slot, error_text(error));
    return action;
}

static enum service_action run_hook(unsigned slot) {
    struct local *l = &locals[slot];
    int error =
        launch_hook(parameters_of(slot), l->hook_program, (enum manager_reason)l->service.reason,
                    l->service.recovery.failures, slot, &l->hook);

    if (!error)
        return SERVICE_NOTHING;
    log_change(slot, "its hook cannot be run: it is started again");
    return service_hook_ended(&l->service, true, time_now());
}

static void end(unsigned slot) {
    watch_stop(&watches[slot]);
    monitor_kill(locals[slot].process);
}

static void expire(struct event_alarm *a);

/* The alarm is for the earliest of all that is due. */
static void arm(void) {
    uint64_t first = 0, now = time_now();

    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        const struct service *s = &locals[slot].service;
        uint64_t young = locals[slot].refresh != 0 && s->state == MANAGER_STATE_UP
                             ? s->started + locals[slot].refresh
                             : 0;
        uint64_t due[] = { s->deadline, watch_due(&watches[slot]), young };
        for (unsigned i = 0; i < sizeof due / sizeof due[0]; i++)
            if (due[i] != 0 && (first == 0 || due[i] < first))
                first = due[i];
    }
    if (first != 0)
        event_alarm_set(&alarm, first > now ? first - now : 0, expire);
    else
        event_alarm_cancel(&alarm);
}

/* Down for good, as far as the agent is concerned: nobody has to wait for a successor. */
static void retire(unsigned slot) {
    static const enum manager_state last[] = { MANAGER_STATE_DOWN, MANAGER_STATE_GIVEN_UP,
                                               MANAGER_STATE_ENDED };
    const struct local *l = &locals[slot];

    for (unsigned i = 0; i < sizeof last / sizeof last[0]; i++)
        if (l->service.state == last[i] && parameters_of(slot)->label[0] != '\0') {
            publish_service(parameters_of(slot)->label, ENDPOINT_NONE);
            mirror_drop(&mirrors[slot]);
        }
    if (l->service.state == MANAGER_STATE_GIVEN_UP)
        log_change(slot, "given up");
}

static void perform(unsigned slot, enum service_action action) {
    struct local *l = &locals[slot];
    unsigned before = group->condition[slot].state; /* as was told */

    for (enum service_action next; action != SERVICE_NOTHING; action = next) {
        next = SERVICE_NOTHING;
        if (action == SERVICE_SPAWN)
            next = spawn(slot);
        else if (action == SERVICE_HOOK)
            next = run_hook(slot);
        else if (action == SERVICE_KILL || !watch_shut_down(&watches[slot], SHUTDOWN_TIME / 2))
            end(slot);
    }
    if (l->hook != ENDPOINT_NONE && l->service.state != MANAGER_STATE_HOOK) {
        monitor_kill(l->hook);
        l->hook = ENDPOINT_NONE;
    }
    if (l->service.state != MANAGER_STATE_UP && l->service.state != MANAGER_STATE_STOPPING)
        watch_stop(&watches[slot]);
    if (l->service.state != before)
        retire(slot);
    tell(slot);
    settle(slot);
    arm();
}

/* ---- Time ---- */

static void look_after(unsigned slot, uint64_t now) {
    struct local *l = &locals[slot];
    struct service *s = &l->service;

    if (s->deadline != 0 && now >= s->deadline)
        perform(slot, service_tick(s, now));
    if (s->state != MANAGER_STATE_UP)
        return;
    enum manager_reason reason = watch_look(&watches[slot], now);
    if (reason == MANAGER_REASON_NONE && l->refresh != 0 && now - s->started >= l->refresh)
        reason = MANAGER_REASON_REJUVENATION;
    if (reason == MANAGER_REASON_NONE)
        return;
    perform(slot, service_condemn(s, reason, now));
    log_change(slot, "ended");
}

static void expire(struct event_alarm *a) {
    (void)a;
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        look_after(slot, time_now());
    arm();
}

/* ---- What records say ---- */

/* The service's own parameters count, else its policy's. */
static void settings(unsigned slot) {
    const struct manager_parameters *p = parameters_of(slot);
    struct local *l = &locals[slot];
    struct monitor_policy policy = { .heartbeat = 0 };

    if (monitor_policy(p->policy, &policy) != 0)
        return;
    bool own = p->recovery != MANAGER_RECOVERY_POLICY;
    l->recovery = own ? p->recovery : policy.recovery;
    l->recovery_count = own ? p->recovery_count : policy.recovery_count;
    l->recovery_period = own ? p->recovery_period : policy.recovery_period;
    memcpy(l->hook_program, own ? p->hook : policy.hook, LABEL_MAX);
    l->period = p->period != 0 ? p->period : policy.heartbeat;
    l->refresh = p->refresh != 0 ? p->refresh : policy.refresh;
    l->mirrored =
        p->mirror == MANAGER_MIRROR_YES || (p->mirror == MANAGER_MIRROR_POLICY && policy.mirror);
    l->service.has_standby = p->standby != MANAGER_NO_DEVICE;
}

/* The first act on a service of which this core knew nothing, or another by that slot. */
static void begin_service(unsigned slot, enum operation operation) {
    uint32_t restarts = group->condition[slot].restarts;
    version_t acted = locals[slot].acted;

    mirror_drop(&mirrors[slot]);
    locals[slot] = (struct local){ .acted = acted, .owed = true };
    watches[slot] = (struct watch){ .process = ENDPOINT_NONE };
    if (operation != OPERATION_UP)
        locals[slot].service.restarts = restarts;
}

static enum service_action obey(unsigned slot, enum operation operation, uint64_t now) {
    struct service *s = &locals[slot].service;

    switch (operation) {
    case OPERATION_UP:
        return service_start(s, MANAGER_REASON_NONE, now);
    case OPERATION_PLACE:
        return service_start(s, MANAGER_REASON_CORE, now);
    case OPERATION_MOVE_START:
        return service_start(s, MANAGER_REASON_MOVE, now);
    case OPERATION_REFRESH:
        return service_stop(s, true, MANAGER_REASON_REFRESH, now);
    case OPERATION_UPDATE:
        return service_stop(s, true, MANAGER_REASON_UPDATE, now);
    default:
        return service_stop(s, false, MANAGER_REASON_NONE, now);
    }
}

static void complain(unsigned slot, uint64_t now) {
    struct local *l = &locals[slot];
    enum service_action action = service_condemn(&l->service, MANAGER_REASON_COMPLAINT, now);

    l->owed = false;
    l->complaints++;
    l->told = l->process;
    l->result = action == SERVICE_NOTHING ? -E_STATE : 0;
    group_acted(group, slot, l->acted, l->result, l->told);
    perform(slot, action);
}

void supervisor_act(void *context, unsigned slot) {
    const struct record *r = record_of(slot);
    enum operation operation = (enum operation)r->operation;
    struct local *l = &locals[slot];
    uint64_t now = time_now();

    (void)context;
    if (l->acted == r->act) {
        if (!l->owed)
            group_acted(group, slot, l->acted, l->result, l->told);
        return;
    }
    l->acted = r->act;
    l->owed = true;
    l->fell_back = false;
    l->service.error = 0;
    if (operation == OPERATION_UP || operation == OPERATION_PLACE ||
        operation == OPERATION_MOVE_START)
        begin_service(slot, operation);
    settings(slot);
    if (operation == OPERATION_COMPLAIN)
        complain(slot, now);
    else
        perform(slot, obey(slot, operation, now));
}

bool supervisor_has_acted(void *context, unsigned slot) {
    (void)context;
    return locals[slot].acted == record_of(slot)->act;
}

/* ---- What happens to processes ---- */

static enum manager_reason reason_of(const struct monitor_status *status) {
    if (status->cause == DEATH_EXCEPTION)
        return MANAGER_REASON_EXCEPTION;
    if (status->cause == DEATH_KILLED)
        return MANAGER_REASON_SIGNAL;
    return status->status == EXIT_PANIC ? MANAGER_REASON_PANIC : MANAGER_REASON_EXIT;
}

/* One that is not even remembered has died long ago. */
static struct monitor_status status_of(endpoint_t process) {
    struct monitor_status status = { .cause = DEATH_KILLED };

    if (monitor_status(process, &status) != 0)
        status = (struct monitor_status){ .cause = DEATH_KILLED };
    return status;
}

static void look_at(unsigned slot) {
    struct local *l = &locals[slot];
    struct service *s = &l->service;
    struct recovery_policy policy = policy_of(l);
    struct monitor_status status = status_of(l->process);

    if (status.cause == DEATH_NONE)
        return;
    watch_stop(&watches[slot]);
    service_died(s, reason_of(&status), status.cause == DEATH_EXIT && status.status == 0,
                 time_now());
    if (status.left) {
        tell(slot);
        return;
    }
    l->process = ENDPOINT_NONE;
    perform(slot, service_cleared(s, &policy, time_now()));
}

static void look_at_hook(unsigned slot) {
    struct local *l = &locals[slot];
    struct monitor_status status = status_of(l->hook);

    if (status.cause == DEATH_NONE)
        return;
    bool start = status.cause != DEATH_EXIT || status.status == 0;
    l->hook = ENDPOINT_NONE;
    perform(slot, service_hook_ended(&l->service, start, time_now()));
}

void supervisor_look(void) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        if (service_has_process(&locals[slot].service))
            look_at(slot);
        if (locals[slot].hook != ENDPOINT_NONE)
            look_at_hook(slot);
    }
}

static struct watch *watch_of(endpoint_t process) {
    for (struct watch *w = watches; w < watches + MANAGER_SERVICES; w++)
        if (w->process == process && process != ENDPOINT_NONE)
            return w;
    return NULL;
}

bool supervisor_notified(endpoint_t source) {
    struct watch *w = watch_of(source);

    if (w != NULL)
        watch_notified(w, time_now());
    return w != NULL;
}

bool supervisor_answered(const struct message *m) {
    struct watch *w = watch_of(m->source);
    uint64_t now = time_now();

    if (w == NULL)
        return false;
    enum manager_reason reason = watch_answered(w, m, now);
    if (reason != MANAGER_REASON_NONE)
        perform(w->slot, service_condemn(&locals[w->slot].service, reason, now));
    return true;
}

void supervisor_asend(void *context) {
    (void)context;
    watch_asend();
}

/* ---- After an agent's death ---- */

void supervisor_open(struct group *g) {
    group = g;
    watch_init();
    kept_load(&g->table, locals);
}

/* One that the predecessor has made, and not let run yet: it is now. */
static void go_on(unsigned slot, const struct monitor_child *child) {
    struct local *l = &locals[slot];
    struct recovery_policy policy = policy_of(l);

    l->process = child->endpoint;
    int error = run(slot, child->waits);
    perform(slot, service_spawned(&l->service, error, &policy, time_now()));
}

static void adopt(const struct monitor_child *child) {
    unsigned slot = (unsigned)child->cookie;
    struct local *l = &locals[slot];

    if (child->cookie >= MANAGER_SERVICES || child->dead)
        return;
    if (l->service.state == MANAGER_STATE_STARTING)
        go_on(slot, child);
    else if (l->process == child->endpoint)
        watch_start(&watches[slot], slot, l->process, l->period);
    else
        monitor_kill(child->endpoint);
}

/* What was about to be started, and is not there, is started. */
void supervisor_adopt(void) {
    struct monitor_child children[16];
    uint64_t skip = 0;
    size_t count;

    while (monitor_adopt(children, 16, &count, &skip) == 0 && count != 0)
        for (size_t i = 0; i < count; i++)
            adopt(&children[i]);
    supervisor_look();
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        if (locals[slot].service.state == MANAGER_STATE_STARTING)
            perform(slot, SERVICE_SPAWN);
        else if (record_of(slot)->used && record_of(slot)->core == group->self)
            tell(slot);
        settle(slot);
    }
    arm();
}
