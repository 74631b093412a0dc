/* Values: names, numbers, sizes, times. */
#include <stdio.h>
#include <string.h>

#include "reader.h"

bool take_word(struct reader *r, const char *word) {
    char what[32];

    if (token_is(&r->token, word)) {
        reader_next(r);
        return true;
    }
    (void)snprintf(what, sizeof what, "'%s'", word);
    return reader_expected(r, what);
}

bool take_name(struct reader *r, size_t most, const char *what, struct token *name) {
    char limits[80];
    const char *star =
        r->token.kind == TOKEN_WORD ? memchr(r->token.at, '*', r->token.bytes) : NULL;

    if (r->token.kind != TOKEN_WORD || star != NULL)
        return reader_expected(r, what);
    if (r->token.bytes > most) {
        (void)snprintf(limits, sizeof limits, "%s of at most %zu characters", what, most);
        return reader_expected(r, limits);
    }
    *name = r->token;
    reader_next(r);
    return true;
}

bool take_pattern(struct reader *r, const char *what, struct token *name) {
    char limits[80];
    const struct token *token = &r->token;
    const char *star = token->kind == TOKEN_WORD ? memchr(token->at, '*', token->bytes) : NULL;

    if (token->kind != TOKEN_WORD)
        return reader_expected(r, what);
    if (token->bytes > LABEL_MAX) {
        (void)snprintf(limits, sizeof limits, "%s of at most %d characters", what, LABEL_MAX);
        return reader_expected(r, limits);
    }
    if (star != NULL && star != token->at + token->bytes - 1)
        return reader_error(r, star, "a '*' may only be the last character");
    *name = *token;
    reader_next(r);
    return true;
}

bool part_split(const struct token *token, char at, struct token *first, struct token *rest) {
    const char *found = memchr(token->at, at, token->bytes);
    size_t bytes = found != NULL ? (size_t)(found - token->at) : token->bytes;
    size_t skipped = bytes + (found != NULL);

    *first = (struct token){ TOKEN_WORD, token->at, bytes };
    *rest = (struct token){ TOKEN_WORD, token->at + skipped, token->bytes - skipped };
    return found != NULL;
}

static int digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

/* The digits at the front of a part; returns how many there are, 0 if the number is too big. */
static size_t digits(const char *at, size_t bytes, unsigned base, uint64_t *value) {
    size_t i = 0;

    for (*value = 0; i < bytes && (unsigned)digit(at[i]) < base; i++)
        if (__builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, (unsigned)digit(at[i]), value))
            return 0;
    return i;
}

/* Decimal, or hexadecimal after 0x. Returns its length, 0 if there is none. */
static size_t number(const struct token *part, uint64_t *value) {
    bool hexadecimal = part->bytes > 2 && part->at[0] == '0' && part->at[1] == 'x';
    size_t prefix = hexadecimal ? 2 : 0;
    size_t count = digits(part->at + prefix, part->bytes - prefix, hexadecimal ? 16 : 10, value);

    return count != 0 ? prefix + count : 0;
}

bool part_number(struct reader *r, const struct token *part, const char *what, uint64_t least,
                 uint64_t most, uint64_t *value) {
    char limits[80];

    if (part->kind == TOKEN_WORD && part->bytes != 0 && number(part, value) == part->bytes &&
        *value >= least && *value <= most)
        return true;
    (void)snprintf(limits, sizeof limits, "%s from %lu to %lu", what, least, most);
    return reader_expected_for(r, part, limits);
}

bool take_number(struct reader *r, const char *what, uint64_t least, uint64_t most,
                 uint64_t *value) {
    if (!part_number(r, &r->token, what, least, most, value))
        return false;
    reader_next(r);
    return true;
}

bool part_hex(struct reader *r, const struct token *part, const char *what, unsigned count,
              uint32_t *value) {
    uint64_t wide;
    char limits[80];

    if (part->bytes != 0 && part->bytes <= count &&
        digits(part->at, part->bytes, 16, &wide) == part->bytes) {
        *value = (uint32_t)wide;
        return true;
    }
    (void)snprintf(limits, sizeof limits, "%s of %u hexadecimal digits", what, count);
    return reader_expected_for(r, part, limits);
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* A number and its unit: the product. False: it is none, or too big. */
static bool quantity(const struct token *part, const struct unit *units, size_t count,
                     uint64_t *value) {
    size_t length = part->kind == TOKEN_WORD ? number(part, value) : 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strlen(units[i].name) == part->bytes - length &&
            memcmp(part->at + length, units[i].name, part->bytes - length) == 0)
            return !__builtin_mul_overflow(*value, units[i].factor, value);
    return false;
}

bool part_size(struct reader *r, const struct token *part, const char *what, uint64_t most,
               uint64_t *pages) {
    static const struct unit units[] = { { "KiB", 1UL << 10 },
                                         { "MiB", 1UL << 20 },
                                         { "GiB", 1UL << 30 } };
    char limits[100];

    if (quantity(part, units, sizeof units / sizeof units[0], pages) && *pages != 0 &&
        *pages % PAGE_SIZE == 0 && *pages / PAGE_SIZE <= most) {
        *pages /= PAGE_SIZE;
        return true;
    }
    (void)snprintf(limits, sizeof limits, "%s in KiB, MiB or GiB, a multiple of 4KiB", what);
    return reader_expected_for(r, part, limits);
}

bool take_size(struct reader *r, const char *what, uint64_t most, uint64_t *pages) {
    if (!part_size(r, &r->token, what, most, pages))
        return false;
    reader_next(r);
    return true;
}

/* A time in the largest unit in which it is a whole number. */
static void time_text(char text[24], uint64_t nanoseconds) {
    static const char *const names[] = { "ns", "us", "ms", "s" };
    unsigned unit = 0;

    for (; unit < 3 && nanoseconds % 1000 == 0 && nanoseconds != 0; unit++)
        nanoseconds /= 1000;
    (void)snprintf(text, 24, "%lu%s", nanoseconds, names[unit]);
}

bool take_time(struct reader *r, const char *what, uint64_t least, uint64_t most,
               uint64_t *nanoseconds) {
    static const struct unit units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
    char limits[100], from[24], to[24];

    if (quantity(&r->token, units, sizeof units / sizeof units[0], nanoseconds) &&
        *nanoseconds >= least && *nanoseconds <= most) {
        reader_next(r);
        return true;
    }
    time_text(from, least);
    time_text(to, most);
    (void)snprintf(limits, sizeof limits, "%s from %s to %s", what, from, to);
    return reader_expected(r, limits);
}
