/* Whether the system sends as many messages, in as many rounds, as the simulation does. */
#ifndef TOPOLOGY_SIM_VALIDATE_H
#define TOPOLOGY_SIM_VALIDATE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Plays again what each line `BENCH name=multicast ... cores= tree= messages= rounds= machine=` of
 * a system's output says, and writes the Test Anything Protocol: both numbers are to be equal, not
 * near. Lines of other names, and the simulation's own, are passed over. If the machine has more
 * cores than `cores`, the first are members; the root is core 0, or `root=`. Returns whether all
 * agree, and there are any.
 */
bool validate(FILE *in, FILE *out);

#endif
