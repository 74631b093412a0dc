/* The figures of isobench. */
#ifndef ISOBENCH_ISOBENCH_H
#define ISOBENCH_ISOBENCH_H

#include "bench.h"

#endif
