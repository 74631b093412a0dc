/*
 * Records the messages of the process (<bulkhead/message_record.h>), for its death report. The
 * functions of <runtime/ipc.h>, the event loop and the channels use it; programs need not.
 *
 * It is on the fast path of IPC, so each field that it writes counts: a call costs 7 instructions
 * more, any other message 4 or 5. The first half of a call is written before its trap, which
 * destroys the registers; it is an entry only when the call has ended.
 */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include <bulkhead/message_record.h>

#include <runtime/machine.h>

extern struct message_record message_record;

/* The element of the entry that is written next. */
#define RECORD_NEXT(field) \
    (*(uint64_t *)(void *)((char *)message_record.field + message_record.next))

/* Type and tag as they travel, in one register. */
IPC_INLINE uint64_t record_head(const struct message *m) {
    uint64_t head;
    __builtin_memcpy(&head, &m->type, sizeof head);
    return head;
}

/* One instruction, as the compiler, which knows `next`, would need three. */
IPC_INLINE void record_end(void) {
    __asm__("addb %1, %0" : "+m"(message_record.next) : "i"(sizeof(uint64_t)) : "cc");
}

/* A notification has been received. */
IPC_INLINE void record_notified(endpoint_t from) {
    RECORD_NEXT(from) = from;
    RECORD_NEXT(to) = RECORD_NOTIFIED;
    record_end();
}

/* A NOTIFY has been sent. */
IPC_INLINE void record_notify(endpoint_t to) {
    RECORD_NEXT(to) = to;
    RECORD_NEXT(from) = RECORD_NOTIFIED;
    record_end();
}

/* A message has been sent, or not, for that error. */
IPC_INLINE void record_sent(endpoint_t to, const struct message *m, int error) {
    RECORD_NEXT(to) = to;
    RECORD_NEXT(sent) = record_head(m);
    RECORD_NEXT(from) = ENDPOINT_NONE;
    RECORD_NEXT(received) = (uint64_t)(int64_t)error;
    record_end();
}

/* A message has been received; *m is no notification. */
IPC_INLINE void record_received(const struct message *m) {
    RECORD_NEXT(to) = ENDPOINT_NONE;
    RECORD_NEXT(from) = m->source;
    RECORD_NEXT(received) = record_head(m);
    record_end();
}

/* The same, of any kind. */
IPC_INLINE void record_arrived(const struct message *m) {
    if (m->type == MESSAGE_NOTIFY)
        record_notified(m->source);
    else
        record_received(m);
}

/* trap_message(), recorded. */
IPC_INLINE int record_trap_message(uint64_t operation, endpoint_t to, struct message *m) {
    RECORD_NEXT(to) = to;
    RECORD_NEXT(sent) = record_head(m);
    int error = trap_message(operation, to, m);
    if (__builtin_expect(error != 0, 0)) {
        record_sent(to, m, error);
        return error;
    }
    RECORD_NEXT(from) = m->source;
    RECORD_NEXT(received) = record_head(m);
    record_end();
    return 0;
}

/* trap_send(), recorded. */
IPC_INLINE int record_trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    int error = trap_send(operation, to, m);
    record_sent(to, m, error);
    return error;
}

#endif
