#include "quotas.h"

#include <stdlib.h>
#include <string.h>

#include <runtime/pattern.h>

#define QUOTA "quota:"

static struct {
    const char *labels;
    struct quota quota;
} quotas[QUOTAS_MAX];
static unsigned quota_count;

static const char *managers[MANAGERS_MAX];
static unsigned manager_count;

/* A number up to `end`; *text is then behind that. */
static bool take_number(const char **text, char end, uint64_t *number) {
    const char *at = *text;
    unsigned shift = 0;

    for (*number = 0; *at >= '0' && *at <= '9' && *number < UINT32_MAX; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    if (at == *text)
        return false;
    if (*at == 'K' || *at == 'M')
        shift = *at++ == 'K' ? 10 : 20;
    *number <<= shift;
    *text = at + 1;
    return *at == end;
}

static bool add_quota(const char *text) {
    struct quota quota;

    if (quota_count == QUOTAS_MAX || !take_number(&text, '/', &quota.records) ||
        !take_number(&text, '/', &quota.bytes) || *text == '\0')
        return false;
    quotas[quota_count].labels = text;
    quotas[quota_count++].quota = quota;
    return true;
}

bool quotas_add(const char *argument) {
    if (strncmp(argument, QUOTA, strlen(QUOTA)) == 0)
        return add_quota(argument + strlen(QUOTA));
    if (manager_count == MANAGERS_MAX || strchr(argument, ':') != NULL)
        return false;
    managers[manager_count++] = argument;
    return true;
}

static bool stands_for(const char *pattern, const char label[LABEL_MAX]) {
    char text[LABEL_MAX + 1] = "";

    memcpy(text, label, LABEL_MAX);
    return pattern_matches(pattern, text);
}

const struct quota *quota_of(const char label[LABEL_MAX]) {
    static const struct quota usual = { QUOTA_RECORDS, QUOTA_BYTES };

    for (unsigned i = 0; i < quota_count; i++)
        if (stands_for(quotas[i].labels, label))
            return &quotas[i].quota;
    return &usual;
}

bool label_manages(const char label[LABEL_MAX]) {
    for (unsigned i = 0; i < manager_count; i++)
        if (stands_for(managers[i], label))
            return true;
    return false;
}
