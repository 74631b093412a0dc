#include "requests.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/policy.h>
#include <runtime/tap.h>

#include "manager.h"

#define PATIENCE (20 * TIME_SECOND)
#define PAUSE    (5 * TIME_MILLISECOND)

void pause_for(uint64_t nanoseconds) {
    struct message m;

    for (uint64_t end = time_now() + nanoseconds; time_now() < end;) {
        alarm_set(end - time_now() + 1, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
    }
}

endpoint_t agent_of(uint64_t core) {
    endpoint_t agent = ENDPOINT_NONE;

    for (uint64_t end = time_now() + PATIENCE; time_now() < end; pause_for(PAUSE))
        if (manager_lookup(core, MANAGER_LABEL, &agent) == 0)
            return agent;
    tap_bail_out("core %lu has no agent", core);
}

static int request(struct message *m) {
    for (uint64_t end = time_now() + PATIENCE; time_now() < end; pause_for(PAUSE)) {
        struct message copy = *m;
        int error = ipc_request(agent_of(CORE_HERE), &copy);
        if (error == -E_PEERDEAD || error == -E_BADEP || error == -E_WOULDBLOCK)
            continue;
        *m = copy;
        return error;
    }
    return -E_PEERDEAD;
}

static uint64_t sequence;

struct manager_parameters plain_parameters(const char *program, const char *argument) {
    struct manager_parameters p = { .recovery = MANAGER_RECOVERY_POLICY,
                                    .core = MANAGER_ANY_CORE,
                                    .device = MANAGER_NO_DEVICE,
                                    .standby = MANAGER_NO_DEVICE };

    memcpy(p.program, program, strlen(program));
    if (argument != NULL) {
        p.argument_count = 1;
        p.argument_bytes = (uint16_t)(strlen(argument) + 1);
        memcpy(p.arguments, argument, p.argument_bytes);
    }
    return p;
}

/* An agent that dies has forgotten the text: then it is sent again, with the same number. */
int service_up(const struct manager_parameters *p, endpoint_t *endpoint) {
    struct message up = { .type = MANAGER_UP, .arg = { [5] = ++sequence } };
    endpoint_t agent;
    int error;

    do {
        agent = agent_of(CORE_HERE);
        error = 0;
        for (uint64_t offset = 0; offset < sizeof *p && !error; offset += MANAGER_PIECE) {
            struct message m = { .type = MANAGER_TEXT, .arg = { offset } };
            memcpy(&m.arg[1], (const char *)p + offset, MANAGER_PIECE);
            error = request(&m);
        }
        struct message m = up;
        if (!error)
            error = ipc_request(agent, &m);
        *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    } while (error == -E_PEERDEAD || error == -E_BADEP || error == -E_WOULDBLOCK);
    return error;
}

int service_do(enum manager_request type, const char *label, uint64_t core) {
    struct message m = { .type = type, .arg = { [4] = core, [5] = ++sequence } };

    memcpy(m.arg, label, strlen(label));
    return request(&m);
}

struct state service_state(const char *label) {
    for (uint64_t number = 0;; number++) {
        struct message m = { .type = MANAGER_STATUS, .arg = { number } };
        if (request(&m))
            return (struct state){ .known = false };
        number = m.arg[0];
        struct message text = { .type = MANAGER_PARAMETERS, .arg = { number, 0 } };
        if (request(&text) == 0 && strncmp((const char *)&text.arg[1], label, LABEL_MAX) == 0)
            return (struct state){ .known = true,
                                   .endpoint = m.arg[1],
                                   .state = (uint8_t)m.arg[3],
                                   .reason = (uint8_t)(m.arg[3] >> 8),
                                   .core = (uint16_t)(m.arg[3] >> 16),
                                   .restarts = (uint32_t)(m.arg[3] >> 32) };
    }
}

struct state service_wait(const char *label, uint32_t restarts) {
    struct state s = { .known = false };

    for (uint64_t end = time_now() + PATIENCE; time_now() < end; pause_for(PAUSE)) {
        s = service_state(label);
        if (s.state == MANAGER_STATE_GIVEN_UP || s.state == MANAGER_STATE_ENDED ||
            (s.state == MANAGER_STATE_UP && s.restarts >= restarts))
            break;
    }
    return s;
}

endpoint_t agent_leading(void) {
    struct message m = { .type = MANAGER_LEADER };

    if (request(&m))
        tap_bail_out("nobody leads");
    return m.arg[0];
}

void agent_kill(endpoint_t agent) {
    uint64_t core = endpoint_core(agent);

    manager_kill(agent);
    for (uint64_t end = time_now() + PATIENCE; time_now() < end; pause_for(PAUSE))
        if (agent_of(core) != agent)
            return;
    tap_bail_out("the agent of core %lu does not come back", core);
}
