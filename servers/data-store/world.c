#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/channel.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "requests.h"

static char arguments[STARTUP_ARGS_MAX];
static size_t argument_bytes;
static uint32_t argument_count;
static endpoint_t spawned; /* the process that was started last */

static struct channel_pool pool;
static struct bulk_record pool_record;
static bool pool_used;

void world_init(int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        size_t bytes = strlen(argv[i]) + 1;
        if (bytes > sizeof arguments - argument_bytes)
            break;
        memcpy(arguments + argument_bytes, argv[i], bytes);
        argument_bytes += bytes;
        argument_count++;
    }
}

static int ask(struct message *m) { return ipc_request(runtime_monitor(), m); }

static uint32_t own_core(void) { return endpoint_core(runtime_self()); }

/* ---- Names and processes ---- */

static endpoint_t world_primary(struct pair *pair) {
    struct message m = { .type = MONITOR_FIND };

    (void)pair;
    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    return ask(&m) == 0 ? m.arg[0] : ENDPOINT_NONE;
}

static int world_claim(struct pair *pair) {
    struct message m = { .type = MONITOR_PUBLISH, .arg = { [2] = runtime_self() } };

    (void)pair;
    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    return ask(&m);
}

/* That it does not exist, or its core is no member any more, is as good. */
static bool world_kill(struct pair *pair, endpoint_t process) {
    struct message m = { .type = MONITOR_KILL, .arg = { process } };
    int error = ask(&m);

    (void)pair;
    return !error || error == -E_BADEP || error == -E_PEERDEAD || error == -E_NOENT;
}

static uint32_t world_cores(void) {
    struct core_info info = { 0 };

    return getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL) ? 1 : info.cores;
}

/* Started by the monitor of its core, which is the first process there. */
static bool is_other(const struct process_info *info) {
    static const char own[LABEL_MAX] = STORE_NAME;

    return memcmp(info->label, own, LABEL_MAX) == 0 && info->state != PROCESS_DEAD &&
           endpoint_slot(info->supervisor) == 0 && info->endpoint != runtime_self();
}

static bool others_on(uint32_t core, endpoint_t *list, unsigned *count) {
    static struct process_info infos[MONITOR_TEXT_MAX / sizeof(struct process_info)];

    for (uint64_t slot = 0;;) {
        struct message m = { .type = MONITOR_GETINFO,
                             .arg = { (uint64_t)infos, sizeof infos, INFO_PROCESSES, slot, 0,
                                      core } };
        int error = ask(&m);
        size_t found = error ? 0 : m.arg[0] / sizeof infos[0];
        if (found == 0)
            return !error || error == -E_NOENT;
        for (size_t i = 0; i < found; i++) {
            if (!is_other(&infos[i]))
                continue;
            if (*count == PAIR_OTHERS)
                return false;
            list[(*count)++] = infos[i].endpoint;
        }
        slot = endpoint_slot(infos[found - 1].endpoint) + UINT64_C(1);
    }
}

static bool world_others(struct pair *pair, endpoint_t *list, unsigned *count) {
    (void)pair;
    *count = 0;
    for (uint32_t core = 0; core < world_cores(); core++)
        if (!others_on(core, list, count))
            return false;
    return true;
}

static bool is_alive(endpoint_t process) {
    struct message m = { .type = MONITOR_STATUS, .arg = { process } };

    return process != ENDPOINT_NONE && ask(&m) == 0 && m.arg[0] == DEATH_NONE;
}

/* The least loaded that shares nothing with this one; or any other. CORES_MAX: there is none. */
static uint32_t other_core(void) {
    static struct monitor_core list[CORES_MAX];
    struct message place = { .type = MONITOR_PLACE, .arg = { MONITOR_PLACE_ANY, 0, own_core() } };
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)list, sizeof list } };

    if (ask(&place) == 0)
        return (uint32_t)place.arg[0];
    if (ask(&m))
        return CORES_MAX;
    for (size_t i = 0; i < m.arg[0] / sizeof list[0]; i++)
        if (list[i].state == MONITOR_CORE_MEMBER && list[i].core != own_core())
            return list[i].core;
    return CORES_MAX;
}

static void world_spawn(struct pair *pair) {
    (void)pair;
    if (is_alive(spawned))
        return;
    uint32_t core = other_core();
    struct message m = { .type = MONITOR_SPAWN,
                         .arg = { (uint64_t)arguments, argument_bytes, argument_count, 0, 0,
                                  core } };
    if (core < CORES_MAX && ask(&m) == 0)
        spawned = m.arg[0];
}

/* ---- Messages and memory ---- */

static bool world_send(struct pair *pair, endpoint_t to, struct message *m) {
    (void)pair;
    return ipc_nbsend(to, m) == 0;
}

static void world_unshare(struct pair *pair) {
    (void)pair;
    if (pool_used)
        channel_pool_end(&pool);
    pool_used = false;
}

static void *use_pool(int error) {
    pool_used = error == 0;
    return pool_used ? bulk_address(&pool.buffers, 0) : NULL;
}

static void *world_share(struct pair *pair, endpoint_t backup) {
    world_unshare(pair);
    if (endpoint_core(backup) == own_core())
        return NULL;
    return use_pool(channel_pool_share(backup, 1, PAIR_PART, &pool_record, &pool));
}

static void *world_borrow(struct pair *pair, endpoint_t primary) {
    world_unshare(pair);
    return use_pool(channel_pool_borrow(primary, 1, PAIR_PART, &pool_record, &pool));
}

/* ---- Time, and what becomes of it ---- */

static struct event_alarm alarm;
static struct pair *ticking;

static void tick(struct event_alarm *unused) {
    (void)unused;
    pair_tick(ticking);
    requests_go_on();
}

static void world_wake(struct pair *pair, uint64_t nanoseconds) {
    ticking = pair;
    event_alarm_set(&alarm, nanoseconds, tick);
}

static uint64_t world_now(void) { return time_now(); }

static void world_lead(struct pair *pair) {
    if (pair->store->takeovers != 0)
        printf("the data store is now on core %u\n", own_core());
    requests_lead();
}

static void world_fail(struct pair *pair, int error) {
    (void)pair;
    printf("the data store cannot go on: %s\n", error_text(error));
    exit(error);
}

const struct pair_world world = {
    .primary = world_primary,
    .claim = world_claim,
    .kill = world_kill,
    .others = world_others,
    .spawn = world_spawn,
    .cores = world_cores,
    .send = world_send,
    .share = world_share,
    .borrow = world_borrow,
    .unshare = world_unshare,
    .now = world_now,
    .wake = world_wake,
    .done = request_done,
    .lead = world_lead,
    .fail = world_fail,
};
