#include <urpc/bulk.h>

#define BULK_ALIGNMENT 64U

int bulk_init(struct bulk_pool *pool, void *memory, uint32_t count, uint32_t size,
              struct bulk_record *records) {
    if (count == 0 || count > BULK_BUFFERS_MAX || size == 0 || size % BULK_ALIGNMENT != 0 ||
        (uintptr_t)memory % BULK_ALIGNMENT != 0)
        return -E_INVAL;
    for (uint32_t i = 0; i < count; i++)
        records[i] = (struct bulk_record){ .state = BULK_FREE, .next = i + 1 };
    *pool = (struct bulk_pool){
        .memory = memory,
        .count = count,
        .size = size,
        .records = records,
    };
    return 0;
}

static int bulk_is_inside(const struct bulk_pool *pool, const struct bulk_descriptor *descriptor) {
    return descriptor->buffer < pool->count && descriptor->offset <= pool->size &&
           descriptor->length <= pool->size - descriptor->offset;
}

/* One step in the life of a buffer. */
static int bulk_step(struct bulk_pool *pool, uint32_t buffer, enum bulk_state from,
                     enum bulk_state to) {
    if (buffer >= pool->count)
        return -E_RANGE;
    if (pool->records[buffer].state != from)
        return -E_STATE;
    pool->records[buffer].state = to;
    return 0;
}

static void bulk_free(struct bulk_pool *pool, uint32_t buffer) {
    pool->records[buffer].state = BULK_FREE;
    pool->records[buffer].next = pool->free;
    pool->free = buffer;
}

int bulk_take(struct bulk_pool *pool) {
    uint32_t buffer = pool->free;

    if (buffer == pool->count)
        return -E_NOMEM;
    pool->free = pool->records[buffer].next;
    pool->records[buffer].state = BULK_TAKEN;
    return (int)buffer;
}

int bulk_put(struct bulk_pool *pool, uint32_t buffer) {
    int error = bulk_step(pool, buffer, BULK_TAKEN, BULK_FREE);

    if (!error)
        bulk_free(pool, buffer);
    return error;
}

int bulk_lend(struct bulk_pool *pool, const struct bulk_descriptor *descriptor) {
    if (!bulk_is_inside(pool, descriptor))
        return -E_RANGE;
    return bulk_step(pool, descriptor->buffer, BULK_TAKEN, BULK_LENT);
}

int bulk_unlend(struct bulk_pool *pool, uint32_t buffer) {
    return bulk_step(pool, buffer, BULK_LENT, BULK_TAKEN);
}

int bulk_returned(struct bulk_pool *pool, const struct bulk_descriptor *descriptor) {
    if (!bulk_is_inside(pool, descriptor) ||
        bulk_step(pool, descriptor->buffer, BULK_LENT, BULK_TAKEN) != 0)
        return -E_PROTOCOL;
    return 0;
}

uint32_t bulk_reclaim(struct bulk_pool *pool) {
    uint32_t reclaimed = 0;

    for (uint32_t i = 0; i < pool->count; i++) {
        if (pool->records[i].state == BULK_LENT) {
            bulk_free(pool, i);
            reclaimed++;
        }
    }
    return reclaimed;
}

int bulk_borrow(struct bulk_pool *pool, const struct bulk_descriptor *descriptor, void **data) {
    if (!bulk_is_inside(pool, descriptor) ||
        bulk_step(pool, descriptor->buffer, BULK_FREE, BULK_LENT) != 0)
        return -E_PROTOCOL;
    *data = (char *)bulk_address(pool, descriptor->buffer) + descriptor->offset;
    return 0;
}

int bulk_return(struct bulk_pool *pool, const struct bulk_descriptor *descriptor) {
    if (!bulk_is_inside(pool, descriptor))
        return -E_RANGE;
    return bulk_step(pool, descriptor->buffer, BULK_LENT, BULK_FREE);
}

int bulk_unreturn(struct bulk_pool *pool, uint32_t buffer) {
    return bulk_step(pool, buffer, BULK_FREE, BULK_LENT);
}
