#include "boot/aml.h"

#include <string.h>

#define PROGRAM "boot-test"
#include "../random.h"

static int16_t a, b;

/* The text lies at the end of its memory, for AddressSanitizer. */
static bool find(const void *aml, size_t bytes) {
    uint8_t *copy = malloc(bytes + 1);
    a = b = -1;
    memcpy(copy + 1, aml, bytes);
    bool found = aml_find_s5(copy + 1, bytes, &a, &b);
    free(copy);
    return found;
}

#define FIND(text) find((text), sizeof(text) - 1)

Test(aml, package_of_byte_constants) {
    cr_assert(FIND("junk\x08_S5_\x12\x09\x04\x0a\x05\x0a\x06\x0a\x00\x00"));
    cr_assert(a == 5 && b == 6);
}

Test(aml, package_of_short_constants_as_in_qemu) {
    cr_assert(FIND("\x08_S5_\x12\x06\x04\x00\x01\x00\x00"));
    cr_assert(a == 0 && b == 1);
}

Test(aml, name_with_root_prefix_and_wider_constants) {
    cr_assert(FIND("\x08\\_S5_\x12\x0b\x02\x0b\x07\x00\x0c\x03\x00\x00\x00\x00"));
    cr_assert(a == 7 && b == 3);
}

Test(aml, long_forms_of_the_package_length) {
    cr_assert(FIND("\x08_S5_\x12\x46\x00\x02\x0a\x05\x01"));
    cr_assert(a == 5 && b == 1);
    cr_assert(FIND("\x08_S5_\x12\x88\x00\x00\x02\x0a\x03\x0a\x04\x00"));
    cr_assert(a == 3 && b == 4);
}

Test(aml, package_of_one_element) {
    cr_assert(FIND("\x08_S5_\x12\x04\x01\x0a\x05"));
    cr_assert(a == 5 && b == 0);
}

Test(aml, first_sound_definition_counts) {
    cr_assert(FIND("\x08_S5_\x12\x06\x02\x0a\x09\x0a\x09" /* no sleep types */
                   "\x10_S5_\x12\x04\x02\x01\x01"         /* not a Name */
                   "\x08_S5_\x14\x04\x02\x01\x01"         /* not a Package */
                   "\x08_S4_\x12\x04\x02\x01\x01"
                   "\x08_S5_\x12\x06\x02\x0a\x06\x0a\x02"));
    cr_assert(a == 6 && b == 2);
}

Test(aml, what_is_not_there_is_not_found) {
    cr_assert_not(FIND("nothing"));
    cr_assert_not(FIND("\x08_S5_"));
    cr_assert_not(FIND("\x08_S5_\x12\x01\x00"));             /* ends before its elements */
    cr_assert_not(FIND("\x08_S5_\x12\x02\x00"));             /* no elements */
    cr_assert_not(FIND("\x08_S5_\x12\x03\x02\x00\x00"));     /* fewer than it says */
    cr_assert_not(FIND("\x08_S5_\x12\x05\x02\x70\x00\x00")); /* not a constant */
    cr_assert_not(FIND("\x08_S5_\x12\x40\x02\x00\x00"));     /* length 0x20 bytes, but 5 are left */
    cr_assert_not(find("", 0));
}

Test(aml, every_shorter_text_is_harmless) {
    static const char text[] = "\x08\\_S5_\x12\x8c\x00\x00\x02\x0b\x07\x00\x0c\x03\x00\x00\x00\x00";
    for (size_t bytes = 0; bytes < 19; bytes++)
        cr_assert_not(find(text, bytes), "%zu bytes", bytes);
}

Test(aml, random_packages_yield_sleep_types_or_nothing) {
    static const uint8_t start[] = { 0x08, '_', 'S', '5', '_', 0x12 };

    random_start();
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t aml[40];
        size_t bytes = 6 + random_below(sizeof aml - 6);
        random_fill(aml, bytes);
        memcpy(aml, start, sizeof start);
        for (size_t i = 6; i < bytes; i++)
            if (random_below(2))
                aml[i] &= 0x0f;
        if (find(aml, bytes))
            random_check(a >= 0 && a <= 7 && b >= 0 && b <= 7);
        else
            random_check(a == -1 && b == -1);
    }
}
