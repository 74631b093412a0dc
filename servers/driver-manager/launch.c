#include "launch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/pci.h>
#include <runtime/ipc.h>
#include <runtime/pci.h>

#include "monitor_calls.h"
#include "publish.h"

const char *launch_reason(enum manager_reason reason) {
    static const char *const words[MANAGER_REASON_COUNT] = {
#define X(name, word) [MANAGER_REASON_##name] = (word),
        MANAGER_REASONS(X)
#undef X
    };
    return (unsigned)reason < MANAGER_REASON_COUNT ? words[reason] : "?";
}

/* The argument strings of an order. */
struct words {
    struct spawn_order order;
    size_t bytes;
    uint32_t count;
};

static struct words words; /* too big for a stack that is used by others */

static void add(const char *word, size_t length) {
    if (words.bytes + length + 1 > sizeof words.order.args)
        return;
    memcpy(words.order.args + words.bytes, word, length);
    words.order.args[words.bytes + length] = '\0';
    words.bytes += length + 1;
    words.count++;
}

static void add_own(const struct manager_parameters *p) {
    const char *at = p->arguments;

    for (unsigned i = 0; i < p->argument_count; i++, at += strlen(at) + 1)
        add(at, strlen(at));
}

/* Who is started by an order is called like its file, or its label. */
static void order(const char label[LABEL_MAX], const char policy[LABEL_MAX],
                  const char file[LABEL_MAX], uint64_t cookie) {
    words = (struct words){ .bytes = 0 };
    memcpy(words.order.how.label, label, LABEL_MAX);
    memcpy(words.order.how.policy, policy, LABEL_MAX);
    memcpy(words.order.how.file, file, LABEL_MAX);
    words.order.how.cookie = cookie;
    words.order.how.flags = SPAWN_HELD;
    add(label, strnlen(label, LABEL_MAX));
}

int launch_create(const struct manager_parameters *p, const char program[LABEL_MAX], unsigned slot,
                  const struct mirror *mirror, endpoint_t *process, uint64_t *waits) {
    order(p->label, p->policy, program, slot);
    if (mirror != NULL && mirror->image != NULL) {
        words.order.how.image = (uint64_t)mirror->image;
        words.order.how.image_bytes = mirror->bytes;
    }
    add_own(p);
    return monitor_spawn(&words.order, words.bytes, words.count, process, waits);
}

int launch_run(const struct manager_parameters *p, endpoint_t process, uint64_t waits,
               uint16_t device) {
    int error = 0;

    publish_service(p->label, process);
    if (waits == 1) {
        struct message m = { .type = PCI_ATTACH,
                             .arg = { process,
                                      device != MANAGER_NO_DEVICE ? (uint64_t)device + 1 : 0 } };
        error = pci_request(&m);
    } else if (waits == 2) {
        error = monitor_run(process);
    }
    if (error)
        monitor_kill(process);
    return error;
}

int launch_hook(const struct manager_parameters *p, const char hook[LABEL_MAX],
                enum manager_reason reason, uint64_t failures, unsigned slot, endpoint_t *process) {
    static const char none[LABEL_MAX];
    char number[24] = "";
    uint64_t waits;

    order(hook, none, none, LAUNCH_HOOK_COOKIE + slot);
    words.order.how.flags = 0;
    add(p->label, strnlen(p->label, LABEL_MAX));
    add(launch_reason(reason), strlen(launch_reason(reason)));
    (void)snprintf(number, sizeof number, "%" PRIu64, failures);
    add(number, strlen(number));
    add_own(p);
    return monitor_spawn(&words.order, words.bytes, words.count, process, &waits);
}
