/* A driver that has been read: whether it makes sense, and its place in the set. */
#include <string.h>

#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>

#include "reader.h"

void draft_open(struct draft *draft) {
    memset(draft, 0, sizeof *draft);
    memset(draft->depth, NOT_GIVEN, sizeof draft->depth);
    draft->policy.core = POLICY_ANY_CORE;
    draft->policy.priority = draft->policy.most_urgent = SCHED_PRIORITY_USER;
    draft->policy.quantum = SCHED_QUANTUM_DEFAULT;
}

/* Who has all the devices there are: the servers that keep them, and who could take them anyway. */
static bool may_have_any(const struct policy *policy) {
    return policy->service == SERVICE_PCI || policy->service == SERVICE_IOMMU ||
           policy->kcalls & KCALL_BIT(PRIVCTL);
}

static bool vets_own_registers(const struct draft *draft) {
    const struct policy *policy = &draft->policy;

    for (unsigned i = 0; i < policy->vet_count; i++) {
        const struct policy_vet *vet = &draft->vets[i];
        bool own = vet->bar != POLICY_VET_PORT && policy->pattern_count != 0;
        for (unsigned k = 0; k < policy->port_count && vet->bar == POLICY_VET_PORT; k++)
            own |= vet->offset >= draft->ports[k].first &&
                   vet->offset + vet->width <= draft->ports[k].first + draft->ports[k].count;
        if (!own)
            return false;
    }
    return true;
}

static const char *service_problem(const struct draft *draft, const struct token *label) {
    const struct policy *policy = &draft->policy;

    if (policy->service == SERVICE_NONE)
        return draft->arguments.count != 0 ? "only a service is started with arguments" : NULL;
    if (memchr(label->at, '*', label->bytes) != NULL)
        return "a service is one program, not a pattern";
    if (policy->core != POLICY_ANY_CORE && policy->core != 0)
        return "services run on core 0";
    return NULL;
}

/* What is wrong with it as a whole. NULL: nothing. */
static const char *problem(const struct draft *draft, const struct token *label) {
    const struct policy *policy = &draft->policy;

    if (policy->frames == 0)
        return "it has no 'memory', so it could not run";
    if (policy->kcalls != 0 && (!policy->kernel || !(policy->ipc & IPC_BIT(SENDREC))))
        return "kernel calls need SENDREC among 'ipc calls' and KERNEL among 'ipc targets'";
    if ((draft->ports_any || draft->lines_any || policy->memory_any) && !may_have_any(policy))
        return "'any' is for the services pci and iommu, and for holders of PRIVCTL";
    if (!vets_own_registers(draft))
        return "it vets a register that it has not got";
    return service_problem(draft, label);
}

static bool is_reserved(const struct token *label) {
    return token_is(label, "KERNEL") || token_is(label, "monitor") || token_is(label, "*");
}

bool draft_check(struct policy_set *set, const struct draft *draft, const struct token *label) {
    const char *text = problem(draft, label);

    if (is_reserved(label))
        return error_at(set, label->at, "'%.*s' is no label of a driver", (int)label->bytes,
                        label->at);
    if (text == NULL)
        return true;
    return error_at(set, label->at, "driver '%.*s': %s", (int)label->bytes, label->at, text);
}

/* ---- Memory ---- */

/* From the end downwards, aligned; NULL: there is none between the policies and that. */
static void *allocate(struct policy_set *set, size_t bytes, size_t alignment) {
    size_t left = (size_t)(set->end - (char *)&set->policy[set->count + 1]);
    size_t padding = ((uintptr_t)set->end - bytes) % alignment;

    if (set->end < (char *)&set->policy[set->count + 1] || left < bytes + padding)
        return NULL;
    set->end -= bytes + padding;
    return set->end;
}

static const void *keep(struct policy_set *set, const void *from, size_t bytes, size_t alignment,
                        bool *room) {
    void *to = allocate(set, bytes, alignment);

    if (to == NULL)
        *room = false;
    else
        memcpy(to, from, bytes);
    return to;
}

static const char *keep_token(struct policy_set *set, const struct token *token, bool *room) {
    char *to = allocate(set, token->bytes + 1, 1);

    if (to == NULL)
        *room = false;
    else
        token_copy(to, token);
    return to;
}

/* Nothing, for lists that are empty. */
static const char *keep_words(struct policy_set *set, const struct words *words, bool *room) {
    return words->count == 0 ? "" : keep(set, words->text, words->bytes + 1, 1, room);
}

#define KEEP_LIST(set, list, count, room) \
    ((count) == 0 ? NULL : keep(set, list, (count) * sizeof *(list), _Alignof(uint64_t), room))

/* What the policy points to. */
static void keep_lists(struct policy_set *set, struct draft *draft, bool *room) {
    struct policy *policy = &draft->policy;

    policy->ports = KEEP_LIST(set, draft->ports, policy->port_count, room);
    policy->lines = KEEP_LIST(set, draft->lines, policy->line_count, room);
    policy->memory = KEEP_LIST(set, draft->memory, policy->memory_count, room);
    policy->patterns = KEEP_LIST(set, draft->patterns, policy->pattern_count, room);
    policy->vets = KEEP_LIST(set, draft->vets, policy->vet_count, room);
    policy->targets = keep_words(set, &draft->targets, room);
    policy->arguments = keep_words(set, &draft->arguments, room);
    if (draft->image.bytes != 0)
        policy->image = keep_token(set, &draft->image, room);
    if (draft->hook.bytes != 0)
        policy->hook = keep_token(set, &draft->hook, room);
    if (draft->instead.bytes != 0)
        policy->instead = keep_token(set, &draft->instead, room);
}

struct policy *draft_store(struct policy_set *set, struct draft *draft, const struct token *label,
                           bool refused) {
    struct policy *policy = &set->policy[set->count];
    bool room = set->count < POLICIES_MAX;

    if (refused)
        draft_open(draft);
    if (draft->policy.service != SERVICE_NONE)
        draft->policy.core = 0; /* where all services are started */
    if (room) {
        draft->policy.program = keep_token(set, label, &room);
        draft->policy.at = label->at;
        keep_lists(set, draft, &room);
    }
    if (!room) {
        error_at(set, label->at, "no room for another driver");
        return NULL;
    }
    *policy = draft->policy;
    set->count++;
    return policy;
}
