/*
 * ASEND: messages that wait in a table in the sender's own memory until their receivers want them
 * (thesis 2.1.3). The kernel keeps one bit at each receiver; the table is looked at again whenever
 * that receiver receives. It lies in private frames of the sender, which does not run meanwhile, so
 * that each field can be read once and believed.
 */
#include "core.h"
#include "ipc.h"
#include "trace.h"
#include "vm.h"

static struct asend_entry *table_entry(struct process *p, unsigned index) {
    return vm_user_memory(p, p->asend_table + index * sizeof(struct asend_entry),
                          sizeof(struct asend_entry), true);
}

static void entry_complete(struct asend_entry *entry, int result) {
    entry->result = result;
    entry->state = ASEND_DONE;
}

/* Moves the message of an entry into the receiver's registers. */
static void entry_deliver(struct asend_entry *entry, struct process *source,
                          struct process *receiver) {
    const struct message *m = &entry->message;
    struct context *c = &receiver->context;
    c->rdi = source->endpoint;
    c->rsi = (uint64_t)m->tag << 32 | m->type;
    c->rdx = m->arg[0];
    c->r10 = m->arg[1];
    c->r8 = m->arg[2];
    c->r9 = m->arg[3];
    c->r12 = m->arg[4];
    c->r13 = m->arg[5];
    source->messages_sent++;
    entry_complete(entry, 0);
    trace(TRACE_EVENT_SEND, source->endpoint, receiver->endpoint,
          (uint64_t)IPC_ASEND << 32 | m->type);
}

static void mark(struct process *source, struct process *receiver) {
    slot_set_add(&receiver->asend_from, process_slot(source));
    slot_set_add(&source->asend_to, process_slot(receiver));
    receiver->pending |= PENDING_ASEND;
}

static void unmark(struct process *source, struct process *receiver) {
    slot_set_remove(&receiver->asend_from, process_slot(source));
    slot_set_remove(&source->asend_to, process_slot(receiver));
    if (slot_set_empty(&receiver->asend_from))
        receiver->pending &= ~(unsigned)PENDING_ASEND;
}

void asend_withdraw(struct process *p) {
    int slot;
    while ((slot = slot_set_next(&p->asend_to, 0)) >= 0)
        unmark(p, &processes[slot]);
    p->asend_entries = 0;
}

/* Delivers a new entry, or leaves it for its receiver to find, or completes it with an error. */
static void entry_submit(struct process *p, struct asend_entry *entry) {
    struct process *to;
    if (entry->state != ASEND_READY)
        return;
    int error = ipc_target(p, entry->destination, &to);
    if (error) {
        entry_complete(entry, error);
    } else if (ipc_receives_from(to, p->endpoint)) {
        entry_deliver(entry, p, to);
        ipc_receiver_wake(to, p->endpoint);
    } else {
        mark(p, to);
    }
}

int asend_submit(struct process *p, uint64_t table, uint64_t entries) {
    if (entries > ASEND_MAX)
        return -E_RANGE;
    if (entries && (table % sizeof(struct asend_entry) ||
                    !vm_user_range_ok(p, table, entries * sizeof(struct asend_entry), true)))
        return -E_FAULT;
    asend_withdraw(p);
    p->asend_table = table;
    p->asend_entries = (uint32_t)entries;
    for (unsigned i = 0; i < p->asend_entries; i++)
        entry_submit(p, table_entry(p, i));
    return 0;
}

/* The next entry for `receiver` from `*index` on; NULL when there is none, or the memory is gone.
 */
static struct asend_entry *find_entry(struct process *source, const struct process *receiver,
                                      unsigned *index) {
    for (; *index < source->asend_entries; ++*index) {
        struct asend_entry *entry = table_entry(source, *index);
        if (!entry)
            return NULL;
        if (entry->state == ASEND_READY && entry->destination == receiver->endpoint)
            return entry;
    }
    return NULL;
}

/* Completes entries for `receiver` that may not be delivered to it, up to the first that may. */
static struct asend_entry *find_permitted(struct process *source, const struct process *receiver,
                                          unsigned *index, bool *completed) {
    struct asend_entry *entry = find_entry(source, receiver, index);
    if (slot_set_has(&source->targets, process_slot(receiver)))
        return entry;
    for (; entry; ++*index, entry = find_entry(source, receiver, index)) {
        entry_complete(entry, process_refuse(source, REFUSED_TARGET, -E_TARGET));
        *completed = true;
    }
    return NULL;
}

bool asend_take(struct process *receiver, struct process *source) {
    unsigned index = 0;
    bool completed = false;
    struct asend_entry *entry = find_permitted(source, receiver, &index, &completed);
    if (entry) {
        entry_deliver(entry, source, receiver);
        completed = true;
        index++;
    }
    if (!entry || !find_entry(source, receiver, &index))
        unmark(source, receiver);
    if (completed)
        ipc_event(source, EVENT_ASEND);
    return entry != NULL;
}

void asend_peer_died(struct process *dead) {
    for (int slot; (slot = slot_set_next(&dead->asend_from, 0)) >= 0;) {
        struct process *source = &processes[slot];
        struct asend_entry *entry;
        bool completed = false;
        for (unsigned index = 0; (entry = find_entry(source, dead, &index)); index++) {
            entry_complete(entry, -E_PEERDEAD);
            completed = true;
        }
        unmark(source, dead);
        if (completed)
            ipc_event(source, EVENT_ASEND);
    }
}
