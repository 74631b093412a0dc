#include <string.h>

#include <bulkhead/info.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "internal.h"

#define RETRY_PERIOD (10 * TIME_MILLISECOND)

/* Who was last found to be an agent, and not to be one: that does not change. */
static endpoint_t agent, stranger;
static endpoint_t supervisor; /* our own */

/* Replies that the agent was not there for, one of each kind of request. */
static struct late {
    struct message reply;
    uint64_t until; /* 0: there is none */
} late[DRIVER_REQUESTS_COUNT];

static struct event_alarm retry_alarm;

static bool look_at(endpoint_t process, struct process_info *info) {
    return getinfo(INFO_PROCESS, info, sizeof *info, process, NULL, NULL) == 0;
}

static bool has_label(const struct process_info *process) {
    return strncmp(process->label, DRIVER_MANAGER, sizeof process->label) == 0;
}

bool agent_is(endpoint_t process) {
    struct process_info info = { 0 };

    if (process == agent || process == stranger)
        return process == agent;
    if (supervisor == ENDPOINT_NONE && look_at(ENDPOINT_SELF, &info))
        supervisor = info.supervisor;
    bool found = look_at(process, &info) && info.supervisor == supervisor && has_label(&info);
    *(found ? &agent : &stranger) = process;
    return found;
}

static void retry(struct event_alarm *alarm) {
    uint64_t now = time_now();
    bool waits = false;

    for (struct late *l = late; l < late + DRIVER_REQUESTS_COUNT; l++) {
        if (l->until == 0)
            continue;
        if (event_reply(l->reply.source, &l->reply) != -E_WOULDBLOCK || now >= l->until)
            l->until = 0;
        waits |= l->until != 0;
    }
    if (waits)
        event_alarm_set(alarm, RETRY_PERIOD, retry);
}

void agent_reply(enum driver_request request, const struct message *reply) {
    struct late *l = &late[request - DRIVER_REQUEST_BASE];

    l->until = 0;
    if (event_reply(reply->source, reply) != -E_WOULDBLOCK)
        return;
    *l = (struct late){ .reply = *reply, .until = time_now() + DRIVER_REPLY_TIME };
    if (!retry_alarm.set)
        event_alarm_set(&retry_alarm, RETRY_PERIOD, retry);
}
