#include "table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define GAP "  " /* between columns */

void table_begin(struct table *table, FILE *out, const struct table_column *columns,
                 unsigned count) {
    assert(count >= 1 && count <= TABLE_COLUMNS);
    *table = (struct table){ .out = out, .columns = columns, .count = count };
    for (unsigned i = 0; i < count; i++)
        table->width[i] = (unsigned)strlen(columns[i].header);
}

/*
 * One cell of `length` characters; the last column is not padded on the right, so that no line ends
 * in blanks.
 */
static void print_cell(struct table *table, const char *text, unsigned length) {
    unsigned padding = table->width[table->column] - length;
    bool last = table->column == table->count - 1;

    if (table->columns[table->column].align == TABLE_RIGHT)
        fprintf(table->out, "%*s%s", (int)padding, "", text);
    else
        fprintf(table->out, "%s%*s", text, last ? 0 : (int)padding, "");
    fputs(last ? "\n" : GAP, table->out);
    table->column = last ? 0 : table->column + 1;
}

bool table_pass(struct table *table) {
    assert(table->column == 0);
    switch (table->pass) {
    case TABLE_NEW:
        table->pass = TABLE_MEASURING;
        return true;
    case TABLE_MEASURING:
        table->pass = TABLE_PRINTING;
        for (unsigned i = 0; i < table->count; i++)
            print_cell(table, table->columns[i].header, (unsigned)strlen(table->columns[i].header));
        return true;
    default:
        return false;
    }
}

void table_cell(struct table *table, const char *format, ...) {
    char text[96];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    unsigned length = (unsigned)strlen(text);
    if (table->pass == TABLE_PRINTING) {
        print_cell(table, text, length);
        return;
    }
    if (length > table->width[table->column])
        table->width[table->column] = length;
    table->column = (table->column + 1) % table->count;
}

void table_cell_bytes(struct table *table, uint64_t bytes) {
    uint64_t kib10 = bytes * 10 / 1024, mib10 = kib10 / 1024;

    if (mib10 >= 10)
        table_cell(table, "%" PRIu64 ".%" PRIu64 " MiB", mib10 / 10, mib10 % 10);
    else
        table_cell(table, "%" PRIu64 ".%" PRIu64 " KiB", kib10 / 10, kib10 % 10);
}
