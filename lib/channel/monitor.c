#include "channel.h"

#include <string.h>

#include <runtime/channel.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#define DEFAULT_SLOTS 64

static int ask_monitor(struct message *m) {
    if (runtime_monitor() == ENDPOINT_NONE)
        return -E_BADEP;
    int error = trap_message(IPC_SENDREC, runtime_monitor(), m);
    return error ? error : message_result(m);
}

void channel_give_back(endpoint_t binding) {
    ask_monitor(&(struct message){ .type = MONITOR_DISCONNECT, .arg = { binding } });
}

int channel_ask(struct message *m, struct channel **c) {
    int error = ask_monitor(m);

    if (error)
        return error;
    error = channel_enter(m, c);
    if (error)
        channel_give_back(m->arg[0]);
    return error;
}

int channel_connect(endpoint_t peer, unsigned slots) {
    /* Answers have slots of their own, so none of the rings' are reserved for them. */
    struct message m = { .type = MONITOR_CONNECT, .arg = { peer, slots, 0 } };
    struct channel *c;

    return channel_find(peer) ? -E_EXIST : channel_ask(&m, &c);
}

int channel_lapsed(struct channel *c) {
    int error = c->closed ? -E_PEERDEAD : c->chan.tx.error;

    if (!channels.looped && chan_peek(&c->chan.rx, 1) < 0)
        channel_end(c);
    return error;
}

int channel_get(endpoint_t peer, struct channel **c) {
    *c = channel_find(peer);
    if (*c)
        return (*c)->chan.tx.error ? channel_lapsed(*c) : 0;

    int error = channel_connect(peer, DEFAULT_SLOTS);
    if (error)
        return error;
    *c = channel_find(peer);
    return *c ? 0 : -E_PROTOCOL;
}

int channel_disconnect(endpoint_t peer) {
    struct channel *c = channel_find(peer);

    if (!c)
        return -E_NOENT;
    channel_end(c);
    return 0;
}

void channel_take_new(void) {
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        struct message m = { .type = MONITOR_BOUND };
        struct channel *c;
        if (ask_monitor(&m) != 0)
            return;
        if (channel_enter(&m, &c) != 0)
            channel_give_back(m.arg[0]);
    }
}

int ipc_label(endpoint_t endpoint, char label[LABEL_MAX + 1]) {
    struct message m = { .type = MONITOR_LABEL, .arg = { endpoint } };
    int error = ask_monitor(&m);

    if (!error) {
        memcpy(label, m.arg, LABEL_MAX);
        label[LABEL_MAX] = '\0';
    }
    return error;
}
