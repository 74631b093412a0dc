/*
 * The form of an XML file: tags that close each other. hwloc's own reader does not say where a file
 * is broken.
 */
#include "generate.h"

#include <string.h>

#define DEPTH_MAX 256U

struct reader {
    const char *at;
    const char *start;           /* of the file */
    const char *open[DEPTH_MAX]; /* names of the elements that are not closed */
    unsigned depth;
};

static unsigned line_of(const char *start, const char *at) {
    unsigned line = 1;

    for (; start < at; start++)
        line += *start == '\n';
    return line;
}

static size_t name_length(const char *name) { return strcspn(name, " \t\r\n/>"); }

static bool is_same_name(const char *a, const char *b) {
    return name_length(a) == name_length(b) && strncmp(a, b, name_length(a)) == 0;
}

/* The end of a tag: quoted values may hold anything. NULL: there is none. */
static const char *tag_end(const char *at) {
    int quote = 0;

    for (; *at; at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? 0 : *at;
        else if (!quote && (*at == '>' || *at == '<'))
            return *at == '>' ? at : NULL;
    }
    return NULL;
}

/* What is behind `<`. */
static const char *read_tag(struct reader *r) {
    const char *tag = r->at + 1, *end;

    if (strncmp(tag, "!--", 3) == 0) {
        end = strstr(tag, "-->");
        r->at = end ? end + 3 : r->at;
        return end ? NULL : "a comment does not end";
    }
    end = tag_end(tag);
    if (end == NULL)
        return "a tag does not end";
    if (*tag == '/') {
        if (r->depth == 0 || !is_same_name(tag + 1, r->open[r->depth - 1]))
            return "this closes what is not open";
        r->depth--;
    } else if (*tag != '?' && *tag != '!' && end[-1] != '/') {
        if (r->depth == 0 && !is_same_name(tag, "topology>"))
            return "this is not a topology of hwloc's";
        if (r->depth == DEPTH_MAX)
            return "elements are too deep in each other";
        r->open[r->depth++] = tag;
    }
    r->at = end + 1;
    return NULL;
}

const char *xml_fault(const char *text, unsigned *line) {
    struct reader r = { .at = text, .start = text };
    bool any = false;

    for (; *r.at; any = any || r.depth) {
        const char *fault = NULL;
        if (*r.at == '<')
            fault = read_tag(&r);
        else if (r.depth == 0 && !strchr(" \t\r\n", *r.at))
            fault = "this is not XML";
        else
            r.at++;
        *line = line_of(text, r.at);
        if (fault)
            return fault;
    }
    *line = line_of(text, r.depth ? r.open[r.depth - 1] : r.at);
    if (r.depth)
        return "what begins here is not closed";
    return any ? NULL : "there is no topology in it";
}

unsigned xml_line_of(const char *text, const char *word) {
    size_t length = strlen(word);

    for (const char *at = text; length && (at = strstr(at, word)) != NULL; at++)
        if (at > text && at[-1] == '"' && at[length] == '"')
            return line_of(text, at);
    return 0;
}
