/*
 * The memory of the hardware's tables: set aside by boot/, outside all partitions, so that it
 * outlives this server. It begins with what the server has to know of it: a server that is started
 * again goes on from there, if it checks out (state_check()).
 *
 * Pages are given by number; page n of the memory lies at physical + n * PAGE_SIZE. Nobody but this
 * server writes here, and it alone decides; the hardware reads the tables and writes its logs.
 */
#ifndef IOMMU_STATE_H
#define IOMMU_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/iommu.h>

#define TABLE_PAGES_MAX 2048
#define DOMAINS_MAX     64
#define LINES           256

/* Pages of tables that one domain may have: one driver cannot have all. */
#define DOMAIN_PAGES_MAX 128

/* Who has a page. */
enum {
    OWNER_NONE = 0,
    OWNER_STATE = 1,
    OWNER_UNITS = 2,  /* tables of all units, their queues and logs */
    OWNER_DOMAIN = 3, /* and the domain's index */
};

enum domain_state {
    DOMAIN_FREE = 0,
    DOMAIN_CHANGING = 1, /* being made or ended: a server that finds it so ends it */
    DOMAIN_LIVE = 2,
};

/* What a device can reach. */
struct domain {
    uint32_t state;             /* enum domain_state; written last when it is made */
    uint16_t device, requester; /* as in the protocol */
    uint16_t unit;
    uint8_t levels;           /* of its page tables */
    uint8_t interrupts;       /* messages remapped */
    uint32_t root;            /* page: the table of the highest level */
    uint32_t interrupt_table; /* page, AMD: 0 none */
    uint64_t pages;           /* mapped */
    uint64_t faults;
    endpoint_t driver;
    char label[LABEL_MAX]; /* the driver's */
    /* Pages that are being mapped or unmapped: a server that finds some unmaps them. */
    uint64_t pending_address, pending_pages;
};

struct state {
    uint64_t magic;
    uint32_t version, kind; /* enum iommu_kind */
    uint64_t physical;      /* of the whole memory */
    uint32_t pages;
    uint32_t units_page; /* the table that leads to all others: Intel's root, AMD's device table */
    uint32_t interrupts_page; /* Intel: the interrupt remapping table; AMD: that of the I/O APIC */
    uint32_t queue_page;      /* first of the units' queues and logs */
    uint64_t checksum;        /* of all above */
    uint64_t faults;          /* since the machine's start */
    bool refuses_others;      /* interrupts that are not remapped do not get through */
    uint8_t owner[TABLE_PAGES_MAX];
    struct domain domain[DOMAINS_MAX];
};

#define STATE_PAGES ((sizeof(struct state) + PAGE_SIZE - 1) / PAGE_SIZE)

/* The memory, as this server sees it. */
struct tables {
    struct state *state; /* and the other pages after it */
    bool flush;          /* the hardware reads around the processor's caches */
};

/* What follows depends on nothing but its arguments, and is tested as a program of the host. */

/* Makes the state anew: no domains, no pages used but its own. */
void state_init(struct tables *tables, uint64_t physical, size_t pages, enum iommu_kind kind);

/* To be called when the fields above the checksum have changed. */
void state_seal(struct state *state);

/* Is that the state of such a memory, as state_seal() left it? */
bool state_is_sealed(const struct state *state, uint64_t physical, size_t pages,
                     enum iommu_kind kind);

/*
 * Takes `count` pages in a row that nobody has, the first a multiple of `count` if that is a power
 * of two, and clears them. 0: there are none.
 */
uint32_t tables_take(struct tables *tables, unsigned count, unsigned owner);
void tables_give(struct tables *tables, uint32_t page, unsigned count);
unsigned tables_used(const struct state *state);

/* Where a page is. */
static inline uint64_t *tables_page(const struct tables *tables, uint32_t page) {
    return (uint64_t *)((uint8_t *)tables->state + page * PAGE_SIZE);
}

static inline uint64_t tables_physical(const struct tables *tables, uint32_t page) {
    return tables->state->physical + page * PAGE_SIZE;
}

/* The page at a physical address, or 0: that is none that domains or units have. */
uint32_t tables_page_at(const struct tables *tables, uint64_t physical);

/* Makes the hardware see what has been written. */
void tables_publish(const struct tables *tables, const void *from, size_t bytes);

static inline unsigned domain_index(const struct state *state, const struct domain *domain) {
    return (unsigned)(domain - state->domain);
}

static inline unsigned domain_owner(const struct state *state, const struct domain *domain) {
    return OWNER_DOMAIN + domain_index(state, domain);
}

#endif
