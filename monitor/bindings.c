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

#include "binding_records.h"
#include "children.h"
#include "machine.h"
#include "peer_requests.h"

/* Offers that find no record: by the initiator's core and number. They are refused when there is
 * credit. */
static uint64_t refused[CORES_MAX][BINDINGS_MAX / 64];

static void answer(struct binding_record *r, int result) {
    struct message reply = { .source = r->process };

    if (!r->asked)
        return;
    r->asked = false;
    if (!result)
        record_describe(r, reply.arg);
    message_set_result(&reply, result);
    event_reply(r->process, &reply);
}

int bindings_next(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    for_each_record(r) {
        if (r->state != RECORD_BOUND || !r->untold || r->process != client)
            continue;
        r->untold = false;
        record_describe(r, arg);
        return 0;
    }
    return -E_NOENT;
}

/* ---- Messages: what is owed is sent when there is credit ---- */

static bool send_offer(const struct binding_record *r) {
    const struct child *child = child_find(r->process);
    struct message m = { .type = PEER_OFFER,
                         .tag = record_number(r),
                         .arg = { r->peer, r->process, record_pack(r) } };

    if (child != NULL)
        memcpy(&m.arg[3], child->label, LABEL_MAX);
    return peers_send(r->peer_core, &m) == 0;
}

static uint32_t initiators_number(const struct binding_record *r) {
    return record_is_initiator(r) ? record_number(r) : r->peer_number;
}

static void finish(struct binding_record *r);

/* Sends what is owed about a record, in order. */
static void pay(struct binding_record *r) {
    if (r->owed & OWED_OFFER && send_offer(r))
        r->owed &= (uint8_t)~OWED_OFFER;
    if (r->owed & OWED_OFFER)
        return;
    struct message m = { .tag = initiators_number(r), .type = PEER_ACCEPT };
    m.arg[0] = record_number(r);
    if (r->owed & OWED_ACCEPT && peers_send(r->peer_core, &m) == 0)
        r->owed &= (uint8_t)~OWED_ACCEPT;
    if (r->owed & OWED_ACCEPT)
        return;
    m.type = PEER_CLOSE;
    m.arg[0] = record_is_initiator(r);
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
    for_each_record(r)
        if (r->owed && r->peer_core == core)
            pay(r);
}

/* ---- A record's end ---- */

static void release(struct binding_record *r) {
    if (r->name != ENDPOINT_NONE)
        bind_free(record_number(r));
    r->state = RECORD_FREE;
}

/* Both sides have unmapped, if both CLOSEs have gone: the memory is free. */
static void finish(struct binding_record *r) {
    if (r->owed & OWED_CLOSE || !r->close_received)
        return;
    if (record_is_initiator(r))
        record_drop_share(r);
    r->state = RECORD_ENDED;
    if (r->noted)
        release(r);
}

/* Unmaps this side, and tells its process. */
static void close_side(struct binding_record *r, int why) {
    if (r->name != ENDPOINT_NONE)
        bind_close(record_number(r));
    r->state = RECORD_CLOSING;
    r->refusal = why;
    r->noted |= r->untold || r->asked || r->name == ENDPOINT_NONE; /* it never knew of it */
    answer(r, why);
}

/* And then the other side. */
static void close(struct binding_record *r, int why) {
    close_side(r, why);
    r->owed |= OWED_CLOSE;
    pay(r);
}

/* How many ends its policy lets a process have. */
static unsigned channels_of(endpoint_t process) {
    const struct child *child = child_find(process);

    return child != NULL ? child->policy->channels : BOUND_MAX; /* judged otherwise */
}

/* ---- What a peer says ---- */

static bool policies_agree(const struct child *child, const char *label) {
    const struct policy *other = policy_find(label);

    return other != NULL &&
           (policy_targets(child->policy, label) || policy_targets(other, child->label));
}

/* Whether a policy has an interrupt line. */
static bool has_line(const struct policy *policy, uint64_t line) {
    for (size_t i = 0; policy != NULL && i < policy->line_count; i++)
        if (line >= policy->lines[i].first &&
            line - policy->lines[i].first < policy->lines[i].count)
            return true;
    return false;
}

/* Whether an offer is to be accepted; the error otherwise. */
static int judge(const struct binding_record *r, const struct child *child,
                 const uint64_t label_words[3]) {
    char label[LABEL_MAX + 1] = "";

    memcpy(label, label_words, LABEL_MAX);
    if (r->kind == BOUND_LINE_SOURCE)
        return has_line(policy_find(label), r->line) ? 0 : -E_PERM;
    if (child == NULL)
        return -E_PEERDEAD;
    if (!policies_agree(child, label))
        return -E_TARGET;
    const struct binding_record *channel = record_find_channel(r->process, r->peer);
    if (r->kind == BOUND_POOL_BORROWER)
        return channel != NULL ? 0 : -E_NOENT;
    /* Both have asked at once: the offer of the lower core counts. */
    bool crossed = channel != NULL && channel->state == RECORD_OFFERED;
    return channel == NULL || (crossed && r->peer_core < machine_self()) ? 0 : -E_EXIST;
}

/* The client that has asked for the same channel has it now; what it offered itself is refused. */
static void answer_crossed(struct binding_record *r, struct binding_record *crossed) {
    if (crossed == NULL || !crossed->asked)
        return;
    crossed->asked = false;
    crossed->noted = true;
    r->untold = false;
    r->asked = true;
    answer(r, 0);
}

static void accept(struct binding_record *r) {
    struct binding_record *crossed =
        record_is_channel(r) ? record_find_channel(r->process, r->peer) : NULL;
    int error = record_open(r);

    if (!error && !record_is_line(r)) /* it will ask us about it */
        error = privctl_allow(r->process, runtime_self());
    if (!error)
        error = bind_peer(record_number(r), r->peer_number);
    if (error) {
        close(r, error);
        return;
    }
    r->state = RECORD_BOUND;
    r->untold = !record_is_line(r);
    r->noted = record_is_line(r);
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
    struct binding_record *r;
    unsigned most = m->arg[0] == ENDPOINT_NONE ? BOUND_MAX : channels_of(m->arg[0]);

    if (record_take(m->arg[0], most, &r)) { /* for a line: no process */
        refuse(core, m->tag);
        return;
    }
    r->peer = m->arg[1];
    r->peer_core = (uint16_t)core;
    r->peer_number = (uint16_t)m->tag;
    record_unpack(r, m->arg[2]);
    int error = judge(r, child_find(m->arg[0]), &m->arg[3]);
    if (error)
        close(r, error);
    else
        accept(r);
}

static void on_accept(uint32_t core, const struct message *m) {
    struct binding_record *r = record_find(core, m->tag, true);

    if (r == NULL || r->state != RECORD_OFFERED)
        return;
    int error = bind_peer(record_number(r), (uint32_t)m->arg[0]);
    if (error) {
        close(r, error);
        return;
    }
    r->peer_number = (uint16_t)m->arg[0];
    r->state = RECORD_BOUND;
    answer(r, 0);
}

static void on_close(uint32_t core, const struct message *m) {
    struct binding_record *r = record_find(core, m->tag, !m->arg[0]);

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

static int offer(struct binding_record *r, endpoint_t peer) {
    r->peer = peer;
    r->peer_core = endpoint_core(peer);
    int error = record_begin(r);
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
    if (bytes == 0 || bytes > SHARE_BYTES_MAX || arg[2] > RECORD_DEPTH_MAX)
        return -E_INVAL;
    struct binding_record *r = record_find_channel(client, peer);
    if (r != NULL && r->state == RECORD_BOUND) {
        r->untold = false;
        record_describe(r, arg);
        return 0;
    }
    int error = record_take(client, channels_of(client), &r);
    if (error)
        return error;
    r->kind = BOUND_CHANNEL_0;
    r->slots_log = (uint16_t)__builtin_ctzll(arg[1]);
    r->depth = (uint16_t)arg[2];
    r->bytes = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return offer(r, peer);
}

int bindings_pool(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    const struct binding_record *channel = record_find_name(client, arg[0]);

    if (channel == NULL || !record_is_channel(channel))
        return -E_BADEP;
    if (channel->state != RECORD_BOUND)
        return -E_PEERDEAD;
    if (arg[1] == 0 || arg[1] > SHARE_BYTES_MAX)
        return -E_INVAL;
    struct binding_record *r;
    int error = record_take(client, channels_of(client), &r);
    if (error)
        return error;
    r->kind = BOUND_POOL_OWNER;
    r->bytes = (arg[1] + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return offer(r, channel->peer);
}

/* Lines are core 0's. */
int bindings_line(endpoint_t client, uint64_t arg[MESSAGE_ARGS]) {
    const struct child *child = child_find(client);

    if (machine_self() == 0)
        return -E_INVAL;
    if (child == NULL || arg[0] >= IRQ_MSI_BASE || !has_line(child->policy, arg[0])) {
        privctl_refused(client, REFUSED_LINE);
        return -E_PERM;
    }
    if (arg[0] > RECORD_LINE_MAX)
        return -E_NOENT;
    if (!cores_is_member(0))
        return -E_PEERDEAD;
    struct binding_record *r;
    int error = record_take(client, BOUND_MAX, &r);
    if (error)
        return error;
    r->kind = BOUND_LINE;
    r->line = (uint32_t)arg[0];
    r->limit = child->policy->interrupt_limit;
    return offer(r, ENDPOINT_NONE);
}

int bindings_disconnect(endpoint_t client, endpoint_t name) {
    struct binding_record *r = record_find_name(client, name);

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

/* ---- Pools that end together ---- */

/* Those that are ending already count too: a CLOSE on its way then comes too late to matter. */
static bool is_ending(const struct binding_record *r) {
    return r->state == RECORD_BOUND || r->state == RECORD_CLOSING;
}

/* As close(), but the announcement, or its end, is the CLOSE. */
static void close_announced(struct binding_record *r) {
    if (r->state == RECORD_BOUND)
        close_side(r, -E_PEERDEAD);
}

int bindings_unmap_begin(endpoint_t owner) {
    for_each_record(r)
        if (r->state == RECORD_OFFERED && r->process == owner)
            return -E_BUSY;
    for_each_record(r)
        if (is_ending(r) && r->process == owner && r->kind == BOUND_POOL_OWNER) {
            r->announced = true;
            close_announced(r);
        }
    return 0;
}

void bindings_unmap(endpoint_t owner) {
    for_each_record(r) {
        if (!is_ending(r) || r->peer != owner || r->kind != BOUND_POOL_BORROWER)
            continue;
        close_announced(r);
        r->close_received = true;
        finish(r);
    }
}

/*
 * A core that is lost did not acknowledge being fenced, and may run on: what this one shared with
 * it stays so, and the record is never used again.
 */
static bool may_be_reached(const struct binding_record *r) {
    return record_is_initiator(r) && core_in(cores_view()->lost, r->peer_core);
}

void bindings_unmap_end(endpoint_t owner) {
    for_each_record(r) {
        if (r->state != RECORD_CLOSING || r->process != owner || !r->announced || may_be_reached(r))
            continue;
        r->close_received = true;
        finish(r);
    }
}

/* The others run nothing any more: as if each had said CLOSE, and heard ours. */
void bindings_cores_gone(core_set_t gone) {
    for_each_core(core, gone)
        memset(refused[core], 0, sizeof refused[core]);
    for_each_record(r) {
        if (r->state == RECORD_FREE || r->state == RECORD_ENDED || !core_in(gone, r->peer_core))
            continue;
        r->close_received = !may_be_reached(r);
        r->owed = 0;
        if (r->state != RECORD_CLOSING)
            close(r, -E_PEERDEAD);
        r->owed = 0;
        if (r->state == RECORD_CLOSING)
            finish(r);
    }
}
