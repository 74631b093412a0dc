/*
 * The IPC primitives of <bulkhead/ipc.h>, a function each. They are inlined, so that a message
 * whose fields the caller has in registers never touches memory.
 *
 * All return 0 or a negated error of <bulkhead/ipc.h>. On an error *m is as it was.
 *
 * The same functions reach processes of other cores, by channels: docs/channels-in-programs.md says
 * what differs. There, the first use of an endpoint makes the channel, and gives the errors of
 * MONITOR_CONNECT (protocol/monitor.h) if it cannot; -E_PROTOCOL: the peer broke the protocol of
 * channels; -E_INVAL: the message's type is from 0x40000000 to 0x7fffffff.
 */
#ifndef RUNTIME_IPC_H
#define RUNTIME_IPC_H

#include <stddef.h>

#include <bulkhead/error.h>

#include <runtime/machine.h>
#include <runtime/remote.h>

/*
 * Any operation, known or not: `operation` goes to rax, `to` to rdi, *m to the other registers. For
 * tests of what the kernel refuses.
 */
IPC_INLINE int ipc_raw(uint64_t operation, uint64_t to, struct message *m) {
    return trap_message(operation, to, m);
}

/* Waits until `to` has received *m. */
IPC_INLINE int ipc_send(endpoint_t to, const struct message *m) {
    if (endpoint_is_remote(to))
        return channel_send_copy(channel_send, to, m);
    return trap_send(IPC_SEND, to, m);
}

/* RECEIVE with its flags. */
IPC_INLINE int ipc_receive_as(uint64_t operation, endpoint_t from, struct message *m) {
    if (__builtin_expect(channel_hot.in_use != 0, 0) || endpoint_is_remote(from))
        return channel_receive_copy(operation, from, m);
    int error = trap_receive(operation, from, m);
    if (!error && __builtin_expect(m->type == MESSAGE_NOTIFY, 0))
        return channel_received_copy(operation, from, m);
    return error;
}

/* Waits for a message from `from`, or from anyone with ENDPOINT_ANY. */
IPC_INLINE int ipc_receive(endpoint_t from, struct message *m) {
    return ipc_receive_as(IPC_RECEIVE, from, m);
}

/* The same, but gives -E_WOULDBLOCK when there is no message now. */
IPC_INLINE int ipc_receive_nonblock(endpoint_t from, struct message *m) {
    return ipc_receive_as(IPC_RECEIVE | IPC_NONBLOCK, from, m);
}

/* SENDREC: sends the request in *m and waits for the reply, which takes its place. */
IPC_INLINE int ipc_call(endpoint_t to, struct message *m) {
    if (endpoint_is_remote(to))
        return channel_call(to, m);
    return trap_message(IPC_SENDREC, to, m);
}

/* Delivers *m iff `to` is waiting for it now, on another core: iff there is room, else
 * -E_WOULDBLOCK. */
IPC_INLINE int ipc_nbsend(endpoint_t to, const struct message *m) {
    if (endpoint_is_remote(to))
        return channel_send_copy(channel_nbsend, to, m);
    return trap_send(IPC_NBSEND, to, m);
}

/*
 * Hands `entries` entries, at most ASEND_MAX, to the kernel; 0 takes all back. The table is aligned
 * to 128 bytes. <runtime/asend.h> manages one. Entries for other cores stay here until there is
 * room, and are looked at when the process receives.
 */
IPC_INLINE int ipc_asend(struct asend_entry *table, size_t entries) {
    int error = trap_2(IPC_ASEND, (uint64_t)table, entries);
    bool remote = channel_hot.asend_waits;
    for (size_t i = 0; i < entries && !error; i++)
        /* cppcheck-suppress nullPointer; a null table is an error */
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): likewise */
        remote |= endpoint_is_remote(table[i].destination);
    if (__builtin_expect(remote && !error, 0))
        channel_asended(table, entries);
    return error;
}

/* Marks a notification from the caller pending at `to`. */
IPC_INLINE int ipc_notify(endpoint_t to) {
    return endpoint_is_remote(to) ? channel_notify(to) : trap_1(IPC_NOTIFY, to);
}

/*
 * Sends the reply in *m to `to` if that is waiting for it, then waits for the next message of
 * anyone, in one trap. When the reply cannot be sent nothing is received. A server's loop that
 * leaves the message in its registers:
 *
 *     while (!ipc_replyrecv(m.source, &m) || !ipc_receive(ENDPOINT_ANY, &m))
 *         ...
 */
IPC_INLINE int ipc_replyrecv(endpoint_t to, struct message *m) {
    if (__builtin_expect(channel_hot.in_use != 0, 0)) {
        struct message copy = *m;
        int error = channel_replyrecv(to, &copy);
        if (!error)
            *m = copy;
        return error;
    }
    int error = trap_message(IPC_REPLYRECV, to, m);
    if (!error && __builtin_expect(m->type == MESSAGE_NOTIFY, 0))
        return channel_received_copy(IPC_RECEIVE, ENDPOINT_ANY, m);
    return error;
}

/* A reply's type is the result of the request: 0, or a negated error. */
static inline int message_result(const struct message *m) { return (int)m->type; }

static inline void message_set_result(struct message *m, int result) { m->type = (uint32_t)result; }

/* A request and its reply: the error of the call itself, else the result that the reply carries. */
static inline int ipc_request(endpoint_t to, struct message *m) {
    int error = ipc_call(to, m);
    return error ? error : message_result(m);
}

/*
 * Asks the monitor for the label of the process behind an endpoint, of any core: a server may judge
 * by it who asks. It is terminated. Errors: -E_BADEP, those of asking another core's monitor
 * (protocol/monitor.h).
 */
int ipc_label(endpoint_t endpoint, char label[LABEL_MAX + 1]);

#endif
