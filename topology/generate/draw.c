/* A machine and its multicast tree as a picture, without anything from elsewhere. */
#include "layout.h"

#include <math.h>

#define MARGIN        28.0
#define TITLE_HEIGHT  62.0
#define LEGEND_LINE   24.0
#define LEGEND_COLUMN 82.0
#define WIDTH_MIN     620.0

/* Okabe and Ito's colours, which nearly everybody can tell apart, without the lightest. */
static const char *const colour[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#b07a00", "#3a9bd9", "#555555" };
#define COLOURS (sizeof colour / sizeof *colour)

static unsigned colour_of(uint32_t round) { return (round - 1) % COLOURS; }

static void write_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '<')
            (void)fputs("&lt;", out);
        else if (*text == '&')
            (void)fputs("&amp;", out);
        else if ((unsigned char)*text >= ' ')
            (void)fputc(*text, out);
    }
}

static const char *plural(uint32_t count) { return count == 1 ? "" : "s"; }

static uint32_t messages_between(const struct machine *m, unsigned level) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < m->topology.cores; i++) {
        uint16_t parent = m->tree.node[i].parent;
        count += parent != TREE_NONE &&
                 m->topology.core[parent].group[level] != m->topology.core[i].group[level];
    }
    return count;
}

/* What to call a group of cores that share a cache. */
static const char *cache_name(const struct machine *m) { return m->cache[0] ? m->cache : "cache"; }

static void write_counts(FILE *out, const struct machine *m) {
    const uint32_t *groups = m->groups;

    (void)fprintf(
        out, "%u core%s: %u package%s, %u last-level cache%s%s, %u physical core%s, %u NUMA node%s",
        m->topology.cores, plural(m->topology.cores), groups[LEVEL_PACKAGE],
        plural(groups[LEVEL_PACKAGE]), groups[LEVEL_CACHE], plural(groups[LEVEL_CACHE]),
        m->cache[0] ? "" : " (assumed)", groups[LEVEL_PHYSICAL], plural(groups[LEVEL_PHYSICAL]),
        m->topology.nodes, plural(m->topology.nodes));
}

static void write_tree_counts(FILE *out, const struct machine *m) {
    uint32_t messages = m->tree.members - 1, between = messages_between(m, LEVEL_PACKAGE);

    (void)fprintf(out, "multicast from core 0: %u message%s in %u round%s, %u between packages",
                  messages, plural(messages), m->tree.rounds, plural(m->tree.rounds), between);
}

/* ---- Boxes ---- */

/* The node of all cores of a box, or -1. */
static int node_of_box(const struct layout *l, enum depth depth, uint32_t of) {
    const struct topology *t = &l->m->topology;

    for (uint32_t core = 0; core < t->cores; core++)
        if (layout_box(l, depth, core) == layout_box(l, depth, of) &&
            t->core[core].node != t->core[of].node)
            return -1;
    return t->core[of].node;
}

static void draw_name(FILE *out, const struct layout *l, enum depth depth, uint32_t core) {
    struct point at = layout_corner(l, depth, core);
    int node = node_of_box(l, depth, core);
    int outer = node_of_box(l, depth - 1, core);

    (void)fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s %u",
                  depth == DEPTH_PACKAGE ? "package" : "cache", at.x + 12, at.y + 21,
                  depth == DEPTH_PACKAGE ? "Package" : cache_name(l->m),
                  layout_box(l, depth, core));
    if (l->m->topology.nodes > 1 && node >= 0 && (depth == DEPTH_PACKAGE || outer < 0))
        (void)fprintf(out, " · node %d", node);
    (void)fprintf(out, "</text>\n");
}

static void draw_boxes(FILE *out, const struct layout *l, enum depth depth, const char *style) {
    uint32_t drawn = 0;

    for (uint32_t core = 0; core < l->m->topology.cores; core++) {
        if (layout_box(l, depth, core) != drawn)
            continue;
        drawn++;
        struct point at = layout_corner(l, depth, core);
        (void)fprintf(out,
                      "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                      style, at.x, at.y, l->size[depth].x, l->size[depth].y);
    }
}

static void draw_names(FILE *out, const struct layout *l, enum depth depth) {
    uint32_t drawn = 0;

    for (uint32_t core = 0; core < l->m->topology.cores; core++)
        if (layout_box(l, depth, core) == drawn) {
            drawn++;
            draw_name(out, l, depth, core);
        }
}

/* ---- The tree ---- */

/* Towards `to`, `by` away from `from`. */
static struct point towards(struct point from, struct point to, double by) {
    double length = hypot(to.x - from.x, to.y - from.y);

    return (struct point){ from.x + (to.x - from.x) * by / length,
                           from.y + (to.y - from.y) * by / length };
}

/* A curve: straight lines would hide each other, and go through what is between their ends. */
static void draw_message(FILE *out, const struct layout *l, uint32_t from, uint32_t to) {
    struct point a = layout_corner(l, DEPTH_CORE, from), b = layout_corner(l, DEPTH_CORE, to);
    double length = hypot(b.x - a.x, b.y - a.y);
    double bend = length < 4 * CORE_RADIUS ? 0 : length < 16 * CORE_RADIUS ? 0.24 : 0.16;
    struct point middle = { (a.x + b.x) / 2 + (b.y - a.y) * bend,
                            (a.y + b.y) / 2 - (b.x - a.x) * bend };
    const struct topology_core *core = l->m->topology.core;
    bool far = core[from].group[LEVEL_PACKAGE] != core[to].group[LEVEL_PACKAGE];
    unsigned c = colour_of(l->m->tree.node[to].round);
    struct point start = towards(a, middle, CORE_RADIUS), end = towards(b, middle, CORE_RADIUS + 2);

    (void)fprintf(out,
                  "<path class=\"message\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\" stroke=\"%s\" "
                  "stroke-width=\"%s\" marker-end=\"url(#arrow%u)\"/>\n",
                  start.x, start.y, middle.x, middle.y, end.x, end.y, colour[c],
                  far ? "2.6" : "1.5", c);
}

static void draw_badge(FILE *out, struct point at, uint32_t round) {
    (void)fprintf(out,
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\" fill=\"%s\"/>"
                  "<text class=\"round\" x=\"%.1f\" y=\"%.1f\">%u</text>\n",
                  at.x, at.y, colour[colour_of(round)], at.x, at.y + 3.6, round);
}

static void draw_core(FILE *out, const struct layout *l, uint32_t core) {
    const struct tree_node *node = &l->m->tree.node[core];
    struct point at = layout_corner(l, DEPTH_CORE, core);

    (void)fprintf(out,
                  "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\" stroke=\"%s\"/>"
                  "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%u</text>\n",
                  node->round ? "core" : "root", at.x, at.y, CORE_RADIUS,
                  node->round ? colour[colour_of(node->round)] : "#222222",
                  node->round ? "number" : "number0", at.x, at.y + 4.3, core);
    if (node->round)
        draw_badge(out, (struct point){ at.x + CORE_RADIUS - 3, at.y + CORE_RADIUS - 3 },
                   node->round);
}

/* The last rounds first, so that the few messages that go far are above the many that do not. */
static void draw_tree(FILE *out, const struct layout *l) {
    uint32_t cores = l->m->topology.cores;

    for (uint32_t round = l->m->tree.rounds; round; round--)
        for (uint32_t core = 0; core < cores; core++)
            if (l->m->tree.node[core].round == round)
                draw_message(out, l, l->m->tree.node[core].parent, core);
    for (uint32_t core = 0; core < cores; core++)
        draw_core(out, l, core);
}

/* ---- Around it ---- */

static void draw_legend(FILE *out, const struct machine *m, double y) {
    (void)fprintf(out,
                  "<text class=\"legend\" x=\"0\" y=\"%.1f\">Number in a badge: the round in "
                  "which a core receives the message. Messages of each round:</text>\n",
                  y);
    for (uint32_t round = 1; round <= m->tree.rounds; round++) {
        double x = LEGEND_COLUMN * (round - 1);
        uint32_t messages = 0;
        for (uint32_t core = 0; core < m->topology.cores; core++)
            messages += m->tree.node[core].round == round;
        draw_badge(out, (struct point){ x + 8, y + LEGEND_LINE - 4 }, round);
        (void)fprintf(out, "<text class=\"legend\" x=\"%.1f\" y=\"%.1f\">%u</text>\n", x + 22,
                      y + LEGEND_LINE, messages);
    }
    y += 2 * LEGEND_LINE;
    (void)fprintf(out,
                  "<rect class=\"package\" x=\"0\" y=\"%.1f\" width=\"22\" height=\"15\"/>"
                  "<text class=\"legend\" x=\"30\" y=\"%.1f\">package</text>"
                  "<rect class=\"cache\" x=\"104\" y=\"%.1f\" width=\"22\" height=\"15\"/>"
                  "<text class=\"legend\" x=\"134\" y=\"%.1f\">last-level cache</text>"
                  "<rect class=\"physical\" x=\"284\" y=\"%.1f\" width=\"22\" height=\"15\"/>"
                  "<text class=\"legend\" x=\"314\" y=\"%.1f\">physical core</text>"
                  "<circle class=\"root\" cx=\"424\" cy=\"%.1f\" r=\"8\" stroke=\"#222222\"/>"
                  "<text class=\"legend\" x=\"440\" y=\"%.1f\">root; thick: to another package"
                  "</text>\n",
                  y - 12, y, y - 12, y, y - 12, y, y - 5, y);
}

static void draw_style(FILE *out) {
    (void)fprintf(out,
                  "<style>text{font-family:Helvetica,Arial,\"DejaVu Sans\",sans-serif;fill:#222222}"
                  ".title{font-size:17px;font-weight:bold}.under,.legend{font-size:12.5px}"
                  "text.package,text.cache{font-size:12px;paint-order:stroke;stroke-width:4px}"
                  "text.package{font-size:13px;font-weight:bold;stroke:#f3f4f6}"
                  "text.cache{stroke:#e6eef6}"
                  ".number,.number0,.round{text-anchor:middle;font-size:12px}"
                  ".number0,.round{fill:#ffffff;font-weight:bold}.round{font-size:10px}"
                  "rect.package{fill:#f3f4f6;stroke:#6b7280;stroke-width:1.6;rx:8px}"
                  "rect.cache{fill:#e6eef6;stroke:#9fb4c9;rx:6px}"
                  "rect.physical{fill:#ffffff;stroke:#aab4c0;rx:5px}"
                  "circle.core{fill:#ffffff;stroke-width:2}circle.root{fill:#222222}"
                  ".message{fill:none;stroke-opacity:.85}</style>\n<defs>");
    for (unsigned c = 0; c < COLOURS; c++)
        (void)fprintf(out,
                      "<marker id=\"arrow%u\" markerUnits=\"userSpaceOnUse\" markerWidth=\"10\" "
                      "markerHeight=\"10\" refX=\"7\" refY=\"4\" orient=\"auto\">"
                      "<path d=\"M0 0L8 4L0 8z\" fill=\"%s\"/></marker>",
                      c, colour[c]);
    (void)fprintf(out, "</defs>\n");
}

void write_picture(FILE *out, const struct machine *m) {
    struct layout l = layout_make(m);
    double legend = LEGEND_COLUMN * m->tree.rounds;
    struct point size = l.size[DEPTH_MACHINE];
    double width = fmax(fmax(size.x, legend), WIDTH_MIN) + 2 * MARGIN;
    double height = TITLE_HEIGHT + size.y + 4 * LEGEND_LINE + 2 * MARGIN;

    (void)fprintf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                  "viewBox=\"0 0 %.0f %.0f\">\n",
                  width, height, width, height);
    draw_style(out);
    (void)fprintf(out,
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
                  "<g transform=\"translate(%.0f %.0f)\">\n<text class=\"title\" y=\"14\">",
                  MARGIN, MARGIN);
    write_text(out, m->name);
    (void)fprintf(out, "</text>\n<text class=\"under\" y=\"35\">");
    write_counts(out, m);
    (void)fprintf(out, "</text>\n<text class=\"under\" y=\"52\">");
    write_tree_counts(out, m);
    (void)fprintf(out, "</text>\n<g transform=\"translate(%.1f %.0f)\">\n",
                  fmax(0, (width - 2 * MARGIN - size.x) / 2), TITLE_HEIGHT + 8);
    draw_boxes(out, &l, DEPTH_PACKAGE, "package");
    draw_boxes(out, &l, DEPTH_CACHE, "cache");
    draw_boxes(out, &l, DEPTH_PHYSICAL, "physical");
    draw_tree(out, &l);
    draw_names(out, &l, DEPTH_PACKAGE);
    draw_names(out, &l, DEPTH_CACHE);
    (void)fprintf(out, "</g>\n");
    draw_legend(out, m, TITLE_HEIGHT + size.y + 1.8 * LEGEND_LINE);
    (void)fprintf(out, "</g>\n</svg>\n");
    layout_free(&l);
}

/* ---- In words ---- */

void write_summary(FILE *out, const struct machine *m) {
    const struct topology *t = &m->topology;

    (void)fprintf(out, "%s\n", m->name);
    write_counts(out, m);
    (void)fprintf(out, "\n");
    write_tree_counts(out, m);
    (void)fprintf(out, "\n");
    for (uint32_t from = 0; t->nodes > 1 && from < t->nodes; from++) {
        (void)fprintf(out, "distance from node %u:", from);
        for (uint32_t to = 0; to < t->nodes; to++)
            (void)fprintf(out, " %u", t->distance[from * t->nodes + to]);
        (void)fprintf(out, "\n");
    }
    for (uint32_t i = 0; i < m->devices; i++)
        (void)fprintf(out, "%04x:%02x:%02x.%u is near node %u\n", m->device[i].segment,
                      m->device[i].bus, m->device[i].device, m->device[i].function,
                      m->device[i].node);
}
