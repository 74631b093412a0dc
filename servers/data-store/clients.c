#include "clients.h"

#include <string.h>

#include <bulkhead/info.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

/* An endpoint never means another process, so what is known of one stays true. */
#define KNOWN_MAX 64

static struct {
    endpoint_t client;
    char label[LABEL_MAX];
} known[KNOWN_MAX];
static unsigned known_next;

static bool is_here(endpoint_t client) {
    return endpoint_core(client) == endpoint_core(runtime_self());
}

static bool label_here(endpoint_t client, char label[LABEL_MAX]) {
    struct process_info info = { .label = "" };

    if (getinfo(INFO_PROCESS, &info, sizeof info, client, NULL, NULL) ||
        info.supervisor != runtime_monitor())
        return false;
    memcpy(label, info.label, LABEL_MAX);
    return true;
}

/* Only processes that their monitors have started can have channels. */
static bool label_elsewhere(endpoint_t client, char label[LABEL_MAX]) {
    char text[LABEL_MAX + 1] = "";

    for (unsigned i = 0; i < KNOWN_MAX; i++)
        if (known[i].client == client) {
            memcpy(label, known[i].label, LABEL_MAX);
            return true;
        }
    if (ipc_label(client, text))
        return false;
    memcpy(label, text, LABEL_MAX);
    known[known_next].client = client;
    memcpy(known[known_next].label, label, LABEL_MAX);
    known_next = (known_next + 1) % KNOWN_MAX;
    return true;
}

bool client_label(endpoint_t client, char label[LABEL_MAX]) {
    bool found = is_here(client) ? label_here(client, label) : label_elsewhere(client, label);

    return found && label[0] != '\0';
}

bool client_lives(endpoint_t client) {
    struct process_info info = { .state = PROCESS_DEAD };

    return !is_here(client) ||
           (getinfo(INFO_PROCESS, &info, sizeof info, client, NULL, NULL) == 0 &&
            info.state != PROCESS_DEAD);
}
