/* A machine as QEMU's arguments. */
#include "generate.h"

#define CHUNK_MIB 2U /* what partitions of memory are made of */

/* How many of a level are in each of the level above; in QEMU the same everywhere. */
struct shape {
    uint32_t sockets, dies, cores, threads;
};

/* How many cores are with core 0, which is one of them. */
static uint32_t cores_of(const struct topology *t, unsigned level) {
    uint32_t count = 1;

    for (uint32_t i = 1; i < t->cores; i++)
        count += t->core[i].group[level] == t->core[0].group[level];
    return count;
}

/* Of core 0, for all: they are compared with it. */
static struct shape shape_of(const struct machine *m) {
    const struct topology *t = &m->topology;
    uint32_t of[LEVELS];

    for (unsigned level = 0; level < LEVELS; level++)
        of[level] = cores_of(t, level);
    for (uint32_t i = 0; i < t->cores; i++)
        for (unsigned level = 0; level < LEVELS; level++)
            if (t->core[i].group[level] != i / of[level])
                fail(2,
                     "%s: QEMU cannot have this machine: core %u is not in the place of a machine "
                     "whose packages, caches and physical cores are all like those of core 0",
                     m->name, i);
    if (t->cores % of[LEVEL_PACKAGE] || of[LEVEL_PACKAGE] % of[LEVEL_CACHE] ||
        of[LEVEL_CACHE] % of[LEVEL_PHYSICAL])
        fail(2, "%s: QEMU cannot have this machine: its last package has fewer cores", m->name);
    return (struct shape){ .sockets = m->groups[LEVEL_PACKAGE],
                           .dies = of[LEVEL_PACKAGE] / of[LEVEL_CACHE],
                           .cores = of[LEVEL_CACHE] / of[LEVEL_PHYSICAL],
                           .threads = of[LEVEL_PHYSICAL] };
}

/* ,cpus=FIRST-LAST for each run of cores of a node. */
static void write_cpus(FILE *out, const struct topology *t, uint32_t node) {
    for (uint32_t first = 0, last; first < t->cores; first = last + 1) {
        last = first;
        if (t->core[first].node != node)
            continue;
        while (last + 1 < t->cores && t->core[last + 1].node == node)
            last++;
        (void)fprintf(out, first == last ? ",cpus=%u" : ",cpus=%u-%u", first, last);
    }
}

static void write_node(FILE *out, const struct topology *t, uint32_t node, uint64_t mib) {
    (void)fprintf(out, "-object\nmemory-backend-ram,id=node%u,size=%lluM\n", node,
                  (unsigned long long)mib);
    (void)fprintf(out, "-numa\nnode,nodeid=%u,memdev=node%u", node, node);
    write_cpus(out, t, node);
    (void)fputc('\n', out);
}

void write_qemu(FILE *out, const struct machine *m, uint64_t mib) {
    const struct topology *t = &m->topology;
    struct shape shape = shape_of(m);
    uint64_t each = mib / t->nodes / CHUNK_MIB * CHUNK_MIB;

    (void)fprintf(out, "-smp\n%u,sockets=%u,dies=%u,cores=%u,threads=%u\n", t->cores, shape.sockets,
                  shape.dies, shape.cores, shape.threads);
    if (t->nodes == 1)
        return;
    if (each == 0)
        fail(2, "%s: %llu MiB are too few for %u nodes", m->name, (unsigned long long)mib,
             t->nodes);
    for (uint32_t node = 0; node < t->nodes; node++)
        write_node(out, t, node, node + 1 < t->nodes ? each : mib - each * (t->nodes - 1));
    for (uint32_t from = 0; from < t->nodes; from++)
        for (uint32_t to = 0; to < t->nodes; to++)
            if (from != to)
                (void)fprintf(out, "-numa\ndist,src=%u,dst=%u,val=%u\n", from, to,
                              t->distance[from * t->nodes + to]);
}
