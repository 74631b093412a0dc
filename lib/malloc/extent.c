#include "extent.h"

#include <assert.h>
#include <string.h>

void extents_init(struct extents *set, struct extent *records, size_t capacity, uint64_t begin,
                  uint64_t end) {
    *set = (struct extents){ .free = records, .count = 1, .capacity = capacity };
    records[0] = (struct extent){ begin, end };
}

bool extents_full(const struct extents *set) { return set->taken + 2 > set->capacity; }

static void remove_record(struct extents *set, size_t i) {
    set->count--;
    memmove(&set->free[i], &set->free[i + 1], (set->count - i) * sizeof set->free[0]);
}

/* Takes `bytes` bytes from the lower end of a free part. */
static void take_from(struct extents *set, size_t i, uint64_t bytes) {
    set->free[i].begin += bytes;
    if (set->free[i].begin == set->free[i].end)
        remove_record(set, i);
}

bool extents_take(struct extents *set, uint64_t bytes, uint64_t *begin) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->free[i].end - set->free[i].begin < bytes)
            continue;
        *begin = set->free[i].begin;
        take_from(set, i, bytes);
        set->taken++;
        return true;
    }
    return false;
}

/* The number of the first free part that does not lie below `address`. */
static size_t find(const struct extents *set, uint64_t address) {
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->free[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool extents_extend(struct extents *set, uint64_t begin, uint64_t bytes) {
    size_t i = find(set, begin);
    if (i == set->count || set->free[i].begin != begin || set->free[i].end - begin < bytes)
        return false;
    take_from(set, i, bytes);
    return true;
}

void extents_trim(struct extents *set, uint64_t begin, uint64_t bytes) {
    uint64_t end = begin + bytes;
    size_t i = find(set, begin);
    bool joins_below = i > 0 && set->free[i - 1].end == begin;
    bool joins_above = i < set->count && set->free[i].begin == end;

    if (joins_below && joins_above) {
        set->free[i - 1].end = set->free[i].end;
        remove_record(set, i);
    } else if (joins_below) {
        set->free[i - 1].end = end;
    } else if (joins_above) {
        set->free[i].begin = begin;
    } else {
        assert(set->count < set->capacity);
        memmove(&set->free[i + 1], &set->free[i], (set->count - i) * sizeof set->free[0]);
        set->free[i] = (struct extent){ begin, end };
        set->count++;
    }
}

void extents_give(struct extents *set, uint64_t begin, uint64_t bytes) {
    extents_trim(set, begin, bytes);
    set->taken--;
}
