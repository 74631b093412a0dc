/* A server that returns what it is sent, and a client that holds it to that. */
#include "fuzz.h"
#include "random.h"

#define BURST 16
#define REST  100000 /* nanoseconds */

endpoint_t client_server;
volatile uint64_t client_exchanges;

/* Others send to it too, without waiting for an answer: then the reply fails, and it goes on. */
void echo_main(void *unused) {
    (void)unused;
    struct message m = { 0 };
    int error = ipc_receive(ENDPOINT_ANY, &m);
    for (;;) {
        if (error)
            error = ipc_receive(ENDPOINT_ANY, &m);
        else
            error = ipc_replyrecv(m.source, &m);
    }
}

static void fill(struct message *m, uint64_t number) {
    m->type = (uint32_t)random_mix(number);
    m->tag = (uint32_t)number;
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        m->arg[i] = random_mix(number * MESSAGE_ARGS + i);
}

/* Between two bursts it sleeps, so that it may be urgent and leave others time. */
static void rest(void) {
    struct message m;
    if (alarm_set(REST, NULL) || ipc_receive(ENDPOINT_KERNEL, &m))
        kcall_exit(2);
}

/* Ends with status 1 as soon as anything differs. */
void client_main(void *unused) {
    (void)unused;
    for (uint64_t number = 0;; number++) {
        struct message sent = { 0 }, m;
        fill(&sent, number);
        m = sent;
        sent.source = client_server;
        if (ipc_call(client_server, &m) || memcmp(&m, &sent, sizeof m) != 0)
            kcall_exit(1);
        client_exchanges = number + 1;
        if (number % BURST == BURST - 1)
            rest();
    }
}
