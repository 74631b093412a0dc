/*
 * The kernel's IPC against the model, driven by random sequences of everything that can happen:
 * calls with good and bad arguments, events, permissions given and taken, deaths and new processes.
 * After each step every register and state that a process can observe is compared.
 */
#include <criterion/criterion.h>

#include "../random.h"
#include "fixture.h"
#include "ipc.h"
#include "model.h"
#include "sched/sched.h"

#define STEPS        20000
#define TABLE_AT     FIXTURE_MEMORY
#define VIEWED_STEPS 5000 /* of both paths, side by side */

static struct process *first, *lanes[LANES];
static struct model model;
static unsigned step;

static uint64_t below(uint64_t limit) { return random_below(limit); }

static bool one_in(uint64_t n) { return below(n) == 0; }

/* ---- Comparison ---- */

#define SAME(what, got, expected)                                                         \
    cr_assert_eq(got, expected, "lane %d: %s is %#lx, should be %#lx" REPLAY, lane, what, \
                 (uint64_t)(got), (uint64_t)(expected), REPLAY_ARGS(step))

static enum process_state expected_state(const struct model_process *m) {
    static const enum process_state states[] = {
        [MODEL_READY] = PROCESS_READY,         [MODEL_SENDING] = PROCESS_SENDING,
        [MODEL_RECEIVING] = PROCESS_RECEIVING, [MODEL_DEAD] = PROCESS_DEAD,
        [MODEL_GONE] = PROCESS_FREE,
    };
    return states[m->state];
}

static endpoint_t partner_of(const struct process *p) {
    return p->state == PROCESS_SENDING ? p->send_to->endpoint : p->receive_from;
}

static void compare_table(int lane) {
    const struct asend_entry *table = fixture_memory(lanes[lane], TABLE_AT);
    const struct model_process *m = &model.lane[lane];
    for (unsigned i = 0; i < TABLE_MAX; i++) {
        SAME("an entry's state", table[i].state, m->table[i].state);
        if (table[i].state == ASEND_DONE)
            SAME("an entry's result", table[i].result, m->table[i].result);
    }
}

static void compare_lane(int lane) {
    const struct process *p = lanes[lane];
    const struct model_process *m = &model.lane[lane];
    if (m->state == MODEL_GONE) {
        cr_assert_neq(p->endpoint, m->endpoint);
        return;
    }
    struct message got = fixture_received(p);
    SAME("state", p->state, expected_state(m));
    SAME("messages sent", p->messages_sent, m->sent);
    SAME("messages received", p->messages_received, m->received);
    if (m->state == MODEL_DEAD)
        return;
    SAME("partner", partner_of(p), m->partner);
    SAME("whether it wants a reply", p->awaits_reply, m->wants_reply);
    SAME("rdi", got.source, m->registers.source);
    SAME("type", got.type, m->registers.type);
    SAME("tag", got.tag, m->registers.tag);
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        SAME("an argument", got.arg[i], m->registers.arg[i]);
    if (m->state == MODEL_READY)
        SAME("result", (int)p->context.rax, m->result);
    compare_table(lane);
}

static void compare(void) {
    for (int lane = 0; lane < LANES; lane++)
        compare_lane(lane);
}

/* ---- What can happen ---- */

static int any_lane(enum model_state state) {
    int start = (int)below(LANES);
    for (int i = 0; i < LANES; i++)
        if (model.lane[(start + i) % LANES].state == state)
            return (start + i) % LANES;
    return NO_LANE;
}

static void create(int lane) {
    lanes[lane] = fixture_process("lane");
    model_create(&model, lane, lanes[lane]->endpoint);
    lanes[lane]->context.rax = 0;
    model.lane[lane].registers = fixture_received(lanes[lane]);
}

static void set_target(int a, int b, bool allowed) {
    if (model.lane[a].state == MODEL_GONE || model.lane[b].state == MODEL_GONE)
        return;
    (allowed ? slot_set_add : slot_set_remove)(&lanes[a]->targets, process_slot(lanes[b]));
    model.lane[a].target[b] = allowed;
}

/* Mostly a process, sometimes a dead one, or what was never an endpoint. */
static endpoint_t any_endpoint(void) {
    static const endpoint_t special[] = { ENDPOINT_NONE, ENDPOINT_KERNEL, ENDPOINT_SELF,
                                          ENDPOINT_ANY };
    switch (below(24)) {
    case 0:
        return special[below(4)];
    case 1:
        return model.graves ? model.grave[below(model.graves)] : ENDPOINT_NONE;
    case 2:
        return model.lane[below(LANES)].endpoint + (UINT64_C(1) << 52);
    default:
        return model.lane[below(LANES)].endpoint;
    }
}

static struct message any_message(void) {
    struct message m = { .type = (uint32_t)random_next(), .tag = (uint32_t)random_next() };
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        m.arg[i] = random_next();
    return m;
}

/* Random calls alone would soon have everybody wait to send; most calls are meant to succeed. */
static int any_partner(int lane, enum model_state state) {
    int start = (int)below(LANES);
    for (int i = 0; i < LANES; i++) {
        const struct model_process *p = &model.lane[(start + i) % LANES];
        bool mine = p->partner == model.lane[lane].endpoint ||
                    (state == MODEL_RECEIVING && p->partner == ENDPOINT_ANY);
        if (p->state == state && mine)
            return (start + i) % LANES;
    }
    return NO_LANE;
}

static uint64_t sensible_operation(int lane, endpoint_t *with) {
    static const uint64_t sends[] = { IPC_SENDREC, IPC_SENDREC,   IPC_REPLYRECV, IPC_REPLYRECV,
                                      IPC_NBSEND,  IPC_REPLYRECV, IPC_SEND,      IPC_NOTIFY };
    int sender = any_partner(lane, MODEL_SENDING), receiver = any_partner(lane, MODEL_RECEIVING);
    if (receiver != NO_LANE && (sender == NO_LANE || one_in(2))) {
        *with = model.lane[receiver].endpoint;
        return sends[below(8)];
    }
    *with = sender != NO_LANE && one_in(2) ? model.lane[sender].endpoint : ENDPOINT_ANY;
    return sender != NO_LANE || one_in(2) ? IPC_RECEIVE : IPC_RECEIVE | IPC_NONBLOCK;
}

static uint64_t any_operation(void) {
    uint64_t operation = one_in(30) ? below(256) : IPC_SEND + below(7);
    if (one_in(20))
        operation |= UINT64_C(1) << (8 + below(56));
    if (operation == IPC_RECEIVE && one_in(3))
        operation |= IPC_NONBLOCK;
    return operation;
}

/* How often each error came out of a call; 0: success. */
static unsigned results[32];

static void note_result(int lane) {
    if (model.lane[lane].state == MODEL_READY)
        results[-model.lane[lane].result]++;
}

/* A random test that does not meet an error tests nothing of it. */
static void check_results(void) {
    static const int expected[] = { 0,          E_BADCALL, E_FLAG,     E_PERM,       E_BADEP,
                                    E_PEERDEAD, E_TARGET,  E_DEADLOCK, E_WOULDBLOCK, E_FAULT,
                                    E_RANGE };
    for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_assert_gt(results[expected[i]], 3, "only %u times %s" REPLAY, results[expected[i]],
                     error_name(expected[i]), REPLAY_ARGS(step));
}

/* ASEND has a table beside its registers. */
static void do_asend(int lane) {
    struct process *p = lanes[lane];
    struct model_process *m = &model.lane[lane];
    struct asend_entry *table = fixture_memory(p, TABLE_AT);
    unsigned entries = (unsigned)below(TABLE_MAX + 1);
    struct message registers = { .type = entries, .source = TABLE_AT };
    int error = 0;

    if (one_in(10)) {
        registers.type = ASEND_MAX + 1 + (uint32_t)below(1000);
        error = -E_RANGE;
    } else if (entries && one_in(10)) {
        registers.source += one_in(2) ? 64 : FIXTURE_PAGES * PAGE_SIZE - 128UL * (entries - 1);
        error = -E_FAULT;
    } else if (m->primitives & IPC_BIT(ASEND)) {
        for (unsigned i = 0; i < TABLE_MAX; i++) {
            table[i] = (struct asend_entry){ .state = (uint32_t)below(3),
                                             .destination = any_endpoint(),
                                             .message = any_message() };
            m->table[i] = table[i];
        }
    }
    m->registers = registers;
    fixture_call(p, IPC_ASEND, registers.source, &registers);
    model_asend(&model, lane, entries, error);
    note_result(lane);
}

static void do_call(int lane) {
    struct message m = any_message();
    uint64_t operation = sensible_operation(lane, &m.source);
    if (one_in(3)) {
        operation = any_operation();
        m.source = any_endpoint();
    }
    if (operation == IPC_ASEND) {
        do_asend(lane);
        return;
    }
    if (operation == IPC_SENDREC && m.source == ENDPOINT_KERNEL)
        return; /* a kernel call */
    fixture_call(lanes[lane], operation, m.source, &m);
    model_call(&model, lane, operation, &m);
    note_result(lane);
}

static void do_event(int lane) {
    uint32_t bit = (uint32_t)below(32);
    if (one_in(2)) {
        ipc_event(lanes[lane], EVENT_ALARM);
        model_event(&model, lane, EVENT_ALARM, 0);
    } else {
        lanes[lane]->irq_fired |= 1U << bit;
        ipc_event(lanes[lane], EVENT_IRQ);
        model_event(&model, lane, EVENT_IRQ, 1U << bit);
    }
    sched_finish();
}

static void do_parting(int a, int b) {
    if (model.lane[a].state == MODEL_DEAD || model.lane[b].state == MODEL_DEAD)
        return;
    set_target(a, b, false);
    set_target(b, a, false);
    ipc_part(lanes[a], lanes[b]);
    model_part(&model, a, b);
    sched_finish();
}

static void do_permissions(int lane) {
    uint32_t primitives = one_in(2) ? IPC_ALL : (uint32_t)random_next() & IPC_ALL;
    if (one_in(4)) {
        do_parting((int)below(LANES), (int)below(LANES));
    } else if (one_in(2)) {
        process_set_rights(lanes[lane], primitives, KCALL_ALL);
        model.lane[lane].primitives = primitives;
    } else {
        set_target(lane, (int)below(LANES), !one_in(4));
    }
}

static void do_death(int lane) {
    process_die(lanes[lane], DEATH_KILLED, 0);
    model_kill(&model, lane);
    sched_finish();
}

static void do_burial(int lane) {
    while (!process_destroy_step(lanes[lane], first))
        continue;
    model_destroy(&model, lane);
    create(lane);
    for (int other = 0; other < LANES; other++) {
        set_target(lane, other, !one_in(8));
        set_target(other, lane, !one_in(8));
    }
    sched_finish();
}

/* Nobody can go on by itself: the kernel has news for someone, or someone dies. */
static void do_rescue(void) {
    int receiver = any_lane(MODEL_RECEIVING), sender = any_lane(MODEL_SENDING);
    if (receiver != NO_LANE && !one_in(3))
        do_event(receiver);
    else if (receiver != NO_LANE || sender != NO_LANE)
        do_death(receiver != NO_LANE ? receiver : sender);
    else
        do_burial(any_lane(MODEL_DEAD));
}

static void do_step(void) {
    uint64_t what = below(200);
    int dead = any_lane(MODEL_DEAD), ready = any_lane(MODEL_READY);
    cpu.now += below(1000);
    model.now = cpu.now - FIXTURE_START;
    if (what < 8 && dead != NO_LANE)
        do_burial(dead);
    else if (ready == NO_LANE)
        do_rescue();
    else if (what == 8)
        do_death(ready);
    else if (what < 14)
        do_event(ready);
    else if (what < 24)
        do_permissions(ready);
    else
        do_call(ready);
}

/* Starts with the numbers that random_seed makes. */
static void start(unsigned fastpath_off) {
    first = fixture_boot();
    ipc_fastpath_off = fastpath_off;
    random_state = random_seed;
    memset(&model, 0, sizeof model);
    for (int lane = 0; lane < LANES; lane++)
        model.lane[lane].state = MODEL_GONE;
    for (int lane = 0; lane < LANES; lane++)
        create(lane);
    for (int a = 0; a < LANES; a++)
        for (int b = 0; b < LANES; b++)
            set_target(a, b, true);
}

static void run(unsigned steps) {
    for (step = 0; step < steps; step++) {
        do_step();
        compare();
        if (step % 64 == 0)
            cr_assert_eq(fixture_violations(), 0, REPLAY, REPLAY_ARGS(step));
    }
    check_results();
}

Test(ipc_model, general_path_does_what_the_interface_says) {
    random_start();
    start(FASTPATH_OFF_SYSCTL);
    run(STEPS);
    cr_assert_eq(counters.fastpath_hits, 0);
}

Test(ipc_model, fast_path_does_what_the_interface_says) {
    random_start();
    start(0);
    run(STEPS);
    cr_assert_gt(counters.fastpath_hits, STEPS / 100);
}

/* All that a process may observe of itself. */
struct view {
    uint64_t state, awaits_reply, refusals, result, sent, received;
    endpoint_t endpoint, partner;
    struct message registers;
};

static void look(struct view *view, const struct process *p) {
    *view = (struct view){ .state = p->state,
                           .awaits_reply = p->awaits_reply,
                           .endpoint = p->endpoint,
                           .partner = p->state == PROCESS_DEAD ? ENDPOINT_NONE : partner_of(p),
                           .registers = fixture_received(p),
                           .result = p->state == PROCESS_READY ? p->context.rax : 0,
                           .sent = p->messages_sent,
                           .received = p->messages_received,
                           .refusals = p->refusals };
}

Test(ipc_model, both_paths_do_the_same) {
    static struct view views[VIEWED_STEPS][LANES];
    random_start();
    for (unsigned pass = 0; pass < 2; pass++) {
        start(pass ? FASTPATH_OFF_SYSCTL : 0);
        for (step = 0; step < VIEWED_STEPS; step++) {
            do_step();
            for (int lane = 0; lane < LANES; lane++) {
                struct view now;
                look(pass ? &now : &views[step][lane], lanes[lane]);
                cr_assert(!pass || memcmp(&now, &views[step][lane], sizeof now) == 0,
                          "lane %d differs" REPLAY, lane, REPLAY_ARGS(step));
            }
        }
        if (pass == 0)
            cr_assert_gt(counters.fastpath_hits, VIEWED_STEPS / 100);
    }
}
