/* The figures of isobench. */
#ifndef ISOBENCH_ISOBENCH_H
#define ISOBENCH_ISOBENCH_H

#include "bench.h"

/* safecopy.c */
bench_fn bench_safecopy_64, bench_safecopy_64_indirect;
bench_fn bench_vdevio_1, bench_msi_to_driver;

#endif
