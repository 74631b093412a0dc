#include "line.h"

#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static size_t escape(const uint8_t *from, size_t bytes, uint8_t *out) {
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++) {
        bool end = from[i] == DUMP_LINE_END;
        if (!end && from[i] != DUMP_LINE_ESCAPE) {
            out[used++] = from[i];
            continue;
        }
        out[used++] = DUMP_LINE_ESCAPE;
        out[used++] = end ? DUMP_LINE_ESCAPED_END : DUMP_LINE_ESCAPED_SELF;
    }
    return used;
}

size_t line_packet(enum dump_packet type, uint64_t offset, const void *data, size_t bytes,
                   uint8_t out[LINE_BYTES_MAX]) {
    static uint8_t packet[DUMP_PACKET_MAX];
    const struct dump_header header = { .type = (uint8_t)type, .offset = offset };
    size_t length = sizeof header + bytes;

    memcpy(packet, &header, sizeof header);
    if (bytes > 0)
        memcpy(packet + sizeof header, data, bytes);
    uint32_t checksum = XXH32(packet, length, 0);
    memcpy(packet + length, &checksum, sizeof checksum);
    out[0] = DUMP_LINE_END; /* ends whatever came before, of a writer that was ended */
    size_t used = 1 + escape(packet, length + sizeof checksum, out + 1);
    out[used++] = DUMP_LINE_END;
    return used;
}
