/*
 * Values of arguments: mostly plausible, since what is refused at the first check tests little.
 * Live and stale endpoints, mapped and unmapped pages, ranges across page ends.
 */
#ifndef TESTS_GUEST_FUZZ_VALUES_H
#define TESTS_GUEST_FUZZ_VALUES_H

#include "fuzz.h"

/* Where a caller maps and unmaps; behind it, where it mostly maps what others have, and where what
 * it maps stays. */
#define WINDOW       0x0000400000000000UL
#define WINDOW_PAGES 24
#define SHARED       (WINDOW + WINDOW_PAGES * PAGE_SIZE)
#define SHARED_PAGES 6
#define DMA          (SHARED + SHARED_PAGES * PAGE_SIZE)
#define DMA_PAGES    8
#define ALL_PAGES    (WINDOW_PAGES + SHARED_PAGES + DMA_PAGES)

/* Before all that is its buffer: what is written behind that harms nothing that it needs. */
#define BUFFER_BYTES (2 * PAGE_SIZE)
#define BUFFER       (WINDOW - BUFFER_BYTES)

extern uint64_t values_state; /* of the random numbers */
extern uint8_t *const buffer;

uint64_t below(uint64_t limit);

/* Once in n times. */
static inline bool one_in(uint64_t n) { return below(n) == 0; }

/* A number that somebody may have forgotten to think of. */
uint64_t odd_number(void);

/* One of the children that it has had, and a new one to remember. */
endpoint_t some_child(void);
void remember_child(endpoint_t child);
void child_is_gone(endpoint_t child);

/* A caller, itself included. */
endpoint_t some_caller(void);

endpoint_t some_endpoint(void);

/* Memory to be read or written by the kernel. */
uint64_t some_address(void);
uint64_t some_size(void);

/* A page of the window. */
uint64_t some_page(void);

/* `pages` at most, seldom anything else. */
uint64_t some_pages_bytes(uint64_t pages);

/* Plausible arguments of each kernel call that has any; NULL for others. */
typedef void arguments_of_call(uint64_t arg[MESSAGE_ARGS]);
extern arguments_of_call *const arguments[KCALL_COUNT];

arguments_of_call vdevio_args, irqctl_args, memmap_args, mapdma_args, privctl_args; /* devices.c */
arguments_of_call setgrant_args, safecopy_args, safemap_args, saferevoke_args;      /* grants.c */

#endif
