/* The first process of a core: its monitor. */
#ifndef CPU_DRIVER_FIRST_PROCESS_H
#define CPU_DRIVER_FIRST_PROCESS_H

#include <bulkhead/archive.h>

#define FIRST_PROGRAM "monitor"

/*
 * Starts the archive's monitor in slot 0, with all permissions, all free frames as its quota and a
 * view of the archive. Stops the core when it cannot.
 */
void first_process_start(const struct archive *archive, uint32_t frames);

#endif
