#include "heap.h"

#include <stdlib.h>

#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/process.h>

#include "extent.h"

/*
 * The heap's addresses. Records of its free parts lie at its lower end, mapped page by page as they
 * become more, so that they share page tables with the first allocations.
 */
#define HEAP_BASE     PROCESS_IMAGE_END
#define HEAP_END      (HEAP_BASE + (UINT64_C(1) << 40))
#define RECORDS_BYTES (UINT64_C(1) << 20)

static struct extents addresses;

static uint64_t round_up(size_t bytes) { return (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); }

static bool map(uint64_t address, uint64_t bytes) {
    return mem_map(ENDPOINT_SELF, address, bytes, PROT_READ | PROT_WRITE) == 0;
}

/* Makes sure that addresses can be taken. */
static bool have_record(void) {
    if (addresses.capacity > 0 && !extents_full(&addresses))
        return true;

    uint64_t used = addresses.capacity * sizeof(struct extent);
    if (used == RECORDS_BYTES || !map(HEAP_BASE + used, PAGE_SIZE))
        return false;
    size_t more = PAGE_SIZE / sizeof(struct extent);
    if (addresses.capacity == 0)
        extents_init(&addresses, (struct extent *)HEAP_BASE, more, HEAP_BASE + RECORDS_BYTES,
                     HEAP_END);
    else
        addresses.capacity += more;
    return true;
}

void *heap_reserve(size_t bytes) {
    uint64_t address;
    return have_record() && extents_take(&addresses, round_up(bytes), &address) ? (void *)address
                                                                                : NULL;
}

bool heap_commit(void *address, size_t bytes) { return map((uint64_t)address, round_up(bytes)); }

void *heap_map(size_t bytes) {
    void *address = heap_reserve(bytes);
    if (address && !heap_commit(address, bytes)) {
        extents_give(&addresses, (uint64_t)address, round_up(bytes));
        return NULL;
    }
    return address;
}

/* The library's own pages are mapped, so that unmapping them cannot fail. */
static void unmap(uint64_t address, uint64_t bytes) {
    if (mem_unmap(ENDPOINT_SELF, address, bytes) != 0)
        heap_corrupted();
}

void heap_unmap(void *address, size_t bytes) {
    unmap((uint64_t)address, round_up(bytes));
    extents_give(&addresses, (uint64_t)address, round_up(bytes));
}

bool heap_resize(void *address, size_t old_bytes, size_t new_bytes) {
    uint64_t begin = (uint64_t)address, old = round_up(old_bytes), new = round_up(new_bytes);

    if (new < old) {
        unmap(begin + new, old - new);
        extents_trim(&addresses, begin + new, old - new);
    } else if (new > old) {
        if (!extents_extend(&addresses, begin + old, new - old))
            return false;
        if (!map(begin + old, new - old)) {
            extents_trim(&addresses, begin + old, new - old);
            return false;
        }
    }
    return true;
}

_Noreturn void heap_corrupted(void) {
    static const char text[] = "heap corruption detected\n";
    console_write(text, sizeof text - 1);
    abort();
}
