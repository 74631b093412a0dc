/*
 * The information server, asked by clients of its own core and of another, and killed at any time.
 *
 *     test-information                  the tests
 *     test-information kill-info TIMES  only kills the server so often, a second apart
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/information.h>
#include <runtime/grant.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "manager.h"

#define KILLS 20

static struct information_core cores[CORES_MAX];
static struct information_process processes[64];
static uint64_t sample, period, total;

static void sleep_for(uint64_t nanoseconds) {
    struct message m;

    alarm_set(nanoseconds, NULL);
    ipc_receive(ENDPOINT_KERNEL, &m);
}

static endpoint_t start_server(uint64_t core) {
    static const char args[] = INFORMATION_LABEL;
    endpoint_t server = ENDPOINT_NONE;

    if (manager_spawn(core, args, sizeof args, 1, &server) != 0)
        tap_bail_out("info does not start on core %lu", core);
    return server;
}

/* Records into `memory`; how many, or a negated error. */
static int64_t ask(endpoint_t server, enum information_request type, void *memory, size_t bytes,
                   uint64_t first) {
    struct grant_name grant;
    int error = grant_make(server, memory, bytes, GRANT_WRITE, &grant);

    if (error)
        return error;
    struct message m = { .type = type, .arg = { grant.id, bytes, first } };
    error = ipc_request(server, &m);
    grant_revoke(grant);
    total = m.arg[1];
    sample = m.arg[2];
    period = m.arg[3];
    return error ? error : (int64_t)m.arg[0];
}

static const struct information_process *find(const char *label, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (strncmp(processes[i].label, label, LABEL_MAX) == 0)
            return &processes[i];
    return NULL;
}

static void test_answers(endpoint_t server, const char *where) {
    tap_is(ask(server, INFORMATION_CORES, cores, sizeof cores, 0), 2, "%s: both cores are told of",
           where);
    tap_ok(cores[0].core == 0 && cores[1].core == 1 && cores[0].up != 0 && cores[1].up != 0 &&
               cores[0].busy <= 1000 && cores[0].free_bytes < cores[0].memory_bytes,
           "%s: and they are up", where);
    int64_t count = ask(server, INFORMATION_PROCESSES, processes, sizeof processes, 0);
    tap_ok(count > 4 && (uint64_t)count == total, "%s: all processes are told of (%ld)", where,
           count);
    const struct information_process *self = find("test-information", count);
    const struct information_process *info = find(INFORMATION_LABEL, count);
    tap_ok(self != NULL && self->endpoint == runtime_self() && self->memory_bytes != 0,
           "%s: this one too", where);
    tap_ok(info != NULL && info->endpoint == server, "%s: and the server itself", where);
    uint32_t busy = 1000;
    bool sorted = true;
    for (int64_t i = 0; i < count; i++) {
        sorted &= processes[i].busy <= busy;
        busy = processes[i].busy;
    }
    tap_ok(sorted, "%s: the busiest come first", where);
}

static void test_pieces(endpoint_t server) {
    struct information_process two[2];
    int64_t count = ask(server, INFORMATION_PROCESSES, processes, sizeof processes, 0);
    uint64_t number = sample;

    tap_is(ask(server, INFORMATION_PROCESSES, two, sizeof two, 1), 2, "as many as fit are written");
    tap_ok(sample == number && two[0].endpoint == processes[1].endpoint &&
               two[1].endpoint == processes[2].endpoint,
           "from the one that was asked for, of the same sample");
    tap_is(ask(server, INFORMATION_PROCESSES, two, sizeof two, (uint64_t)count), 0,
           "after the last there are none");
    tap_is(ask(server, INFORMATION_PROCESSES, two, sizeof two, UINT64_MAX), 0, "nor far beyond");
    tap_is(ask(server, INFORMATION_PROCESSES, two, sizeof two[0] - 1, 1), 0,
           "a part of one is not written");
}

static void test_refusals(endpoint_t server) {
    struct message m = { .type = INFORMATION_PROCESSES + 1 };

    tap_is(ipc_request(server, &m), -E_BADCALL, "an unknown request is refused");
    m = (struct message){ .type = INFORMATION_CORES, .arg = { 12345, sizeof cores } };
    tap_ok(ipc_request(server, &m) < 0, "a grant that there is not is refused");
    struct grant_name grant;
    if (grant_make(server, cores, sizeof cores[0], GRANT_WRITE, &grant) != 0)
        tap_bail_out("no grant");
    m = (struct message){ .type = INFORMATION_CORES, .arg = { grant.id, sizeof cores } };
    tap_ok(ipc_request(server, &m) < 0, "bytes beyond the grant are refused");
    grant_revoke(grant);
    test_answers(server, "after refusals");
}

static void test_rates(endpoint_t server) {
    static const char spin[] = "spin";
    endpoint_t busy = ENDPOINT_NONE;

    if (manager_spawn(1, spin, sizeof spin, 1, &busy) != 0)
        tap_bail_out("spin does not start");
    ask(server, INFORMATION_CORES, cores, sizeof cores, 0);
    sleep_for(TIME_SECOND);
    int64_t count = ask(server, INFORMATION_PROCESSES, processes, sizeof processes, 0);
    ask(server, INFORMATION_CORES, cores, sizeof cores, 1);
    const struct information_process *its = find("spin", count);
    tap_ok(period >= TIME_SECOND / 2, "rates are of the time between samples (%lu)", period);
    tap_ok(its != NULL && its->endpoint == busy && its->busy > 500, "who loops is busy (%u)",
           its != NULL ? its->busy : 0);
    tap_is((int64_t)processes[0].endpoint, (int64_t)busy, "and comes first");
    manager_kill(busy);
}

/* Each answers as the first did, and nothing of one that died is missing for long. */
static void test_deaths(endpoint_t server) {
    unsigned answered = 0;

    for (unsigned i = 0; i < KILLS; i++) {
        int error = manager_kill(server);
        if (error)
            tap_note("kill: %s", error_name(error));
        tap_ok(ask(server, INFORMATION_CORES, cores, sizeof cores, 0) < 0,
               "who is dead does not answer (%u)", i);
        server = start_server(i % 2);
        answered += ask(server, INFORMATION_CORES, cores, sizeof cores, 0) == 2 && sample == 1;
    }
    tap_is(answered, KILLS, "its successor knows what there is");
    manager_kill(server);
}

static int kill_again_and_again(int times) {
    int killed = 0;

    while (killed < times) {
        endpoint_t server;
        sleep_for(TIME_SECOND);
        killed +=
            manager_lookup(CORE_ANY, INFORMATION_LABEL, &server) == 0 && manager_kill(server) == 0;
    }
    printf("kill-info: killed %d times\n", killed);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "kill-info") == 0)
        return kill_again_and_again(atoi(argv[2]));
    tap_plan(0);
    endpoint_t far = start_server(1);
    test_answers(far, "on another core");
    manager_kill(far);
    endpoint_t server = start_server(0);
    test_answers(server, "here");
    test_pieces(server);
    test_refusals(server);
    test_rates(server);
    test_deaths(server);
    return tap_done();
}
