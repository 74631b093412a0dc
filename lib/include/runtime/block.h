/*
 * A block device (protocol/block.h), whichever driver it has now. A driver that dies meanwhile is
 * waited for, and what it has not answered is asked of its successor: requests of block devices may
 * be done twice (thesis 4.3.1). The caller does not notice, but by the time it takes.
 *
 *     struct disk disk;
 *     int error = disk_open(&disk, "ramdisk");
 *     if (!error)
 *         error = disk_write(&disk, 0, buffer, sizeof buffer);
 *
 * Buffers lie anywhere; places and lengths are whole blocks. The functions wait, and need what
 * <runtime/component.h> needs, and the driver among the policy's targets. They return 0 or a
 * negated error: those of the protocol; -E_PEERDEAD: there will be no driver any more; -E_PROTOCOL
 * the driver answers nonsense: whom the policy lets may complain of it (protocol/manager.h);
 * -E_NOMEM, -E_NOSLOT there is no grant left.
 *
 * -E_IO also when a successor has other content than this device had: what was written is lost. The
 * device is of no use then until it is opened again.
 */
#ifndef RUNTIME_BLOCK_H
#define RUNTIME_BLOCK_H

#include <stddef.h>

#include <bulkhead/protocol/block.h>
#include <runtime/component.h>

struct disk {
    struct component component;
    struct block_status status;
    uint64_t replays; /* requests that were sent again, ever */
    bool lost;        /* its content is another's */
};

/* Finds the driver of this label and asks what it has. -E_NOENT: there is none. */
int disk_open(struct disk *disk, const char *label);

/*
 * Any number of whole blocks from `first` on, in requests of as much as the driver takes at once;
 * on an error some of them may have been written.
 */
int disk_read(struct disk *disk, uint64_t first, void *buffer, size_t bytes);
int disk_write(struct disk *disk, uint64_t first, const void *buffer, size_t bytes);

/* A part of a buffer, of any length but 0. */
struct block_buffer {
    void *memory;
    size_t bytes;
};

/*
 * The same from or to up to BLOCK_VECTOR_MAX pieces in order, together whole blocks and one
 * request: at most status.bytes_max. Of disk_write_vector() they are only read.
 */
int disk_read_vector(struct disk *disk, uint64_t first, const struct block_buffer *buffers,
                     size_t count);
int disk_write_vector(struct disk *disk, uint64_t first, const struct block_buffer *buffers,
                      size_t count);

/* Returns when what was written is where it outlasts a reset, as far as the device can. */
int disk_flush(struct disk *disk);

#endif
