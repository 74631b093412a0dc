#include "requests.h"

#include <stdbool.h>
#include <string.h>

#include <runtime/defence.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "announcements.h"
#include "bindings.h"
#include "children.h"
#include "chunks.h"
#include "cores.h"
#include "deaths.h"
#include "drivers.h"
#include "forward.h"
#include "grants.h"
#include "machine.h"
#include "names.h"
#include "programs.h"

/*
 * A request's handler. Returns the reply's result, or 1 if the reply will be sent later; to clients
 * of other cores by forward_finish().
 */
typedef int request_handler(struct call *call);

_Static_assert(MONITOR_TEXT_MAX >= STARTUP_ARGS_MAX, "text takes arguments");
_Static_assert(MONITOR_TEXT_MAX >= REPORT_BYTES, "and reports");
_Static_assert(MONITOR_TEXT_MAX >= CORES_MAX * sizeof(struct monitor_core), "and cores");

static int serve_spawn(struct call *call) {
    struct child *child;

    if (call->bytes == 0 || memchr(call->text, '\0', call->bytes) == NULL)
        return -E_INVAL;
    if (call->bytes > STARTUP_ARGS_MAX || call->arg[2] > call->bytes)
        return -E_TOOBIG;
    const struct policy *policy = policy_find(call->text);
    if (policy != NULL && policy->service != SERVICE_NONE)
        return -E_PERM;
    int error = child_spawn(call->text, call->bytes, (uint32_t)call->arg[2], call->client, &child);
    call->bytes = 0;
    if (!error) {
        call->arg[0] = child->endpoint;
        call->arg[1] = child->driving == MONITOR_DRIVER_WAITING;
    }
    return error;
}

static int serve_status(struct call *call) {
    endpoint_t endpoint = call->arg[0];
    const struct death *death = death_find(endpoint);

    if (death == NULL && endpoint != runtime_self() && child_find(endpoint) == NULL)
        return -E_BADEP;
    call->arg[0] = death != NULL ? death->report.cause : DEATH_NONE;
    call->arg[1] = 0;
    if (death != NULL)
        call->arg[1] =
            death->report.cause == DEATH_EXCEPTION ? death->report.exception : death->report.status;
    return 0;
}

/* The reply has so much text: as much of it as the client has room for. */
static int deliver(struct call *call, size_t bytes) {
    call->bytes = bytes < call->room ? bytes : call->room;
    call->arg[0] = call->bytes;
    return 0;
}

static int serve_report(struct call *call) {
    const struct death *death = death_find(call->arg[0]);

    if (death == NULL)
        return -E_NOENT;
    size_t length = report_text(call->text, MONITOR_TEXT_MAX, &death->report, death->image);
    length += report_refusals(call->text + length, MONITOR_TEXT_MAX - length, death->refused);
    return deliver(call, length);
}

static int serve_kill(struct call *call) {
    if (call->arg[0] == runtime_self())
        return -E_PERM;
    if (child_find(call->arg[0]) == NULL)
        return -E_BADEP;
    return proc_kill(call->arg[0], KILL_REQUESTED);
}

static int serve_lookup(struct call *call) {
    char label[LABEL_MAX + 1] = "";

    memcpy(label, call->arg, LABEL_MAX);
    if (strcmp(label, "monitor") == 0) {
        call->arg[0] = runtime_self();
        return 0;
    }
    const struct child *child = child_of_label(label);
    if (child == NULL)
        return -E_NOENT;
    call->arg[0] = child->endpoint;
    return 0;
}

static int serve_programs(struct call *call) {
    return deliver(call, programs_list(call->text, MONITOR_TEXT_MAX));
}

static int serve_sched(struct call *call) {
    endpoint_t endpoint = call->arg[0];

    if (child_find(endpoint) == NULL)
        return -E_BADEP;
    switch (call->arg[1]) {
    case SCHED_PRIORITY:
        return call->arg[2] < SCHED_PRIORITIES ? sched_priority(endpoint, (unsigned)call->arg[2])
                                               : -E_RANGE;
    case SCHED_QUANTUM:
        return sched_quantum(endpoint, call->arg[2]);
    default:
        return -E_INVAL;
    }
}

/* Also of processes that are not the monitor's own children. */
static int serve_label(struct call *call) {
    const struct death *death = death_find(call->arg[0]);
    struct process_info info = { 0 };
    int error = getinfo(INFO_PROCESS, &info, sizeof info, call->arg[0], NULL, NULL);

    if (error && death == NULL)
        return error;
    memcpy(call->arg, error ? death->report.label : info.label, LABEL_MAX);
    return 0;
}

static int serve_cores(struct call *call) {
    struct monitor_core *cores = (struct monitor_core *)call->text;
    uint32_t count = machine_cores();

    for (uint32_t core = 0; core < count; core++)
        cores_describe(core, &cores[core]);
    call->arg[1] = cores_view()->number;
    return deliver(call, count * sizeof *cores);
}

static int serve_core_control(struct call *call) {
    return cores_control(call->client, (enum core_control)call->arg[0], call->arg[5]);
}

/* Whole records, as the kernel fills them in. */
static int serve_getinfo(struct call *call) {
    uint64_t arg[4] = { call->arg[2], (uint64_t)call->text, call->room, call->arg[3] };

    if (call->arg[2] == INFO_BOOT)
        return -E_PERM;
    int error = trap_kernel_4(KCALL_GETINFO, arg);
    if (error)
        return error;
    memcpy(call->arg, arg, 3 * sizeof arg[0]);
    call->bytes = arg[0];
    return 0;
}

static int serve_trace(struct call *call) {
    uint64_t arg[4] = { call->arg[0], call->arg[1], call->room, call->arg[3] };

    if (call->arg[0] == TRACE_READ)
        arg[1] = (uint64_t)call->text;
    int error = trap_kernel_4(KCALL_TRACE, arg);
    if (error)
        return error;
    call->bytes = call->arg[0] == TRACE_READ ? arg[0] * sizeof(struct trace_event) : 0;
    memcpy(call->arg, arg, 3 * sizeof arg[0]);
    call->arg[3] = 0; /* another core's monitor knows better */
    return 0;
}

static int serve_connect(struct call *call) { return bindings_connect(call->client, call->arg); }

static int serve_pool(struct call *call) { return bindings_pool(call->client, call->arg); }

static int serve_line(struct call *call) { return bindings_line(call->client, call->arg); }

static int serve_disconnect(struct call *call) {
    return bindings_disconnect(call->client, call->arg[0]);
}

static int serve_bound(struct call *call) { return bindings_next(call->client, call->arg); }

static int serve_publish(struct call *call) { return names_publish_for(call->client, call->arg); }

static int serve_find(struct call *call) { return names_find_for(call->arg); }

static int serve_memory_move(struct call *call) {
    int result = chunks_move(call->client, call->arg[0], call->arg[4], call->arg[5]);

    if (result < 0)
        call->arg[0] = 0;
    return result;
}

static int serve_announce(struct call *call) {
    return announcements_measure(call->client, call->arg);
}

static int serve_unmap(struct call *call) { return announcements_unmap(call->client, call->arg); }

static int serve_place(struct call *call) { return announcements_place(call->client, call->arg); }

_Static_assert((unsigned)MONITOR_TREE_COUNT == (unsigned)ROUTE_KINDS &&
                   (unsigned)MONITOR_TREE_FLAT == (unsigned)ROUTE_FLAT,
               "the same trees");
_Static_assert(MONITOR_TEXT_MAX >= CORES_MAX * sizeof(struct monitor_tree_core), "room for a tree");

static int serve_tree(struct call *call) {
    struct monitor_tree_core *cores = (struct monitor_tree_core *)call->text;
    const struct topology *t = &machine_topology;
    uint8_t parent[CORES_MAX], round[CORES_MAX];
    enum tree_kind tree;

    if (call->arg[2] >= ROUTE_KINDS)
        return -E_INVAL;
    if (call->arg[3] >= machine_cores() || !cores_is_member((uint32_t)call->arg[3]))
        return -E_NOENT;
    unsigned rounds =
        cores_tree((enum route_kind)call->arg[2], (unsigned)call->arg[3], parent, round, &tree);
    for (uint32_t core = 0; core < machine_cores(); core++) {
        bool member = cores_is_member(core);
        bool has_parent = member && parent[core] != ROUTE_NO_PARENT;
        cores[core] = (struct monitor_tree_core){
            .package = t->core[core].group[LEVEL_PACKAGE],
            .cache = t->core[core].group[LEVEL_CACHE],
            .physical = t->core[core].group[LEVEL_PHYSICAL],
            .node = t->core[core].node,
            .member = member,
            .parent = has_parent ? parent[core] : (uint16_t)CORE_HERE,
            .round = member ? round[core] : 0,
        };
    }
    call->arg[1] = (uint64_t)tree + ROUTE_FLAT;
    call->arg[2] = rounds;
    return deliver(call, machine_cores() * sizeof *cores);
}

/* Which core a request is for. */
enum place { PLACE_HERE, PLACE_CORE /* arg[5] */, PLACE_ENDPOINT /* arg[0] */ };

/* Text that comes with the request, or goes with the reply; and the argument that is its address,
 * the bytes being the next.
 * TEXT_PAGES: physical addresses, of which the client does not hear. */
enum text { TEXT_NONE, TEXT_IN, TEXT_OUT, TEXT_PAGES };

/* Who may ask. */
enum right {
    RIGHT_MANAGE, /* who may manage programs */
    RIGHT_OPEN,   /* every client */
    RIGHT_CHILD,  /* whose death the monitor hears of */
    RIGHT_KEEPER, /* the PCI and the IOMMU server */
    RIGHT_PCI,
    RIGHT_IOMMU,
};

static const struct kind {
    request_handler *serve;
    enum right right;
    enum place place;
    enum text text;
    uint8_t address;
} kinds[] = {
#define ROW(name) [MONITOR_##name - MESSAGE_TYPE_SERVICE]
    ROW(SPAWN) = { serve_spawn, .place = PLACE_CORE, .text = TEXT_IN, .address = 0 },
    ROW(STATUS) = { serve_status, .place = PLACE_ENDPOINT },
    ROW(REPORT) = { serve_report, .place = PLACE_ENDPOINT, .text = TEXT_OUT, .address = 1 },
    ROW(KILL) = { serve_kill, .place = PLACE_ENDPOINT },
    ROW(LOOKUP) = { serve_lookup, .right = RIGHT_OPEN, .place = PLACE_CORE },
    ROW(PROGRAMS) = { serve_programs, .text = TEXT_OUT, .address = 0 },
    ROW(SCHED) = { serve_sched, .place = PLACE_ENDPOINT },
    ROW(LABEL) = { serve_label, .right = RIGHT_OPEN, .place = PLACE_ENDPOINT },
    ROW(CONNECT) = { serve_connect, .right = RIGHT_OPEN },
    ROW(POOL) = { serve_pool, .right = RIGHT_OPEN },
    ROW(DISCONNECT) = { serve_disconnect, .right = RIGHT_OPEN },
    ROW(LINE) = { serve_line, .right = RIGHT_OPEN },
    ROW(BOUND) = { serve_bound, .right = RIGHT_OPEN },
    ROW(PUBLISH) = { serve_publish },
    ROW(FIND) = { serve_find, .right = RIGHT_OPEN },
    ROW(MEMORY_MOVE) = { serve_memory_move },
    ROW(ANNOUNCE) = { serve_announce },
    ROW(PLACE) = { serve_place, .right = RIGHT_OPEN },
    ROW(UNMAP) = { serve_unmap, .right = RIGHT_OPEN },
    ROW(TREE) = { serve_tree, .right = RIGHT_OPEN, .text = TEXT_OUT, .address = 0 },
    ROW(SAFECOPY_FROM) = { grants_copy_from, .right = RIGHT_OPEN, .place = PLACE_ENDPOINT,
                           .text = TEXT_OUT, .address = 1 },
    ROW(SAFECOPY_TO) = { grants_copy_to, .right = RIGHT_OPEN, .place = PLACE_ENDPOINT,
                         .text = TEXT_IN, .address = 1 },
    ROW(DELEGATE) = { grants_delegate, .right = RIGHT_CHILD, .place = PLACE_ENDPOINT },
    ROW(REVOKE) = { grants_revoke, .right = RIGHT_OPEN, .place = PLACE_ENDPOINT },
    ROW(SAFEMAP) = { grants_map, .right = RIGHT_OPEN, .place = PLACE_ENDPOINT, .text = TEXT_PAGES },
    ROW(SAFEUNMAP) = { grants_unmap, .right = RIGHT_OPEN },
    ROW(CORES) = { serve_cores, .text = TEXT_OUT, .address = 0 },
    ROW(CORE_CONTROL) = { serve_core_control },
    ROW(GETINFO) = { serve_getinfo, .place = PLACE_CORE, .text = TEXT_OUT, .address = 0 },
    ROW(DRIVER) = { driver_describe, .right = RIGHT_KEEPER, .place = PLACE_ENDPOINT,
                    .text = TEXT_OUT, .address = 1 },
    ROW(DRIVERS) = { drivers_list, .right = RIGHT_KEEPER, .place = PLACE_CORE, .text = TEXT_OUT,
                     .address = 0 },
    ROW(GIVE) = { driver_give, .right = RIGHT_PCI, .place = PLACE_ENDPOINT },
    ROW(ATTACH) = { driver_attach, .right = RIGHT_PCI, .place = PLACE_ENDPOINT },
    ROW(RELEASE) = { driver_release, .right = RIGHT_PCI, .place = PLACE_ENDPOINT },
    ROW(DMA) = { driver_dma, .right = RIGHT_IOMMU, .place = PLACE_ENDPOINT, .text = TEXT_OUT,
                 .address = 1 },
    ROW(REFUSED) = { driver_refused, .right = RIGHT_KEEPER, .place = PLACE_ENDPOINT },
    ROW(TRACE) = { serve_trace, .place = PLACE_CORE, .text = TEXT_OUT, .address = 1 },
#undef ROW
};

static const struct kind *kind_of(uint32_t type) {
    uint32_t number = type - MESSAGE_TYPE_SERVICE;
    bool in_table = number < sizeof kinds / sizeof kinds[0] || !DEFENCE(REQUEST);
    bool known = in_table && kinds[number].serve != NULL;

    return known ? &kinds[number] : NULL;
}

int request_serve_call(struct call *call) {
    const struct kind *kind = kind_of(call->type);

    return kind != NULL && kind->place != PLACE_HERE ? kind->serve(call) : -E_BADCALL;
}

uint64_t request_text_address(const struct message *request) {
    const struct kind *kind = kind_of(request->type);
    return kind != NULL ? request->arg[kind->address] : 0;
}

size_t request_text_in(const struct message *request) {
    const struct kind *kind = kind_of(request->type);
    return kind != NULL && kind->text == TEXT_IN ? request->arg[kind->address + 1] : 0;
}

size_t request_text_room(const struct message *request) {
    const struct kind *kind = kind_of(request->type);
    uint64_t room = kind != NULL && kind->text == TEXT_OUT ? request->arg[kind->address + 1] : 0;

    /* TRACE has other arguments there, unless it reads. */
    if (kind != NULL && kind->text == TEXT_PAGES)
        return MONITOR_TEXT_MAX;
    if (request->type == MONITOR_TRACE && request->arg[0] != TRACE_READ)
        return 0;
    return room < MONITOR_TEXT_MAX ? room : MONITOR_TEXT_MAX;
}

/* A use of a grant that was refused elsewhere counts here. */
static void count_refusal(const struct message *request, int result) {
    bool grant = request->type >= MONITOR_SAFECOPY_FROM && request->type <= MONITOR_SAFEMAP;
    enum refusal kind = result == -E_RANGE    ? REFUSED_GRANT_RANGE
                        : result == -E_PERM   ? REFUSED_GRANT_ACCESS
                        : result == -E_NOENT  ? REFUSED_GRANT_UNUSED
                        : result == -E_TOOBIG ? REFUSED_GRANTOR
                                              : REFUSAL_COUNT;
    if (grant && kind != REFUSAL_COUNT && child_find(request->source) != NULL)
        privctl_refused(request->source, kind);
}

void request_finish(const struct message *request, struct call *call, int result) {
    const struct kind *kind = kind_of(request->type);
    struct message reply = *request;

    if (!result && kind->text == TEXT_OUT && call->bytes != 0)
        result = mem_copy_to(request->source, request->arg[kind->address], call->text, call->bytes);
    if (!result && kind->text == TEXT_PAGES)
        result = grants_import(request, call);
    if (result)
        count_refusal(request, result);
    memcpy(reply.arg, call->arg, sizeof reply.arg);
    message_set_result(&reply, result);
    event_reply(request->source, &reply);
}

static bool may_ask(endpoint_t client, enum right right) {
    const struct child *child = child_find(client);
    unsigned service = child != NULL ? child->policy->service : SERVICE_NONE;

    switch (right) {
    case RIGHT_OPEN:
        return true;
    case RIGHT_CHILD:
        return child != NULL;
    case RIGHT_KEEPER:
        return service == SERVICE_PCI || service == SERVICE_IOMMU;
    case RIGHT_PCI:
        return service == SERVICE_PCI;
    case RIGHT_IOMMU:
        return service == SERVICE_IOMMU;
    default:
        return !DEFENCE(MANAGE) || (child != NULL && child->policy->manages);
    }
}

/* Of processes that are not its own children the monitor cannot count anything. */
static void refuse(endpoint_t client) {
    if (child_find(client) != NULL)
        privctl_refused(client, REFUSED_REQUEST);
}

/* The core that a request is for, CORE_ANY included. */
static uint64_t core_of(const struct kind *kind, const struct message *m) {
    uint64_t core = machine_self();

    if (kind->place == PLACE_CORE)
        core = m->arg[5];
    else if (kind->place == PLACE_ENDPOINT)
        core = endpoint_core(m->arg[0]);
    return core == CORE_HERE ? machine_self() : core;
}

/* Fetches the text of a request, and serves it. */
static int serve_here(const struct kind *kind, struct message *m, struct call *call) {
    size_t bytes = request_text_in(m);

    if (DEFENCE(TEXT) && bytes > MONITOR_TEXT_MAX)
        return -E_TOOBIG;
    if (bytes != 0) {
        int error = mem_copy_from(m->source, m->arg[kind->address], call->text, bytes);
        if (error)
            return error;
    }
    call->bytes = bytes;
    return kind->serve(call);
}

enum event_action request_serve(void *context, struct message *m) {
    static _Alignas(uint64_t) char text[MONITOR_TEXT_MAX];
    const struct kind *kind = kind_of(m->type);
    struct call call = { .client = m->source, .type = m->type, .text = text };

    (void)context;
    int result = kind == NULL ? -E_BADCALL : may_ask(m->source, kind->right) ? 0 : -E_PERM;
    if (result) {
        refuse(m->source);
        message_set_result(m, result);
        return EVENT_REPLY;
    }
    memcpy(call.arg, m->arg, sizeof call.arg);
    call.room = request_text_room(m);
    uint64_t core = core_of(kind, m);
    bool here = core == machine_self() || core == CORE_ANY;
    result = here ? serve_here(kind, m, &call) : forward_request(m, core);
    if (core == CORE_ANY && result == -E_NOENT)
        result = forward_to_any(m);
    if (result <= 0)
        request_finish(m, &call, result);
    return EVENT_DEFER;
}
