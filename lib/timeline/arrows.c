#include "arrows.h"

#include <stdbool.h>
#include <string.h>

const char *arrow_text(enum arrow_kind kind) {
    static const char *const text[] = {
#define X(name, text) text,
        ARROW_KINDS(X)
#undef X
    };
    return text[kind];
}

static struct arrow *set_of(struct arrows *arrows, const struct arrow_ends *ends) {
    const uint64_t odd = 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio (Knuth, TAOCP 3) */
    uint64_t hash = ends->kind;

    hash = (hash ^ ends->from) * odd;
    hash = (hash ^ hash >> 32 ^ ends->to) * odd;
    hash = (hash ^ hash >> 32 ^ ends->value) * odd;
    return arrows->table[(hash >> 32) % (TIMELINE_ARROWS / ARROW_WAYS)];
}

static bool same(const struct arrow_ends *a, const struct arrow_ends *b) {
    return a->kind == b->kind && a->from == b->from && a->to == b->to && a->value == b->value;
}

static struct arrow *find(struct arrow *set, const struct arrow_ends *ends) {
    for (struct arrow *arrow = set; arrow < set + ARROW_WAYS; arrow++)
        if (arrow->id != 0 && same(&arrow->ends, ends))
            return arrow;
    return NULL;
}

/* A free entry has the lowest identifier, else the oldest has. */
static struct arrow *oldest(struct arrow *set) {
    struct arrow *found = set;

    for (struct arrow *arrow = set + 1; arrow < set + ARROW_WAYS; arrow++)
        if (arrow->id < found->id)
            found = arrow;
    return found;
}

static bool merges(enum arrow_kind kind) {
    return kind == ARROW_NOTIFY || kind == ARROW_INTERRUPT || kind == ARROW_BELL;
}

uint32_t arrow_begin(struct arrows *arrows, const struct arrow_ends *ends) {
    struct arrow *set = set_of(arrows, ends), *arrow = find(set, ends);

    if (arrow != NULL && merges(ends->kind))
        return 0;
    if (arrow == NULL)
        arrow = oldest(set);
    *arrow = (struct arrow){ .ends = *ends, .id = ++arrows->last };
    return arrow->id;
}

uint32_t arrow_end(struct arrows *arrows, const struct arrow_ends *ends) {
    struct arrow *arrow = find(set_of(arrows, ends), ends);

    if (arrow == NULL)
        return 0;
    uint32_t id = arrow->id;
    arrow->id = 0;
    return id;
}

void arrows_forget(struct arrows *arrows) { memset(arrows->table, 0, sizeof arrows->table); }
