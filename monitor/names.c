#include "names.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "children.h"
#include "machine.h"
#include "peer_requests.h"

#define NAMES_MAX   64
#define RETRY_PAUSE (10 * TIME_MILLISECOND)

struct name {
    char text[NAME_BYTES]; /* empty: a free entry */
    endpoint_t process;    /* as agreed */
    bool known;  /* it has been agreed on, or this core was told: that nobody has it, too */
    bool wanted; /* `wish` is to be agreed on */
    bool asked;  /* it is under way */
    bool voted;  /* this core has said that it can be done */
    endpoint_t wish;
    endpoint_t client; /* who waits for that; ENDPOINT_NONE: nobody */
    names_listener *listener;
    core_set_t owed; /* new members that are to be told */
};

static struct name names[NAMES_MAX];
static struct event_alarm retry_alarm;
static core_set_t former; /* members when the view last changed */
static void (*when_agreed)(void);

static bool in_use(const struct name *n) {
    return n->process != ENDPOINT_NONE || n->wanted || n->asked || n->voted || n->listener != NULL;
}

/* A new entry takes the place of a name that nobody has when there is no other. */
static struct name *entry(const char text[NAME_BYTES]) {
    struct name *unused = NULL;

    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        if (memcmp(n->text, text, NAME_BYTES) == 0)
            return n;
        if (!in_use(n) && (unused == NULL || unused->text[0] != '\0'))
            unused = n;
    }
    if (unused != NULL) {
        *unused = (struct name){ 0 };
        memcpy(unused->text, text, NAME_BYTES);
    }
    return unused;
}

static struct name *find(const char *name) {
    char text[NAME_BYTES] = "";

    memcpy(text, name, strnlen(name, NAME_BYTES));
    return entry(text);
}

/*
 * An entry that means nothing any more can be another name's. That a name is nobody's by agreement
 * is remembered: who has told a new member of the process that had it may not be heard before.
 */
static void tidy(struct name *n) {
    if (!in_use(n) && !n->known)
        *n = (struct name){ 0 };
}

static void answer(struct name *n, int result) {
    struct message reply = { .source = n->client };

    if (n->client == ENDPOINT_NONE)
        return;
    n->client = ENDPOINT_NONE;
    message_set_result(&reply, result);
    event_reply(reply.source, &reply);
}

static void set(struct name *n, endpoint_t process) {
    bool changed = n->process != process;

    n->process = process;
    n->known = true;
    if (changed && n->listener != NULL)
        n->listener(process);
}

void names_listen(const char *name, names_listener *listener) { find(name)->listener = listener; }

endpoint_t names_find(const char *name) { return find(name)->process; }

/* ---- Agreement: the first half of the name is the key ---- */

static void ask_next(struct event_alarm *alarm) {
    for (struct name *n = names; n < names + NAMES_MAX; n++)
        if (n->asked)
            return;
    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        struct operation operation = { .kind = OPERATION_NAME };
        if (!n->wanted)
            continue;
        memcpy(&operation.key, n->text, sizeof operation.key);
        memcpy(&operation.argument[0], n->text + sizeof operation.key,
               sizeof operation.argument[0]);
        operation.argument[1] = n->wish;
        n->asked = true;
        n->wanted = false;
        int error = cores_agree(&operation);
        if (error == 0)
            return;
        n->asked = false;
        n->wanted = true;
        event_alarm_set(alarm, RETRY_PAUSE, ask_next);
    }
}

void names_publish(const char *name, endpoint_t process) {
    struct name *n = find(name);

    n->wish = process;
    n->wanted = true;
    ask_next(&retry_alarm);
}

static struct name *entry_of(const struct operation *operation) {
    char text[NAME_BYTES];

    memcpy(text, &operation->key, sizeof operation->key);
    memcpy(text + sizeof operation->key, &operation->argument[0], sizeof operation->argument[0]);
    return entry(text);
}

int names_vote(const struct operation *operation) {
    struct name *n = entry_of(operation);
    endpoint_t process = operation->argument[1];
    int result = 0;

    if (n == NULL)
        return -E_NOSLOT;
    /* A core's monitor knows whether the process that had the name is dead. */
    bool others = n->process != ENDPOINT_NONE &&
                  endpoint_core(n->process) != endpoint_core(operation->client);
    if (others && process != ENDPOINT_NONE)
        result = -E_EXIST;
    n->voted = result == 0;
    tidy(n);
    return result;
}

void names_cancel(const struct operation *operation) {
    struct name *n = entry_of(operation);

    if (n == NULL)
        return;
    n->voted = false;
    tidy(n);
}

void names_set(const struct operation *operation) {
    struct name *n = entry_of(operation);

    if (n == NULL)
        return;
    n->voted = false;
    set(n, operation->argument[1]);
    tidy(n);
}

static bool is_waiting(void) {
    for (const struct name *n = names; n < names + NAMES_MAX; n++)
        if (n->wanted || n->asked)
            return true;
    return false;
}

static void call_if_agreed(void) {
    void (*call)(void) = when_agreed;

    if (call == NULL || is_waiting())
        return;
    when_agreed = NULL;
    call();
}

void names_when_agreed(void (*call)(void)) {
    when_agreed = call;
    call_if_agreed();
}

/* What was refused for good is told to who asked; all else is tried again. */
void names_agreed(int result) {
    bool refused = result == -E_EXIST || result == -E_NOSLOT;

    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        if (!n->asked)
            continue;
        n->asked = false;
        n->wanted |= result != 0 && !(refused && n->client != ENDPOINT_NONE);
        if (!n->wanted)
            answer(n, result);
        tidy(n);
    }
    event_alarm_set(&retry_alarm, result ? RETRY_PAUSE : 0, ask_next);
    call_if_agreed();
}

/* ---- What clients ask ---- */

int names_publish_for(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]) {
    char text[NAME_BYTES];

    memcpy(text, arg, NAME_BYTES);
    if (text[0] == '\0')
        return -E_INVAL;
    if (child_find(arg[2]) == NULL)
        return -E_BADEP;
    struct name *n = entry(text);
    if (n == NULL)
        return -E_NOSLOT;
    if (n->client != ENDPOINT_NONE)
        return -E_BUSY;
    if (n->process != arg[2] && child_find(n->process) != NULL)
        return -E_EXIST;
    n->wish = arg[2];
    n->wanted = true;
    n->client = client;
    ask_next(&retry_alarm);
    return 1;
}

int names_find_for(uint64_t arg[MESSAGE_ARGS]) {
    char text[NAME_BYTES];

    memcpy(text, arg, NAME_BYTES);
    for (const struct name *n = names; n < names + NAMES_MAX; n++) {
        if (n->process == ENDPOINT_NONE || memcmp(n->text, text, NAME_BYTES) != 0)
            continue;
        arg[0] = n->process;
        return 0;
    }
    return -E_NOENT;
}

void names_process_died(endpoint_t process) {
    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        if (n->client == process)
            n->client = ENDPOINT_NONE;
        if (n->process != process && !(n->wanted && n->wish == process) &&
            !(n->asked && n->wish == process))
            continue;
        n->wish = ENDPOINT_NONE;
        n->wanted = true;
    }
    ask_next(&retry_alarm);
}

/* ---- New members ---- */

static void tell(uint32_t core) {
    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        struct message m = { .type = PEER_NAME };
        if (!core_in(n->owed, core))
            continue;
        memcpy(m.arg, n->text, NAME_BYTES);
        m.arg[2] = n->process;
        if (peers_send(core, &m))
            return;
        n->owed &= ~core_bit(core);
    }
}

void names_view_changed(core_set_t gone) {
    const struct view *view = cores_view();
    core_set_t new_members = view->members & ~(former & ~gone) & ~core_bit(machine_self());

    former = view->members;
    for (struct name *n = names; n < names + NAMES_MAX; n++) {
        n->owed &= view->members;
        if (view->leader == machine_self() && n->known)
            n->owed |= new_members;
        if (core_in(gone, endpoint_core(n->process)) && n->process != ENDPOINT_NONE) {
            set(n, ENDPOINT_NONE);
            tidy(n);
        }
    }
    for_each_core(core, new_members)
        tell(core);
}

/* What has been agreed on since is newer. */
static void receive(uint32_t core, const struct message *m) {
    char text[NAME_BYTES];

    (void)core;
    memcpy(text, m->arg, NAME_BYTES);
    struct name *n = entry(text);
    if (n != NULL && !n->known)
        set(n, m->arg[2]);
}

const struct peer_service names_service = {
    .first_type = PEER_NAME,
    .last_type = PEER_NAME,
    .receive = receive,
    .credit = tell,
};
