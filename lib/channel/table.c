#include "channel.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>

struct channel_hot channel_hot;
struct channels channels;

struct channel *channel_next(uint64_t cookie) {
    for (; cookie < CHANNELS_MAX; cookie++) {
        struct channel *c = channel_entry(cookie);
        if (c)
            return c;
    }
    return NULL;
}

static struct channel **cached(endpoint_t peer) {
    return &channels.cache[(peer ^ peer >> 16) & (CHANNEL_CACHE - 1)];
}

struct channel *channel_find(endpoint_t peer) {
    struct channel **at = cached(peer);

    if (*at != NULL && (*at)->peer == peer)
        return *at;
    for (struct channel *c = channel_next(0); c; c = channel_next(c->cookie + 1U)) {
        if (c->kind == CHANNEL_OPEN && c->peer == peer)
            return *at = c;
    }
    return NULL;
}

static void ring(void *context) {
    const struct channel *c = context;
    trap_1(IPC_NOTIFY, c->binding);
}

/* What the monitor says of a channel or pool, apart. */
struct bound {
    endpoint_t binding, peer;
    uint64_t address, slots;
    uint32_t bytes;
    uint16_t cookie, depth;
    uint64_t kind; /* enum bound_kind */
};

static struct bound unpack(const struct message *m) {
    return (struct bound){
        .binding = m->arg[0],
        .address = m->arg[1],
        .slots = m->arg[2],
        .bytes = (uint32_t)(m->arg[3] >> 32),
        .cookie = (uint16_t)(m->arg[3] >> 16),
        .depth = (uint16_t)m->arg[3],
        .peer = m->arg[4],
        .kind = m->arg[5],
    };
}

static int map(uint64_t address) {
    return mem_map(ENDPOINT_SELF, address, PAGE_SIZE, PROT_READ | PROT_WRITE);
}

/* Makes place for a cookie. */
static int reserve(uint64_t cookie) {
    if (cookie >= CHANNELS_MAX)
        return -E_NOSLOT;
    if (channel_has_page(cookie))
        return channel_place(cookie)->kind == CHANNEL_FREE ? 0 : -E_EXIST;
    int error = channels.set.members ? 0 : map(CHANNEL_MEMBERS);
    if (error)
        return error;
    if (!channels.set.members)
        chan_set_init(&channels.set, (struct chan_member *)CHANNEL_MEMBERS, CHANNELS_MAX, 0);
    error = map(CHANNEL_TABLE + cookie / CHANNELS_PER_PAGE * PAGE_SIZE);
    if (!error)
        channels.pages |= 1U << (cookie / CHANNELS_PER_PAGE);
    return error;
}

static int attach(struct channel *c, const struct bound *b) {
    struct chan_parameters parameters = { .slots = (uint32_t)b->slots,
                                          .depth = { b->depth, b->depth },
                                          .origin = BOUND_ORIGIN };
    unsigned side = b->kind == BOUND_CHANNEL_0 ? 0 : 1;

    if (b->slots > CHAN_SLOTS_MAX || chan_bytes(parameters.slots) == 0 ||
        chan_bytes(parameters.slots) > b->bytes)
        return -E_PROTOCOL;
    if (chan_attach(&c->chan, (void *)b->address, &parameters, side, (struct chan_bell){ ring, c },
                    b->peer) != 0)
        return -E_PROTOCOL;
    c->answered = c->chan.due;
    return chan_set_add(&channels.set, c->cookie, &c->chan.rx);
}

int channel_enter(const struct message *bound, struct channel **c) {
    struct bound b = unpack(bound);
    int error = reserve(b.cookie);

    if (error == -E_EXIST && channel_place(b.cookie)->binding == b.binding) {
        *c = channel_place(b.cookie);
        return 0;
    }
    if (error)
        return error;
    if (b.kind > BOUND_POOL_BORROWER || (b.kind >= BOUND_POOL_OWNER && b.bytes == 0))
        return -E_PROTOCOL;
    struct channel *entry = channel_place(b.cookie);
    *entry = (struct channel){
        .peer = b.peer,
        .binding = b.binding,
        .cookie = b.cookie,
        .memory = (void *)b.address,
        .bytes = b.bytes,
    };
    if (b.kind < BOUND_POOL_OWNER) {
        error = attach(entry, &b);
        if (error)
            return error;
        entry->kind = CHANNEL_OPEN;
    } else {
        entry->kind = b.kind == BOUND_POOL_OWNER ? CHANNEL_POOL_OWNER : CHANNEL_POOL_BORROWER;
    }
    channel_hot.in_use++;
    channels.awake = true;
    *c = entry;
    return 0;
}

static void end_open(struct channel *c) {
    chan_close(&c->chan);
    chan_set_remove(&channels.set, c->cookie);
    if (c->notified)
        channels.notices--;
    channel_asend_fail(c->peer, -E_PEERDEAD);
    *cached(c->peer) = NULL;
    if (channel_hot.chan == &c->chan)
        channel_hot.peer = ENDPOINT_NONE;
    if (channels.current == c)
        channel_leave();
    c->answered = c->chan.due;
}

void channel_end(struct channel *c) {
    endpoint_t binding = c->binding;

    if (c->kind == CHANNEL_OPEN)
        end_open(c);
    c->kind = CHANNEL_FREE;
    channel_hot.in_use--;
    channel_give_back(binding);
}
