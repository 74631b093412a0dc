/* As topology/generate makes it: two packages of two cores, two nodes, a device near the second. */
#ifndef TOPOLOGY_KNOWN_H
#define TOPOLOGY_KNOWN_H

#include <topology/tree.h>

#define TOPOLOGY_KNOWN_NAME    "two of two"
#define TOPOLOGY_KNOWN_CORES   4
#define TOPOLOGY_KNOWN_NODES   2
#define TOPOLOGY_KNOWN_DEVICES 1

static const struct topology_core topology_known_core[] = {
    { { 0, 0, 0 }, 0 },
    { { 0, 0, 1 }, 0 },
    { { 1, 1, 2 }, 1 },
    { { 1, 1, 3 }, 1 },
};

static const uint8_t topology_known_distance[] = { 10, 21, 21, 10 };

struct topology_known_device {
    uint16_t segment;
    uint8_t bus, device, function;
    uint16_t node;
};

static const struct topology_known_device topology_known_device[] = { { 0, 2, 31, 3, 1 } };

#endif
