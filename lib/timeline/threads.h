/*
 * Inside a timeline: the processes that it has met, and what each is doing. A process is a "thread"
 * of its core; so is the kernel of each core.
 */
#ifndef LIB_TIMELINE_THREADS_H
#define LIB_TIMELINE_THREADS_H

#include <runtime/timeline.h>

#include "json.h"

/* What a thread's slices show. */
enum thread_state {
    THREAD_UNKNOWN, /* no slice */
    THREAD_RUN,     /* detail: priority */
    THREAD_READY,   /* detail: who woke it, or ENDPOINT_NONE: it has lost the processor */
    THREAD_SEND,    /* waits; detail: for whom */
    THREAD_RECEIVE, /* waits; detail: for whom */
    THREAD_IDLE,    /* of a kernel */
};

struct thread {
    endpoint_t process; /* ENDPOINT_NONE: a free entry, or a kernel */
    uint32_t number;    /* the format's: unique in the timeline, over all cores */
    uint32_t core;
    bool named; /* its name has been written */
    enum thread_state state;
    uint64_t since;  /* nanoseconds */
    uint64_t detail; /* of its state */
    uint64_t asked;  /* the call of thread_find() that last found it */
    char label[LABEL_MAX + 1];
};

#define THREAD_WAYS 8

struct threads {
    struct json *json;
    uint64_t now;  /* the present event's time, nanoseconds: set by the timeline */
    uint32_t last; /* number given; the first is 1 */
    uint64_t asked;
    struct thread table[TIMELINE_THREADS / THREAD_WAYS][THREAD_WAYS];
};

/* Whether an endpoint is that of a process. */
static inline bool is_process(endpoint_t endpoint) {
    return endpoint != ENDPOINT_NONE && endpoint_core(endpoint) < CORES_MAX;
}

/*
 * The thread of a process. Where there is no room, that which was not asked for the longest is
 * forgotten: valid until THREAD_WAYS - 1 others have been asked for, or named.
 */
struct thread *thread_find(struct threads *threads, endpoint_t process);

/* Makes the thread of a core's kernel, and names the core. */
void thread_make_kernel(struct threads *threads, struct thread *kernel, uint32_t core);

/* Ends the slice of a thread, and begins one of another state. */
void thread_enter(struct threads *threads, struct thread *thread, enum thread_state state,
                  uint64_t detail);

/* Begins a record of a thread at the present time. */
void thread_record(struct threads *threads, struct thread *thread, char phase);

/* Writes the name of an endpoint, as part of a string. */
void threads_name(struct threads *threads, endpoint_t endpoint);

/* Ends the slices of a core's processes, of whose doings nothing is known from now on. */
void threads_leave(struct threads *threads, uint32_t core);

#endif
