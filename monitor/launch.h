/*
 * Starting and stopping other cores, as far as it is a matter of memory and interrupts. Who may do
 * so to which core, and that one at a time does, is for the callers to know.
 */
#ifndef MONITOR_LAUNCH_H
#define MONITOR_LAUNCH_H

#include <stdint.h>

#include "machine.h"

/* What core 0 does before it starts the first: the system block, and what pairs of cores share. */
int launch_init(void);

/*
 * Builds an instance in the partition of a core that is stopped, and has the ticket ready for it.
 * Errors: those of instance_build(), CORE_MAP and program_find().
 */
int launch_build(uint32_t core, uint32_t incarnation);

/* The interrupts that make it run: INIT, and 10 ms later STARTUP, 200 us later again. */
int launch_reset(uint32_t core);
int launch_startup(uint32_t core);

/* From now on, this core may not start: should it come, it rests, and says so. */
void launch_revoke(uint32_t core);

/*
 * A core that was sent INIT and STARTUP after launch_revoke() rests: true. It executes nothing of
 * its partition any more. If two cores are fenced at once, one of them may have to be again.
 */
bool launch_rests(uint32_t core);

/* Forgets who rested before. */
void launch_forget_rest(void);

/*
 * The last of the log of a core that has stopped: up to `bytes` of it in `text`, zero-terminated.
 * The memory read may hold anything. Errors: those of CORE_MAP, -E_NOENT it was never started.
 */
int launch_read_log(uint32_t core, char *text, size_t bytes);

#endif
