/*
 * How core files travel from the system to its host over a serial line (servers/dumper,
 * tools/dumps.c; docs/death-reports.md): in packets that say where each part of a file belongs, so
 * that pages of zeros need not travel, and with a checksum each, as whoever writes may be ended at
 * any byte and started again.
 *
 * On the line a packet stands between two DUMP_LINE_END, and bytes in it that look like one of the
 * line's own two are replaced (RFC 1055, SLIP).
 */
#ifndef BULKHEAD_DUMP_H
#define BULKHEAD_DUMP_H

#include <stdint.h>

enum dump_line {
    DUMP_LINE_END = 0xc0,
    DUMP_LINE_ESCAPE = 0xdb,       /* with one of the next two: */
    DUMP_LINE_ESCAPED_END = 0xdc,  /* DUMP_LINE_END */
    DUMP_LINE_ESCAPED_SELF = 0xdd, /* DUMP_LINE_ESCAPE */
};

enum dump_packet {
    DUMP_BEGIN =
        'B', /* data: the file's name, 1 to DUMP_NAME_MAX of [A-Za-z0-9._-], not first a dot */
    DUMP_DATA = 'D',  /* offset: in the file; what no packet brings is zero */
    DUMP_END = 'E',   /* offset: bytes of the file. It is complete */
    DUMP_ABORT = 'A', /* data: why it never will be */
};

#define DUMP_NAME_MAX 80
#define DUMP_DATA_MAX 4096

/* Before the data; after them comes XXH32, seed 0, of both. Little-endian. */
struct dump_header {
    uint8_t type; /* enum dump_packet */
    uint8_t reserved[7];
    uint64_t offset;
};

_Static_assert(sizeof(struct dump_header) == 16, "as it travels");

#define DUMP_PACKET_MAX (sizeof(struct dump_header) + DUMP_DATA_MAX + sizeof(uint32_t))

#endif
