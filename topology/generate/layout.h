/* Where things are in a picture of a machine: boxes in boxes, each with a grid of what is in it. */
#ifndef TOPOLOGY_GENERATE_LAYOUT_H
#define TOPOLOGY_GENERATE_LAYOUT_H

#include "generate.h"

/* From the outside in: each but the first is in the one above. */
enum depth { DEPTH_MACHINE, DEPTH_PACKAGE, DEPTH_CACHE, DEPTH_PHYSICAL, DEPTH_CORE, DEPTHS };

struct point {
    double x, y;
};

struct layout {
    const struct machine *m;
    uint32_t *place[DEPTHS];  /* of each box of a depth, its number within its outer box */
    uint32_t columns[DEPTHS]; /* of the grid in a box */
    struct point size[DEPTHS];
};

#define CORE_RADIUS 15.0

struct layout layout_make(const struct machine *m);
void layout_free(struct layout *l);

/* Which box of a depth a core is in. */
uint32_t layout_box(const struct layout *l, enum depth depth, uint32_t core);

/* The left upper corner of the box of a depth that a core is in; of DEPTH_CORE, the center. */
struct point layout_corner(const struct layout *l, enum depth depth, uint32_t core);

#endif
