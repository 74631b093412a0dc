/* What the parts of chanbench share. */
#ifndef CHANBENCH_H
#define CHANBENCH_H

#include <bulkhead/message.h>

#include "figure.h"

enum request {
    ECHO = MESSAGE_TYPE_SERVICE, /* the reply at once */
    DROP,                        /* no reply */
    SEND,                        /* BURST messages of type DROP, then the reply */
    WHEN,                        /* reply arg[0]: the time now */
    STAMP,                       /* reply arg[0]: the time of the last NOTIFY */
    SPIN,                        /* arg[0]: nanoseconds */
    BORROW,                      /* takes the pool that it was shared */
    ENDED, /* reply arg[0]: whether the pool has ended; then it is given back */
};

#define BURST 32 /* messages in the ring at a time */

/* The process on another core that serves. */
extern endpoint_t partner;

/* A request to it, with one argument that becomes the reply's. */
int ask(enum request what, uint64_t *value);

/* Both sides sleep after so many nanoseconds of waiting. */
int spin(uint64_t nanoseconds);

/* Runs this program on another core, under a name, with one argument: "NAME\0ARGUMENT". */
int start_partner(const char *args, endpoint_t *started);
void end_partner(endpoint_t started);

/* Messages that are there already, received from whoever has sent them. */
int measure_receive(struct figure *figure, endpoint_t from);

/* memory.c: shared memory; cores.c: starts; many.c: one of many channels */
int serve_pool(struct message *m);
int bench_map_remote(struct figure *figure);
int bench_revoke_remote(struct figure *figure);
int bench_core_start(struct figure *figure);
int bench_recv_1_of_64(struct figure *figure);

#endif
