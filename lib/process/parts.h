/*
 * Inside the library: the steps that process_spawn() and process_clone() share.
 */
#ifndef LIB_PROCESS_PARTS_H
#define LIB_PROCESS_PARTS_H

#include <runtime/process.h>

/*
 * Maps `bytes` bytes at `address` in a child, copies `filled` bytes from `content` to `offset`
 * there, and gives the memory its protection. `address` and `bytes` are multiples of PAGE_SIZE.
 */
int process_fill(endpoint_t child, uint64_t address, uint64_t bytes, uint64_t offset,
                 const void *content, size_t filled, unsigned protection);

/* Maps the stack of a process. */
int process_map_stack(endpoint_t child, uint64_t bytes);

/*
 * Writes the startup page of a process from *page and args[0 .. page->args_bytes), with the right
 * version and `self`.
 */
int process_map_startup(endpoint_t child, const struct startup *page, const char *args);

#endif
