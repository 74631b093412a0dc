#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <bulkhead/error.h>

struct fake_core fake[FEED_CORES];
size_t fake_cores;
char *text;
size_t text_bytes;
unsigned failing_write;

static FILE *out;
static unsigned writes;

endpoint_t process(unsigned core, unsigned slot) {
    return endpoint_make(1, 1, (uint16_t)core, (uint16_t)slot);
}

void record(unsigned core, uint64_t tsc, enum trace_type type, endpoint_t process, endpoint_t peer,
            uint64_t value) {
    struct fake_core *at = &fake[core];

    cr_assert_lt(at->count, FEED_EVENTS);
    at->event[at->count++] = (struct trace_event){
        .tsc = tsc, .type = type, .process = process, .peer = peer, .value = value
    };
    if (fake_cores <= core)
        fake_cores = core + 1;
}

static int events(void *context, uint32_t core, struct trace_event *events, size_t capacity,
                  uint64_t *from, size_t *count) {
    struct fake_core *at = &fake[core];
    uint64_t first = *from > at->oldest ? *from : at->oldest;

    cr_assert(context == fake && core < fake_cores && capacity > 0);
    if (at->dies_at != 0 && first >= at->dies_at)
        return -E_PEERDEAD;
    if (at->lost_at != 0 && first >= at->lost_at) {
        at->oldest = first += 10;
        at->lost_at = 0;
    }
    *from = first;
    *count = first < at->count ? at->count - first : 0;
    if (*count > capacity)
        *count = capacity;
    if (at->piece != 0 && *count > at->piece)
        *count = at->piece;
    memcpy(events, at->event + first, *count * sizeof *events);
    return 0;
}

/* Every seventh process has no name, every eleventh a bad one. */
static void label(void *context, endpoint_t process, char label[LABEL_MAX + 1]) {
    unsigned slot = endpoint_slot(process);

    (void)context;
    if (slot % 7 == 6)
        label[0] = '\0';
    else if (slot % 11 == 10)
        snprintf(label, LABEL_MAX + 1, "\"quote\\ \x01\xff");
    else
        snprintf(label, LABEL_MAX + 1, "p%u", slot);
}

static int write_piece(void *context, const char *piece, size_t bytes) {
    (void)context;
    if (++writes == failing_write)
        return -E_IO;
    cr_assert(failing_write == 0 || writes < failing_write, "a write after one that failed");
    cr_assert_eq(fwrite(piece, 1, bytes, out), bytes);
    return 0;
}

int write_text(void) {
    static const struct timeline_feed feed = { fake, events, label, write_piece };
    struct timeline_core cores[FEED_CORES];

    for (size_t i = 0; i < fake_cores; i++)
        cores[i] = (struct timeline_core){ .number = (uint32_t)i, .tsc_offset = fake[i].offset };
    free(text);
    writes = 0;
    out = open_memstream(&text, &text_bytes);
    int error = timeline_write(&feed, cores, fake_cores, 1000000000);
    fclose(out);
    return error;
}

unsigned occurrences(const char *string) {
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, string)) != NULL; at++)
        count++;
    return count;
}
