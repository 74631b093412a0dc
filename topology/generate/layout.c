#include "layout.h"

#include <math.h>
#include <stdlib.h>

/* Around what is in a box: at its sides, above it (where its name stands), and between. */
static const struct {
    double side, top, between, proportion; /* width by height, as near as can be */
} room[DEPTH_CORE] = {
    [DEPTH_MACHINE] = { 0, 0, 44, 1.7 },
    [DEPTH_PACKAGE] = { 16, 36, 30, 1.3 },
    [DEPTH_CACHE] = { 18, 34, 26, 1.3 },
    [DEPTH_PHYSICAL] = { 9, 9, 16, 4 },
};

uint32_t layout_box(const struct layout *l, enum depth depth, uint32_t core) {
    if (depth == DEPTH_MACHINE)
        return 0;
    return depth == DEPTH_CORE ? core : l->m->topology.core[core].group[depth - DEPTH_PACKAGE];
}

static uint32_t boxes(const struct machine *m, enum depth depth) {
    if (depth == DEPTH_MACHINE)
        return 1;
    return depth == DEPTH_CORE ? m->topology.cores : m->groups[depth - DEPTH_PACKAGE];
}

/* Numbers the boxes within each outer box, and returns how many there are at most in one. */
static uint32_t number_boxes(struct layout *l, enum depth depth) {
    uint32_t *within = allocate(boxes(l->m, depth - 1), sizeof *within);
    bool *seen = allocate(boxes(l->m, depth), sizeof *seen);
    uint32_t most = 0;

    l->place[depth] = allocate(boxes(l->m, depth), sizeof *l->place[depth]);
    for (uint32_t core = 0; core < l->m->topology.cores; core++) {
        uint32_t box = layout_box(l, depth, core), outer = layout_box(l, depth - 1, core);
        if (seen[box])
            continue;
        seen[box] = true;
        l->place[depth][box] = within[outer]++;
        most = within[outer] > most ? within[outer] : most;
    }
    free(within);
    free(seen);
    return most;
}

static struct point size_of(const struct layout *l, enum depth depth, uint32_t inside,
                            uint32_t columns) {
    uint32_t rows = (inside + columns - 1) / columns;
    struct point inner = l->size[depth + 1];

    return (struct point){
        2 * room[depth].side + columns * inner.x + (columns - 1) * room[depth].between,
        room[depth].top + room[depth].side + rows * inner.y + (rows - 1) * room[depth].between,
    };
}

/* The number of columns that comes nearest to the proportion, without a row that is nearly empty.
 */
static void choose_columns(struct layout *l, enum depth depth, uint32_t inside) {
    double best = INFINITY;

    for (uint32_t columns = 1; columns <= inside; columns++) {
        struct point size = size_of(l, depth, inside, columns);
        uint32_t empty = (columns - inside % columns) % columns;
        double off = fabs(log(size.x / size.y / room[depth].proportion)) + 1.5 * empty / columns;
        if (off >= best)
            continue;
        best = off;
        l->columns[depth] = columns;
        l->size[depth] = size;
    }
}

struct layout layout_make(const struct machine *m) {
    struct layout l = { .m = m };

    l.size[DEPTH_CORE] = (struct point){ 2 * CORE_RADIUS, 2 * CORE_RADIUS };
    for (enum depth depth = DEPTH_PHYSICAL;; depth--) {
        choose_columns(&l, depth, number_boxes(&l, depth + 1));
        if (depth == DEPTH_MACHINE)
            return l;
    }
}

void layout_free(struct layout *l) {
    for (enum depth depth = DEPTH_PACKAGE; depth < DEPTHS; depth++)
        free(l->place[depth]);
}

struct point layout_corner(const struct layout *l, enum depth depth, uint32_t core) {
    struct point at = { 0, 0 };

    for (enum depth d = DEPTH_PACKAGE; d <= depth; d++) {
        uint32_t place = l->place[d][layout_box(l, d, core)];
        uint32_t row = place / l->columns[d - 1], column = place % l->columns[d - 1];
        at.x += room[d - 1].side + column * (l->size[d].x + room[d - 1].between);
        at.y += room[d - 1].top + row * (l->size[d].y + room[d - 1].between);
    }
    if (depth == DEPTH_CORE) {
        at.x += CORE_RADIUS;
        at.y += CORE_RADIUS;
    }
    return at;
}
