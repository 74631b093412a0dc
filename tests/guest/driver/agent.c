/* The driver manager's agent of the tests: does what it is told, and says what came of it. */
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

#define PATIENCE TIME_SECOND

/* Orders beside the requests of protocol/driver.h, which it makes by SENDREC. */
enum order {
    ORDER_BEAT = 1000,
    ORDER_POST, /* arg[0]: request, arg[1]: its argument, arg[2]: time to look away */
};

endpoint_t driver, agent;

/* The test: who has started this process. */
static endpoint_t test;

/* The driver's next message, for a while. */
static int hear(struct message *m) {
    do {
        alarm_set(PATIENCE, NULL);
        int error = ipc_receive(ENDPOINT_ANY, m);
        if (error)
            return error;
    } while (m->source != driver && m->source != ENDPOINT_KERNEL);
    alarm_set(0, NULL);
    return m->source == driver ? 0 : -E_WOULDBLOCK;
}

static int beat(void) {
    struct message m = { 0 };
    int error = ipc_notify(driver);

    if (!error)
        error = hear(&m);
    return !error && m.type != MESSAGE_NOTIFY ? -E_PROTOCOL : error;
}

/* As an agent does that does not wait: the reply may come when it is not there for it. */
static int post(struct message *m) {
    struct message request = { .type = (uint32_t)m->arg[0], .tag = 77, .arg = { m->arg[1] } };
    uint64_t away = m->arg[2];
    int error = ipc_nbsend(driver, &request);

    if (!error && away)
        sleep_for(away);
    if (!error)
        error = hear(m);
    if (error)
        return error;
    return m->tag == 77 ? message_result(m) : -E_PROTOCOL;
}

static int obey(struct message *m) {
    if (m->type == ORDER_BEAT)
        return beat();
    if (m->type == ORDER_POST)
        return post(m);
    return ipc_request(driver, m);
}

static void run_agent(void *unused) {
    struct message m;

    (void)unused;
    while (ipc_receive(test, &m) == 0) {
        message_set_result(&m, obey(&m));
        ipc_send(test, &m);
    }
}

void start_agent(void) {
    static const struct child_policy policy = {
        .ipc = IPC_ALL,
        .kcalls = KCALL_BIT(SETALARM) | KCALL_BIT(EXIT),
        .talks = true,
    };
    struct process process;

    test = runtime_self();
    agent = child_make(DRIVER_MANAGER, run_agent, NULL, &policy, &process);
    int error = privctl_allow(agent, driver);
    if (!error || error == -E_PEERDEAD) /* it may have ended at once */
        error = process_start(&process);
    if (error)
        tap_bail_out("cannot start the agent: %s", error_text(error));
}

void start_driver(struct victim how) {
    static const struct child_policy policy = {
        .ipc = IPC_ALL,
        .kcalls = KCALL_ALL & ~KCALL_MONITOR,
        .talks = true,
        .urgent = true,
    };

    victim = how;
    driver = child_start("victim", run_victim, NULL, &policy);
    start_agent();
}

int64_t end_of_driver(void) {
    struct death_report report = { .cause = DEATH_NONE };

    child_bury(driver, &report);
    child_end(agent);
    drop_events();
    return report.cause == DEATH_EXIT ? (int64_t)report.status : INT64_MIN;
}

void end_driver(void) {
    child_end(driver);
    child_end(agent);
    drop_events();
}

int client_asks(enum victim_request type, uint64_t argument, struct message *m) {
    *m = (struct message){ .type = type, .tag = 5, .arg = { argument } };
    return ipc_request(driver, m);
}

int agent_asks(enum driver_request type, uint64_t argument, struct message *m) {
    *m = (struct message){ .type = type, .arg = { argument } };
    return ipc_request(agent, m);
}

int agent_beats(void) {
    struct message m = { .type = ORDER_BEAT };

    return ipc_request(agent, &m);
}

int agent_posts(enum driver_request type, uint64_t argument, uint64_t looks_away) {
    struct message m = { .type = ORDER_POST, .arg = { type, argument, looks_away } };

    return ipc_request(agent, &m);
}

void agent_begins(enum driver_request type, uint64_t argument) {
    struct message m = { .type = type, .arg = { argument } };

    ipc_send(agent, &m);
}

int agent_ends(void) {
    struct message m;
    int error = ipc_receive(agent, &m);

    return error ? error : message_result(&m);
}
