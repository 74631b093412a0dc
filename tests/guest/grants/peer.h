/*
 * Grants among processes of one core and of several: the program starts itself as a peer, here or
 * there, which makes and uses grants as it is asked to.
 */
#ifndef TESTS_GUEST_GRANTS_PEER_H
#define TESTS_GUEST_GRANTS_PEER_H

#include <runtime/grant.h>

#define BUFFER_PAGES 4
#define BUFFER_BYTES (BUFFER_PAGES * PAGE_SIZE)
#define WINDOW       0x0000500000000000UL /* where peers map what they were granted */

/* Sizes are in the low bits, what else is said of a region above them. */
#define SIZE_BITS 48

enum peer_op {
    PEER_MAKE = MESSAGE_TYPE_SERVICE, /* grantee, offset in the buffer, bytes and access: name */
    PEER_DELEGATE,                    /* name, offset, bytes and access, grantee: name */
    PEER_END,                         /* name: revokes it */
    PEER_COPY,                        /* name, offset, bytes and direction, address there */
    PEER_MAP,                         /* name, offset, bytes and protection, address */
    PEER_UNMAP,                       /* address */
    PEER_PEEK,                        /* address: the word there */
    PEER_POKE,                        /* address, word */
    PEER_BUFFER,                      /* its address */
    PEER_UNTABLE,  /* unmaps or changes the memory of its buffer: what MEM_UNMAP says */
    PEER_CHECK,    /* what the kernel finds wrong with itself */
    PEER_FRAMES,   /* frames granted and exported */
    PEER_SCRIBBLE, /* address, bytes: writes there, after the reply, until it is asked something */
    PEER_EXIT,
};

int peer_main(void);

/* ---- The test's side: each asks a peer, and returns the result of the operation. ---- */

endpoint_t peer_start(uint32_t core);
int peer_ask(endpoint_t peer, enum peer_op op, uint64_t arg[MESSAGE_ARGS]);
void peer_kill(endpoint_t peer);

#endif
