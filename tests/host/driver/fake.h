/* The world of a driver, as the tests see it. */
#ifndef TESTS_HOST_DRIVER_FAKE_H
#define TESTS_HOST_DRIVER_FAKE_H

#include <stdbool.h>

#include <bulkhead/grant.h>
#include <bulkhead/info.h>
#include <bulkhead/message.h>

#define FAKE_MONITOR ((endpoint_t)1 << 32 | 0)
#define FAKE_DRIVER  ((endpoint_t)1 << 32 | 1)
#define FAKE_AGENT   ((endpoint_t)1 << 32 | 2)
#define FAKE_CLIENT  ((endpoint_t)1 << 32 | 3)

#define FAKE_MESSAGES 64
#define FAKE_DONE     99 /* what RECEIVE fails with when nothing will ever come */

extern struct fake {
    /* Messages that the driver will receive, in order; between them nothing happens. */
    struct message incoming[FAKE_MESSAGES];
    size_t incoming_count, taken;

    /* Sent by it. */
    struct message sent[FAKE_MESSAGES];
    endpoint_t sent_to[FAKE_MESSAGES];
    size_t sent_count;
    unsigned deaf;     /* that many replies find their client not receiving */
    unsigned attempts; /* of replies */
    endpoint_t notified[FAKE_MESSAGES];
    size_t notified_count;

    /* What processes are: by the slot of their endpoints. */
    struct process_info process[8];
    unsigned inquiries;

    uint64_t now, alarm_at;        /* nanoseconds; 0: not set */
    uint32_t registered, unmasked; /* lines, a bit each */
    int unmask_error;

    /* The memory of the client, which grant 7 is of. */
    uint8_t memory[4096];
    int copy_error;
    unsigned copies;

    /* What the data store has of the driver's. */
    uint64_t starts;
    uint8_t state[16];
    size_t state_bytes; /* 0: none */
    bool corrupt;
    unsigned good_snapshot;
    int store_error; /* of publishing it */
} fake;

/* Adds a message to those that will come. */
void fake_message(endpoint_t source, uint32_t type, uint64_t argument);
void fake_event(uint64_t event, uint64_t argument);

#endif
