/*
 * The seven IPC primitives and the registers in which a message travels (thesis 2.1.3 and 3.3.4).
 *
 * All are reached by `syscall`. Between the processes of one core the message never touches memory:
 * the sender's registers become the receiver's. No message buffer exists that could lie in the
 * wrong place.
 *
 *   register   on entry                         on return
 *   rax        primitive | flags                0, or a negated error
 *   rdi        destination (RECEIVE: source)    source of the message received
 *   rsi        tag << 32 | type                 tag << 32 | type
 *   rdx r10 r8 r9 r12 r13   arg[0] .. arg[5]    arg[0] .. arg[5]
 *   rcx r11    -                                destroyed by the processor
 *
 * Where nothing was received (an error, or a primitive that only sends), rdi, rsi and the arguments
 * come back as they were; all other registers always do. An error means that nothing has changed.
 *
 * primitive  blocks  what it does
 * SEND       yes     waits until the destination has received the message
 * RECEIVE    yes     waits for a message from the given endpoint or from ENDPOINT_ANY; with
 *            IPC_NONBLOCK, E_WOULDBLOCK when there is none
 * SENDREC    yes     SEND, then waits for the destination's reply. A NOTIFY of the destination
 *            is not taken for it
 * NBSEND     no      delivers the message iff the destination is waiting for it now, else
 *            E_WOULDBLOCK
 * ASEND      no      rdi: address of a table of struct asend_entry, rsi: number of entries. The
 *            kernel delivers each entry as soon as its destination receives; 0 entries withdraws
 *            the table
 * NOTIFY     no      marks a notification pending at the destination; merges with one that is
 *            pending already
 * REPLYRECV  yes     NBSEND to the destination, then RECEIVE(ENDPOINT_ANY), in one trap. Needs
 *            the permission for both. When the NBSEND fails nothing is received
 *
 * A receiver gets, in this order: notifications (the kernel's first), ASEND messages, waiting
 * senders in the order in which they came.
 *
 * errors     E_BADCALL no such primitive · E_FLAG flag not allowed with it · E_PERM primitive
 *            not permitted · E_BADEP no such endpoint (never existed, or not in this call) ·
 *            E_PEERDEAD it has died, before or during the call · E_TARGET destination not
 *            permitted · E_DEADLOCK the call would close a cycle of waiting processes (also: a
 *            process sending to itself) · E_WOULDBLOCK see NBSEND, RECEIVE · E_FAULT, E_RANGE
 *            ASEND table not in private writable memory, not aligned to 128 bytes, or of more
 *            than ASEND_MAX entries
 */
#ifndef BULKHEAD_IPC_H
#define BULKHEAD_IPC_H

#include <bulkhead/message.h>

/* X(name, number). A process' permitted primitives are a bitmap with bit `number`. */
#define IPC_PRIMITIVES(X) \
    X(SEND, 1)            \
    X(RECEIVE, 2)         \
    X(SENDREC, 3)         \
    X(NBSEND, 4)          \
    X(ASEND, 5)           \
    X(NOTIFY, 6)          \
    X(REPLYRECV, 7)

enum ipc_primitive {
#define X(name, number) IPC_##name = (number),
    IPC_PRIMITIVES(X)
#undef X
};

#define IPC_BIT(name)      (1U << IPC_##name)
#define IPC_ALL            0xfeU /* every primitive */
#define IPC_PRIMITIVE_MASK 0xffU /* of rax; the rest are flags */
#define IPC_NONBLOCK       0x100U

/*
 * One message of an ASEND table. The caller fills in everything and sets state to ASEND_READY last;
 * from the ASEND call until the kernel stores ASEND_DONE the entry belongs to the kernel. The
 * kernel reads each field once.
 */
#define ASEND_MAX 64

enum asend_state {
    ASEND_EMPTY = 0, /* the kernel skips it */
    ASEND_READY = 1, /* to be delivered */
    ASEND_DONE = 2,  /* delivered, or failed: see result */
};

struct asend_entry {
    uint32_t state;         /* enum asend_state */
    int32_t result;         /* written by the kernel: 0 or a negated error */
    endpoint_t destination; /* a process, not ENDPOINT_ANY or ENDPOINT_KERNEL */
    uint64_t reserved[6];   /* zero */
    struct message message; /* source is ignored */
};

_Static_assert(sizeof(struct asend_entry) == 128, "an entry never crosses a page");

#endif
