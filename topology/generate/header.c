/* A machine as C, for who is compiled for it. */
#include "generate.h"

static void write_string(FILE *out, const char *text) {
    (void)fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '?')
            (void)fprintf(out, "\\%c", c);
        else if (c < ' ' || c > '~')
            (void)fprintf(out, "\\%03o", c);
        else
            (void)fputc(c, out);
    }
    (void)fputc('"', out);
}

static void write_sizes(FILE *out, const struct machine *m) {
    static const char *const level_name[LEVELS] = { "PACKAGES", "CACHES", "PHYSICAL" };

    (void)fprintf(out, "#define TOPOLOGY_KNOWN_NAME ");
    write_string(out, m ? m->name : "");
    (void)fprintf(out, "\n#define TOPOLOGY_KNOWN_CORES %u\n", m ? m->topology.cores : 0);
    for (unsigned level = 0; level < LEVELS; level++)
        (void)fprintf(out, "#define TOPOLOGY_KNOWN_%s %u\n", level_name[level],
                      m ? m->groups[level] : 0);
    (void)fprintf(out, "#define TOPOLOGY_KNOWN_NODES %u\n", m ? m->topology.nodes : 0);
    (void)fprintf(out, "#define TOPOLOGY_KNOWN_DEVICES %u\n", m ? m->devices : 0);
    (void)fprintf(out, "#define TOPOLOGY_KNOWN_ROUNDS %u\n\n", m ? m->tree.rounds : 0);
}

static void write_cores(FILE *out, const struct topology *t) {
    (void)fprintf(out, "/* Package, cache, physical core; NUMA node. */\n"
                       "static const struct topology_core topology_known_core[] = {\n");
    for (uint32_t i = 0; i < t->cores; i++)
        (void)fprintf(out, "    { { %u, %u, %u }, %u }, /* %u */\n",
                      t->core[i].group[LEVEL_PACKAGE], t->core[i].group[LEVEL_CACHE],
                      t->core[i].group[LEVEL_PHYSICAL], t->core[i].node, i);
    (void)fprintf(out, "%s};\n\n", t->cores ? "" : "    { { 0, 0, 0 }, 0 },\n");
}

static void write_distances(FILE *out, const struct topology *t) {
    (void)fprintf(out, "/* From row to column, as in the ACPI SLIT. */\n"
                       "static const uint8_t topology_known_distance[] = {\n");
    for (uint32_t from = 0; from < t->nodes; from++) {
        (void)fprintf(out, "   ");
        for (uint32_t to = 0; to < t->nodes; to++)
            (void)fprintf(out, " %u,", t->distance[from * t->nodes + to]);
        (void)fprintf(out, "\n");
    }
    (void)fprintf(out, "%s};\n\n", t->nodes ? "" : "    0,\n");
}

static void write_devices(FILE *out, const struct device *device, uint32_t devices) {
    (void)fprintf(out, "/* PCI devices of which it is known what they are near to. */\n"
                       "struct topology_known_device {\n"
                       "    uint16_t segment;\n"
                       "    uint8_t bus, device, function;\n"
                       "    uint16_t node;\n"
                       "};\n\n"
                       "static const struct topology_known_device topology_known_device[] = {\n");
    for (uint32_t i = 0; i < devices; i++)
        (void)fprintf(out, "    { 0x%04x, 0x%02x, 0x%02x, %u, %u },\n", device[i].segment,
                      device[i].bus, device[i].device, device[i].function, device[i].node);
    (void)fprintf(out, "%s};\n\n", devices ? "" : "    { 0, 0, 0, 0, 0 },\n");
}

static void write_core_number(FILE *out, uint16_t core) {
    if (core == TREE_NONE)
        (void)fprintf(out, "TREE_NONE, ");
    else
        (void)fprintf(out, "%u, ", core);
}

static void write_tree(FILE *out, const struct tree_node *node, uint32_t cores) {
    (void)fprintf(out,
                  "/* TREE_MULTICAST from core 0: parent, child, sibling, round, children. */\n"
                  "static const struct tree_node topology_known_tree[] = {\n");
    for (uint32_t i = 0; i < cores; i++) {
        (void)fprintf(out, "    { ");
        write_core_number(out, node[i].parent);
        write_core_number(out, node[i].child);
        write_core_number(out, node[i].sibling);
        (void)fprintf(out, "%u, %u }, /* %u */\n", node[i].round, node[i].children, i);
    }
    (void)fprintf(out, "%s};\n", cores ? "" : "    { TREE_NONE, TREE_NONE, TREE_NONE, 0, 0 },\n");
}

/* Arrays of nothing have one element of zeros, as C has none with fewer. */
void write_header(FILE *out, const struct machine *m) {
    static const struct topology none;

    (void)fprintf(out, "/* Made by topology/generate. */\n"
                       "#ifndef TOPOLOGY_KNOWN_H\n"
                       "#define TOPOLOGY_KNOWN_H\n\n"
                       "#include <topology/tree.h>\n\n");
    write_sizes(out, m);
    write_cores(out, m ? &m->topology : &none);
    write_distances(out, m ? &m->topology : &none);
    write_devices(out, m ? m->device : NULL, m ? m->devices : 0);
    write_tree(out, m ? m->tree.node : NULL, m ? m->topology.cores : 0);
    (void)fprintf(out, "\n#endif\n");
}
