#include "parameters.h"

#include <stdbool.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/pattern.h>
#include <runtime/policy.h>

#define PERIOD_LEAST  UINT64_C(10000000) /* as of the keys of policies: docs/policies.md */
#define PERIOD_MOST   UINT64_C(3600000000000)
#define REFRESH_LEAST UINT64_C(1000000000)
#define RECOVERY_MOST UINT64_C(86400000000000)

/* Printable characters, and zeroes behind them. */
static bool is_text(const char text[LABEL_MAX], bool may_be_empty) {
    size_t length = strnlen(text, LABEL_MAX);

    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    for (size_t i = length; i < LABEL_MAX; i++)
        if (text[i] != '\0')
            return false;
    return may_be_empty || length != 0;
}

static bool are_arguments(const struct manager_parameters *p) {
    unsigned count = 0;

    if (p->argument_bytes > MANAGER_ARGUMENT_BYTES)
        return false;
    for (unsigned i = 0; i < p->argument_bytes; i++)
        count += p->arguments[i] == '\0';
    return count == p->argument_count &&
           (p->argument_bytes == 0 || p->arguments[p->argument_bytes - 1] == '\0');
}

static bool is_recovery(const struct manager_parameters *p) {
    bool counted = p->recovery == RECOVERY_DIRECT || p->recovery == RECOVERY_BACKOFF ||
                   p->recovery == RECOVERY_HOOK;

    if (!counted)
        return p->recovery == RECOVERY_NONE || p->recovery == MANAGER_RECOVERY_POLICY;
    return p->recovery_count >= 1 && p->recovery_count <= 1000 &&
           p->recovery_period >= REFRESH_LEAST && p->recovery_period <= RECOVERY_MOST &&
           (p->recovery == RECOVERY_HOOK) == (p->hook[0] != '\0');
}

static bool is_in(uint64_t value, uint64_t least, uint64_t most) {
    return value == 0 || (value >= least && value <= most);
}

int parameters_check(struct manager_parameters *p) {
    if (p->label[0] == '\0')
        memcpy(p->label, p->program, sizeof p->label);
    bool good = is_text(p->label, false) && is_text(p->program, false) &&
                is_text(p->policy, true) && is_text(p->hook, true) && are_arguments(p) &&
                is_recovery(p) && is_in(p->period, PERIOD_LEAST, PERIOD_MOST) &&
                is_in(p->refresh, REFRESH_LEAST, 31 * RECOVERY_MOST) &&
                p->mirror <= MANAGER_MIRROR_NO &&
                (p->core < CORES_MAX || p->core == MANAGER_ANY_CORE) &&
                (p->standby == MANAGER_NO_DEVICE || p->device != MANAGER_NO_DEVICE);

    return good ? 0 : -E_INVAL;
}

/* Without --isolation the program's own policy says which file it is. */
int parameters_complete(struct manager_parameters *p, const struct monitor_policy *policy,
                        unsigned own) {
    if (policy->service != SERVICE_NONE)
        return -E_PERM;
    if (policy->most_urgent <= own)
        return -E_RANGE;
    if (policy->core != POLICY_ANY_CORE && p->core != MANAGER_ANY_CORE && p->core != policy->core)
        return -E_CORE;
    if (p->policy[0] == '\0') {
        memcpy(p->policy, p->program, sizeof p->policy);
        memcpy(p->program, policy->file, sizeof p->program);
    }
    return 0;
}

bool parameters_matches(const char *words, size_t bytes, const char label[LABEL_MAX]) {
    char name[LABEL_MAX + 1] = "";
    const char *end = words + bytes;

    memcpy(name, label, LABEL_MAX);
    for (const char *w = words; w < end && *w != '\0'; w += strnlen(w, (size_t)(end - w)) + 1)
        if (memchr(w, '\0', (size_t)(end - w)) != NULL && pattern_matches(w, name))
            return true;
    return false;
}
