/*
 * ipcbench [FIGURE...] [prompt=STAMP]: measures kernel calls, IPC and processes. Prints a line per
 * figure; without names, of all. The shell says in `prompt=` what the time-stamp counter was at its
 * first prompt.
 */
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>

#include "bench.h"

static uint64_t prompt; /* 0: not known */

static int bench_boot_to_prompt(struct figure *figure) {
    struct core_info core = { 0 };
    int error = getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);

    if (!error && prompt > core.tsc_start)
        figure_add(figure, prompt - core.tsc_start);
    return error;
}

int main(int argc, char **argv) {
    static const struct bench benches[] = {
        { "boot_to_prompt", bench_boot_to_prompt, NULL },
        { "kcall_null", bench_kcall_null, NULL },
        { "sendrec_0", bench_sendrec_0, NULL },
        { "sendrec_6", bench_sendrec_6, NULL },
        { "sendrec_slow", bench_sendrec_slow, NULL },
        { "asend", bench_asend, NULL },
        { "notify", bench_notify, NULL },
        { "irq_to_driver", bench_irq_to_driver, NULL },
        { "spawn_exit", bench_spawn_exit, NULL },
        { NULL, NULL, NULL },
    };

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "prompt=", 7) == 0)
            prompt = strtoull(argv[i] + 7, NULL, 10);
    return bench_main(benches, argc, argv);
}
