/*
 * The memory of a frame table (frame.h), which whoever builds an instance sets aside for it. It is
 * two-level: a directory of the machine's chunks tells the slots of those that the partition has
 * memory in; a slot leads to the chunk's own table. So its size follows the memory that is owned,
 * wherever that lies, but for four bytes for each 2 MiB of the machine.
 *
 *   struct chunk for each chunk at the start | struct chunk *, the slots | uint32_t, the directory
 */
#ifndef CPU_DRIVER_FRAME_TABLE_H
#define CPU_DRIVER_FRAME_TABLE_H

#include <bulkhead/kcall.h>

#include "ranges.h"

#define FRAMES_PER_CHUNK (CHUNK_BYTES / PAGE_SIZE)

/* Chunks that a partition can grow by, beyond those that it has had from the start. */
#define CHUNKS_SPARE 64

struct chunk {
    uint64_t base;                        /* physical */
    uint64_t free[FRAMES_PER_CHUNK / 64]; /* bit set: the frame is free */
    uint32_t free_count;
    uint32_t slot;
    uint32_t frame[FRAMES_PER_CHUNK]; /* state in the low 4 bits, owner's slot + 1 above */
};

struct frame_table {
    void *memory;         /* virtual; zeroed, frame_table_bytes() of it */
    uint64_t first_chunk; /* of the machine: physical address / CHUNK_BYTES */
    uint64_t span;        /* chunks from there to the machine's last, holes included */
    uint64_t chunks;      /* that the partition has memory in, at the start */
    uint64_t slots;       /* slot 0 is nobody's: the directory's word for chunks elsewhere */
};

/* How large the frame table of a partition is, in a machine with so much memory. */
static inline void frame_table_measure(struct frame_table *table,
                                       const struct range_list *partition,
                                       const struct range_list *machine) {
    uint64_t last = machine->range[machine->count - 1].end - 1;
    table->first_chunk = machine->range[0].base / CHUNK_BYTES;
    table->span = last / CHUNK_BYTES - table->first_chunk + 1;
    table->chunks = ranges_chunks(partition);
    table->slots = 1 + table->chunks + CHUNKS_SPARE;
}

static inline uint64_t frame_table_bytes(const struct frame_table *table) {
    return table->chunks * sizeof(struct chunk) + table->slots * sizeof(struct chunk *) +
           table->span * sizeof(uint32_t);
}

#endif
