/*
 * test-store [--seed N] [--rounds M]: the data store, as its clients see it; then its processes,
 * and the cores that they are on, end at random moments while clients on all cores check what they
 * have been told.
 */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/arguments.h"
#include "../support/cores.h"

int start_as(uint32_t core, const char *label, const char *what, endpoint_t *child) {
    char args[128];
    int bytes = snprintf(args, sizeof args, "%s%c%s", label, '\0', what) + 1;

    return core_spawn(core, args, (size_t)bytes, 2, child);
}

int run_as(uint32_t core, const char *label, const char *what) {
    endpoint_t child;
    int error = start_as(core, label, what, &child);

    return error ? error : await_end(child);
}

void pause_for(uint64_t nanoseconds) {
    uint64_t end = time_now() + nanoseconds;
    struct message m;

    while (time_now() < end) {
        alarm_set(end - time_now() + 1, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
    }
}

endpoint_t primary_now(void) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    return ipc_request(runtime_monitor(), &m) == 0 ? m.arg[0] : ENDPOINT_NONE;
}

endpoint_t backup_now(void) {
    struct message m = { .type = STORE_STATUS };

    return store_request(&m) == 0 ? m.arg[3] : ENDPOINT_NONE;
}

static bool is_user(const char *program) {
    return strcmp(program, USER) == 0 || strcmp(program, OTHER_USER) == 0;
}

int main(int argc, char **argv) {
    uint64_t seed = number_after(argc, argv, "--seed", time_now());
    uint64_t rounds = number_after(argc, argv, "--rounds", 12);

    if (is_user(argv[0]) && argc > 1)
        return user_main(argv[1]);
    struct monitor_core cores[CORES_MAX];
    uint32_t last = (uint32_t)cores_list(cores, CORES_MAX, NULL) - 1;
    tap_plan(0);
    test_values();
    test_privacy();
    test_transactions();
    test_subscriptions(0);
    test_maps(0);
    if (last > 0) {
        test_subscriptions(last);
        test_maps(last);
    }
    test_hostile();
    test_failover(seed, rounds);
    return tap_done();
}
