#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

/*
 * In the partner's memory: its order, and what came of it. The test reads and writes them by
 * MEM_COPY, so that no message is needed which could be mixed up with those under test. A partner
 * without an order sends to the test and waits; that the test receives this makes it look again.
 */
static struct {
    uint64_t operation, to, times, ordered, finished;
    struct message message;
    int64_t result;
} desk;

static struct asend_entry table[8] __attribute__((aligned(sizeof(struct asend_entry))));

/* Runs in the partner. */
static void work(void *test) {
    const struct message ask = { .type = MESSAGE_TYPE_SERVICE };
    for (;;) {
        while (desk.ordered == desk.finished)
            if (ipc_send((endpoint_t)test, &ask))
                kcall_exit(1);
        const struct message request = desk.message;
        for (uint64_t i = 0; i < desk.times; i++) {
            desk.message = request;
            desk.result = ipc_raw(desk.operation, desk.to, &desk.message);
        }
        desk.finished++;
    }
}

static void must(int error, const char *what) {
    if (error)
        tap_bail_out("%s: %s", what, error_text(error));
}

static void desk_read(const struct partner *p, void *to, const void *field, size_t bytes) {
    must(mem_copy_from(p->endpoint, (uint64_t)field, to, bytes), "cannot read a partner's desk");
}

static void desk_write(const struct partner *p, void *field, const void *from, size_t bytes) {
    must(mem_copy_to(p->endpoint, (uint64_t)field, from, bytes), "cannot write a partner's desk");
}

void partner_start(struct partner *p, const char *label) {
    static const struct child_policy policy = { .ipc = IPC_ALL, .talks = true, .urgent = true };
    drop_events(); /* of partners before */
    *p = (struct partner){ child_start(label, work, (void *)runtime_self(), &policy), 0 };
}

void partner_repeat(struct partner *p, uint64_t operation, uint64_t to, const struct message *m,
                    uint64_t times) {
    struct message ask;
    if (!partner_finished(p))
        tap_bail_out("an order for a partner that has not finished the one before");
    desk_write(p, &desk.operation, &operation, sizeof operation);
    desk_write(p, &desk.to, &to, sizeof to);
    desk_write(p, &desk.times, &times, sizeof times);
    desk_write(p, &desk.message, m, sizeof *m);
    p->orders++;
    desk_write(p, &desk.ordered, &p->orders, sizeof p->orders);
    must(ipc_receive(p->endpoint, &ask), "a partner without an order does not ask");
    if (ask.type != MESSAGE_TYPE_SERVICE)
        tap_bail_out("a partner has something else to say");
}

void partner_order(struct partner *p, uint64_t operation, uint64_t to, const struct message *m) {
    partner_repeat(p, operation, to, m, 1);
}

void partner_do(struct partner *p, uint64_t operation, uint64_t to, uint64_t number) {
    struct message m = { .type = TYPE, .arg = { number } };
    partner_order(p, operation, to, &m);
}

void partner_asend(struct partner *p, unsigned entries) {
    struct message m = { .type = entries };
    partner_order(p, IPC_ASEND, (uint64_t)table, &m);
}

void partner_entry(const struct partner *p, unsigned index, endpoint_t to, uint64_t number) {
    struct asend_entry entry = { .state = ASEND_READY,
                                 .destination = to,
                                 .message = { .type = TYPE, .tag = 7, .arg = { number } } };
    desk_write(p, &table[index], &entry, sizeof entry);
}

struct asend_entry partner_table(const struct partner *p, unsigned index) {
    struct asend_entry entry;
    desk_read(p, &entry, &table[index], sizeof entry);
    return entry;
}

bool partner_finished(const struct partner *p) {
    uint64_t finished = 0;
    desk_read(p, &finished, &desk.finished, sizeof finished);
    return finished == p->orders;
}

int partner_result(const struct partner *p) {
    int64_t result = 0;
    desk_read(p, &result, &desk.result, sizeof result);
    return (int)result;
}

struct message partner_message(const struct partner *p) {
    struct message m = { 0 };
    desk_read(p, &m, &desk.message, sizeof m);
    return m;
}

bool partner_is(const struct partner *p, int result, const char *name) {
    bool right = partner_finished(p) && partner_result(p) == result;
    ok(right, name);
    if (!right)
        tap_note("%s, %s expected",
                 partner_finished(p) ? error_name(partner_result(p)) : "not finished",
                 error_name(result));
    return right;
}

bool partner_waits(const struct partner *p, enum process_state state, endpoint_t with,
                   const char *name) {
    struct process_info info = process_info(p->endpoint);
    bool right = !partner_finished(p) && info.state == state && info.partner == with;
    ok(right, name);
    if (!right)
        tap_note("state %u with %#lx, %u with %#lx expected", info.state, info.partner, state,
                 with);
    return right;
}

void partner_end(struct partner *p) { child_end(p->endpoint); }
