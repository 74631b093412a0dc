/*
 * Memory for the allocator, by whole pages: what mallocng asks of mmap() and its kin. Lengths are
 * in bytes and are rounded up to pages. No errno is set.
 */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* New zeroed memory, or NULL. */
void *heap_map(size_t bytes);

/* Addresses for memory that heap_commit() maps later, or NULL. */
void *heap_reserve(size_t bytes);

/* Maps a part of what heap_reserve() gave. false: no memory. */
bool heap_commit(void *address, size_t bytes);

/* Gives back what heap_map() gave. */
void heap_unmap(void *address, size_t bytes);

/* Makes a mapping longer or shorter where it lies. false: it is as it was. */
bool heap_resize(void *address, size_t old_bytes, size_t new_bytes);

/* The allocator has found its own records overwritten: says so and ends the program. */
_Noreturn void heap_corrupted(void);

#endif
