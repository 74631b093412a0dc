/*
 * Protocol of block devices (drivers/block): an array of blocks of equal size. Data goes by memory
 * grants, from or to buffers of any place and alignment; what is read and written on the device is
 * whole blocks. Grants are the client's own: a driver has grants of many, and would else do for one
 * what another let it do; who passes memory on makes an indirect grant. Clients use SENDREC, or
 * ASEND with a tag for each request that is under way; the driver answers with NBSEND, with the
 * request's tag.
 *
 * All requests are idempotent: done twice they leave what they leave when done once. So a request
 * that a driver's death has left unanswered is sent again, to the next driver (thesis 4.3.1);
 * <runtime/block.h> does it. After an error a part of the blocks may have been written.
 *
 * A write that was answered survives the driver's death. FLUSH has it survive the machine's, as far
 * as the device can.
 *
 * The reply's type is 0 or a negated error. Errors: E_BADCALL unknown request; E_INVAL bytes that
 * are no whole blocks; E_RANGE no bytes, more than the status says, blocks that there are not, or
 * more than BLOCK_VECTOR_MAX pieces, or none; E_PERM write to a device that is read-only; E_IO the
 * device failed; those of every use of a grant (grant.h).
 */
#ifndef BULKHEAD_PROTOCOL_BLOCK_H
#define BULKHEAD_PROTOCOL_BLOCK_H

#include <bulkhead/message.h>

/* X(name, number): arguments and reply are in the comment. */
#define BLOCK_REQUESTS(X)                                                                    \
    /* From the device to a buffer. arg[0]: id of a grant of the client's, to write; arg[1]: \
     * offset in the grant; arg[2]: bytes; arg[3]: first block. Reply arg[0]: bytes */       \
    X(READ, MESSAGE_TYPE_SERVICE + 0)                                                        \
    /* From a buffer to the device. The same, a grant to read */                             \
    X(WRITE, MESSAGE_TYPE_SERVICE + 1)                                                       \
    /* The same from and to several buffers, in order, which together are whole blocks.      \
     * arg[0]: id of a grant to read, arg[1]: offset there of struct block_piece[], arg[2]:  \
     * their number; arg[3]: first block. Reply arg[0]: bytes */                             \
    X(READ_VECTOR, MESSAGE_TYPE_SERVICE + 2)                                                 \
    X(WRITE_VECTOR, MESSAGE_TYPE_SERVICE + 3)                                                \
    /* Answered when all writes that were answered before are where they outlast a reset */  \
    X(FLUSH, MESSAGE_TYPE_SERVICE + 4)                                                       \
    /* What device is it? Reply: struct block_status */                                      \
    X(STATUS, MESSAGE_TYPE_SERVICE + 5)

enum block_request {
#define X(name, number) BLOCK_##name = (number),
    BLOCK_REQUESTS(X)
#undef X
};

#define BLOCK_VECTOR_MAX 64U

/* A part of a buffer: byte-granular. */
struct block_piece {
    uint64_t id, offset; /* of a grant of the client's, and in it */
    uint64_t bytes;      /* 1 or more */
};

enum block_flag {
    BLOCK_READ_ONLY = 1 << 0,
    BLOCK_VOLATILE = 1 << 1, /* FLUSH or not, the content does not outlast a reset */
};

struct block_status {
    uint64_t block_bytes; /* a power of two, 512 or more */
    uint64_t blocks;
    uint64_t bytes_max; /* of one request */
    uint64_t flags;     /* set of enum block_flag */
    uint64_t starts;    /* of drivers that have had this content, this one included */
    uint64_t content;   /* which content: another number says that what was written is lost */
};

_Static_assert(sizeof(struct block_status) == MESSAGE_ARG_BYTES, "fits a message");

#endif
