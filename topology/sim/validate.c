#include "validate.h"

#include <stdlib.h>
#include <string.h>

#include "operations.h"

#define VALUE_MAX  MACHINE_TEXT_MAX
#define REASON_MAX 160

struct figure {
    const struct operation *operation;
    enum tree_kind kind;
    uint32_t cores, messages, rounds, root;
    char machine[VALUE_MAX];
};

/* The value of ` key=value` in a line; false: it has none. */
static bool find_value(const char *line, const char *key, char *value) {
    size_t length = strlen(key);

    for (const char *at = line; (at = strchr(at, ' ')); at++)
        if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=') {
            at += length + 2;
            size_t end = strcspn(at, " \t\r\n");
            if (end >= VALUE_MAX)
                return false;
            memcpy(value, at, end);
            value[end] = '\0';
            return true;
        }
    return false;
}

static bool find_number(const char *line, const char *key, uint32_t *number) {
    char value[VALUE_MAX], *end;

    if (!find_value(line, key, value) || value[0] < '0' || value[0] > '9')
        return false;
    unsigned long long found = strtoull(value, &end, 10);
    *number = (uint32_t)found;
    return *end == '\0' && found <= UINT32_MAX;
}

static const char *read_figure(const char *line, struct figure *f) {
    char tree[VALUE_MAX];

    f->root = 0;
    if (!find_number(line, "cores", &f->cores) || !find_number(line, "messages", &f->messages) ||
        !find_number(line, "rounds", &f->rounds))
        return "cores, messages or rounds is missing, or no number";
    if (!find_value(line, "machine", f->machine))
        return "machine is missing";
    if (find_value(line, "root", tree) && !find_number(line, "root", &f->root))
        return "root is no number";
    if (!find_value(line, "tree", tree))
        return "tree is missing";
    for (f->kind = TREE_FLAT; f->kind < TREE_KINDS; f->kind++)
        if (strcmp(tree, tree_names[f->kind]) == 0)
            return 0;
    return "no tree of this name";
}

/* What is wrong with a figure, in `why`; or NULL. */
static const char *compare(const struct figure *f, char *why) {
    struct prices prices = prices_published();
    struct machine machine;
    const char *wrong = machine_make(&machine, f->machine);

    if (wrong) {
        snprintf(why, REASON_MAX, "machine: %s", wrong);
        return why;
    }
    if (f->cores > machine.topology.cores || f->root >= f->cores) {
        snprintf(why, REASON_MAX, "the machine has %u cores", machine.topology.cores);
        wrong = why;
    } else {
        memset(machine.member + f->cores, 0, machine.topology.cores - f->cores);
        operation_plant(f->operation, &machine, f->kind, f->root);
        struct sim_result r = operation_play(f->operation, &machine, &prices);
        if (f->messages != r.messages || f->rounds != r.rounds) {
            snprintf(why, REASON_MAX,
                     "messages=%u rounds=%u, and by the simulation messages=%u rounds=%u",
                     f->messages, f->rounds, r.messages, r.rounds);
            wrong = why;
        }
    }
    machine_free(&machine);
    return wrong;
}

bool validate(FILE *in, FILE *out) {
    char *line = 0, name[VALUE_MAX], sim[VALUE_MAX], why[REASON_MAX];
    size_t size = 0;
    unsigned tests = 0, failed = 0;

    while (getline(&line, &size, in) >= 0) {
        struct figure f;
        if (strncmp(line, "BENCH ", 6) != 0 || !find_value(line, "name", name) ||
            find_value(line, "sim", sim) || !(f.operation = operation_find(name)))
            continue;
        const char *wrong = read_figure(line, &f);
        if (!wrong) {
            wrong = compare(&f, why);
            fprintf(out, "%s %u - %s of %u cores, %s, %s%s%s\n", wrong ? "not ok" : "ok", ++tests,
                    name, f.cores, tree_names[f.kind], f.machine, wrong ? ": " : "",
                    wrong ? wrong : "");
        } else {
            fprintf(out, "not ok %u - %s: %s\n", ++tests, name, wrong);
        }
        failed += wrong != 0;
    }
    free(line);
    if (tests == 0) {
        fprintf(out, "not ok 1 - there is no figure to validate\n");
        failed = tests = 1;
    }
    fprintf(out, "1..%u\n", tests);
    return failed == 0;
}
