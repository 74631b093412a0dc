#include "cores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/cores.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "announcements.h"
#include "chunks.h"
#include "core_jobs.h"
#include "group.h"
#include "known.h"
#include "machine.h"
#include "names.h"
#include "partition.h"
#include "peer_protocol.h"
#include "peer_requests.h"
#include "peers.h"

#define LISTENERS_MAX 8

static struct group group;
static struct routes routes;
static struct event_alarm tick_alarm, ready_alarm;
static void (*ready)(void);
static cores_listener *listeners[LISTENERS_MAX];
static unsigned listener_count;

/* Who waits for a core to be started or stopped. */
static core_set_t controlled;
static struct control {
    endpoint_t client;
    enum core_control what;
} control[CORES_MAX];

const struct view *cores_view(void) { return &group.membership.view; }

bool cores_is_member(uint32_t core) { return core_in(group.membership.view.members, core); }

void cores_listen(cores_listener *listener) { listeners[listener_count++] = listener; }

/* Incarnations count from 1 here, since 0 is none; those of endpoints from 0. */
static uint16_t own_incarnation(void) { return (uint16_t)(machine_own.incarnation + 1); }

/* ---- What the group wants ---- */

/*
 * Who is proposed is talked to from then on. 0: it is no member, though something may be owed to it
 * still: its channel is what its death has left.
 */
static uint16_t newest_incarnation(unsigned core) {
    const struct membership *m = &group.membership;
    const struct view *newest = m->next.number ? &m->next : &m->view;
    return core_in(newest->members, core) ? newest->incarnation[core] : 0;
}

static core_set_t multicast(void *context, core_set_t cores, const struct message *message) {
    core_set_t sent = 0;

    (void)context;
    for_each_core(core, cores) {
        if (newest_incarnation(core) != 0)
            peers_admit(core, newest_incarnation(core));
        if (peers_send(core, message) == 0)
            sent |= core_bit(core);
    }
    return sent;
}

static const struct route *route(void *context, enum route_kind kind, core_set_t members,
                                 unsigned root) {
    (void)context;
    return routes_find(&routes, kind, members, root);
}

static uint64_t load_view(void *context) {
    (void)context;
    return atomic_load(&machine_view()->view);
}

static bool swap_view(void *context, uint64_t expected, uint64_t desired) {
    (void)context;
    return atomic_compare_exchange_strong(&machine_view()->view, &expected, desired);
}

static void fence(void *context, unsigned core, enum removal why) {
    (void)context;
    (void)why;
    job_fence(core);
}

static void answer(unsigned core, int result) {
    if (!core_in(controlled, core))
        return;
    struct message reply = { .source = control[core].client };
    controlled &= ~core_bit(core);
    message_set_result(&reply, result);
    event_reply(reply.source, &reply);
}

/* Answers those who wait for what has come true now. */
static void answer_controls(void) {
    for_each_core(core, controlled) {
        bool wants_member = control[core].what == CORE_CONTROL_START;
        if (cores_is_member(core) == wants_member)
            answer(core, core_in(group.membership.view.lost, core) ? -E_IO : 0);
    }
}

static void now_ready(struct event_alarm *alarm) {
    (void)alarm;
    ready();
}

static void installed(void *context, const struct view *view, const struct view *former) {
    core_set_t gone = former->members & ~view->members;

    (void)context;
    for (unsigned core = 0; core < machine_cores(); core++) {
        bool replaced = core_in(former->members, core) && core_in(view->members, core) &&
                        former->incarnation[core] != view->incarnation[core];
        if (replaced)
            gone |= core_bit(core);
        if (!core_in(view->members, core)) {
            peers_detach(core);
        } else if (core != machine_self()) {
            peers_admit(core, view->incarnation[core]);
            if (!core_in(former->members, core) || replaced)
                job_started(core);
        }
    }
    for (unsigned i = 0; i < listener_count; i++)
        listeners[i](gone);
    if (core_in(gone, 0) && view->leader == machine_self())
        sysctl_console(false); /* whose driver is gone with core 0: so that somebody is heard */
    if (view->leader == machine_self())
        for_each_core(core, gone)
            printf("view %lu: without core %u, led by core %u\n", view->number, core,
                   machine_self());
    answer_controls();
    if (former->number == 0 && machine_self() != 0) /* started by another, and admitted */
        cores_boot_done();
}

static void stop(void *context, enum stop_reason why) {
    static const char *const reasons[] = {
        [STOP_EXCLUDED] = "the others have gone on without it",
        [STOP_LEFT] = "as it was asked to",
        [STOP_NOT_ADMITTED] = "it was not made a member in time",
    };

    (void)context;
    printf("core %u stops: %s\n", machine_self(), reasons[why]);
    exit(0); /* with its first process the core ends */
}

/* ---- Operations on which all agree ---- */

/* To start a core, under a new incarnation: the key is the core, argument[0] the incarnation. */
static int vote(void *context, const struct operation *operation) {
    (void)context;
    if (operation->kind == OPERATION_NOTHING)
        return 0;
    if (operation->kind == OPERATION_NAME)
        return names_vote(operation);
    if (operation->kind == OPERATION_CHUNK)
        return chunks_vote(operation);
    if (endpoint_core(operation->client) == machine_self() && !chunks_known())
        return -E_STATE; /* its partition is not known here */
    return cores_is_member((uint32_t)operation->key) ? -E_STATE : 0;
}

static void act(void *context, const struct operation *operation) {
    (void)context;
    if (operation->kind == OPERATION_NAME)
        names_set(operation);
    else if (operation->kind == OPERATION_CHUNK)
        chunks_moved(operation);
    else if (operation->kind == OPERATION_START)
        group_given(&group, (unsigned)operation->key, (uint16_t)operation->argument[0]);
}

static void cancel(void *context, const struct operation *operation) {
    (void)context;
    if (operation->kind == OPERATION_NAME)
        names_cancel(operation);
    if (operation->kind == OPERATION_CHUNK)
        chunks_cancel(operation);
}

static void finished(void *context, const struct operation *operation, int result) {
    (void)context;
    if (operation->kind == OPERATION_NAME)
        names_agreed(result);
    else if (operation->kind == OPERATION_CHUNK)
        chunks_agreed(result);
    else if (operation->kind == OPERATION_NOTHING)
        announcements_agreed(result, &group.agreement.tally);
    else
        job_agreed(result);
}

/* ---- What is announced to all ---- */

static uint64_t deliver(void *context, unsigned root, const struct announcement *announcement) {
    (void)context;
    (void)root;
    return announcements_deliver(announcement);
}

static void gathered(void *context, const struct announcement *announcement,
                     const struct tally *tally, uint64_t least) {
    (void)context;
    announcements_gathered(announcement, tally, least);
}

int cores_announce(const struct announcement *announcement) {
    return group_announce(&group, announcement);
}

unsigned cores_tree(enum route_kind kind, unsigned root, uint8_t parent[CORES_MAX],
                    uint8_t round[CORES_MAX], enum tree_kind *tree) {
    return routes_tree(&routes, kind, group.membership.view.members, root, parent, round, tree);
}

int cores_agree(struct operation *operation) {
    static uint32_t sequence;

    operation->client = runtime_self();
    operation->lane = (uint8_t)operation->kind;
    operation->sequence = ++sequence; /* of the client: with it, it tells operations apart */
    return group_request(&group, operation);
}

static const struct group_actions actions = {
    .multicast = multicast,
    .load = load_view,
    .compare_and_swap = swap_view,
    .fence = fence,
    .installed = installed,
    .stop = stop,
    .route = route,
    .vote = vote,
    .act = act,
    .cancel = cancel,
    .finished = finished,
    .deliver = deliver,
    .gathered = gathered,
};

/* ---- What happens to it ---- */

static void tick(struct event_alarm *alarm) {
    uint64_t now = time_now(), next = group_tick(&group, now);

    event_alarm_set(alarm, next > now ? next - now : 0, tick);
}

static void receive(uint32_t core, const struct message *m) {
    group_message(&group, core, m, time_now());
}

/* A member asks this one to stop. */
static void receive_stop(uint32_t core, const struct message *m) {
    (void)core;
    (void)m;
    group_leave(&group);
}

static void credit(uint32_t core) {
    (void)core;
    group_credit(&group);
}

const struct peer_service cores_service = {
    .first_type = MESSAGE_TYPE_SERVICE + 0x100,
    .last_type = PEER_STOP - 1,
    .receive = receive,
    .credit = credit,
};

const struct peer_service cores_stop_service = {
    .first_type = PEER_STOP,
    .last_type = PEER_STOP,
    .receive = receive_stop,
    .credit = NULL,
};

/* A core that is being started rings when it has formatted the channel. */
void cores_bell(uint32_t core, bool closed) {
    (void)closed;
    if (core >= machine_cores())
        return;
    if (job_has_built(core))
        peers_admit(core, job_incarnation());
    peers_bell(core);
}

void cores_stopped(void) {
    core_set_t cores;

    if (core_stopped(&cores))
        return;
    for_each_core(core, cores) {
        job_has_stopped(core);
        group_remove(&group, core, REMOVAL_STOPPED);
    }
}

/* ---- What the jobs tell ---- */

uint16_t cores_next_incarnation(uint32_t core) {
    return membership_next_incarnation(&group.membership, core);
}

void cores_expect(uint32_t core, uint16_t incarnation) { group_expect(&group, core, incarnation); }

void cores_start_failed(uint32_t core) { answer(core, -E_IO); }

void cores_fenced(uint32_t core, bool acknowledged) { group_fenced(&group, core, acknowledged); }

/* Later: whoever is ready may have something to agree on. */
void cores_boot_done(void) { event_alarm_set(&ready_alarm, 0, now_ready); }

/* ---- Start, and requests ---- */

static int found(void) {
    core_set_t others = 0;

    known_compare(&machine_topology);
    for (uint32_t core = 1; core < machine_cores(); core++)
        others |= core_bit(core);
    int error = others ? launch_init() : 0;
    if (error)
        return error;
    group_found(&group, &actions, NULL, 0, machine_cores(), own_incarnation(), time_now());
    job_boot(others);
    return 0;
}

/* Nobody uses the channels with this core yet: all are made new. */
static int join(void) {
    for (uint32_t core = 0; core < machine_cores(); core++) {
        int error = core == machine_self() ? 0 : peers_create(core);
        if (error)
            return error;
    }
    group_join(&group, &actions, NULL, machine_self(), machine_cores(), own_incarnation(),
               machine_own.starter, time_now());
    peers_announce(machine_own.starter);
    return 0;
}

int cores_open(void (*when_ready)(void)) {
    ready = when_ready;
    routes_init(&routes, &machine_topology, machine_self());
    int error = machine_self() == 0 ? found() : join();
    if (!error)
        tick(&tick_alarm);
    return error;
}

static int stop_member(uint32_t core) {
    struct message m = { .type = PEER_STOP };
    int error = peers_send(core, &m);

    return error == -E_WOULDBLOCK ? -E_BUSY : error;
}

/* Begins what is asked for. */
static int begin(enum core_control what, uint32_t core) {
    bool member = cores_is_member(core);

    if (what < CORE_CONTROL_START || what > CORE_CONTROL_FENCE)
        return -E_INVAL;
    if (core == 0 || core == machine_self())
        return -E_NOTSUP;
    if (core_in(group.membership.view.lost, core) || member == (what == CORE_CONTROL_START))
        return -E_STATE;
    if (what == CORE_CONTROL_START)
        return job_start(core);
    if (what == CORE_CONTROL_STOP)
        return stop_member(core);
    group_remove(&group, core, REMOVAL_ORDERED);
    return 0;
}

int cores_control(endpoint_t client, enum core_control what, uint64_t core) {
    if (core >= machine_cores())
        return -E_NOENT;
    if (core_in(controlled, (unsigned)core))
        return -E_BUSY;
    int error = begin(what, (uint32_t)core);
    if (error)
        return error;
    control[core] = (struct control){ client, what };
    controlled |= core_bit((unsigned)core);
    return 1;
}

void cores_describe(uint32_t core, struct monitor_core *description) {
    const struct view *view = &group.membership.view;
    struct range_list memory;
    enum monitor_core_state state = MONITOR_CORE_OFF;

    if (core_in(view->lost, core))
        state = MONITOR_CORE_LOST;
    else if (job_fences(core))
        state = MONITOR_CORE_FENCING;
    else if (core_in(view->members, core))
        state = MONITOR_CORE_MEMBER;
    else if (job_awaits(core))
        state = MONITOR_CORE_STARTING;
    chunks_partition(core, &memory);
    *description = (struct monitor_core){
        .core = core,
        .state = state,
        .incarnation = view->incarnation[core] ? view->incarnation[core] - 1U : 0,
        .apic_id = machine_boot.core[core].apic_id,
        .node = machine_boot.core[core].node,
        .memory_bytes = ranges_bytes(&memory),
    };
}
