/*
 * A hostile peer for libFuzzer. Each input is a program: what the victim (side 0) calls, what its
 * peer does, by the book (side 1) or by writing into the shared memory; and for half of the inputs
 * a second thread scribbles there all the while. Whatever happens, calls return what they may
 * return, and AddressSanitizer sees no access to elsewhere.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <urpc/answer.h>
#include <urpc/bulk.h>
#include <urpc/call.h>
#include <urpc/set.h>
#include <urpc/wait.h>

#define BUFFERS 4
#define SIZE    128
#define CALLS   4
#define BATCH   16
#define SPIN    200 /* ticks */

#define must(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

/* The input, read like a tape; at its end there are zeroes. */
static const uint8_t *tape, *tape_end;

static uint64_t next(unsigned bytes) {
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | (tape < tape_end ? *tape++ : 0);
    return value;
}

/* Shared memory, one for each size: the thread may still be writing to that of the last input. */
#define SIZES 5
static uint64_t *memories[SIZES];
static uint64_t *memory;
static size_t memory_words;
static struct chan victim, peer;
static struct chan_calls table;
static struct chan_call calls[CALLS];
static struct chan_set set;
static struct chan_member members[2];
static struct chan_spin spin;
static struct bulk_pool owner, borrower;
static struct bulk_record owner_records[BUFFERS], borrower_records[BUFFERS];
static _Alignas(64) char pool_memory[BUFFERS * SIZE];
static struct message messages[BATCH];
static int context;
static unsigned rings;

static void count_ring(void *bell) { ++*(unsigned *)bell; }

/* ---- the scribbling thread */

struct target {
    volatile uint64_t *words;
    size_t count;
};

/* Where to scribble: at first, and for every other input, where it does not matter. */
static uint64_t waste[64];
static struct target targets[SIZES + 1] = { { waste, 64 } };
static _Atomic unsigned target;

static void *scribble(void *unused) {
    uint64_t random = 1;

    (void)unused;
    for (;;) {
        const struct target *at = &targets[atomic_load(&target)];
        random = random * 6364136223846793005U + 1442695040888963407U;
        volatile uint64_t *word = at->words + (random >> 33) % at->count;
        switch (random >> 61) {
        case 0:
            *word = random;
            break;
        case 1:
            *word += CHAN_STEP;
            break;
        case 2:
            *word ^= (uint64_t)1 << (random >> 55 & 7);
            break;
        case 3:
            *word = at->words[(random >> 40) % at->count];
            break;
        default: /* mostly gives the victim time to get somewhere */
            for (int i = 0; i < 50; i++)
                chan_relax();
        }
    }
    return NULL;
}

/* ---- what the victim may be told */

static int is_end(int result) {
    return result == -E_PEERDEAD || result == -E_PROTOCOL || result == -E_STATE;
}

static void may(int result, int most) {
    must((result >= 0 && result <= most) || result == -E_WOULDBLOCK || is_end(result));
}

static void check_victim(void) {
    const struct chan_tx *tx = &victim.tx;

    if (!tx->error)
        must(chan_position(tx) - tx->acked_seen <= tx->mask + CHAN_STEP);
}

/* Follows what a message says, as a program would. */
static void act_on(const struct message *message) {
    void *found = NULL;

    if (chan_is_reply(message)) {
        int result = chan_call_finish(&table, message, &found);
        must(result == 0 || result == -E_PROTOCOL);
        must(result != 0 || found == &context);
        return;
    }
    struct bulk_descriptor descriptor = bulk_read(message, message->arg[0] % BULK_DESCRIPTORS);
    int result = bulk_borrow(&borrower, &descriptor, &found);
    must(result == 0 || result == -E_PROTOCOL);
    if (result == 0) {
        must((char *)found >= pool_memory &&
             (char *)found + descriptor.length <= pool_memory + sizeof pool_memory);
        memset(found, 1, descriptor.length);
        if (message->tag & 1)
            must(bulk_return(&borrower, &descriptor) == 0);
    }
    result = bulk_returned(&owner, &descriptor);
    must(result == 0 || result == -E_PROTOCOL);
}

/* ---- steps of the victim */

static void make_message(struct message *message) {
    *message = (struct message){ .type = (uint32_t)next(2) - 128, .tag = (uint32_t)next(2) };
    for (unsigned i = 0; i < MESSAGE_ARGS; i += 2)
        message->arg[i] = next(1) << (i & 4);
}

static void step_send(void) {
    make_message(messages);
    may(chan_send(&victim.tx, messages), 0);
}

static void step_reply(void) { may(chan_reply(&victim.tx, messages), 0); }

static void step_send_acknowledged(void) {
    uint64_t position = chan_position(&victim.tx);
    may(chan_send_acknowledged(&victim.tx, messages), 0);
    may(chan_consumed(&victim.tx, position), 1);
}

static void step_send_batch(void) {
    uint32_t count = (uint32_t)next(1) % BATCH + 1;
    may(chan_send_batch(&victim.tx, messages, count), (int)count);
}

static void step_reserve(void) {
    uint32_t count = (uint32_t)next(1) % BATCH + 1;
    int reserved = chan_reserve(&victim.tx, count);
    may(reserved, (int)count);
    for (int i = 0; i < reserved; i++)
        chan_write_payload(chan_reserved(&victim.tx, (uint32_t)i), &messages[i]);
    if (reserved > 0)
        chan_commit(&victim.tx, (uint32_t)next(1) % (uint32_t)(reserved + 1));
}

static void step_credit(void) {
    may(chan_arm_credit(&victim.tx), CHAN_READY);
    if (next(1) & 1)
        may(chan_disarm_credit(&victim.tx), CHAN_READY);
}

static void step_call(void) {
    make_message(messages);
    int result = chan_call(&table, messages, &context);
    must(result != -E_INVAL || chan_is_reply(messages));
    if (result != -E_INVAL)
        may(result, 0);
}

static void step_receive(void) {
    int result = chan_receive(&victim.rx, messages);
    may(result, 0);
    if (result == 0)
        act_on(messages);
}

static void step_receive_batch(void) {
    uint32_t count = (uint32_t)next(1) % BATCH + 1;
    int received = chan_receive_batch(&victim.rx, messages, count);
    may(received, (int)count);
    for (int i = 0; i < received; i++)
        act_on(&messages[i]);
}

static void step_peek(void) {
    uint32_t count = (uint32_t)next(1) + 1;
    int peeked = chan_peek(&victim.rx, count);
    may(peeked, (int)count);
    if (peeked <= 0)
        return;
    struct message message;
    chan_copy_payload(&message, chan_peeked(&victim.rx, (uint32_t)next(1) % (uint32_t)peeked));
    message.source = 0;
    act_on(&message);
    chan_release(&victim.rx, (uint32_t)next(1) % (uint32_t)(peeked + 1));
}

static void step_arm(void) {
    may(chan_arm(&victim.rx), CHAN_READY);
    if (next(1) & 1)
        may(chan_disarm(&victim.rx), CHAN_READY);
}

static void step_spin(void) {
    int result = chan_receive_spin(&victim, messages, &spin);
    may(result, 0);
    if (result == 0)
        act_on(messages);
}

static void step_set(void) {
    uint32_t index = 2;
    chan_set_rung(&set, (uint32_t)next(1) % 3);
    int result = chan_set_receive(&set, messages, &index);
    may(result, CHAN_READY);
    must(index < 2 || result == -E_WOULDBLOCK || result == CHAN_READY);
    if (result == 0)
        act_on(messages);
}

static void step_set_member(void) {
    int result = chan_set_remove(&set, 1);
    must(result == 0 || result == -E_NOENT);
    if (result == -E_NOENT)
        must(chan_set_add(&set, 1, &victim.rx) == 0);
}

/* As if the stream had been found to be worth pacing. */
static void step_pace(void) {
    spin.paced = 1;
    spin.took[0] = (next(1) & 15) * SPIN;
    step_spin();
}

static void step_abort(void) {
    void *found = &context;
    int result = chan_call_abort(&table, &found);
    must(result == 0 || result == -E_NOENT);
    must(found == &context);
    must(bulk_reclaim(&owner) <= BUFFERS);
}

static void step_bulk(void) {
    int buffer = bulk_take(&owner);
    struct bulk_descriptor descriptor = { .buffer = (uint32_t)buffer, .length = SIZE };
    if (buffer >= 0)
        must(bulk_lend(&owner, &descriptor) == 0);
    for (uint32_t i = 0; i < BUFFERS; i++)
        if (owner.records[i].state == BULK_TAKEN)
            must(bulk_put(&owner, i) == 0);
}

static void step_await(void) {
    if (chan_answered(&victim)) {
        messages[0].tag = ((const volatile struct chan_slot *)victim.reply)->tag;
        chan_answer_taken(&victim);
    }
    may(chan_answer_state(&victim), 0);
    if (next(1) & 1)
        may(chan_arm_answer(&victim), CHAN_READY);
}

static void step_answer(void) {
    chan_owe(&victim);
    chan_answer(&victim, messages);
}

static void step_notify(void) {
    may(chan_notify(&victim), 0);
    int taken = chan_take_notify(&victim);
    must(taken == 0 || taken == 1);
}

/* ---- steps of the peer */

static void step_peer_answers(void) {
    chan_owe(&peer);
    chan_answer(&peer, messages);
    chan_notify(&peer);
}

/* A word that is nearly that of the answer. */
static void step_peer_writes_answer(void) {
    uint64_t how = next(1);
    atomic_store(&peer.answer->word,
                 victim.awaited + (how >> 3 & 3) * CHAN_STEP - CHAN_STEP + (how & 7));
}

static void step_peer_sends(void) {
    unsigned count = (unsigned)next(1) % BATCH + 1;
    make_message(messages);
    while (count-- > 0)
        chan_send(&peer.tx, messages);
}

static void step_peer_sends_batch(void) {
    chan_send_batch(&peer.tx, messages, (uint32_t)next(1) % BATCH + 1);
}

static void step_peer_asks(void) { chan_send_acknowledged(&peer.tx, messages); }

static void step_peer_receives(void) {
    unsigned count = (unsigned)next(1) % (2 * BATCH);
    struct message message;
    while (count-- > 0 && chan_receive(&peer.rx, &message) == 0) {
        message.type = 0;
        if (message.tag != 0 && next(1) & 1)
            chan_reply(&peer.tx, &message);
    }
    if (next(1) & 1)
        chan_arm(&peer.rx);
}

static void step_peer_writes(void) {
    uint64_t at = next(2) % memory_words;
    ((volatile uint64_t *)memory)[at] = next(8);
}

/* A word that is nearly right: a position about that of the victim's next message, with some flags.
 */
static void step_peer_writes_word(void) {
    uint64_t how = next(1);
    uint64_t position = victim.rx.tail + (how >> 4) * CHAN_STEP;
    struct chan_slot *slot = chan_slot_at(peer.tx.slots, position & peer.tx.mask);
    atomic_store(&slot->word, (how & 8 ? position : victim.rx.tail) | (how & 7));
}

static void step_peer_acknowledges(void) {
    uint64_t offset = next(1);
    atomic_store(&victim.tx.acked->word,
                 chan_position(&victim.tx) + (offset - 128) * (CHAN_STEP / 4));
}

static void step_peer_closes(void) { chan_close(&peer); }

static void step_peer_dies(void) { chan_peer_died(&victim); }

static void step_close(void) { chan_close(&victim); }

/* Ends come last in the table, so that few inputs begin with one. */
static void (*const steps[])(void) = {
    step_send,
    step_reply,
    step_send_acknowledged,
    step_send_batch,
    step_reserve,
    step_credit,
    step_call,
    step_receive,
    step_receive_batch,
    step_peek,
    step_arm,
    step_spin,
    step_set,
    step_set_member,
    step_pace,
    step_abort,
    step_bulk,
    step_await,
    step_answer,
    step_notify,
    step_peer_answers,
    step_peer_writes_answer,
    step_peer_sends,
    step_peer_sends_batch,
    step_peer_asks,
    step_peer_receives,
    step_peer_writes,
    step_peer_writes_word,
    step_peer_acknowledges,
    step_peer_closes,
    step_peer_dies,
    step_close,
};

/* ---- one input */

static void start(void) {
    unsigned size = (unsigned)next(1) % SIZES;
    uint32_t slots = CHAN_SLOTS_MIN << size;
    uint32_t depth = (uint32_t)next(1) % (slots - slots / 4) + 1;
    struct chan_parameters parameters = {
        .slots = slots,
        .depth = { depth, depth },
        .origin = (next(1) - 128) * CHAN_STEP, /* wraps soon, for half of them */
    };
    struct chan_bell bell = { count_ring, &rings };

    memory = memories[size];
    memory_words = chan_bytes(slots) / sizeof(uint64_t);
    must(chan_format(memory, &parameters) == 0);
    must(chan_attach(&victim, memory, &parameters, 0, bell, 1) == 0);
    must(chan_attach(&peer, memory, &parameters, 1, bell, 2) == 0);
    must(chan_calls_init(&table, &victim, calls, depth < CALLS ? depth : CALLS) == 0);
    must(chan_set_init(&set, members, 2, (uint32_t)next(1) % 3) == 0);
    must(chan_set_add(&set, 1, &victim.rx) == 0);
    must(bulk_init(&owner, pool_memory, BUFFERS, SIZE, owner_records) == 0);
    must(bulk_init(&borrower, pool_memory, BUFFERS, SIZE, borrower_records) == 0);
    chan_spin_init(&spin, &victim, SPIN);
    atomic_store(&target, next(1) & 1 ? size + 1 : 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    pthread_t thread;

    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < SIZES; i++) {
        size_t bytes = chan_bytes(CHAN_SLOTS_MIN << i);
        memories[i] = aligned_alloc(CHAN_ALIGNMENT, bytes);
        targets[i + 1] = (struct target){ memories[i], bytes / sizeof(uint64_t) };
    }
    return pthread_create(&thread, NULL, scribble, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    tape = data;
    tape_end = data + bytes;
    start();
    while (tape < tape_end) {
        steps[next(1) % (sizeof steps / sizeof *steps)]();
        check_victim();
    }
    return 0;
}
