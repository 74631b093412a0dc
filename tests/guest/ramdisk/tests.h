/*
 * Tests of the RAM disk, and of <runtime/block.h> and <runtime/device.h>: how clients get over the
 * death of a driver. The test program is the driver manager: it starts drivers, kills them, starts
 * them again, and publishes their names. Clients are processes of their own, of the same program
 * under the label `ramdisk-client`.
 */
#ifndef TESTS_GUEST_RAMDISK_TESTS_H
#define TESTS_GUEST_RAMDISK_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/endpoint.h>

#define DISK_KIB   256U
#define DISK_BYTES (DISK_KIB * 1024UL)

/* ---- services.c: a driver manager that does what the tests need ---- */

struct service {
    const char *label;
    const char *args; /* strings up to an empty one; the first is the label */
    uint64_t core;
    endpoint_t endpoint; /* ENDPOINT_NONE: it does not run */
    unsigned starts;
};

/* Starts it and publishes its name. What should not fail ends the test. */
void service_start(struct service *service);

/* Ends it, and waits for its end; its name stays. */
void service_kill(struct service *service);

/* There will be no more of it: ends it if it runs, and takes its name back. */
void service_down(struct service *service);

/*
 * Starts a client with these arguments, and looks after the service until the client ends: starts
 * it again when it has died, and kills it up to `kills` times, at random moments some milliseconds
 * apart; after the last one the client is told to come to its end. Returns its exit status, or -1.
 */
int64_t service_run(struct service *service, const char *client, unsigned kills, uint64_t core);

/* ---- client.c ---- */

/* What the program is under the label `ramdisk-client`. Returns its exit status: 0, or the number
 * of the line that found something wrong. */
int client_main(int argc, char **argv);

/* ---- random.c ---- */

extern uint64_t test_seed;
uint64_t test_random(void);

/* ---- requests.c, recovery.c ---- */

void test_requests(struct service *service);
void test_contents(struct service *service);
void test_recovery(struct service *disk, unsigned kills);
void test_devices(void);

#endif
