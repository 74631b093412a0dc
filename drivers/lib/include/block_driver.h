/*
 * What all drivers of block devices do first: requests of protocol/block.h become transfers that
 * are within bounds. The driver moves the data.
 *
 *     static int request(struct message *m) {
 *         struct block_transfer transfer;
 *         int error = block_parse(m, &status, &transfer);
 *         ...
 */
#ifndef BLOCK_DRIVER_H
#define BLOCK_DRIVER_H

#include <stdbool.h>

#include <bulkhead/grant.h>
#include <bulkhead/message.h>
#include <bulkhead/protocol/block.h>

/* Whole blocks from `position` on, and where they come from or go to. */
struct block_transfer {
    bool write;
    uint64_t position, bytes; /* of the device, in bytes */
    size_t count;             /* of pieces */
    /* Each with the client's grant, bytes and direction; `address`: of its data, counted from the
     * first byte of the transfer. */
    struct safecopy piece[BLOCK_VECTOR_MAX];
};

/*
 * Reads a request for READ, WRITE, READ_VECTOR or WRITE_VECTOR, whose pieces are copied from the
 * client once. Errors: those of the protocol, -E_BADCALL it is another; then nothing is to be done.
 */
int block_parse(const struct message *m, const struct block_status *status,
                struct block_transfer *transfer);

/* Carries a transfer out, from or to memory where its first byte is. Errors of using grants. */
int block_copy(const struct block_transfer *transfer, void *memory);

#endif
