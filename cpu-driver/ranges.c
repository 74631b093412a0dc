#include "ranges.h"

#include <bulkhead/kcall.h>

#include "string.h"

static uint64_t align_down(uint64_t address, uint64_t align) { return address & ~(align - 1); }

static uint64_t align_up(uint64_t address, uint64_t align) {
    return align_down(address + align - 1, align);
}

static uint64_t clip(uint64_t address) { return address < PHYSICAL_END ? address : PHYSICAL_END; }

static uint64_t range_bytes(const struct range *range) { return range->end - range->base; }

/*
 * Puts `pieces` ranges in the place of those numbered [first, last). When the list gets longer than
 * it can be, which is by one range at most, the smallest range is dropped. Returns its size.
 */
static uint64_t replace(struct range_list *list, uint32_t first, uint32_t last,
                        const struct range *piece, uint32_t pieces) {
    struct range all[BOOT_RANGES_MAX + 1];
    uint32_t after = list->count - last, count = first + pieces + after;
    uint64_t dropped = 0;

    memcpy(all, list->range, first * sizeof *all);
    memcpy(all + first, piece, pieces * sizeof *all);
    memcpy(all + first + pieces, list->range + last, after * sizeof *all);
    if (count > BOOT_RANGES_MAX) {
        uint32_t smallest = 0;
        for (uint32_t i = 1; i < count; i++)
            if (range_bytes(&all[i]) < range_bytes(&all[smallest]))
                smallest = i;
        dropped = range_bytes(&all[smallest]);
        count--;
        memmove(all + smallest, all + smallest + 1, (count - smallest) * sizeof *all);
    }
    memcpy(list->range, all, count * sizeof *all);
    list->count = count;
    return dropped;
}

uint64_t ranges_add(struct range_list *list, uint64_t base, uint64_t end) {
    uint32_t first = 0, last;

    base = align_up(clip(base), PAGE_SIZE);
    end = align_down(clip(end), PAGE_SIZE);
    if (base >= end)
        return 0;
    while (first < list->count && list->range[first].end < base)
        first++;
    for (last = first; last < list->count && list->range[last].base <= end; last++) {
        if (list->range[last].base < base)
            base = list->range[last].base;
        if (list->range[last].end > end)
            end = list->range[last].end;
    }
    return replace(list, first, last, &(struct range){ base, end }, 1);
}

uint64_t ranges_remove(struct range_list *list, uint64_t base, uint64_t end) {
    uint32_t first = 0, last, pieces = 0;
    struct range piece[2];

    if (base >= end)
        return 0;
    base = align_down(clip(base), PAGE_SIZE);
    end = align_up(clip(end), PAGE_SIZE);
    while (first < list->count && list->range[first].end <= base)
        first++;
    for (last = first; last < list->count && list->range[last].base < end; last++)
        ;
    if (first == last)
        return 0;
    if (list->range[first].base < base)
        piece[pieces++] = (struct range){ list->range[first].base, base };
    if (list->range[last - 1].end > end)
        piece[pieces++] = (struct range){ end, list->range[last - 1].end };
    return replace(list, first, last, piece, pieces);
}

uint64_t ranges_bytes(const struct range_list *list) {
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < list->count; i++)
        bytes += range_bytes(&list->range[i]);
    return bytes;
}

uint64_t ranges_bytes_within(const struct range_list *list, uint64_t base, uint64_t end) {
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct range *range = &list->range[i];
        uint64_t from = range->base > base ? range->base : base;
        uint64_t to = range->end < end ? range->end : end;
        bytes += from < to ? to - from : 0;
    }
    return bytes;
}

uint64_t ranges_chunks(const struct range_list *list) {
    uint64_t chunks = 0, next = 0; /* the first chunk that has not been counted */

    for (uint32_t i = 0; i < list->count; i++) {
        uint64_t from = list->range[i].base / CHUNK_BYTES;
        uint64_t to = (list->range[i].end - 1) / CHUNK_BYTES + 1;
        from = from > next ? from : next;
        chunks += from < to ? to - from : 0;
        next = to;
    }
    return chunks;
}

bool ranges_contain(const struct range_list *list, uint64_t base, uint64_t end) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->range[i].base <= base && base < end && end <= list->range[i].end)
            return true;
    return false;
}

bool ranges_overlap(const struct range_list *list, uint64_t base, uint64_t end) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->range[i].base < end && base < end && base < list->range[i].end)
            return true;
    return false;
}

uint64_t ranges_find(const struct range_list *list, const struct range_list *avoid, uint64_t bytes,
                     uint64_t align) {
    for (uint32_t i = 0; i < list->count; i++) {
        const struct range *range = &list->range[i];
        uint64_t at = align_up(range->base, align);

        /* `avoid` is sorted, so what has been stepped over stays behind. */
        for (uint32_t j = 0; j < avoid->count; j++)
            if (avoid->range[j].end > at &&
                (avoid->range[j].base <= at || avoid->range[j].base - at < bytes))
                at = align_up(avoid->range[j].end, align);
        if (at < range->end && bytes <= range->end - at)
            return at;
    }
    return RANGES_NONE;
}
