#include "drivers.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/refusal.h>
#include <runtime/kcall.h>

#include "forward.h"
#include "machine.h"
#include "names.h"
#include "services.h"

_Static_assert(sizeof(struct monitor_driver) <= MONITOR_TEXT_MAX, "one fits into a reply");

void driver_wait(struct child *child, const struct process *process) {
    child->driving = MONITOR_DRIVER_WAITING;
    child->entry = process->entry;
    child->stack = process->stack;
}

static bool has_device(const struct child *child) {
    return child->driving == MONITOR_DRIVER_RUNNING || child->driving == MONITOR_DRIVER_STORM;
}

/*
 * The PCI server looks at its drivers by itself: it is enough that there is something to look at.
 * The one that has attached the driver may have been started again since.
 */
static void tell_keeper(endpoint_t keeper) {
    endpoint_t now = names_find(NAME_PCI);

    if (now != ENDPOINT_NONE)
        keeper = now;
    if (endpoint_core(keeper) == machine_self())
        ipc_notify(keeper);
    else
        forward_ended(keeper);
}

bool driver_died(struct child *child) {
    if (!has_device(child))
        return false;
    child->driving = MONITOR_DRIVER_DEAD;
    tell_keeper(child->keeper);
    return true;
}

void drivers_cores_gone(core_set_t gone) {
    endpoint_t keeper = names_find(NAME_PCI);

    (void)gone;
    if (keeper != ENDPOINT_NONE && endpoint_core(keeper) == machine_self())
        ipc_notify(keeper);
}

/* ---- Storms ---- */

static uint32_t storms_of(const struct child *child) {
    struct refusal_info info = { 0 };
    int error = getinfo(INFO_REFUSALS, &info, sizeof info, child->endpoint, NULL, NULL);
    return error ? 0 : info.count[REFUSED_STORM];
}

void drivers_storm(void) {
    for (struct child *child = child_next(NULL); child != NULL; child = child_next(child)) {
        uint32_t storms = storms_of(child);
        if (storms <= child->storms)
            continue;
        child->storms = storms;
        printf("%s: more than %u interrupts in a second: masked\n", child->label,
               child->policy->interrupt_limit);
        if (child->driving == MONITOR_DRIVER_RUNNING) {
            child->driving = MONITOR_DRIVER_STORM;
            tell_keeper(child->keeper);
        }
    }
}

/* ---- Requests ---- */

static void describe(const struct child *child, struct monitor_driver *d) {
    const struct policy *policy = child->policy;

    *d = (struct monitor_driver){
        .endpoint = child->endpoint,
        .state = child->driving,
        .device = child->device,
        .patterns = policy->pattern_count,
        .vets = policy->vet_count,
        .interrupt_limit = policy->interrupt_limit,
    };
    memcpy(d->label, child->label, LABEL_MAX);
    for (unsigned i = 0; i < policy->pattern_count; i++) {
        const struct policy_pci *pattern = &policy->patterns[i];
        d->pattern[i].by_class = pattern->by_class;
        d->pattern[i].vendor = pattern->vendor;
        d->pattern[i].device = pattern->device;
        d->pattern[i].class24 = pattern->class24;
        d->pattern[i].class_mask = pattern->class_mask;
    }
    for (unsigned i = 0; i < policy->vet_count; i++) {
        const struct policy_vet *vet = &policy->vets[i];
        d->vet[i].bar = vet->bar;
        d->vet[i].width = vet->width;
        d->vet[i].offset = vet->offset;
        d->vet[i].mask = vet->mask;
        d->vet[i].value = vet->value;
    }
}

/* The driver that a request is about, dead ones that are kept included; NULL: it is none. */
static struct child *driver_of(const struct call *call) {
    struct child *child = child_next(NULL);

    while (child != NULL && (child->endpoint != call->arg[0] || child->driving == 0))
        child = child_next(child);
    return child;
}

int driver_describe(struct call *call) {
    const struct child *child = driver_of(call);
    struct monitor_driver description;

    if (child == NULL)
        return -E_BADEP;
    if (call->room < sizeof description)
        return -E_TOOBIG;
    describe(child, &description);
    memcpy(call->text, &description, sizeof description);
    call->arg[0] = call->bytes = sizeof description;
    return 0;
}

int drivers_list(struct call *call) {
    uint64_t skip = call->arg[2], count = 0;

    call->bytes = 0;
    for (struct child *child = child_next(NULL); child != NULL; child = child_next(child)) {
        struct monitor_driver description;
        if (child->driving == 0 || count++ < skip || call->room - call->bytes < sizeof description)
            continue;
        describe(child, &description);
        memcpy(call->text + call->bytes, &description, sizeof description);
        call->bytes += sizeof description;
    }
    call->arg[0] = call->bytes;
    call->arg[1] = count;
    return 0;
}

int driver_give(struct call *call) {
    static const uint8_t operations[] = {
        [GIVE_PORTS] = PRIVCTL_IO, [GIVE_MEMORY] = PRIVCTL_MEMORY, [GIVE_MSI] = PRIVCTL_MSI,
        [GIVE_LINE] = PRIVCTL_IRQ, [GIVE_VET] = PRIVCTL_VET,
    };
    const struct child *child = driver_of(call);
    uint64_t what = call->arg[1];

    if (child == NULL)
        return -E_BADEP;
    if (child->driving != MONITOR_DRIVER_WAITING)
        return -E_STATE;
    if (what >= sizeof operations || operations[what] == 0)
        return -E_INVAL;
    uint64_t arg[4] = { operations[what], child->endpoint, call->arg[2], call->arg[3] };
    int error = trap_kernel_4(KCALL_PRIVCTL, arg);
    if (error)
        return error;
    call->arg[0] = arg[0];
    call->arg[1] = arg[1];
    return 0;
}

int driver_attach(struct call *call) {
    struct child *child = driver_of(call);

    if (child == NULL)
        return -E_BADEP;
    if (child->driving != MONITOR_DRIVER_WAITING)
        return -E_STATE;
    if (call->arg[1] >= MONITOR_NO_DEVICE)
        return -E_INVAL;
    int error = proc_start(child->endpoint, child->entry, child->stack, 0, 0);
    if (error)
        return error;
    child->driving = MONITOR_DRIVER_RUNNING;
    child->device = (uint16_t)call->arg[1];
    child->keeper = call->client;
    return 0;
}

int driver_release(struct call *call) {
    struct child *child = driver_of(call);

    if (child == NULL)
        return -E_BADEP;
    if (child->driving != MONITOR_DRIVER_DEAD)
        return -E_STATE;
    child_free(child);
    return 0;
}

int driver_dma(struct call *call) {
    const struct child *child = driver_of(call);
    uint64_t bytes = call->arg[4] / PAGE_SIZE * sizeof(uint64_t);

    if (child == NULL)
        return -E_BADEP;
    if (call->arg[4] % PAGE_SIZE || call->arg[4] > MAPDMA_BYTES_MAX || bytes > call->room)
        return -E_TOOBIG;
    uint64_t arg[5] = { MAPDMA_QUERY, child->endpoint, call->arg[3], call->arg[4],
                        (uint64_t)call->text };
    int error = trap_kernel_5(KCALL_MAPDMA, arg);
    if (error)
        return error;
    call->arg[0] = call->bytes = bytes;
    return 0;
}

int driver_refused(struct call *call) {
    if (call->arg[1] >= REFUSAL_COUNT)
        return -E_INVAL;
    if (child_find(call->arg[0]) == NULL)
        return -E_BADEP;
    return privctl_refused(call->arg[0], (enum refusal)call->arg[1]);
}
