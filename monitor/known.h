/*
 * What the build was told about the machine (`make TOPOLOGY=...`, topology/known.h), beside what
 * the machine says of itself, which counts.
 */
#ifndef MONITOR_KNOWN_H
#define MONITOR_KNOWN_H

#include <topology/topology.h>

/* Logs where they differ; nothing if the build was told nothing. */
void known_compare(const struct topology *machine);

/*
 * The NUMA node near which a PCI device is, by bus << 8 | device << 3 | function. -E_NOENT: the
 * build was not told, or of another machine.
 */
int known_node_of_device(const struct topology *machine, uint64_t device, uint64_t *node);

#endif
