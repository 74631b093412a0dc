/* What the user gave. */
#ifndef TOPOLOGY_GENERATE_INPUT_H
#define TOPOLOGY_GENERATE_INPUT_H

#include <hwloc.h>

#include "generate.h"

/* The machine as hwloc has it. What is wrong with the input ends the program. */
hwloc_topology_t input_load(const char *input);

#endif
