#include "store.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/store.h>

#include "names.h"

#define LINE 16U /* bytes of memory in a line */

static const char *type_name(unsigned type) {
    static const char *const names[] = {
#define X(name, number, text) text,
        STORE_TYPES(X)
#undef X
    };

    return type < STORE_TYPE_COUNT ? names[type] : "?";
}

static enum status failed(const struct command *command, int error) {
    if (error != -E_NOENT)
        return shell_failed(command, error);
    puts("ds: there is no data store, or no record of that name");
    return STATUS_FAILED;
}

/* What stands between a name and its value in `ds list`. */
static void print_owner(const char *name) {
    struct message m = { .type = STORE_OWNER };
    char label[LABEL_MAX + 1] = "?";

    memcpy(m.arg, name, strnlen(name, STORE_NAME_MAX));
    if (store_request(&m) == 0)
        memcpy(label, m.arg, LABEL_MAX);
    printf("%-12s ", label);
}

static void print_endpoint(endpoint_t endpoint) {
    char text[ENDPOINT_TEXT];

    puts(endpoint_text(endpoint, text));
}

/* On the rest of a line. */
static int print_value(const char *name, const struct store_what *what) {
    char text[STORE_STRING_MAX + 1];
    uint64_t value = 0;
    int error = 0;

    switch (what->type) {
    case STORE_TYPE_INTEGER:
        error = store_retrieve_integer(name, 0, &value);
        if (!error)
            printf("%" PRIu64 "\n", value);
        break;
    case STORE_TYPE_LABEL:
        error = store_retrieve_label(name, 0, &value);
        if (!error)
            print_endpoint(value);
        break;
    case STORE_TYPE_STRING:
        error = store_retrieve_string(name, 0, text, sizeof text);
        if (!error)
            puts(text);
        break;
    case STORE_TYPE_NONE:
        puts("deleted");
        break;
    default:
        printf("%u bytes\n", what->bytes);
        break;
    }
    if (error)
        puts(error_text(error));
    return error;
}

static void print_record(const struct store_change *change) {
    printf("%-32s %-8s ", change->name, type_name(change->what.type));
    print_owner(change->name);
    print_value(change->name, &change->what);
}

static enum status list(const struct command *command, const char *pattern) {
    struct message m = { .type = STORE_STATUS };
    struct store_change change;
    uint64_t version = 0;
    int error = store_request(&m);

    if (error)
        return failed(command, error);
    printf("%-32s %-8s %-12s VALUE\n", "NAME", "TYPE", "OWNER");
    while ((error = store_next(pattern, 0, &version, &change)) == 0)
        print_record(&change);
    return error == -E_NOENT ? STATUS_OK : failed(command, error);
}

static void print_bytes(const uint8_t *bytes, size_t count) {
    for (size_t at = 0; at < count; at += LINE) {
        printf("%04zx ", at);
        for (size_t i = at; i < at + LINE; i++)
            if (i < count)
                printf(" %02x", bytes[i]);
            else
                printf("   ");
        printf("  ");
        for (size_t i = at; i < at + LINE && i < count; i++)
            putchar(isprint(bytes[i]) ? bytes[i] : '.');
        putchar('\n');
    }
}

/* Of longer memory the beginning. */
static enum status get(const struct command *command, const char *name) {
    static uint8_t bytes[4096];
    struct message m = { .type = STORE_RETRIEVE };
    struct store_what what;
    size_t length = strlen(name);

    if (length > STORE_NAME_MAX)
        return shell_failed(command, -E_TOOBIG);
    memcpy(m.arg, name, length);
    int error = store_request(&m);
    if (error == -E_CHECKSUM) {
        printf("ds: %s is corrupt; its newest good snapshot: %" PRIu64 " (0: none)\n", name,
               m.arg[1]);
        return STATUS_FAILED;
    }
    if (error)
        return failed(command, error);
    memcpy(&what, &m.arg[5], sizeof what);
    if (what.type != STORE_TYPE_MEMORY && what.type != STORE_TYPE_MAPPED)
        return print_value(name, &what) ? STATUS_FAILED : STATUS_OK;
    if (what.bytes > sizeof bytes) {
        printf("ds: %s has %u bytes: more than %zu are not shown\n", name, what.bytes,
               sizeof bytes);
        return STATUS_FAILED;
    }
    error = store_retrieve_memory(name, 0, 0, bytes, sizeof bytes, &length);
    if (error)
        return failed(command, error);
    print_bytes(bytes, length);
    return STATUS_OK;
}

/* A store that begins with nothing tells nobody: it is asked now and then. */
static enum status watch(const struct command *command, const char *pattern) {
    struct store_subscription watched;
    struct store_change change;
    int error = store_subscribe(&watched, pattern, 0);

    if (error)
        return failed(command, error);
    do {
        while ((error = store_check(&watched, &change)) == 0)
            print_record(&change);
        if (error != -E_NOENT && error != -E_RANGE)
            return failed(command, error);
    } while (error == -E_RANGE || shell_wait(TIME_SECOND) != SHELL_INTERRUPT);
    store_unsubscribe(&watched);
    return STATUS_OK;
}

static enum status status(const struct command *command) {
    struct message m = { .type = STORE_STATUS };
    struct message find = { .type = MONITOR_FIND };
    int error = store_request(&m);

    if (error)
        return failed(command, error);
    printf("%" PRIu64 " records, %" PRIu64 " bytes, version %" PRIu64 ", %" PRIu64
           " subscriptions, %" PRIu64 " takeovers\n",
           m.arg[0], m.arg[1], m.arg[2], m.arg[5], m.arg[4]);
    memcpy(find.arg, STORE_NAME, sizeof STORE_NAME);
    error = ipc_request(runtime_monitor(), &find);
    if (error)
        return failed(command, error);
    printf("primary ");
    print_endpoint(find.arg[0]);
    printf("backup ");
    if (m.arg[3] == ENDPOINT_NONE)
        puts("none");
    else
        print_endpoint(m.arg[3]);
    return STATUS_OK;
}

const char *ds_candidate(size_t index) {
    static const char *const words[] = { "get", "list", "status", "watch" };

    return index < sizeof words / sizeof words[0] ? words[index] : NULL;
}

enum status builtin_ds(const struct command *command) {
    const char *what = command->words > 1 ? command->word[1] : "list";
    const char *which = command->words > 2 ? command->word[2] : NULL;

    if (strcmp(what, "list") == 0)
        return list(command, which != NULL ? which : "*");
    if (strcmp(what, "watch") == 0)
        return watch(command, which != NULL ? which : "*");
    if (strcmp(what, "get") == 0 && which != NULL)
        return get(command, which);
    if (strcmp(what, "status") == 0 && which == NULL)
        return status(command);
    return shell_misused(command, "use it as: ds [list [PATTERN] | get NAME | watch [PATTERN] | "
                                  "status]");
}
