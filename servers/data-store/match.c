#include "match.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const struct class {
    const char *name;
    int (*has)(int);
} classes[] = {
    { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
    { "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
    { "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

/* After "[:": the class, and where it ends; NULL: there is none of that name. */
static const struct class *class_at(const char *text, const char **end) {
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        size_t length = strlen(classes[i].name);
        if (strncmp(text, classes[i].name, length) == 0 && text[length] == ':' &&
            text[length + 1] == ']') {
            *end = text + length + 2;
            return &classes[i];
        }
    }
    return NULL;
}

/* One character of a bracket expression, perhaps after a backslash. */
static unsigned char member(const char **at) {
    if (**at == '\\' && (*at)[1] != '\0')
        (*at)++;
    return (unsigned char)*(*at)++;
}

/*
 * A bracket expression, from behind its '['. NULL: it does not end, so '[' stands for itself; else
 * where it ends.
 */
static const char *bracket(const char *at, unsigned char c, bool *has) {
    bool inverted = *at == '!' || *at == '^', found = false;
    const char *first = at += inverted;

    while (*at != ']' || at == first) {
        const struct class *class = at[0] == '[' && at[1] == ':' ? class_at(at + 2, &at) : NULL;
        if (class != NULL) {
            found |= class->has(c) != 0;
            continue;
        }
        if (*at == '\0')
            return NULL;
        unsigned char low = member(&at), high = low;
        if (at[0] == '-' && at[1] != ']' && at[1] != '\0') {
            at++;
            high = member(&at);
        }
        found |= c >= low && c <= high;
    }
    *has = found != inverted;
    return at + 1;
}

/* Whether what the pattern begins with, which is no '*', stands for `c`; then *pattern is behind
 * it. */
static bool one(const char **pattern, char c) {
    const char *p = *pattern, *end;
    bool has = false;

    if (*p == '[' && (end = bracket(p + 1, (unsigned char)c, &has)) != NULL) {
        *pattern = end;
        return has;
    }
    if (*p == '\\' && p[1] != '\0')
        p++;
    else if (*p == '?')
        has = true;
    *pattern = p + 1;
    return has || *p == c;
}

/* Only the last '*' is ever tried again: what a former one takes more, that one can take. */
bool match(const char *pattern, const char *name) {
    const char *star = NULL, *from = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (*pattern != '\0' && one(&pattern, *name)) {
            name++;
        } else if (star != NULL) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
