/* The shell's grammar: sequences, words, quotes, comments. */
#include <criterion/criterion.h>
#include <string.h>

#define PROGRAM "shell-test"
#include "../random.h"

#include "command.h"

TestSuite(command, .timeout = 60);

/* Expects that the next command of *at has these words, up to NULL. */
static void expect_words(const char **at, const char *const *words) {
    static struct command command;

    cr_assert(command_next(at, &command));
    cr_assert_null(command.error, "%s", command.error);
    for (int i = 0; i < command.words; i++)
        cr_assert(words[i] != NULL && strcmp(command.word[i], words[i]) == 0, "word %d is '%s'", i,
                  command.word[i]);
    cr_assert_null(words[command.words]);
    cr_assert_null(command.word[command.words]);
}

#define expect_command(at, ...) expect_words(&(at), (const char *const[]){ __VA_ARGS__, NULL })

static void expect_end(const char *at) {
    static struct command command;

    cr_assert_not(command_next(&at, &command));
}

/* What is wrong with the first command of a sequence. */
static const char *error_of(const char *sequence) {
    static struct command command;

    cr_assert(command_next(&sequence, &command));
    return command.error;
}

Test(command, splits_a_sequence_at_semicolons_and_newlines) {
    const char *at = " ps ;run hello a\tb;;\nmem\n; ";

    expect_command(at, "ps");
    expect_command(at, "run", "hello", "a", "b");
    expect_command(at, "mem");
    expect_end(at);
}

Test(command, of_nothing_but_blanks_is_none) {
    expect_end("");
    expect_end(" \t ;;; \n ");
    expect_end("# a comment alone");
}

Test(command, takes_quotes_as_part_of_a_word) {
    const char *at = "echo 'a  b' \"c;d\" e'f'\"g\" '' \"a \\\"b\\\" \\\\\" 'no \\ escape'";

    expect_command(at, "echo", "a  b", "c;d", "efg", "", "a \"b\" \\", "no \\ escape");
    expect_end(at);
}

Test(command, takes_a_character_after_a_backslash_as_it_is) {
    const char *at = "echo a\\ b \\; \\& \\# \\\\; ps";

    expect_command(at, "echo", "a b", ";", "&", "#", "\\");
    expect_command(at, "ps");
}

Test(command, ignores_comments_up_to_the_end_of_their_line) {
    const char *at = "ps # not; a command & \"\nmem # end";

    expect_command(at, "ps");
    expect_command(at, "mem");
    expect_end(at);
}

Test(command, takes_a_hash_within_a_word_as_it_is) {
    const char *at = "echo a#b";

    expect_command(at, "echo", "a#b");
}

Test(command, keeps_its_text_as_typed) {
    static struct command command;
    const char *at = "  run  'hello' x  ; ps";

    cr_assert(command_next(&at, &command));
    cr_assert_eq(command.text_bytes, strlen("run  'hello' x"));
    cr_assert(strncmp(command.text, "run  'hello' x", command.text_bytes) == 0);
}

Test(command, ends_in_an_ampersand_when_it_is_not_waited_for) {
    static struct command command;
    const char *at = "run spin&; run spin & ; ps";

    for (int i = 0; i < 2; i++) {
        cr_assert(command_next(&at, &command));
        cr_assert_null(command.error);
        cr_assert(command.background);
        cr_assert_eq(command.words, 2);
    }
    expect_command(at, "ps");
}

Test(command, with_an_ampersand_elsewhere_is_refused) {
    cr_assert_str_eq(error_of("run & spin"), "nothing may follow `&`");
    cr_assert_str_eq(error_of("run spin & &"), "nothing may follow `&`");
    cr_assert_str_eq(error_of("&"), "`&` follows no command");
}

Test(command, with_an_open_quote_is_refused) {
    cr_assert_str_eq(error_of("echo 'a"), "a quote is not closed");
    cr_assert_str_eq(error_of("echo \"a; ps"), "a quote is not closed");
    cr_assert_str_eq(error_of("echo \"a\\"), "a quote is not closed");
}

Test(command, with_an_error_is_skipped_whole) {
    static struct command command;
    const char *at = "run & spin 'x;y' ; ps";

    cr_assert(command_next(&at, &command));
    cr_assert_not_null(command.error);
    expect_command(at, "ps");
    expect_end(at);
}

Test(command, may_have_as_many_words_as_are_allowed_and_no_more) {
    char text[2 * COMMAND_WORDS + 2];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? ' ' : 'w';
    text[sizeof text - 2] = '\0';
    cr_assert_null(error_of(text));
    text[sizeof text - 2] = 'w';
    text[sizeof text - 1] = '\0';
    cr_assert_str_eq(error_of(text), "the command has too many words");
}

Test(command, may_have_as_many_bytes_as_are_allowed_and_no_more) {
    char text[COMMAND_BYTES + 1];

    memset(text, 'x', sizeof text);
    text[COMMAND_BYTES - 1] = '\0';
    cr_assert_null(error_of(text));
    text[COMMAND_BYTES - 1] = 'x';
    text[COMMAND_BYTES] = '\0';
    cr_assert_str_eq(error_of(text), "the command is too long");
}

Test(command, of_any_bytes_stays_within_its_limits) {
    static const char alphabet[] = "ab ;\n'\"\\&#\t\x01\xff";
    static struct command command;

    random_start();
    for (int round = 0; round < 20000; round++) {
        char text[700];
        size_t length = random_below(sizeof text);
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[random_below(sizeof alphabet - 1)];
        text[length] = '\0';
        const char *at = text, *before = text;
        while (command_next(&at, &command)) {
            random_check(at > before && at <= text + length);
            random_check(command.words >= 0 && command.words <= COMMAND_WORDS);
            random_check(command.error != NULL || command.words > 0);
            for (int i = 0; i < command.words && command.error == NULL; i++)
                random_check(command.word[i] + strlen(command.word[i]) <
                             command.buffer + COMMAND_BYTES);
            before = at;
        }
        random_check(*at == '\0');
    }
}
