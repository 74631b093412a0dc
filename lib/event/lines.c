#include <runtime/lines.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/ipc.h>
#include <runtime/machine.h>

/* A line that rings us. It is asked for, by ringing it, when it is to fire once more. */
static struct line {
    endpoint_t binding; /* ENDPOINT_NONE: the entry is free */
    uint32_t line;
    uint8_t bit;
    bool asked, masked, fired; /* fired: while it was masked */
} lines[REMOTE_LINES_MAX];

static uint32_t due;

static struct line *find(uint32_t number) {
    for (struct line *l = lines; l < lines + REMOTE_LINES_MAX; l++)
        if (l->binding != ENDPOINT_NONE && l->line == number)
            return l;
    return NULL;
}

static int ask_monitor(struct message *m) {
    int error = trap_message(IPC_SENDREC, runtime_monitor(), m);
    return error ? error : message_result(m);
}

/* The monitor of the core checks that it is in the policy, that of core 0 gives it. */
static int bind(struct line *l, uint32_t number) {
    struct message m = { .type = MONITOR_LINE, .arg = { number } }, bell;
    int error = ask_monitor(&m);
    if (error)
        return error;
    *l = (struct line){ .binding = m.arg[0], .line = number };
    trap_receive(IPC_RECEIVE | IPC_NONBLOCK, l->binding, &bell); /* that it is bound, we know */
    return 0;
}

int line_register(uint32_t line, unsigned bit) {
    struct line *l = find(line);
    int error = 0;
    if (bit >= 32)
        return -E_RANGE;
    for (unsigned i = 0; i < REMOTE_LINES_MAX && !l; i++)
        if (lines[i].binding == ENDPOINT_NONE) {
            error = bind(&lines[i], line);
            l = &lines[i];
        }
    if (!l)
        return -E_NOSLOT;
    if (error)
        return error;
    l->bit = (uint8_t)bit;
    l->masked = true;
    l->fired = false;
    return 0;
}

int line_unregister(uint32_t line) {
    struct line *l = find(line);
    if (!l)
        return -E_STATE;
    struct message m = { .type = MONITOR_DISCONNECT, .arg = { l->binding } };
    *l = (struct line){ .binding = ENDPOINT_NONE };
    return ask_monitor(&m);
}

int line_set_mask(uint32_t line, bool masked) {
    struct line *l = find(line);
    if (!l)
        return -E_STATE;
    l->masked = masked;
    if (!masked && l->fired) {
        l->fired = false;
        l->masked = true;
        due |= 1U << l->bit;
        return 0;
    }
    if (masked || l->asked)
        return 0;
    l->asked = true;
    return trap_2(IPC_NOTIFY, l->binding, 0);
}

uint32_t line_rang(const struct message *bell) {
    for (struct line *l = lines; l < lines + REMOTE_LINES_MAX; l++) {
        if (l->binding != bell->source)
            continue;
        l->asked = false;
        if (bell->arg[1] != 0) /* it is closed */
            line_unregister(l->line);
        else if (l->masked)
            l->fired = true;
        else
            l->masked = true;
        return bell->arg[1] != 0 || l->fired ? 0 : 1U << l->bit;
    }
    return 0;
}

uint32_t line_take_due(void) {
    uint32_t bits = due;
    due = 0;
    return bits;
}
