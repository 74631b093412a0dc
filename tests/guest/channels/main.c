/*
 * Processes of two cores that talk by the functions that serve one core too. The program starts
 * itself on the other core, where it serves.
 */
#include <stdbool.h>
#include <stdlib.h>

#include <runtime/asend.h>
#include <runtime/channel.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>
#include <urpc/wait.h>

#include "../support/cores.h"

#define CALLS    2000U
#define MESSAGES UINT64_C(1000)
#define BUFFERS  4U

enum request {
    ECHO = MESSAGE_TYPE_SERVICE, /* reply: the arguments, each plus 1 */
    COUNT,                       /* no reply */
    COUNTED, /* reply arg[0]: how many COUNT came, arg[1]: how many out of order, arg[2]: NOTIFYs */
    LATER,   /* as ECHO, but deferred to the next TOUCH or LATER */
    ENDED,   /* reply arg[0]: whether the pool of FILL has ended; then the server is done with it */
    FILL,    /* arg[0..1]: descriptor of a buffer; reply: the same, filled with arg[2] */
    GOODBYE, /* the server ends */
    VANISH,  /* at once, without a reply */
};

/* ---- The server ---- */

static uint64_t counted, disorder, notified;
static struct bulk_record records[BUFFERS];
static struct channel_pool pool;

static int fill(struct message *m) {
    struct bulk_descriptor descriptor = bulk_read(m, 0);
    unsigned char *data;
    int error =
        pool.binding ? 0 : channel_pool_borrow(m->source, BUFFERS, PAGE_SIZE, records, &pool);

    if (!error)
        error = bulk_borrow(&pool.buffers, &descriptor, (void **)&data);
    if (error)
        return error;
    for (uint32_t i = 0; i < descriptor.length; i++)
        data[i] = (unsigned char)m->arg[2];
    return bulk_return(&pool.buffers, &descriptor);
}

static enum event_action on_request(void *context, struct message *m) {
    int result = 0;

    (void)context;
    switch (m->type) {
    case ECHO:
        for (unsigned i = 0; i < MESSAGE_ARGS; i++)
            m->arg[i]++;
        break;
    case COUNT:
        disorder += m->arg[0] != counted++;
        return EVENT_DEFER;
    case COUNTED:
        m->arg[0] = counted;
        m->arg[1] = disorder;
        m->arg[2] = notified;
        break;
    case ENDED:
        m->arg[0] = (uint64_t)channel_pool_ended(&pool);
        if (m->arg[0] != 0)
            channel_pool_end(&pool);
        break;
    case FILL:
        result = fill(m);
        break;
    case GOODBYE:
        event_loop_stop(7);
        break;
    case VANISH:
        _Exit(9);
    default:
        result = -E_BADCALL;
    }
    message_set_result(m, result);
    return EVENT_REPLY;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    (void)source;
    notified++;
}

static int serve(void) {
    static const struct event_handlers handlers = { .request = on_request, .notify = on_notify };
    return event_loop_run(&handlers);
}

/* ---- The client ---- */

static endpoint_t server;

static int start_server(void) {
    static const char args[] = "test-channels\0serve";
    return core_spawn(1, args, sizeof args, 2, &server);
}

static void stop_server(enum request how, int status) {
    struct message m = { .type = how };
    int error = ipc_call(server, &m);

    /* With the server its memory goes, in which the answer may still lie unread. */
    tap_ok(error == -E_PEERDEAD || (how == GOODBYE && error == 0), "the last request ends: %s",
           error_name(error));
    tap_is(await_end(server), status, "the server has ended");
}

static struct message ask(enum request what) {
    struct message m = { .type = what };
    int error = ipc_request(server, &m);
    if (error)
        tap_bail_out("%s", error_text(error));
    return m;
}

static void test_calls(void) {
    unsigned good = 0;

    for (uint32_t i = 0; i < CALLS; i++) {
        struct message m = { .type = ECHO, .tag = i, .arg = { i, 1, 2, 3, 4, i } };
        int error = ipc_call(server, &m);
        good += error == 0 && m.source == server && m.type == 0 && m.tag == i &&
                m.arg[0] == i + 1 && m.arg[3] == 4 && m.arg[5] == i + 1;
    }
    tap_is(good, CALLS, "calls bring their answers");
    struct message m = { .type = 0x3fffffff };
    tap_is(ipc_request(server, &m), -E_BADCALL, "unknown requests are refused by the server");
}

static void test_messages(void) {
    static ASEND_ENTRIES(entries, 8);
    struct asend_queue queue;
    uint64_t sent = 0;

    asend_init(&queue, entries, 8, NULL, NULL);
    for (; sent < MESSAGES; sent++) {
        struct message m = { .type = COUNT, .arg = { sent } };
        while (ipc_nbsend(server, &m) == -E_WOULDBLOCK)
            chan_relax();
    }
    for (; sent < 2 * MESSAGES; sent++)
        ipc_send(server, &(struct message){ .type = COUNT, .arg = { sent } });
    for (; sent < 3 * MESSAGES; sent++) {
        struct message m = { .type = COUNT, .arg = { sent } };
        while (asend_post(&queue, server, &m) == -E_NOSLOT)
            ipc_receive(ENDPOINT_ANY, &(struct message){ 0 });
    }
    while (asend_collect(&queue) > 0)
        ipc_receive(ENDPOINT_ANY, &(struct message){ 0 });
    struct message m = ask(COUNTED);
    tap_is((long)m.arg[0], (long)(3 * MESSAGES), "messages of NBSEND, SEND and ASEND arrive");
    tap_is((long)m.arg[1], 0, "in order");
}

static void test_notify(void) {
    tap_is(ipc_notify(server), 0, "NOTIFY succeeds");
    while (ask(COUNTED).arg[2] == 0)
        ;
    tap_is((long)ask(COUNTED).arg[2], 1, "and arrives once");
}

static void test_pool(void) {
    static struct bulk_record own[BUFFERS];
    struct channel_pool shared;
    struct message m = { .type = FILL, .arg = { [2] = 0x5a } };

    if (!tap_is(channel_pool_share(server, BUFFERS, PAGE_SIZE, own, &shared), 0,
                "a pool is shared"))
        return;
    int buffer = bulk_take(&shared.buffers);
    struct bulk_descriptor descriptor = { .buffer = (uint32_t)buffer, .length = PAGE_SIZE };
    bulk_lend(&shared.buffers, &descriptor);
    bulk_write(&m, 0, &descriptor);
    tap_is(ipc_request(server, &m), 0, "the peer fills a buffer");
    descriptor = bulk_read(&m, 0);
    tap_is(bulk_returned(&shared.buffers, &descriptor), 0, "and returns it");
    const char *data = bulk_address(&shared.buffers, descriptor.buffer);
    tap_is(data[0], 0x5a, "with what was asked for");
    tap_is(data[PAGE_SIZE - 1], 0x5a, "to its end");
    channel_pool_end(&shared);
}

static uint64_t frames_quota(void) {
    struct process_info info = { 0 };

    if (getinfo(INFO_PROCESS, &info, sizeof info, ENDPOINT_SELF, NULL, NULL))
        tap_bail_out("no information about this process");
    return info.frames_quota;
}

static void wait_until_ended(void) {
    while (ask(ENDED).arg[0] == 0)
        ;
}

static int unmap(uint64_t tree, uint64_t *messages) {
    struct message m = { .type = MONITOR_UNMAP, .arg = { tree } };
    int error = ipc_request(runtime_monitor(), &m);

    *messages = m.arg[0];
    return error;
}

/* All pools at once, with a buffer still lent: nobody can reach the memory, and nothing is lost. */
static void test_unmap(void) {
    static struct bulk_record own[2][BUFFERS];
    struct channel_pool shared[2];
    uint64_t messages, before;

    wait_until_ended(); /* that of test_pool() */
    before = frames_quota();
    tap_is(unmap(MONITOR_TREE_CHOSEN, &messages), 0, "who shares nothing can take it all back");
    tap_is(unmap(MONITOR_TREE_COUNT, &messages), -E_INVAL,
           "but not along a tree that there is not");
    for (unsigned i = 0; i < 2; i++)
        tap_is(channel_pool_share(server, BUFFERS, PAGE_SIZE, own[i], &shared[i]), 0,
               "pool %u is shared", i);
    struct message m = { .type = FILL };
    struct bulk_descriptor descriptor = { .buffer = (uint32_t)bulk_take(&shared[0].buffers),
                                          .length = PAGE_SIZE };
    bulk_lend(&shared[0].buffers, &descriptor);
    bulk_write(&m, 0, &descriptor);
    tap_is(ipc_request(server, &m), 0, "one is used");
    tap_is(unmap(MONITOR_TREE_FLAT, &messages), 0, "both are taken back");
    tap_is((long)messages, 2, "by one message there and back");
    tap_ok(ipc_request(server, &m) < 0, "the peer does not borrow the buffer again");
    wait_until_ended();
    for (unsigned i = 0; i < 2; i++)
        channel_pool_end(&shared[i]);
    tap_is((long)frames_quota(), (long)before, "all memory is given back");
    test_calls();
}

static void test_label(void) {
    char label[LABEL_MAX + 1];

    tap_is(ipc_label(server, label), 0, "the server has a label");
    tap_ok(label[0] == 't' && label[5] == 'c', "it is the program's: %s", label);
}

static void test_ends(void) {
    struct message m = { .type = ECHO };

    stop_server(GOODBYE, 7);
    tap_is(ipc_call(server, &m), -E_PEERDEAD, "calls to the dead fail");
    tap_is(ipc_call(server, &m), -E_PEERDEAD, "each time");
    tap_is(ipc_notify(server), -E_PEERDEAD, "and so does NOTIFY");
    if (start_server())
        tap_bail_out("no second server");
    test_calls();
    stop_server(VANISH, 9);
    m.type = ECHO;
    tap_is(ipc_call(endpoint_make(0, 1, CORES_MAX - 1, 3), &m), -E_BADEP, "there is no such core");
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return serve();
    tap_plan(0);
    if (start_server())
        tap_bail_out("no server on the other core");
    test_calls();
    test_messages();
    test_notify();
    test_pool();
    test_unmap();
    test_label();
    channel_set_spin(0);
    test_calls();
    test_ends();
    return tap_done();
}
