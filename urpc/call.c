#include <urpc/call.h>

int chan_calls_init(struct chan_calls *table, struct chan *chan, struct chan_call *calls,
                    uint32_t capacity) {
    if (capacity == 0 || capacity > chan->depth)
        return -E_INVAL;

    uint32_t step = 1;
    while (step < capacity)
        step *= 2;
    for (uint32_t i = 0; i < capacity; i++)
        calls[i] = (struct chan_call){ .tag = i, .next = i + 1 };
    *table = (struct chan_calls){
        .chan = chan,
        .calls = calls,
        .capacity = capacity,
        .step = step,
    };
    return 0;
}

/* The next tag of the same number. 0 is no tag: it stands for no request. */
static uint32_t chan_next_tag(const struct chan_calls *table, uint32_t tag) {
    tag += table->step;
    return tag == 0 ? table->step : tag;
}

int chan_call(struct chan_calls *table, struct message *message, void *context) {
    if (chan_is_reply(message))
        return -E_INVAL;
    if (table->free == table->capacity)
        return -E_WOULDBLOCK;

    struct chan_call *call = &table->calls[table->free];
    message->tag = chan_next_tag(table, call->tag);
    int error = chan_send(&table->chan->tx, message);
    if (error)
        return error;
    table->free = call->next;
    *call = (struct chan_call){
        .tag = message->tag,
        .next = CHAN_CALL_OUTSTANDING,
        .context = context,
    };
    return 0;
}

static void chan_call_end(struct chan_calls *table, struct chan_call *call, void **context) {
    *context = call->context;
    call->next = table->free;
    table->free = (uint32_t)(call - table->calls);
}

int chan_call_finish(struct chan_calls *table, const struct message *reply, void **context) {
    uint32_t number = reply->tag & (table->step - 1);

    if (number >= table->capacity)
        return -E_PROTOCOL;
    struct chan_call *call = &table->calls[number];
    if (call->next != CHAN_CALL_OUTSTANDING || call->tag != reply->tag)
        return -E_PROTOCOL;
    chan_call_end(table, call, context);
    return 0;
}

int chan_call_abort(struct chan_calls *table, void **context) {
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (table->calls[i].next == CHAN_CALL_OUTSTANDING) {
            chan_call_end(table, &table->calls[i], context);
            return 0;
        }
    }
    return -E_NOENT;
}
