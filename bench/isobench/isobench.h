/* The figures of isobench. */
#ifndef ISOBENCH_ISOBENCH_H
#define ISOBENCH_ISOBENCH_H

#include "bench.h"

/* safecopy.c */
bench_fn bench_safecopy_64, bench_safecopy_64_indirect;

#endif
