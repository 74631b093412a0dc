/*
 * Takes the place of <runtime/machine.h>, whose include guard it uses: traps go to a kernel that
 * the tests script and look into.
 */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/ipc.h>
#include <bulkhead/startup.h>

#define IPC_INLINE static inline

int trap_message(uint64_t operation, uint64_t to, struct message *m);
int trap_send(uint64_t operation, endpoint_t to, const struct message *m);
int trap_receive(uint64_t operation, endpoint_t from, struct message *m);
int trap_1(uint64_t operation, uint64_t rdi);
int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi);
int trap_kernel_4(uint64_t call, uint64_t arg[4]);
int trap_kernel_5(uint64_t call, uint64_t arg[5]);
uint64_t machine_counter(void);

/* ---- What the tests see of it ---- */

#define FAKE_QUEUE 64
#define FAKE_PAGES 128
#define FAKE_LOG   4096

#define FAKE_SELF    ((endpoint_t)1 << 32 | 1)
#define FAKE_MONITOR ((endpoint_t)1 << 32 | 0)
#define FAKE_CONSOLE ((endpoint_t)1 << 32 | 2)
#define FAKE_CHILD   ((endpoint_t)1 << 32 | 9)

#define FAKE_BELLS 16

/* The doorbell of a binding; its name is that of its cookie. */
struct fake_bell {
    bool bound, rung, closed;
};

struct fake_page {
    bool mapped;
    uint64_t address;
    unsigned protection;
    char bytes[PAGE_SIZE] __attribute__((aligned(16)));
};

struct fake_kernel {
    uint64_t now; /* nanoseconds; the counter ticks once in each */

    /* RECEIVE and the second half of REPLYRECV take from here; when it is empty: receive_error. */
    struct message inbox[FAKE_QUEUE];
    size_t inbox_count, inbox_taken;
    int receive_error;

    /* What was sent, and how: NBSEND, the first half of REPLYRECV, SENDREC. */
    struct message sent[FAKE_QUEUE];
    endpoint_t sent_to[FAKE_QUEUE];
    uint64_t sent_by[FAKE_QUEUE];
    size_t sent_count;
    int send_error;

    /* SENDREC: the reply that replaces the message. */
    struct message reply;

    /* SENDREC to the monitor goes here, if there is one: the result of the call. */
    int (*monitor)(struct message *m);

    /*
     * RECEIVE, when it would wait: something may happen on other cores meanwhile. Without it, or
     * when it returns false, RECEIVE ends with receive_error.
     */
    bool (*sleep)(endpoint_t from);
    size_t sleeps;

    struct fake_bell bell[FAKE_BELLS];
    size_t notified[FAKE_BELLS]; /* how often each binding was notified by the process */

    /* The ASEND table as last handed over, and how often. */
    struct asend_entry *table;
    size_t table_entries, asend_calls;
    int asend_error;

    uint64_t alarm; /* last SETALARM */
    size_t alarm_calls;
    int alarm_error;

    /* The child: at most one at a time. */
    bool child_exists, child_started;
    char child_label[LABEL_MAX + 1];
    uint64_t child_frames, child_processes;
    uint64_t start_args[4];
    struct fake_page page[FAKE_PAGES];
    size_t process_calls;
    size_t fail_at; /* this call of them, from 1, gives -E_QUOTA; 0: none */

    char log[FAKE_LOG];
    size_t log_lines;
    int log_error;
};

extern struct fake_kernel kernel;
extern struct startup fake_startup;

endpoint_t fake_binding(unsigned cookie);

/* A message to be received next. */
void fake_deliver(const struct message *m);

/* Adds a piece of text and a bar to the string in `all`. */
void fake_append(char *all, size_t room, const char *text, size_t bytes);

/* The page of the child at that address, or NULL. */
struct fake_page *fake_page_at(uint64_t address);

#endif
