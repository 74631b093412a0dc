#include "peer.h"

#include <string.h>

#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/cores.h"
#include "example.h"

static uint8_t buffer[BUFFER_BYTES] __attribute__((aligned(PAGE_SIZE)));

static uint64_t size_of(uint64_t both) { return both & ((UINT64_C(1) << SIZE_BITS) - 1); }

static unsigned kind_of(uint64_t both) { return (unsigned)(both >> SIZE_BITS); }

static int copy(const uint64_t arg[MESSAGE_ARGS]) {
    struct grant_name name = { arg[0], arg[1] };

    return kind_of(arg[3]) == COPY_TO
               ? safe_copy_to(name, arg[2], (const void *)arg[4], size_of(arg[3]))
               : safe_copy_from(name, arg[2], (void *)arg[4], size_of(arg[3]));
}

static int count_frames(uint64_t *count) {
    struct memory_info info = { 0 };
    int error = getinfo(INFO_MEMORY, &info, sizeof info, 0, NULL, NULL);

    *count = info.frames[FRAME_GRANTED] << 32 | info.frames[FRAME_EXPORTED];
    return error;
}

static int act(struct message *m) {
    struct grant_name name = { m->arg[0], m->arg[1] };
    int error = 0;

    switch (m->type) {
    case PEER_MAKE:
        error = grant_make(m->arg[0], buffer + m->arg[1], size_of(m->arg[2]), kind_of(m->arg[2]),
                           &name);
        break;
    case PEER_DELEGATE:
        error = grant_delegate(name, m->arg[2], size_of(m->arg[3]), m->arg[4], kind_of(m->arg[3]),
                               &name);
        break;
    case PEER_END:
        return grant_revoke(name);
    case PEER_COPY:
        return copy(m->arg);
    case PEER_MAP:
        return safe_map(name, m->arg[2], (void *)m->arg[4], size_of(m->arg[3]), kind_of(m->arg[3]));
    case PEER_UNMAP:
        return safe_unmap((void *)m->arg[0]);
    case PEER_PEEK:
        m->arg[0] = *(volatile uint64_t *)m->arg[0];
        return 0;
    case PEER_POKE:
        *(volatile uint64_t *)m->arg[0] = m->arg[1];
        return 0;
    case PEER_BUFFER:
        m->arg[0] = (uint64_t)buffer;
        return 0;
    case PEER_UNTABLE:
        return mem_protect(ENDPOINT_SELF, (uint64_t)buffer, sizeof buffer, PROT_READ | PROT_WRITE);
    case PEER_CHECK:
        return sysctl_check(&m->arg[0]);
    case EXAMPLE_READ: {
        char text[64] = "";
        error = read_greeting(m, text, sizeof text - 1);
        return error ? error : strcmp(text, "hello across the bulkhead") == 0 ? 0 : -E_IO;
    }
    case PEER_FRAMES:
        return count_frames(&m->arg[0]);
    default:
        return -E_BADCALL;
    }
    m->arg[0] = name.grantor;
    m->arg[1] = name.id;
    return error;
}

/* Until the next request, which is then in *m. */
static void scribble(struct message *m) {
    volatile uint64_t *words = (volatile uint64_t *)m->arg[0];
    uint64_t count = m->arg[1] / sizeof *words;

    message_set_result(m, 0);
    ipc_nbsend(m->source, m);
    for (uint64_t i = 0; ipc_receive_nonblock(ENDPOINT_ANY, m) == -E_WOULDBLOCK; i++)
        for (unsigned burst = 0; burst < 100; burst++)
            words[(i * 100 + burst) % count] = UINT64_MAX;
}

int peer_main(void) {
    struct message m = { .type = 0 };

    memset(buffer, 0x5a, sizeof buffer);
    ipc_receive(ENDPOINT_ANY, &m);
    for (;;) {
        if (m.type == PEER_EXIT)
            return 0;
        if (m.type == PEER_SCRIBBLE) {
            scribble(&m);
            continue;
        }
        if (m.type != MESSAGE_NOTIFY) {
            message_set_result(&m, act(&m));
            ipc_nbsend(m.source, &m);
        }
        ipc_receive(ENDPOINT_ANY, &m);
    }
}

endpoint_t peer_start(uint32_t core) {
    static const char args[] = "test-grants-peer\0peer";
    endpoint_t peer;
    int error = core_spawn(core, args, sizeof args, 2, &peer);

    if (error)
        tap_bail_out("no peer on core %u: %s", core, error_text(error));
    return peer;
}

int peer_ask(endpoint_t peer, enum peer_op op, uint64_t arg[MESSAGE_ARGS]) {
    struct message m = { .type = op };

    memcpy(m.arg, arg, sizeof m.arg);
    int error = ipc_call(peer, &m);
    if (error)
        tap_bail_out("peer %#lx does not answer %u: %s", peer, op, error_text(error));
    memcpy(arg, m.arg, sizeof m.arg);
    return message_result(&m);
}

void peer_kill(endpoint_t peer) {
    struct message m = { .type = MONITOR_KILL, .arg = { peer } };

    ipc_request(runtime_monitor(), &m);
    await_end(peer);
}
