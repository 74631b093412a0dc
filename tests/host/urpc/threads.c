#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "threads.h"

#define LOST_MS 20000

_Noreturn void must_fail(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort();
}

static void ring_eventfd(void *context) {
    const struct side *side = context;
    uint64_t one = 1;
    must(write(side->bell, &one, sizeof one) == sizeof one);
}

void link_make(struct link *link, uint32_t slots, uint32_t depth) {
    struct chan_parameters parameters = { .slots = slots, .depth = { depth, depth } };

    link->memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(slots));
    must(chan_format(link->memory, &parameters) == 0);
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &link->side[i];
        struct chan_bell bell = { ring_eventfd, &link->side[1 - i] };
        side->bell = eventfd(0, EFD_CLOEXEC);
        side->rung = 0;
        must(side->bell >= 0);
        must(chan_attach(&side->chan, link->memory, &parameters, i, bell, i) == 0);
    }
}

void link_free(struct link *link) {
    close(link->side[0].bell);
    close(link->side[1].bell);
    free(link->memory);
}

void side_sleep(struct side *side) {
    struct pollfd poll_fd = { .fd = side->bell, .events = POLLIN };
    uint64_t count;

    must(poll(&poll_fd, 1, LOST_MS) == 1);
    must(read(side->bell, &count, sizeof count) == sizeof count);
    side->rung++;
}

void side_send(struct side *side, const struct message *message) {
    int error;

    while ((error = chan_send(&side->chan.tx, message)) == -E_WOULDBLOCK) {
        int armed = chan_arm_credit(&side->chan.tx);
        must(armed >= 0);
        if (armed == 0)
            side_sleep(side);
    }
    must(error == 0);
}

int side_receive(struct side *side, struct message *message) {
    int error;

    while ((error = chan_receive(&side->chan.rx, message)) == -E_WOULDBLOCK) {
        int armed = chan_arm(&side->chan.rx);
        if (armed < 0)
            return armed;
        if (armed == 0)
            side_sleep(side);
    }
    return error;
}

struct run {
    void (*function)(struct side *);
    struct side *side;
};

static void *run_thread(void *argument) {
    const struct run *run = argument;
    run->function(run->side);
    return NULL;
}

void link_run(struct link *link, void (*first)(struct side *), void (*second)(struct side *)) {
    struct run run = { second, &link->side[1] };
    pthread_t thread;

    must(pthread_create(&thread, NULL, run_thread, &run) == 0);
    first(&link->side[0]);
    must(pthread_join(thread, NULL) == 0);
}

void loiter(uint64_t *random) {
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    for (uint64_t i = *random >> 54; i > 0; i--)
        __asm__ volatile("pause");
}
