/*
 * Addresses of the heap's mappings: which parts of a range are free. Pure: it maps nothing.
 *
 * Free parts lie between mappings, so there are at most one more of them than mappings. As
 * extents_take() keeps a record free for the mapping it makes, extents_give() never lacks one.
 */
#ifndef LIB_EXTENT_H
#define LIB_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extent {
    uint64_t begin, end; /* [begin, end) */
};

struct extents {
    struct extent *free; /* by address, disjoint, non-adjacent, non-empty */
    size_t count;
    size_t capacity; /* records at `free` */
    size_t taken;    /* mappings: successful extents_take() less extents_give() */
};

/* Starts with [begin, end) free. `records` stays the set's; capacity is at least 1. */
void extents_init(struct extents *set, struct extent *records, size_t capacity, uint64_t begin,
                  uint64_t end);

/* Whether extents_take() needs a larger capacity first. */
bool extents_full(const struct extents *set);

/* Takes the lowest free `bytes` bytes; the set is not full. false: there are none. */
bool extents_take(struct extents *set, uint64_t bytes, uint64_t *begin);

/* Makes a mapping longer: takes `bytes` bytes from `begin`, its end. false: they are not free. */
bool extents_extend(struct extents *set, uint64_t begin, uint64_t bytes);

/* Gives back the upper part of a mapping, of which the rest stays. */
void extents_trim(struct extents *set, uint64_t begin, uint64_t bytes);

/* Gives back a mapping. */
void extents_give(struct extents *set, uint64_t begin, uint64_t bytes);

#endif
