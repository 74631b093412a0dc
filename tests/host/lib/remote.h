/*
 * Processes of another core, played by the test through their ends of channels, and the monitor
 * that makes these. The memory of a channel is of exactly its size and is freed when the process
 * under test gives it back, so that AddressSanitizer sees every access that should not be.
 */
#ifndef TESTS_HOST_LIB_REMOTE_H
#define TESTS_HOST_LIB_REMOTE_H

#include <bulkhead/binding.h>
#include <urpc/answer.h>

#include <runtime/channel.h>
#include <runtime/ipc.h>

#define REMOTES 12

struct remote {
    struct chan chan; /* its end */
    void *memory;     /* NULL: there is no channel */
    void *pool;
    uint64_t pool_bytes;
    uint32_t slots;
};

extern struct remote remotes[REMOTES];

/* What the monitor was asked, and what it answers. */
extern unsigned connects, disconnects;
extern int connect_error;

/* Number n has cookie n; its pool has cookie REMOTES + 0, of which there is one. */
#define POOL_COOKIE REMOTES

endpoint_t remote_endpoint(unsigned n);

/* For .init of a test suite. The process does not spin. */
void remote_init(void);

/* Number n makes the channel: the process is told by the bell, and asks the monitor for *new. */
void remote_connects(unsigned n);
extern struct message *new;

/* Number n shares a pool: the same. */
void remote_shares(unsigned n, uint64_t bytes);

/*
 * Its end: closed by the kernel, which puts a scratch frame in the place of the memory; the same
 * while the process under test reads the message that was sent last, of which it has seen the word
 * that publishes it; or only announced.
 */
void remote_dies(unsigned n);
void remote_dies_during_read(unsigned n);
void remote_dies_late(unsigned n);

/* Its end of the channel sends and receives: `tag` in every word. */
void remote_sends(unsigned n, uint32_t type, uint32_t tag);
bool remote_receives(unsigned n, struct message *m);

/* Takes a request, if there is one, and answers it with its arguments plus 1. */
bool remote_answers(unsigned n);

struct message remote_message(uint32_t type, uint32_t tag);

#endif
