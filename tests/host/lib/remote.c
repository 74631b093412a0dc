#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <runtime/startup.h>

#include "../../../lib/start/start.h"
#include "remote.h"

struct remote remotes[REMOTES];
unsigned connects, disconnects;
int connect_error;

endpoint_t remote_endpoint(unsigned n) { return endpoint_make(0, 3, 1, (uint16_t)(40 + n)); }

static unsigned number_of(endpoint_t endpoint) {
    for (unsigned n = 0; n < REMOTES; n++)
        if (remote_endpoint(n) == endpoint)
            return n;
    return REMOTES;
}

static void ring(void *context) {
    unsigned n = (unsigned)((struct remote *)context - remotes);
    kernel.bell[n].rung = true;
}

static void make(unsigned n, uint32_t slots, unsigned side) {
    struct chan_parameters parameters = { .slots = slots, .origin = BOUND_ORIGIN };
    struct remote *r = &remotes[n];

    *r = (struct remote){ .slots = slots,
                          .memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(slots)) };
    cr_assert_eq(chan_format(r->memory, &parameters), 0);
    cr_assert_eq(chan_attach(&r->chan, r->memory, &parameters, side, (struct chan_bell){ ring, r },
                             FAKE_SELF),
                 0);
    kernel.bell[n] = (struct fake_bell){ .bound = true };
}

static struct message bound(unsigned n, enum bound_kind kind) {
    return (struct message){
        .source = FAKE_MONITOR,
        .arg = { fake_binding(n), (uint64_t)remotes[n].memory, remotes[n].slots,
                 chan_bytes(remotes[n].slots) << 32 | n << 16, remote_endpoint(n), kind },
    };
}

static struct message bound_pool(unsigned n, enum bound_kind kind) {
    return (struct message){
        .source = FAKE_MONITOR,
        .arg = { fake_binding(POOL_COOKIE), (uint64_t)remotes[n].pool, 0,
                 remotes[n].pool_bytes << 32 | POOL_COOKIE << 16, remote_endpoint(n), kind },
    };
}

static void make_pool(unsigned n, uint64_t bytes) {
    remotes[n].pool = aligned_alloc(PAGE_SIZE, bytes);
    remotes[n].pool_bytes = bytes;
    kernel.bell[POOL_COOKIE] = (struct fake_bell){ .bound = true };
}

static int connect(struct message *m) {
    unsigned n = number_of(m->arg[0]);

    connects++;
    if (connect_error || n == REMOTES)
        return connect_error ? connect_error : -E_BADEP;
    make(n, (uint32_t)m->arg[1], 1);
    *m = bound(n, BOUND_CHANNEL_0);
    return 0;
}

static int share(struct message *m) {
    for (unsigned n = 0; n < REMOTES; n++) {
        if (m->arg[0] != fake_binding(n))
            continue;
        make_pool(n, m->arg[1]);
        *m = bound_pool(n, BOUND_POOL_OWNER);
        return 0;
    }
    return -E_BADEP;
}

static int disconnect(const struct message *m) {
    disconnects++;
    for (unsigned n = 0; n < REMOTES; n++) {
        void **memory = m->arg[0] == fake_binding(POOL_COOKIE) ? &remotes[n].pool
                        : m->arg[0] == fake_binding(n)         ? &remotes[n].memory
                                                               : NULL;
        if (memory) {
            free(*memory);
            *memory = NULL;
        }
    }
    return 0;
}

static struct message news[REMOTES];
static unsigned news_count, news_told;
struct message *new;

/* What the client has not been told of. */
static void tell(unsigned cookie, struct message m) {
    new = &news[news_count++ % REMOTES];
    *new = m;
    kernel.bell[cookie].rung = true;
}

static int bring_news(struct message *m) {
    if (news_told == news_count)
        return -E_NOENT;
    *m = news[news_told++ % REMOTES];
    return 0;
}

static int monitor(struct message *m) {
    int result = m->type == MONITOR_CONNECT      ? connect(m)
                 : m->type == MONITOR_POOL       ? share(m)
                 : m->type == MONITOR_DISCONNECT ? disconnect(m)
                 : m->type == MONITOR_BOUND      ? bring_news(m)
                                                 : -E_BADCALL;

    if (m->type == MONITOR_LABEL && number_of(m->arg[0]) < REMOTES) {
        memset(m->arg, 0, sizeof m->arg);
        memcpy(m->arg, "far-away", sizeof "far-away");
        result = 0;
    }
    message_set_result(m, result);
    return 0;
}

void remote_init(void) {
    time_init(runtime_tsc_frequency());
    kernel.monitor = monitor;
    kernel.receive_error = -E_PERM; /* ends what would wait for ever */
    channel_set_spin(0);
}

void remote_connects(unsigned n) {
    make(n, 16, 0);
    tell(n, bound(n, BOUND_CHANNEL_1));
}

void remote_shares(unsigned n, uint64_t bytes) {
    make_pool(n, bytes);
    tell(POOL_COOKIE, bound_pool(n, BOUND_POOL_BORROWER));
}

void remote_dies_late(unsigned n) {
    kernel.bell[n].rung = true;
    kernel.bell[n].closed = true;
}

void remote_dies(unsigned n) {
    uint64_t *word = remotes[n].memory;
    for (size_t i = 0; i < chan_bytes(remotes[n].slots) / sizeof *word; i++)
        word[i] = BINDING_SCRATCH_WORD;
    remote_dies_late(n);
}

void remote_dies_during_read(unsigned n) {
    struct chan_slot *slot = remotes[n].chan.tx.slot - 2; /* of its ring */
    uint64_t word = slot->word;
    remote_dies(n);
    slot->word = word;
}

struct message remote_message(uint32_t type, uint32_t tag) {
    return (struct message){ .type = type, .tag = tag, .arg = { tag, tag, tag, tag, tag, tag } };
}

void remote_sends(unsigned n, uint32_t type, uint32_t tag) {
    struct message m = remote_message(type, tag);
    cr_assert_eq(chan_send(&remotes[n].chan.tx, &m), 0);
}

bool remote_receives(unsigned n, struct message *m) {
    return remotes[n].memory && chan_receive(&remotes[n].chan.rx, m) == 0;
}

bool remote_answers(unsigned n) {
    struct message m;

    if (!remote_receives(n, &m) || !chan_is_request(m.type))
        return false;
    chan_owe(&remotes[n].chan);
    m.type = 0;
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        m.arg[i]++;
    chan_answer(&remotes[n].chan, &m);
    return true;
}
