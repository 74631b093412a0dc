#include "children.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/process.h>
#include <runtime/startup.h>

#include "bindings.h"
#include "dead.h"
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
           !child->held && !child->kept;
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

int child_acquaint(const struct child *child, endpoint_t other) { return allow(child, other); }

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

/* It waits, for its device or for who has ordered it, or runs. */
static int let_go(struct child *child, const struct process *process, const struct order *order) {
    child->entry = process->entry;
    child->stack = process->stack;
    child->waits =
        order->how != NULL && order->how->flags & SPAWN_HELD && child->policy->pattern_count == 0;
    if (child->policy->pattern_count != 0)
        driver_wait(child);
    return child->driving || child->waits ? 0 : process_start(process);
}

/* Creates and isolates `child`, of which name and policy are known, and lets it run. */
static int launch(struct child *child, const struct order *order, const struct archive_file *file) {
    enum image_refusal refusal = IMAGE_OK;
    struct process process;
    int error = process_spawn(
        &(struct spawn){
            .label = child->label,
            .frames = child->policy->frames,
            .processes = child->policy->processes,
            .image = file->content,
            .image_bytes = file->bytes,
            .args = order->args,
            .args_bytes = order->args_bytes,
            .argc = order->argc,
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
    if (!error && child->is_agents)
        error = child_acquaint(child, child->spawner);
    error = error ? process_abandon(&process, error) : let_go(child, &process, order);
    if (error)
        child->endpoint = ENDPOINT_NONE;
    return error;
}

int child_run(struct child *child) {
    if (!child->waits)
        return -E_STATE;
    child->waits = false;
    return proc_start(child->endpoint, child->entry, child->stack, 0, 0);
}

/* The texts of an order of an agent, terminated, or what the first argument says. */
struct names {
    char label[LABEL_MAX + 1], policy[LABEL_MAX + 1], file[LABEL_MAX + 1];
};

static int names_of(const struct order *order, struct names *names) {
    *names = (struct names){ .label = "" };
    if (order->how != NULL) {
        memcpy(names->label, order->how->label, LABEL_MAX);
        memcpy(names->policy, order->how->policy, LABEL_MAX);
        memcpy(names->file, order->how->file, LABEL_MAX);
    } else if (strlen(order->args) > LABEL_MAX) {
        return program_known(order->args, &(struct archive_file){ .bytes = 0 }) ? -E_INVAL
                                                                                : -E_NOENT;
    } else {
        memcpy(names->label, order->args, strlen(order->args));
    }
    if (names->policy[0] == '\0')
        memcpy(names->policy, names->label, sizeof names->policy);
    return 0;
}

/*
 * The program: its file, or the copy of it in the agent's memory, which `copy` then receives. What
 * is kept for symbols is the archive's, if the copy is one of that.
 */
static int find_image(const struct order *order, const char *file, struct child *child,
                      struct archive_file *program, void **copy) {
    const struct monitor_spawn *how = order->how;
    int error = 0;

    if (how == NULL || how->image == 0) {
        error = program_find(file, program);
        child->image = program->content;
        child->image_bytes = program->bytes;
        return error;
    }
    *copy = how->image_bytes <= MONITOR_IMAGE_MAX ? malloc(how->image_bytes) : NULL;
    if (*copy == NULL)
        return -E_NOMEM;
    error = mem_copy_from(order->spawner, how->image, *copy, how->image_bytes);
    if (program_is_copy(file, *copy, how->image_bytes, program)) {
        child->image = program->content;
        child->image_bytes = program->bytes;
    } else if (!error) {
        error = -E_CHECKSUM;
    }
    program->content = *copy;
    return error;
}

static int check_policy(const struct policy *policy) {
    if (policy == NULL)
        return -E_PERM;
    if (policy->core != POLICY_ANY_CORE && policy->core != machine_self())
        return -E_CORE;
    return child_free_entry() == NULL ? -E_NOSLOT : 0;
}

int child_spawn(const struct order *order, struct child **made) {
    struct archive_file program = { .bytes = 0 };
    struct child *child = child_free_entry(), draft = { .device = MONITOR_NO_DEVICE };
    struct names names;
    void *copy = NULL;

    if (order->args_bytes == 0 || order->argc == 0 ||
        memchr(order->args, '\0', order->args_bytes) == NULL)
        return -E_INVAL;
    int error = names_of(order, &names);
    if (error)
        return error;
    const struct policy *policy = policy_find(names.policy);
    const char *file = names.file[0] != '\0'                     ? names.file
                       : policy != NULL && policy->image != NULL ? policy->image
                                                                 : names.policy;
    error = find_image(order, file, &draft, &program, &copy);
    if (!error)
        error = check_policy(policy);
    if (!error) {
        draft.spawner = order->spawner;
        draft.policy = policy;
        draft.age = started;
        draft.is_agents = order->how != NULL;
        draft.cookie = draft.is_agents ? order->how->cookie : 0;
        memcpy(draft.label, names.label, sizeof draft.label);
        *child = draft;
        error = launch(child, order, &program);
    }
    free(copy);
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

bool child_is_left(endpoint_t endpoint) {
    for (const struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint && !is_alive(child) && !child->kept)
            return true;
    return false;
}

/* Dead ones that are kept included. */
static bool is_child(endpoint_t endpoint) {
    for (const struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint)
            return true;
    return false;
}

/* All processes of this core. How many; none if the kernel does not tell. */
static size_t list_processes(const struct process_info **processes) {
    static struct process_info all[CHILDREN_MAX];
    size_t bytes = 0;

    *processes = all;
    return getinfo(INFO_PROCESSES, all, sizeof all, 0, &bytes, NULL) ? 0 : bytes / sizeof all[0];
}

unsigned processes_ready(void) {
    const struct process_info *processes;
    unsigned ready = 0;

    for (size_t i = list_processes(&processes); i > 0; i--)
        ready += processes[i - 1].state == PROCESS_READY;
    return ready;
}

/*
 * What a dead supervisor leaves is nobody's: the living are ended, and come back here as dead; the
 * dead that it had been told of are freed.
 */
static void end_orphans(void) {
    const struct process_info *processes;
    size_t count = list_processes(&processes);

    for (size_t i = 0; i < count; i++) {
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

static void child_destroy(struct child *child) {
    proc_destroy(child->endpoint);
    child->endpoint = ENDPOINT_NONE;
}

void child_free(struct child *child) {
    endpoint_t spawner = child->spawner;

    child->held = grants_hold(child->endpoint);
    if (child->held)
        return;
    child->spawner = ENDPOINT_NONE;
    child->driving = 0;
    child->kept = dead_keep(child);
    if (!child->kept)
        child_destroy(child);
    tell_spawner(spawner);
}

void child_unkept(endpoint_t endpoint) {
    for (struct child *child = children; child < children + CHILDREN_MAX; child++)
        if (child->endpoint == endpoint && child->kept)
            child_destroy(child);
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
