/*
 * Tables for people: a header, aligned columns as wide as their widest cell. The rows are produced
 * twice, first to measure and then to print, so nothing is stored:
 *
 *     table_begin(&table, stdout, columns, 2);
 *     while (table_pass(&table))
 *         for (...) {
 *             table_cell(&table, "%s", name);
 *             table_cell(&table, "%u", count);
 *         }
 */
#ifndef SHELL_TABLE_H
#define SHELL_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TABLE_COLUMNS 16 /* of one table */

struct table_column {
    const char *header;
    enum { TABLE_LEFT, TABLE_RIGHT } align;
};

struct table {
    FILE *out;
    const struct table_column *columns;
    unsigned count;
    unsigned width[TABLE_COLUMNS];
    unsigned column; /* of the next cell */
    enum { TABLE_NEW, TABLE_MEASURING, TABLE_PRINTING } pass;
};

/* `columns` is kept; count is 1 to TABLE_COLUMNS. */
void table_begin(struct table *table, FILE *out, const struct table_column *columns,
                 unsigned count);

/* Starts a pass over all rows. True twice. Prints the header at the start of the second. */
bool table_pass(struct table *table);

/* The next cell, row by row; both passes must give the same cells. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes with a tenth, in a unit that fits. */
void table_cell_bytes(struct table *table, uint64_t bytes);

#endif
