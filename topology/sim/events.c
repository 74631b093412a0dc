/* A binary heap. */
#include "events.h"

static bool is_before(const struct event *a, const struct event *b) {
    return a->time != b->time ? a->time < b->time : a->number < b->number;
}

void events_put(struct events *events, struct event event) {
    uint32_t at = events->count++;

    event.number = events->number++;
    for (; at && is_before(&event, &events->heap[(at - 1) / 2]); at = (at - 1) / 2)
        events->heap[at] = events->heap[(at - 1) / 2];
    events->heap[at] = event;
}

bool events_take(struct events *events, struct event *event) {
    struct event *heap = events->heap;
    uint32_t at = 0, child;

    if (events->count == 0)
        return false;
    *event = heap[0];
    struct event last = heap[--events->count];
    while ((child = 2 * at + 1) < events->count) {
        if (child + 1 < events->count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return true;
}
