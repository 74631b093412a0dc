#include "binding_records.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/kcall.h>
#include <urpc/channel.h>

/* Where the monitor has what it shares, and where its clients find it: a window for each. */
#define SHARES       0x0000220000000000UL
#define WINDOWS      0x0000230000000000UL
#define WINDOW_BYTES (2 * SHARE_BYTES_MAX)

struct binding_record binding_records[RECORDS];

uint32_t record_number(const struct binding_record *r) {
    return BINDING_FIRST + (uint32_t)(r - binding_records);
}

static uint64_t share_address(const struct binding_record *r) {
    return SHARES + (uint64_t)(r - binding_records) * SHARE_BYTES_MAX;
}

static uint64_t window(const struct binding_record *r) {
    return WINDOWS + r->cookie * WINDOW_BYTES;
}

bool record_is_initiator(const struct binding_record *r) {
    return r->kind == BOUND_CHANNEL_0 || r->kind == BOUND_POOL_OWNER || r->kind == BOUND_LINE;
}

bool record_is_line(const struct binding_record *r) {
    return r->kind == BOUND_LINE || r->kind == BOUND_LINE_SOURCE;
}

bool record_is_channel(const struct binding_record *r) {
    return r->kind == BOUND_CHANNEL_0 || r->kind == BOUND_CHANNEL_1;
}

/* The record of an initiator's number: ours, or that of a core which has sent it. */
struct binding_record *record_find(uint32_t core, uint32_t number, bool ours) {
    if (ours) {
        struct binding_record *r = &binding_records[(number - BINDING_FIRST) % RECORDS];
        bool meant = number >= BINDING_FIRST && number < BINDINGS_MAX && record_is_initiator(r) &&
                     r->peer_core == core && r->state != RECORD_FREE;
        return meant ? r : NULL;
    }
    for_each_record(r) {
        bool live = r->state == RECORD_BOUND || r->state == RECORD_CLOSING;
        if (live && !record_is_initiator(r) && r->peer_core == core && r->peer_number == number)
            return r;
    }
    return NULL;
}

/* The channel of two processes: the one that is bound, though another offer of it may still be on
 * the way, which is to be refused; else the one that is offered. */
struct binding_record *record_find_channel(endpoint_t process, endpoint_t peer) {
    struct binding_record *offered = NULL;

    for_each_record(r) {
        if (!record_is_channel(r) || r->process != process || r->peer != peer)
            continue;
        if (r->state == RECORD_BOUND)
            return r;
        if (r->state == RECORD_OFFERED)
            offered = r;
    }
    return offered;
}

struct binding_record *record_find_name(endpoint_t process, endpoint_t name) {
    for_each_record(r)
        if (r->state != RECORD_FREE && r->process == process && r->name == name)
            return r;
    return NULL;
}

/* ---- A record's beginning ---- */

/* A cookie that no other end of the process has; and how many it has. BOUND_MAX: there is none. */
static uint32_t free_cookie(endpoint_t process, unsigned *count) {
    uint64_t used[BOUND_MAX / 64] = { 0 };

    *count = 0;
    for_each_record(r)
        if (r->state != RECORD_FREE && r->process == process) {
            used[r->cookie / 64] |= UINT64_C(1) << r->cookie % 64;
            ++*count;
        }
    for (uint32_t cookie = 0; cookie < BOUND_MAX; cookie++)
        if (!(used[cookie / 64] >> cookie % 64 & 1))
            return cookie;
    return BOUND_MAX;
}

int record_take(endpoint_t process, unsigned most, struct binding_record **taken) {
    unsigned count;
    uint32_t cookie = free_cookie(process, &count);

    if (cookie == BOUND_MAX)
        return -E_NOSLOT;
    if (count >= most)
        return -E_QUOTA;
    for_each_record(r) {
        if (r->state != RECORD_FREE)
            continue;
        *r = (struct binding_record){ .process = process, .cookie = cookie };
        *taken = r;
        return 0;
    }
    return -E_NOSLOT;
}

/* An end of a line: the driver's, or the line's own, whose name nobody needs. */
static int open_line(struct binding_record *r) {
    uint64_t cookie = BOUND_LINE_COOKIE + r->cookie;
    if (r->kind == BOUND_LINE)
        return bind_open(record_number(r), r->process, r->peer_core, cookie, &r->name);
    int error = bind_line(record_number(r), r->line, r->peer_core, r->limit);
    if (!error)
        r->name = ENDPOINT_KERNEL;
    return error;
}

/* Gives the process its end, with the memory; it can ring when the other's number is known. */
int record_open(struct binding_record *r) {
    if (record_is_line(r))
        return open_line(r);
    int error = bind_open(record_number(r), r->process, r->peer_core, r->cookie, &r->name);

    if (error)
        return error;
    error = bind_map(record_number(r), window(r), r->physical, r->bytes);
    if (error) {
        bind_close(record_number(r));
        bind_free(record_number(r));
        r->name = ENDPOINT_NONE;
    }
    return error;
}

static struct chan_parameters parameters_of(const struct binding_record *r) {
    return (struct chan_parameters){ .slots = 1U << r->slots_log,
                                     .depth = { r->depth, r->depth },
                                     .origin = BOUND_ORIGIN };
}

/* The initiator's side has the memory: its client pays for it, and the monitor holds it. */
static int make_share(struct binding_record *r) {
    uint64_t frames = r->bytes / PAGE_SIZE;
    int error = privctl_take_frames(r->process, frames);

    if (error)
        return error;
    error = share_alloc(share_address(r), r->bytes, &r->physical);
    if (error)
        privctl_give_frames(r->process, frames);
    return error;
}

void record_drop_share(const struct binding_record *r) {
    if (record_is_line(r))
        return;
    share_free(share_address(r), r->bytes);
    privctl_give_frames(r->process, r->bytes / PAGE_SIZE); /* in vain if it is dead */
}

int record_begin(struct binding_record *r) {
    if (record_is_line(r))
        return record_open(r);
    int error = make_share(r);

    if (error)
        return error;
    if (r->kind == BOUND_CHANNEL_0) {
        struct chan_parameters parameters = parameters_of(r);
        error = chan_format((void *)share_address(r), &parameters);
    }
    if (!error)
        error = record_open(r);
    if (error)
        record_drop_share(r);
    return error;
}

/* ---- What the process is told ---- */

void record_describe(const struct binding_record *r, uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = r->name;
    arg[1] = window(r);
    arg[2] = record_is_channel(r) ? UINT64_C(1) << r->slots_log : 0;
    arg[3] = r->bytes << 32 | (uint64_t)r->cookie << 16 | r->depth;
    arg[4] = r->peer;
    arg[5] = r->kind;
}

/*
 * pages - 1: 9 bits, log2(slots): 5, kind: 2, depth: 14, page number of the memory: 34. Of a line:
 * its number: 14 bits, kind, limit: 32.
 */
#define PACKED_LINE BOUND_CHANNEL_1 /* as kind: an acceptor's, which no initiator packs */

uint64_t record_pack(const struct binding_record *r) {
    if (record_is_line(r))
        return r->line | (uint64_t)PACKED_LINE << 14 | (uint64_t)r->limit << 16;
    return (r->bytes / PAGE_SIZE - 1) | (uint64_t)r->slots_log << 9 | (uint64_t)r->kind << 14 |
           (uint64_t)r->depth << 16 | r->physical / PAGE_SIZE << 30;
}

void record_unpack(struct binding_record *r, uint64_t shared) {
    if ((shared >> 14 & 3) == PACKED_LINE) {
        r->kind = BOUND_LINE_SOURCE;
        r->line = shared & RECORD_LINE_MAX;
        r->limit = (uint32_t)(shared >> 16);
        return;
    }
    r->bytes = ((shared & 0x1ff) + 1) * PAGE_SIZE;
    r->slots_log = shared >> 9 & 0x1f;
    r->kind = (shared >> 14 & 3) == BOUND_POOL_OWNER ? BOUND_POOL_BORROWER : BOUND_CHANNEL_1;
    r->depth = shared >> 16 & 0x3fff;
    r->physical = (shared >> 30) * PAGE_SIZE;
}
