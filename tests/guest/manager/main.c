/*
 * test-manager: what the driver manager makes of faulty drivers (tests/guest/faulty), and of the
 * deaths of its own agents, of the one that leads, and of a core.
 */
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/policy.h>
#include <runtime/store.h>
#include <runtime/tap.h>

#include "child.h"
#include "faulty.h"
#include "manager.h"
#include "requests.h"

static const struct fault_expected expected[FAULT_COUNT] = {
#define X(name, argument, when, death, detail, verdict) \
    { argument, FAULT_##when, DEATH_##death, detail, MANAGER_REASON_##verdict },
    FAULTS(X)
#undef X
};

#define RECOVERIES 2
#define PERIOD     (20 * TIME_MILLISECOND)

static struct manager_parameters watched(const char *program, const char *argument) {
    struct manager_parameters p = plain_parameters(program, argument);

    p.period = PERIOD;
    p.recovery = RECOVERY_DIRECT;
    p.recovery_count = RECOVERIES;
    p.recovery_period = 60 * TIME_SECOND;
    p.core = endpoint_core(runtime_self());
    return p;
}

/* Tells it to have its fault, as soon as it listens. It may not answer any more. */
static void commit(endpoint_t driver) {
    const struct message m = { .type = FAULTY_COMMIT, .arg = { 1 } };

    for (unsigned tries = 0; tries < 200 && ipc_nbsend(driver, &m) == -E_WOULDBLOCK; tries++)
        pause_for(TIME_MILLISECOND);
}

/* A fault at its start shows in each process; one on command, once. */
static void test_fault(enum fault fault) {
    const struct fault_expected *e = &expected[fault];
    const char *label = fault == FAULT_DEAF ? "faulty-edu" : "faulty";
    struct manager_parameters p = watched(label, e->argument);
    bool ends = fault == FAULT_EXIT_ZERO, starts = e->when == FAULT_START;
    endpoint_t driver;

    if (!tap_is(service_up(&p, &driver), 0, "%s: starts", e->argument))
        return;
    if (!starts)
        commit(driver);
    if (e->verdict == MANAGER_REASON_COMPLAINT)
        tap_is(service_do(MANAGER_COMPLAIN, label, 0), 0, "%s: a complaint", e->argument);
    if (e->verdict != MANAGER_REASON_NONE) {
        struct state s = service_wait(label, starts ? RECOVERIES + 1 : 1);
        tap_is(s.reason, e->verdict, "%s: the verdict", e->argument);
        tap_is(s.restarts, starts ? RECOVERIES : ends ? 0 : 1, "%s: restarts", e->argument);
        tap_is(s.state,
               starts ? MANAGER_STATE_GIVEN_UP
               : ends ? MANAGER_STATE_ENDED
                      : MANAGER_STATE_UP,
               "%s: what comes of it", e->argument);
    }
    tap_is(service_do(MANAGER_DOWN, label, 0), 0, "%s: is down", e->argument);
    tap_ok(!service_state(label).known, "%s: and gone", e->argument);
}

/* Who finds a service by its name finds the process that there is now, or none. */
static void test_names(void) {
    struct manager_parameters p = watched("faulty", "null");
    endpoint_t driver, published = ENDPOINT_NONE;

    tap_is(service_up(&p, &driver), 0, "names: starts");
    tap_is(store_retrieve_label(MANAGER_STORE_PREFIX "faulty", 0, &published), 0,
           "names: it is published");
    tap_ok(published == driver, "names: as the process that there is");
    manager_kill(driver);
    struct state s = service_wait("faulty", 1);
    store_retrieve_label(MANAGER_STORE_PREFIX "faulty", 0, &published);
    tap_ok(published == s.endpoint && published != driver, "names: and then as the next one");
    tap_is(service_do(MANAGER_DOWN, "faulty", 0), 0, "names: down");
    tap_is(store_retrieve_label(MANAGER_STORE_PREFIX "faulty", 0, &published), -E_NOENT,
           "names: it has none any more");
}

/* Started anew when it is old enough, in order, and that is no failure. */
static void test_rejuvenation(void) {
    struct manager_parameters p = watched("faulty", "null");
    endpoint_t driver;

    p.refresh = TIME_SECOND;
    tap_is(service_up(&p, &driver), 0, "rejuvenation: starts");
    struct state s = service_wait("faulty", RECOVERIES + 1);
    tap_is(s.state, MANAGER_STATE_UP, "rejuvenation: more often than its budget would allow");
    tap_is(s.reason, MANAGER_REASON_REJUVENATION, "rejuvenation: for that reason");
    tap_is(service_do(MANAGER_DOWN, "faulty", 0), 0, "rejuvenation: down");
}

/* Its hook is a program: status 0 says that it is to be started again. */
static void test_hook(const char *program, enum manager_state wanted) {
    struct manager_parameters p = watched("faulty", "null");
    endpoint_t driver;

    p.recovery = RECOVERY_HOOK;
    memcpy(p.hook, program, strlen(program));
    tap_is(service_up(&p, &driver), 0, "hook %s: starts", program);
    manager_kill(driver);
    struct state s = service_wait("faulty", 1);
    tap_is(s.state, wanted, "hook %s: decides", program);
    tap_is(service_do(MANAGER_DOWN, "faulty", 0), 0, "hook %s: down", program);
}

/* ---- Deaths at the wrong time ---- */

static struct manager_parameters often(void) {
    struct manager_parameters p = plain_parameters("faulty", "null");

    p.recovery = RECOVERY_DIRECT;
    p.recovery_count = 1000;
    p.recovery_period = TIME_SECOND;
    return p;
}

#define KILLS 20U

static void test_kills(void) {
    struct manager_parameters p = often();
    endpoint_t driver;

    p.core = endpoint_core(runtime_self());
    tap_is(service_up(&p, &driver), 0, "kills: starts");
    for (uint32_t i = 1; i <= KILLS; i++) {
        struct state s = service_state("faulty");
        if (manager_kill(s.endpoint) != 0)
            tap_note("kill %u: it was dead", i);
        if (i % 4 == 0) /* whether it has begun to recover it or not */
            agent_kill(agent_of(CORE_HERE));
        s = service_wait("faulty", i);
        if (s.restarts != i)
            tap_note("after %u kills: %u restarts", i, s.restarts);
    }
    struct state s = service_state("faulty");
    tap_is(s.restarts, KILLS, "kills: each is one restart, whatever became of the agent");
    tap_is(s.reason, MANAGER_REASON_SIGNAL, "kills: for that reason");
    tap_is(service_do(MANAGER_DOWN, "faulty", 0), 0, "kills: down");
}

/* Whoever leads dies again and again while requests are made: each is done, once. */
static void test_leaders(void) {
    struct manager_parameters p = often();
    unsigned wrong = 0;
    endpoint_t driver;

    for (unsigned i = 0; i < 6; i++) {
        endpoint_t leader = agent_leading();
        manager_kill(leader);
        wrong += service_up(&p, &driver) != 0;
        agent_kill(agent_leading());
        wrong += service_do(MANAGER_REFRESH, "faulty", 0) != 0;
        struct state s = service_wait("faulty", 1);
        wrong += s.state != MANAGER_STATE_UP || s.restarts != 1;
        wrong += service_up(&p, &driver) != -E_EXIST;
        wrong += service_do(MANAGER_DOWN, "faulty", 0) != 0;
        wrong += service_do(MANAGER_DOWN, "faulty", 0) != -E_NOENT;
    }
    tap_is(wrong, 0, "leaders: requests are done once while they die");
}

/* What is on a core that fails is started on another, and can be moved back. */
static void test_core(void) {
    struct manager_parameters p = often();
    endpoint_t driver;

    p.core = 2;
    tap_is(service_up(&p, &driver), 0, "core: starts");
    tap_is(endpoint_core(driver), 2, "core: on the core that it prefers");
    tap_is(manager_core_control(2, CORE_CONTROL_FENCE), 0, "core: which fails");
    struct state s = { .known = false };
    for (unsigned tries = 0; tries < 400; tries++, pause_for(5 * TIME_MILLISECOND)) {
        s = service_state("faulty");
        if (s.state == MANAGER_STATE_UP && s.endpoint != driver)
            break;
    }
    tap_ok(s.state == MANAGER_STATE_UP && s.core != 2 && endpoint_core(s.endpoint) == s.core,
           "core: it runs on another");
    tap_is(s.reason, MANAGER_REASON_CORE, "core: for that reason");
    tap_is(manager_core_control(2, CORE_CONTROL_START), 0, "core: comes back");
    agent_of(2);
    tap_is(service_do(MANAGER_MOVE, "faulty", 2), 0, "core: it is moved there");
    tap_is(service_state("faulty").core, 2, "core: and is there");
    tap_is(service_do(MANAGER_MOVE, "faulty", 9), -E_NOENT, "core: not where there is none");
    tap_is(service_do(MANAGER_DOWN, "faulty", 0), 0, "core: down");
}

/* ---- What is refused ---- */

static void test_refusals(void) {
    struct manager_parameters p = plain_parameters("no-such", NULL);
    endpoint_t driver;

    tap_is(service_up(&p, &driver), -E_NOENT, "a program that there is not");
    p = plain_parameters("shell", NULL);
    tap_is(service_up(&p, &driver), -E_PERM, "a service of the monitor's");
    p = plain_parameters("serial", NULL);
    tap_is(service_up(&p, &driver), -E_PERM, "and another");
    p = plain_parameters("test-manager", NULL);
    tap_is(service_up(&p, &driver), -E_RANGE, "one that may be as urgent as its supervisor");
    p = plain_parameters("faulty", NULL);
    p.period = 1;
    tap_is(service_up(&p, &driver), -E_INVAL, "a period that is too short");
    tap_is(service_do(MANAGER_REFRESH, "nobody", 0), -E_NOENT, "no such service");
    struct message m = { .type = MANAGER_LEADER + 1 };
    tap_is(ipc_request(agent_of(CORE_HERE), &m), -E_BADCALL, "no such request");
    m = (struct message){ .type = MANAGER_TEXT, .arg = { 4 } };
    tap_is(ipc_request(agent_of(CORE_HERE), &m), -E_RANGE, "no piece of parameters");
}

static uint64_t frames_free(void) {
    struct memory_info memory = { 0 };

    getinfo(INFO_MEMORY, &memory, sizeof memory, 0, NULL, NULL);
    return memory.frames[FRAME_FREE];
}

int main(void) {
    tap_plan(0);
    test_refusals();
    test_fault(FAULT_NULL);
    test_leaders(); /* and all has been used once: channels, and the agents' memory */
    uint64_t before = frames_free();
    for (unsigned fault = 0; fault < FAULT_COUNT; fault++)
        test_fault((enum fault)fault);
    test_names();
    test_rejuvenation();
    test_hook("hello", MANAGER_STATE_UP);      /* ends with 0 */
    test_hook("spin", MANAGER_STATE_GIVEN_UP); /* does not take such arguments */
    test_kills();
    uint64_t after = frames_free();
    tap_ok(after + 64 >= before, "frames are free again: %lu of %lu", after, before);
    test_core();
    return tap_done();
}
