#include <runtime/asend.h>

#include <string.h>

void asend_init(struct asend_queue *queue, struct asend_entry *entries, size_t capacity,
                asend_done_fn *done, void *context) {
    memset(entries, 0, capacity * sizeof *entries);
    *queue = (struct asend_queue){
        .entries = entries, .capacity = capacity, .done = done, .context = context
    };
}

/*
 * The kernel reads and marks entries whenever the process is interrupted, in memory that it was
 * given before too. Pairs with its store of ASEND_DONE, after `result`.
 */
static uint32_t entry_state(const struct asend_entry *entry) {
    return __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
}

/* Pairs with the kernel's test for ASEND_READY, before it reads the rest. */
static void entry_publish(struct asend_entry *entry) {
    __atomic_store_n(&entry->state, ASEND_READY, __ATOMIC_RELEASE);
}

size_t asend_collect(struct asend_queue *queue) {
    size_t waiting = 0;
    for (size_t i = 0; i < queue->used; i++) {
        struct asend_entry *entry = &queue->entries[i];
        if (entry_state(entry) == ASEND_DONE) {
            if (queue->done)
                queue->done(queue->context, entry->destination, &entry->message, entry->result);
            entry->state = ASEND_EMPTY;
        }
        waiting += entry->state != ASEND_EMPTY;
    }
    while (queue->used > 0 && queue->entries[queue->used - 1].state == ASEND_EMPTY)
        queue->used--;
    return waiting;
}

/*
 * Makes room at the end by moving the waiting entries together, in their order, which the kernel
 * keeps for each destination. Meanwhile the table is withdrawn.
 */
static int make_room(struct asend_queue *queue) {
    if (asend_collect(queue) == queue->capacity)
        return -E_NOSLOT;
    if (queue->used < queue->capacity)
        return 0;
    int error = ipc_asend(queue->entries, 0);
    if (error)
        return error;

    size_t kept = 0;
    for (size_t i = 0; i < queue->used; i++) {
        if (queue->entries[i].state != ASEND_EMPTY)
            queue->entries[kept++] = queue->entries[i];
    }
    for (size_t i = kept; i < queue->used; i++)
        queue->entries[i].state = ASEND_EMPTY;
    queue->used = kept;
    return 0;
}

int asend_post(struct asend_queue *queue, endpoint_t destination, const struct message *m) {
    int error = queue->used < queue->capacity ? 0 : make_room(queue);
    if (error)
        return error;

    struct asend_entry *entry = &queue->entries[queue->used++];
    *entry =
        (struct asend_entry){ .state = ASEND_EMPTY, .destination = destination, .message = *m };
    entry_publish(entry);
    error = ipc_asend(queue->entries, queue->used);
    if (error) {
        entry->state = ASEND_EMPTY;
        queue->used--;
        return error;
    }
    asend_collect(queue);
    return 0;
}
