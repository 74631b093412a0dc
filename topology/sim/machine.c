#include "machine.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);

    if (!memory)
        abort();
    return memory;
}

void machine_allocate(struct machine *m, uint32_t cores, uint32_t nodes) {
    *m = (struct machine){
        .topology = {
            .cores = cores,
            .nodes = nodes,
            .core = allocate(cores, sizeof *m->topology.core),
            .distance = allocate((size_t)nodes * nodes, 1),
        },
        .tree.node = allocate(cores, sizeof *m->tree.node),
        .work = {
            .informed = allocate((size_t)LEVELS * cores, sizeof *m->work.informed),
            .size = allocate((size_t)LEVELS * cores, sizeof *m->work.size),
            .order = allocate(cores, sizeof *m->work.order),
            .rest = allocate(cores, sizeof *m->work.rest),
        },
        .member = allocate(cores, 1),
        .time = allocate(cores, sizeof *m->time),
    };
    memset(m->member, 1, cores);
}

void machine_free(struct machine *m) {
    free(m->topology.core);
    free(m->topology.distance);
    free(m->tree.node);
    free(m->work.informed);
    free(m->work.size);
    free(m->work.order);
    free(m->work.rest);
    free(m->member);
    free(m->time);
}

void machine_plant(struct machine *m, enum tree_kind kind, uint32_t root) {
    tree_build(&m->topology, kind, root, m->member, &m->tree, &m->work);
}

/* ---- From a text ---- */

enum part {
    PART_NUMA,
    PART_PACKAGE,
    PART_L3,
    PART_CORE,
    PART_PU,
    PARTS,
};

static const char *const part_names[PARTS] = { "numa", "package", "l3", "core", "pu" };

struct description {
    uint32_t count[PARTS]; /* in one of the level before; 0: not said */
};

static const char *read_part(struct description *d, enum part *next, const char **text) {
    size_t length = strcspn(*text, ":");
    enum part part = *next;
    char *end;

    while (part < PARTS &&
           (strlen(part_names[part]) != length || strncmp(*text, part_names[part], length) != 0))
        part++;
    if (part == PARTS || (*text)[length] != ':')
        return "a level is unknown, or not in order: numa, package, l3, core, pu";
    if (!isdigit((unsigned char)(*text)[length + 1]))
        return "a level has no number";
    unsigned long count = strtoul(*text + length + 1, &end, 10);
    if (count == 0 || count > TOPOLOGY_CORES_MAX)
        return "a number is out of range";
    d->count[part] = (uint32_t)count;
    *next = part + 1;
    *text = end;
    return 0;
}

static const char *read_description(struct description *d, const char *text) {
    enum part next = PART_NUMA;
    const char *wrong;

    for (;;) {
        if ((wrong = read_part(d, &next, &text)))
            return wrong;
        if (*text == '\0')
            return 0;
        if (*text != '_' && *text != ' ')
            return "levels are joined by `_`";
        text++;
    }
}

/* How many cores are in one of each part. */
static uint64_t measure(const struct description *d, uint64_t *span) {
    uint64_t cores = 1;

    for (int part = PART_PU; part >= PART_NUMA; part--) {
        span[part] = cores;
        cores *= d->count[part] ? d->count[part] : 1;
        if (cores > TOPOLOGY_CORES_MAX)
            break;
    }
    return cores;
}

static unsigned distance(uint32_t a, uint32_t b) {
    int hops = __builtin_popcount(a ^ b);

    return hops == 0 ? DISTANCE_LOCAL : hops == 1 ? DISTANCE_REMOTE : DISTANCE_HOPS;
}

const char *machine_make(struct machine *m, const char *text) {
    struct description d = { { 0 } };
    uint64_t span[PARTS];
    const char *wrong;

    if (strlen(text) >= MACHINE_TEXT_MAX)
        return "it is too long";
    if ((wrong = read_description(&d, text)))
        return wrong;
    uint64_t cores = measure(&d, span);
    if (cores > TOPOLOGY_CORES_MAX)
        return "it has too many cores";
    /* More packages than there can be nodes share them, neighbours first. */
    if (d.count[PART_NUMA] == 0)
        for (span[PART_NUMA] = span[PART_PACKAGE]; span[PART_NUMA] * TOPOLOGY_NODES_MAX < cores;)
            span[PART_NUMA] *= 2;
    uint64_t nodes = (cores + span[PART_NUMA] - 1) / span[PART_NUMA];
    if (nodes > TOPOLOGY_NODES_MAX)
        return "it has too many nodes";

    machine_allocate(m, (uint32_t)cores, (uint32_t)nodes);
    memcpy(m->text, text, strlen(text));
    for (char *space; (space = strchr(m->text, ' '));)
        *space = '_';
    for (uint32_t core = 0; core < cores; core++)
        m->topology.core[core] = (struct topology_core){
            .group = {
                [LEVEL_PACKAGE] = (uint16_t)(core / span[PART_PACKAGE]),
                [LEVEL_CACHE] = (uint16_t)(core / span[PART_L3]),
                [LEVEL_PHYSICAL] = (uint16_t)(core / span[PART_CORE]),
            },
            .node = (uint16_t)(core / span[PART_NUMA]),
        };
    for (uint32_t a = 0; a < nodes; a++)
        for (uint32_t b = 0; b < nodes; b++)
            m->topology.distance[a * nodes + b] = (uint8_t)distance(a, b);
    return 0;
}
