/*
 * Pools of shared buffers. The ownership of a buffer passes with its descriptor, which travels in a
 * message; each side keeps its own record of who has what and believes nothing that it finds in
 * shared memory. States: README.md.
 *
 * Contents can change as long as the peer has the memory mapped, whoever owns the buffer: copy,
 * then judge.
 */
#ifndef URPC_BULK_H
#define URPC_BULK_H

#include <stddef.h>
#include <stdint.h>

#include <bulkhead/error.h>
#include <bulkhead/message.h>

#define BULK_BUFFERS_MAX 65536U

/* What a message says of a buffer. A message holds BULK_DESCRIPTORS of them, in arg[]. */
struct bulk_descriptor {
    uint32_t buffer; /* number in the pool */
    uint32_t offset; /* of the data in the buffer, in bytes */
    uint32_t length; /* of the data, in bytes */
    uint32_t cookie; /* the owner's; a borrower returns it as it came */
};

#define BULK_DESCRIPTORS 3U

_Static_assert(BULK_DESCRIPTORS * sizeof(struct bulk_descriptor) == MESSAGE_ARG_BYTES,
               "three descriptors fill a message");

/* In whose hands a buffer is. The borrower knows only BULK_LENT, which is: in its own, and
 * BULK_FREE: not. */
enum bulk_state { BULK_FREE, BULK_TAKEN, BULK_LENT };

/* What one side knows of a buffer. Private; the caller's array of them is the pool's storage. */
struct bulk_record {
    uint32_t state; /* enum bulk_state */
    uint32_t next;  /* owner: next free buffer; count: none */
};

/* One side's view of a pool. Private. */
struct bulk_pool {
    char *memory;   /* shared: count * size bytes */
    uint32_t count; /* of buffers, 1 to BULK_BUFFERS_MAX */
    uint32_t size;  /* of one, in bytes: a multiple of 64 */
    struct bulk_record *records;
    uint32_t free; /* owner: first free buffer, or count */
};

/*
 * Either side's view of `count` buffers of `size` bytes at `memory` (aligned to 64). All are free.
 * Errors: -E_INVAL.
 */
int bulk_init(struct bulk_pool *pool, void *memory, uint32_t count, uint32_t size,
              struct bulk_record *records);

/* Writes the i-th descriptor (below BULK_DESCRIPTORS) of a message, and reads it from one that was
 * received. */
static inline void bulk_write(struct message *message, uint32_t i,
                              const struct bulk_descriptor *descriptor) {
    message->arg[2 * i] = descriptor->buffer | (uint64_t)descriptor->offset << 32;
    message->arg[2 * i + 1] = descriptor->length | (uint64_t)descriptor->cookie << 32;
}

static inline struct bulk_descriptor bulk_read(const struct message *message, uint32_t i) {
    return (struct bulk_descriptor){
        .buffer = (uint32_t)message->arg[2 * i],
        .offset = (uint32_t)(message->arg[2 * i] >> 32),
        .length = (uint32_t)message->arg[2 * i + 1],
        .cookie = (uint32_t)(message->arg[2 * i + 1] >> 32),
    };
}

/* Where the data of a buffer lies. `buffer` is the caller's own, hence below the count. */
static inline void *bulk_address(const struct bulk_pool *pool, uint32_t buffer) {
    return pool->memory + (size_t)buffer * pool->size;
}

/*
 * Owner: takes a free buffer: its number, or -E_NOMEM. Gives one that it has taken back; errors:
 * -E_RANGE, -E_STATE not taken.
 */
int bulk_take(struct bulk_pool *pool);
int bulk_put(struct bulk_pool *pool, uint32_t buffer);

/*
 * Owner: lends a buffer that it has taken. It then sends the descriptor, and if it could not, calls
 * bulk_unlend(). Errors: -E_RANGE number or extent, -E_STATE not taken (not lent).
 */
int bulk_lend(struct bulk_pool *pool, const struct bulk_descriptor *descriptor);
int bulk_unlend(struct bulk_pool *pool, uint32_t buffer);

/*
 * Owner: a descriptor has come back: the buffer is in its hands. Errors: -E_PROTOCOL: the number is
 * out of range or not lent, or the extent is out of the buffer; nothing has changed, and the caller
 * ends the channel.
 */
int bulk_returned(struct bulk_pool *pool, const struct bulk_descriptor *descriptor);

/* Owner: the borrower is gone, its messages have been received up to -E_PEERDEAD, and no mapping is
 * left: what was lent is free. How many buffers that were. */
uint32_t bulk_reclaim(struct bulk_pool *pool);

/*
 * Borrower: a descriptor has come: the buffer is in its hands, its data at *data. Errors:
 * -E_PROTOCOL: the number is out of range or in its hands already, or the extent is out of the
 * buffer.
 */
int bulk_borrow(struct bulk_pool *pool, const struct bulk_descriptor *descriptor, void **data);

/*
 * Borrower: gives a buffer back. It then sends the descriptor, and if it could not, calls
 * bulk_unreturn(). Errors: -E_RANGE number or extent, -E_STATE not (already) in its hands.
 */
int bulk_return(struct bulk_pool *pool, const struct bulk_descriptor *descriptor);
int bulk_unreturn(struct bulk_pool *pool, uint32_t buffer);

#endif
