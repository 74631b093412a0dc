#include "agent.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/process.h>

#include "children.h"
#include "programs.h"

/* A record that is kept; none until the first. */
static struct kept {
    char *bytes; /* MONITOR_KEPT_BYTES of them */
    size_t used;
} kept[MONITOR_KEPT_RECORDS];

static void tell_agent(void) {
    for (struct child *child = child_next(NULL); child != NULL; child = child_next(child))
        if (child->policy->service == SERVICE_MANAGER && child_find(child->endpoint) == child)
            ipc_notify(child->endpoint);
}

void agent_view_changed(core_set_t gone) {
    (void)gone;
    tell_agent();
}

void agent_leader_changed(endpoint_t leader) {
    (void)leader;
    tell_agent();
}

/* ---- Children ---- */

static void describe(const struct child *child, struct monitor_child *d) {
    *d = (struct monitor_child){
        .endpoint = child->endpoint,
        .cookie = child->cookie,
        .waits = child->waits                               ? 2
                 : child->driving == MONITOR_DRIVER_WAITING ? 1
                                                            : 0,
        .dead = child_is_left(child->endpoint),
    };
    memcpy(d->label, child->label, LABEL_MAX);
}

/* Its spawner is dead: there is one agent of a core at a time. */
static void hand_over(struct child *child, endpoint_t agent) {
    if (child->spawner == agent)
        return;
    child->spawner = agent;
    child_acquaint(child, agent);
}

int agent_adopt(struct call *call) {
    uint64_t skip = call->arg[2], count = 0;

    call->bytes = 0;
    for (struct child *child = child_next(NULL); child != NULL; child = child_next(child)) {
        struct monitor_child description;
        if (!child->is_agents || child->kept)
            continue;
        hand_over(child, call->client);
        if (count++ < skip || call->room - call->bytes < sizeof description)
            continue;
        describe(child, &description);
        memcpy(call->text + call->bytes, &description, sizeof description);
        call->bytes += sizeof description;
    }
    call->arg[0] = call->bytes;
    call->arg[1] = count;
    return 0;
}

/* One that the client has started. */
static struct child *own_child(const struct call *call) {
    struct child *child = child_find(call->arg[0]);

    return child != NULL && child->spawner == call->client ? child : NULL;
}

int agent_run(struct call *call) {
    struct child *child = own_child(call);

    return child != NULL ? child_run(child) : -E_BADEP;
}

/* ---- Text ---- */

#define CHECK_PAGES 4U /* compared in one request */

/* Compares a piece of a segment with the file: what a program may not write has not changed. */
static int compare(const struct child *child, uint64_t address, const uint8_t *file, size_t bytes) {
    static uint8_t page[PAGE_SIZE];
    int error = mem_copy_from(child->endpoint, address, page, bytes);

    if (error)
        return error;
    return memcmp(page, file, bytes) == 0 ? 0 : -E_CHECKSUM;
}

/*
 * `at` counts the bytes of the segments that cannot be written, one after the other. The file is of
 * the archive, and was loaded.
 */
int agent_check(struct call *call) {
    const struct child *child = own_child(call);
    uint64_t at = call->arg[1], before = 0;
    struct image_plan plan = { .count = 0 };
    unsigned pages = CHECK_PAGES;

    if (child == NULL)
        return -E_BADEP;
    call->arg[0] = 0;
    if (child->image == NULL ||
        image_check(child->image, child->image_bytes, PROCESS_IMAGE_BASE, PROCESS_IMAGE_END,
                    PROCESS_IMAGE_END, &plan) != IMAGE_OK)
        return 0;
    for (uint32_t i = 0; i < plan.count; before += plan.segment[i++].file_bytes) {
        const struct image_segment *s = &plan.segment[i];
        const uint8_t *file = (const uint8_t *)child->image + s->file_offset;
        while (!(s->protection & PROT_WRITE) && at < before + s->file_bytes) {
            uint64_t offset = at - before, left = s->file_bytes - offset;
            size_t bytes = left < PAGE_SIZE ? left : PAGE_SIZE;
            int error = compare(child, s->vaddr + offset, file + offset, bytes);
            if (error)
                return error;
            at += bytes;
            if (--pages == 0) {
                call->arg[0] = at;
                return 0;
            }
        }
        if (at < before + s->file_bytes)
            at = before + s->file_bytes;
    }
    return 0;
}

/* ---- Records ---- */

int agent_keep(struct call *call) {
    uint64_t number = call->arg[2];

    if (number >= MONITOR_KEPT_RECORDS || call->bytes > MONITOR_KEPT_BYTES)
        return -E_RANGE;
    if (kept[number].bytes == NULL)
        kept[number].bytes = malloc(MONITOR_KEPT_BYTES);
    if (kept[number].bytes == NULL)
        return -E_NOMEM;
    memcpy(kept[number].bytes, call->text, call->bytes);
    kept[number].used = call->bytes;
    return 0;
}

static int deliver(struct call *call, const void *from, size_t bytes) {
    call->bytes = bytes < call->room ? bytes : call->room;
    memcpy(call->text, from, call->bytes);
    call->arg[0] = call->bytes;
    return 0;
}

int agent_kept(struct call *call) {
    uint64_t number = call->arg[2];

    if (number >= MONITOR_KEPT_RECORDS)
        return -E_RANGE;
    if (kept[number].used == 0)
        return -E_NOENT;
    return deliver(call, kept[number].bytes, kept[number].used);
}

/* ---- Files and policies ---- */

int agent_file(struct call *call) {
    char name[LABEL_MAX + 1] = "";
    struct archive_file file;
    uint64_t offset = call->arg[2];

    memcpy(name, &call->arg[3], LABEL_MAX);
    int error = offset == 0 ? program_find(name, &file) : program_known(name, &file) ? 0 : -E_NOENT;
    if (error)
        return error;
    call->arg[1] = file.bytes;
    call->arg[2] = file.hash;
    if (offset > file.bytes)
        offset = file.bytes;
    return deliver(call, (const char *)file.content + offset, file.bytes - offset);
}

static void copy_name(char to[LABEL_MAX], const char *from) {
    if (from != NULL)
        memcpy(to, from, strnlen(from, LABEL_MAX));
}

int agent_policy(struct call *call) {
    char label[LABEL_MAX + 1] = "";
    struct monitor_policy reply = { .heartbeat = 0 };

    memcpy(label, &call->arg[2], LABEL_MAX);
    const struct policy *policy = policy_find(label);
    if (policy == NULL)
        return -E_NOENT;
    reply = (struct monitor_policy){
        .heartbeat = policy->heartbeat,
        .refresh = policy->refresh,
        .recovery_period = policy->recovery_period,
        .recovery_count = policy->recovery_count,
        .core = policy->core,
        .recovery = policy->recovery,
        .mirror = policy->mirror,
        .most_urgent = policy->most_urgent,
        .service = policy->service,
        .manages = policy->manages,
        .devices = policy->pattern_count != 0,
    };
    copy_name(reply.hook, policy->hook);
    copy_name(reply.file, policy->image != NULL ? policy->image : label);
    size_t bytes = 0;
    for (const char *w = policy->complain; w != NULL && *w != '\0'; w += strlen(w) + 1)
        bytes += strlen(w) + 1;
    if (bytes < sizeof reply.complain)
        memcpy(reply.complain, policy->complain != NULL ? policy->complain : "", bytes);
    return deliver(call, &reply, sizeof reply);
}
