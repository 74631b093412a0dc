#include "services.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "children.h"
#include "machine.h"
#include "names.h"

struct service {
    const struct policy *policy;
    unsigned deaths;
    uint64_t died_at[SERVICE_DEATHS_MAX]; /* the last of them, a ring */
};

/* In the order in which they are started; the name by which all cores know one, or NULL. */
static const struct {
    enum policy_service service;
    const char *name;
} order[] = {
    { SERVICE_CONSOLE, NAME_CONSOLE },
    { SERVICE_IOMMU, NAME_IOMMU },
    { SERVICE_PCI, NAME_PCI },
    { SERVICE_SHELL, NULL },
};

#define SERVICES_MAX 8

static struct service services[SERVICES_MAX];
static size_t service_count;

/* A console of this core is known here before all cores have agreed on it. */
static endpoint_t own_console;

endpoint_t services_console(void) {
    return own_console != ENDPOINT_NONE ? own_console : names_find(NAME_CONSOLE);
}

bool services_uses_console(const struct policy *policy) {
    const struct policy *console = policy_set_service(&policies, SERVICE_CONSOLE);

    return console != NULL && policy_targets(policy, console->program);
}

/* As child_spawn() takes them: its name, those of its policy, and one more. */
struct arguments {
    char text[(1 + POLICY_ARGUMENTS + 1) * (LABEL_MAX + 1)];
    size_t bytes;
    uint32_t count;
};

static void add_argument(struct arguments *arguments, const char *argument) {
    size_t bytes = strlen(argument) + 1;

    memcpy(arguments->text + arguments->bytes, argument, bytes);
    arguments->bytes += bytes;
    arguments->count++;
}

/* Makes known which process a service is from now on. */
static void announce(const struct policy *policy, endpoint_t process) {
    if (policy->service == SERVICE_CONSOLE)
        own_console = process;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (order[i].service == policy->service && order[i].name != NULL)
            names_publish(order[i].name, process);
}

/* A shell that is started again is told so: what it does once after a boot it must not repeat. */
static void service_start(const struct service *service, bool again) {
    const struct policy *policy = service->policy;
    struct arguments arguments = { .bytes = 0 };
    struct child *child;

    add_argument(&arguments, policy->program);
    for (const char *a = policy->arguments; *a != '\0'; a += strlen(a) + 1)
        add_argument(&arguments, a);
    if (again && policy->service == SERVICE_SHELL)
        add_argument(&arguments, "again");
    if (policy->service == SERVICE_CONSOLE)
        sysctl_console(true);
    int error =
        child_spawn(arguments.text, arguments.bytes, arguments.count, ENDPOINT_NONE, &child);
    if (!error) {
        announce(policy, child->endpoint);
        return;
    }
    if (policy->service == SERVICE_CONSOLE)
        sysctl_console(false);
    printf("%s cannot be started: %s\n", policy->program, error_text(error));
}

static void start_all(enum policy_service kind) {
    for (size_t i = 0; i < policies.count && service_count < SERVICES_MAX; i++) {
        const struct policy *policy = &policies.policy[i];
        if (policy->refused || policy->service != kind)
            continue;
        struct service *service = &services[service_count++];
        service->policy = policy;
        service_start(service, false);
    }
}

/* Where there is an IOMMU, memory is set aside for its tables. */
static bool is_of_use(enum policy_service service) {
    return service != SERVICE_IOMMU ||
           machine_boot.iommu_tables.base != machine_boot.iommu_tables.end;
}

static void start_others(void) {
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (order[i].service != SERVICE_CONSOLE && is_of_use(order[i].service))
            start_all(order[i].service);
}

/* What a shell runs on another core at once has a console only if that core knows it. */
void services_start(void) {
    start_all(SERVICE_CONSOLE);
    names_when_agreed(start_others);
}

/* Counts a death. False when it is one too many. */
static bool may_start_again(struct service *service) {
    uint64_t now = time_now();
    uint64_t *slot = &service->died_at[service->deaths++ % SERVICE_DEATHS_MAX];
    bool too_often = service->deaths > SERVICE_DEATHS_MAX && now - *slot < SERVICE_DEATHS_PERIOD;

    *slot = now;
    return !too_often;
}

/* Whether a service is to be started again. */
static bool wants_recovery(struct service *service, const struct death_report *report) {
    const char *name = service->policy->program;

    if (report->cause == DEATH_EXIT && report->status == 0) {
        printf("%s has nothing more to do\n", name);
        return false;
    }
    if (report->cause == DEATH_EXIT && report->status == E_NOTSUP) {
        printf("%s cannot work here: %s\n", name, error_text(E_NOTSUP));
        return false;
    }
    if (!may_start_again(service)) {
        printf("%s died %d times in %u s: given up\n", name, SERVICE_DEATHS_MAX + 1,
               (unsigned)(SERVICE_DEATHS_PERIOD / TIME_SECOND));
        return false;
    }
    printf("%s is started again\n", name);
    return true;
}

static void service_recover(struct service *service, const struct death_report *report) {
    if (wants_recovery(service, report))
        service_start(service, true);
    else /* output goes to the log from now on, if it was the console */
        announce(service->policy, ENDPOINT_NONE);
}

void service_ended(const struct policy *policy, const struct death *death) {
    /* The port first, so that the kernel can show there what happened. */
    if (policy->service == SERVICE_CONSOLE) {
        own_console = ENDPOINT_NONE;
        sysctl_console(false);
    }
    death_log(death);
    for (size_t i = 0; i < service_count; i++)
        if (services[i].policy == policy)
            service_recover(&services[i], &death->report);
}
