/*
 * The boot command line: words separated by blanks, most of the form `key=value`. A double quote
 * begins or ends a part in which blanks are ordinary; it may stand anywhere in a word, so
 * `script="a; b"` and `"script=a; b"` (which is what GRUB makes of it) are the same. A backslash
 * takes the next character as it is.
 *
 * Freestanding; the line may hold anything.
 */
#ifndef BULKHEAD_CMDLINE_H
#define BULKHEAD_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads one character of a word at *at, quotes and backslashes resolved. Returns it, or -1 at the
 * word's end.
 */
static inline int cmdline_char(const char **at, bool *quoted) {
    for (;;) {
        char c = **at;
        if (c == '\0' || (c == ' ' && !*quoted))
            return -1;
        (*at)++;
        if (c == '"') {
            *quoted = !*quoted;
            continue;
        }
        if (c == '\\' && **at != '\0')
            c = *(*at)++;
        return (unsigned char)c;
    }
}

/*
 * Finds the word `key=value`; of several the last counts. A word without `=` that equals `key` has
 * an empty value. Writes the value, unquoted, truncated to bytes - 1 characters and terminated
 * (bytes > 0). Returns the length of the whole value, or -1 when there is no such word; value is
 * empty then.
 */
static inline int cmdline_get(const char *line, const char *key, char *value, size_t bytes) {
    int found = -1;

    value[0] = '\0';
    while (*line != '\0') {
        bool quoted = false, match = true;
        const char *k = key;
        int c = cmdline_char(&line, &quoted);

        for (; c >= 0 && c != '='; c = cmdline_char(&line, &quoted)) {
            match = match && *k != '\0' && (unsigned char)*k == c;
            k += match;
        }
        match = match && *k == '\0' && k != key;

        int length = 0;
        while (c >= 0 && (c = cmdline_char(&line, &quoted)) >= 0) {
            if (match && (size_t)length < bytes - 1)
                value[length] = (char)c;
            length++;
        }
        if (match) {
            found = length;
            value[(size_t)length < bytes ? (size_t)length : bytes - 1] = '\0';
        }
        while (*line == ' ')
            line++;
    }
    return found;
}

#endif
