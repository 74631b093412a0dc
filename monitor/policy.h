/*
 * The policies of the system: what each program may do (thesis 2.3.1), read at start from the files
 * of the boot archive whose names end in `.conf`. A program without a policy is not started.
 */
#ifndef MONITOR_POLICY_H
#define MONITOR_POLICY_H

#include <runtime/policy.h>

/*
 * Reads the files, `drivers.conf` first, then the others by name. Drivers with errors are refused,
 * and the log of core 0 says why. If that leaves no console or no shell, the monitor's own policy
 * for it takes the place of what was refused, so that the machine can be looked at.
 */
void policies_open(void);

extern struct policy_set policies;

/* The policy of a program. NULL: it may not run. */
static inline const struct policy *policy_find(const char *program) {
    return policy_set_find(&policies, program);
}

#endif
