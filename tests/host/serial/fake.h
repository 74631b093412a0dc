/* The driver's world, as the tests see it: its device, its kernel and its clients. */
#ifndef TESTS_HOST_SERIAL_FAKE_H
#define TESTS_HOST_SERIAL_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/message.h>
#include <bulkhead/protocol/console.h>

#define FAKE_CLIENTS 16
#define FAKE_OUTPUT  65536

#define FAKE_MONITOR ((endpoint_t)1 << 32 | 0)
#define FAKE_DRIVER  ((endpoint_t)1 << 32 | 1)

/* Client number i. */
static inline endpoint_t fake_client(unsigned i) { return (endpoint_t)1 << 32 | (10 + i); }

/* ---- The device ---- */

enum fake_error { FAKE_FRAMING = 1 << 3, FAKE_BREAK = 1 << 4 };

extern struct fake_device {
    bool second; /* COM2, not COM1 */
    bool absent;
    bool no_fifo;  /* an 8250 */
    bool stalled;  /* sends nothing */
    bool deaf_irq; /* its interrupts are lost */
    char output[FAKE_OUTPUT];
    size_t output_bytes;
    size_t lost; /* bytes received that its FIFO had no room for */
    unsigned accesses;
    /* Called before each access: things may happen between any two. */
    void (*before_access)(void);
} device;

/* Whether a byte may be sent to the device: it is asked for (RTS) and there is room for it. */
bool device_accepts(void);

/* Bytes arrive, each with these errors (set of enum fake_error). */
void device_receive(const char *bytes, size_t count, unsigned errors);

/* ---- Clients: each waits for one answer at a time, as SENDREC does ---- */

extern struct fake_client_state {
    const char *label;     /* NULL: "reader", which is one of those who may read */
    endpoint_t supervisor; /* 0: the monitor */
    bool waits, gone;
    bool notified;
    unsigned answers;
    struct message answer; /* the last */
} clients[FAKE_CLIENTS];

/* A request waits in the kernel's queue until the driver takes it. */
void client_ask(unsigned client, enum console_request request, const char *text);
void client_send(unsigned client, const struct message *m);

/* The result and the text of the last answer. */
int client_result(unsigned client);
const char *client_text(unsigned client);

/* ---- The kernel ---- */

extern struct fake_kernel {
    /*
     * Called when nothing is left to be delivered to the driver. It may make something happen and
     * return true; on false driver_main() ends.
     */
    bool (*idle)(void);
    size_t queued; /* requests not yet taken */
    unsigned receives, alarms;
    uint64_t slept;     /* nanoseconds of the alarms that have gone off */
    unsigned inquiries; /* about processes */
} kernel;

/*
 * Runs the driver until nothing is left to do. The input of COM1 is for "reader" and "test-*", that
 * of COM2 for nobody. Returns its exit status; FAKE_DONE if it waits.
 */
#define FAKE_DONE 99
int run_driver(void);

#endif
