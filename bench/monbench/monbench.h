/* What the parts of monbench share. */
#ifndef MONBENCH_H
#define MONBENCH_H

#include <bulkhead/protocol/monitor.h>

#include "figure.h"

extern struct machine {
    uint32_t cores, members;
    char name[64]; /* as hwloc's synthetic descriptions */
    struct monitor_tree_core core[CORES_MAX];
} machine;

/* What one of them took. */
struct sample {
    uint64_t time;
    uint32_t messages, rounds;
};

/* unmap.c: a page shared with a process of every other core is taken back from all at once. */
int unmap_all(enum monitor_tree tree, struct sample *sample);

/* That process; and the end of all of them. */
int partner_serve(void);
void partners_end(void);

#endif
