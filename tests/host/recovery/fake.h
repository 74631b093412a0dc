/* The world of a client: its driver, which lives and dies as the tests say. */
#ifndef TESTS_HOST_RECOVERY_FAKE_H
#define TESTS_HOST_RECOVERY_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/message.h>
#include <bulkhead/protocol/block.h>

#define FAKE_BYTES 8192U

extern struct fake {
    /* What becomes of the next requests, a character each; '.' from its end on:
     *   .  it is served
     *   b  the driver dies before it gets it
     *   a  the driver dies after it has done it
     *   n  the driver is not known any more
     *   r  the driver refuses it, as it is about to end
     *   w  the reply is nonsense
     *   s  the reply says that less was done
     *   e  E_IO */
    const char *fate;
    bool no_successor; /* a driver that dies is the last one */
    bool gone;         /* the driver has died, and the client could know */

    uint64_t content; /* of the disk; the next driver has another */
    struct block_status status;
    uint8_t disk[FAKE_BYTES];
    unsigned served, awaited, setups;
    unsigned grants; /* that there are now */
    unsigned granted;
} fake;

#endif
