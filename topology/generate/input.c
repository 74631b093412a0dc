/*
 * From what the user gave to a machine of hwloc's, and what is wrong with it if that fails: hwloc
 * says what, but only on standard error, and seldom where.
 */
#define _POSIX_C_SOURCE 200809L

#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The last of what hwloc said, without its general remarks. */
static char said[512];

/* ---- Listening to hwloc ---- */

struct listening {
    FILE *file;
    int standard_error;
};

static struct listening listen_to_hwloc(void) {
    struct listening l = { .file = tmpfile(), .standard_error = dup(STDERR_FILENO) };

    if (l.file == NULL || l.standard_error < 0 || dup2(fileno(l.file), STDERR_FILENO) < 0)
        fail(1, "a temporary file: %s", strerror(errno));
    return l;
}

/* Keeps the first line: what follows says that it follows. */
static void stop_listening(struct listening *l) {
    (void)fflush(stderr);
    (void)dup2(l->standard_error, STDERR_FILENO);
    (void)close(l->standard_error);
    rewind(l->file);
    if (fgets(said, sizeof said, l->file) == NULL)
        said[0] = '\0';
    said[strcspn(said, "\n")] = '\0';
    (void)fclose(l->file);
}

static hwloc_topology_t new_topology(void) {
    hwloc_topology_t t;

    if (hwloc_topology_init(&t) != 0)
        fail(1, "hwloc: %s", strerror(errno));
    return t;
}

/* ---- Synthetic ---- */

/* The next level at or after `at`, and *bytes, how long it is; what is in brackets belongs to it.
 */
static const char *next_level(const char *at, size_t *bytes) {
    unsigned depth = 0;

    at += strspn(at, " ");
    for (*bytes = 0; at[*bytes] && (depth || at[*bytes] != ' '); ++*bytes) {
        char c = at[*bytes];
        if (c == '(' || c == '[')
            depth++;
        else if ((c == ')' || c == ']') && depth)
            depth--;
    }
    return *bytes ? at : NULL;
}

static bool take(hwloc_topology_t t, const char *description) {
    struct listening l = listen_to_hwloc();
    bool taken = hwloc_topology_set_synthetic(t, description) == 0;

    stop_listening(&l);
    return taken;
}

static bool is_accepted(const char *description) {
    hwloc_topology_t t = new_topology();
    bool accepted = take(t, description);

    hwloc_topology_destroy(t);
    return accepted;
}

/* Whether the first `bytes` of a description can be the beginning of one. */
static bool can_begin(const char *description, size_t bytes) {
    char *beginning = allocate(bytes + sizeof " pu:1", 1);
    bool can;

    memcpy(beginning, description, bytes);
    can = is_accepted(beginning);
    if (!can) {
        memcpy(beginning + bytes, " pu:1", sizeof " pu:1");
        can = is_accepted(beginning);
    }
    free(beginning);
    return can;
}

/* The level with which a description becomes wrong is the one to name. */
static _Noreturn void refuse_synthetic(const char *description) {
    const char *level = description, *last = description;
    size_t bytes, last_bytes = 0;
    char reason[sizeof said];
    bool at_end = true;

    (void)is_accepted(description);
    memcpy(reason, said, sizeof reason);
    for (; (level = next_level(level, &bytes)) != NULL; level += bytes) {
        last = level;
        last_bytes = bytes;
        if (!can_begin(description, (size_t)(level - description) + bytes)) {
            at_end = false;
            break;
        }
    }
    fail(2, "\"%s\": column %zu, `%.*s`: %s%s", description, (size_t)(last - description) + 1,
         (int)last_bytes, last, reason[0] ? reason : "hwloc refuses it",
         at_end ? " (the last level is pu:N)" : "");
}

/* How many PUs a correct description has: hwloc makes all of them before it can be asked. */
static uint64_t count_synthetic(const char *description) {
    const char *level = description;
    uint64_t count = 1;
    size_t bytes;

    for (; (level = next_level(level, &bytes)) != NULL; level += bytes) {
        const char *colon = memchr(level, ':', bytes);
        if (level[0] == '[' || count > TOPOLOGY_CORES_MAX)
            continue;
        count *= strtoul(colon ? colon + 1 : level, NULL, 0);
    }
    return count;
}

static void set_synthetic(hwloc_topology_t t, const char *description) {
    if (description[strspn(description, " ")] == '\0')
        fail(2, "the input is empty: `host`, an XML file of hwloc's or a description such as "
                "\"package:2 core:4 pu:2\"");
    if (!take(t, description))
        refuse_synthetic(description);
    if (count_synthetic(description) > TOPOLOGY_CORES_MAX)
        fail(2, "\"%s\": more than %u cores", description, TOPOLOGY_CORES_MAX);
}

/* ---- XML ---- */

static bool is_file(const char *input) {
    size_t length = strlen(input);
    struct stat status;

    return strchr(input, '/') || (length > 4 && strcmp(input + length - 4, ".xml") == 0) ||
           stat(input, &status) == 0;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t bytes = 0, room = 1 << 16;
    char *text;

    if (file == NULL)
        fail(2, "%s: %s", path, strerror(errno));
    text = allocate(room, 1);
    for (size_t got; (got = fread(text + bytes, 1, room - bytes - 1, file)) != 0;) {
        bytes += got;
        if (bytes + 1 < room)
            continue;
        room *= 2;
        text = realloc(text, room);
        if (text == NULL)
            fail(1, "memory: %s", strerror(errno));
    }
    if (ferror(file))
        fail(2, "%s: %s", path, strerror(errno));
    text[bytes] = '\0';
    (void)fclose(file);
    return text;
}

static void set_xml(hwloc_topology_t t, const char *path) {
    char *text = read_file(path);
    unsigned line;
    const char *fault = xml_fault(text, &line);

    if (fault)
        fail(2, "%s: line %u: %s", path, line, fault);
    free(text);
    if (hwloc_topology_set_xml(t, path) != 0)
        fail(2, "%s: %s", path, strerror(errno));
}

/* What hwloc said begins with the name of the file, and its last word is mostly what it does not
 * know. */
static _Noreturn void refuse_xml(const char *path) {
    const char *colon = strstr(said, ".xml: "), *word = strrchr(said, ' ');
    const char *reason = colon ? colon + strlen(".xml: ") : said;
    unsigned line = word ? xml_line_of(read_file(path), word + 1) : 0;

    if (line)
        fail(2, "%s: line %u: %s", path, line, reason);
    fail(2, "%s: %s", path, strncmp(reason, "Failed", 6) == 0 ? "hwloc cannot read it" : reason);
}

/* ---- All ---- */

hwloc_topology_t input_load(const char *input) {
    hwloc_topology_t t = new_topology();
    bool host = strcmp(input, "host") == 0, xml = !host && input[0] && is_file(input);
    struct listening l;
    int result;

    (void)setenv("HWLOC_SYNTHETIC_VERBOSE", "1", 1);
    (void)setenv("HWLOC_XML_VERBOSE", "1", 1);
    if (xml)
        set_xml(t, input);
    else if (!host)
        set_synthetic(t, input);
    (void)hwloc_topology_set_io_types_filter(t, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
    /* The machine, not what of it this process may use. */
    (void)hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    l = listen_to_hwloc();
    result = hwloc_topology_load(t);
    stop_listening(&l);
    if (result != 0 && xml)
        refuse_xml(input);
    if (result != 0)
        fail(2, "%s: %s", input, said[0] ? said : strerror(errno));
    return t;
}
