/*
 * The line editor: turns the bytes that a terminal sends into a line of text, and shows the line
 * while it is edited. It knows the keys of VT100 descendants (ECMA-48 cursor keys; xterm and linux
 * consoles) and the control keys of Emacs. A line longer than the terminal is wide scrolls
 * sideways. Text is printable ASCII.
 *
 * Pure: input comes by line_feed(), output and completions go through struct line_terminal.
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include <stddef.h>

#define LINE_BYTES   256 /* terminating zero included */
#define LINE_HISTORY 64  /* lines remembered */
#define LINE_COLUMNS 80  /* width of the terminal: serial lines do not tell theirs */

struct line_terminal {
    void (*write)(const char *text, size_t bytes);
    /*
     * The completions of a word that starts at line[start]: the index-th (from 0) of all that are
     * possible there, whatever the word so far, or NULL when there are no more. Asked for in order,
     * from the first; each is valid until the next is asked for.
     */
    const char *(*candidate)(const char *line, size_t start, size_t index);
};

enum line_state {
    LINE_EDITING,
    LINE_ENTERED,   /* editor->text is the line; start the next with line_start() */
    LINE_CANCELLED, /* by ^C */
    LINE_CLOSED,    /* by ^D on an empty line */
};

struct line_editor {
    const struct line_terminal *terminal;
    const char *prompt;
    char text[LINE_BYTES]; /* zero-terminated */
    size_t length, cursor;
    size_t first; /* first character shown */

    enum { KEY_PLAIN, KEY_ESCAPE, KEY_CSI, KEY_SS3 } key; /* how far an escape sequence has come */
    unsigned key_parameter[2], key_parameters;

    char history[LINE_HISTORY][LINE_BYTES]; /* ring */
    size_t history_lines;                   /* ever added */
    size_t back;            /* how far back in it the user is; 0: at the line being typed */
    char draft[LINE_BYTES]; /* that line, while the user is elsewhere */
};

/* Prepares an editor without history. Both arguments are kept. */
void line_init(struct line_editor *editor, const struct line_terminal *terminal,
               const char *prompt);

/* Shows the prompt and begins an empty line. */
void line_start(struct line_editor *editor);

/* Takes one byte of input. After any result but LINE_EDITING the cursor is on a fresh line. */
enum line_state line_feed(struct line_editor *editor, char c);

#endif
