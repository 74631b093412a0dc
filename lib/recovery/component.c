#include <runtime/component.h>

#include <string.h>

#include <bulkhead/info.h>
#include <bulkhead/protocol/manager.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/store.h>

#include "../channel/channel.h"

#define SLOTS 64 /* of a channel: what is waited for is one at a time */

static int name_of(const char *label, char name[STORE_NAME_MAX + 1]) {
    size_t prefix = sizeof MANAGER_STORE_PREFIX - 1, length = strlen(label);

    if (length > LABEL_MAX || prefix + length > STORE_NAME_MAX)
        return -E_TOOBIG;
    memcpy(name, MANAGER_STORE_PREFIX, sizeof MANAGER_STORE_PREFIX);
    memcpy(name + prefix, label, length + 1);
    return 0;
}

int component_find(struct component *component, const char *label) {
    char name[STORE_NAME_MAX + 1];
    int error = name_of(label, name);

    if (error)
        return error;
    *component = (struct component){ .endpoint = ENDPOINT_NONE };
    memcpy(component->label, label, strlen(label));
    return store_retrieve_label(name, 0, &component->endpoint);
}

/* What is left of a channel with a dead process of another core counts like one in use. */
static void forget(endpoint_t dead) {
    if (endpoint_is_remote(dead))
        channel_disconnect(dead);
}

/* 0: it is another process now; -E_WOULDBLOCK: not yet; -E_PEERDEAD: it will not be. */
static int look(struct component *component, const char *name) {
    endpoint_t now;
    int error = store_retrieve_label(name, 0, &now);

    if (error)
        return error == -E_NOENT ? -E_PEERDEAD : error;
    if (now == component->endpoint)
        return -E_WOULDBLOCK;
    forget(component->endpoint);
    component->endpoint = now;
    component->restarts++;
    return 0;
}

/*
 * Sleeps until the data store has news, unless there were some since the last time. A store that
 * dies has none: the next look finds the new one.
 */
static void await_news(struct store_subscription *subscription) {
    struct message m = { .type = MONITOR_FIND };
    struct store_change change;

    if (store_check(subscription, &change) != -E_NOENT)
        return;
    memcpy(m.arg, STORE_NAME, sizeof STORE_NAME);
    if (ipc_request(runtime_monitor(), &m) == 0)
        ipc_receive(m.arg[0], &m);
}

int component_await(struct component *component) {
    struct store_subscription subscription;
    char name[STORE_NAME_MAX + 1];
    int error = name_of(component->label, name);

    if (!error)
        error = look(component, name);
    if (error != -E_WOULDBLOCK)
        return error;
    error = store_subscribe(&subscription, name, 0);
    if (error)
        return error;
    while ((error = look(component, name)) == -E_WOULDBLOCK)
        await_news(&subscription);
    store_unsubscribe(&subscription);
    return error;
}

/* A peer's end puts the scratch frame in the place of the memory of its channel. */
static bool is_remote_gone(endpoint_t endpoint) {
    const struct channel *c = channel_find(endpoint);

    if (!c)
        return component_is_error(channel_connect(endpoint, SLOTS));
    return c->closed || c->chan.tx.error ||
           atomic_load_explicit(&c->chan.rx.closed->word, memory_order_acquire) ==
               BINDING_SCRATCH_WORD;
}

bool component_is_gone(const struct component *component) {
    struct process_info info = { 0 };

    if (endpoint_is_remote(component->endpoint))
        return is_remote_gone(component->endpoint);
    return getinfo(INFO_PROCESS, &info, sizeof info, component->endpoint, NULL, NULL) ||
           info.state == PROCESS_DEAD;
}
