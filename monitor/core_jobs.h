/*
 * What takes several steps with pauses between them: to start a core, and to fence one. One at a
 * time; fences come first, as others wait for them.
 */
#ifndef MONITOR_CORE_JOBS_H
#define MONITOR_CORE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "launch.h"
#include "membership.h"

/* Starts these one after the other, then calls cores_boot_done(). */
void job_boot(core_set_t cores);

/* Starts a core. -E_BUSY: that is to be done already. */
int job_start(uint32_t core);

/* Stops a core whatever it does, and then calls cores_fenced(). */
void job_fence(uint32_t core);

/*
 * Whether a core is to be started from here; its instance has been built, so that what is heard of
 * it is from there, and as which incarnation; it is being fenced.
 */
bool job_awaits(uint32_t core);
bool job_has_built(uint32_t core);
uint16_t job_incarnation(void);
bool job_fences(uint32_t core);

/* All have agreed that the core that is to be started now is started from here, or not. */
void job_agreed(int result);

/* News: a core has become a member; a core's instance has said that it stopped. */
void job_started(uint32_t core);
void job_has_stopped(uint32_t core);

/* For cores_listen(). */
void job_cores_gone(core_set_t gone);

/* In cores.c: what comes of them. */
uint16_t cores_next_incarnation(uint32_t core);
void cores_expect(uint32_t core, uint16_t incarnation);
void cores_start_failed(uint32_t core);
void cores_fenced(uint32_t core, bool acknowledged);
void cores_boot_done(void);

#endif
