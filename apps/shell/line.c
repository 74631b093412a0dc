#include "line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CONTROL(letter) ((letter)&0x1f)
#define ESCAPE          '\033'
#define BACKSPACE       '\177'
#define BELL            "\a"
#define ERASE_TO_END    "\033[K"
#define CLEAR_SCREEN    "\033[H\033[2J"

static void show(const struct line_editor *editor, const char *text) {
    editor->terminal->write(text, strlen(text));
}

/* Draws the line again, in place, scrolled so that the cursor is in view. */
static void redraw(struct line_editor *editor) {
    size_t prompt = strlen(editor->prompt);
    size_t width = LINE_COLUMNS - 1 - prompt;
    char move[24];

    if (editor->cursor < editor->first)
        editor->first = editor->cursor;
    if (editor->cursor > editor->first + width)
        editor->first = editor->cursor - width;
    size_t shown = editor->length - editor->first;
    show(editor, "\r");
    show(editor, editor->prompt);
    editor->terminal->write(editor->text + editor->first, shown < width ? shown : width);
    snprintf(move, sizeof move, ERASE_TO_END "\r\033[%zuC",
             prompt + editor->cursor - editor->first);
    show(editor, move);
}

static void move_to(struct line_editor *editor, size_t cursor) {
    editor->cursor = cursor;
    redraw(editor);
}

static void set_text(struct line_editor *editor, const char *text) {
    editor->length = strlen(text);
    memmove(editor->text, text, editor->length + 1);
    editor->first = 0;
    move_to(editor, editor->length);
}

static bool insert(struct line_editor *editor, const char *text, size_t bytes) {
    if (bytes > LINE_BYTES - 1 - editor->length) {
        show(editor, BELL);
        return false;
    }
    char *at = editor->text + editor->cursor;
    memmove(at + bytes, at, editor->length - editor->cursor + 1);
    memcpy(at, text, bytes);
    editor->length += bytes;
    editor->cursor += bytes;
    return true;
}

static void insert_key(struct line_editor *editor, char c) {
    if (!insert(editor, &c, 1))
        return;
    /*
     * Typing at the end of a line that fits is the common case: the character is all that changes
     * on the screen.
     */
    bool fits = editor->first == 0 && strlen(editor->prompt) + editor->length < LINE_COLUMNS;
    if (editor->cursor == editor->length && fits)
        editor->terminal->write(&c, 1);
    else
        redraw(editor);
}

/* Deletes [from, to) and leaves the cursor there. */
static void erase(struct line_editor *editor, size_t from, size_t to) {
    memmove(editor->text + from, editor->text + to, editor->length - to + 1);
    editor->length -= to - from;
    move_to(editor, from);
}

static size_t word_left(const struct line_editor *editor) {
    size_t at = editor->cursor;

    while (at > 0 && editor->text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_right(const struct line_editor *editor) {
    size_t at = editor->cursor;

    while (at < editor->length && editor->text[at] == ' ')
        at++;
    while (at < editor->length && editor->text[at] != ' ')
        at++;
    return at;
}

/* The line of `back` lines ago, 1 to the number that are remembered. */
static char *history_line(struct line_editor *editor, size_t back) {
    return editor->history[(editor->history_lines - back) % LINE_HISTORY];
}

static void history_add(struct line_editor *editor) {
    if (editor->length == 0 ||
        (editor->history_lines > 0 && strcmp(history_line(editor, 1), editor->text) == 0))
        return;
    editor->history_lines++;
    memcpy(history_line(editor, 1), editor->text, editor->length + 1);
}

static void history_move(struct line_editor *editor, bool older) {
    size_t kept = editor->history_lines < LINE_HISTORY ? editor->history_lines : LINE_HISTORY;

    if (older ? editor->back == kept : editor->back == 0) {
        show(editor, BELL);
        return;
    }
    if (editor->back == 0)
        memcpy(editor->draft, editor->text, editor->length + 1);
    editor->back += older ? 1 : -1;
    set_text(editor, editor->back == 0 ? editor->draft : history_line(editor, editor->back));
}

struct completion {
    size_t start, prefix; /* of the word, and its bytes so far */
    size_t matches;
    char common[LINE_BYTES]; /* what all matches begin with */
};

static bool matches(const struct line_editor *editor, const struct completion *completion,
                    const char *candidate) {
    return strncmp(candidate, editor->text + completion->start, completion->prefix) == 0;
}

static struct completion find_completions(const struct line_editor *editor) {
    struct completion found = { .start = editor->cursor };
    const char *candidate;

    while (found.start > 0 && strchr(" ;\"'", editor->text[found.start - 1]) == NULL)
        found.start--;
    found.prefix = editor->cursor - found.start;
    for (size_t i = 0;
         (candidate = editor->terminal->candidate(editor->text, found.start, i)) != NULL; i++) {
        if (!matches(editor, &found, candidate))
            continue;
        if (found.matches++ == 0)
            snprintf(found.common, sizeof found.common, "%s", candidate);
        size_t same = found.prefix;
        while (found.common[same] != '\0' && found.common[same] == candidate[same])
            same++;
        found.common[same] = '\0';
    }
    return found;
}

static void list_completions(struct line_editor *editor, const struct completion *found) {
    size_t column = 0;
    const char *candidate;

    for (size_t i = 0;
         (candidate = editor->terminal->candidate(editor->text, found->start, i)) != NULL; i++) {
        if (!matches(editor, found, candidate))
            continue;
        size_t bytes = strlen(candidate) + 2;
        if (column + bytes > LINE_COLUMNS)
            column = 0;
        show(editor, column == 0 ? "\n" : "  ");
        show(editor, candidate);
        column += bytes;
    }
    show(editor, "\n");
}

static void complete(struct line_editor *editor) {
    struct completion found = find_completions(editor);

    if (found.matches == 0) {
        show(editor, BELL);
        return;
    }
    size_t grown = strlen(found.common) - found.prefix;
    if (!insert(editor, found.common + found.prefix, grown))
        return;
    if (found.matches == 1 && editor->text[editor->cursor] != ' ')
        insert(editor, " ", 1);
    else if (found.matches > 1 && grown == 0)
        list_completions(editor, &found);
    redraw(editor);
}

static enum line_state finish(struct line_editor *editor, const char *shown,
                              enum line_state state) {
    if (editor->cursor != editor->length)
        move_to(editor, editor->length);
    show(editor, shown);
    return state;
}

/* A key that is a control character. */
static enum line_state feed_control(struct line_editor *editor, char c) {
    switch (c) {
    case '\r':
    case '\n':
        history_add(editor);
        return finish(editor, "\n", LINE_ENTERED);
    case CONTROL('C'):
        return finish(editor, "^C\n", LINE_CANCELLED);
    case CONTROL('D'):
        if (editor->length == 0)
            return finish(editor, "\n", LINE_CLOSED);
        if (editor->cursor < editor->length)
            erase(editor, editor->cursor, editor->cursor + 1);
        break;
    case CONTROL('A'):
        move_to(editor, 0);
        break;
    case CONTROL('E'):
        move_to(editor, editor->length);
        break;
    case CONTROL('B'):
        move_to(editor, editor->cursor > 0 ? editor->cursor - 1 : 0);
        break;
    case CONTROL('F'):
        move_to(editor, editor->cursor < editor->length ? editor->cursor + 1 : editor->length);
        break;
    case CONTROL('P'):
        history_move(editor, true);
        break;
    case CONTROL('N'):
        history_move(editor, false);
        break;
    case CONTROL('H'):
    case BACKSPACE:
        if (editor->cursor > 0)
            erase(editor, editor->cursor - 1, editor->cursor);
        break;
    case CONTROL('K'):
        erase(editor, editor->cursor, editor->length);
        break;
    case CONTROL('U'):
        erase(editor, 0, editor->cursor);
        break;
    case CONTROL('W'):
        erase(editor, word_left(editor), editor->cursor);
        break;
    case CONTROL('L'):
        show(editor, CLEAR_SCREEN);
        redraw(editor);
        break;
    case '\t':
        complete(editor);
        break;
    case ESCAPE:
        editor->key = KEY_ESCAPE;
        break;
    default:
        break;
    }
    return LINE_EDITING;
}

/* What the cursor and editing keys are called by the control key that does the same. */
static char control_of_key(char final, unsigned parameter) {
    switch (final) {
    case 'A':
        return CONTROL('P');
    case 'B':
        return CONTROL('N');
    case 'C':
        return CONTROL('F');
    case 'D':
        return CONTROL('B');
    case 'H':
        return CONTROL('A');
    case 'F':
        return CONTROL('E');
    case '~':
        if (parameter == 1 || parameter == 7)
            return CONTROL('A');
        return parameter == 4 || parameter == 8 ? CONTROL('E') : '\0';
    default:
        return '\0';
    }
}

/* The last byte of a control sequence: ESC [ parameters final, or ESC O final. */
static void feed_key(struct line_editor *editor, char final) {
    enum { DELETE_KEY = 3, WITH_CONTROL = 5 };

    if (final == '~' && editor->key_parameter[0] == DELETE_KEY) {
        if (editor->cursor < editor->length)
            erase(editor, editor->cursor, editor->cursor + 1);
    } else if (final == 'C' && editor->key_parameter[1] == WITH_CONTROL) {
        move_to(editor, word_right(editor));
    } else if (final == 'D' && editor->key_parameter[1] == WITH_CONTROL) {
        move_to(editor, word_left(editor));
    } else {
        feed_control(editor, control_of_key(final, editor->key_parameter[0]));
    }
}

/* A byte of an escape sequence. Sequences that mean nothing here are taken whole and ignored. */
static void feed_escape(struct line_editor *editor, char c) {
    if (editor->key == KEY_ESCAPE) {
        editor->key = c == '[' ? KEY_CSI : c == 'O' ? KEY_SS3 : KEY_PLAIN;
        editor->key_parameter[0] = editor->key_parameter[1] = editor->key_parameters = 0;
        if (c == 'b')
            move_to(editor, word_left(editor));
        else if (c == 'f')
            move_to(editor, word_right(editor));
    } else if (editor->key == KEY_CSI && isdigit((unsigned char)c)) {
        unsigned *parameter = &editor->key_parameter[editor->key_parameters];
        *parameter = *parameter < 100 ? *parameter * 10 + (unsigned)(c - '0') : *parameter;
    } else if (editor->key == KEY_CSI && c == ';') {
        editor->key_parameters = 1;
    } else if (editor->key == KEY_CSI && c >= ' ' && c < '@') {
        return; /* another parameter or intermediate byte (ECMA-48, 5.4) */
    } else {
        editor->key = KEY_PLAIN;
        feed_key(editor, c);
    }
}

void line_init(struct line_editor *editor, const struct line_terminal *terminal,
               const char *prompt) {
    memset(editor, 0, sizeof *editor);
    editor->terminal = terminal;
    editor->prompt = prompt;
}

void line_start(struct line_editor *editor) {
    editor->text[0] = '\0';
    editor->length = editor->cursor = editor->first = editor->back = 0;
    editor->key = KEY_PLAIN;
    show(editor, editor->prompt);
}

enum line_state line_feed(struct line_editor *editor, char c) {
    if (editor->key != KEY_PLAIN && c != CONTROL('C')) {
        feed_escape(editor, c);
        return LINE_EDITING;
    }
    editor->key = KEY_PLAIN;
    if (c < ' ' || c == BACKSPACE)
        return feed_control(editor, c);
    insert_key(editor, c);
    return LINE_EDITING;
}
