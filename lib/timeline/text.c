#include <runtime/trace_text.h>

#include <stddef.h>

#include <bulkhead/info.h>
#include <bulkhead/ipc.h>
#include <bulkhead/trace.h>

/* The text at an index of an array, which may have holes. */
#define LOOK_UP(text, index) \
    ((index) < sizeof(text) / sizeof(text)[0] && (text)[index] != NULL ? (text)[index] : "?")

const char *trace_event_text(uint32_t type) {
    static const char *const text[] = { [TRACE_EVENT_NONE] = "?",
#define X(name, class, text) [TRACE_EVENT_##name] = (text),
                                        TRACE_EVENTS(X)
#undef X
    };
    return LOOK_UP(text, type);
}

const char *trace_primitive_text(uint32_t number) {
    static const char *const text[] = {
#define X(name, number) [number] = #name,
        IPC_PRIMITIVES(X)
#undef X
    };
    return LOOK_UP(text, number);
}

const char *trace_call_text(uint32_t number) {
    static const char *const text[] = {
#define X(name, number) [number] = #name,
        KERNEL_CALLS(X)
#undef X
    };
    return LOOK_UP(text, number);
}

const char *trace_cause_text(uint64_t cause) {
    static const char *const text[] = {
#define X(name, text) text,
        DEATH_CAUSES(X)
#undef X
    };
    return LOOK_UP(text, cause);
}
