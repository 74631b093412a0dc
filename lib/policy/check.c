/*
 * Drivers that do not go together: two of a name, two for one device, and cycles of blocking calls
 * in which each of several cores could wait for the next (design: deadlocks within a core are
 * refused when they are about to happen, by the kernel; between cores nobody sees them).
 *
 * Who holds PRIVCTL gives rights itself, to processes of its own making, so that its policy does
 * not say what it will do: it is not compared with others.
 */
#include <stdio.h>
#include <string.h>

#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>
#include <runtime/pattern.h>

#include "reader.h"

static bool is_compared(const struct policy *policy) {
    return !policy->refused && !(policy->kcalls & KCALL_BIT(PRIVCTL));
}

static bool conflict(struct policy_set *set, const struct policy *policy,
                     const struct policy *other, const char *what) {
    struct policy_error where = { .file = "", .line = 0 };

    policy_where(set, other->at, &where);
    return error_at(set, policy->at, "driver '%s' %s '%s' (%s:%u)", policy->program, what,
                    other->program, where.file, where.line);
}

/* ---- Names ---- */

static const char *star_of(const char *pattern) { return strchr(pattern, '*'); }

/* Whether all labels that `narrow` stands for are ones of `wide`. */
static bool covers(const char *wide, const char *narrow) {
    const char *star = star_of(wide);

    if (star != NULL)
        return strncmp(wide, narrow, (size_t)(star - wide)) == 0;
    return strcmp(wide, narrow) == 0;
}

static bool overlap(const char *a, const char *b) { return covers(a, b) || covers(b, a); }

/* ---- Devices ---- */

/* The two servers that keep all devices: each decides for its own part of what drivers may do. */
static bool is_keeper(const struct policy *policy) {
    return policy->service == SERVICE_PCI || policy->service == SERVICE_IOMMU;
}

/* That a keeper has `any` is not compared: such a range is at least as long as `any`. */
static bool ranges_meet(const struct policy_range *a, size_t a_count, const struct policy_range *b,
                        size_t b_count, uint64_t any) {
    for (size_t i = 0; i < a_count; i++)
        for (size_t k = 0; k < b_count; k++)
            if (a[i].count < any && b[k].count < any && a[i].first < b[k].first + b[k].count &&
                b[k].first < a[i].first + a[i].count)
                return true;
    return false;
}

/* A device by its identifiers goes before one by its class, so these two kinds do not meet. */
static bool patterns_meet(const struct policy *a, const struct policy *b) {
    for (unsigned i = 0; i < a->pattern_count; i++)
        for (unsigned k = 0; k < b->pattern_count; k++) {
            const struct policy_pci *p = &a->patterns[i], *q = &b->patterns[k];
            uint32_t mask = p->class_mask & q->class_mask;
            bool same_device =
                p->vendor == q->vendor && (p->device == q->device || p->device == POLICY_PCI_ANY ||
                                           q->device == POLICY_PCI_ANY);
            bool same_class = ((p->class24 ^ q->class24) & mask) == 0;
            if (p->by_class == q->by_class && (p->by_class ? same_class : same_device))
                return true;
        }
    return false;
}

static const char *device_conflict(const struct policy *a, const struct policy *b) {
    bool with_keeper = is_keeper(a) || is_keeper(b);

    if (ranges_meet(a->ports, a->port_count, b->ports, b->port_count,
                    with_keeper ? POLICY_ALL_PORTS : UINT64_MAX))
        return "has a port of";
    if (ranges_meet(a->lines, a->line_count, b->lines, b->line_count,
                    with_keeper ? POLICY_ALL_LINES : UINT64_MAX))
        return "has an interrupt line of";
    if (ranges_meet(a->memory, a->memory_count, b->memory, b->memory_count, UINT64_MAX))
        return "has device memory of";
    return patterns_meet(a, b) ? "has a PCI device of" : NULL;
}

/* Whether one says that it has the other's devices in its place. */
static bool are_alternatives(const struct policy *a, const struct policy *b) {
    return (a->instead != NULL && strcmp(a->instead, b->program) == 0) ||
           (b->instead != NULL && strcmp(b->instead, a->program) == 0) ||
           (a->instead != NULL && b->instead != NULL && strcmp(a->instead, b->instead) == 0);
}

static bool check_pair(struct policy_set *set, const struct policy *last,
                       const struct policy *other) {
    if (covers(other->program, last->program))
        return conflict(set, last, other, "comes after, and is hidden by,");
    if (!is_compared(other) || !is_compared(last))
        return true;
    if (last->service != SERVICE_NONE && last->service == other->service)
        return conflict(set, last, other, "is the same service as");
    if (are_alternatives(last, other) || (is_keeper(last) && is_keeper(other)))
        return true;
    const char *what = device_conflict(last, other);
    return what == NULL || conflict(set, last, other, what);
}

/* ---- Cycles ---- */

/* Whether processes of one wait for processes of the other that are to receive what they say. */
static bool waits_for(const struct policy *caller, const struct policy *callee) {
    if (!(caller->ipc & (IPC_BIT(SEND) | IPC_BIT(SENDREC))))
        return false;
    for (const char *t = caller->targets; *t != '\0'; t += strlen(t) + 1)
        if (overlap(t, callee->program))
            return true;
    return false;
}

/* Whether processes of the two can be on different cores. */
static bool may_differ(const struct policy *a, const struct policy *b) {
    return a->core == POLICY_ANY_CORE || a->core != b->core;
}

#define STEPS_MAX (POLICIES_MAX * 2UL)

/* A walk from one driver: who is reached, by whom, with and without having been on another core. */
struct walk {
    uint8_t from[2][POLICIES_MAX];    /* step before: index */
    bool from_other[2][POLICIES_MAX]; /* ... and whether it was on another core by then */
    bool reached[2][POLICIES_MAX];
    struct {
        uint8_t at;
        bool other;
    } queue[STEPS_MAX];
    size_t head, tail;
};

static void reach(struct walk *walk, size_t at, bool other, size_t from, bool from_other) {
    if (walk->reached[other][at])
        return;
    walk->reached[other][at] = true;
    walk->from[other][at] = (uint8_t)from;
    walk->from_other[other][at] = from_other;
    walk->queue[walk->tail].at = (uint8_t)at;
    walk->queue[walk->tail++].other = other;
}

/* Whether a walk from the last driver comes back to it, and was on another core. */
static bool walk_cycle(const struct policy_set *set, struct walk *walk) {
    const struct policy *p = set->policy, *last = &p[set->count - 1];
    size_t start = set->count - 1, step = start;
    bool other = false;

    for (;; walk->head++) {
        for (size_t i = 0; i < set->count; i++)
            if (is_compared(&p[i]) && waits_for(&p[step], &p[i]))
                reach(walk, i, other || may_differ(last, &p[i]), step, other);
        if (walk->reached[true][start])
            return true;
        if (walk->head == walk->tail)
            return false;
        step = walk->queue[walk->head].at;
        other = walk->queue[walk->head].other;
    }
}

static bool report_cycle(struct policy_set *set, const struct walk *walk) {
    size_t start = set->count - 1, length = 0, step[STEPS_MAX];
    char path[POLICY_ERROR_TEXT];
    int used = 0;
    bool other = true;

    for (size_t at = start; length < STEPS_MAX;) {
        bool before = walk->from_other[other][at];
        at = walk->from[other][at];
        step[length++] = at;
        other = before;
        if (at == start && !other)
            break;
    }
    path[0] = '\0';
    while (length > 0 && used < (int)sizeof path)
        used += snprintf(path + used, sizeof path - (size_t)used, "%s -> ",
                         set->policy[step[--length]].program);
    return error_at(set, set->policy[start].at,
                    "blocking calls (SEND, SENDREC) in a circle that may go across cores: %s%s",
                    path, set->policy[start].program);
}

static bool check_cycles(struct policy_set *set) {
    static struct walk walk; /* too big for a stack */

    if (!is_compared(&set->policy[set->count - 1]))
        return true;
    memset(&walk, 0, sizeof walk);
    return !walk_cycle(set, &walk) || report_cycle(set, &walk);
}

bool check_last(struct policy_set *set) {
    const struct policy *last = &set->policy[set->count - 1];

    for (const struct policy *other = set->policy; other < last; other++)
        if (!check_pair(set, last, other))
            return false;
    return check_cycles(set);
}

static bool is_known(const struct policy_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++)
        if (pattern_matches(set->policy[i].program, name))
            return true;
    return false;
}

bool check_names(struct policy_set *set, const struct policy *policy) {
    for (const char *t = policy->targets; *t != '\0'; t += strlen(t) + 1)
        if (star_of(t) == NULL && strcmp(t, "monitor") != 0 && !is_known(set, t))
            return error_at(set, policy->at, "driver '%s' may send to '%s', which is no driver",
                            policy->program, t);
    if (policy->hook != NULL && !is_known(set, policy->hook))
        return error_at(set, policy->at, "driver '%s' is recovered by '%s', which is no driver",
                        policy->program, policy->hook);
    if (policy->instead != NULL && !is_known(set, policy->instead))
        return error_at(set, policy->at, "driver '%s' stands in for '%s', which is no driver",
                        policy->program, policy->instead);
    return true;
}
