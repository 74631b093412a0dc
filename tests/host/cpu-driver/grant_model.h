/*
 * What include/bulkhead/grant.h says, in plain C: processes ("lanes") of one core, their memory as
 * bytes, and what each has mapped of another's. Who may access what is found out from the bytes of
 * the grant tables at every use; nothing is remembered.
 */
#ifndef TESTS_CPU_DRIVER_GRANT_MODEL_H
#define TESTS_CPU_DRIVER_GRANT_MODEL_H

#include <stdbool.h>

#include <bulkhead/grant.h>
#include <bulkhead/refusal.h>

#define LANES        5
#define NO_LANE      (-1)
#define MEMORY_PAGES 40 /* of a lane's own, and those of its grant table */
#define TABLE_PAGES  2
#define OWN_PAGES    (MEMORY_PAGES + TABLE_PAGES)
#define OWN_AT       0x400000UL
#define TABLE_AT     0x10000000UL
#define WINDOW_AT    0x20000000UL /* where lanes map what they were granted */
#define WINDOW_PAGES 96
#define SLOTS        256

#define AGAIN 1 /* more is left to do of a call */

struct model_page {
    bool present, writable;
    _Alignas(struct grant) uint8_t bytes[PAGE_SIZE];
};

/*
 * Pages of another lane: the first `mapped` pages of the window are there, the first `live` of them
 * show the root's memory, the others one scratch page.
 */
struct model_mapping {
    uint64_t address, pages; /* pages 0: none */
    uint64_t mapped, live;
    int root;
    uint64_t root_address;
    bool writable, whole;
    int error; /* why it is being undone */
    unsigned begun;
    unsigned depth;
    struct grant_link link[GRANT_DEPTH_MAX];
    uint8_t scratch[PAGE_SIZE];
};

/* A kernel call that is under way. */
struct model_call {
    uint32_t number; /* 0: none */
    uint64_t arg[MESSAGE_ARGS];
    uint64_t done; /* vectors: bytes of the first entry that is left */
    unsigned begun;
    struct model_mapping *mapping; /* SAFEMAP: that it makes */
};

enum model_life { MODEL_ALIVE, MODEL_DEAD, MODEL_DESTROYED };

struct grant_model {
    struct model_lane {
        endpoint_t endpoint;
        enum model_life life;
        struct model_page own[OWN_PAGES];
        uint64_t table, table_pages;
        struct model_mapping mapping[GRANT_MAPPINGS_MAX];
        uint32_t refused[REFUSAL_COUNT]; /* those about grants */
        struct model_call call;
    } lane[LANES];
    endpoint_t first;           /* a process without grants that is always there */
    uint32_t generation[SLOTS]; /* of who was last in a slot */
    unsigned step;              /* counted by who drives it */
};

extern struct grant_model modelled;

/* A new lane has its memory, and no table. */
void modelled_create(int lane, endpoint_t endpoint);

/* The next step of the call that a lane makes: AGAIN, or its result. */
int modelled_step(int lane);

/* The page of a lane's own at an address; NULL: there is none. And the address of page `index`. */
struct model_page *modelled_own(int lane, uint64_t address);
uint64_t modelled_address(unsigned index);

/* How many live mappings there are of a lane's page. */
unsigned modelled_shares(int lane, uint64_t address);

/* Where a lane's data is, as it sees that; NULL: it may not read, or write, there. */
uint8_t *modelled_data(int lane, uint64_t address, bool write);

/* A grant of a lane's table, if it can have one; NULL: it has no memory for it. */
struct grant *modelled_grant(int lane, unsigned index);

bool modelled_comes_through(const struct model_mapping *m, endpoint_t grantor, uint64_t id);

/* Of the pages of a mapping this many show the root's memory now, or are left at all. */
void modelled_cut(struct model_mapping *m, uint64_t live);
void modelled_shorten(struct model_mapping *m, uint64_t mapped);

#endif
