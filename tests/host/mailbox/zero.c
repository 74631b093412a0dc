/* The mailboxes of core 0. */
#define CORE       0
#define OTHER      1
#define SIDE(name) zero_##name

#include "side.inc"
