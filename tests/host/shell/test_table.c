/* Tables for people. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const struct table_column columns[] = { { "NAME", TABLE_LEFT },
                                               { "N", TABLE_RIGHT },
                                               { "WHAT", TABLE_LEFT } };

/* A table of these rows, as text that the caller frees. */
static char *print(const char *const rows[][3], size_t count) {
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    struct table table;

    table_begin(&table, out, columns, 3);
    while (table_pass(&table))
        for (size_t i = 0; i < count; i++)
            for (size_t column = 0; column < 3; column++)
                table_cell(&table, "%s", rows[i][column]);
    fclose(out);
    return text;
}

Test(table, columns_are_as_wide_as_their_widest_cell) {
    char *text =
        print((const char *const[][3]){ { "a", "1", "x" }, { "longer", "12345", "y z" } }, 2);

    cr_assert_str_eq(text, "NAME        N  WHAT\n"
                           "a           1  x\n"
                           "longer  12345  y z\n");
    free(text);
}

Test(table, without_rows_is_its_header) {
    char *text = print(NULL, 0);

    cr_assert_str_eq(text, "NAME  N  WHAT\n");
    free(text);
}

Test(table, lines_do_not_end_in_blanks) {
    char *text =
        print((const char *const[][3]){ { "a", "1", "" }, { "b", "2", "long text here" } }, 2);

    cr_assert_str_eq(text, "NAME  N  WHAT\n"
                           "a     1  \n"
                           "b     2  long text here\n");
    free(text);
}

Test(table, cells_are_cut_when_they_are_too_long) {
    char longer[300];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    char *text = print((const char *const[][3]){ { longer, "1", "2" } }, 1);
    cr_assert_lt(strlen(text), 240);
    free(text);
}
