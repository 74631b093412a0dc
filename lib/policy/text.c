/* Texts: tokens, places, errors. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_word(char c) { return c > ' ' && c <= '~' && strchr("{};#", c) == NULL; }

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && (is_blank(*at) || *at == '#')) {
        if (*at == '#')
            while (at < end && *at != '\n')
                at++;
        else
            at++;
    }
    return at;
}

void reader_next(struct reader *r) {
    const char *at = skip_blanks(r->next, r->end);
    struct token token = { .kind = TOKEN_END, .at = at, .bytes = at < r->end };

    if (at < r->end) {
        const char *kinds = "{};", *found = *at != '\0' ? strchr(kinds, *at) : NULL;
        token.kind = found != NULL  ? (enum token_kind)(TOKEN_OPEN + (found - kinds))
                     : is_word(*at) ? TOKEN_WORD
                                    : TOKEN_BAD;
    }
    if (token.kind == TOKEN_WORD)
        while (at + token.bytes < r->end && is_word(at[token.bytes]))
            token.bytes++;
    r->token = token;
    r->next = at + token.bytes;
}

void reader_open(struct reader *r, struct policy_set *set, const char *text, const char *end) {
    *r = (struct reader){ .set = set, .next = text, .end = end };
    reader_next(r);
}

bool token_is(const struct token *token, const char *word) {
    return token->kind == TOKEN_WORD && strlen(word) == token->bytes &&
           memcmp(token->at, word, token->bytes) == 0;
}

void token_copy(char *to, const struct token *token) {
    memcpy(to, token->at, token->bytes);
    to[token->bytes] = '\0';
}

void policy_where(const struct policy_set *set, const char *at, struct policy_error *where) {
    for (size_t i = 0; i < set->file_count; i++) {
        const struct policy_file *file = &set->file[i];
        const char *end = file->text + file->bytes;
        if (at < file->text || at > end)
            continue;
        where->file = file->name;
        where->line = 1;
        where->source = file->text;
        for (const char *c = file->text; c < at; c++)
            if (*c == '\n') {
                where->line++;
                where->source = c + 1;
            }
        where->column = (uint32_t)(at - where->source) + 1;
        const char *newline = memchr(where->source, '\n', (size_t)(end - where->source));
        where->source_bytes = (size_t)((newline != NULL ? newline : end) - where->source);
        return;
    }
}

static bool report(struct policy_set *set, const char *at, struct policy_error *error) {
    set->errors++;
    policy_where(set, at, error);
    if (set->report != NULL)
        set->report(set->context, error);
    return false;
}

bool error_at(struct policy_set *set, const char *at, const char *format, ...) {
    struct policy_error error = { .line = 0 };
    va_list values;

    va_start(values, format);
    (void)vsnprintf(error.text, sizeof error.text, format, values);
    va_end(values);
    return report(set, at, &error);
}

bool reader_error(struct reader *r, const char *at, const char *format, ...) {
    struct policy_error error = { .line = 0 };
    va_list values;
    int used = 0;

    if (r->user != NULL) {
        used = snprintf(error.text, sizeof error.text, "class '%.*s': ", (int)r->user->bytes,
                        r->user->at);
        at = r->user->at;
    }
    va_start(values, format);
    (void)vsnprintf(error.text + used, sizeof error.text - (size_t)used, format, values);
    va_end(values);
    return report(r->set, at, &error);
}

#define FOUND_MAX 32

bool reader_expected_for(struct reader *r, const struct token *token, const char *what) {
    bool is_long = token->bytes > FOUND_MAX;

    if (token->kind == TOKEN_END)
        return reader_error(r, token->at, "expected %s, found the end of the file", what);
    if (token->kind == TOKEN_BAD)
        return reader_error(r, token->at, "expected %s, found the byte 0x%02x", what,
                            (unsigned)(unsigned char)*token->at);
    if (token->kind == TOKEN_WORD && token->bytes == 0)
        return reader_error(r, token->at, "expected %s, found nothing", what);
    return reader_error(r, token->at, "expected %s, found '%.*s%s'", what,
                        (int)(is_long ? FOUND_MAX : token->bytes), token->at, is_long ? ".." : "");
}

bool reader_expected(struct reader *r, const char *what) {
    return reader_expected_for(r, &r->token, what);
}

size_t policy_error_format(char *buffer, size_t bytes, const struct policy_error *error) {
    size_t shown = error->source_bytes > 120 ? 120 : error->source_bytes;
    char source[121], caret[121];
    size_t at = error->column - 1;

    for (size_t i = 0; i < shown; i++) {
        char c = error->source[i];
        source[i] = '?';
        if ((c >= ' ' && c <= '~') || c == '\t')
            source[i] = c;
        caret[i] = ' ';
        if (c == '\t') /* as wide as what stands above it */
            caret[i] = c;
    }
    source[shown] = '\0';
    if (at > shown || at >= sizeof caret - 1)
        return (size_t)snprintf(buffer, bytes, "%s:%u:%u: %s\n    %s\n", error->file, error->line,
                                error->column, error->text, source);
    caret[at] = '^';
    caret[at + 1] = '\0';
    return (size_t)snprintf(buffer, bytes, "%s:%u:%u: %s\n    %s\n    %s\n", error->file,
                            error->line, error->column, error->text, source, caret);
}
