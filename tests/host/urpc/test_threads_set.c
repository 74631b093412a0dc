/* Many clients, each in a thread, and a server that sleeps when none has anything to say. */
#include <sys/epoll.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <urpc/set.h>

#include "threads.h"

#define CLIENTS 6
#define IDLE    58
#define EACH    (THREADS_MESSAGES / 20)

static struct link links[CLIENTS + IDLE];

static void *client(void *argument) {
    struct side *side = argument;
    uint64_t random = (uint64_t)(uintptr_t)argument;
    for (uint64_t n = 0; n < EACH; n++) {
        struct message message = { .type = 1, .arg = { n } };
        side_send(side, &message);
        if (n % 16 == 0)
            loiter(&random);
    }
    return NULL;
}

/* What the kernel does for a process: says which bindings' doorbells have rung. */
static void wait_for_bells(struct chan_set *set, int epoll) {
    struct epoll_event events[8];
    int count = epoll_wait(epoll, events, 8, 20000);

    must(count > 0);
    for (int i = 0; i < count; i++) {
        uint64_t rings;
        must(read(links[events[i].data.u32].side[1].bell, &rings, sizeof rings) == sizeof rings);
        chan_set_rung(set, events[i].data.u32);
    }
}

static void serve(struct chan_set *set, int epoll) {
    uint64_t received[CLIENTS] = { 0 };

    for (uint64_t total = 0; total < (uint64_t)CLIENTS * EACH;) {
        struct message message;
        uint32_t index;
        int error = chan_set_receive(set, &message, &index);
        if (error == 0) {
            must(index < CLIENTS && message.arg[0] == received[index]);
            received[index]++;
            total++;
        } else if (error == -E_WOULDBLOCK) {
            wait_for_bells(set, epoll);
        } else {
            must(error == CHAN_READY);
        }
    }
}

static void run(uint32_t patience) {
    static struct chan_member members[CLIENTS + IDLE];
    struct chan_set set;
    pthread_t threads[CLIENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    must(epoll >= 0 && chan_set_init(&set, members, CLIENTS + IDLE, patience) == 0);
    for (uint32_t i = 0; i < CLIENTS + IDLE; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data = { .u32 = i } };
        link_make(&links[i], 16, 0);
        must(chan_set_add(&set, i, &links[i].side[1].chan.rx) == 0);
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, links[i].side[1].bell, &event) == 0);
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        must(pthread_create(&threads[i], NULL, client, &links[i].side[0]) == 0);
    serve(&set, epoll);
    for (uint32_t i = 0; i < CLIENTS; i++)
        must(pthread_join(threads[i], NULL) == 0);
    for (uint32_t i = 0; i < CLIENTS + IDLE; i++)
        link_free(&links[i]);
    close(epoll);
}

Test(threads_set, a_server_that_arms_at_once_misses_no_client, .timeout = 120) { run(0); }

Test(threads_set, a_server_that_arms_late_misses_no_client, .timeout = 120) { run(50); }
