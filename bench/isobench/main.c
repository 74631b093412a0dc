/*
 * isobench [FIGURE...]: measures what isolation costs: grants, and devices that are reached through
 * the kernel. Prints a line per figure; without names, of all.
 */
#include "isobench.h"

int main(int argc, char **argv) {
    static const struct bench benches[] = {
        { "safecopy_64", bench_safecopy_64, NULL },
        { "safecopy_64_indirect", bench_safecopy_64_indirect, " depth=7" },
        { "vdevio_1", bench_vdevio_1, NULL },
        { "msi_to_driver", bench_msi_to_driver, NULL },
        { NULL, NULL, NULL },
    };

    return bench_main(benches, argc, argv);
}
