/*
 * What is mapped through grants (include/bulkhead/grant.h). Each mapping is recorded, with its
 * chain, in a frame that the mapper pays for; so is the scratch frame that will take its place.
 */
#ifndef CPU_DRIVER_MAPPING_H
#define CPU_DRIVER_MAPPING_H

#include "grant.h"

#define GRANT_ID_ALL UINT64_MAX /* no id: any grant of a grantor */

/*
 * A mapping of pages that are not the mapper's own. Its window fills from the first page up to the
 * last, and is emptied the other way; of the pages that are there, those from `live` on show the
 * scratch frame.
 */
struct mapping {
    uint64_t address, pages; /* the window; pages 0: this record is free */
    uint64_t mapped, live;   /* pages that are there, and those that show the memory */
    uint64_t scratch;        /* frame */
    struct process *root;    /* whose memory; NULL: not for this kernel to know */
    uint64_t root_address;
    int16_t error;  /* why it is being undone; 0: it is not */
    bool whole;     /* it has been mapped */
    bool imports;   /* by the monitor, whose it is to end */
    uint16_t depth; /* 0: it has been revoked, or is imported */
    uint16_t protection;
    struct grant_link link[GRANT_DEPTH_MAX];
};

/*
 * Steps of SAFEMAP, SAFEREVOKE and GRANT; MAPPING_RESTART: more is left to do. mapping_import() is
 * given the next `count` pages. *slot is how far mapping_revoke() has searched.
 */
#define MAPPING_RESTART 1 /* as KCALL_RESTART */

int mapping_map(struct process *p, struct grant_claim *claim, uint64_t address,
                unsigned protection);
int mapping_import(struct process *p, uint64_t address, uint64_t pages, const uint64_t physical[],
                   unsigned count, unsigned protection);
int mapping_withdraw(struct process *p, uint64_t address);
int mapping_unmap(struct process *p, uint64_t address);
int mapping_revoke(struct process *p, uint64_t id, uint64_t *slot);

/* A mapping that an earlier step of GRANT_IMPORT has begun: how many pages are there; 0: none is.
 */
uint64_t mapping_import_begun(const struct process *p);

/*
 * Of a dead process: its mappings are given back, and those of its memory, or through its grants,
 * taken away. True when all are.
 */
bool mapping_release_step(struct process *p);

/* For the check of invariants: frames of a process that are here, and how much is wrong with grants
 * and mappings, if frames are shared so often. */
uint64_t mapping_frames(const struct process *p);
unsigned mapping_check(uint64_t shares);

#endif
