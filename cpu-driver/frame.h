/*
 * Frames: every physical frame of the partition has one state and, where a process pays for it, one
 * owner. The frame table has a 32-bit word per frame: state in the low 4 bits, owner's slot + 1
 * above (0: the instance). A bitmap per 2 MiB chunk finds free ones: the unit in which partitions
 * change size.
 */
#ifndef CPU_DRIVER_FRAME_H
#define CPU_DRIVER_FRAME_H

#include <bulkhead/info.h>

#include "instance.h"

struct process;

#define FRAMES_PER_CHUNK 512
#define FRAME_OWNER_NONE 0xffffU

/*
 * Takes over the partition: its usable RAM is free but for the instance's own block, the rest
 * absent. Puts its bitmaps into frames of the partition. Returns the number of free frames, or
 * -E_NOMEM.
 */
int64_t frame_init(struct instance_info *info);

/*
 * Allocates one zeroed frame, at the expense of process `p` (NULL: of the instance). Returns its
 * physical address, or 0 when the quota or the partition is used up.
 */
uint64_t frame_alloc(struct process *p, enum frame_state state);

/*
 * Allocates `count` frames, 1 to FRAMES_PER_CHUNK, that follow each other, at the expense of `p`.
 * They are not zeroed. Returns the first one's physical address, or 0 as above.
 */
uint64_t frame_alloc_run(struct process *p, enum frame_state state, uint64_t count);

/* Frees a frame of process `p` (NULL: of the instance). It must be p's. */
void frame_free(struct process *p, uint64_t physical);

/* State and owner (slot, or FRAME_OWNER_NONE) of a frame; FRAME_ABSENT when it is not in the
 * partition. */
enum frame_state frame_state(uint64_t physical);
unsigned frame_owner(uint64_t physical);

/* How many frames are in a state; ABSENT counts the holes. */
uint64_t frame_count_of(enum frame_state state);

/* Counts frames by state and by owner (a slot each), and checks table against bitmaps: returns the
 * number of disagreements. */
unsigned frame_census(uint64_t count[FRAME_STATE_COUNT], uint64_t owned[]);

#endif
