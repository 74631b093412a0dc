#include "command.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool ends_command(char c) { return c == '\0' || c == ';' || c == '\n'; }

static const char *skip_comment(const char *at) {
    while (*at != '\0' && *at != '\n')
        at++;
    return at;
}

/* To the first character of the next command, or to the end of the sequence. */
static const char *skip_separators(const char *at) {
    for (;;) {
        if (*at == '#')
            at = skip_comment(at);
        else if (is_blank(*at) || (*at != '\0' && ends_command(*at)))
            at++;
        else
            return at;
    }
}

static void fail(struct command *command, const char *error) {
    if (command->error == NULL)
        command->error = error;
}

static void put(struct command *command, size_t *used, char c) {
    if (*used < sizeof command->buffer)
        command->buffer[(*used)++] = c;
    else
        fail(command, "the command is too long");
}

/* A quoted part of a word. Returns what follows the closing quote. */
static const char *read_quoted(struct command *command, const char *at, size_t *used) {
    char quote = *at++;

    for (; *at != quote; at++) {
        if (*at == '\\' && quote == '"' && at[1] != '\0')
            at++;
        if (*at == '\0') {
            fail(command, "a quote is not closed");
            return at;
        }
        put(command, used, *at);
    }
    return at + 1;
}

/* A word, which starts at `at`. Returns what follows it. */
static const char *read_word(struct command *command, const char *at, size_t *used) {
    if (command->words == COMMAND_WORDS)
        fail(command, "the command has too many words");
    else
        command->word[command->words++] = command->buffer + *used;

    while (!is_blank(*at) && !ends_command(*at) && *at != '&') {
        if (*at == '\'' || *at == '"') {
            at = read_quoted(command, at, used);
            continue;
        }
        if (*at == '\\' && at[1] != '\0')
            at++;
        put(command, used, *at++);
    }
    put(command, used, '\0');
    return at;
}

bool command_next(const char **cursor, struct command *command) {
    const char *at = skip_separators(*cursor);
    size_t used = 0;

    command->text = at;
    command->text_bytes = 0;
    command->error = NULL;
    command->background = false;
    command->words = 0;
    while (!ends_command(*at) && *at != '#') {
        if (command->background)
            fail(command, "nothing may follow `&`");
        if (*at == '&') {
            command->background = true;
            at++;
        } else {
            at = read_word(command, at, &used);
        }
        command->text_bytes = (size_t)(at - command->text);
        while (is_blank(*at))
            at++;
    }
    if (command->background && command->words == 0)
        fail(command, "`&` follows no command");
    command->word[command->words] = NULL;
    *cursor = at;
    return command->text_bytes != 0;
}
