#include "torture.h"

#include <stdbool.h>

#include <bulkhead/binding.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "../fuzz/random.h"
#include "../support/cores.h"

#define CORES       4
#define ENDS_MAX    BOUND_MAX
#define TALKS_UNTIL 24 /* bindings that it makes of its own accord */

/* What it is bound by. */
struct end {
    endpoint_t name; /* ENDPOINT_NONE: a free entry */
    uint64_t address, bytes;
    bool channel;
};

static struct end ends[ENDS_MAX];
static unsigned held;
static uint64_t state;

static uint64_t below(uint64_t limit) { return random_next(&state) % limit; }

void pause_for(uint64_t nanoseconds) {
    struct message m;

    alarm_set(nanoseconds, NULL);
    ipc_receive(ENDPOINT_KERNEL, &m);
}

static struct end *find(endpoint_t name) {
    for (struct end *e = ends; e < ends + ENDS_MAX; e++)
        if (e->name == name)
            return e;
    return NULL;
}

/* Takes a binding that a reply describes. */
static int take(const struct message *m) {
    struct end *e = find(m->arg[0]) ? NULL : find(ENDPOINT_NONE);

    if (find(m->arg[0]) != NULL)
        return 0; /* the channel was there already */
    if (e == NULL)
        return WORKER_NO_ROOM;
    *e = (struct end){ m->arg[0], m->arg[1], m->arg[3] >> 32, m->arg[5] <= BOUND_CHANNEL_1 };
    held++;
    return 0;
}

/* What may come of a request about a process that may be gone, on a core that may be. */
static int judge(int error) {
    switch (error) {
    case -E_NOENT:
    case -E_PEERDEAD:
    case -E_BADEP:
    case -E_NOSLOT:
    case -E_QUOTA:
    case -E_NOMEM:
    case -E_EXIST:
        return 0;
    default:
        return WORKER_UNEXPECTED_ERROR;
    }
}

static int request(struct message *m) {
    int error = ipc_request(runtime_monitor(), m);
    return error ? judge(error) : take(m);
}

static int connect(void) {
    endpoint_t peer;
    uint32_t core = (uint32_t)below(CORES);

    if (held >= TALKS_UNTIL || core == endpoint_core(runtime_self()) ||
        core_lookup(core, "test-torture", &peer) != 0)
        return 0;
    return request(&(struct message){ .type = MONITOR_CONNECT,
                                      .arg = { peer, UINT64_C(4) << below(8), below(4) } });
}

static struct end *any_end(void) {
    struct end *e = &ends[below(ENDS_MAX)];

    for (unsigned i = 0; i < ENDS_MAX && e->name == ENDPOINT_NONE; i++)
        e = e + 1 < ends + ENDS_MAX ? e + 1 : ends;
    return e->name == ENDPOINT_NONE ? NULL : e;
}

static int share(void) {
    const struct end *e = any_end();

    if (held >= TALKS_UNTIL || e == NULL || !e->channel)
        return 0;
    return request(&(struct message){ .type = MONITOR_POOL,
                                      .arg = { e->name, 1 + below(UINT64_C(256) * 1024) } });
}

static int leave(struct end *e) {
    struct message m = { .type = MONITOR_DISCONNECT };

    if (e == NULL)
        return 0;
    m.arg[0] = e->name;
    e->name = ENDPOINT_NONE;
    held--;
    int error = ipc_request(runtime_monitor(), &m);
    return error ? judge(error) : 0;
}

/* Its memory is there, whatever has become of the peer and its core. */
static void use(const struct end *e) {
    if (e == NULL)
        return;
    volatile uint64_t *word =
        (volatile uint64_t *)(e->address + below(e->bytes / sizeof *word) * sizeof *word);
    *word = *word + 1;
    ipc_notify(e->name);
}

/* All members are asked to agree that one of a few names is ours. */
static int agree(void) {
    struct message m = { .type = MONITOR_PUBLISH, .arg = { 'a' + below(4), 0, runtime_self() } };
    int error = ipc_request(runtime_monitor(), &m);

    return error == -E_BUSY ? 0 : error ? judge(error) : 0;
}

static int accept_all(void) {
    for (;;) {
        struct message m = { .type = MONITOR_BOUND };
        int error = ipc_request(runtime_monitor(), &m);
        if (error == -E_NOENT)
            return 0;
        if (!error)
            error = take(&m);
        if (error)
            return error > 0 ? error : judge(error);
    }
}

/* Bells of those who have left mean to leave too. */
static int listen(void) {
    struct message m = { 0 };
    int failure = 0;

    /* Not by the library's function, which would keep the bells to itself. */
    while (!failure && ipc_raw(IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, &m) == 0) {
        if (endpoint_core(m.source) == ENDPOINT_CORE_BINDING && find(m.source) == NULL)
            failure = accept_all();
        if (endpoint_core(m.source) == ENDPOINT_CORE_BINDING && m.arg[1] != 0)
            failure = leave(find(m.source));
    }
    return failure;
}

int worker(uint64_t seed) {
    int failure = 0;

    state = seed;
    while (!failure) {
        switch (below(8)) {
        case 0:
        case 1:
            failure = connect();
            break;
        case 2:
            failure = share();
            break;
        case 3:
            failure = leave(any_end());
            break;
        case 4:
            failure = agree();
            break;
        case 5:
            pause_for(1 + below(500000));
            break;
        default:
            use(any_end());
        }
        if (!failure)
            failure = listen();
        if (below(500) == 0)
            return 0;
    }
    return failure;
}
