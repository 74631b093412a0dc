/*
 * Both sides of a channel in two threads, each with a doorbell that it can sleep on: an eventfd,
 * which is sticky as a doorbell has to be.
 */
#ifndef TESTS_HOST_URPC_THREADS_H
#define TESTS_HOST_URPC_THREADS_H

#include <pthread.h>

#include <urpc/channel.h>

/* How many messages go through a test; fewer where every access is watched (mk/urpc.mk). */
#ifndef THREADS_MESSAGES
#define THREADS_MESSAGES 100000U
#endif

struct side {
    struct chan chan;
    int bell;      /* the eventfd that the peer rings */
    uint64_t rung; /* how often this side slept */
};

struct link {
    struct side side[2];
    void *memory;
};

void link_make(struct link *link, uint32_t slots, uint32_t depth);
void link_free(struct link *link);

/* Sleeps until the doorbell rings; a ring that does not come in 20 seconds is a lost wake-up and
 * fails the test. */
void side_sleep(struct side *side);

/* Runs `first` with side 0 and `second` with side 1 until both return. */
void link_run(struct link *link, void (*first)(struct side *), void (*second)(struct side *));

/* Sends and receives as a process would that has nothing else to do. */
void side_send(struct side *side, const struct message *message);
int side_receive(struct side *side, struct message *message);

/* Does nothing for a random short time, so that the threads meet in all states. */
void loiter(uint64_t *random);

/* Fails the test, from any thread. */
#define must(condition)                                \
    do {                                               \
        if (!(condition))                              \
            must_fail(#condition, __FILE__, __LINE__); \
    } while (0)
_Noreturn void must_fail(const char *condition, const char *file, int line);

#endif
