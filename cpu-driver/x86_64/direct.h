/*
 * The direct map, as it changes with the partition: chunks that come and go have a large page each.
 * Their entries are in tables that all address spaces share, below the PML4, of which each has a
 * copy of its own: so a chunk can be mapped only where the PML4 has an entry already.
 */
#ifndef CPU_DRIVER_X86_64_DIRECT_H
#define CPU_DRIVER_X86_64_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether all address spaces can see a chunk; whether a table is missing for that. */
bool direct_reaches(uint64_t chunk);
bool direct_lacks_table(uint64_t chunk);

/* Puts an empty frame of the partition in the place of the table that is missing. */
void direct_add_table(uint64_t chunk, uint64_t frame);

/* Maps a chunk, for which nothing is missing; unmaps it. */
void direct_map(uint64_t chunk);
void direct_unmap(uint64_t chunk);

/* Whether any of it is mapped. */
bool direct_maps(uint64_t chunk);

#endif
