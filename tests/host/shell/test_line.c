/*
 * The line editor, on a terminal of which these tests know what it would show: a screen line that
 * understands what the editor sends.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "shell-test"
#include "../random.h"

#include "line.h"

#define PROMPT "> "

#define UP    "\033[A"
#define DOWN  "\033[B"
#define RIGHT "\033[C"
#define LEFT  "\033[D"
#define HOME  "\033[H"
#define END   "\033[F"

static struct {
    char line[2 * LINE_COLUMNS]; /* the line that the cursor is on */
    size_t column;
    char above[4096]; /* lines before it */
    unsigned bells, cleared;
    char escape[16]; /* a control sequence that is not complete */
    bool broken;     /* something was sent that no terminal would show as meant */
} screen;

static void screen_control(void) {
    size_t length = strlen(screen.escape);
    char final = screen.escape[length - 1];

    if (final == 'K')
        memset(screen.line + screen.column, 0, sizeof screen.line - screen.column);
    else if (final == 'C')
        screen.column += strtoul(screen.escape + 2, NULL, 10);
    else if (final == 'J')
        screen.cleared++;
    else if (final != 'H')
        screen.broken = true;
    if (final == 'J')
        memset(screen.line, 0, sizeof screen.line);
    screen.escape[0] = '\0';
}

static void screen_put(char c) {
    size_t escape = strlen(screen.escape);

    if (escape > 0 || c == '\033') {
        screen.escape[escape] = c;
        screen.escape[escape + 1] = '\0';
        if (escape > 1 && c >= '@')
            screen_control();
        screen.broken = screen.broken || escape > sizeof screen.escape - 3;
    } else if (c == '\r') {
        screen.column = 0;
    } else if (c == '\n') {
        size_t used = strlen(screen.above);
        snprintf(screen.above + used, sizeof screen.above - used, "%s\n", screen.line);
        memset(screen.line, 0, sizeof screen.line);
        screen.column = 0;
    } else if (c == '\a') {
        screen.bells++;
    } else {
        screen.broken = screen.broken || screen.column >= LINE_COLUMNS || c < ' ';
        screen.line[screen.column++] = c;
    }
}

static void screen_write(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        screen_put(text[i]);
}

static const char *candidate(const char *line, size_t start, size_t index) {
    static const char *const words[] = { "poweroff", "programs", "ps", "reboot", "report" };
    static const char *const arguments[] = { "hello", "help-me" };
    static char copy[16]; /* each is valid until the next is asked for */
    const char *found = NULL;

    (void)line;
    if (start == 0 && index < 5)
        found = words[index];
    else if (start > 0 && index < 2)
        found = arguments[index];
    if (found == NULL)
        return NULL;
    snprintf(copy, sizeof copy, "%s", found);
    return copy;
}

static const struct line_terminal terminal = { .write = screen_write, .candidate = candidate };
static struct line_editor editor;

static void setup(void) {
    memset(&screen, 0, sizeof screen);
    line_init(&editor, &terminal, PROMPT);
    line_start(&editor);
}

TestSuite(line, .init = setup, .timeout = 60);

static enum line_state type(const char *keys) {
    enum line_state state = LINE_EDITING;

    for (; *keys != '\0'; keys++) {
        state = line_feed(&editor, *keys);
        if (state != LINE_EDITING && keys[1] != '\0')
            line_start(&editor);
    }
    return state;
}

/* Text, cursor and screen are as they should be. `marked` has a `|` where the cursor is. */
static void expect(const char *marked) {
    char text[LINE_BYTES + 1], shown[LINE_BYTES + sizeof PROMPT];
    size_t cursor = strcspn(marked, "|");

    snprintf(text, sizeof text, "%.*s%s", (int)cursor, marked, marked + cursor + 1);
    cr_assert_str_eq(editor.text, text);
    cr_assert_eq(editor.cursor, cursor);
    cr_assert_eq(editor.length, strlen(text));
    snprintf(shown, sizeof shown, PROMPT "%s", text);
    if (strlen(shown) < LINE_COLUMNS) {
        cr_assert_str_eq(screen.line, shown);
        cr_assert_eq(screen.column, strlen(PROMPT) + cursor);
    }
    cr_assert_not(screen.broken);
}

Test(line, shows_what_is_typed) {
    type("ps -v");
    expect("ps -v|");
}

Test(line, is_entered_by_return_or_newline) {
    cr_assert_eq(type("ps\r"), LINE_ENTERED);
    cr_assert_str_eq(editor.text, "ps");
    cr_assert_str_eq(screen.above, PROMPT "ps\n");
    line_start(&editor);
    cr_assert_eq(type("mem\n"), LINE_ENTERED);
    cr_assert_str_eq(editor.text, "mem");
}

Test(line, inserts_in_the_middle) {
    type("ac" LEFT "b");
    expect("ab|c");
}

Test(line, moves_by_character_word_and_whole) {
    type("run hello world" LEFT LEFT);
    expect("run hello wor|ld");
    type(RIGHT);
    expect("run hello worl|d");
    type(HOME);
    expect("|run hello world");
    type(END);
    expect("run hello world|");
    type("\033[1;5D");
    expect("run hello |world");
    type("\033b");
    expect("run |hello world");
    type("\033[1;5C");
    expect("run hello| world");
    type("\033f");
    expect("run hello world|");
    type("\001");
    expect("|run hello world");
    type("\005");
    expect("run hello world|");
    type("\002\002\006");
    expect("run hello worl|d");
    type("\033[1~");
    expect("|run hello world");
    type("\033[4~");
    expect("run hello world|");
    type("\033OH");
    expect("|run hello world");
}

Test(line, does_not_move_beyond_its_ends) {
    type(LEFT "ab" RIGHT RIGHT);
    expect("ab|");
    type(LEFT LEFT LEFT);
    expect("|ab");
}

Test(line, deletes_characters) {
    type("abcd\177");
    expect("abc|");
    type("\b");
    expect("ab|");
    type(HOME "\033[3~");
    expect("|b");
    type("\004");
    expect("|");
    type("\177\033[3~");
    expect("|");
}

Test(line, kills_to_its_ends_and_by_words) {
    type("run hello world" LEFT LEFT "\013");
    expect("run hello wor|");
    type("\027");
    expect("run hello |");
    type("\027");
    expect("run |");
    type("abc" LEFT "\025");
    expect("|c");
}

Test(line, is_drawn_again_on_a_clear_screen) {
    type("abc" LEFT "\014");
    cr_assert_eq(screen.cleared, 1);
    expect("ab|c");
}

Test(line, is_cancelled_by_control_c) {
    cr_assert_eq(type("abc\003"), LINE_CANCELLED);
    cr_assert_str_eq(screen.above, PROMPT "abc^C\n");
    line_start(&editor);
    expect("|");
}

Test(line, is_closed_by_control_d_when_empty) { cr_assert_eq(type("\004"), LINE_CLOSED); }

Test(line, ignores_keys_that_it_does_not_know) {
    type("a\033[15~b\033[>5;1xc\033Pd\033OPe\001\033[99999999999999~f\xc3\xa4\002");
    cr_assert_not(screen.broken);
    cr_assert_str_eq(editor.text, "fabcde");
}

Test(line, is_cancelled_in_the_middle_of_an_escape_sequence) {
    cr_assert_eq(type("a\033[\003"), LINE_CANCELLED);
    line_start(&editor);
    type("b");
    expect("b|");
}

Test(line, recalls_earlier_lines) {
    type("one\rtwo\rthree\rdraft");
    type(UP);
    expect("three|");
    type(UP UP);
    expect("one|");
    type(UP);
    cr_assert_eq(screen.bells, 1);
    expect("one|");
    type(DOWN);
    expect("two|");
    type(DOWN DOWN);
    expect("draft|");
    type("\020\016");
    expect("draft|");
    type(DOWN);
    cr_assert_eq(screen.bells, 2);
}

Test(line, recalled_and_changed_leaves_history_as_it_is) {
    type("one\r" UP "x\r" UP UP);
    expect("one|");
    type(DOWN);
    expect("onex|");
}

Test(line, history_has_no_empty_lines_and_no_repetitions) {
    type("one\r\rone\r" UP UP);
    cr_assert_eq(screen.bells, 1);
    expect("one|");
}

Test(line, history_keeps_the_last_lines) {
    char text[16];

    for (int i = 0; i < LINE_HISTORY + 10; i++) {
        snprintf(text, sizeof text, "line%d\r", i);
        type(text);
        line_start(&editor);
    }
    for (int i = 0; i < LINE_HISTORY; i++)
        type(UP);
    cr_assert_eq(screen.bells, 0);
    cr_assert_str_eq(editor.text, "line10");
    type(UP);
    cr_assert_eq(screen.bells, 1);
}

Test(line, completes_the_only_candidate_and_adds_a_blank) {
    type("pow\t");
    expect("poweroff |");
}

Test(line, completes_what_all_candidates_have_in_common) {
    type("re\t");
    expect("re|");
    type("\177p\t");
    cr_assert_eq(screen.bells, 1);
    setup();
    type("pr\t");
    expect("programs |");
    type("hel\t");
    expect("programs hel|");
}

Test(line, lists_candidates_when_there_is_a_choice) {
    type("p\t");
    cr_assert_str_eq(screen.above, PROMPT "p\npoweroff  programs  ps\n");
    expect("p|");
}

Test(line, completes_in_the_middle) {
    type("pow x" LEFT LEFT "\t");
    expect("poweroff| x");
}

Test(line, rings_when_nothing_completes) {
    type("zz\t");
    cr_assert_eq(screen.bells, 1);
    expect("zz|");
}

Test(line, takes_no_more_than_fits) {
    for (int i = 0; i < LINE_BYTES - 1; i++)
        line_feed(&editor, 'x');
    cr_assert_eq(screen.bells, 0);
    line_feed(&editor, 'x');
    cr_assert_eq(screen.bells, 1);
    cr_assert_eq(editor.length, LINE_BYTES - 1);
    cr_assert_eq(strlen(editor.text), LINE_BYTES - 1);
}

Test(line, scrolls_when_it_is_longer_than_the_terminal_is_wide) {
    for (int i = 0; i < 120; i++)
        line_feed(&editor, (char)('a' + i % 26));
    cr_assert_not(screen.broken);
    cr_assert_lt(screen.column, LINE_COLUMNS);
    cr_assert_eq(screen.line[screen.column - 1], 'a' + 119 % 26);
    type(HOME);
    cr_assert_eq(screen.column, strlen(PROMPT));
    cr_assert_eq(screen.line[screen.column], 'a');
    type(END "\177");
    cr_assert_eq(screen.line[screen.column - 1], 'a' + 118 % 26);
    cr_assert_not(screen.broken);
}

/*
 * The part of the text that is in view is what the screen shows, and the cursor stands where it
 * should.
 */
static bool screen_agrees(void) {
    size_t prompt = strlen(PROMPT);

    return !screen.broken && strncmp(screen.line, PROMPT, prompt) == 0 &&
           strncmp(screen.line + prompt, editor.text + editor.first,
                   strlen(screen.line + prompt)) == 0 &&
           screen.column == prompt + editor.cursor - editor.first && screen.column < LINE_COLUMNS;
}

Test(line, of_any_keys_agrees_with_the_screen) {
    static const char *const keys[] = { "a",       "b ",        UP,     DOWN,   LEFT,
                                        RIGHT,     HOME,        END,    "\177", "\004",
                                        "\t",      "\013",      "\025", "\027", "\014",
                                        "\033[3~", "\033[1;5D", "\r",   "\003", "wxyz",
                                        "ps",      "\033",      "[",    ";",    "9" };

    random_start();
    for (int i = 0; i < 100000; i++) {
        const char *key = keys[random_below(sizeof keys / sizeof keys[0])];
        for (; *key != '\0'; key++)
            if (line_feed(&editor, *key) != LINE_EDITING) {
                screen.above[0] = '\0';
                line_start(&editor);
            }
        screen.above[0] = '\0';
        random_check(editor.cursor <= editor.length && editor.length < LINE_BYTES);
        random_check(strlen(editor.text) == editor.length);
        random_check(screen_agrees());
    }
}
