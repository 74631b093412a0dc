/* Endpoints as text. */
#include <criterion/criterion.h>

#include "names.h"

Test(endpoint, is_shown_as_core_slot_and_generation) {
    char text[ENDPOINT_TEXT];

    cr_assert_str_eq(endpoint_text(endpoint_make(5, 7, 2, 300), text), "2.300.7");
    cr_assert_str_eq(endpoint_text(ENDPOINT_NONE, text), "-");
    cr_assert_str_eq(endpoint_text(ENDPOINT_ANY, text), "any");
    cr_assert_str_eq(endpoint_text(ENDPOINT_KERNEL, text), "kernel");
}

Test(endpoint, is_read_as_it_is_shown) {
    endpoint_t endpoint;

    cr_assert(endpoint_parse("2.300.7", 5, &endpoint));
    cr_assert_eq(endpoint, endpoint_make(5, 7, 2, 300));
    cr_assert(endpoint_parse("65535.65535.4194303", 1, &endpoint));
}

Test(endpoint, that_is_none_is_refused) {
    static const char *const wrong[] = { "",
                                         "shell",
                                         "0.1",
                                         "0.1.2.3",
                                         "0.1.2 ",
                                         "-1.0.0",
                                         "0..1",
                                         "0.1.",
                                         "65536.0.1",
                                         "0.65536.1",
                                         "0.0.4194304",
                                         "0x1.0.0",
                                         " 0.0.1",
                                         "0.0.99999999999999999999" };
    endpoint_t endpoint;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(endpoint_parse(wrong[i], 0, &endpoint), "'%s'", wrong[i]);
}
