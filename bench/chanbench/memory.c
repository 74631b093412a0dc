/* Memory of two cores: 64 KiB, from asking for it to its being there, and until it is gone. */
#include "chanbench.h"

#include <stdbool.h>

#include <bulkhead/error.h>
#include <runtime/channel.h>
#include <runtime/startup.h>

#define BUFFERS 16
#define BYTES   4096
#define SAMPLES 50

static struct bulk_record records[BUFFERS];
static struct channel_pool pool;

/* ---- The partner's side ---- */

int serve_pool(struct message *m) {
    if (m->type == BORROW)
        return channel_pool_borrow(m->source, BUFFERS, BYTES, records, &pool);
    m->arg[0] = (uint64_t)channel_pool_ended(&pool);
    if (m->arg[0] != 0)
        channel_pool_end(&pool);
    return 0;
}

/* ---- The figures: a pool is shared, borrowed, given back by its owner, seen to have ended ---- */

static int share_and_revoke(uint64_t *shared, uint64_t *revoked) {
    uint64_t value = 0, begin = time_stamp();
    int error = channel_pool_share(partner, BUFFERS, BYTES, records, &pool);

    *shared = time_stamp() - begin;
    if (!error)
        error = ask(BORROW, &value);
    if (error)
        return error;
    begin = time_stamp();
    channel_pool_end(&pool);
    for (value = 0; !error && value == 0;)
        error = ask(ENDED, &value);
    *revoked = time_stamp() - begin;
    return error;
}

static int measure(struct figure *figure, bool revoke) {
    int error = spin(0);

    for (unsigned i = 0; i < SAMPLES && !error; i++) {
        uint64_t shared = 0, revoked = 0;
        error = share_and_revoke(&shared, &revoked);
        figure_add(figure, revoke ? revoked : shared);
    }
    return error;
}

int bench_map_remote(struct figure *figure) { return measure(figure, false); }

int bench_revoke_remote(struct figure *figure) { return measure(figure, true); }
