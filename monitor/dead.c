#include "dead.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/cmdline.h>
#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "deaths.h"
#include "forward.h"
#include "machine.h"

#define RANGE_PAGES 4096 /* that one request tells of at most */

static endpoint_t dumper; /* who has asked last; ENDPOINT_NONE: nobody yet */

/* In the order of their deaths. */
static struct kept {
    endpoint_t endpoint; /* ENDPOINT_NONE: a free entry */
    const char *program;
    uint64_t until;
} kept[DEAD_KEPT_MAX];

static struct event_alarm alarm;

static struct kept *find(endpoint_t endpoint) {
    for (struct kept *k = kept; k < kept + DEAD_KEPT_MAX; k++)
        if (k->endpoint == endpoint && endpoint != ENDPOINT_NONE)
            return k;
    return NULL;
}

static void set_alarm(void);

/* The others move up. */
static void drop(struct kept *k) {
    endpoint_t endpoint = k->endpoint;

    memmove(k, k + 1, (size_t)(kept + DEAD_KEPT_MAX - (k + 1)) * sizeof *k);
    kept[DEAD_KEPT_MAX - 1].endpoint = ENDPOINT_NONE;
    set_alarm();
    child_unkept(endpoint);
}

static void expire(struct event_alarm *unused) {
    (void)unused;
    while (kept[0].endpoint != ENDPOINT_NONE && kept[0].until <= time_now()) {
        printf("%u.%u.%u: no core file was made of it in time\n", endpoint_core(kept[0].endpoint),
               endpoint_slot(kept[0].endpoint), endpoint_slot_generation(kept[0].endpoint));
        drop(&kept[0]);
    }
    set_alarm();
}

/* For the first. */
static void set_alarm(void) {
    uint64_t now = time_now();

    if (kept[0].endpoint == ENDPOINT_NONE)
        event_alarm_cancel(&alarm);
    else
        event_alarm_set(&alarm, kept[0].until > now ? kept[0].until - now : 1, expire);
}

/* Ends of which a core file tells something: not those that were meant. */
static bool is_of_interest(const struct death_report *report) {
    switch (report->cause) {
    case DEATH_EXCEPTION:
        return true;
    case DEATH_EXIT:
        return report->status == EXIT_ABORTED;
    default:
        return report->status != KILL_ORPHANED;
    }
}

bool dead_wanted(void) {
    char value[2];

    return cmdline_get(machine_boot.cmdline, "dumps", value, sizeof value) == 1 && value[0] == '1';
}

static void tell_dumper(void) {
    if (dumper == ENDPOINT_NONE)
        return;
    if (endpoint_core(dumper) == machine_self())
        ipc_notify(dumper);
    else
        forward_ended(dumper);
}

bool dead_keep(const struct child *child) {
    const struct death *death = death_find(child->endpoint);
    struct kept *k = kept;

    while (k < kept + DEAD_KEPT_MAX && k->endpoint != ENDPOINT_NONE)
        k++;
    if (!dead_wanted() || death == NULL || !is_of_interest(&death->report) ||
        k == kept + DEAD_KEPT_MAX)
        return false;
    *k = (struct kept){ .endpoint = child->endpoint,
                        .program =
                            child->policy->image != NULL ? child->policy->image : child->label,
                        .until = time_now() + DEAD_KEPT_TIME };
    set_alarm();
    tell_dumper();
    return true;
}

/* ---- Requests ---- */

int dead_next(struct call *call) {
    struct monitor_dead description = { 0 };

    dumper = call->client;
    if (kept[0].endpoint == ENDPOINT_NONE)
        return -E_NOENT;
    const struct death *death = death_find(kept[0].endpoint);
    if (call->room < sizeof description)
        return -E_TOOBIG;
    if (death != NULL)
        description.report = death->report;
    description.report.endpoint = kept[0].endpoint;
    memcpy(description.program, kept[0].program, strnlen(kept[0].program, LABEL_MAX));
    memcpy(call->text, &description, sizeof description);
    call->arg[0] = call->bytes = sizeof description;
    return 0;
}

int dead_range(struct call *call) {
    endpoint_t endpoint = call->arg[0];
    uint64_t address = call->arg[1], next;
    unsigned protection, other;

    if (find(endpoint) == NULL)
        return -E_BADEP;
    int error = mem_find(endpoint, &address, &protection);
    if (error)
        return error;
    uint64_t end = address + PAGE_SIZE;
    for (unsigned pages = 1; pages < RANGE_PAGES; pages++, end += PAGE_SIZE) {
        next = end;
        if (mem_find(endpoint, &next, &other) != 0 || next != end || other != protection)
            break;
    }
    call->arg[0] = address;
    call->arg[1] = end;
    call->arg[2] = protection;
    return 0;
}

int dead_memory(struct call *call) {
    if (find(call->arg[0]) == NULL)
        return -E_BADEP;
    int error = mem_copy_from(call->arg[0], call->arg[3], call->text, call->room);
    if (error)
        return error;
    call->arg[0] = call->bytes = call->room;
    return 0;
}

int dead_release(struct call *call) {
    struct kept *k = find(call->arg[0]);

    if (k == NULL)
        return -E_BADEP;
    drop(k);
    return 0;
}
