/* The mailboxes of core 1. */
#define CORE       1
#define OTHER      0
#define SIDE(name) one_##name

#include "side.inc"
