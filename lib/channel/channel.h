/*
 * Inside the library: channels with processes of other cores. What a channel is, is urpc/'s; here
 * is how a process has many of them without knowing.
 *
 * The monitor numbers the channels and pools of a process: the number is the cookie of its binding,
 * and its place in the table. The table's pages come when they are needed, so that a program
 * without channels has little more than its head.
 */
#ifndef LIB_CHANNEL_H
#define LIB_CHANNEL_H

#include <stdbool.h>

#include <bulkhead/binding.h>

#include <urpc/set.h>

#include <runtime/channel.h>
#include <runtime/remote.h>

#define CHANNELS_MAX 128U

/* Where the table is: entries that divide a page, and before them the members of the set. */
#define CHANNEL_MEMBERS     0x0000220000000000UL
#define CHANNEL_TABLE       (CHANNEL_MEMBERS + PAGE_SIZE)
#define CHANNEL_ENTRY_BYTES 512U

enum channel_kind { CHANNEL_FREE, CHANNEL_OPEN, CHANNEL_POOL_OWNER, CHANNEL_POOL_BORROWER };

struct channel {
    struct chan chan; /* of CHANNEL_OPEN; first: channel_of() */
    endpoint_t peer;
    endpoint_t binding; /* its name */
    uint16_t cookie;
    uint8_t kind;      /* enum channel_kind */
    bool closed;       /* the bell has said that the binding is closed */
    bool notified;     /* a NOTIFY has been taken off, for a receiver that has not come yet */
    bool taken;        /* of a pool: handed to the program */
    uint64_t asked;    /* type and tag, as chan_head(), of the request received last */
    uint64_t answered; /* chan.due when a request was answered last */
    void *memory;      /* of a pool */
    uint64_t bytes;
};

_Static_assert(sizeof(struct channel) <= CHANNEL_ENTRY_BYTES, "room in the table");

_Static_assert(CHANNELS_MAX * sizeof(struct chan_member) <= PAGE_SIZE, "room for the members");

#define CHANNEL_CACHE 16U /* entries; a power of two */

extern struct channels {
    struct chan_set set;                  /* of all that are open, by cookie */
    struct channel *cache[CHANNEL_CACHE]; /* by channel_hash() of the peer */
    uint32_t pages;                       /* of the table, that are there: a bit each */
    uint32_t notices;                     /* channels with `notified` set */
    struct channel *current;              /* being served; NULL: it has ended, or is to be left */
    uint32_t turns;                       /* messages that the event loop still takes from it */
    bool looped;                          /* the event loop runs: it hears of every end */
    bool awake;                           /* not all are armed, or there is news of one */
    bool completed;                       /* messages of the ASEND table, not told yet */
    uint32_t rounds;                      /* looks at the channels before it is the kernel's turn */
} channels;

/* Rounds when the kernel had nothing, and when it had something. */
#define CHANNEL_ROUNDS     4U
#define CHANNEL_ROUNDS_FEW 1U

static inline struct channel *channel_of(struct chan *chan) { return (struct channel *)chan; }

/* The first of those that are not armed; there is one. */
static inline struct channel *channel_first(void) {
    struct chan_rx *rx = channels.set.members[channels.set.first].rx;
    return (struct channel *)((char *)rx - offsetof(struct channel, chan.rx));
}

/* The event loop is to serve no more messages of `current`. */
static inline void channel_leave(void) {
    channels.current = NULL;
    channels.turns = 1;
}

/* Does the peer wait for an answer? */
static inline bool channel_owes(const struct channel *c) { return c->chan.due != c->answered; }

static inline void channel_answer(struct channel *c, const struct message *m) {
    c->answered = c->chan.due;
    chan_answer(&c->chan, m);
}

/* A request, its type turned, has been received: its answer is owed. */
static inline void channel_asked(struct channel *c, const struct message *m) {
    c->asked = chan_head(m);
    chan_owe(&c->chan);
}

/* After chan_receive_turned(): if the message is a request, its answer is owed: true. */
static inline bool channel_arrived_turned(struct channel *c, struct message *m) {
    if (m->type >= CHAN_REQUEST) {
        chan_turn(m);
        return false;
    }
    channel_asked(c, m);
    return true;
}

/* The same after any other way to receive. */
static inline bool channel_arrived(struct channel *c, struct message *m) {
    if (!chan_is_request(m->type))
        return false;
    chan_turn(m);
    channel_asked(c, m);
    return true;
}

/*
 * A message that is no request: did the scratch frame take the place of its ring while it was
 * copied? Then it is none at all; the next look at the channel finds its end.
 */
static inline bool channel_is_torn(const struct channel *c, const struct message *m) {
    return m->type == (uint32_t)-E_PEERDEAD &&
           atomic_load_explicit(&c->chan.rx.closed->word, memory_order_acquire) ==
               BINDING_SCRATCH_WORD;
}

/* ---- table.c ---- */

#define CHANNELS_PER_PAGE (PAGE_SIZE / CHANNEL_ENTRY_BYTES)

/* Whether the table has memory for a cookie, below CHANNELS_MAX. */
static inline bool channel_has_page(uint64_t cookie) {
    return (channels.pages >> (cookie / CHANNELS_PER_PAGE) & 1) != 0;
}

static inline struct channel *channel_place(uint64_t cookie) {
    return (struct channel *)(CHANNEL_TABLE + cookie * CHANNEL_ENTRY_BYTES);
}

/* The entry of a cookie, if it is in use, or NULL. */
static inline struct channel *channel_entry(uint64_t cookie) {
    if (cookie >= CHANNELS_MAX || !channel_has_page(cookie))
        return NULL;
    struct channel *c = channel_place(cookie);
    return c->kind != CHANNEL_FREE ? c : NULL;
}

/* The first entry in use from `cookie` on, or NULL. */
struct channel *channel_next(uint64_t cookie);

/* The channel with `peer`, or NULL. */
struct channel *channel_find(endpoint_t peer);

/* Enters what the reply to MONITOR_BOUND says, once. Errors: -E_NOSLOT, -E_EXIST, -E_PROTOCOL not a
 * possible one; those of MEM_MAP. */
int channel_enter(const struct message *bound, struct channel **c);

/* Ends a channel or pool from this side, and gives the binding back. */
void channel_end(struct channel *c);

/* ---- monitor.c: what the monitor is asked and tells ---- */

/* The channel with `peer`; makes one if there is none. Errors as of ipc_call(). */
int channel_get(endpoint_t peer, struct channel **c);

/*
 * Nothing more can be sent on a channel: gives its error. When nothing is left to receive either,
 * it ends, unless the event loop will see to that; the next use may make a new one.
 */
int channel_lapsed(struct channel *c);

/* Takes the channels and pools that others have made with the process. What cannot be is given
 * back. */
void channel_take_new(void);

void channel_give_back(endpoint_t binding);

/* Asks for something that is bound; *c: its entry. */
int channel_ask(struct message *m, struct channel **c);

/* ---- wait.c ---- */

/* One wait; zero-initialised. */
struct channel_spin {
    uint64_t since; /* when it began; 0: it has not */
    bool over;      /* it has not paid */
};

/* After a look that found nothing: pauses, and says whether to look again, or to sleep. */
bool channel_spin(struct channel_spin *spin);

/* What was waited for has come. */
void channel_spun(struct channel_spin *spin);

/*
 * Waits until poll(c, argument), which says -E_WOULDBLOCK while there is reason to wait. arm()
 * makes the peer ring: 0, CHAN_READY: poll again, or an error; NULL: it rings anyway. `spin` is a
 * wait that has begun. 0, or an error, after channel_fault().
 */
int channel_wait_on(struct channel *c, int (*poll)(struct channel *c, uint64_t argument),
                    int (*arm)(struct channel *c), uint64_t argument, struct channel_spin *spin);

static inline int channel_wait(struct channel *c, int (*poll)(struct channel *c, uint64_t argument),
                               int (*arm)(struct channel *c), uint64_t argument) {
    struct channel_spin spin = { 0 };
    return channel_wait_on(c, poll, arm, argument, &spin);
}

/* A bell has rung: takes note of what is new. */
void channel_rang(struct channel *c, const struct message *bell);

/* If a message is a bell of a channel, or of a new one, takes it: true. */
bool channel_own_bell(const struct message *m);

static inline bool channel_own(const struct message *m) {
    return endpoint_core(m->source) == ENDPOINT_CORE_BINDING && channel_own_bell(m);
}

/*
 * An error has come from a channel. Memory of a closed binding is not the peer's any more, so that
 * what looks like a broken protocol may be the peer's end: says which. After -E_PROTOCOL nothing
 * goes over the channel any more.
 */
int channel_broken(struct channel *c);

static inline int channel_fault(struct channel *c, int error) {
    return chan_unlikely(error == -E_PROTOCOL) ? channel_broken(c) : error;
}

/* ---- asend.c ---- */

/* Sends what there is room for now. */
void channel_asend_pump(void);

/* Do messages to this peer wait? What is sent later must not overtake them. */
bool channel_asend_waits(endpoint_t peer);

/* Those to this peer have failed. */
void channel_asend_fail(endpoint_t peer, int error);

/* true, once: messages were completed after the call. */
static inline bool channel_asend_completed(void) {
    bool completed = channels.completed;

    channels.completed = false;
    return completed;
}

/* ---- receive.c ---- */

/*
 * One look at the channels. 0: *m is of *c, before channel_arrived(), or, with *c = NULL, of the
 * library's own making.
 * CHAN_READY: nothing now, but not all are armed. Errors: -E_WOULDBLOCK nothing, all are armed;
 * -E_PEERDEAD, -E_PROTOCOL *c has ended: channel_end() is due.
 */
int channel_look(struct message *m, struct channel **c);

/* One look at the kernel: 0, or -E_WOULDBLOCK, or an error. Says in `rounds` when the next is due.
 */
int channel_look_at_kernel(struct message *m);

/*
 * After CHAN_READY: waits a little. When it does not pay any more the next look arms what it finds
 * empty.
 */
void channel_idle(struct channel_spin *spin);

/*
 * The only channel that is not armed was found empty: arms it, and if there is no other news the
 * channels sleep. true: a message has come.
 */
bool channel_arm_last(void);

/* After a message: idle channels are armed while there is work on others. */
void channel_busy(struct channel_spin *spin);

/* ---- send.c ---- */

/* Is this the answer that the peer waits for? */
bool channel_is_answer(const struct channel *c, const struct message *m);

/* NBSEND on a channel that is there. */
int channel_offer(struct channel *c, const struct message *m);

#endif
