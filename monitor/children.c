#include "children.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/process.h>
#include <runtime/startup.h>

#include "bindings.h"
#include "deaths.h"
#include "drivers.h"
#include "forward.h"
#include "grants.h"
#include "machine.h"
#include "names.h"
#include "programs.h"
#include "ranges.h"
#include "services.h"

static struct child children[CHILDREN_MAX];
static uint64_t started;

/* Dead drivers are kept for a while. */
static bool is_alive(const struct child *child) {
    return child->endpoint != ENDPOINT_NONE && child->driving != MONITOR_DRIVER_DEAD &&
           !child->held;
}

struct child *child_next(struct child *child) {
    for (child = child != NULL ? child + 1 : children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint != ENDPOINT_NONE)
            return child;
    return NULL;
}

struct child *child_find(endpoint_t endpoint) {
    for (struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint && is_alive(child))
            return child;
    return NULL;
}

unsigned children_count(void) {
    unsigned count = 0;

    for (const struct child *child = children; child < children + CHILDREN_MAX; child++)
        count += is_alive(child);
    return count;
}

struct child *child_of_label(const char *label) {
    struct child *oldest = NULL;

    for (struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (is_alive(child) && strcmp(child->label, label) == 0 &&
            (oldest == NULL || child->age < oldest->age))
            oldest = child;
    return oldest;
}

static struct child *child_free_entry(void) {
    for (struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == ENDPOINT_NONE)
            return child;
    return NULL;
}

/* Who has died meanwhile, and is still to be buried, needs nothing any more. */
static int allow(const struct child *child, endpoint_t target) {
    int error = privctl_allow(child->endpoint, target);

    return error == -E_PEERDEAD ? 0 : error;
}

/* Lets a new child send to those that its policy names, and those whose policy names it, to it. */
static int introduce(const struct child *made) {
    int error = 0;

    if (policy_targets(made->policy, "monitor"))
        error = allow(made, runtime_self());
    for (const struct child *other = children; other < children + CHILDREN_MAX && !error; other++) {
        if (!is_alive(other) || other == made)
            continue;
        if (policy_targets(made->policy, other->label))
            error = allow(made, other->endpoint);
        if (!error && policy_targets(other->policy, made->label))
            error = allow(other, made->endpoint);
    }
    return error;
}

static int give_devices(endpoint_t endpoint, const struct policy *policy) {
    int error = 0;

    for (size_t i = 0; i < policy->port_count && !error; i++)
        error = privctl_io(endpoint, (uint16_t)policy->ports[i].first,
                           (uint32_t)policy->ports[i].count);
    for (size_t i = 0; i < policy->line_count && !error; i++)
        error = privctl_irq(endpoint, (uint32_t)policy->lines[i].first,
                            (uint32_t)policy->lines[i].count);
    for (size_t i = 0; i < policy->memory_count && !error; i++)
        error = privctl_memory(endpoint, policy->memory[i].first, policy->memory[i].count);
    if (!error && policy->memory_any)
        error = privctl_memory(endpoint, 0, PHYSICAL_END / PAGE_SIZE);
    if (!error && policy->interrupt_limit != 0)
        error = privctl_irq_limit(endpoint, policy->interrupt_limit);
    return error;
}

/* Registers at ports that the policy names; those of PCI devices the PCI server knows. */
static int vet(endpoint_t endpoint, const struct policy *policy) {
    int error = 0;

    for (size_t i = 0; i < policy->vet_count && !error; i++) {
        const struct policy_vet *v = &policy->vets[i];
        if (v->bar == POLICY_VET_PORT)
            error = privctl_vet(endpoint, (uint16_t)v->offset, v->width, v->mask, v->value);
    }
    return error;
}

/* Installs the policy of a child that does not run yet. */
static int isolate(const struct child *child) {
    const struct policy *policy = child->policy;
    endpoint_t endpoint = child->endpoint;
    int error = privctl_ipc(endpoint, policy->ipc);

    if (!error)
        error = privctl_kcalls(endpoint, policy->kcalls);
    if (!error)
        error = give_devices(endpoint, policy);
    if (!error)
        error = vet(endpoint, policy);
    if (!error && policy->budget != 0)
        error = privctl_budget(endpoint, policy->budget, policy->budget_period);
    if (!error)
        error = privctl_sched(endpoint, policy->most_urgent);
    if (!error)
        error = sched_priority(endpoint, policy->priority);
    if (!error)
        error = sched_quantum(endpoint, policy->quantum);
    return error ? error : introduce(child);
}

/* Creates and isolates `child`, of which name, policy and image are known, and runs it. */
static int launch(struct child *child, const char *args, size_t args_bytes, uint32_t argc) {
    enum image_refusal refusal = IMAGE_OK;
    struct process process;
    int error = process_spawn(
        &(struct spawn){
            .label = child->label,
            .frames = child->policy->frames,
            .processes = child->policy->processes,
            .image = child->image,
            .image_bytes = child->image_bytes,
            .args = args,
            .args_bytes = args_bytes,
            .argc = argc,
            .monitor = runtime_self(),
            .console = services_uses_console(child->policy) ? services_console() : ENDPOINT_NONE,
            .why = &refusal,
        },
        &process);
    if (error == -E_IMAGE)
        printf("%s is refused: %s\n", child->label, image_refusal_text(refusal));
    if (error)
        return error;
    child->endpoint = process.endpoint;
    error = isolate(child);
    if (error)
        error = process_abandon(&process, error);
    else if (child->policy->pattern_count != 0)
        driver_wait(child, &process);
    else
        error = process_start(&process);
    if (error)
        child->endpoint = ENDPOINT_NONE;
    return error;
}

int child_spawn(const char *args, size_t args_bytes, uint32_t argc, endpoint_t spawner,
                struct child **made) {
    struct archive_file program;
    struct child *child = child_free_entry();

    if (args_bytes == 0 || argc == 0 || memchr(args, '\0', args_bytes) == NULL)
        return -E_INVAL;
    const struct policy *policy = policy_find(args);
    int error =
        program_find(policy != NULL && policy->image != NULL ? policy->image : args, &program);
    if (error)
        return error;
    if (policy == NULL)
        return -E_PERM;
    if (policy->core != POLICY_ANY_CORE && policy->core != machine_self())
        return -E_CORE;
    if (child == NULL)
        return -E_NOSLOT;
    if (strlen(args) > LABEL_MAX)
        return -E_INVAL;
    *child = (struct child){
        .spawner = spawner,
        .policy = policy,
        .age = started,
        .image = program.content,
        .image_bytes = program.bytes,
        .device = MONITOR_NO_DEVICE,
    };
    memcpy(child->label, args, strlen(args));
    error = launch(child, args, args_bytes, argc);
    if (error)
        return error;
    started++;
    *made = child;
    return 0;
}

/*
 * A program finds its console on its startup page, which only its supervisor can write: by making
 * it writable.
 */
static void tell_console(const struct child *child, endpoint_t console) {
    if (mem_protect(child->endpoint, STARTUP_BASE, PAGE_SIZE, PROT_READ | PROT_WRITE))
        return; /* it has died, and will be buried */
    mem_copy_to(child->endpoint, STARTUP_BASE + offsetof(struct startup, console), &console,
                sizeof console);
    mem_protect(child->endpoint, STARTUP_BASE, PAGE_SIZE, PROT_READ);
    if (child->policy->service == SERVICE_SHELL) /* it waits for that */
        ipc_notify(child->endpoint);
}

void children_tell_console(endpoint_t console) {
    for (const struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (is_alive(child) && services_uses_console(child->policy))
            tell_console(child, console);
}

/* Dead ones that are kept included. */
static bool is_child(endpoint_t endpoint) {
    for (const struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint)
            return true;
    return false;
}

/*
 * What a dead supervisor leaves is nobody's: the living are ended, and come back here as dead; the
 * dead that it had been told of are freed.
 */
static void end_orphans(void) {
    static struct process_info processes[CHILDREN_MAX];
    size_t bytes = 0;

    if (getinfo(INFO_PROCESSES, processes, sizeof processes, 0, &bytes, NULL))
        return;
    for (size_t i = 0; i < bytes / sizeof processes[0]; i++) {
        const struct process_info *process = &processes[i];
        if (process->supervisor != runtime_self() || is_child(process->endpoint))
            continue;
        if (process->state != PROCESS_DEAD)
            proc_kill(process->endpoint, KILL_ORPHANED);
        else
            proc_destroy(process->endpoint);
    }
}

static void tell_spawner(endpoint_t spawner) {
    if (spawner != ENDPOINT_NONE && endpoint_core(spawner) != machine_self())
        forward_ended(spawner);
    else if (spawner != ENDPOINT_NONE)
        ipc_notify(spawner);
}

void child_free(struct child *child) {
    endpoint_t spawner = child->spawner;

    child->held = grants_hold(child->endpoint);
    if (child->held)
        return;
    proc_destroy(child->endpoint);
    child->endpoint = ENDPOINT_NONE;
    tell_spawner(spawner);
}

void child_unheld(endpoint_t endpoint) {
    for (struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint && child->held)
            child_free(child);
}

/* A dead driver that has a device is kept until that is quiet: its memory may still be written to.
 */
static void bury(endpoint_t endpoint) {
    struct child *child = child_find(endpoint);
    struct report_image image = { .bytes = 0 };

    if (child != NULL)
        image = (struct report_image){ child->image, child->image_bytes };
    const struct death *death = death_remember(endpoint, image);
    bindings_process_died(endpoint);
    forward_process_died(endpoint);
    grants_process_died(endpoint);
    names_process_died(endpoint);
    const struct policy *policy = child != NULL ? child->policy : NULL;
    if (child == NULL)
        proc_destroy(endpoint);
    else if (!driver_died(child))
        child_free(child);
    if (policy != NULL && policy->service != SERVICE_NONE)
        service_ended(policy, death);
    else
        death_log(death);
}

void children_bury(void) {
    endpoint_t endpoint;
    enum death_cause cause;

    while (proc_wait(&endpoint, &cause) == 0) {
        bury(endpoint);
        end_orphans();
    }
}
