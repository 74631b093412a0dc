/* What a request is: shared by requests.c, which runs them, and the handlers. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "quotas.h"
#include "requests.h"

/*
 * A request of a client, that becomes its reply. Handlers return the result of the reply: 0 or a
 * negated error; of requests that change something, 0 says that the batch is to be judged and done.
 */
struct request {
    struct message *m;
    char label[LABEL_MAX];
    struct store_what what; /* arg[5] */
    struct batch *batch;    /* of those that change something: empty */
    uint64_t reply[2];      /* and arg[0], arg[1] of the reply once that is done */
};

typedef int request_handler(struct request *r);

/* The name in arg[0..3], and whose it is. False: it is none. */
bool request_key(const struct request *r, struct key *key);
bool request_filter(const struct request *r, struct filter *filter);

/* ---- writes.c ---- */

request_handler write_publish, write_delete, write_snapshot, write_subscribe, write_unsubscribe,
    write_commit, write_collect;

/* Those that are part of a transaction: nothing is to be done yet. */
request_handler stage_publish, stage_delete;

/* ---- reads.c ---- */

request_handler read_retrieve, read_check, read_next, read_map, read_begin, read_abort, read_owner,
    read_usage, read_status;

#endif
