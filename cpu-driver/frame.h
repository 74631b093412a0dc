/*
 * Frames: every physical frame of the partition has one state and, where a process pays for it, one
 * owner. The frame table (frame_table.h) has them by chunks of 2 MiB, the unit in which partitions
 * change size; a bitmap in each finds free ones.
 */
#ifndef CPU_DRIVER_FRAME_H
#define CPU_DRIVER_FRAME_H

#include <bulkhead/info.h>

#include "instance.h"

struct process;

#define FRAME_OWNER_NONE 0xffffU

/*
 * Takes over the partition: its memory is free but for the instance's own block and the commons,
 * the rest of its chunks is absent. Returns the number of free frames.
 */
uint64_t frame_init(const struct instance_info *info);

/*
 * Allocates one frame, filled with a word or zeroed, at the expense of process `p` (NULL: of the
 * instance). Returns its physical address, or 0 when the quota or the partition is used up.
 */
uint64_t frame_alloc_filled(struct process *p, enum frame_state state, uint64_t word);

static inline uint64_t frame_alloc(struct process *p, enum frame_state state) {
    return frame_alloc_filled(p, state, 0);
}

/*
 * Allocates `count` frames, 1 to FRAMES_PER_CHUNK, that follow each other and lie in chunks that
 * end at `limit` or below, at the expense of `p`. They are not zeroed. Returns the first one's
 * physical address, or 0 as above.
 */
uint64_t frame_alloc_run(struct process *p, enum frame_state state, uint64_t count, uint64_t limit);

/*
 * Looks for a chunk whose frames are all free, in `count` slots from the last one down; leaves out
 * *skip of them, and adds those that it has looked at: in the end that is FRAME_SLOTS_END.
 */
#define FRAME_SLOTS_END UINT64_MAX
bool frame_idle_chunk(uint64_t *skip, unsigned count, uint64_t *physical);

/* Of a chunk of the partition: the frames that are free when all that can be are. One that was not
 * here at the start has its tables in its own first frame. */
uint64_t frame_chunk_worth(uint64_t physical);

/* Forgets a chunk whose frames are all free, and which is still mapped. */
void frame_give_chunk(uint64_t physical);

/*
 * Adds a chunk that is mapped, none of the partition's, and for which there is room. Its frames are
 * free. Returns its worth.
 */
bool frame_has_room(uint64_t physical);
uint64_t frame_take_chunk(uint64_t physical);

/* Whether the chunk of an address is in the partition. */
bool frame_has_chunk(uint64_t physical);

/* Frees a frame of process `p` (NULL: of the instance). It must be p's. */
void frame_free(struct process *p, uint64_t physical);

/*
 * Others than its owner map a private frame, so many times: it is FRAME_GRANTED, or FRAME_EXPORTED
 * once another core does, until it is private again after the last. frame_share() returns false
 * when they are too many.
 */
bool frame_share(uint64_t physical, enum frame_state state);
void frame_unshare(uint64_t physical);
unsigned frame_shares(uint64_t physical);

/* State and owner (slot, or FRAME_OWNER_NONE) of a frame; FRAME_ABSENT when it is not in the
 * partition. */
enum frame_state frame_state(uint64_t physical);
unsigned frame_owner(uint64_t physical);

/* Memory of the machine that is not in this partition. */
bool frame_is_foreign(uint64_t physical);

/* Addresses of devices that a process may be shown: no RAM of the machine's, and nothing that
 * interrupts or time depend on. What boot/ set aside for an IOMMU's tables counts as such. */
bool frame_is_device(uint64_t base, uint64_t end);

/* How many chunks the partition has memory in, and how many of their frames are in a state. */
uint64_t frame_chunks(void);
uint64_t frame_count_of(enum frame_state state);

/* Counts frames by state and by owner (a slot each), and all shares, and checks directory, tables,
 * bitmaps and direct map against each other: returns the number of disagreements. */
unsigned frame_census(uint64_t count[FRAME_STATE_COUNT], uint64_t owned[], uint64_t *shares);

#endif
