/*
 * What callgrind counts the instructions of. `count WHAT N` does WHAT with N messages, in a
 * function of that name; the difference between two numbers is what a message costs, and no slow
 * step lies between them: they are in one quarter of the ring.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <urpc/channel.h>

#define SLOTS 256U

#define counted static __attribute__((noinline, noclone))

static struct chan a, b;
static struct message messages[SLOTS];

counted void loop(unsigned count) {
    for (unsigned i = 0; i < count; i++)
        __asm__ volatile("");
}

/* A message that is made from what the caller has in registers. */
counted void send(struct chan_tx *tx, uint32_t type, uint64_t a, uint64_t b, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct message message = { .type = type, .arg = { a, b, a, b, a, b } };
        if (chan_send(tx, &message))
            abort();
    }
}

/* A message that lies in memory. */
counted void forward(struct chan_tx *tx, const struct message *message, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (chan_forward(tx, message))
            abort();
}

counted void send_in_place(struct chan_tx *tx, uint64_t argument, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (chan_begin(tx))
            abort();
        tx->slot->type = 1;
        tx->slot->arg[0] = argument;
        chan_publish(tx);
    }
}

counted void reply(struct chan_tx *tx, uint32_t tag, uint64_t a, uint64_t b, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct message message = { .tag = tag, .arg = { a, b, a, b, a, b } };
        if (chan_reply(tx, &message))
            abort();
    }
}

counted void receive(struct chan_rx *rx, struct message *message, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (chan_receive(rx, message))
            abort();
}

counted void send_batch(struct chan_tx *tx, const struct message *message, unsigned count) {
    if (chan_send_batch(tx, message, count) != (int)count)
        abort();
}

counted void receive_batch(struct chan_rx *rx, struct message *message, unsigned count) {
    if (chan_receive_batch(rx, message, count) != (int)count)
        abort();
}

/* Batches without a copy; the seven words are written, and read, here. */
counted void commit_batch(struct chan_tx *tx, uint64_t argument, unsigned count) {
    if (chan_reserve(tx, count) != (int)count)
        abort();
    for (unsigned i = 0; i < count; i++) {
        struct chan_slot *slot = chan_reserved(tx, i);
        slot->type = 1;
        slot->tag = i;
#pragma GCC unroll 6
        for (int k = 0; k < MESSAGE_ARGS; k++)
            *(volatile uint64_t *)&slot->arg[k] = argument + (unsigned)k;
    }
    chan_commit(tx, count);
}

counted uint64_t peek_batch(struct chan_rx *rx, unsigned count) {
    uint64_t sum = 0;

    if (chan_peek(rx, count) != (int)count)
        abort();
    for (unsigned i = 0; i < count; i++) {
        const volatile struct chan_slot *slot = chan_peeked(rx, i);
#pragma GCC unroll 6
        for (int k = 0; k < MESSAGE_ARGS; k++)
            sum += slot->arg[k];
    }
    chan_release(rx, count);
    return sum;
}

int main(int argc, char **argv) {
    struct chan_parameters parameters = { .slots = SLOTS };
    struct chan_bell no_bell = { NULL, NULL };
    void *memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(SLOTS));
    const char *what = argc == 3 ? argv[1] : "";
    unsigned count = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

    if (!memory || chan_format(memory, &parameters) ||
        chan_attach(&a, memory, &parameters, 0, no_bell, 1) ||
        chan_attach(&b, memory, &parameters, 1, no_bell, 2))
        return EXIT_FAILURE;
    forward(&a.tx, messages, 1); /* so that the first quarter is set up */
    receive(&b.rx, messages, 1);

    if (strcmp(what, "loop") == 0)
        loop(count);
    else if (strcmp(what, "send") == 0)
        send(&a.tx, 1, 2, 3, count);
    else if (strcmp(what, "forward") == 0)
        forward(&a.tx, messages, count);
    else if (strcmp(what, "send_in_place") == 0)
        send_in_place(&a.tx, 1, count);
    else if (strcmp(what, "reply") == 0)
        reply(&a.tx, 1, 2, 3, count);
    else if (strcmp(what, "send_batch") == 0)
        send_batch(&a.tx, messages, count);
    else if (strcmp(what, "commit_batch") == 0)
        commit_batch(&a.tx, 1, count);
    else if (strncmp(what, "receive", 7) != 0 && strcmp(what, "peek_batch") != 0)
        return EXIT_FAILURE;
    else if (chan_send_batch(&a.tx, messages, count) != (int)count)
        return EXIT_FAILURE;
    else if (strcmp(what, "receive") == 0)
        receive(&b.rx, messages, count);
    else if (strcmp(what, "peek_batch") == 0)
        return peek_batch(&b.rx, count) != 0; /* they are all zero */
    else
        receive_batch(&b.rx, messages, count);
    free(memory);
    return EXIT_SUCCESS;
}
