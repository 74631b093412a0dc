#include "grants.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/event.h>
#include <runtime/kcall.h>

#include "children.h"
#include "forward.h"
#include "machine.h"
#include "peer_requests.h"

#define SLOTS_MAX   256                     /* processes of a core */
#define REVOCATIONS (SLOTS_MAX + CORES_MAX) /* a core passes on one request at a time */

/* Arguments of MONITOR_DELEGATE and MONITOR_SAFEMAP. */
#define BYTES_OF(argument)  ((argument) & ((UINT64_C(1) << MONITOR_ACCESS_SHIFT) - 1))
#define ACCESS_OF(argument) ((uint32_t)((argument) >> MONITOR_ACCESS_SHIFT))

/* Pages of this core's memory that a process has mapped by way of the monitors. The entry's number
 * is what the two monitors call it. */
static struct export {
    bool used, ending, owed; /* REVOKE is to be sent */
    bool lost;               /* to a core that may run on: it is never unpinned */
    endpoint_t mapper, root;
    uint64_t address, bytes;
    struct claim claim; /* the chain */
}
exports[GRANT_EXPORTS_MAX];

/* What a process of this core has mapped so. */
static struct import {
    endpoint_t mapper; /* ENDPOINT_NONE: a free entry */
    uint64_t address;
    uint32_t core, number; /* of the export */
} imports[GRANT_EXPORTS_MAX];

/* Exports of other cores that nobody here has mapped any more, of which they are yet to be told. */
static uint64_t released[CORES_MAX][GRANT_EXPORTS_MAX / 64];

/* Deaths that they are yet to be told of, by slot; NULL: none ever. And whom they concern. */
static endpoint_t *deaths[CORES_MAX];
static core_set_t asked[SLOTS_MAX];

/* Who waits for the end of a revocation. Each process asks for one at most. */
static struct revocation {
    endpoint_t client; /* ENDPOINT_NONE: a free entry */
    endpoint_t grantor;
    uint64_t id;
} revocations[REVOCATIONS];

/* ---- Exports ---- */

static bool comes_through(const struct export *e, endpoint_t grantor, uint64_t id) {
    const struct grant_claim *c = &e->claim.kernel;

    for (unsigned i = 0; e->claim.recorded[i] != 0; i++)
        if (e->claim.recorded[i] == id)
            return true;
    for (unsigned i = 0; i < c->depth; i++)
        if (c->link[i].grantor == grantor && c->link[i].id == id)
            return true;
    return false;
}

/* Whether anything is mapped through a grant: 0, 1, or -E_IO, it is and cannot be had back. */
static int is_mapped(endpoint_t grantor, uint64_t id) {
    int mapped = 0;

    for (const struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++) {
        if (!e->used || !comes_through(e, grantor, id))
            continue;
        if (!e->lost)
            return 1;
        mapped = -E_IO;
    }
    return mapped;
}

/* Replies to those who have waited for what is over now. */
static void end_revocations(void) {
    for (struct revocation *r = revocations; r < revocations + REVOCATIONS; r++) {
        struct message reply = { .type = 0 };
        int mapped = r->client != ENDPOINT_NONE ? is_mapped(r->grantor, r->id) : 1;
        if (mapped == 1)
            continue;
        message_set_result(&reply, mapped);
        if (endpoint_core(r->client) == machine_self())
            event_reply(r->client, &reply);
        else
            forward_finish(endpoint_core(r->client), r->client, mapped);
        r->client = ENDPOINT_NONE;
    }
}

/* Nobody has it mapped any more. */
static void unpin(struct export *e) {
    endpoint_t root = e->root;

    grant_unpin(root, e->claim.kernel.address, e->bytes);
    e->used = false;
    end_revocations();
    if (!grants_hold(root))
        child_unheld(root);
}

static void withdraw(uint32_t core, uint32_t number);

/*
 * The mapper's monitor hears of it after the reply that told it of the export: the channel keeps
 * order, so that waits for the reply to be sent.
 */
static void send_revoke(struct export *e) {
    uint32_t core = endpoint_core(e->mapper), number = (uint32_t)(e - exports);
    struct message m = { .type = PEER_GRANT_REVOKE, .tag = number };

    if (core == machine_self()) {
        e->owed = false;
        withdraw(core, number);
    } else if (!forward_owes_reply(core) && peers_send(core, &m) == 0) {
        e->owed = false;
    }
}

static void end(struct export *e) {
    if (!e->used || e->ending)
        return;
    e->ending = e->owed = true;
    send_revoke(e);
}

static void end_all_through(endpoint_t grantor, uint64_t id) {
    for (struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        if (e->used && comes_through(e, grantor, id))
            end(e);
}

bool grants_hold(endpoint_t process) {
    for (const struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        if (e->used && e->root == process)
            return true;
    return false;
}

static struct export *free_export(void) {
    for (struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        if (!e->used)
            return e;
    return NULL;
}

/* How many of the pages are pinned. */
static uint64_t count_pinned(const uint64_t *physical, uint64_t pages) {
    uint64_t count = 0;

    while (count < pages && physical[count] != 0)
        count++;
    return count;
}

/*
 * Pins what a claim is of, all or nothing. Who revokes meanwhile finds GRANT_REMOTE, which was set
 * when the chain was followed, and asks for the end of the mapping.
 */
static int pin(const struct grant_claim *c, unsigned protection, uint64_t *physical) {
    uint64_t pages = c->bytes / PAGE_SIZE;

    memset(physical, 0, pages * sizeof *physical);
    int error = grant_pin(c->root, c->address, c->bytes, physical, protection);
    if (error)
        grant_unpin(c->root, c->address, count_pinned(physical, pages) * PAGE_SIZE);
    return error;
}

/* ---- Requests, where the memory is ---- */

static int copy(struct call *call, bool write) {
    struct claim claim;
    int error = call->arg[2] > MONITOR_TEXT_MAX ? -E_TOOBIG : 0;

    if (!error)
        error = records_claim(call->client, call->arg[0], call->arg[3], call->arg[4], call->arg[2],
                              write ? GRANT_WRITE : GRANT_READ, &claim);
    if (!error)
        error = grant_copy(&claim.kernel, call->text, write ? COPY_TO : COPY_FROM);
    call->bytes = write ? 0 : call->arg[2];
    return error;
}

int grants_copy_from(struct call *call) { return copy(call, false); }

int grants_copy_to(struct call *call) { return copy(call, true); }

int grants_delegate(struct call *call) {
    uint64_t bytes = BYTES_OF(call->arg[3]);
    uint32_t access = ACCESS_OF(call->arg[3]);
    struct claim claim;

    if (access & ~(unsigned)(GRANT_READ | GRANT_WRITE) || call->arg[4] == ENDPOINT_ANY)
        return -E_INVAL;
    /* Its access may be more than can ever be used, as in a table. */
    int error =
        records_claim(call->client, call->arg[0], call->arg[1], call->arg[2], bytes, 0, &claim);
    if (!error)
        error = grant_resolve(&claim.kernel, true);
    if (error)
        return error;
    return records_add(&(struct recorded_grant){ .grantor = call->arg[0],
                                                 .delegator = call->client,
                                                 .grantee = call->arg[4],
                                                 .parent = call->arg[1],
                                                 .offset = call->arg[2],
                                                 .bytes = bytes,
                                                 .access = access },
                       &call->arg[0]);
}

int grants_revoke(struct call *call) {
    endpoint_t grantor = call->arg[0];
    uint64_t id = call->arg[1];
    struct recorded_grant *record = records_find(id);

    if (id & GRANT_ID_RECORDED ? record == NULL || record->delegator != call->client
                               : grantor != call->client)
        return -E_NOENT;
    if (record != NULL)
        record->id = 0;
    end_all_through(grantor, id);
    int mapped = is_mapped(grantor, id);
    if (mapped != 1)
        return mapped;
    for (struct revocation *r = revocations; r < revocations + REVOCATIONS; r++) {
        if (r->client != ENDPOINT_NONE)
            continue;
        *r = (struct revocation){ call->client, grantor, id };
        return 1;
    }
    return -E_NOSLOT;
}

/* Whether this monitor hears of the death of all whose grants those are. */
static bool are_children(const struct grant_claim *c) {
    for (unsigned i = 0; i < c->depth; i++)
        if (child_find(c->link[i].grantor) == NULL)
            return false;
    return true;
}

/* The reply's text is the physical addresses. */
int grants_map(struct call *call) {
    struct export *e = free_export();
    unsigned protection = ACCESS_OF(call->arg[3]);
    struct claim claim;
    uint64_t bytes = BYTES_OF(call->arg[3]);
    int error = e == NULL ? -E_NOSLOT : bytes > GRANT_MAP_MAX ? -E_RANGE : 0;

    if (!error)
        error = records_claim(call->client, call->arg[0], call->arg[1], call->arg[2], bytes,
                              GRANT_READ | (protection & PROT_WRITE ? GRANT_WRITE : 0), &claim);
    if (!error)
        error = grant_resolve(&claim.kernel, true);
    if (error)
        return error;
    const struct grant_claim *c = &claim.kernel;
    if (c->address % PAGE_SIZE || bytes % PAGE_SIZE || bytes == 0)
        return -E_INVAL;
    if (!are_children(c))
        return -E_PERM;
    error = pin(c, protection, (uint64_t *)call->text);
    if (error)
        return error;
    *e = (struct export){ .used = true,
                          .mapper = call->client,
                          .root = c->root,
                          .address = call->arg[4],
                          .bytes = bytes,
                          .claim = claim };
    call->bytes = bytes / PAGE_SIZE * sizeof(uint64_t);
    call->arg[0] = (uint64_t)(e - exports);
    return 0;
}

/* ---- Where it is mapped ---- */

static void on_released(uint32_t core, uint64_t number) {
    struct export *e = &exports[number % GRANT_EXPORTS_MAX];

    if (e->used && endpoint_core(e->mapper) == core)
        unpin(e);
}

static void send_released(uint32_t core) {
    for (uint32_t number = 0; number < GRANT_EXPORTS_MAX; number++) {
        uint64_t bit = UINT64_C(1) << number % 64, *word = &released[core][number / 64];
        struct message m = { .type = PEER_GRANT_RELEASED, .tag = number };
        if (!(*word & bit))
            continue;
        if (core != machine_self() && peers_send(core, &m))
            return;
        *word &= ~bit;
        if (core == machine_self())
            on_released(core, number);
    }
}

static void release(uint32_t core, uint32_t number) {
    number %= GRANT_EXPORTS_MAX;
    released[core][number / 64] |= UINT64_C(1) << number % 64;
    send_released(core);
}

static struct import *free_import(void) {
    for (struct import *i = imports; i < imports + GRANT_EXPORTS_MAX; i++)
        if (i->mapper == ENDPOINT_NONE)
            return i;
    return NULL;
}

int grants_import(const struct message *request, const struct call *reply) {
    uint32_t core = endpoint_core(request->arg[0]), number = (uint32_t)reply->arg[0];
    uint64_t bytes = BYTES_OF(request->arg[3]);
    struct import *i = free_import();
    int error = reply->bytes != bytes / PAGE_SIZE * sizeof(uint64_t) ? -E_PROTOCOL : 0;

    if (!error && i == NULL)
        error = -E_NOSLOT;
    if (!error)
        error = grant_import(request->source, request->arg[4], bytes, (const uint64_t *)reply->text,
                             ACCESS_OF(request->arg[3]));
    if (error)
        release(core, number);
    else
        *i = (struct import){ request->source, request->arg[4], core, number };
    return error;
}

/* Takes the pages away, then tells. Those of a dead process are out of anybody's reach. */
static void give_up(struct import *i) {
    struct import given_up = *i;

    grant_withdraw(i->mapper, i->address);
    i->mapper = ENDPOINT_NONE;
    release(given_up.core, given_up.number);
}

static void withdraw(uint32_t core, uint32_t number) {
    for (struct import *i = imports; i < imports + GRANT_EXPORTS_MAX; i++)
        if (i->mapper != ENDPOINT_NONE && i->core == core && i->number == number) {
            give_up(i);
            return;
        }
}

int grants_unmap(struct call *call) {
    for (struct import *i = imports; i < imports + GRANT_EXPORTS_MAX; i++)
        if (i->mapper == call->client && i->address == call->arg[0]) {
            give_up(i);
            return 0;
        }
    return -E_NOENT;
}

/* ---- Deaths ---- */

void grants_asked(endpoint_t client, uint32_t core) {
    asked[endpoint_slot(client) % SLOTS_MAX] |= core_bit(core);
}

/* Whether `process` was in the slot of one that has died, no later than that: news of its own death
 * may have been overtaken. */
static bool is_gone(endpoint_t process, endpoint_t dead) {
    return (uint32_t)process == (uint32_t)dead &&
           endpoint_generation(process) <= endpoint_generation(dead) && dead != ENDPOINT_NONE;
}

/* What it has passed on ends, and what was passed on to it is of no use. */
static void forget(endpoint_t dead) {
    for (struct recorded_grant *r = records_next(NULL); r != NULL; r = records_next(r)) {
        uint64_t id = r->id;
        if (!is_gone(r->delegator, dead) && !is_gone(r->grantee, dead) &&
            !is_gone(r->grantor, dead))
            continue;
        r->id = 0;
        end_all_through(ENDPOINT_NONE, id);
    }
    for (struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        for (unsigned i = 0; e->used && i < e->claim.kernel.depth; i++)
            if (e->claim.kernel.link[i].grantor == dead)
                end(e);
    for (struct revocation *r = revocations; r < revocations + REVOCATIONS; r++)
        if (r->client == dead && endpoint_core(dead) == machine_self())
            r->client = ENDPOINT_NONE;
}

static void send_deaths(uint32_t core) {
    for (unsigned slot = 0; deaths[core] != NULL && slot < SLOTS_MAX; slot++) {
        struct message m = { .type = PEER_GRANT_DIED, .arg = { deaths[core][slot] } };
        if (deaths[core][slot] == ENDPOINT_NONE)
            continue;
        if (peers_send(core, &m))
            return;
        deaths[core][slot] = ENDPOINT_NONE;
    }
}

/* Of a slot the last death is enough: see is_gone(). */
static void tell_death(uint32_t core, endpoint_t process) {
    if (deaths[core] == NULL)
        deaths[core] = calloc(SLOTS_MAX, sizeof *deaths[core]);
    if (deaths[core] == NULL)
        return;
    deaths[core][endpoint_slot(process) % SLOTS_MAX] = process;
    send_deaths(core);
}

void grants_process_died(endpoint_t process) {
    core_set_t concerned = asked[endpoint_slot(process) % SLOTS_MAX];

    for (struct import *i = imports; i < imports + GRANT_EXPORTS_MAX; i++)
        if (i->mapper == process)
            give_up(i);
    forget(process);
    asked[endpoint_slot(process) % SLOTS_MAX] = 0;
    for_each_core(core, concerned & cores_view()->members)
        if (core != machine_self())
            tell_death(core, process);
}

/* ---- Other monitors ---- */

static void receive(uint32_t core, const struct message *m) {
    switch (m->type) {
    case PEER_GRANT_REVOKE:
        withdraw(core, m->tag);
        break;
    case PEER_GRANT_RELEASED:
        on_released(core, m->tag);
        break;
    case PEER_GRANT_DIED:
        if (endpoint_core(m->arg[0]) == core)
            forget(m->arg[0]);
        break;
    default:
        break;
    }
}

static void credit(uint32_t core) {
    send_released(core);
    for (struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        if (e->used && e->owed && endpoint_core(e->mapper) == core)
            send_revoke(e);
    send_deaths(core);
}

const struct peer_service grants_service = {
    .first_type = PEER_GRANT_REVOKE,
    .last_type = PEER_GRANT_DIED,
    .receive = receive,
    .credit = credit,
};

static void lose_or_unpin(struct export *e) {
    if (!core_in(cores_view()->lost, endpoint_core(e->mapper))) {
        unpin(e);
        return;
    }
    e->lost = e->ending = true;
    e->owed = false;
}

/*
 * They run nothing any more: as if each had released what it had, and its processes had died. But a
 * core that is lost, as it did not acknowledge being fenced, may run on: what it has mapped stays
 * pinned for good.
 */
void grants_cores_gone(core_set_t gone) {
    for (struct revocation *r = revocations; r < revocations + REVOCATIONS; r++)
        if (r->client != ENDPOINT_NONE && core_in(gone, endpoint_core(r->client)))
            r->client = ENDPOINT_NONE;
    for (struct import *i = imports; i < imports + GRANT_EXPORTS_MAX; i++)
        if (i->mapper != ENDPOINT_NONE && core_in(gone, i->core)) {
            grant_withdraw(i->mapper, i->address);
            i->mapper = ENDPOINT_NONE;
        }
    for (struct export *e = exports; e < exports + GRANT_EXPORTS_MAX; e++)
        if (e->used && core_in(gone, endpoint_core(e->mapper)))
            lose_or_unpin(e);
    end_revocations();
    for (struct recorded_grant *r = records_next(NULL); r != NULL; r = records_next(r)) {
        uint64_t id = r->id;
        if (!core_in(gone, endpoint_core(r->delegator)) &&
            !core_in(gone, endpoint_core(r->grantee)))
            continue;
        r->id = 0;
        end_all_through(ENDPOINT_NONE, id);
    }
    for_each_core(core, gone) {
        memset(released[core], 0, sizeof released[core]);
        free(deaths[core]);
        deaths[core] = NULL;
    }
}
