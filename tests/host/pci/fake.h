/*
 * A machine that the tests put together: functions with a configuration space each, device memory,
 * a monitor with drivers, and an IOMMU server. fake.c; fake_keeper.c.
 */
#ifndef TESTS_PCI_FAKE_H
#define TESTS_PCI_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "claim.h"

#define FUNCTIONS_MAX 64

struct function {
    uint16_t place;
    uint8_t config[4096], initial[4096];
    uint8_t writable[4096];  /* bits that writes change */
    uint8_t clearable[4096]; /* bits that writing 1 clears */
    bool has_extended;
    uint16_t express, af, pm; /* where its capabilities are, 0: none */
    unsigned busy;            /* reads of its ID that still give ones */
    unsigned busy_after_reset;
    unsigned resets;
    bool forgets_in_d3;
    /* What must not be. */
    bool bar_written_while_decoding, table_written_unmasked;
};

/* Forgets everything. */
void fake_clear(void);

/* A function that exists; its registers are set with put(). */
struct function *fake_function(uint16_t place, uint32_t id, uint32_t class24, uint8_t header);

void put(struct function *f, unsigned offset, unsigned width, uint32_t value);
uint32_t get(const struct function *f, unsigned offset, unsigned width);

/* A base address register; `bytes` a power of two, `kind` its low bits. */
void fake_bar(struct function *f, unsigned number, uint64_t base, uint64_t bytes, uint32_t kind);

/* A bridge to buses. */
struct function *fake_bridge(uint16_t place, uint8_t secondary, uint8_t subordinate);

/* Adds a capability in front of those that there are. */
void fake_capability(struct function *f, unsigned offset, uint8_t id);
void fake_express(struct function *f, unsigned offset, bool flr);
void fake_msi(struct function *f, unsigned offset, unsigned log2, bool wide);
void fake_msix(struct function *f, unsigned offset, unsigned entries, uint32_t table, uint32_t pba);

/* The registers are now what a reset makes of them. */
void fake_settle(struct function *f);

/* Wherever there is no function there is one like the first. */
extern bool fake_full;

/* ECAM's place, for config_lies_in(). */
extern uint64_t fake_ecam;

/* A page of device memory, made when it is asked for. */
uint32_t *fake_page(uint64_t physical);
extern unsigned fake_mapped; /* pages mapped now */
extern bool fake_map_fails;

/* ---- Keeper, event loop ---- */

#define GIVEN_MAX 64

struct given {
    endpoint_t driver;
    enum monitor_give what;
    uint64_t arg2, arg3;
};

extern struct monitor_driver fake_drivers[8];
extern unsigned fake_driver_count;
extern struct given fake_given[GIVEN_MAX];
extern unsigned fake_given_count;
extern int fake_give_error; /* of GIVE_MSI */
extern endpoint_t fake_manager;
extern unsigned fake_refused[REFUSAL_COUNT];
extern uint16_t fake_domain;      /* of the last device that has one; 0: none */
extern uint32_t fake_confines;    /* 0: there is no IOMMU */
extern endpoint_t fake_released;  /* the last */
extern struct message fake_reply; /* the last; type UINT32_MAX: none */
extern endpoint_t fake_reply_to;

/* A driver of vendor:device that waits. */
struct monitor_driver *fake_driver(endpoint_t endpoint, uint16_t vendor, uint16_t device);

/* Lets alarms go off until there are none. Returns how much time that took, in milliseconds. */
unsigned fake_run(void);

/* Scans and recovers, as main() does. */
void fake_start(void);

/* A request of a client; the reply is in *m, or was deferred: type UINT32_MAX. */
int fake_request(endpoint_t client, struct message *m);

#endif
