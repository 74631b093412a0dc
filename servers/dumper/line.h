/* Packets (<bulkhead/dump.h>) as bytes on a line. Pure. */
#ifndef DUMPER_LINE_H
#define DUMPER_LINE_H

#include <stddef.h>

#include <bulkhead/dump.h>

/* The most bytes that a packet is on the line. */
#define LINE_BYTES_MAX (2 * DUMP_PACKET_MAX + 2)

/* Writes a packet with `bytes` of data, at most DUMP_DATA_MAX. Returns its bytes on the line. */
size_t line_packet(enum dump_packet type, uint64_t offset, const void *data, size_t bytes,
                   uint8_t out[LINE_BYTES_MAX]);

#endif
