/*
 * Who owns which memory, where that is not as partition_plan() says: the chunks that have been
 * moved. Pure: a table without side effects, the same at all members of a view. No chunk has two
 * owners, since it has one entry at most; and without one, it has the owner of the plan.
 */
#ifndef MONITOR_OWNERSHIP_H
#define MONITOR_OWNERSHIP_H

#include "partition.h"
#include "view.h"

#define MOVED_MAX 1024

/* An entry is the physical address of a chunk, with its owner in the low bits; 0: it is free. */
#define MOVED_OWNER UINT64_C(0xffff)
#define MOVED_CHUNK (~(CHUNK_BYTES - 1))

struct ownership {
    const struct boot_info *boot;
    bool whole; /* what had been moved before this core became a member is known */
    uint64_t entry[MOVED_MAX];
};

/* Who owns a chunk; CORES_MAX: nobody. */
unsigned ownership_of(struct ownership *table, uint64_t chunk);

/*
 * What a core owns. False: a list has not enough room for all pieces, and this one lacks some.
 * Which does not happen as long as only moves are made that ownership_allows().
 */
bool ownership_partition(const struct ownership *table, uint32_t core, struct range_list *memory);

/*
 * Whether a chunk can move from one core to another: 0; -E_STATE it is not the former's, or both
 * are one; -E_NOSLOT the table, or one of the partitions, would have too many pieces.
 */
int ownership_allows(struct ownership *table, uint64_t chunk, uint32_t from, uint32_t to);

/* All have agreed that a chunk belongs to a core. */
void ownership_move(struct ownership *table, uint64_t chunk, uint32_t to);

/* An entry of another member's table, to one that is not whole. */
void ownership_told(struct ownership *table, uint64_t entry);

#endif
