/* Patterns, beside those of the C library of this machine. */
#define PROGRAM "store-test"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "../random.h"
#include "match.h"

Test(match, patterns_are_those_of_posix) {
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        { "", "", true },
        { "", "a", false },
        { "a", "a", true },
        { "a", "ab", false },
        { "*", "", true },
        { "*", "service.eth0", true },
        { "service.eth*", "service.eth", true },
        { "service.eth?", "service.eth", false },
        { "*.eth*", "service.eth0", true },
        { "a*b*c", "axxbyyc", true },
        { "a*b*c", "axxbyy", false },
        { "[a-c]x", "bx", true },
        { "[!a-c]x", "bx", false },
        { "[^a-c]x", "dx", true },
        { "[]a]", "]", true },
        { "[a-]", "-", true },
        { "[[:digit:]]", "7", true },
        { "[[:digit:]]", "x", false },
        { "[[:nonsense:]]", "x", false },
        { "[a", "[a", true },
        { "\\*", "*", true },
        { "\\*", "a", false },
        { "\\", "\\", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(match(cases[i].pattern, cases[i].name), cases[i].matches, "'%s' on '%s'",
                     cases[i].pattern, cases[i].name);
}

/* What would take for ever if every '*' were tried with every other. */
Test(match, no_pattern_takes_long, .timeout = 5) {
    for (int i = 0; i < 100000; i++)
        cr_assert_not(match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* A text of characters that mean something. */
static void make(char *text, const char *letters, size_t most) {
    size_t length = random_below(most + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = letters[random_below(strlen(letters))];
    text[length] = '\0';
}

/* A '[' or '\' without an end means different things to different libraries. */
Test(match, patterns_mean_what_the_c_library_says) {
    random_start();
    for (int i = 0; i < 200000; i++) {
        char pattern[16], name[12], piece[8];
        make(pattern, "ab*?*", 6);
        if (random_below(2)) {
            make(piece, "abc", 3);
            size_t length = strlen(pattern);
            (void)snprintf(pattern + length, sizeof pattern - length, "[%sa%s]*",
                           random_below(2) ? "!" : "", piece);
        }
        make(name, "abc", 8);
        random_check(match(pattern, name) == (fnmatch(pattern, name, 0) == 0));
    }
}
