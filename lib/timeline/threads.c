#include "threads.h"

#define SETS (TIMELINE_THREADS / THREAD_WAYS)

/* The number of a core as a "process": viewers take 0 for something special. */
static uint32_t process_of(uint32_t core) { return core + 1; }

static void write_endpoint(struct json *json, endpoint_t endpoint) {
    json_number(json, endpoint_core(endpoint));
    json_text(json, ".");
    json_number(json, endpoint_slot(endpoint));
    json_text(json, ".");
    json_number(json, endpoint_slot_generation(endpoint));
}

void threads_name(struct threads *threads, endpoint_t endpoint) {
    struct json *json = threads->json;

    if (endpoint == ENDPOINT_NONE) {
        json_text(json, "nobody");
    } else if (endpoint == ENDPOINT_ANY) {
        json_text(json, "any");
    } else if (endpoint_core(endpoint) == ENDPOINT_CORE_BINDING) {
        json_text(json, "binding ");
        json_number(json, endpoint_slot(endpoint));
    } else if (!is_process(endpoint)) {
        json_text(json, "kernel");
    } else {
        const struct thread *thread = thread_find(threads, endpoint);
        if (thread->label[0] != '\0')
            json_text(json, thread->label);
        else
            write_endpoint(json, endpoint);
    }
}

/* A thread's name precedes its first record: many are only mentioned. */
static void write_name(struct threads *threads, struct thread *thread) {
    struct json *json = threads->json;

    thread->named = true;
    json_label(json, process_of(thread->core), thread->number);
    json_text(json, thread->label);
    if (thread->process != ENDPOINT_NONE) {
        json_text(json, thread->label[0] != '\0' ? " " : "");
        write_endpoint(json, thread->process);
    }
    json_label_end(json);
}

static void write_record(struct threads *threads, struct thread *thread, char phase,
                         uint64_t time) {
    if (!thread->named)
        write_name(threads, thread);
    json_record(threads->json, phase, process_of(thread->core), thread->number, time);
}

void thread_record(struct threads *threads, struct thread *thread, char phase) {
    write_record(threads, thread, phase, threads->now);
}

/* A slice whose name or argument is an endpoint. */
static void write_peer(struct threads *threads, const char *text, endpoint_t peer) {
    json_name(threads->json);
    json_text(threads->json, text);
    threads_name(threads, peer);
}

/*
 * A slice ends a nanosecond before the next begins: viewers that compute ends in floating point
 * might else take one for a part of the other.
 */
static void write_slice(struct threads *threads, struct thread *thread) {
    struct json *json = threads->json;
    uint64_t duration = threads->now - thread->since;

    write_record(threads, thread, 'X', thread->since);
    json_duration(json, duration == 0 ? 0 : duration - 1);
    switch (thread->state) {
    case THREAD_RUN:
        json_raw(json, ",\"args\":{\"priority\":");
        json_number(json, thread->detail);
        json_raw(json, "}");
        json_name(json);
        json_text(json, "run");
        break;
    case THREAD_SEND:
        write_peer(threads, "sending to ", thread->detail);
        break;
    case THREAD_RECEIVE:
        write_peer(threads, "receiving from ", thread->detail);
        break;
    case THREAD_IDLE:
        json_name(json);
        json_text(json, "idle");
        break;
    default:
        if (thread->detail != ENDPOINT_NONE) {
            json_raw(json, ",\"args\":{\"woken by\":\"");
            threads_name(threads, thread->detail);
            json_raw(json, "\"}");
        }
        json_name(json);
        json_text(json, "ready");
    }
    json_end(json);
}

void thread_enter(struct threads *threads, struct thread *thread, enum thread_state state,
                  uint64_t detail) {
    if (thread->state != THREAD_UNKNOWN)
        write_slice(threads, thread);
    thread->state = state;
    thread->since = threads->now;
    thread->detail = detail;
}

static struct thread *set_of(struct threads *threads, endpoint_t process) {
    return threads->table[(process ^ process >> 16 ^ process >> 32) % SETS];
}

struct thread *thread_find(struct threads *threads, endpoint_t process) {
    struct thread *set = set_of(threads, process), *oldest = set;

    threads->asked++;
    for (struct thread *thread = set; thread < set + THREAD_WAYS; thread++) {
        if (thread->process == process) {
            thread->asked = threads->asked;
            return thread;
        }
        if (thread->asked < oldest->asked)
            oldest = thread;
    }
    *oldest = (struct thread){
        .process = process,
        .number = ++threads->last,
        .core = endpoint_core(process),
        .asked = threads->asked,
    };
    threads->json->feed->label(threads->json->feed->context, process, oldest->label);
    return oldest;
}

void thread_make_kernel(struct threads *threads, struct thread *kernel, uint32_t core) {
    *kernel = (struct thread){ .number = ++threads->last, .core = core, .label = "kernel" };
    json_label(threads->json, process_of(core), 0);
    json_text(threads->json, "core ");
    json_number(threads->json, core);
    json_label_end(threads->json);
}

void threads_leave(struct threads *threads, uint32_t core) {
    for (size_t i = 0; i < TIMELINE_THREADS; i++) {
        struct thread *thread = &threads->table[i / THREAD_WAYS][i % THREAD_WAYS];
        if (thread->process != ENDPOINT_NONE && thread->core == core)
            thread_enter(threads, thread, THREAD_UNKNOWN, 0);
    }
}
