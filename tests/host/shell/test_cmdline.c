/* The boot command line. */
#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/cmdline.h>

#define PROGRAM "shell-test"
#include "../random.h"

static char value[64];

static int get(const char *line, const char *key) {
    return cmdline_get(line, key, value, sizeof value);
}

static void expect(const char *line, const char *key, const char *expected) {
    cr_assert_eq(get(line, key), (int)strlen(expected));
    cr_assert_str_eq(value, expected);
}

Test(cmdline, finds_a_value_by_its_key) {
    expect("sched=rr accel=icount x", "accel", "icount");
    expect("  sched=rr  ", "sched", "rr");
    expect("a= b", "a", "");
    expect("a= b", "b", "");
    expect("a=b=c", "a", "b=c");
}

Test(cmdline, does_not_find_what_is_not_there) {
    cr_assert_eq(get("", "a"), -1);
    cr_assert_eq(get("ab=1 b=2 x=a", "a"), -1);
    cr_assert_eq(get("a=1", "ab"), -1);
    cr_assert_eq(get("=1", ""), -1);
    cr_assert_str_eq(value, "");
}

Test(cmdline, the_last_of_several_counts) { expect("a=long a=2", "a", "2"); }

Test(cmdline, quotes_may_stand_anywhere_in_a_word) {
    expect("script=\"ps; mem\" a=1", "script", "ps; mem");
    expect("\"script=ps; mem\" a=1", "script", "ps; mem");
    expect("\"script=ps; mem\" a=1", "a", "1");
    expect("script=ps\"; \"mem", "script", "ps; mem");
}

Test(cmdline, a_backslash_takes_the_next_character_as_it_is) {
    expect("\"script=run hello \\\"a b\\\" \\\\ \\'q\\'\"", "script", "run hello \"a b\" \\ 'q'");
    expect("a=b\\ c", "a", "b c");
    expect("a=b\\", "a", "b\\");
}

Test(cmdline, a_quote_that_is_not_closed_ends_with_the_line) { expect("a=\"b c", "a", "b c"); }

Test(cmdline, a_value_that_is_too_long_is_cut_and_its_length_told) {
    char small[4];

    cr_assert_eq(cmdline_get("a=abcdef", "a", small, sizeof small), 6);
    cr_assert_str_eq(small, "abc");
}

Test(cmdline, may_hold_anything) {
    static const char alphabet[] = "ab= \"\\'\x01\xff";

    random_start();
    for (int round = 0; round < 50000; round++) {
        char line[80], small[8];
        size_t length = random_below(sizeof line);
        for (size_t i = 0; i < length; i++)
            line[i] = alphabet[random_below(sizeof alphabet - 1)];
        line[length] = '\0';
        int found = cmdline_get(line, "a", small, sizeof small);
        random_check(found >= -1 && found <= (int)length);
        random_check(strlen(small) == (size_t)(found < 0   ? 0
                                               : found < 7 ? found
                                                           : 7) ||
                     strlen(small) < 7);
    }
}
