/* cores --tree. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>

#include "manager.h"
#include "members.h"
#include "shell.h"
#include "tree.h"

#define DEPTH_MAX CORES_MAX

static const char *const kinds[] = {
#define X(name, text) text,
    MONITOR_TREES(X)
#undef X
};

static struct monitor_tree_core cores[CORES_MAX];
static size_t count;

/* The child of a core that is told first after `round`, and after `before` of that round. */
static uint32_t next_child(uint32_t parent, uint32_t before) {
    uint32_t next = CORES_MAX;

    for (uint32_t core = 0; core < count; core++) {
        bool later = before == CORES_MAX || cores[core].round > cores[before].round;
        if (cores[core].member && cores[core].parent == parent && later &&
            (next == CORES_MAX || cores[core].round < cores[next].round))
            next = core;
    }
    return next;
}

static void print_core(uint32_t core) {
    const struct monitor_tree_core *c = &cores[core];

    if (c->parent == CORE_HERE)
        printf("core %" PRIu32, core);
    else
        printf("%u: core %" PRIu32, c->round, core);
    printf(" (package %u, cache %u, node %u)\n", c->package, c->cache, c->node);
}

/* `lines`: whether each column to the left has children to come. */
static void print_below(uint32_t core, bool lines[DEPTH_MAX], unsigned depth) {
    uint32_t child = next_child(core, CORES_MAX);

    while (child != CORES_MAX) {
        uint32_t following = next_child(core, child);
        for (unsigned i = 0; i < depth; i++)
            fputs(lines[i] ? "|  " : "   ", stdout);
        fputs(following != CORES_MAX ? "|- " : "`- ", stdout);
        print_core(child);
        lines[depth] = following != CORES_MAX;
        if (depth + 1 < DEPTH_MAX)
            print_below(child, lines, depth + 1);
        child = following;
    }
}

static bool parse_kind(const char *word, enum monitor_tree *kind) {
    for (unsigned i = 0; i < MONITOR_TREE_COUNT; i++)
        if (strcmp(word, kinds[i]) == 0) {
            *kind = (enum monitor_tree)i;
            return true;
        }
    return false;
}

enum status tree_show(const struct command *command) {
    enum monitor_tree kind = MONITOR_TREE_CHOSEN;
    uint32_t root = core_own(), rounds;
    bool lines[DEPTH_MAX];
    int word = 2;

    if (word < command->words && parse_kind(command->word[word], &kind))
        word++;
    if (word < command->words && !core_parse(command, command->word[word++], &root))
        return STATUS_USAGE;
    if (word < command->words)
        return shell_misused(command,
                             "use it as: cores --tree [chosen|flat|binomial|multicast] [CORE]");
    int error = manager_tree(root, &kind, cores, CORES_MAX, &count, &rounds);
    if (error)
        return core_failed(command, root, error);
    print_core(root);
    print_below(root, lines, 0);
    printf("%s: %" PRIu32 " rounds\n", kinds[kind], rounds);
    return STATUS_OK;
}

const char *tree_kind_name(size_t index) {
    return index < MONITOR_TREE_COUNT ? kinds[index] : NULL;
}
