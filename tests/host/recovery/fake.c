#include "fake.h"

#include <string.h>

#include <criterion/criterion.h>

#include <runtime/component.h>
#include <runtime/grant.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#define GRANTS 256

struct fake fake = {
    .fate = "",
    .content = 1,
    .status = { .block_bytes = 512, .blocks = FAKE_BYTES / 512, .bytes_max = 2048 },
};

static const struct startup fake_startup = { .version = STARTUP_VERSION,
                                             .self = (endpoint_t)1 << 32 | 9 };
const struct startup *const startup = &fake_startup;

static endpoint_t driver = (endpoint_t)1 << 32 | 20;

static struct {
    const uint8_t *memory; /* NULL: it has ended */
    size_t bytes;
    unsigned access;
    endpoint_t grantee;
} grants[GRANTS];

/* ---- What the libraries stand on ---- */

int component_find(struct component *component, const char *label) {
    if (strcmp(label, "driver") != 0)
        return -E_NOENT;
    *component = (struct component){ .label = "driver", .endpoint = driver };
    return 0;
}

int component_await(struct component *component) {
    fake.awaited++;
    fake.gone = false;
    if (fake.no_successor)
        return -E_PEERDEAD;
    if (component->endpoint == driver)
        driver++;
    component->endpoint = driver;
    component->restarts++;
    return 0;
}

bool component_is_gone(const struct component *component) {
    return fake.gone || component->endpoint != driver;
}

int grant_make(endpoint_t grantee, const void *memory, size_t bytes, unsigned access,
               struct grant_name *made) {
    if (fake.granted == GRANTS)
        return -E_NOSLOT;
    grants[fake.granted].memory = memory;
    grants[fake.granted].bytes = bytes;
    grants[fake.granted].access = access;
    grants[fake.granted].grantee = grantee;
    *made = (struct grant_name){ fake_startup.self, fake.granted++ };
    fake.grants++;
    return 0;
}

int grant_revoke(struct grant_name made) {
    cr_assert_not_null(grants[made.id].memory);
    grants[made.id].memory = NULL;
    fake.grants--;
    return 0;
}

/* ---- The driver ---- */

static uint8_t *granted(uint64_t id, uint64_t offset, uint64_t bytes, unsigned access) {
    cr_assert(id < fake.granted && grants[id].memory != NULL);
    cr_assert_eq(grants[id].grantee, driver, "a grant of the driver that died");
    cr_assert_eq(grants[id].access, access);
    cr_assert(offset <= grants[id].bytes && bytes <= grants[id].bytes - offset);
    return (uint8_t *)(uintptr_t)grants[id].memory + offset;
}

static void move(uint64_t place, uint64_t id, uint64_t bytes, bool write) {
    uint8_t *memory = granted(id, 0, bytes, write ? GRANT_READ : GRANT_WRITE);

    cr_assert(place + bytes <= FAKE_BYTES);
    if (write)
        memcpy(fake.disk + place, memory, bytes);
    else
        memcpy(memory, fake.disk + place, bytes);
}

static void serve_vector(struct message *m, bool write) {
    const struct block_piece *piece = (const struct block_piece *)granted(
        m->arg[0], m->arg[1], m->arg[2] * sizeof *piece, GRANT_READ);
    uint64_t done = 0;

    for (uint64_t i = 0; i < m->arg[2]; i++) {
        move(m->arg[3] * 512 + done, piece[i].id, piece[i].bytes, write);
        done += piece[i].bytes;
    }
    m->arg[0] = done;
}

static void serve(struct message *m) {
    uint64_t bytes = m->arg[2];

    fake.served++;
    switch (m->type) {
    case BLOCK_STATUS:
        fake.status.content = fake.content;
        memcpy(m->arg, &fake.status, sizeof fake.status);
        break;
    case BLOCK_READ:
    case BLOCK_WRITE:
        cr_assert_leq(bytes, fake.status.bytes_max);
        move(m->arg[3] * 512, m->arg[0], bytes, m->type == BLOCK_WRITE);
        m->arg[0] = bytes;
        break;
    case BLOCK_READ_VECTOR:
    case BLOCK_WRITE_VECTOR:
        serve_vector(m, m->type == BLOCK_WRITE_VECTOR);
        break;
    default:
        m->arg[0]++;
    }
    message_set_result(m, 0);
}

int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    char fate = *fake.fate ? *fake.fate++ : '.';

    cr_assert_eq(operation, IPC_SENDREC);
    if (to != driver)
        return -E_PEERDEAD;
    if (strchr("aws.", fate))
        serve(m);
    switch (fate) {
    case 'a':
    case 'b':
        driver++;
        return -E_PEERDEAD;
    case 'n':
        driver++;
        return -E_BADEP;
    case 'r':
        message_set_result(m, -E_PEERDEAD);
        driver++;
        return 0;
    case 'w':
        message_set_result(m, 12345);
        return 0;
    case 's':
        m->arg[0]--;
        return 0;
    case 'e':
        message_set_result(m, -E_IO);
        return 0;
    default:
        return 0;
    }
}

/* ---- What they never use ---- */

static int never(const char *what) {
    cr_assert_fail("%s", what);
    return -E_BADCALL;
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    (void)operation, (void)to, (void)m;
    return never("send");
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    (void)operation, (void)from, (void)m;
    return never("receive");
}

int trap_1(uint64_t operation, uint64_t rdi) {
    (void)operation, (void)rdi;
    return never("notify");
}

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    (void)operation, (void)rdi, (void)rsi;
    return never("asend");
}

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    (void)call, (void)arg;
    return never("kernel call");
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    (void)call, (void)arg;
    return never("kernel call");
}

uint64_t machine_counter(void) { return 0; }

uint64_t time_from_stamp(uint64_t ticks) { return ticks; }
