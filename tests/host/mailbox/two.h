/*
 * Two instances of the mailboxes, of cores 0 and 1, on one page that they share. A side is what one
 * core's kernel can do, and what it is told.
 */
#ifndef TESTS_HOST_MAILBOX_TWO_H
#define TESTS_HOST_MAILBOX_TWO_H

#include <stdint.h>

#define TWO_APIC_ID(core) (10 * (core) + 7)

struct two_side {
    /* mailbox.h */
    void (*init)(void);
    void (*post)(uint32_t core, uint32_t number);
    void (*collect)(void);
    void (*stop)(void);
    uint64_t (*stopped)(void);
    /* What it calls of the kernel around it; set by the test. */
    void (*rung)(uint32_t core, uint32_t number);
    void (*interrupt)(uint32_t apic_id, uint32_t command);
    unsigned events; /* EVENT_CORE at the first process */
};

extern struct two_side two[2];

/* Makes both on a page. Neither has called init(). */
void two_make(uint8_t *page);

#endif
