/*
 * A machine as hwloc sees it, and what is made of it: a C header, QEMU's arguments, a picture. Each
 * is the same, to the byte, whenever the machine is.
 */
#ifndef TOPOLOGY_GENERATE_H
#define TOPOLOGY_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <topology/topology.h>
#include <topology/tree.h>

/* A PCI device that is nearer to one node than to the others. */
struct device {
    uint16_t segment;
    uint8_t bus, device, function;
    uint16_t node;
};

/* Cores are numbered in hwloc's logical order, from the outside in, which is also QEMU's. */
struct machine {
    const char *name; /* what it was made from */
    struct topology topology;
    uint32_t groups[LEVELS]; /* how many there are of each */
    char cache[8];           /* "L3", or "" where no cache is described: a die or package is one */
    struct device *device;
    uint32_t devices;
    struct tree tree; /* TREE_MULTICAST, from core 0 to all others */
};

/* Ends the program: 2 for bad input, 1 when a file cannot be written. */
void fail(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* Zeros; there is always enough, or the program ends. */
void *allocate(size_t count, size_t bytes);

/* `input`: "host", a file, or hwloc's synthetic description. What is wrong with it ends the
 * program. */
void machine_read(struct machine *m, const char *input);
void machine_free(struct machine *m);

/* NULL, or what is wrong with the form of an XML file, and in *line where. */
const char *xml_fault(const char *text, unsigned *line);

/* The line of `text` in which `word` stands between quotes, or 0. */
unsigned xml_line_of(const char *text, const char *word);

/* NULL: of no machine. */
void write_header(FILE *out, const struct machine *m);

/* One argument per line. A machine that QEMU cannot have ends the program. */
void write_qemu(FILE *out, const struct machine *m, uint64_t mib);

void write_picture(FILE *out, const struct machine *m);
void write_summary(FILE *out, const struct machine *m);

#endif
