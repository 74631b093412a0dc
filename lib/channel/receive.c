#include "channel.h"

#include <runtime/ipc.h>
#include <runtime/startup.h>

/* Looks in a row that may find an active channel empty while there is work on others. */
#define PATIENCE 32U

/* A NOTIFY that a bell brought. */
static void take_notice_of(struct channel *c, struct message *m) {
    c->notified = false;
    channels.notices--;
    *m = (struct message){ .source = c->peer, .type = MESSAGE_NOTIFY };
}

static bool take_notice(struct message *m) {
    for (struct channel *c = channels.notices ? channel_next(0) : NULL; c;
         c = channel_next(c->cookie + 1U)) {
        if (c->kind == CHANNEL_OPEN && c->notified) {
            take_notice_of(c, m);
            return true;
        }
    }
    return false;
}

int channel_look(struct message *m, struct channel **c) {
    uint32_t cookie;

    *c = NULL;
    if (take_notice(m))
        return 0;
    if (channel_asend_completed()) {
        *m = (struct message){ .source = ENDPOINT_KERNEL,
                               .type = MESSAGE_NOTIFY,
                               .arg = { EVENT_ASEND } };
        return 0;
    }
    int state = chan_set_receive(&channels.set, m, &cookie);
    channels.awake = state != -E_WOULDBLOCK;
    if (state == CHAN_READY || state == -E_WOULDBLOCK)
        return state;
    *c = channel_entry(cookie);
    return channel_fault(*c, state);
}

int channel_look_at_kernel(struct message *m) {
    int error = trap_receive(IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, m);

    channels.rounds = error ? CHANNEL_ROUNDS : CHANNEL_ROUNDS_FEW;
    return error;
}

void channel_idle(struct channel_spin *spin) {
    channels.set.patience = channel_spin(spin) ? UINT32_MAX : 0;
}

bool channel_arm_last(void) {
    int state = chan_set_arm_last(&channels.set);

    if (state == 0)
        channels.awake = channels.notices > 0 || channels.completed;
    return state == CHAN_READY;
}

void channel_busy(struct channel_spin *spin) {
    channel_spun(spin);
    channels.set.patience = PATIENCE;
}

/* What one look at the channels comes to for RECEIVE(ANY): 0, CHAN_READY or -E_WOULDBLOCK. */
static int receive_round(struct message *m, struct channel_spin *spin) {
    struct channel *c;
    int state = channel_look(m, &c);

    if (state == 0 && c) {
        if (!channel_arrived(c, m) && channel_is_torn(c, m))
            return CHAN_READY;
        channel_busy(spin);
    }
    if (state == 0 || state == CHAN_READY || state == -E_WOULDBLOCK)
        return state;
    channel_end(c);
    return CHAN_READY;
}

/*
 * RECEIVE(ANY): channels and the kernel have their turns; when all channels are armed the process
 * sleeps in the kernel.
 */
static int receive_any(struct message *m) {
    struct channel_spin spin = { 0 };

    for (;;) {
        while (channels.awake && channels.rounds > 0) {
            channels.rounds--;
            int state = receive_round(m, &spin);
            if (state == 0)
                return 0;
            if (state == CHAN_READY)
                channel_idle(&spin);
        }
        int error =
            channels.awake ? channel_look_at_kernel(m) : trap_receive(IPC_RECEIVE, ENDPOINT_ANY, m);
        if (!error && !channel_own(m))
            return 0;
        if (error && error != -E_WOULDBLOCK)
            return error;
    }
}

/* The same without waiting: one look at each, at the kernel first when it is its turn. */
static int receive_any_now(struct message *m) {
    struct channel_spin spin = { 0 };
    bool kernel = channels.rounds == 0;

    for (int looks = 0; looks < 2; looks++, kernel = !kernel) {
        int state = -E_WOULDBLOCK;
        if (!kernel && channels.awake) {
            channels.rounds -= channels.rounds > 0;
            state = receive_round(m, &spin);
        }
        while (kernel && (state = channel_look_at_kernel(m)) == 0 && channel_own(m))
            ;
        if (state <= 0 && state != -E_WOULDBLOCK)
            return state;
    }
    return -E_WOULDBLOCK;
}

static int message(struct channel *c, uint64_t to) {
    return c->notified ? 0 : chan_receive(&c->chan.rx, (struct message *)to);
}

static int arm_message(struct channel *c) { return chan_arm(&c->chan.rx); }

/* RECEIVE from a process of another core. */
static int receive_from(uint64_t operation, endpoint_t from, struct message *m) {
    struct channel *c = channel_find(from);
    int state = c ? 0 : channel_get(from, &c);

    if (state)
        return state;
    if (operation & IPC_NONBLOCK)
        state = channel_fault(c, message(c, (uint64_t)m));
    else
        state = channel_wait(c, message, arm_message, (uint64_t)m);
    if (state == 0 && !c->notified && channel_is_torn(c, m))
        state = -E_PEERDEAD;
    if (state == -E_PEERDEAD || state == -E_PROTOCOL)
        channel_lapsed(c);
    else if (state == 0 && c->notified)
        take_notice_of(c, m);
    else if (state == 0)
        channel_arrived(c, m);
    return state;
}

int channel_receive(uint64_t operation, endpoint_t from, struct message *m) {
    if (endpoint_is_remote(from))
        return receive_from(operation, from, m);
    if (from != ENDPOINT_ANY)
        return trap_receive(operation, from, m);
    return operation & IPC_NONBLOCK ? receive_any_now(m) : receive_any(m);
}

int channel_received(uint64_t operation, endpoint_t from, struct message *m) {
    return channel_own(m) ? channel_receive(operation, from, m) : 0;
}

int channel_replyrecv(endpoint_t to, struct message *m) {
    int error = endpoint_is_remote(to) ? channel_nbsend(to, m) : trap_send(IPC_NBSEND, to, m);

    return error ? error : channel_receive(IPC_RECEIVE, ENDPOINT_ANY, m);
}
