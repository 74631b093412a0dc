/* The invariants of an instance, verified on demand (SYSCTL_CHECK). */
#ifndef CPU_DRIVER_CHECK_H
#define CPU_DRIVER_CHECK_H

/* Returns the number of violations, the first of which are described in the log. Takes time: for
 * tests. */
unsigned check_invariants(void);

#endif
