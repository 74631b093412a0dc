#include "monbench.h"

#include <bulkhead/error.h>
#include <runtime/channel.h>
#include <runtime/event.h>
#include <runtime/startup.h>
#include <urpc/wait.h>

#define BYTES 4096

enum request {
    BORROW = MESSAGE_TYPE_SERVICE, /* takes the page that it was shared, and writes to it */
    END,                           /* reply arg[0]: whether it is gone; then gives it back */
};

static struct partner {
    endpoint_t process;
    struct channel_pool pool;
    struct bulk_record record;
} partners[CORES_MAX];

/* ---- The partner ---- */

static struct partner lender;

static enum event_action on_request(void *context, struct message *m) {
    int error = 0;

    (void)context;
    if (m->type == BORROW) {
        error = channel_pool_borrow(m->source, 1, BYTES, &lender.record, &lender.pool);
    } else {
        m->arg[0] = (uint64_t)channel_pool_ended(&lender.pool);
        if (m->arg[0] != 0)
            channel_pool_end(&lender.pool);
    }
    message_set_result(m, error);
    return EVENT_REPLY;
}

int partner_serve(void) {
    static const struct event_handlers handlers = { .request = on_request };
    return event_loop_run(&handlers);
}

/* ---- Who lends ---- */

static int start(uint32_t core, endpoint_t *started) {
    static const char args[] = "monbench\0serve";
    struct message m = { .type = MONITOR_SPAWN, .arg = { (uint64_t)args, sizeof args, 2 } };

    m.arg[5] = core;
    int error = ipc_request(runtime_monitor(), &m);
    *started = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

static int ask(struct partner *p, enum request what, uint64_t *reply) {
    struct message m = { .type = what };
    int error = ipc_request(p->process, &m);

    *reply = m.arg[0];
    return error;
}

static int lend(uint32_t core) {
    struct partner *p = &partners[core];
    uint64_t unused;
    int error = p->process == ENDPOINT_NONE ? start(core, &p->process) : 0;

    if (!error)
        error = channel_pool_share(p->process, 1, BYTES, &p->record, &p->pool);
    return error ? error : ask(p, BORROW, &unused);
}

/* Nobody has it any more, though the partner may not have heard its bell yet. */
static int give_back(uint32_t core) {
    uint64_t gone = 0;
    int error = 0;

    while (!error && gone == 0)
        error = ask(&partners[core], END, &gone);
    channel_pool_end(&partners[core].pool);
    return error;
}

static bool has_partner(uint32_t core) {
    return machine.core[core].member && core != endpoint_core(runtime_self());
}

int unmap_all(enum monitor_tree tree, struct sample *sample) {
    struct message m = { .type = MONITOR_UNMAP, .arg = { tree } };
    int error = 0;

    channel_set_spin(0);
    for (uint32_t core = 0; core < machine.cores && !error; core++)
        if (has_partner(core))
            error = lend(core);
    if (error)
        return error;
    uint64_t before = time_stamp();
    error = ipc_request(runtime_monitor(), &m);
    *sample = (struct sample){ time_stamp() - before, (uint32_t)m.arg[0], (uint32_t)m.arg[1] };
    for (uint32_t core = 0; core < machine.cores && !error; core++)
        if (has_partner(core))
            error = give_back(core);
    return error;
}

void partners_end(void) {
    for (uint32_t core = 0; core < machine.cores; core++) {
        struct message m = { .type = MONITOR_KILL, .arg = { partners[core].process } };
        if (partners[core].process != ENDPOINT_NONE)
            ipc_request(runtime_monitor(), &m);
    }
}
