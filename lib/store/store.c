#include <runtime/store.h>

#include <string.h>

#include <runtime/grant.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#define PAUSE TIME_MILLISECOND /* before the store is looked for again */

static endpoint_t server;
static uint32_t sequence; /* of the last request */

/* ---- Finding the store ---- */

/* By its name, on which all cores have agreed. */
static int find_server(void) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    int error = ipc_request(runtime_monitor(), &m);
    server = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

/* Whether there is a process that may become the store. */
static bool may_come(void) {
    struct message m = { .type = MONITOR_LOOKUP, .arg = { [5] = CORE_ANY } };

    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    return ipc_request(runtime_monitor(), &m) == 0;
}

/* Nothing is received meanwhile: what comes is for the event loop. */
static void wait(void) {
    for (uint64_t end = time_now() + PAUSE; time_now() < end;)
        __builtin_ia32_pause();
}

/* The process that was the store is it no more, or is not yet. */
static bool is_elsewhere(int error) {
    return error == -E_PEERDEAD || error == -E_BADEP || error == -E_TARGET || error == -E_STATE ||
           error == -E_PROTOCOL || error == -E_NOENT;
}

/* Memory of the caller's that a request is about. */
struct memory {
    const void *start;
    size_t bytes;
    unsigned access;
};

/* Asks the process that is the store now, which alone is granted the memory. */
static int ask(struct message *m, const struct memory *memory) {
    struct grant_name grant = { 0, 0 };
    int error = 0;

    if (memory != NULL) {
        error = grant_make(server, memory->start, memory->bytes, memory->access, &grant);
        m->arg[4] = grant.id;
    }
    if (!error)
        error = ipc_call(server, m);
    if (memory != NULL && grant.id != 0)
        grant_revoke(grant);
    return error;
}

/* One try. True: *error is the answer. */
static bool is_answered(struct message *m, const struct memory *memory, int *error) {
    *error = server == ENDPOINT_NONE ? find_server() : 0;
    if (!*error)
        *error = ask(m, memory);
    if (!*error) {
        *error = message_result(m);
        if (*error != -E_STATE)
            return *error != -E_WOULDBLOCK;
    }
    if (!is_elsewhere(*error))
        return true;
    server = ENDPOINT_NONE;
    return false;
}

static int request_with(struct message *m, const struct memory *memory) {
    uint64_t began = time_now();
    int error;

    if (++sequence == 0)
        sequence = 1;
    m->tag = sequence;
    const struct message request = *m;
    while (!is_answered(m, memory, &error) && time_now() - began < STORE_PATIENCE) {
        if (error == -E_NOENT && !may_come())
            break;
        *m = request;
        wait();
    }
    return error;
}

int store_request(struct message *m) { return request_with(m, NULL); }

bool store_is(endpoint_t source) {
    return source != ENDPOINT_NONE &&
           (source == server || (find_server() == 0 && source == server));
}

/* ---- Requests ---- */

static int set_name(struct message *m, const char *name) {
    size_t length = strnlen(name, STORE_NAME_MAX + 1);

    if (length > STORE_NAME_MAX)
        return -E_TOOBIG;
    memcpy(m->arg, name, length);
    return 0;
}

static void set_what(struct message *m, struct store_what what) {
    memcpy(&m->arg[5], &what, sizeof what);
}

static struct store_what what_of(const struct message *m) {
    struct store_what what;

    memcpy(&what, &m->arg[5], sizeof what);
    return what;
}

static int request(struct message *m, const char *name, struct store_what what) {
    int error = set_name(m, name);

    if (error)
        return error;
    set_what(m, what);
    return store_request(m);
}

static int publish_value(const char *name, unsigned type, uint64_t value, unsigned flags) {
    struct message m = { .type = STORE_PUBLISH, .arg = { [4] = value } };

    return request(&m, name, (struct store_what){ (uint8_t)type, (uint8_t)flags, 0, 0 });
}

int store_publish_integer(const char *name, uint64_t value, unsigned flags) {
    return publish_value(name, STORE_TYPE_INTEGER, value, flags);
}

int store_publish_label(const char *name, endpoint_t endpoint, unsigned flags) {
    return publish_value(name, STORE_TYPE_LABEL, endpoint, flags);
}

/* ---- Memory ---- */

static int publish_memory(const char *name, unsigned type, const void *memory, size_t bytes,
                          unsigned flags) {
    struct message m = { .type = STORE_PUBLISH };
    struct store_what what = { (uint8_t)type, (uint8_t)flags, 0, (uint32_t)bytes };
    int error = bytes > STORE_MEMORY_MAX ? -E_TOOBIG : set_name(&m, name);

    if (error)
        return error;
    set_what(&m, what);
    return request_with(&m, bytes == 0 ? NULL : &(struct memory){ memory, bytes, GRANT_READ });
}

int store_publish_string(const char *name, const char *text, unsigned flags) {
    return publish_memory(name, STORE_TYPE_STRING, text, strlen(text), flags);
}

int store_publish_memory(const char *name, const void *memory, size_t bytes, unsigned flags) {
    return publish_memory(name, STORE_TYPE_MEMORY, memory, bytes, flags);
}

/* `types`: a bit for each that may be. */
static int retrieve(const char *name, struct store_what what, unsigned types, void *memory,
                    size_t room, struct message *m) {
    *m = (struct message){ .type = STORE_RETRIEVE };
    what.bytes = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
    int error = set_name(m, name);

    if (error)
        return error;
    set_what(m, what);
    error = request_with(m, room == 0 ? NULL : &(struct memory){ memory, room, GRANT_WRITE });
    return error || types & 1U << what_of(m).type ? error : -E_INVAL;
}

static int retrieve_value(const char *name, unsigned type, unsigned flags, uint64_t *value) {
    struct message m;
    int error =
        retrieve(name, (struct store_what){ .flags = (uint8_t)flags }, 1U << type, NULL, 0, &m);

    if (!error)
        *value = m.arg[0];
    return error;
}

int store_retrieve_integer(const char *name, unsigned flags, uint64_t *value) {
    return retrieve_value(name, STORE_TYPE_INTEGER, flags, value);
}

int store_retrieve_label(const char *name, unsigned flags, endpoint_t *endpoint) {
    return retrieve_value(name, STORE_TYPE_LABEL, flags, endpoint);
}

int store_retrieve_string(const char *name, unsigned flags, char *text, size_t room) {
    struct message m;

    if (room == 0)
        return -E_TOOBIG;
    int error = retrieve(name, (struct store_what){ .flags = (uint8_t)flags },
                         1U << STORE_TYPE_STRING, text, room, &m);
    if (!error && what_of(&m).bytes >= room)
        error = -E_TOOBIG;
    if (!error)
        text[what_of(&m).bytes] = '\0';
    return error;
}

int store_retrieve_memory(const char *name, unsigned flags, unsigned snapshot, void *memory,
                          size_t room, size_t *bytes) {
    const unsigned types =
        1U << STORE_TYPE_STRING | 1U << STORE_TYPE_MEMORY | 1U << STORE_TYPE_MAPPED;
    struct store_what what = { .flags = (uint8_t)flags, .snapshot = (uint16_t)snapshot };
    struct message m;

    if (snapshot > UINT16_MAX)
        return -E_NOENT;
    int error = retrieve(name, what, types, memory, room, &m);
    if (!error || error == -E_TOOBIG)
        *bytes = what_of(&m).bytes;
    if (!error && *bytes > room)
        error = -E_TOOBIG;
    if (error == -E_CHECKSUM)
        *bytes = m.arg[1];
    return error;
}

/* ---- Deleting, snapshots ---- */

int store_delete(const char *name, unsigned flags) {
    struct message m = { .type = STORE_DELETE };

    return request(&m, name, (struct store_what){ .flags = (uint8_t)flags });
}

int store_delete_snapshot(const char *name, unsigned flags, unsigned snapshot) {
    struct message m = { .type = STORE_DELETE };

    if (snapshot == 0 || snapshot > UINT16_MAX)
        return -E_NOENT;
    return request(&m, name,
                   (struct store_what){ .flags = (uint8_t)flags, .snapshot = (uint16_t)snapshot });
}

int store_snapshot(const char *name, unsigned flags, unsigned *snapshot) {
    struct message m = { .type = STORE_SNAPSHOT };
    int error = request(&m, name, (struct store_what){ .flags = (uint8_t)flags });

    if (!error)
        *snapshot = (unsigned)m.arg[0];
    return error;
}

/* ---- Mapped memory ---- */

/* The kernel maps so much at a time. */
static int map_all(struct grant_name grant, char *address, size_t bytes) {
    size_t at = 0;
    int error = 0;

    while (at < bytes && !error) {
        size_t some = bytes - at < GRANT_MAP_MAX ? bytes - at : GRANT_MAP_MAX;
        error = safe_map(grant, at, address + at, some, PROT_READ | PROT_WRITE);
        at += error ? 0 : some;
    }
    for (size_t mapped = 0; error && mapped < at; mapped += GRANT_MAP_MAX)
        safe_unmap(address + mapped);
    return error;
}

static int map_record(const char *name, unsigned flags, void *address, size_t bytes) {
    struct message m = { .type = STORE_MAP };
    int error = request(&m, name, (struct store_what){ .flags = (uint8_t)flags });

    if (error == -E_INVAL || (!error && m.arg[1] != bytes))
        return -E_EXIST;
    return error ? error : map_all((struct grant_name){ server, m.arg[0] }, address, bytes);
}

int store_map(const char *name, unsigned flags, void *address, size_t bytes, bool *made) {
    struct message m = { .type = STORE_PUBLISH };
    struct store_what what = { STORE_TYPE_MAPPED, (uint8_t)(flags & STORE_PRIVATE), 0,
                               (uint32_t)bytes };

    if (bytes > STORE_MAP_MAX)
        return -E_TOOBIG;
    int error = request(&m, name, what);
    if (made != NULL)
        *made = error == 0;
    if (error && error != -E_EXIST)
        return error;
    return map_record(name, flags, address, bytes);
}

/* ---- What there is, and what changes ---- */

static int take_change(const struct message *m, struct store_change *change) {
    memcpy(change->name, m->arg, STORE_NAME_MAX);
    change->name[STORE_NAME_MAX] = '\0';
    change->version = m->arg[4];
    change->what = what_of(m);
    return 0;
}

int store_next(const char *pattern, unsigned flags, uint64_t *version,
               struct store_change *change) {
    struct message m = { .type = STORE_NEXT, .arg = { [4] = *version } };
    int error = request(&m, pattern, (struct store_what){ .flags = (uint8_t)flags });

    if (error)
        return error;
    *version = m.arg[4];
    return take_change(&m, change);
}

static void list_again(struct store_subscription *s, uint64_t version) {
    s->version = version;
    s->listed = 0;
    s->listing = true;
}

/* From now on: what there is comes by listing it. */
static int subscribe(struct store_subscription *s) {
    struct message m = { .type = STORE_SUBSCRIBE };
    int error = request(&m, s->pattern, (struct store_what){ .flags = (uint8_t)s->flags });

    if (error)
        return error;
    s->number = m.arg[0];
    list_again(s, m.arg[1]);
    return 0;
}

int store_subscribe(struct store_subscription *s, const char *pattern, unsigned flags) {
    size_t length = strnlen(pattern, sizeof s->pattern);

    if (length == sizeof s->pattern)
        return -E_TOOBIG;
    *s = (struct store_subscription){ .flags = flags };
    memcpy(s->pattern, pattern, length);
    return subscribe(s);
}

int store_unsubscribe(struct store_subscription *s) {
    struct message m = { .type = STORE_UNSUBSCRIBE, .arg = { s->number } };

    return store_request(&m);
}

/* A store that knows nothing of it began with nothing. */
int store_check(struct store_subscription *s, struct store_change *change) {
    int error = s->listing ? store_next(s->pattern, s->flags, &s->listed, change) : -E_NOENT;

    if (s->listing && error != -E_NOENT)
        return error;
    s->listing = false;
    struct message m = { .type = STORE_CHECK, .arg = { s->number, s->version } };
    error = store_request(&m);
    if (error == -E_BADEP && subscribe(s) == 0)
        return -E_RANGE;
    if (error == -E_RANGE)
        list_again(s, m.arg[4]);
    if (error)
        return error;
    s->version = m.arg[4];
    return take_change(&m, change);
}

/* ---- Transactions, managers ---- */

static int simple_request(uint32_t type) {
    struct message m = { .type = type };

    return store_request(&m);
}

int store_begin(void) { return simple_request(STORE_BEGIN); }

int store_commit(void) { return simple_request(STORE_COMMIT); }

int store_abort(void) { return simple_request(STORE_ABORT); }

int store_collect(const char *label, unsigned *count) {
    struct message m = { .type = STORE_COLLECT };
    size_t length = strnlen(label, LABEL_MAX + 1);

    if (length > LABEL_MAX)
        return -E_TOOBIG;
    memcpy(m.arg, label, length);
    int error = store_request(&m);
    if (!error && count != NULL)
        *count = (unsigned)m.arg[0];
    return error;
}
