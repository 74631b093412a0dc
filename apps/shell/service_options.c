#include "service_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/policy.h>

#include "place.h"

#define SECOND                  UINT64_C(1000000000)
#define RECOVERY_COUNT_DEFAULT  5
#define RECOVERY_PERIOD_DEFAULT (60 * SECOND)

/* What is being read, and where to say what is wrong. */
struct reading {
    struct manager_parameters *p;
    char *problem;
};

static bool wrong(const struct reading *r, const char *option, const char *word,
                  const char *expected) {
    snprintf(r->problem, SERVICE_PROBLEM, "%s: expected %s, found '%.40s'", option, expected, word);
    return false;
}

static bool read_text(char to[LABEL_MAX], const char *word) {
    size_t length = strlen(word);

    if (length == 0 || length > LABEL_MAX)
        return false;
    strncpy(to, word, LABEL_MAX); /* padded, and not terminated where it is of full length */
    return true;
}

/* "500ms", "2s", or a number of seconds. */
static bool read_time(const char *word, uint64_t *nanoseconds) {
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {
        { "ms", SECOND / 1000 }, { "us", SECOND / 1000000 }, { "s", SECOND }, { "", SECOND }
    };
    char *end;
    uint64_t number = strtoull(word, &end, 10);

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (end != word && *word != '-' && strcmp(end, units[i].name) == 0)
            return !__builtin_mul_overflow(number, units[i].factor, nanoseconds) &&
                   *nanoseconds != 0;
    return false;
}

/* The words of one word, as a shell would part them; quotes have been taken by the shell itself. */
static bool read_args(struct reading *r, const char *word) {
    size_t used = 0;

    while (*(word += strspn(word, " ")) != '\0') {
        size_t length = strcspn(word, " ");
        if (used + length + 1 > MANAGER_ARGUMENT_BYTES)
            return wrong(r, "--args", word, "183 characters at most");
        memcpy(r->p->arguments + used, word, length);
        used += length + 1;
        r->p->argument_count++;
        word += length;
    }
    r->p->argument_bytes = (uint16_t)used;
    return true;
}

static bool read_device(struct reading *r, const char *option, const char *word, uint16_t *to) {
    uint64_t device;

    if (!place_device(word, &device))
        return wrong(r, option, word, "a PCI device, as 00:04.0 (`pci` lists them)");
    *to = (uint16_t)device;
    return true;
}

static bool read_dev(struct reading *r, const char *word) {
    return read_device(r, "--dev", word, &r->p->device);
}

static bool read_standby(struct reading *r, const char *word) {
    return read_device(r, "--standby", word, &r->p->standby);
}

static bool read_isolation(struct reading *r, const char *word) {
    return read_text(r->p->policy, word) ||
           wrong(r, "--isolation", word, "the name of a policy, of at most 24 characters");
}

static bool read_label(struct reading *r, const char *word) {
    return read_text(r->p->label, word) ||
           wrong(r, "--label", word, "a name of at most 24 characters");
}

static bool read_mirror(struct reading *r, const char *word) {
    bool yes = strcmp(word, "yes") == 0 || strcmp(word, "true") == 0;

    r->p->mirror = yes ? MANAGER_MIRROR_YES : MANAGER_MIRROR_NO;
    return yes || strcmp(word, "no") == 0 || strcmp(word, "false") == 0 ||
           wrong(r, "--mirror", word, "yes or no");
}

static bool read_period(struct reading *r, const char *word) {
    return read_time(word, &r->p->period) ||
           wrong(r, "--period", word, "a time from 10ms to 3600s, as 500ms or 5s");
}

static bool read_refresh(struct reading *r, const char *word) {
    return read_time(word, &r->p->refresh) ||
           wrong(r, "--refresh", word, "a time from 1s on, as 3600s");
}

static bool read_core(struct reading *r, const char *word) {
    char *end;
    uint64_t core = strtoull(word, &end, 10);
    bool any = strcmp(word, "any") == 0;

    r->p->core = any ? MANAGER_ANY_CORE : (uint16_t)core;
    return any || (end != word && *end == '\0' && *word != '-' && core < CORES_MAX) ||
           wrong(r, "--core", word, "a core, or any");
}

/* COUNT/TIME. */
static bool read_budget(struct manager_parameters *p, const char *word) {
    char *end;
    uint64_t count = strtoull(word, &end, 10);

    p->recovery_count = (uint16_t)count;
    return end != word && *word != '-' && *end == '/' && count >= 1 && count <= 1000 &&
           read_time(end + 1, &p->recovery_period);
}

/* none, direct, backoff or hook:PROGRAM; then :COUNT/TIME or nothing. */
static bool read_recovery(struct reading *r, const char *word) {
    static const char expected[] =
        "none, direct, backoff or hook:PROGRAM, and :COUNT/TIME, as backoff:5/60s";
    static const char *const ways[] = { [RECOVERY_NONE] = "none",
                                        [RECOVERY_DIRECT] = "direct",
                                        [RECOVERY_BACKOFF] = "backoff",
                                        [RECOVERY_HOOK] = "hook" };
    size_t length = strcspn(word, ":");
    const char *rest = word + length;
    unsigned way = 0;

    while (way < RECOVERY_COUNT &&
           (strlen(ways[way]) != length || strncmp(word, ways[way], length) != 0))
        way++;
    if (way == RECOVERY_COUNT || (way == RECOVERY_NONE && *rest != '\0'))
        return wrong(r, "--recovery", word, expected);
    r->p->recovery = (uint8_t)way;
    r->p->recovery_count = RECOVERY_COUNT_DEFAULT;
    r->p->recovery_period = RECOVERY_PERIOD_DEFAULT;
    if (way == RECOVERY_HOOK) {
        char program[LABEL_MAX + 1] = "";
        length = *rest == ':' ? strcspn(rest + 1, ":") : 0;
        if (length == 0 || length > LABEL_MAX)
            return wrong(r, "--recovery", word, expected);
        memcpy(program, rest + 1, length);
        read_text(r->p->hook, program);
        rest += 1 + length;
    }
    return *rest == '\0' || read_budget(r->p, rest + 1) || wrong(r, "--recovery", word, expected);
}

static const struct option {
    const char *name;
    bool (*read)(struct reading *r, const char *word);
} options[] = {
    { "--args", read_args },         { "--dev", read_dev },
    { "--standby", read_standby },   { "--isolation", read_isolation },
    { "--label", read_label },       { "--mirror", read_mirror },
    { "--period", read_period },     { "--refresh", read_refresh },
    { "--recovery", read_recovery }, { "--core", read_core },
};

static const struct option *option_of(const char *word) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].name, word) == 0)
            return &options[i];
    return NULL;
}

bool service_options(const char *const *word, int count, struct manager_parameters *p,
                     /* NOLINTNEXTLINE(readability-non-const-parameter): wrong() writes to it */
                     char problem[SERVICE_PROBLEM]) {
    struct reading r = { p, problem };

    *p = (struct manager_parameters){
        .recovery = MANAGER_RECOVERY_POLICY,
        .core = MANAGER_ANY_CORE,
        .device = MANAGER_NO_DEVICE,
        .standby = MANAGER_NO_DEVICE,
    };
    if (count == 0 || word[0][0] == '-')
        return wrong(&r, "up", count == 0 ? "" : word[0], "a program");
    if (!read_text(p->program, word[0]))
        return wrong(&r, "up", word[0], "a program, of at most 24 characters");
    for (int i = 1; i < count; i++) {
        const struct option *option = option_of(word[i]);
        bool has_value = i + 1 < count && option_of(word[i + 1]) == NULL;
        if (option == NULL)
            return wrong(&r, "up", word[i],
                         "--args, --dev, --standby, --isolation, --label, --mirror, --period, "
                         "--refresh, --recovery or --core");
        if (!has_value && strcmp(option->name, "--mirror") != 0)
            return wrong(&r, option->name, "nothing", "a value");
        if (!option->read(&r, has_value ? word[++i] : "yes"))
            return false;
    }
    if (p->standby != MANAGER_NO_DEVICE && p->device == MANAGER_NO_DEVICE)
        return wrong(&r, "--standby", "no --dev", "--dev with the device whose place it takes");
    return true;
}
