/*
 * What the functions of <runtime/ipc.h> do about endpoints of other cores: messages go by channels
 * (urpc/), which the library makes when they are first used (lib/channel/). Not for programs.
 */
#ifndef RUNTIME_REMOTE_H
#define RUNTIME_REMOTE_H

#include <stdbool.h>

#include <bulkhead/protocol/monitor.h>
#include <urpc/answer.h>

#include <runtime/machine.h>

/* What the inline functions look at. */
struct channel_hot {
    uint32_t core;     /* the process' own, << 16: as it lies in an endpoint */
    uint32_t in_use;   /* channels and pools that there are */
    endpoint_t peer;   /* whose channel `chan` is, or ENDPOINT_NONE: of who was called last */
    struct chan *chan; /* set by channel_begin() too */
    int error;         /* of channel_await() */
    bool asend_waits;  /* messages of the ASEND table are for channels */
};

extern struct channel_hot channel_hot;

/*
 * Is it a process of another core? Not those with a core of CORES_MAX or more: bindings, the
 * kernel, ENDPOINT_ANY. Four instructions for those of the own core; who was called last is known.
 */
IPC_INLINE bool endpoint_is_remote(endpoint_t endpoint) {
    if (__builtin_constant_p(endpoint) && endpoint_core(endpoint) >= CORES_MAX)
        return false;
    return __builtin_expect(((uint32_t)endpoint ^ channel_hot.core) >> 16 != 0, 0) &&
           (endpoint == channel_hot.peer || endpoint_core(endpoint) < CORES_MAX);
}

/*
 * Makes the channel of channel_hot that with `to`, with credit for a request and its answer: 0.
 * Waits for either. Errors as of ipc_call().
 */
int channel_begin(endpoint_t to);

/* Publishes the request in the next slot and waits for its answer: NULL: channel_hot.error. */
const volatile struct chan_slot *channel_await(struct chan *chan);

int channel_send(endpoint_t to, const struct message *m);
int channel_nbsend(endpoint_t to, const struct message *m);
int channel_notify(endpoint_t to);

/* A table has been handed to the kernel: takes out what is for other cores. */
void channel_asended(struct asend_entry *table, size_t entries);

int channel_replyrecv(endpoint_t to, struct message *m);

/* RECEIVE where there are channels, or from a process of another core. `operation` has the flags.
 */
int channel_receive(uint64_t operation, endpoint_t from, struct message *m);

/* A notification has been received: if it is a bell of the library's, takes it and receives
 * another. */
int channel_received(uint64_t operation, endpoint_t from, struct message *m);

/*
 * Where the fields of a message are in registers, they go straight to the slot, and come from it,
 * type and tag last: if the peer dies and its memory is taken away meanwhile, the type is
 * -E_PEERDEAD (BINDING_SCRATCH_WORD).
 */
IPC_INLINE int channel_call(endpoint_t to, struct message *m) {
    if (m->type >= CHAN_REQUEST)
        return -E_INVAL;
    if (channel_hot.peer != to || channel_hot.chan->tx.slot == channel_hot.chan->tx.stop) {
        int error = channel_begin(to);
        if (error)
            return error;
    }
    struct chan *chan = channel_hot.chan;
    struct message request = *m;
    request.type |= CHAN_REQUEST;
    chan_write_payload(chan->tx.slot, &request);

    const volatile struct chan_slot *answer = channel_await(chan);
    if (chan_unlikely(!answer))
        return channel_hot.error;
#pragma GCC unroll 6
    for (int i = 0; i < MESSAGE_ARGS; i++)
        m->arg[i] = answer->arg[i];
    uint64_t head = ((const volatile chan_word_t *)answer)[1];
    m->source = to;
    m->type = (uint32_t)head;
    m->tag = (uint32_t)(head >> 32);
    return 0;
}

/* The copies keep *m in registers where it has not to be in memory: here. */
IPC_INLINE int channel_send_copy(int (*send)(endpoint_t, const struct message *), endpoint_t to,
                                 const struct message *m) {
    struct message copy = *m;
    return send(to, &copy);
}

IPC_INLINE int channel_receive_copy(uint64_t operation, endpoint_t from, struct message *m) {
    struct message copy;
    int error = channel_receive(operation, from, &copy);
    if (!error)
        *m = copy;
    return error;
}

IPC_INLINE int channel_received_copy(uint64_t operation, endpoint_t from, struct message *m) {
    struct message copy = *m;
    int error = channel_received(operation, from, &copy);
    if (!error)
        *m = copy;
    return error;
}

#endif
