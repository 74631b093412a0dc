#include "channel.h"

#include <bulkhead/binding.h>

#include <runtime/ipc.h>

static struct channel *entry_of(const struct channel_pool *pool) {
    for (struct channel *c = channel_next(0); c; c = channel_next(c->cookie + 1U)) {
        if (c->kind != CHANNEL_OPEN && c->binding == pool->binding)
            return c;
    }
    return NULL;
}

static int take(struct channel *c, uint32_t count, uint32_t size, struct bulk_record *records,
                struct channel_pool *pool) {
    int error = bulk_init(&pool->buffers, c->memory, count, size, records);

    if (!error) {
        c->taken = true;
        pool->binding = c->binding;
    }
    return error;
}

int channel_pool_share(endpoint_t peer, uint32_t count, uint32_t size, struct bulk_record *records,
                       struct channel_pool *pool) {
    uint64_t bytes = (uint64_t)count * size;
    struct channel *c;

    if (bytes == 0)
        return -E_INVAL;
    if (bytes > SHARE_BYTES_MAX)
        return -E_RANGE;
    int error = channel_get(peer, &c);
    if (error)
        return error;
    struct message m = { .type = MONITOR_POOL,
                         .arg = { c->binding, (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1) } };
    error = channel_ask(&m, &c);
    if (error)
        return error;
    error = c->kind == CHANNEL_POOL_OWNER && c->bytes >= bytes ? take(c, count, size, records, pool)
                                                               : -E_PROTOCOL;
    if (error)
        channel_end(c);
    return error;
}

static struct channel *untaken(endpoint_t peer) {
    for (struct channel *c = channel_next(0); c; c = channel_next(c->cookie + 1U)) {
        if (c->kind == CHANNEL_POOL_BORROWER && c->peer == peer && !c->taken)
            return c;
    }
    return NULL;
}

/* A message that speaks of the pool may have come before the bell that tells of it. */
int channel_pool_borrow(endpoint_t peer, uint32_t count, uint32_t size, struct bulk_record *records,
                        struct channel_pool *pool) {
    struct channel *c = untaken(peer);

    if (!c) {
        channel_take_new();
        c = untaken(peer);
    }
    if (!c)
        return -E_NOENT;
    return (uint64_t)count * size > c->bytes ? -E_TOOBIG : take(c, count, size, records, pool);
}

int channel_pool_ended(const struct channel_pool *pool) {
    const struct channel *c = entry_of(pool);
    return !c || c->closed;
}

void channel_pool_end(struct channel_pool *pool) {
    struct channel *c = entry_of(pool);

    if (c)
        channel_end(c);
    pool->binding = ENDPOINT_NONE;
}
