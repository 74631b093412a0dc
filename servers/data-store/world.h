/* What a pair does to the world (pair.h): through the monitor, channels and shared memory. */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include "pair.h"

/* `argv` is that of the program; what it starts on other cores has the same. */
void world_init(int argc, char **argv);

extern const struct pair_world world;

#endif
