#include <runtime/timeline.h>

#include <stdbool.h>
#include <stdlib.h>

#include <bulkhead/binding.h>
#include <bulkhead/error.h>
#include <bulkhead/message.h>
#include <runtime/trace_text.h>

#include "arrows.h"
#include "json.h"
#include "threads.h"

#define BATCH 64 /* events of a core read at a time */

struct core {
    struct timeline_core given;
    struct thread kernel;
    endpoint_t running; /* ENDPOINT_NONE: nobody, or not known */
    uint64_t last;      /* time of its last event, in ticks of the timeline */
    uint64_t next;      /* number of the first event that is not in the batch yet */
    size_t count, taken;
    struct trace_event batch[BATCH];
};

struct timeline {
    const struct timeline_feed *feed;
    uint64_t frequency, start; /* the first event's time, in ticks */
    struct json json;
    struct threads threads;
    struct arrows arrows;
    size_t cores;
    struct core core[];
};

/* ---- Records ---- */

/* A point in time on a thread; its name follows. */
static void begin_point(struct timeline *t, struct thread *thread) {
    thread_record(&t->threads, thread, 'i');
    json_raw(&t->json, ",\"s\":\"t\"");
    json_name(&t->json);
}

/*
 * The end of an arrow. Viewers tie arrows to slices, so it is one, of the least duration; its name
 * follows.
 */
static void begin_end(struct timeline *t, struct thread *thread) {
    thread_record(&t->threads, thread, 'X');
    json_duration(&t->json, 1);
    json_name(&t->json);
}

/* Ties an arrow to the slice written last. `phase`: 's' where it starts, 'f' where it finishes. */
static void tie_arrow(struct timeline *t, struct thread *thread, char phase, enum arrow_kind kind,
                      uint32_t id) {
    if (id == 0)
        return;
    thread_record(&t->threads, thread, phase);
    json_raw(&t->json, phase == 'f' ? ",\"bp\":\"e\",\"id\":" : ",\"id\":");
    json_number(&t->json, id);
    json_raw(&t->json, ",\"cat\":\"");
    json_raw(&t->json, arrow_text(kind));
    json_raw(&t->json, "\"");
    json_name(&t->json);
    json_raw(&t->json, arrow_text(kind));
    json_end(&t->json);
}

static void start_arrow(struct timeline *t, struct thread *thread, const struct arrow_ends *ends) {
    tie_arrow(t, thread, 's', ends->kind, arrow_begin(&t->arrows, ends));
}

static void finish_arrow(struct timeline *t, struct thread *thread, const struct arrow_ends *ends) {
    tie_arrow(t, thread, 'f', ends->kind, arrow_end(&t->arrows, ends));
}

/* A name of text, a number and who is at the other end. */
static void name_end(struct timeline *t, const char *before, uint64_t number, const char *between,
                     endpoint_t peer) {
    json_text(&t->json, before);
    json_hex(&t->json, number);
    json_text(&t->json, between);
    threads_name(&t->threads, peer);
    json_end(&t->json);
}

/* ---- What each event becomes. `thread` is that of its process ---- */

typedef void event_handler(struct timeline *t, struct core *core, struct thread *thread,
                           const struct trace_event *event);

static void show_switch(struct timeline *t, struct core *core, struct thread *thread,
                        const struct trace_event *event) {
    if (is_process(core->running) && core->running != event->process) {
        struct thread *before = thread_find(&t->threads, core->running);
        if (before->state == THREAD_RUN)
            thread_enter(&t->threads, before, THREAD_READY, ENDPOINT_NONE);
    }
    if (thread != NULL) {
        thread_enter(&t->threads, &core->kernel, THREAD_UNKNOWN, 0);
        thread_enter(&t->threads, thread, THREAD_RUN, event->value);
    } else {
        thread_enter(&t->threads, &core->kernel, THREAD_IDLE, 0);
    }
    core->running = event->process;
}

static void show_block(struct timeline *t, struct core *core, struct thread *thread,
                       const struct trace_event *event) {
    (void)core;
    thread_enter(&t->threads, thread, event->value == 1 ? THREAD_SEND : THREAD_RECEIVE,
                 event->peer);
}

static void show_wake(struct timeline *t, struct core *core, struct thread *thread,
                      const struct trace_event *event) {
    (void)core;
    thread_enter(&t->threads, thread, THREAD_READY, event->peer);
}

static void show_send(struct timeline *t, struct core *core, struct thread *thread,
                      const struct trace_event *event) {
    (void)core;
    begin_end(t, thread);
    json_text(&t->json, trace_primitive_text((uint32_t)(event->value >> 32)));
    name_end(t, " ", (uint32_t)event->value, " to ", event->peer);
    start_arrow(t, thread, &(struct arrow_ends){ ARROW_MESSAGE, event->process, event->peer, 0 });
}

static void show_receive(struct timeline *t, struct core *core, struct thread *thread,
                         const struct trace_event *event) {
    struct arrow_ends ends = { ARROW_MESSAGE, event->peer, event->process, 0 };
    endpoint_t peer = event->peer;

    begin_end(t, thread);
    if (event->value == MESSAGE_NOTIFY) {
        ends.kind = peer == ENDPOINT_KERNEL ? ARROW_INTERRUPT : ARROW_NOTIFY;
        if (peer == ENDPOINT_KERNEL)
            ends.value = core->given.number; /* each core's kernel is called so */
        json_text(&t->json, "told by ");
        threads_name(&t->threads, peer);
        json_end(&t->json);
    } else {
        name_end(t, "received ", event->value, " from ", peer);
    }
    finish_arrow(t, thread, &ends);
}

static void show_notify(struct timeline *t, struct core *core, struct thread *thread,
                        const struct trace_event *event) {
    (void)core;
    begin_end(t, thread);
    json_text(&t->json, "NOTIFY to ");
    threads_name(&t->threads, event->peer);
    json_end(&t->json);
    start_arrow(t, thread, &(struct arrow_ends){ ARROW_NOTIFY, event->process, event->peer, 0 });
}

static void show_irq(struct timeline *t, struct core *core, struct thread *thread,
                     const struct trace_event *event) {
    bool told = is_process(event->peer);

    (void)thread;
    if (told)
        begin_end(t, &core->kernel);
    else
        begin_point(t, &core->kernel);
    json_text(&t->json, "interrupt ");
    json_number(&t->json, event->value);
    json_end(&t->json);
    if (told)
        start_arrow(t, &core->kernel,
                    &(struct arrow_ends){ ARROW_INTERRUPT, ENDPOINT_KERNEL, event->peer,
                                          core->given.number });
}

static void show_create(struct timeline *t, struct core *core, struct thread *thread,
                        const struct trace_event *event) {
    (void)core;
    begin_point(t, thread);
    json_text(&t->json, "created by ");
    threads_name(&t->threads, event->peer);
    json_end(&t->json);
}

static void show_exit(struct timeline *t, struct core *core, struct thread *thread,
                      const struct trace_event *event) {
    (void)core;
    begin_point(t, thread);
    json_text(&t->json, trace_cause_text(event->value));
    json_end(&t->json);
    thread_enter(&t->threads, thread, THREAD_UNKNOWN, 0);
}

static void show_kcall(struct timeline *t, struct core *core, struct thread *thread,
                       const struct trace_event *event) {
    int result = (int)(event->value >> 32);

    (void)core;
    begin_point(t, thread);
    json_text(&t->json, trace_call_text((uint32_t)event->value));
    if (result != 0) {
        json_text(&t->json, " ");
        json_text(&t->json, error_name(result));
    }
    json_end(&t->json);
}

_Static_assert(BINDINGS_MAX <= 1 << TRACE_BINDING_BITS, "a binding's number fits");
_Static_assert(CORES_MAX <= 1 << (64 - TRACE_POSITION_BITS - TRACE_BINDING_BITS), "a core's too");

/* The ends of a channel's message, and of its bell. */
static const struct channel_end {
    const char *text; /* before the peer */
    enum arrow_kind kind;
    bool numbered; /* it is of one message */
    bool sends;
} channel_ends[] = {
    [TRACE_EVENT_CHAN_SEND] = { " sent to ", ARROW_CHANNEL, true, true },
    [TRACE_EVENT_CHAN_RECEIVE] = { " received from ", ARROW_CHANNEL, true, false },
    [TRACE_EVENT_BELL] = { ": bell to ", ARROW_BELL, false, true },
    [TRACE_EVENT_BELL_HEARD] = { ": bell of ", ARROW_BELL, false, false },
};

static void show_channel(struct timeline *t, struct core *core, struct thread *thread,
                         const struct trace_event *event) {
    const struct channel_end *end = &channel_ends[event->type];
    struct arrow_ends ends = { .kind = end->kind, .value = event->value };

    (void)core;
    begin_end(t, thread);
    json_text(&t->json, "channel ");
    json_number(&t->json, trace_channel_core(event->value));
    json_text(&t->json, ".");
    json_number(&t->json, trace_channel_binding(event->value));
    if (end->numbered) {
        json_text(&t->json, ": ");
        json_number(&t->json, trace_channel_position(event->value));
    }
    json_text(&t->json, end->text);
    threads_name(&t->threads, event->peer);
    json_end(&t->json);
    if (end->sends)
        start_arrow(t, thread, &ends);
    else
        finish_arrow(t, thread, &ends);
}

static const struct {
    event_handler *handle;
    bool nobodys; /* it may be of no process */
} handlers[] = {
    [TRACE_EVENT_SWITCH] = { show_switch, true },
    [TRACE_EVENT_BLOCK] = { show_block, false },
    [TRACE_EVENT_WAKE] = { show_wake, false },
    [TRACE_EVENT_SEND] = { show_send, false },
    [TRACE_EVENT_RECEIVE] = { show_receive, false },
    [TRACE_EVENT_NOTIFY] = { show_notify, false },
    [TRACE_EVENT_IRQ] = { show_irq, true },
    [TRACE_EVENT_CREATE] = { show_create, false },
    [TRACE_EVENT_EXIT] = { show_exit, false },
    [TRACE_EVENT_KCALL] = { show_kcall, false },
    [TRACE_EVENT_CHAN_SEND] = { show_channel, false },
    [TRACE_EVENT_CHAN_RECEIVE] = { show_channel, false },
    [TRACE_EVENT_BELL] = { show_channel, false },
    [TRACE_EVENT_BELL_HEARD] = { show_channel, false },
};

#define HANDLERS (sizeof handlers / sizeof handlers[0])

/* An event that no kernel records says nothing: it is left out. */
static void handle(struct timeline *t, struct core *core, const struct trace_event *event) {
    bool own = is_process(event->process) && endpoint_core(event->process) == core->given.number;

    if (event->type >= HANDLERS || handlers[event->type].handle == NULL)
        return;
    if (own)
        handlers[event->type].handle(t, core, thread_find(&t->threads, event->process), event);
    else if (event->process == ENDPOINT_NONE && handlers[event->type].nobodys)
        handlers[event->type].handle(t, core, NULL, event);
}

/* ---- The cores' events, merged ---- */

/* What its processes and its kernel do is not known from here on. */
static void leave_core(struct timeline *t, struct core *core) {
    threads_leave(&t->threads, core->given.number);
    thread_enter(&t->threads, &core->kernel, THREAD_UNKNOWN, 0);
    core->running = ENDPOINT_NONE;
}

static void say_lost(struct timeline *t, struct core *core, uint64_t events) {
    leave_core(t, core);
    arrows_forget(&t->arrows);
    begin_point(t, &core->kernel);
    json_number(&t->json, events);
    json_text(&t->json, " events lost");
    json_end(&t->json);
}

static void say_dead(struct timeline *t, struct core *core, int error) {
    leave_core(t, core);
    begin_point(t, &core->kernel);
    json_text(&t->json, "no more events: ");
    json_text(&t->json, error_text(error));
    json_end(&t->json);
}

/* Reads on. What is missing is said on the kernel's thread. */
static void fill(struct timeline *t, struct core *core) {
    uint64_t from = core->next;
    int error = t->feed->events(t->feed->context, core->given.number, core->batch, BATCH, &from,
                                &core->count);

    core->taken = 0;
    if (error)
        core->count = 0;
    if (error)
        say_dead(t, core, error);
    else if (from > core->next && core->count != 0)
        say_lost(t, core, from - core->next);
    core->next = from + core->count;
}

/* When a core's next event was, in ticks of the timeline. On a core, time does not go back. */
static uint64_t next_time(const struct core *core) {
    uint64_t time = core->batch[core->taken].tsc + core->given.tsc_offset;

    return time > core->last ? time : core->last;
}

/* The core whose event is next; NULL: there are no more. */
static struct core *earliest(struct timeline *t) {
    struct core *found = NULL;

    for (struct core *core = t->core; core < t->core + t->cores; core++)
        if (core->taken < core->count && (found == NULL || next_time(core) < next_time(found)))
            found = core;
    return found;
}

/* Ticks since the start in nanoseconds. */
static uint64_t nanoseconds(const struct timeline *t, uint64_t ticks) {
    const uint64_t second = 1000000000;

    return ticks / t->frequency * second + ticks % t->frequency * second / t->frequency;
}

static void step(struct timeline *t, struct core *core) {
    core->last = next_time(core);
    t->threads.now = nanoseconds(t, core->last - t->start);
    handle(t, core, &core->batch[core->taken++]);
    if (core->taken == core->count)
        fill(t, core);
}

static void begin(struct timeline *t, const struct timeline_core *cores) {
    json_begin(&t->json, t->feed);
    t->threads.json = &t->json;
    for (size_t i = 0; i < t->cores; i++) {
        t->core[i].given = cores[i];
        thread_make_kernel(&t->threads, &t->core[i].kernel, cores[i].number);
    }
    for (size_t i = 0; i < t->cores; i++)
        fill(t, &t->core[i]);
    const struct core *first = earliest(t);
    t->start = first != NULL ? next_time(first) : 0;
}

static int finish(struct timeline *t) {
    for (size_t i = 0; i < t->cores; i++)
        leave_core(t, &t->core[i]);
    return json_finish(&t->json);
}

int timeline_write(const struct timeline_feed *feed, const struct timeline_core *cores,
                   size_t count, uint64_t frequency) {
    struct timeline *t = calloc(1, sizeof *t + count * sizeof t->core[0]);
    struct core *core;

    if (t == NULL)
        return -E_NOMEM;
    t->feed = feed;
    t->frequency = frequency;
    t->cores = count;
    begin(t, cores);
    while (!t->json.error && (core = earliest(t)) != NULL)
        step(t, core);
    int error = finish(t);
    free(t);
    return error;
}
