#include "bindings.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/cores.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <urpc/channel.h>

#include "children.h"
#include "machine.h"
#include "peer_requests.h"

/* Where the monitor has what it shares, and where its clients find it: a window for each. */
#define SHARES       0x0000220000000000UL
#define WINDOWS      0x0000230000000000UL
#define WINDOW_BYTES (2 * SHARE_BYTES_MAX)

#define RECORDS (BINDINGS_MAX - BINDING_FIRST)

enum record_state {
    RECORD_FREE,
    RECORD_OFFERED, /* the other side is asked */
    RECORD_BOUND,
    RECORD_CLOSING, /* this side is unmapped; the other may not be yet */
    RECORD_ENDED,   /* both are; the process has not been told, or has not said so */
};

/* What is still to be sent about a record. */
enum owed { OWED_OFFER = 1 << 0, OWED_ACCEPT = 1 << 1, OWED_CLOSE = 1 << 2 };

struct record {
    uint8_t state; /* enum record_state */
    uint8_t owed;  /* set of enum owed */
    uint8_t kind;  /* enum bound_kind */
    bool asked;    /* the client waits for its reply */
    bool untold;   /* the process is still to ask for it */
    bool noted;    /* the process is done with it, or dead */
    bool close_received;
    int refusal; /* goes with an owed CLOSE */
    uint16_t peer_core, peer_number;
    uint16_t slots_log, depth;
    uint32_t cookie;
    endpoint_t process, peer, name;
    uint64_t physical, bytes;
};

static struct record records[RECORDS];

/* Offers that find no record: by the initiator's core and number. They are refused when there is
 * credit. */
static uint64_t refused[CORES_MAX][BINDINGS_MAX / 64];

static uint32_t number_of(const struct record *r) {
    return BINDING_FIRST + (uint32_t)(r - records);
}

static uint64_t share_address(const struct record *r) {
    return SHARES + (uint64_t)(r - records) * SHARE_BYTES_MAX;
}

static uint64_t window(const struct record *r) { return WINDOWS + r->cookie * WINDOW_BYTES; }

static bool is_initiator(const struct record *r) {
    return r->kind == BOUND_CHANNEL_0 || r->kind == BOUND_POOL_OWNER;
}

static bool is_channel(const struct record *r) {
    return r->kind == BOUND_CHANNEL_0 || r->kind == BOUND_CHANNEL_1;
}

#define for_each_record(r) for (struct record *r = records; (r) < records + RECORDS; (r)++)

/* The record of an initiator's number: ours, or that of a core which has sent it. */
static struct record *find(uint32_t core, uint32_t number, bool ours) {
    if (ours) {
        struct record *r = &records[(number - BINDING_FIRST) % RECORDS];
        bool meant = number >= BINDING_FIRST && number < BINDINGS_MAX && is_initiator(r) &&
                     r->peer_core == core && r->state != RECORD_FREE;
        return meant ? r : NULL;
    }
    for_each_record(r) {
        bool live = r->state == RECORD_BOUND || r->state == RECORD_CLOSING;
        if (live && !is_initiator(r) && r->peer_core == core && r->peer_number == number)
            return r;
    }
    return NULL;
}

/* The channel of two processes, bound or on the way. */
static struct record *find_channel(endpoint_t process, endpoint_t peer) {
    for_each_record(r) if (is_channel(r) && r->process == process && r->peer == peer &&
                           (r->state == RECORD_OFFERED || r->state == RECORD_BOUND)) return r;
    return NULL;
}

static struct record *find_name(endpoint_t process, endpoint_t name) {
    for_each_record(r) if (r->state != RECORD_FREE && r->process == process &&
                           r->name == name) return r;
    return NULL;
}

/* ---- A record's beginning ---- */

/* A cookie that no other end of the process has. BOUND_MAX: there is none. */
static uint32_t free_cookie(endpoint_t process) {
    uint64_t used[BOUND_MAX / 64] = { 0 };

    for_each_record(r) if (r->state != RECORD_FREE && r->process == process) used[r->cookie / 64] |=
        UINT64_C(1) << r->cookie % 64;
    for (uint32_t cookie = 0; cookie < BOUND_MAX; cookie++)
        if (!(used[cookie / 64] >> cookie % 64 & 1))
            return cookie;
    return BOUND_MAX;
}

static struct record *take(endpoint_t process) {
    uint32_t cookie = free_cookie(process);

    if (cookie == BOUND_MAX)
        return NULL;
    for_each_record(r) {
        if (r->state != RECORD_FREE)
            continue;
        *r = (struct record){ .process = process, .cookie = cookie };
        return r;
    }
    return NULL;
}

/* Gives the process its end, with the memory; it can ring when the other's number is known. */
static int open_end(struct record *r) {
    int error = bind_open(number_of(r), r->process, r->peer_core, r->cookie, &r->name);

    if (error)
        return error;
    error = bind_map(number_of(r), window(r), r->physical, r->bytes);
    if (error) {
        bind_close(number_of(r));
        bind_free(number_of(r));
        r->name = ENDPOINT_NONE;
    }
    return error;
}

static struct chan_parameters parameters_of(const struct record *r) {
    return (struct chan_parameters){ .slots = 1U << r->slots_log,
                                     .depth = { r->depth, r->depth },
                                     .origin = BOUND_ORIGIN };
}

/* The initiator's side has the memory: its client pays for it, and the monitor holds it. */
static int make_share(struct record *r) {
    uint64_t frames = r->bytes / PAGE_SIZE;
    int error = privctl_take_frames(r->process, frames);

    if (error)
        return error;
    error = share_alloc(share_address(r), r->bytes, &r->physical);
    if (error)
        privctl_give_frames(r->process, frames);
    return error;
}

static void drop_share(const struct record *r) {
    share_free(share_address(r), r->bytes);
    privctl_give_frames(r->process, r->bytes / PAGE_SIZE); /* in vain if it is dead */
}

static int begin(struct record *r) {
    int error = make_share(r);

    if (error)
        return error;
    if (r->kind == BOUND_CHANNEL_0) {
        struct chan_parameters parameters = parameters_of(r);
        error = chan_format((void *)share_address(r), &parameters);
    }
    if (!error)
        error = open_end(r);
    if (error)
        drop_share(r);
    return error;
}

/* ---- What the process is told ---- */

static void describe(const struct record *r, uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = r->name;
    arg[1] = window(r);
    arg[2] = is_channel(r) ? UINT64_C(1) << r->slots_log : 0;
    arg[3] = r->bytes << 32 | (uint64_t)r->cookie << 16 | r->depth;
    arg[4] = r->peer;
    arg[5] = r->kind;
}

static void answer(struct record *r, int result) {
    struct message reply = { .source = r->process };

    if (!r->asked)
        return;
    r->asked = false;
    if (!result)
        describe(r, reply.arg);
    message_set_result(&reply, result);
    event_reply(r->process, &reply);
}

int bindings_next(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    for_each_record(r) {
        if (r->state != RECORD_BOUND || !r->untold || r->process != client)
            continue;
        r->untold = false;
        describe(r, arg);
        return 0;
    }
    return -E_NOENT;
}

/* ---- Messages: what is owed is sent when there is credit ---- */

/* pages - 1: 9 bits, log2(slots): 5, kind: 2, depth: 14, page number of the memory: 34 */
static uint64_t pack(const struct record *r) {
    return (r->bytes / PAGE_SIZE - 1) | (uint64_t)r->slots_log << 9 | (uint64_t)r->kind << 14 |
           (uint64_t)r->depth << 16 | r->physical / PAGE_SIZE << 30;
}

static void unpack(struct record *r, uint64_t shared) {
    r->bytes = ((shared & 0x1ff) + 1) * PAGE_SIZE;
    r->slots_log = shared >> 9 & 0x1f;
    r->kind = (shared >> 14 & 3) == BOUND_POOL_OWNER ? BOUND_POOL_BORROWER : BOUND_CHANNEL_1;
    r->depth = shared >> 16 & 0x3fff;
    r->physical = (shared >> 30) * PAGE_SIZE;
}

#define DEPTH_MAX 0x3fffU

static bool send_offer(const struct record *r) {
    const struct child *child = child_find(r->process);
    struct message m = { .type = PEER_OFFER,
                         .tag = number_of(r),
                         .arg = { r->peer, r->process, pack(r) } };

    if (child != NULL)
        memcpy(&m.arg[3], child->label, LABEL_MAX);
    return peers_send(r->peer_core, &m) == 0;
}

static uint32_t initiators_number(const struct record *r) {
    return is_initiator(r) ? number_of(r) : r->peer_number;
}

static void finish(struct record *r);

/* Sends what is owed about a record, in order. */
static void pay(struct record *r) {
    if (r->owed & OWED_OFFER && send_offer(r))
        r->owed &= (uint8_t)~OWED_OFFER;
    if (r->owed & OWED_OFFER)
        return;
    struct message m = { .tag = initiators_number(r), .type = PEER_ACCEPT };
    m.arg[0] = number_of(r);
    if (r->owed & OWED_ACCEPT && peers_send(r->peer_core, &m) == 0)
        r->owed &= (uint8_t)~OWED_ACCEPT;
    if (r->owed & OWED_ACCEPT)
        return;
    m.type = PEER_CLOSE;
    m.arg[0] = is_initiator(r);
    m.arg[1] = (uint64_t)(int64_t)r->refusal;
    if (r->owed & OWED_CLOSE && peers_send(r->peer_core, &m) == 0)
        r->owed &= (uint8_t)~OWED_CLOSE;
    if (r->state == RECORD_CLOSING)
        finish(r);
}

static void send_refusals(uint32_t core) {
    for (uint32_t number = 0; number < BINDINGS_MAX; number++) {
        uint64_t bit = UINT64_C(1) << number % 64, *word = &refused[core][number / 64];
        struct message m = { .type = PEER_CLOSE, .tag = number };
        m.arg[1] = (uint64_t)(int64_t)-E_NOSLOT;
        if (!(*word & bit))
            continue;
        if (peers_send(core, &m))
            return;
        *word &= ~bit;
    }
}

static void credit(uint32_t core) {
    send_refusals(core);
    for_each_record(r) if (r->owed && r->peer_core == core) pay(r);
}

/* ---- A record's end ---- */

static void release(struct record *r) {
    if (r->name != ENDPOINT_NONE)
        bind_free(number_of(r));
    r->state = RECORD_FREE;
}

/* Both sides have unmapped, if both CLOSEs have gone: the memory is free. */
static void finish(struct record *r) {
    if (r->owed & OWED_CLOSE || !r->close_received)
        return;
    if (is_initiator(r))
        drop_share(r);
    r->state = RECORD_ENDED;
    if (r->noted)
        release(r);
}

/* Unmaps this side, tells its process, and then the other side. */
static void close(struct record *r, int why) {
    if (r->name != ENDPOINT_NONE)
        bind_close(number_of(r));
    r->state = RECORD_CLOSING;
    r->refusal = why;
    r->noted |= r->untold || r->asked || r->name == ENDPOINT_NONE; /* it never knew of it */
    r->owed |= OWED_CLOSE;
    answer(r, why);
    pay(r);
}

/* ---- What a peer says ---- */

static bool policies_agree(const struct child *child, const char *label) {
    const struct policy *other = policy_find(label);

    return other != NULL &&
           (policy_targets(child->policy, label) || policy_targets(other, child->label));
}

/* Whether an offer is to be accepted; the error otherwise. */
static int judge(const struct record *r, const struct child *child, const uint64_t label_words[3]) {
    char label[LABEL_MAX + 1] = "";

    memcpy(label, label_words, LABEL_MAX);
    if (child == NULL)
        return -E_PEERDEAD;
    if (!policies_agree(child, label))
        return -E_TARGET;
    const struct record *channel = find_channel(r->process, r->peer);
    if (r->kind == BOUND_POOL_BORROWER)
        return channel != NULL ? 0 : -E_NOENT;
    /* Both have asked at once: the offer of the lower core counts. */
    bool crossed = channel != NULL && channel->state == RECORD_OFFERED;
    return channel == NULL || (crossed && r->peer_core < machine_self()) ? 0 : -E_EXIST;
}

/* The client that has asked for the same channel has it now; what it offered itself is refused. */
static void answer_crossed(struct record *r, struct record *crossed) {
    if (crossed == NULL || !crossed->asked)
        return;
    crossed->asked = false;
    crossed->noted = true;
    r->untold = false;
    r->asked = true;
    answer(r, 0);
}

static void accept(struct record *r) {
    struct record *crossed = is_channel(r) ? find_channel(r->process, r->peer) : NULL;
    int error = open_end(r);

    if (!error) /* it will ask us about it */
        error = privctl_allow(r->process, runtime_self());
    if (!error)
        error = bind_peer(number_of(r), r->peer_number);
    if (error) {
        close(r, error);
        return;
    }
    r->state = RECORD_BOUND;
    r->untold = true;
    r->owed |= OWED_ACCEPT;
    pay(r);
    answer_crossed(r, crossed);
}

static void refuse(uint32_t core, uint32_t number) {
    number %= BINDINGS_MAX;
    refused[core][number / 64] |= UINT64_C(1) << number % 64;
    send_refusals(core);
}

static void on_offer(uint32_t core, const struct message *m) {
    struct record *r = take(m->arg[0]);

    if (r == NULL) {
        refuse(core, m->tag);
        return;
    }
    r->peer = m->arg[1];
    r->peer_core = (uint16_t)core;
    r->peer_number = (uint16_t)m->tag;
    unpack(r, m->arg[2]);
    int error = judge(r, child_find(m->arg[0]), &m->arg[3]);
    if (error)
        close(r, error);
    else
        accept(r);
}

static void on_accept(uint32_t core, const struct message *m) {
    struct record *r = find(core, m->tag, true);

    if (r == NULL || r->state != RECORD_OFFERED)
        return;
    int error = bind_peer(number_of(r), (uint32_t)m->arg[0]);
    if (error) {
        close(r, error);
        return;
    }
    r->peer_number = (uint16_t)m->arg[0];
    r->state = RECORD_BOUND;
    answer(r, 0);
}

static void on_close(uint32_t core, const struct message *m) {
    struct record *r = find(core, m->tag, !m->arg[0]);

    if (r == NULL || r->close_received)
        return;
    r->close_received = true;
    if (r->state == RECORD_CLOSING) {
        finish(r);
        return;
    }
    r->owed &= (uint8_t) ~(OWED_OFFER | OWED_ACCEPT);
    close(r, m->arg[1] != 0 ? (int)m->arg[1] : -E_PEERDEAD);
}

static void receive(uint32_t core, const struct message *m) {
    switch (m->type) {
    case PEER_OFFER:
        on_offer(core, m);
        break;
    case PEER_ACCEPT:
        on_accept(core, m);
        break;
    case PEER_CLOSE:
        on_close(core, m);
        break;
    default:
        break;
    }
}

const struct peer_service bindings_service = {
    .first_type = PEER_OFFER,
    .last_type = PEER_CLOSE,
    .receive = receive,
    .credit = credit,
};

/* ---- What happens here ---- */

static int offer(struct record *r, endpoint_t peer) {
    r->peer = peer;
    r->peer_core = endpoint_core(peer);
    int error = begin(r);
    if (error)
        return error;
    r->state = RECORD_OFFERED;
    r->asked = true;
    r->owed = OWED_OFFER;
    pay(r);
    return 1;
}

int bindings_connect(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    endpoint_t peer = arg[0];
    uint32_t core = endpoint_core(peer);
    size_t bytes = arg[1] <= CHAN_SLOTS_MAX ? chan_bytes((uint32_t)arg[1]) : 0;

    if (child_find(client) == NULL)
        return -E_PERM;
    if (core == machine_self() || core >= machine_cores())
        return -E_BADEP;
    if (!cores_is_member(core))
        return -E_PEERDEAD;
    if (bytes == 0 || bytes > SHARE_BYTES_MAX || arg[2] > DEPTH_MAX)
        return -E_INVAL;
    struct record *r = find_channel(client, peer);
    if (r != NULL && r->state == RECORD_BOUND) {
        r->untold = false;
        describe(r, arg);
        return 0;
    }
    r = take(client);
    if (r == NULL)
        return -E_NOSLOT;
    r->kind = BOUND_CHANNEL_0;
    r->slots_log = (uint16_t)__builtin_ctzll(arg[1]);
    r->depth = (uint16_t)arg[2];
    r->bytes = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return offer(r, peer);
}

int bindings_pool(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    const struct record *channel = find_name(client, arg[0]);

    if (channel == NULL || !is_channel(channel))
        return -E_BADEP;
    if (channel->state != RECORD_BOUND)
        return -E_PEERDEAD;
    if (arg[1] == 0 || arg[1] > SHARE_BYTES_MAX)
        return -E_INVAL;
    struct record *r = take(client);
    if (r == NULL)
        return -E_NOSLOT;
    r->kind = BOUND_POOL_OWNER;
    r->bytes = (arg[1] + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return offer(r, channel->peer);
}

int bindings_disconnect(endpoint_t client, endpoint_t name) {
    struct record *r = find_name(client, name);

    if (r == NULL || r->state == RECORD_OFFERED)
        return -E_BADEP;
    r->noted = true;
    if (r->state == RECORD_BOUND)
        close(r, -E_PEERDEAD);
    else if (r->state == RECORD_ENDED)
        release(r);
    return 0;
}

void bindings_process_died(endpoint_t process) {
    for_each_record(r) {
        if (r->state == RECORD_FREE || r->process != process)
            continue;
        r->noted = true;
        r->asked = false;
        if (r->state == RECORD_OFFERED || r->state == RECORD_BOUND)
            close(r, -E_PEERDEAD);
        else if (r->state == RECORD_ENDED)
            release(r);
    }
}

/* They run nothing any more: as if each had said CLOSE, and heard ours. */
void bindings_cores_gone(core_set_t gone) {
    for_each_core(core, gone)
        memset(refused[core], 0, sizeof refused[core]);
    for_each_record(r) {
        if (r->state == RECORD_FREE || r->state == RECORD_ENDED || !core_in(gone, r->peer_core))
            continue;
        r->close_received = true;
        r->owed = 0;
        if (r->state != RECORD_CLOSING)
            close(r, -E_PEERDEAD);
        r->owed = 0;
        if (r->state == RECORD_CLOSING)
            finish(r);
    }
}
