#include "tests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../fuzz/random.h"
#include "../support/cores.h"

#define NAMES      6
#define BYTES_MAX  3000
#define OPERATIONS 150
#define PATIENCE   (60 * TIME_SECOND)
#define APART      (2500 * TIME_MILLISECOND) /* deaths of one service that is not given up */

/* ---- The workload: a user that knows what it has been told ---- */

static struct {
    bool exists;
    uint64_t value;
    uint32_t bytes; /* 0: an integer */
} known[NAMES];
static uint8_t block[BYTES_MAX], back[BYTES_MAX];

static int wrong(const char *what, unsigned name, int error) {
    tap_note("worker: %s of n%u: %d", what, name, error);
    return 1;
}

static void fill(uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++)
        block[i] = (uint8_t)random_next(&value);
}

static const char *name_of(unsigned number) {
    static char name[32];

    (void)snprintf(name, sizeof name, "n%u.%u", endpoint_core(runtime_self()), number);
    return name;
}

/* What is there is what was answered last. */
static int check(unsigned n) {
    uint64_t value = 0;
    size_t bytes = 0;
    int error = known[n].exists && known[n].bytes != 0
                    ? store_retrieve_memory(name_of(n), STORE_PRIVATE, 0, back, sizeof back, &bytes)
                    : store_retrieve_integer(name_of(n), STORE_PRIVATE, &value);

    if (!known[n].exists)
        return error == -E_NOENT ? 0 : wrong("what was deleted is there", n, error);
    if (error)
        return wrong("what was published cannot be read", n, error);
    if (known[n].bytes == 0)
        return value == known[n].value ? 0 : wrong("another value", n, (int)value);
    fill(known[n].value, known[n].bytes);
    return bytes == known[n].bytes && memcmp(block, back, bytes) == 0
               ? 0
               : wrong("other memory", n, (int)bytes);
}

static int publish(unsigned n, uint64_t value, uint32_t bytes) {
    unsigned flags = STORE_PRIVATE | (known[n].exists ? STORE_OVERWRITE : 0);

    fill(value, bytes);
    int error = bytes != 0 ? store_publish_memory(name_of(n), block, bytes, flags)
                           : store_publish_integer(name_of(n), value, flags);
    known[n].exists = true;
    known[n].value = value;
    known[n].bytes = bytes;
    return error ? wrong("publishing", n, error) : 0;
}

static int delete (unsigned n) {
    int error = store_delete(name_of(n), STORE_PRIVATE);
    bool expected = known[n].exists ? error == 0 : error == -E_NOENT;

    known[n].exists = false;
    return expected ? 0 : wrong("deleting", n, error);
}

/* Two names always get the same value together; one that comes to nothing is begun anew. */
static int transact(uint64_t value) {
    for (int tries = 0; tries < 100; tries++) {
        int error = store_begin();
        for (unsigned n = 0; n < 2 && !error; n++)
            error = store_publish_integer(name_of(n), value + n,
                                          STORE_PRIVATE | STORE_OVERWRITE | STORE_TRANSACTION);
        if (!error)
            error = store_commit();
        if (error == -E_NOENT)
            continue;
        for (unsigned n = 0; n < 2; n++) {
            known[n].exists = true;
            known[n].value = value + n;
            known[n].bytes = 0;
        }
        return error ? wrong("a transaction", 0, error) : 0;
    }
    return wrong("no transaction comes to an end", 0, 0);
}

int work(uint64_t seed, uint64_t operations) {
    int bad = 0;

    for (unsigned n = 0; n < NAMES; n++)
        store_delete(name_of(n), STORE_PRIVATE); /* of one that went with its core */
    for (uint64_t i = 0; i < operations && !bad; i++) {
        uint64_t random = random_next(&seed);
        unsigned n = random % NAMES;
        switch (random >> 8 & 7) {
        case 0:
            bad = delete (n);
            break;
        case 1:
            bad = transact(random);
            break;
        case 2:
        case 3:
            bad = publish(n, random, 1 + (random >> 16) % BYTES_MAX);
            break;
        case 4:
        case 5:
            bad = publish(n, random, 0);
            break;
        default:
            bad = check(n);
            break;
        }
        pause_for((random >> 32) % (2 * TIME_MILLISECOND));
    }
    for (unsigned n = 0; n < NAMES && !bad; n++)
        bad = check(n);
    return bad;
}

/* ---- Those who end things meanwhile ---- */

static uint64_t state;
static uint32_t core_count;
static endpoint_t workers[CORES_MAX];
static uint64_t killed_at; /* when the process of core 0 was ended last */

static void start_worker(uint32_t core) {
    char what[64];

    (void)snprintf(what, sizeof what, "work:%" PRIu64 ":%d", random_next(&state), OPERATIONS);
    if (start_as(core, core == 0 ? USER : OTHER_USER, what, &workers[core]))
        tap_bail_out("cannot start a worker on core %u", core);
}

/*
 * Until there is a backup again that has everything: another than the process that was ended, which
 * the primary may not have noticed yet. What ends before that is one death too many.
 */
static bool await_whole(endpoint_t ended) {
    uint64_t began = time_now();

    for (;;) {
        endpoint_t primary = primary_now(), backup = backup_now();
        bool has_backup = backup != ENDPOINT_NONE && backup != ended;
        if (primary != ENDPOINT_NONE && primary != ended && (has_backup || core_count == 1))
            return true;
        if (time_now() - began > PATIENCE)
            return false;
        pause_for(5 * TIME_MILLISECOND);
    }
}

static endpoint_t kill(endpoint_t process) {
    struct message m = { .type = MONITOR_KILL, .arg = { process } };

    if (endpoint_core(process) == 0) {
        if (time_now() - killed_at < APART)
            pause_for(APART - (time_now() - killed_at));
        killed_at = time_now();
    }
    ipc_request(runtime_monitor(), &m);
    return process;
}

/* The other core than 0 that has a process of the store stops at once, and comes back. */
static endpoint_t fence(endpoint_t process) {
    uint32_t core = endpoint_core(process);

    if (core == 0)
        return ENDPOINT_NONE;
    if (core_control(CORE_CONTROL_FENCE, core))
        tap_bail_out("core %u is not fenced", core);
    if (core_control(CORE_CONTROL_START, core))
        tap_bail_out("core %u does not start again", core);
    start_worker(core);
    return process;
}

/* Whom it has ended, and how. */
static endpoint_t end_something(endpoint_t primary, endpoint_t backup, const char **how) {
    switch (random_next(&state) % 5) {
    case 0:
        *how = "fence the primary's core";
        return fence(primary);
    case 1:
        *how = "fence the backup's core";
        return fence(backup);
    case 2:
        *how = "end the backup";
        return kill(backup);
    default:
        *how = "end the primary";
        return kill(primary);
    }
}

static uint64_t takeovers(void) {
    struct message m = { .type = STORE_STATUS };

    return store_request(&m) == 0 ? m.arg[4] : 0;
}

void test_failover(uint64_t seed, uint64_t rounds) {
    struct monitor_core cores[CORES_MAX];
    char canary[] = "still there";
    char text[sizeof canary];
    int lost = 0;

    state = seed;
    core_count = (uint32_t)cores_list(cores, CORES_MAX, NULL);
    tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount CORES=%u "
             "SCRIPT=\"run test-store --seed %" PRIu64 " --rounds %" PRIu64 "\"",
             core_count, seed, rounds);
    if (!tap_ok(await_whole(ENDPOINT_NONE), "there_is_a_backup") || core_count < 2)
        return;
    store_publish_string("test.canary", canary, 0);
    for (uint32_t core = 0; core < core_count; core++)
        start_worker(core);
    for (uint64_t round = 0; round < rounds; round++) {
        pause_for(random_next(&state) % (30 * TIME_MILLISECOND));
        endpoint_t primary = primary_now(), backup = backup_now();
        const char *what;
        endpoint_t ended = end_something(primary, backup, &what);
        if (!await_whole(ended))
            tap_bail_out("round %" PRIu64 ": there is no new backup", round);
        if (store_retrieve_string("test.canary", 0, text, sizeof text) == 0 &&
            strcmp(text, canary) == 0)
            continue;
        tap_note("lost in round %" PRIu64 ", %s: primary on core %u, backup on core %u", round,
                 what, endpoint_core(primary), endpoint_core(backup));
        lost++;
    }
    for (uint32_t core = 0; core < core_count; core++)
        tap_is(await_end(workers[core]), 0, "worker_of_core_%u_finds_all_that_it_was_told", core);
    tap_is(lost, 0, "what_was_published_outlives_primaries_and_backups");
    tap_note("%" PRIu64 " takeovers", takeovers());
    store_delete("test.canary", 0);
    store_collect(USER, NULL);
    store_collect(OTHER_USER, NULL);
}
